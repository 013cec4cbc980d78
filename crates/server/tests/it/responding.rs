//! Flows that answer in the middle and go on behind the answer.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::{
    failing::{step, succeeded},
    support::{Api, Home, Receiver, Reply, Server, flow},
};

/// Answers, then calls.
const BEHIND: &str = "nodes:
  greet: { kind: respond, status: 201, headers: { X-Shop: \"7\" }, body: { hello: \"{{ input.query }}\" } }
  ask: { kind: http, method: POST, url: \"{{ env.ERP }}\", body: { query: \"{{ input.query }}\" } }
edges: [start -> greet -> ask]
outputs: { said: \"{{ nodes.ask.body }}\" }
";

/// Calls, then answers.
const BEFORE: &str = "nodes:
  ask: { kind: http, method: POST, url: \"{{ env.ERP }}\", body: { query: \"{{ input.query }}\" } }
  greet: { kind: respond, body: \"{{ nodes.ask.body }}\" }
edges: [start -> ask -> greet]
";

/// Answers on two paths.
const TWICE: &str = "nodes:
  one: { kind: respond, body: one }
  other: { kind: respond, body: other }
  late: { kind: template, text: \"{{ nodes.other.status }}\" }
edges: [start -> one, start -> other, other -> late]
";

/// An ERP that answers when it is told to.
async fn gated() -> (Receiver, Arc<Semaphore>) {
    let gate = Arc::new(Semaphore::new(0));
    let guard = Arc::clone(&gate);
    let answer =
        move |_, _: &_| Reply::Gate(Arc::clone(&guard), Box::new(Reply::json(200, &json!("in stock"))));
    (Receiver::start(answer).await, gate)
}

async fn with(server: &Server, erp: &Receiver, rest: &str) -> Api {
    let owner = Api::set_up(server).await;
    owner.put("/environments/production/variables/ERP", &json!({ "value": erp.url("stock") })).await.ok();
    owner.deploy("greeting", &flow("greeting", rest)).await;
    owner
}

#[tokio::test]
async fn who_waits_for_the_outputs_gets_them_though_the_flow_answers_before() {
    let server = Server::fresh().await;
    let (erp, gate) = gated().await;
    let owner = with(&server, &erp, BEHIND).await;
    let source = owner.open_source("greeting", "wait").await;
    let (headers, body) = ([("idempotency-key", "k")], json!({ "query": "x" }));
    let open = async {
        // The answer of the flow is committed before its call is made.
        erp.until(1).await;
        let early = tokio::spawn({
            let source = source.clone();
            async move { source.post_with(&[("idempotency-key", "k")], &json!({ "query": "x" })).await }
        });
        gate.add_permits(1_000);
        early.await.unwrap()
    };
    let (first, early) = tokio::join!(source.post_with(&headers, &body), open);
    let late = source.post_with(&headers, &body).await;
    let outputs = json!({ "said": "in stock" });
    for (answer, duplicate) in [(&first, None), (&early, Some("true")), (&late, Some("true"))] {
        assert_eq!((answer.status, answer.ok()), (200, outputs.clone()), "{answer:?}");
        assert_eq!(answer.header("linchpin-duplicate"), duplicate);
    }
    assert_eq!(erp.seen().len(), 1);
}

#[tokio::test]
async fn a_run_goes_on_behind_its_answer_also_over_a_crash() {
    let home = Home::new();
    let server = home.serve().start().await;
    let (erp, gate) = gated().await;
    let owner = with(&server, &erp, BEHIND).await;
    let source = owner.open_source("greeting", "respond").await;
    let (headers, body) = ([("idempotency-key", "k")], json!({ "query": "x" }));
    let first = source.post_with(&headers, &body).await;
    assert_eq!((first.status, first.header("x-shop")), (201, Some("7")), "{first:?}");
    assert_eq!(first.json(), json!({ "hello": "x" }));
    let event = first.header("linchpin-event").unwrap();
    erp.until(1).await;
    assert_eq!(owner.trace(event).await["runs"][0]["status"], "running", "it is not held up by the run");
    server.kill().await;

    let server = home.serve().start().await;
    let owner = owner.at(&server);
    let source = source.at(format!("{}/hooks/{}", server.url, source.id));
    let same = async || {
        let again = source.post_with(&headers, &body).await;
        assert_eq!((again.status, again.header("x-shop"), &again.body), (201, Some("7"), &first.body));
        assert_eq!(again.header("linchpin-duplicate"), Some("true"));
        assert_eq!(again.header("linchpin-event"), Some(event));
    };
    same().await;
    gate.add_permits(1_000);
    let run = succeeded(&owner, event, 0).await;
    assert_eq!((&run["outputs"], &run["response"]["status"]), (&json!({ "said": "in stock" }), &json!(201)));
    same().await;
    let keys: Vec<_> = erp.seen().iter().map(|call| call.header("idempotency-key").to_owned()).collect();
    assert!(keys.len() == 2 && keys[0] == keys[1], "{keys:?}");
}

#[tokio::test]
async fn an_answer_that_does_not_come_in_time_is_a_receipt_and_comes_to_a_repeat() {
    let server = Server::fresh().await;
    let (erp, gate) = gated().await;
    let owner = with(&server, &erp, BEFORE).await;
    let config =
        json!({ "verification": { "scheme": "none" }, "reply": { "mode": "respond", "deadline": "1s" } });
    let source = owner.source("greeting", config, Value::Null).await;
    let (headers, body) = ([("idempotency-key", "k")], json!({ "query": "x" }));
    let late = source.post_with(&headers, &body).await;
    assert_eq!(late.status, 202, "{late:?}");
    let receipt = late.ok();
    assert!(receipt["status_url"].as_str().unwrap().contains("/status/"), "{receipt}");
    gate.add_permits(1_000);
    let run = succeeded(&owner, receipt["event_id"].as_str().unwrap(), 0).await;
    assert_eq!(run["response"]["body"], "in stock", "{run}");
    let again = source.post_with(&headers, &body).await;
    assert_eq!((again.status, again.text()), (200, "in stock"));
}

#[tokio::test]
async fn what_a_flow_answers_cannot_act_in_the_consoles_name() {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    let echoing = |headers: &str| {
        let respond = format!("kind: respond, headers: {{ {headers} }}, body: \"{{{{ input.query }}}}\"");
        flow("echoing", &format!("nodes:\n  say: {{ {respond} }}\nedges: [start -> say]\n"))
    };
    owner.deploy("echoing", &echoing("Content-Type: text/html, Cache-Control: no-store")).await;
    let source = owner.open_source("echoing", "respond").await;
    let input = json!({ "query": "<script>alert(document.cookie)</script>" });
    let started = owner
        .post(
            "/flows/echoing/runs",
            &json!({ "environment": "production", "input": input, "reply": { "mode": "respond" } }),
        )
        .await;
    for answer in [source.post(&input).await, started] {
        assert_eq!((answer.status, answer.text()), (200, input["query"].as_str().unwrap()));
        let headers = ["content-type", "cache-control", "content-security-policy", "x-content-type-options"];
        let said = headers.map(|name| answer.header(name).unwrap());
        assert_eq!(said, ["text/html", "no-store", "sandbox", "nosniff"]);
    }
    let refused = source.post(&json!({ "query": 7 })).await;
    refused.problem(422, "field_invalid");
    assert_eq!(refused.header("x-content-type-options"), Some("nosniff"));
    for name in
        ["content-security-policy", "X-Content-Type-Options", "Set-Cookie", "Access-Control-Allow-Origin"]
    {
        let draft = json!({ "definition": echoing(&format!("{name}: x")) });
        let checked = owner.put("/flows/echoing", &draft).await.ok();
        assert_eq!(checked["problems"][0]["field"], format!("headers.{name}"), "{checked}");
    }
}

#[tokio::test]
async fn two_answers_side_by_side_fail_the_run() {
    let server = Server::fresh().await;
    let (erp, _) = gated().await;
    let owner = with(&server, &erp, TWICE).await;
    let source = owner.open_source("greeting", "respond").await;
    for _ in 0..20 {
        let answer = source.post(&json!({ "query": "x" })).await;
        let trace = owner.trace(answer.header("linchpin-event").unwrap()).await;
        let run = &trace["runs"][0];
        assert_eq!(
            (&run["status"], &run["error"]["code"]),
            (&json!("failed"), &json!("responded_twice")),
            "{run}"
        );
        let first = run["response"]["body"].as_str().unwrap();
        assert_eq!((answer.status, answer.text()), (200, first), "the first answer stands");
        let second = if first == "one" { "other" } else { "one" };
        assert_eq!(step(run, second)["tries"][0]["error"]["code"], "responded_twice", "{run}");
    }
}

#[tokio::test]
async fn a_run_in_flight_keeps_its_version_over_a_deployment_and_a_crash() {
    let home = Home::new();
    let server = home.serve().start().await;
    let (erp, gate) = gated().await;
    let owner =
        with(&server, &erp, &BEHIND.replace("nodes.ask.body }}", "nodes.ask.body }} by the first")).await;
    let source = owner.open_source("greeting", "respond").await;
    let first = source.post(&json!({ "query": "x" })).await;
    let event = first.header("linchpin-event").unwrap();
    erp.until(1).await;
    let second = BEHIND.replace("nodes.ask.body }}", "nodes.ask.body }} by the second");
    owner.deploy("greeting", &flow("greeting", &second)).await;
    server.kill().await;

    let server = home.serve().start().await;
    let owner = owner.at(&server);
    gate.add_permits(1_000);
    let run = succeeded(&owner, event, 0).await;
    assert_eq!((&run["version"], &run["outputs"]["said"]), (&json!(1), &json!("in stock by the first")));
    let source = source.at(format!("{}/hooks/{}", server.url, source.id));
    let next = source.post(&json!({ "query": "y" })).await;
    let run = succeeded(&owner, next.header("linchpin-event").unwrap(), 0).await;
    assert_eq!((&run["version"], &run["outputs"]["said"]), (&json!(2), &json!("in stock by the second")));
}
