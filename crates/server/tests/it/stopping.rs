//! A stop while a message is on its way.

use std::sync::Arc;

use axum::http::Method;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::support::{Api, Home, Http, Receiver, Reply, Server, eventually, flow};

const TELLING: &str = "nodes:
  tell: { kind: deliver, destination: tickets, body: { query: \"{{ input.query }}\" } }
edges: [start -> tell]
";

/// A receiver that answers when it is told to, an owner, and an event whose message has come to the receiver.
async fn under_way(server: &Server) -> (Receiver, Arc<Semaphore>, Api, String) {
    let gate = Arc::new(Semaphore::new(0));
    let guard = Arc::clone(&gate);
    let receiver =
        Receiver::start(move |_, _| Reply::Gate(Arc::clone(&guard), Box::new(Reply::Status(200)))).await;
    let owner = Api::set_up(server).await;
    let config = json!({ "kind": "webhook", "url": receiver.url("hook"), "timeout": "60s" });
    owner.destination("tickets", config, Value::Null).await;
    owner.deploy("telling", &flow("telling", TELLING)).await;
    let source = owner.open_source("telling", "accept").await;
    let receipt = source.post(&json!({ "query": "x" })).await.ok();
    receiver.until(1).await;
    (receiver, gate, owner, receipt["event_id"].as_str().unwrap().to_owned())
}

/// The outcomes of the attempts of the only delivery.
fn outcomes(trace: &Value) -> Vec<&str> {
    let attempts = trace["runs"][0]["deliveries"][0]["attempts"].as_array().unwrap().iter();
    attempts.map(|attempt| attempt["outcome"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_stop_waits_for_the_answer_to_a_message_and_it_is_not_sent_again() {
    let home = Home::new();
    let mut server = home.serve().start().await;
    let (receiver, gate, owner, event) = under_way(&server).await;
    server.terminate();
    eventually("the server is stopping", async || {
        let ready = Http::new().call(Method::GET, &format!("{}/readyz", server.url), &[], "").await;
        (ready.status == 503).then_some(())
    })
    .await;
    assert!(server.has_ended().is_none(), "it waits for the receiver");
    gate.add_permits(1_000);
    assert_eq!(server.ended().await.code(), Some(0), "{}", server.log());

    let server = home.serve().start().await;
    let owner = owner.at(&server);
    let trace = owner.settled(&event, 1).await;
    assert_eq!(outcomes(&trace), ["delivered"], "{trace}");
    // A message of its own goes through behind it: nothing of before is sent before that.
    let source = owner.open_source("telling", "accept").await;
    let next = source.post(&json!({ "query": "y" })).await.ok();
    owner.settled(next["event_id"].as_str().unwrap(), 1).await;
    let said: Vec<_> = receiver.seen().iter().map(|seen| seen.json()["query"].clone()).collect();
    assert_eq!(said, ["x", "y"]);
}

#[tokio::test]
async fn a_message_that_a_stop_cannot_wait_for_is_sent_again_under_its_id() {
    let home = Home::new();
    let mut server = home.serve().variable("LINCHPIN_STOP_PATIENCE", "200ms").start().await;
    let (receiver, gate, owner, event) = under_way(&server).await;
    server.terminate();
    assert_eq!(server.ended().await.code(), Some(0), "{}", server.log());
    gate.add_permits(1_000);
    let server = home.serve().start().await;
    let trace = owner.at(&server).settled(&event, 1).await;
    let delivery = &trace["runs"][0]["deliveries"][0];
    assert_eq!((&delivery["state"], outcomes(&trace).last()), (&json!("delivered"), Some(&"delivered")));
    let seen = receiver.seen();
    assert_eq!(seen.len(), 2);
    assert!(seen.iter().all(|seen| seen.header("webhook-id") == delivery["id"]), "{seen:?}");
}
