//! A group robot of WeCom, which answers 200 to everything.

use serde_json::{Value, json};

use crate::support::{Api, Receiver, Reply, Server, eventually, flow};

const KEY: &str = "693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa";

const TELLING: &str = "nodes:
  busy: { kind: deliver, destination: busy, body: \"{{ input.query }}\" }
  unknown: { kind: deliver, destination: unknown, body: \"{{ input.query }}\" }
  limited: { kind: deliver, destination: limited, body: \"{{ input.query }}\" }
edges: [start -> busy, start -> unknown, start -> limited]
";

#[tokio::test]
async fn the_code_in_the_answer_says_whether_a_message_was_taken() {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    let said = |code: i64| Reply::json(200, &json!({ "errcode": code, "errmsg": "as the vendor says" }));
    let busy = Receiver::start(move |nth, _| said(if nth == 0 { -1 } else { 0 })).await;
    let unknown = Receiver::start(move |_, _| said(93000)).await;
    let limited = Receiver::start(move |_, _| said(45009)).await;
    for (name, receiver) in [("busy", &busy), ("unknown", &unknown), ("limited", &limited)] {
        let url = receiver.url(&format!("cgi-bin/webhook/send?key={KEY}"));
        let config = json!({ "kind": "wecom", "rate": [], "retry": ["1ms", "1ms"] });
        owner.destination(name, config, json!({ "url": url })).await;
    }
    owner.deploy("telling", &flow("telling", TELLING)).await;
    let source = owner.open_source("telling", "accept").await;
    let receipt = source.post(&json!({ "query": "洗衣机漏水" })).await.ok();
    let event = receipt["event_id"].as_str().unwrap();
    let trace = eventually("each has been tried as often as it can be now", async || {
        let trace = owner.trace(event).await;
        let tried = |name: &str, times: usize| outcomes(&trace, name).1.len() == times;
        (tried("busy", 2) && tried("unknown", 1) && tried("limited", 1)).then_some(trace)
    });
    let trace = trace.await;
    assert_eq!(outcomes(&trace, "busy"), ("delivered", vec!["retry", "delivered"]));
    assert_eq!(outcomes(&trace, "unknown"), ("dead", vec!["permanent"]));
    assert_eq!(outcomes(&trace, "limited"), ("pending", vec!["retry"]));
    let reason = |name: &str| delivery(&trace, name)["attempts"][0]["record"]["reason"].as_str().unwrap();
    assert!(reason("unknown").contains("93000"), "{}", reason("unknown"));
    assert!(reason("limited").contains("45009"), "{}", reason("limited"));
    let due = delivery(&trace, "limited");
    assert!(due["due_at"].as_str() > due["attempts"][0]["at"].as_str(), "{due}");
    assert!(!trace.to_string().contains(KEY), "the robot's key is in the trace: {trace}");

    let seen = busy.seen();
    assert_eq!((seen[0].query.as_str(), seen.len()), (format!("key={KEY}").as_str(), 2));
    let message = json!({ "msgtype": "markdown", "markdown": { "content": "洗衣机漏水" } });
    assert_eq!((seen[0].json(), seen[1].json()), (message.clone(), message));
    assert_eq!(limited.seen().len(), 1, "it pauses for a minute");
}

fn delivery<'t>(trace: &'t Value, name: &str) -> &'t Value {
    let made = trace["runs"][0]["deliveries"].as_array().unwrap();
    made.iter().find(|delivery| delivery["destination"] == name).unwrap()
}

/// A delivery's state, and the outcomes of its attempts.
fn outcomes<'t>(trace: &'t Value, name: &str) -> (&'t str, Vec<&'t str>) {
    let delivery = delivery(trace, name);
    let attempts = delivery["attempts"].as_array().unwrap().iter();
    let outcomes = attempts.map(|attempt| attempt["outcome"].as_str().unwrap()).collect();
    (delivery["state"].as_str().unwrap(), outcomes)
}
