//! Steps without a run, with the data of one.

use std::collections::BTreeMap;

use flow::{Effect, NodeIndex};
use serde_json::{Map, Value, json};

use super::fixture::{DESTINATION, Fixture};
use crate::*;

/// A flow whose last step says `text`.
fn flow(f: &Fixture, text: &str) -> flow::Flow {
    let text = format!(
        "linchpin: flow/v1\nname: rehearsed\ninputs:\n  q: {{ type: string, description: What is asked }}\nnodes:\n  \
         say: {{ kind: say, text: '{{{{ input.q }}}}!' }}\n  ask: {{ kind: ask, text: x }}\n  \
         last: {{ kind: send, text: \"{text}\" }}\nedges: [start -> say -> ask -> last]\n"
    );
    Program::compile_published(&text, &Map::new(), f.engine.registry()).unwrap()
}

fn last(flow: &flow::Flow) -> NodeIndex {
    flow.graph().find("last").unwrap()
}

#[tokio::test]
async fn a_step_says_what_it_would_with_the_data_of_a_run() {
    let f = Fixture::new().await;
    let (say, ask) = (("say", "{ kind: say, text: 'hi!' }"), ("ask", "{ kind: ask, text: x }"));
    let program = f.program(&[say, ask], &["start -> say -> ask"], "").await;
    let run = f.submit(&program, None).await.run;
    f.ask.give("x", Ok("fine")).await;
    f.ended(run).await;

    let data = f.engine.data_of(f.place.workspace, run).await.unwrap();
    let flow = flow(&f, "{{ nodes.say.text }} {{ ai_output }} {{ input.q }} {{ run.id }}");
    let before = f.store.writes().transactions;
    let rehearsed = f.engine.rehearse(f.place, (&flow, last(&flow)), &data).unwrap();
    assert_eq!(f.store.writes().transactions, before, "nothing is committed");
    let (to, message) = &rehearsed.messages[0];
    assert_eq!(to.as_bytes(), &DESTINATION);
    assert_eq!(message.body, json!(format!("hi! fine hi {run}")));
    assert_eq!((message.run, message.traceparent.len()), (run, 55));
}

#[tokio::test]
async fn each_template_that_fails_is_named() {
    let f = Fixture::new().await;
    let flow = flow(&f, "{{ nodes.gone.text }}");
    let data = f.engine.data_given(&flow, json!({ "q": "hi" }), BTreeMap::new());
    let problems = f.engine.rehearse(f.place, (&flow, last(&flow)), &data).unwrap_err();
    assert_eq!((problems.len(), problems[0].node.as_deref()), (1, Some("last")));
    assert_eq!((problems[0].field.as_str(), problems[0].code.as_str()), ("text", "template_failed"));
    assert!(problems[0].reason.contains("nodes.gone.text"), "{problems:?}");
}

#[tokio::test]
async fn a_step_that_costs_something_is_not_rehearsed() {
    let f = Fixture::new().await;
    let flow = flow(&f, "x");
    let ask = flow.graph().find("ask").unwrap();
    assert_eq!(flow.node(ask).effect, Effect::Recorded);
    let data = f.engine.data_given(&flow, json!({}), BTreeMap::new());
    let problems = f.engine.rehearse(f.place, (&flow, ask), &data).unwrap_err();
    assert_eq!(problems[0].code, "not_rehearsed");
    assert_eq!(f.ask.count(), 0);
}

#[tokio::test]
async fn a_step_can_name_what_comes_before_it() {
    let f = Fixture::new().await;
    let flow = flow(&f, "x");
    let gave = BTreeMap::from([("ask".to_owned(), json!({ "text": "fine", "order-id": 7 }).into())]);
    let data = f.engine.data_given(&flow, json!({ "q": "hi" }), gave);
    let known = f.engine.variables(f.place, (&flow, last(&flow)), &data);
    let value = |path: &str| known.iter().find(|known| known.path == path).map(|known| known.value.clone());
    assert_eq!(value("ai_output"), Some(json!("fine")));
    assert_eq!(value(r#"nodes.ask["order-id"]"#), Some(json!(7)), "what it gave beyond what it declares");
    assert_eq!(value("nodes.say.text"), Some(Value::Null), "declared, and not given");
    assert_eq!(value("input.q"), Some(json!("hi")));
    assert_eq!(value("event.kind"), Some(json!("manual")));
    assert_eq!(value("nodes.last.text"), None, "a step does not come before itself");
    let declared = known.iter().find(|known| known.path == "input.q").unwrap();
    assert_eq!(declared.declared.as_deref(), Some("string"));
    assert_eq!(declared.description.as_deref(), Some("What is asked"));
    let say = flow.graph().find("say").unwrap();
    let of_say = f.engine.variables(f.place, (&flow, say), &data);
    assert!(of_say.iter().all(|known| !known.path.starts_with("nodes.") && known.path != "ai_output"));
}
