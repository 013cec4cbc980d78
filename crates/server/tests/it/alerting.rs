//! A receiver that fails, and who hears of it: the whole chain, also through a crash.

use std::{path::Path, sync::Arc, sync::atomic::AtomicBool, sync::atomic::Ordering};

use serde_json::{Value, json};

use crate::{
    importing::Desk,
    support::{Api, Home, Receiver, Reply, Server, eventually, flow},
};

const ORDERS: &str = "nodes:
  tell: { kind: deliver, destination: erp, body: { query: \"{{ input.query }}\" } }
edges: [start -> tell]
";

const ALERTS: &str = "linchpin: flow/v1
name: alerts
inputs:
  alert: { type: string, required: true }
  destination: { type: string }
  code: { type: string }
  waiting: { type: integer }
nodes:
  tell:
    kind: deliver
    destination: on-call
    body: { alert: \"{{ input.alert }}\", of: \"{{ input.destination }}\", code: \"{{ input.code }}\", waiting: \"{{ input.waiting }}\" }
edges: [start -> tell]
";

const SOURCES: &str = "/environments/production/sources";

fn source(config: &Value) -> Value {
    json!({ "name": "alerts", "flow": "alerts", "kind": "alert", "config": config })
}

/// Settings whose breaker opens at the second failure.
fn breaking(url: &str, pause: &str) -> Value {
    json!({
        "kind": "webhook", "url": url, "retry": vec!["1ms"; 5], "concurrency": 1,
        "breaker": { "failures": 2, "pause": pause, "longest": "1h" },
    })
}

async fn order(owner: &Api) {
    owner.open_source("orders", "accept").await.post(&json!({ "query": "1" })).await.ok();
}

/// The alerts that a receiver was told of.
fn told(receiver: &Receiver) -> Vec<String> {
    receiver.seen().iter().map(|seen| seen.json()["alert"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn an_opening_and_its_end_are_told_once_each() {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    let up = Arc::new(AtomicBool::new(false));
    let of_receiver = Arc::clone(&up);
    let erp = Receiver::start(move |_, _| {
        Reply::Status(if of_receiver.load(Ordering::SeqCst) { 200 } else { 503 })
    });
    let (erp, on_call) = (erp.await, Receiver::accepting().await);
    owner.destination("erp", breaking(&erp.url("hook"), "500ms"), Value::Null).await;
    owner.destination("on-call", json!({ "kind": "webhook", "url": on_call.url("hook") }), Value::Null).await;
    owner.deploy("orders", &flow("orders", ORDERS)).await;
    owner.deploy("alerts", ALERTS).await;
    let made = owner.post(SOURCES, &source(&json!({}))).await.ok();
    assert_eq!(
        (&made["kind"], &made["url"], &made["schedule"]),
        (&json!("alert"), &Value::Null, &Value::Null)
    );
    order(&owner).await;
    on_call.until(1).await;
    up.store(true, Ordering::SeqCst);
    let seen = on_call.until(2).await;
    assert_eq!(
        seen[0].json(),
        json!({ "alert": "breaker_opened", "of": "erp", "code": "503", "waiting": 1 })
    );
    assert_eq!(told(&on_call), ["breaker_opened", "breaker_closed"]);
    let events = owner.list(&format!("events?source={}", made["id"].as_str().unwrap())).await;
    assert_eq!(events.len(), 2, "each is one event");
    let trace = owner.settled(events[1]["id"].as_str().unwrap(), 1).await;
    assert_eq!((&trace["kind"], &trace["alert"]["alert"]), (&json!("alert"), &json!("breaker_opened")));
    assert!(trace["alert"]["reason"].as_str().unwrap().contains("503"), "{trace}");
}

#[tokio::test]
async fn a_server_that_dies_with_an_open_breaker_tells_of_it_once() {
    let home = Home::new();
    // It dies right after the second failure is stored, before anybody is told.
    let server = home.serve().arguments(&["--crash-at", "AfterAttemptCommit:2"]).start().await;
    let owner = Api::set_up(&server).await;
    let (erp, on_call) = (Receiver::start(|_, _| Reply::Status(503)).await, Receiver::accepting().await);
    owner.destination("erp", breaking(&erp.url("hook"), "1h"), Value::Null).await;
    owner.destination("on-call", json!({ "kind": "webhook", "url": on_call.url("hook") }), Value::Null).await;
    owner.deploy("orders", &flow("orders", ORDERS)).await;
    owner.deploy("alerts", ALERTS).await;
    owner.post(SOURCES, &source(&json!({ "alerts": ["breaker_opened"] }))).await.ok();
    order(&owner).await;
    let mut server = server;
    server.die().await;
    // Killed again as soon as it has told, and started once more.
    let server = home.serve().start().await;
    on_call.until(1).await;
    server.kill().await;
    let server = home.serve().start().await;
    let owner = owner.at(&server);
    let arrived = eventually("the alert has arrived, and nothing else is under way", async || {
        let events = owner.list("events").await;
        let alerts: Vec<Value> = events.into_iter().filter(|event| event["kind"] == "alert").collect();
        let [alert] = &alerts[..] else { return None };
        let trace = owner.settled(alert["id"].as_str()?, 1).await;
        (trace["runs"][0]["deliveries"][0]["state"] == "delivered").then_some(trace)
    });
    let trace = arrived.await;
    let ids: Vec<_> = on_call.seen().iter().map(|seen| seen.header("webhook-id").to_owned()).collect();
    assert!(ids.iter().all(|id| *id == trace["runs"][0]["deliveries"][0]["id"]), "one delivery: {ids:?}");
}

#[tokio::test]
async fn an_alert_that_does_not_arrive_raises_no_other() {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    let gone = Receiver::start(|_, _| Reply::Status(410)).await;
    owner.destination("erp", json!({ "kind": "webhook", "url": gone.url("erp") }), Value::Null).await;
    owner.destination("on-call", json!({ "kind": "webhook", "url": gone.url("on-call") }), Value::Null).await;
    owner.deploy("orders", &flow("orders", ORDERS)).await;
    owner.deploy("alerts", ALERTS).await;
    owner.post(SOURCES, &source(&json!({}))).await.ok();
    order(&owner).await;
    // One for the receiver that is gone and one for its dead letter; the first of them switches `on-call` off.
    let alerts = async || {
        let events = owner.list("events").await;
        events.into_iter().filter(|event| event["kind"] == "alert").count()
    };
    eventually("both are raised", async || (alerts().await == 2).then_some(())).await;
    let off = eventually("the people on call cannot be reached", async || {
        let listed = owner.get("/environments/production/destinations").await.ok();
        let on_call = listed.as_array()?.iter().find(|one| one["name"] == "on-call")?.clone();
        (!on_call["disabled_reason"].is_null()).then_some(on_call)
    });
    off.await;
    // What befalls another destination is the next that is told.
    owner.destination("crm", json!({ "kind": "webhook", "url": gone.url("crm") }), Value::Null).await;
    owner.deploy("orders", &flow("orders", &ORDERS.replace("erp", "crm"))).await;
    order(&owner).await;
    eventually("it is told", async || (alerts().await >= 4).then_some(())).await;
    assert_eq!(alerts().await, 4, "and of `on-call` nothing was");
}

#[tokio::test]
async fn a_source_of_alerts_is_checked_against_its_flow_and_changed_and_deleted() {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    let on_call = Receiver::accepting().await;
    owner.destination("on-call", json!({ "kind": "webhook", "url": on_call.url("hook") }), Value::Null).await;
    owner.deploy("alerts", ALERTS).await;
    let wrong = owner.post(SOURCES, &source(&json!({ "alerts": ["breaker"] }))).await;
    assert!(wrong.status == 422 && wrong.text().contains("config.alerts[0]"), "{wrong:?}");
    let wrong = owner.post(SOURCES, &source(&json!({ "input": { "waiting": "{{ reason }}" } }))).await;
    assert!(wrong.status == 422 && wrong.text().contains("config.input.waiting"), "{wrong:?}");
    let made = owner.post(SOURCES, &source(&json!({ "alerts": ["dead_letter"] }))).await.ok();
    let path = format!("/sources/{}", made["id"].as_str().unwrap());
    let needy = ALERTS.replace("  waiting:", "  tone: { type: string, required: true }\n  waiting:");
    owner.put("/flows/alerts", &json!({ "definition": needy })).await.ok();
    let version = owner.post("/flows/alerts/versions", &json!({ "note": "" })).await.ok();
    let deploy = json!({ "environment": "production", "version": version["number"] });
    let refused = owner.post("/flows/alerts/deployments", &deploy).await;
    assert!(refused.status == 422 && refused.text().contains("input.tone"), "{refused:?}");
    let changed = owner.put(&path, &source(&json!({ "input": { "tone": "dry" } }))).await;
    assert!(changed.status == 422, "the version that serves has no such input: {changed:?}");
    let config = json!({ "alerts": ["breaker_opened"], "destinations": ["erp"] });
    assert_eq!(owner.put(&path, &source(&config)).await.ok()["config"], config);
    let rotate = json!({ "secrets": {} });
    assert_eq!(owner.post(&format!("{path}/rotate"), &rotate).await.status, 422);
    assert_eq!(owner.delete(&path).await.status, 204);
    owner.get(&path).await.problem(404, "not_found");
}

#[tokio::test]
async fn the_example_tells_a_group_of_wecom() {
    let desk = Desk::new().await;
    let wecom = Receiver::start(|_, _| Reply::json(200, &json!({ "errcode": 0, "errmsg": "ok" }))).await;
    let erp = Receiver::start(|_, _| Reply::Status(404)).await;
    let url = wecom.url("cgi-bin/webhook/send?key=693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa");
    let with = json!({ "destinations": { "on-call": { "secrets": { "url": url } } } });
    std::fs::write(desk.server.home().path().join("with.yaml"), with.to_string()).unwrap();
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/alerts");
    let done =
        desk.import(&[example.to_str().unwrap(), "--deploy", "production", "--with", "with.yaml"]).await;
    assert_eq!(done["sources"][0]["made"], true, "{done}");
    let owner = &desk.owner;
    owner.destination("erp", json!({ "kind": "webhook", "url": erp.url("hook") }), Value::Null).await;
    owner.deploy("orders", &flow("orders", ORDERS)).await;
    order(owner).await;
    let said = wecom.until(1).await[0].json();
    assert_eq!(said["msgtype"], "text");
    let text = said["text"]["content"].as_str().unwrap();
    assert!(text.starts_with("📪 erp has dead letters. ") && text.contains("404"), "{text}");
    assert!(text.contains("Waiting: 0, dead letters: 1."), "{text}");
}
