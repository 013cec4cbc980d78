//! What the sender of a request is told.

use axum::http::Method;
use serde_json::{Value, json};

use crate::support::{Api, Http, Server, Source, eventually, flow};

const ECHO: &str = "nodes:
  say: { kind: template, text: \"Hello {{ input.query }}\" }
edges: [start -> say]
outputs: { text: \"{{ nodes.say.text }}\" }
";

const FAILING: &str = "nodes:
  divide: { kind: template, text: \"{{ 1 // (input.query | length) }}\" }
edges: [start -> divide]
";

async fn with(rest: &str, reply: Value) -> (Server, Api, Source) {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    owner.deploy("echo", &flow("echo", rest)).await;
    let config = json!({ "verification": { "scheme": "none" }, "reply": reply });
    let source = owner.source("echo", config, Value::Null).await;
    (server, owner, source)
}

#[tokio::test]
async fn accept_gives_a_receipt_whose_url_tells_the_fate() {
    let (server, owner, source) = with(ECHO, json!({ "mode": "accept" })).await;
    let answer = source.post(&json!({ "query": "x" })).await;
    assert_eq!(answer.status, 202);
    let receipt = answer.ok();
    let (event, url) = (receipt["event_id"].as_str().unwrap(), receipt["status_url"].as_str().unwrap());
    assert_eq!(answer.header("linchpin-event"), Some(event));
    assert!(url.starts_with(&format!("{}/status/{event}?token=", server.url)), "{url}");
    let http = Http::new();
    let look = async |url: &str| http.call(Method::GET, url, &[], "").await;
    let fate = eventually("the run has ended", async || {
        let fate = look(url).await.ok();
        (fate["status"] == "succeeded").then_some(fate)
    });
    let fate = fate.await;
    assert_eq!((&fate["event_id"], &fate["outputs"]), (&json!(event), &json!({ "text": "Hello x" })));
    assert_eq!(fate["steps"][0]["state"], "succeeded", "{fate}");
    assert_eq!(owner.trace(event).await["status_url"], url);

    let mut tampered = url.to_owned();
    let last = tampered.pop().unwrap();
    tampered.push(if last == 'A' { 'Q' } else { 'A' });
    look(&tampered).await.problem(404, "not_found");
    look(url.split_once('?').unwrap().0).await.problem(404, "not_found");
    let other = source.post(&json!({ "query": "y" })).await.ok();
    let token = url.split_once('?').unwrap().1;
    let stolen = format!("{}/status/{}?{token}", server.url, other["event_id"].as_str().unwrap());
    look(&stolen).await.problem(404, "not_found");
}

#[tokio::test]
async fn accept_answers_with_the_status_that_the_sender_wants() {
    let (_server, owner, source) = with(ECHO, json!({ "mode": "accept", "status": 200 })).await;
    let answer = source.post(&json!({ "query": "x" })).await;
    assert_eq!(answer.status, 200);
    assert!(answer.ok()["run_id"].as_str().unwrap().starts_with("run_"));

    let config =
        json!({ "verification": { "scheme": "none" }, "reply": { "mode": "accept", "status": 204 } });
    let silent = owner.source("echo", config, Value::Null).await;
    let answer = silent.post(&json!({ "query": "x" })).await;
    assert_eq!((answer.status, answer.text()), (204, ""));
    let event = answer.header("linchpin-event").unwrap();
    assert_eq!(owner.trace(event).await["id"], event);
}

#[tokio::test]
async fn wait_gives_the_outputs_or_why_the_run_failed() {
    let (_server, owner, source) = with(ECHO, json!({ "mode": "wait" })).await;
    let answer = source.post(&json!({ "query": "x" })).await;
    assert_eq!((answer.status, answer.ok()), (200, json!({ "text": "Hello x" })));

    owner.deploy("broken", &flow("broken", FAILING)).await;
    let broken = owner.open_source("broken", "wait").await;
    let headers = [("idempotency-key", "k")];
    let failed = broken.post_with(&headers, &json!({ "query": "" })).await;
    let problem = failed.problem(500, "run_failed");
    let event = problem["event_id"].as_str().unwrap();
    assert_eq!(failed.header("linchpin-event"), Some(event));
    assert_eq!(problem["cause"]["step"], "divide", "{problem}");
    let trace = owner.trace(event).await;
    assert_eq!(trace["runs"][0]["status"], "failed", "{trace}");
    let (inside, outside) = (&trace["runs"][0]["error"], &problem["cause"]);
    assert_eq!((&inside["step"], &inside["code"]), (&outside["step"], &outside["code"]), "{trace}");
    let (why, said) = (inside["message"].as_str().unwrap(), outside["message"].as_str().unwrap());
    assert!(
        why.contains("calculate") && !said.contains("calculate"),
        "only the trace quotes: {why} / {said}"
    );
    let again = broken.post_with(&headers, &json!({ "query": "" })).await;
    assert_eq!(again.header("linchpin-duplicate"), Some("true"));
    assert_eq!(again.problem(500, "run_failed"), problem, "a duplicate gets the same");
}

#[tokio::test]
async fn respond_says_what_the_flow_says() {
    let responding = "nodes:
  short: { kind: if, condition: \"{{ input.query | length < 3 }}\" }
  teapot:
    kind: respond
    status: 418
    headers: { X-Query: \"{{ input.query }}\", Content-Type: application/teapot+json }
    body: { said: \"{{ input.query }}\", length: \"{{ input.query | length }}\" }
  text: { kind: respond, body: \"only {{ input.query }}\" }
  long: { kind: if, condition: \"{{ input.query | length > 5 }}\" }
edges:
  - start -> short
  - short.true -> teapot
  - short.false -> long
  - long.false -> text
";
    let (_server, owner, source) = with(responding, json!({ "mode": "respond" })).await;
    let teapot = source.post(&json!({ "query": "ab" })).await;
    assert_eq!(teapot.status, 418);
    assert_eq!(teapot.header("x-query"), Some("ab"));
    assert_eq!(teapot.header("content-type"), Some("application/teapot+json"));
    assert_eq!(teapot.json(), json!({ "said": "ab", "length": 2 }), "a number stays a number");
    let text = source.post(&json!({ "query": "abc" })).await;
    assert_eq!((text.status, text.text()), (200, "only abc"));
    assert_eq!(text.header("content-type"), Some("text/plain; charset=utf-8"));
    let never = source.post(&json!({ "query": "abcdefgh" })).await;
    assert_eq!((never.status, never.text()), (204, ""), "no `respond` was reached");
    let trace = owner.trace(teapot.header("linchpin-event").unwrap()).await;
    assert_eq!(trace["runs"][0]["response"]["status"], 418, "{trace}");
}

#[tokio::test]
async fn fields_come_from_every_part_of_a_request() {
    let (_server, owner, _) = with(ECHO, json!({ "mode": "wait" })).await;
    let all = "linchpin: flow/v1
name: parts
inputs:
  order: { type: integer, required: true }
  sku: { type: string, required: true }
  tags: { type: array }
  agent: { type: string }
  note: { type: string, default: none }
nodes:
  all: { kind: set, values: { order: \"{{ input.order }}\", sku: \"{{ input.sku }}\", tags: \"{{ input.tags }}\", agent: \"{{ input.agent }}\", note: \"{{ input.note }}\" } }
edges: [start -> all]
outputs: { all: \"{{ nodes.all }}\" }
";
    owner.deploy("parts", all).await;
    let config = json!({
        "verification": { "scheme": "none" },
        "methods": ["POST", "PUT"],
        "path": "orders/{order_id}",
        "reply": { "mode": "wait" },
        "fields": {
            "order": { "type": "integer", "from": "path.order_id", "required": true },
            "sku": { "type": "string", "from": "body.data.items[0].sku", "required": true },
            "tags": { "type": "array", "from": "query.tag" },
            "agent": { "type": "string", "from": "header.x-agent" },
        },
    });
    let mut source = owner.source("parts", config, Value::Null).await;
    source.post(&json!({})).await.problem(404, "path_not_found");
    source.url += "/orders/7?tag=a&tag=b";
    let headers = [("content-type", "application/json"), ("x-agent", "shop/1")];
    let body = json!({ "data": { "items": [{ "sku": "A-1" }] } }).to_string();
    let answer = source.send(Method::PUT, &headers, body).await.ok();
    assert_eq!(
        answer["all"],
        json!({ "order": 7, "sku": "A-1", "tags": ["a", "b"], "agent": "shop/1", "note": "none" })
    );
}
