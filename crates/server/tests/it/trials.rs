//! Destinations tried by a person: the form's schemas, previews, and messages outside the outbox.

use serde_json::{Value, json};

use crate::support::{Api, Home, Receiver, Reply, Server};

const TOKEN: &str = "hunter2hunter2";

#[tokio::test]
async fn a_test_is_one_real_attempt_and_leaves_nothing_behind() {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    let receiver =
        Receiver::start(|_, _| Reply::json(503, &json!({ "error": format!("{TOKEN} is late") }))).await;
    let config = json!({ "kind": "webhook", "url": receiver.url("hook"), "auth": { "type": "bearer" } });
    let id = owner.destination("tickets", config, json!({ "auth": TOKEN })).await;
    let path = format!("/destinations/{id}/test");
    owner.post(&format!("/destinations/{id}/disable"), &json!({ "reason": "closed" })).await;

    let tried = owner.post(&path, &json!({ "body": { "query": "x" } })).await.ok();
    assert_eq!((&tried["outcome"], receiver.seen().len()), (&json!("retry"), 1));
    let seen = receiver.seen().remove(0);
    assert_eq!(seen.json(), json!({ "query": "x" }));
    assert_eq!(seen.header("authorization"), format!("Bearer {TOKEN}"));
    assert_eq!(seen.header("webhook-id"), tried["id"]);
    let exchange = &tried["record"]["exchanges"][0];
    assert_eq!(exchange["response"]["status"], 503);
    assert!(!tried.to_string().contains(TOKEN), "{tried}");
    assert_eq!(owner.list("deliveries").await, [Value::Null; 0], "it is no delivery");
    let destination = owner.get(&format!("/destinations/{id}")).await.ok();
    assert_eq!((&destination["breaker"], &destination["disabled_reason"]), (&Value::Null, &json!("closed")));

    owner.key("viewer").await.post(&path, &json!({ "body": 1 })).await.problem(403, "forbidden");
    let operator = owner.key("operator").await;
    operator.post(&path, &json!({ "body": 1 })).await.ok();
    let elsewhere = json!({ "body": 1, "config": { "kind": "webhook", "url": receiver.url("mine") } });
    operator.post(&path, &elsewhere).await.problem(403, "forbidden");
    assert_eq!(receiver.seen().len(), 2, "an operator sends stored secrets nowhere else");
}

#[tokio::test]
async fn settings_are_tried_before_they_are_saved() {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    let receiver = Receiver::accepting().await;
    let config = json!({ "kind": "webhook", "url": receiver.url("new") });
    let at = "/environments/production/destinations/test";
    let tried = owner.post(at, &json!({ "body": 1, "config": config })).await.ok();
    assert_eq!((&tried["outcome"], receiver.seen()[0].path.as_str()), (&json!("delivered"), "/new"));
    let id = owner.destination("tickets", config, Value::Null).await;
    let changed = json!({ "body": 1, "config": { "kind": "webhook", "url": receiver.url("other") } });
    owner.post(&format!("/destinations/{id}/test"), &changed).await.ok();
    assert_eq!(receiver.seen()[1].path, "/other");
    assert_eq!(
        owner.get(&format!("/destinations/{id}")).await.ok()["config"]["url"],
        receiver.url("new"),
        "nothing is saved"
    );

    let problem = |field: &str, said: &Value| {
        assert_eq!(said["errors"][0]["field"], field, "{said}");
    };
    let invalid = async |input: Value| owner.post(at, &input).await.problem(422, "invalid");
    problem("config", &invalid(json!({ "body": 1 })).await);
    problem("config.url", &invalid(json!({ "body": 1, "config": { "kind": "webhook", "url": "x" } })).await);
    let wecom = json!({ "kind": "wecom" });
    let robot = json!({ "url": "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k" });
    problem("secrets", &invalid(json!({ "body": 1, "config": wecom })).await);
    problem("body", &invalid(json!({ "config": wecom, "secrets": robot })).await);
    let long = "word ".repeat(10_000);
    problem("body", &invalid(json!({ "config": wecom, "secrets": robot, "body": long })).await);
    let huge = "x".repeat(256 << 10);
    problem("body", &invalid(json!({ "config": wecom, "secrets": robot, "body": huge })).await);
    assert_eq!(receiver.seen().len(), 2);
}

