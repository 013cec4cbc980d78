use knowledge::Settings;
use serde_json::json;

use crate::world::{Fixture, failed, succeeded};

const MANUAL: &str = "# Brisa\n\n## Error codes\n\nE3: the pump is blocked. Descale the machine.\n\n\
                      ## Warranty\n\nTwo years from the day of purchase.\n";

#[tokio::test]
async fn excerpts_come_ready_for_a_prompt_with_their_sources() {
    let f = Fixture::new().await;
    f.document("manual", &Settings::default(), "brisa.md", MANUAL).await;
    let node = "kind: knowledge\nbases: [manual]\nquery: '{{ input.q }}'\ntop_k: 2\nmode: hybrid";
    let timeline = f.run(&[("find", node)], json!({ "q": "Is the pump blocked, what is E3?" })).await;
    let (output, input) = succeeded(&timeline, "find");
    let context = output["context"].as_str().unwrap();
    let first =
        "[1] brisa › Brisa › Error codes\nE3: the pump is blocked. Descale the machine.\n\n[2] brisa › ";
    assert!(context.starts_with(first), "{context}");
    assert_eq!(output["chunks"][0], "E3: the pump is blocked. Descale the machine.");
    let source = &output["sources"][0];
    assert_eq!((&source["number"], &source["document"]), (&json!(1), &json!("brisa.md")));
    assert_eq!((&source["base"], &source["heading"]), (&json!("manual"), &json!("Brisa › Error codes")));
    assert_eq!((&source["ordinal"], &source["lines"]), (&json!(0), &json!([5, 6])));
    assert!(source["score"].as_f64().unwrap() > 0.9, "{source}");
    assert_eq!(input, json!({ "query": "Is the pump blocked, what is E3?", "bases": ["manual"] }));
}

#[tokio::test]
async fn nothing_found_is_no_error() {
    let f = Fixture::new().await;
    f.document("manual", &Settings::default(), "brisa.md", MANUAL).await;
    let node = "kind: knowledge\nbases: [manual]\nquery: '{{ input.q }}'\nmode: keyword";
    let timeline = f.run(&[("find", node)], json!({ "q": "zebra" })).await;
    assert_eq!(succeeded(&timeline, "find").0, json!({ "context": "", "sources": [], "chunks": [] }));
    let near = "kind: knowledge\nbases: [manual]\nquery: pump\nmode: keyword\nthreshold: 1";
    let timeline = f.run(&[("find", near)], json!({})).await;
    assert_eq!(succeeded(&timeline, "find").0["chunks"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_base_that_is_gone_is_named() {
    let f = Fixture::new().await;
    let node = "kind: knowledge\nbases: [nowhere]\nquery: hi";
    let (code, message, transient, input) = failed(&f.run(&[("find", node)], json!({})).await, "find");
    assert!(code == "knowledge_base_missing" && !transient && message.contains("`nowhere`"), "{message}");
    assert_eq!(input["query"], "hi");
}
