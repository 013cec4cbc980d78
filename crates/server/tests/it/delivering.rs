//! What leaves: signed, under one id, tried again until it arrives, kept when it does not.

use serde_json::{Value, json};
use standardwebhooks::Webhook;

use crate::support::{Api, Home, Receiver, Reply, Server, eventually, flow};

const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

const TELLING: &str = "nodes:
  tell: { kind: deliver, destination: tickets, body: { query: \"{{ input.query }}\" } }
edges: [start -> tell]
";

async fn event(owner: &Api) -> String {
    let source = owner.open_source("telling", "accept").await;
    let receipt = source.post(&json!({ "query": "\"quoted\" 你好" })).await.ok();
    receipt["event_id"].as_str().unwrap().to_owned()
}

async fn telling(server: &Server, config: Value, secrets: Value) -> (Api, String) {
    let owner = Api::set_up(server).await;
    let destination = owner.destination("tickets", config, secrets).await;
    owner.deploy("telling", &flow("telling", TELLING)).await;
    (owner, destination)
}

/// The only delivery of a trace, and the outcomes of its attempts.
fn delivery(trace: &Value) -> (&Value, Vec<&str>) {
    let delivery = &trace["runs"][0]["deliveries"][0];
    let attempts = delivery["attempts"].as_array().unwrap().iter();
    (delivery, attempts.map(|attempt| attempt["outcome"].as_str().unwrap()).collect())
}

#[tokio::test]
async fn what_fails_is_tried_again_under_the_same_id_and_signed_anew() {
    let server = Server::fresh().await;
    let answers = |nth, _: &_| Reply::Status(if nth < 2 { 503 } else { 200 });
    let receiver = Receiver::start(answers).await;
    let config = json!({
        "kind": "webhook", "url": receiver.url("hook"), "signing": "standard_webhooks", "retry": ["1ms", "1ms"],
    });
    let (owner, _) = telling(&server, config, json!({ "signing": [KEY] })).await;
    let trace = owner.settled(&event(&owner).await, 1).await;
    let (delivery, outcomes) = delivery(&trace);
    assert_eq!(outcomes, ["retry", "retry", "delivered"]);
    assert_eq!(delivery["state"], "delivered");

    let id = delivery["id"].as_str().unwrap();
    let seen = receiver.seen();
    assert_eq!(seen.len(), 3);
    for request in &seen {
        Webhook::new(KEY).unwrap().verify(&request.body, &request.headers).unwrap();
        assert_eq!((request.header("webhook-id"), request.header("idempotency-key")), (id, id));
        assert_eq!(request.json(), json!({ "query": "\"quoted\" 你好" }), "values go in as JSON");
        assert!(request.header("user-agent").starts_with("Linchpin/"), "{:?}", request.headers);
        assert_eq!(request.header("content-type"), "application/json");
        assert_eq!(request.header("traceparent"), seen[0].header("traceparent"));
    }
    assert!(seen[0].header("traceparent").starts_with("00-"), "{:?}", seen[0].headers);
}

/// Cancels an order at an address of its own.
const CANCELLING: &str = "nodes:
  cancel:
    kind: deliver
    destination: tickets
    params: { order: \"{{ input.query }}\" }
    headers: { X-Tenant: \"shop {{ 1 + 1 }}\" }
    body: null
edges: [start -> cancel]
";

#[tokio::test]
async fn a_message_fills_in_its_address_and_headers() {
    let server = Server::fresh().await;
    let receiver = Receiver::accepting().await;
    let config = json!({
        "kind": "webhook", "url": receiver.url("orders/{order}/lines?by={order}"), "method": "DELETE",
        "message_headers": ["x-tenant"], "signing": "standard_webhooks",
    });
    let (owner, _) = telling(&server, config, json!({ "signing": [KEY] })).await;
    let bad = CANCELLING.replace("{ order:", "{ \"or/der\":");
    owner.put("/flows/telling", &json!({ "definition": flow("telling", &bad) })).await.ok();
    let problem = owner.post("/flows/telling/versions", &json!({ "note": "" })).await;
    assert!(problem.status == 422 && problem.text().contains("params.or/der"), "{problem:?}");
    owner.deploy("telling", &flow("telling", CANCELLING)).await;
    let source = owner.open_source("telling", "accept").await;
    let said = async |query: &str| {
        let receipt = source.post(&json!({ "query": query })).await.ok();
        owner.settled(receipt["event_id"].as_str().unwrap(), 1).await
    };
    let trace = said("A/1 漏?").await;
    assert_eq!(delivery(&trace).1, ["delivered"], "{trace}");
    let seen = receiver.seen().remove(0);
    assert_eq!((seen.method.as_str(), seen.body.len()), ("DELETE", 0));
    assert_eq!(
        (seen.path.as_str(), seen.query.as_str()),
        ("/orders/A%2F1%20%E6%BC%8F%3F/lines", "by=A%2F1%20%E6%BC%8F%3F")
    );
    assert_eq!(seen.header("x-tenant"), "shop 2");
    Webhook::new(KEY).unwrap().verify(&seen.body, &seen.headers).unwrap();
    let trace = said("..").await;
    let (dead, outcomes) = delivery(&trace);
    assert_eq!((outcomes, receiver.seen().len()), (vec!["permanent"], 1));
    let reason = dead["attempts"][0]["record"]["reason"].as_str().unwrap();
    assert!(reason.contains("another path"), "{reason}");
}

#[tokio::test]
async fn a_dead_letter_is_listed_and_arrives_under_its_old_id_after_the_mend() {
    let server = Server::fresh().await;
    let receiver =
        Receiver::start(|_, seen| Reply::Status(if seen.path == "/new" { 200 } else { 404 })).await;
    let config = json!({ "kind": "webhook", "url": receiver.url("old") });
    let (owner, destination) = telling(&server, config, Value::Null).await;
    let event = event(&owner).await;
    let trace = owner.settled(&event, 1).await;
    let (dead, outcomes) = delivery(&trace);
    assert_eq!((outcomes, &dead["state"]), (vec!["permanent"], &json!("dead")));
    let id = dead["id"].as_str().unwrap();
    let letters = owner.list("deliveries?state=dead").await;
    assert_eq!((letters.len(), &letters[0]["id"], &letters[0]["attempts"]), (1, &json!(id), &json!(1)));
    let tried_at = &dead["attempts"][0]["at"];
    assert_eq!((&letters[0]["finished_at"], &dead["finished_at"]), (tried_at, tried_at));

    let mended = json!({ "name": "tickets", "config": { "kind": "webhook", "url": receiver.url("new") } });
    owner.put(&format!("/destinations/{destination}"), &mended).await.ok();
    let replay = format!("/deliveries/{id}/replay");
    owner.key("viewer").await.post(&replay, &Value::Null).await.problem(403, "forbidden");
    assert_eq!(owner.post(&replay, &Value::Null).await.status, 204);
    let arrived = eventually("the delivery has arrived", async || {
        let trace = owner.trace(&event).await;
        (delivery(&trace).0["state"] == "delivered").then_some(trace)
    });
    assert_eq!(delivery(&arrived.await).1, ["permanent", "delivered"]);
    assert!(receiver.seen().iter().all(|request| request.header("webhook-id") == id));
    assert_eq!(owner.list("deliveries?state=dead").await, Vec::<Value>::new());
    owner.post(&replay, &Value::Null).await.problem(409, "conflict");
}

#[tokio::test]
async fn a_receiver_that_is_gone_switches_its_destination_off_and_nothing_is_lost() {
    let server = Server::fresh().await;
    let receiver = Receiver::start(|nth, _| Reply::Status(if nth == 0 { 410 } else { 200 })).await;
    let config = json!({ "kind": "webhook", "url": receiver.url("hook"), "retry": ["1ms"] });
    let (owner, destination) = telling(&server, config, Value::Null).await;
    let trace = owner.settled(&event(&owner).await, 1).await;
    assert_eq!(delivery(&trace).1, ["permanent"]);
    let shown = owner.get(&format!("/destinations/{destination}")).await.ok();
    assert!(shown["disabled_reason"].as_str().unwrap().contains("410"), "{shown}");

    let kept = event(&owner).await;
    let trace = owner.trace(&kept).await;
    assert_eq!(delivery(&trace).0["state"], "pending", "it waits for the destination");
    assert_eq!(receiver.seen().len(), 1);
    assert_eq!(owner.post(&format!("/destinations/{destination}/enable"), &Value::Null).await.status, 204);
    let trace = owner.settled(&kept, 1).await;
    assert_eq!(delivery(&trace).1, ["delivered"]);
}

#[tokio::test]
async fn this_machine_is_called_only_when_the_operator_allows_it() {
    let home = Home::new();
    let server = home.guarded().start().await;
    let receiver = Receiver::accepting().await;
    let config = json!({ "kind": "webhook", "url": receiver.url("hook") });
    let (owner, _) = telling(&server, config, Value::Null).await;
    let event = event(&owner).await;
    let trace = owner.settled(&event, 1).await;
    let (dead, outcomes) = delivery(&trace);
    assert_eq!((outcomes, &dead["state"]), (vec!["permanent"], &json!("dead")));
    let record = &dead["attempts"][0]["record"];
    let reason = record["reason"].as_str().unwrap();
    assert!(reason.contains("127.0.0.1") && reason.contains("outbound.allow_cidrs"), "{reason}");
    assert_eq!(record["exchanges"][0]["error"]["kind"], "refused", "{record}");
    assert!(receiver.seen().is_empty());
    server.kill().await;

    let allowing =
        home.guarded().variable("LINCHPIN_OUTBOUND__ALLOW_CIDRS", "[\"127.0.0.1/32\"]").start().await;
    let owner = owner.at(&allowing);
    let id = dead["id"].as_str().unwrap();
    assert_eq!(owner.post(&format!("/deliveries/{id}/replay"), &Value::Null).await.status, 204);
    assert_eq!(receiver.until(1).await[0].header("webhook-id"), id);
}

#[tokio::test]
async fn a_retry_that_is_due_after_a_restart_is_made() {
    let server = Server::fresh().await;
    let receiver = Receiver::start(|nth, _| Reply::Status(if nth == 0 { 503 } else { 200 })).await;
    let config = json!({ "kind": "webhook", "url": receiver.url("hook"), "retry": ["1s"] });
    let (owner, _) = telling(&server, config, Value::Null).await;
    let event = event(&owner).await;
    eventually("the first attempt is recorded", async || {
        (delivery(&owner.trace(&event).await).1 == ["retry"]).then_some(())
    })
    .await;
    let home = server.home().clone();
    server.kill().await;
    let server = home.serve().start().await;
    let trace = owner.at(&server).settled(&event, 1).await;
    assert_eq!(delivery(&trace).1, ["retry", "delivered"]);
    let seen = receiver.seen();
    assert_eq!(seen[0].header("webhook-id"), seen[1].header("webhook-id"));
}

#[tokio::test]
async fn a_destination_that_could_not_work_is_refused_with_what_to_write() {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    let try_to_make = async |config: Value, secrets: Value| {
        let destination = json!({ "name": "x", "config": config, "secrets": secrets });
        owner.post("/environments/production/destinations", &destination).await
    };
    let cases = [
        (json!({}), Value::Null, "kind"),
        (json!({ "kind": "webhok", "url": "https://a.example" }), Value::Null, "webhook"),
        (json!({ "kind": "webhook", "url": "ftp://a.example" }), Value::Null, "https://"),
        (json!({ "kind": "webhook", "url": "https://a.example", "tiemout": "1s" }), Value::Null, "timeout"),
        (json!({ "kind": "webhook", "url": "https://a.example" }), json!({ "signing": [KEY] }), "signing"),
        (json!({ "kind": "webhook", "url": "https://u:hunter2@a.example" }), Value::Null, "credentials"),
    ];
    for (config, secrets, says) in cases {
        let problem = try_to_make(config, secrets).await.problem(422, "invalid");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(says) && !detail.contains("hunter2") && !detail.contains(KEY), "{detail}");
    }
    let made = try_to_make(json!({ "kind": "webhook", "url": "https://a.example" }), Value::Null).await.ok();
    try_to_make(json!({ "kind": "webhook", "url": "https://b.example" }), Value::Null)
        .await
        .problem(409, "conflict");
    let path = format!("/destinations/{}", made["id"].as_str().unwrap());
    assert_eq!(owner.delete(&path).await.status, 204);
    owner.get(&path).await.problem(404, "not_found");
}