#[tokio::test]
async fn tests_are_few_and_go_where_deliveries_may() {
    let server = Home::new().guarded().start().await;
    let owner = Api::set_up(&server).await;
    let config = json!({ "kind": "webhook", "url": "http://127.0.0.1:9/hook" });
    let at = "/environments/production/destinations/test";
    let input = json!({ "body": 1, "config": config });
    for _ in 0..10 {
        let tried = owner.post(at, &input).await.ok();
        assert_eq!(tried["record"]["exchanges"][0]["error"]["kind"], "refused", "{tried}");
    }
    owner.post(at, &input).await.problem(429, "too_many_requests");
}

#[tokio::test]
async fn a_preview_shows_each_part_and_sends_none() {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    let receiver = Receiver::accepting().await;
    let id = owner
        .destination("group", json!({ "kind": "wecom" }), json!({ "url": receiver.url("send?key=k3y") }))
        .await;
    let path = format!("/destinations/{id}/preview");
    let shown = owner.post(&path, &json!({ "body": "word ".repeat(1_200) })).await.ok();
    let requests = shown["requests"].as_array().unwrap();
    assert_eq!(requests.len(), 2);
    assert!(requests[0]["body"]["content"].as_str().unwrap().contains("(1/2)"), "{shown}");
    assert!(!shown.to_string().contains("k3y"));
    let said = owner.post(&path, &json!({ "body": 5 })).await.ok();
    assert!(said["requests"] == json!([]) && said["reason"].as_str().unwrap().contains("text"), "{said}");
    assert_eq!(receiver.seen().len(), 0);
}

#[tokio::test]
async fn what_was_said_before_is_said_again() {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    let receiver = Receiver::accepting().await;
    let id = owner
        .destination("tickets", json!({ "kind": "webhook", "url": receiver.url("hook") }), Value::Null)
        .await;
    let tell = "nodes:\n  tell: { kind: deliver, destination: tickets, body: { query: \"{{ input.query }}\" } }\nedges: [start -> tell]\n";
    owner.deploy("telling", &crate::support::flow("telling", tell)).await;
    let source = owner.open_source("telling", "accept").await;
    let receipt = source.post(&json!({ "query": "first" })).await.ok();
    let trace = owner.settled(receipt["event_id"].as_str().unwrap(), 1).await;
    let delivery = &trace["runs"][0]["deliveries"][0]["id"];
    owner.post(&format!("/destinations/{id}/test"), &json!({ "delivery": delivery })).await.ok();
    let seen = receiver.seen();
    assert_eq!((seen[1].json(), seen.len()), (json!({ "query": "first" }), 2));
    let both = json!({ "delivery": delivery, "body": 1 });
    owner.post(&format!("/destinations/{id}/test"), &both).await.problem(422, "invalid");
    let unknown = json!({ "delivery": "msg_01h455vb4pex5vsknk084sn02q" });
    owner.post(&format!("/destinations/{id}/test"), &unknown).await.problem(422, "invalid");
}

#[tokio::test]
async fn secrets_are_changed_one_by_one_and_what_is_wrong_has_its_place() {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    let kinds = owner.get("/destination-kinds").await.ok();
    let wecom = kinds.as_array().unwrap().iter().find(|kind| kind["name"] == "wecom").unwrap();
    assert_eq!(wecom["secrets"]["properties"]["url"]["writeOnly"], true);

    let (auth, other) = (json!({ "type": "bearer" }), json!({ "type": "header", "name": "X-Key" }));
    let config = |auth: &Value| json!({ "kind": "webhook", "url": "https://a.example/hook", "auth": auth });
    let id = owner.destination("tickets", config(&auth), json!({ "auth": TOKEN })).await;
    let path = format!("/destinations/{id}");
    let put = async |config: Value, secrets: Value| {
        owner.put(&path, &json!({ "name": "tickets", "config": config, "secrets": secrets })).await
    };
    let kept = put(config(&other), json!({})).await.ok();
    assert_eq!(kept["secrets"], json!(["auth"]));
    let problem = put(config(&json!({ "type": "none" })), json!({})).await.problem(422, "invalid");
    assert_eq!(problem["errors"][0]["field"], "config.auth", "{problem}");
    let gone = put(config(&json!({ "type": "none" })), json!({ "auth": null })).await.ok();
    assert_eq!(gone["secrets"], json!([]));
    let problem = put(json!({ "kind": "wecom" }), json!({})).await.problem(422, "invalid");
    assert_eq!(
        (&problem["errors"][0]["field"], &problem["errors"][0]["code"]),
        (&json!("secrets"), &json!("missing_key"))
    );
    let nameless = json!({ "name": "Not a name", "config": config(&auth) });
    let problem = owner.put(&path, &nameless).await.problem(422, "invalid");
    assert_eq!(problem["errors"][0]["field"], "name");
}
