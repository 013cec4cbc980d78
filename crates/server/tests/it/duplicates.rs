//! A request that comes again.

use std::collections::HashSet;

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::{Api, Receiver, Server, eventually, flow};

const TELLING: &str = "nodes:
  tell: { kind: deliver, destination: shop, body: { query: \"{{ input.query }}\" } }
  number: { kind: template, text: \"{{ event.id }}\" }
edges: [start -> tell -> number]
outputs: { number: \"{{ nodes.number.text }}\" }
";

async fn telling() -> (Server, Api, Receiver) {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    let receiver = Receiver::accepting().await;
    let target = json!({ "kind": "webhook", "url": receiver.url("hook") });
    owner.destination("shop", target, Value::Null).await;
    owner.deploy("telling", &flow("telling", TELLING)).await;
    (server, owner, receiver)
}

#[tokio::test]
async fn a_hundred_at_once_are_one_event_one_run_and_one_answer() {
    let (_server, owner, receiver) = telling().await;
    for mode in ["wait", "accept"] {
        let source = owner.open_source("telling", mode).await;
        let (headers, body) = ([("idempotency-key", "order-7")], json!({ "query": mode }));
        let answers = join_all((0..100).map(|_| source.post_with(&headers, &body))).await;
        let said: HashSet<_> =
            answers.iter().map(|answer| (answer.status, answer.text().to_owned())).collect();
        assert_eq!(said.len(), 1, "{mode}: {said:?}");
        let events: HashSet<_> = answers.iter().map(|answer| answer.header("linchpin-event")).collect();
        assert_eq!(events.len(), 1, "{mode}: {events:?}");
        let duplicates = answers.iter().filter(|answer| answer.header("linchpin-duplicate") == Some("true"));
        assert_eq!(duplicates.count(), 99, "{mode}");
        let event = answers[0].header("linchpin-event").unwrap();
        let trace = owner.settled(event, 1).await;
        assert_eq!(trace["runs"].as_array().unwrap().len(), 1, "{trace}");
    }
    assert_eq!(owner.list("events").await.len(), 2);
    assert_eq!(owner.list("runs").await.len(), 2);
    assert_eq!(receiver.seen().len(), 2, "each was told of once");
}

#[tokio::test]
async fn a_key_counts_for_its_source_and_its_window() {
    let (_server, owner, _receiver) = telling().await;
    let config = |dedupe| json!({ "verification": { "scheme": "none" }, "reply": { "mode": "accept" }, "dedupe": dedupe });
    let [one, other] = [json!({}), json!({ "window": "1s" })].map(config);
    let (one, other) =
        (owner.source("telling", one, Value::Null).await, owner.source("telling", other, Value::Null).await);
    let never = owner.source("telling", config(Value::Null), Value::Null).await;
    let by_body = owner.source("telling", config(json!({ "from": "body.id" })), Value::Null).await;
    let headers = [("idempotency-key", "k")];
    let body = json!({ "query": "x", "id": 7 });
    for source in [&one, &other, &never, &by_body] {
        let first = source.post_with(&headers, &body).await;
        assert_eq!(first.header("linchpin-duplicate"), None, "{first:?}");
    }
    let is_duplicate = async |source: &crate::support::Source, headers: &[(&str, &str)]| {
        source.post_with(headers, &body).await.header("linchpin-duplicate") == Some("true")
    };
    assert!(is_duplicate(&one, &headers).await);
    assert!(!is_duplicate(&one, &[("idempotency-key", "other")]).await);
    assert!(!is_duplicate(&one, &[]).await, "a request without a key is new");
    assert!(!is_duplicate(&never, &headers).await);
    assert!(is_duplicate(&by_body, &[]).await, "the key is where the source says");
    eventually("the window of one second is over", async || {
        (!is_duplicate(&other, &headers).await).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_refused_request_uses_up_no_key() {
    let (_server, owner, _receiver) = telling().await;
    let source = owner.open_source("telling", "accept").await;
    let headers = [("idempotency-key", "k")];
    source.post_with(&headers, &json!({ "query": 7 })).await.problem(422, "field_invalid");
    let first = source.post_with(&headers, &json!({ "query": "x" })).await;
    assert_eq!((first.status, first.header("linchpin-duplicate")), (202, None));
}
