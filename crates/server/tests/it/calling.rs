//! Steps that call another system and wait for its answer.

use std::sync::Arc;

use axum::http::Method;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::support::{Api, Receiver, Reply, Server, eventually, flow};

/// A flow that asks the ERP and answers with what it said.
pub(crate) const ASKING: &str = "nodes:
  ask: { kind: http, method: POST, url: \"{{ env.ERP }}\", body: { query: \"{{ input.query }}\" }, retry: { max: 2, backoff: 1ms } }
edges: [start -> ask]
outputs: { said: \"{{ nodes.ask.body }}\" }
";

/// Deploys that flow to a server, asking at a URL.
pub(crate) async fn asking(server: &Server, erp: &str) -> Api {
    let owner = Api::set_up(server).await;
    owner.put("/environments/production/variables/ERP", &json!({ "value": erp })).await.ok();
    owner.deploy("asking", &flow("asking", ASKING)).await;
    owner
}

#[tokio::test]
async fn a_call_is_tried_again_under_the_same_key() {
    let server = Server::fresh().await;
    let receiver = Receiver::start(|nth, _| match nth {
        0 | 1 => Reply::Status(503),
        _ => Reply::json(200, &json!({ "stock": 3 })),
    });
    let receiver = receiver.await;
    let owner = asking(&server, &receiver.url("stock")).await;
    let source = owner.open_source("asking", "wait").await;
    let answer = source.post(&json!({ "query": "x" })).await;
    assert_eq!(answer.ok(), json!({ "said": { "stock": 3 } }));
    let seen = receiver.seen();
    assert_eq!(seen.len(), 3);
    let key = seen[0].header("idempotency-key");
    assert!(!key.is_empty() && seen.iter().all(|call| call.header("idempotency-key") == key), "{seen:?}");
    let trace = owner.trace(answer.header("linchpin-event").unwrap()).await;
    let tries = trace["runs"][0]["steps"][0]["tries"].as_array().unwrap();
    assert_eq!(tries.len(), 3, "{trace}");
    assert_eq!(tries[0]["error"]["code"], "http_status", "{trace}");
}

#[tokio::test]
async fn a_caller_that_has_waited_long_enough_gets_a_receipt() {
    let server = Server::fresh().await;
    let gate = Arc::new(Semaphore::new(0));
    let opens = Arc::clone(&gate);
    let receiver = Receiver::start(move |_, _| {
        Reply::Gate(Arc::clone(&gate), Box::new(Reply::json(200, &json!("in time for others"))))
    });
    let receiver = receiver.await;
    let owner = asking(&server, &receiver.url("slow")).await;
    let config =
        json!({ "verification": { "scheme": "none" }, "reply": { "mode": "wait", "deadline": "1s" } });
    let source = owner.source("asking", config, Value::Null).await;
    let headers = [("idempotency-key", "k")];
    let late = source.post_with(&headers, &json!({ "query": "x" })).await;
    assert_eq!(late.status, 202);
    let receipt = late.ok();
    let status =
        async || owner.http.call(Method::GET, receipt["status_url"].as_str().unwrap(), &[], "").await.ok();
    let fate = status().await;
    assert_eq!((&fate["status"], &fate["steps"][0]["state"]), (&json!("running"), &json!("running")));
    opens.add_permits(1);
    eventually("the run has ended", async || (status().await["status"] == "succeeded").then_some(())).await;
    let again = source.post_with(&headers, &json!({ "query": "x" })).await;
    assert_eq!((again.status, again.ok()), (200, json!({ "said": "in time for others" })));
    assert_eq!(receiver.seen().len(), 1);
}

#[tokio::test]
async fn duplicates_of_a_pending_request_wait_for_the_same_result() {
    let server = Server::fresh().await;
    let gate = Arc::new(Semaphore::new(0));
    let opens = Arc::clone(&gate);
    let receiver = Receiver::start(move |nth, _| {
        Reply::Gate(Arc::clone(&gate), Box::new(Reply::json(200, &json!(nth))))
    });
    let receiver = receiver.await;
    let owner = asking(&server, &receiver.url("slow")).await;
    let source = owner.open_source("asking", "wait").await;
    let (headers, body) = ([("idempotency-key", "k")], json!({ "query": "x" }));
    let calls = futures_util::future::join_all((0..10).map(|_| source.post_with(&headers, &body)));
    let open = async {
        receiver.until(1).await;
        opens.add_permits(1);
    };
    let (answers, ()) = tokio::join!(calls, open);
    for answer in &answers {
        assert_eq!(answer.ok(), json!({ "said": 0 }), "{answer:?}");
    }
    assert_eq!(receiver.seen().len(), 1);
}

#[tokio::test]
async fn a_cancelled_run_ends_at_once_and_its_caller_is_told() {
    let server = Server::fresh().await;
    let receiver = Receiver::start(|_, _| Reply::Hang).await;
    let owner = asking(&server, &receiver.url("hangs")).await;
    let source = owner.open_source("asking", "wait").await;
    let body = json!({ "query": "x" });
    let cancel = async {
        receiver.until(1).await;
        let run = owner.list("runs").await[0]["id"].as_str().unwrap().to_owned();
        owner.post(&format!("/runs/{run}/cancel"), &Value::Null).await
    };
    let (answer, cancelled) = tokio::join!(source.post(&body), cancel);
    assert_eq!(cancelled.status, 204, "{cancelled:?}");
    let problem = answer.problem(500, "run_failed");
    assert!(problem["detail"].as_str().unwrap().contains("cancelled"), "{problem}");
    assert_eq!(owner.list("runs?status=cancelled").await.len(), 1);
}

#[tokio::test]
async fn a_call_to_where_the_operator_does_not_allow_it_fails_with_the_setting() {
    let server = crate::support::Home::new().guarded().start().await;
    let receiver = Receiver::accepting().await;
    let owner = asking(&server, &receiver.url("erp")).await;
    let source = owner.open_source("asking", "wait").await;
    let problem = source.post(&json!({ "query": "x" })).await.problem(500, "run_failed");
    assert_eq!(problem["cause"]["step"], "ask", "{problem}");
    let trace = owner.trace(problem["event_id"].as_str().unwrap()).await;
    let why = trace["runs"][0]["error"]["message"].as_str().unwrap();
    assert!(why.contains("outbound.allow_cidrs"), "{why}");
    assert!(receiver.seen().is_empty());
}

/// The receiver's own port at addresses that are this machine in other words, and addresses that no flow has to
/// call.
const FORBIDDEN: [&str; 12] = [
    "localhost",
    "127.1",
    "2130706433",
    "0x7f.0.0.1",
    "0177.0.0.1",
    "0.0.0.0",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "169.254.169.254",
    "10.0.0.1",
    "[fd00::1]",
];

#[tokio::test]
async fn no_spelling_of_a_forbidden_address_gets_past_the_guard() {
    let server = crate::support::Home::new().guarded().start().await;
    let receiver = Receiver::accepting().await;
    let port = receiver.url("").trim_end_matches('/').rsplit(':').next().unwrap().to_owned();
    let owner = asking(&server, "https://erp.example.com").await;
    let source = owner.open_source("asking", "wait").await;
    for host in FORBIDDEN {
        let url = json!({ "value": format!("http://{host}:{port}/") });
        owner.put("/environments/production/variables/ERP", &url).await.ok();
        let problem = source.post(&json!({ "query": "x" })).await.problem(500, "run_failed");
        let trace = owner.trace(problem["event_id"].as_str().unwrap()).await;
        let error = &trace["runs"][0]["error"];
        assert!(error["message"].as_str().unwrap().contains("outbound.allow_cidrs"), "{host}: {error}");
    }
    assert!(receiver.seen().is_empty());
}
