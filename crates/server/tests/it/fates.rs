//! The status URL tells an event's whole fate.

use axum::http::Method;
use serde_json::{Value, json};

use crate::{
    failing::step,
    support::{Api, Receiver, Reply, Server, eventually, flow},
};

const TELLING: &str = "nodes:
  tell: { kind: deliver, destination: tickets, body: { query: \"{{ input.query }}\" } }
  check: { kind: template, text: \"{{ 1 // (input.query | length - 1) }}\" }
edges: [start -> tell -> check]
outputs: { text: \"{{ nodes.check.text }}\" }
";

const PAUSING: &str = "nodes:
  ask:
    kind: http
    method: POST
    url: \"{{ env.ERP }}\"
    body: hi
    retry: { max: 1, backoff: 1h }
edges: [start -> ask]
";

async fn fate(owner: &Api, url: &Value) -> Value {
    owner.http.call(Method::GET, url.as_str().unwrap(), &[], "").await.ok()
}

#[tokio::test]
async fn it_tells_of_deliveries_attempts_and_failures_and_of_no_payload() {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    let receiver = Receiver::start(|nth, _| Reply::Status([503, 200, 404, 404][nth])).await;
    let config = json!({ "kind": "webhook", "url": receiver.url("hook"), "retry": ["1ms"] });
    owner.destination("tickets", config, Value::Null).await;
    owner.deploy("telling", &flow("telling", TELLING)).await;
    let source = owner.open_source("telling", "accept").await;
    let told = async |query: &str, state: &str| {
        let receipt = source.post(&json!({ "query": query })).await.ok();
        eventually(&format!("the delivery of {query} is {state}"), async || {
            let fate = fate(&owner, &receipt["status_url"]).await;
            let ended = fate["status"] == "succeeded" || fate["status"] == "failed";
            (ended && fate["deliveries"][0]["state"] == state).then_some(fate)
        })
        .await
    };

    let fate = told("hunter2", "delivered").await;
    assert_eq!((&fate["status"], &fate["outputs"]), (&json!("succeeded"), &json!({ "text": "0" })), "{fate}");
    assert_eq!(fate["deliveries"].as_array().unwrap().len(), 1);
    let delivery = &fate["deliveries"][0];
    assert_eq!(delivery["step"], "tell");
    assert_eq!(delivery["id"], receiver.seen()[0].header("webhook-id"));
    let attempts = delivery["attempts"].as_array().unwrap().iter();
    let attempts: Vec<_> = attempts.map(|attempt| (&attempt["number"], &attempt["outcome"])).collect();
    assert_eq!(attempts, [(&json!(1), &json!("retry")), (&json!(2), &json!("delivered"))]);
    assert!(delivery["attempts"][0]["at"].as_str() <= delivery["attempts"][1]["at"].as_str(), "{delivery}");
    assert!(!fate.to_string().contains("hunter2"), "{fate}");

    let fate = told("x", "dead").await;
    assert_eq!((&fate["status"], &fate["outputs"]), (&json!("failed"), &Value::Null), "{fate}");
    assert_eq!(fate["error"]["step"], "check", "{fate}");
    assert!(!fate["error"]["message"].as_str().unwrap().is_empty());
    assert_eq!(fate["deliveries"][0]["attempts"][0]["outcome"], "permanent", "{fate}");
    let states = ["tell", "check"].map(|id| {
        let steps = fate["steps"].as_array().unwrap();
        steps.iter().find(|known| known["step"] == id).unwrap()["state"].clone()
    });
    assert_eq!(states, [json!("succeeded"), json!("failed")]);
}

#[tokio::test]
async fn it_tells_of_a_run_that_waits() {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    let erp = Receiver::start(|_, _| Reply::Status(503)).await;
    owner.put("/environments/production/variables/ERP", &json!({ "value": erp.url("") })).await.ok();
    owner.deploy("pausing", &flow("pausing", PAUSING)).await;
    let source = owner.open_source("pausing", "accept").await;
    let receipt = source.post(&json!({ "query": "x" })).await.ok();
    let fate = eventually("the run waits", async || {
        let fate = fate(&owner, &receipt["status_url"]).await;
        (fate["status"] == "waiting").then_some(fate)
    });
    let fate = fate.await;
    assert_eq!((&fate["steps"][0]["step"], &fate["steps"][0]["state"]), (&json!("ask"), &json!("paused")));
    assert_eq!((&fate["outputs"], &fate["error"]), (&Value::Null, &Value::Null), "{fate}");
    let trace = owner.trace(receipt["event_id"].as_str().unwrap()).await;
    assert_eq!(step(&trace["runs"][0], "ask")["tries"][0]["error"]["code"], "http_status", "{trace}");
}
