//! Requests that a source's filter holds back, keys by expression, fixed answers.

use axum::http::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Api, Http, Server, Source, eventually, flow};

const ECHO: &str = "nodes:
  say: { kind: template, text: \"{{ input.query }}\" }
edges: [start -> say]
outputs: { text: \"{{ nodes.say.text }}\" }
";

async fn echo() -> (Server, Api) {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    owner.deploy("echo", &flow("echo", ECHO)).await;
    (server, owner)
}

async fn open(owner: &Api, mut config: Value) -> Source {
    config["verification"] = json!({ "scheme": "none" });
    owner.source("echo", config, Value::Null).await
}

const PAID_ONLY: &str = "{{ body.type == 'paid' }}";

fn order(kind: &str) -> Value {
    json!({ "query": "x", "type": kind })
}

/// Checks the receipt of an event that was filtered, and gives its id.
fn filtered(answer: &Answer, status: u16) -> String {
    assert_eq!(answer.status, status, "{}", answer.text());
    let receipt = answer.json();
    let event = receipt["event_id"].as_str().unwrap();
    assert_eq!((&receipt["run_id"], &receipt["filtered"]), (&Value::Null, &json!(true)), "{receipt}");
    assert_eq!(answer.header("linchpin-event"), Some(event));
    event.to_owned()
}

#[tokio::test]
async fn a_filtered_request_is_acknowledged_recorded_and_runs_nothing() {
    let (server, owner) = echo().await;
    let http = Http::new();
    for (reply, status) in [("accept", 202), ("wait", 200), ("respond", 200)] {
        let source = open(&owner, json!({ "filter": PAID_ONLY, "reply": { "mode": reply } })).await;
        let answer = source.post(&order("open")).await;
        let event = filtered(&answer, status);
        let trace = owner.trace(&event).await;
        assert_eq!((&trace["filtered"], &trace["runs"]), (&json!(true), &json!([])), "{trace}");
        assert_eq!(trace["request"]["body"]["text"], order("open").to_string(), "{trace}");
        let url = answer.json()["status_url"].as_str().unwrap().to_owned();
        let fate = http.call(Method::GET, &url, &[], "").await.ok();
        assert_eq!((&fate["status"], &fate["event_id"]), (&json!("filtered"), &json!(event)));
        let listed = owner.list(&format!("events?source={}", source.id)).await;
        assert_eq!((listed.len(), &listed[0]["status"]), (1, &json!("filtered")));
    }
    assert_eq!(owner.list("runs").await, Vec::<Value>::new());
    let metrics = http.call(Method::GET, &format!("{}/metrics", server.url), &[], "").await;
    let counted = r#"linchpin_requests_total{outcome="filtered"} 3"#;
    assert!(metrics.text().lines().any(|line| line == counted), "{}", metrics.text());
}

#[tokio::test]
async fn a_duplicate_is_told_what_the_first_one_was() {
    let (_server, owner) = echo().await;
    let source = open(&owner, json!({ "filter": PAID_ONLY, "reply": { "mode": "wait" } })).await;
    let keyed =
        async |key: &str, kind: &str| source.post_with(&[("idempotency-key", key)], &order(kind)).await;
    let event = filtered(&keyed("a", "open").await, 200);
    let again = keyed("a", "paid").await;
    assert_eq!(filtered(&again, 200), event, "its key is claimed");
    assert_eq!(again.header("linchpin-duplicate"), Some("true"));

    let taken = keyed("b", "paid").await;
    assert_eq!(taken.ok(), json!({ "text": "x" }));
    let again = keyed("b", "open").await;
    assert_eq!((again.ok(), again.header("linchpin-duplicate")), (json!({ "text": "x" }), Some("true")));
    assert_eq!(again.header("linchpin-event"), taken.header("linchpin-event"));
    assert_eq!(owner.list("events").await.len(), 2);
}

#[tokio::test]
async fn a_filter_without_an_answer_is_a_refusal_that_burns_no_key() {
    let (_server, owner) = echo().await;
    let source = open(&owner, json!({ "filter": "{{ body.order.total > 100 }}" })).await;
    let key = [("idempotency-key", "a")];
    let problem = source.post_with(&key, &json!({ "query": "x" })).await.problem(422, "expression_failed");
    assert_eq!(problem["errors"][0]["field"], "filter", "{problem}");
    owner.refusal(&source, "expression_failed").await;
    let mended = source.post_with(&key, &json!({ "query": "x", "order": { "total": 101 } })).await;
    assert_eq!((mended.status, mended.header("linchpin-duplicate")), (202, None));
    assert_eq!(owner.list("events").await.len(), 1);
}

#[tokio::test]
async fn a_filtered_event_can_be_run_after_all() {
    let (_server, owner) = echo().await;
    let source = open(&owner, json!({ "filter": PAID_ONLY })).await;
    let event = filtered(&source.post(&order("open")).await, 202);
    let replay = json!({ "version": "ran" });
    let replayed = owner.post(&format!("/events/{event}/replay"), &replay).await;
    assert_eq!(replayed.status, 201, "{}", replayed.text());
    let trace = eventually("the replay has ended", async || {
        let trace = owner.trace(&event).await;
        (trace["runs"][0]["status"] == "succeeded").then_some(trace)
    });
    assert_eq!(trace.await["runs"][0]["outputs"], json!({ "text": "x" }));
}

#[tokio::test]
async fn a_key_may_be_made_of_several_parts() {
    let (_server, owner) = echo().await;
    let source = open(&owner, json!({ "dedupe": { "key": "{{ body.id }}-{{ header.x-shop }}" } })).await;
    let sent = async |id: u32, shop: &str| {
        let answer = source.post_with(&[("x-shop", shop)], &json!({ "query": "x", "id": id })).await;
        assert_eq!(answer.status, 202, "{}", answer.text());
        answer.header("linchpin-duplicate").is_some()
    };
    assert_eq!([sent(1, "a").await, sent(1, "b").await, sent(2, "a").await], [false; 3]);
    assert!(sent(1, "a").await);
    let problem = source.post(&json!({ "query": "x", "id": 1 })).await.problem(422, "expression_failed");
    assert_eq!(problem["errors"][0]["field"], "dedupe.key", "{problem}");
}

#[tokio::test]
async fn a_fixed_answer_comes_when_the_event_is_safe() {
    let (_server, owner) = echo().await;
    let reply = json!({
        "mode": "static", "status": 201, "body": "<Response/>", "content_type": "text/xml",
        "headers": { "X-Shop": "north" },
    });
    let source = open(&owner, json!({ "filter": PAID_ONLY, "reply": reply })).await;
    for kind in ["paid", "open"] {
        let answer = source.post_with(&[("idempotency-key", kind)], &order(kind)).await;
        assert_eq!((answer.status, answer.text()), (201, "<Response/>"));
        assert_eq!(
            (answer.header("content-type"), answer.header("x-shop")),
            (Some("text/xml"), Some("north"))
        );
        assert_eq!(answer.header("content-security-policy"), Some("sandbox"));
        let event = answer.header("linchpin-event").unwrap();
        assert_eq!(owner.trace(event).await["filtered"], kind == "open");
        let again = source.post_with(&[("idempotency-key", kind)], &order(kind)).await;
        assert_eq!((again.status, again.text()), (201, "<Response/>"));
        assert_eq!(
            (again.header("linchpin-event"), again.header("linchpin-duplicate")),
            (Some(event), Some("true"))
        );
    }
    let empty = open(&owner, json!({ "reply": { "mode": "static", "status": 204 } })).await;
    let answer = empty.post(&order("paid")).await;
    assert_eq!((answer.status, answer.text(), answer.header("content-type")), (204, "", None));
}
