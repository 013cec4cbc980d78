//! HTTP steps to a system of ill will, and what a flow says is to follow.

use serde_json::{Value, json};

use crate::{
    endpoint::{Endpoint, Then, json_of, whole},
    failing::{Case, Kind, LONG, SHORT, step, succeeded},
    support::{Api, Receiver, Reply, Server, flow},
};

/// The beginning of an answer of unknown length.
const OPEN: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n";

fn calls() -> Kind {
    Kind {
        node: |Case { endpoint, .. }| {
            let url = &endpoint.url;
            format!("kind: http, method: POST, url: \"{url}\", body: {{ query: \"{{{{ input.query }}}}\" }}")
        },
        field: "body",
        proper: whole("200 OK", "content-type: application/json\r\n", "\"mended\""),
        // An answer has at most 1 MiB.
        most: 16 << 20,
    }
}

async fn cases(elsewhere: &str) -> Vec<Case> {
    let late = ("timeout", "took longer than 1");
    let (lost, malformed) = (("connection_lost", "broke"), "answer_malformed");
    let redirect = whole("307 Temporary Redirect", &format!("location: {elsewhere}\r\n"), "");
    let flood = "x".repeat(50_000);
    let gigabyte = json_of(1 << 30, "");
    let calls = calls();
    vec![
        calls.case(("hangs", SHORT), ("", Then::Hang), late, (2, 2)).await,
        calls.case(("head_drips", SHORT), ("HTTP/1.1 200 OK\r\nx: ", Then::Drip("y")), late, (2, 2)).await,
        calls.case(("drips", SHORT), (OPEN, Then::Drip("y")), late, (2, 2)).await,
        calls.case(("lies", LONG), (json_of(99, "\"x\""), Then::Close), lost, (2, 2)).await,
        calls
            .case(("floods", LONG), (OPEN, Then::Flood(flood)), ("answer_too_large", "1048576"), (1, 1))
            .await,
        calls.case(("gigabyte", LONG), (gigabyte, Then::Hang), ("answer_too_large", "1048576"), (1, 1)).await,
        calls
            .case(("redirects", LONG), (redirect, Then::Close), ("http_status", "not followed"), (1, 1))
            .await,
        calls.case(("resets", LONG), (OPEN, Then::Reset), lost, (2, 2)).await,
        calls.case(("resets_at_once", LONG), ("", Then::Reset), lost, (2, 2)).await,
        calls
            .case(("nonsense", LONG), ("SMTP ready\r\n\r\n", Then::Close), (malformed, "HTTP"), (2, 2))
            .await,
        calls.case(("no_json", LONG), (json_of(2, "no"), Then::Close), (malformed, "JSON"), (1, 1)).await,
    ]
}

#[tokio::test]
async fn a_system_of_ill_will_fails_its_step_with_the_cause_and_answers_when_it_is_mended() {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    let elsewhere = Receiver::accepting().await;
    let cases = cases(&elsewhere.url("final")).await;
    calls().prove(&owner, &cases).await;
    assert!(elsewhere.seen().is_empty(), "a redirect is not followed");
}

/// Each step has its own answer to the same trouble.
const THREE: &str = "nodes:
  stock:
    kind: http
    method: POST
    url: \"{{ env.ERP }}/stock\"
    body: { query: \"{{ input.query }}\" }
    timeout: 1s
    on_failure: { value: { status: 0, headers: {}, body: { stock: 7 } } }
  price:
    kind: http
    method: POST
    url: \"{{ env.ERP }}/price\"
    body: { stock: \"{{ nodes.stock.body.stock }}\" }
    timeout: 1s
    on_failure: branch
  tell: { kind: deliver, destination: tickets, body: { why: \"{{ nodes.price.error.code }}\", stock: \"{{ nodes.stock.body.stock }}\" } }
  order:
    kind: http
    method: POST
    url: \"{{ env.ERP }}/order\"
    body: { query: \"{{ input.query }}\" }
    timeout: 1s
  never: { kind: template, text: \"{{ nodes.order.body }}\" }
  sold: { kind: template, text: \"{{ nodes.price.body }}\" }
edges:
  - start -> stock -> price -> sold
  - price.failed -> tell -> order -> never
";

#[tokio::test]
async fn a_step_that_times_out_gives_a_value_takes_its_branch_or_fails_the_run_as_the_flow_says() {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    let erp = Receiver::start(|_, _| Reply::Hang).await;
    let tickets = Receiver::accepting().await;
    let variable = json!({ "value": erp.url("").trim_end_matches('/') });
    owner.put("/environments/production/variables/ERP", &variable).await.ok();
    let target = json!({ "kind": "webhook", "url": tickets.url("hook") });
    owner.destination("tickets", target, Value::Null).await;
    owner.deploy("three", &flow("three", THREE)).await;
    let source = owner.open_source("three", "wait").await;
    let answer = source.post(&json!({ "query": "x" })).await;
    let problem = answer.problem(500, "run_failed");
    assert_eq!((&problem["cause"]["step"], &problem["cause"]["code"]), (&json!("order"), &json!("timeout")));
    let trace = owner.settled(answer.header("linchpin-event").unwrap(), 1).await;
    let run = &trace["runs"][0];
    assert_eq!((&run["status"], &run["error"]["step"]), (&json!("failed"), &json!("order")), "{run}");
    assert!(run["error"]["message"].as_str().unwrap().contains("1s"), "{run}");
    let states = ["stock", "price", "tell", "order"].map(|id| step(run, id)["state"].as_str().unwrap());
    assert_eq!(states, ["succeeded", "recovered", "succeeded", "failed"], "{run}");
    for id in ["stock", "price", "order"] {
        let tries = step(run, id)["tries"].as_array().unwrap();
        assert_eq!((tries.len(), &tries[0]["error"]["code"]), (1, &json!("timeout")), "{id}: {run}");
        assert!(tries[0]["error"]["message"].as_str().unwrap().contains("1s"), "{id}: {run}");
        let took_us = tries[0]["took_us"].as_u64().unwrap();
        assert!(took_us >= 1_000_000, "{id}: {took_us}");
    }
    for id in ["never", "sold"] {
        assert!(step(run, id)["tries"].as_array().unwrap().is_empty(), "{id}: {run}");
    }
    let seen = erp.seen();
    let paths: Vec<_> = seen.iter().map(|seen| seen.path.as_str()).collect();
    assert_eq!(paths, ["/stock", "/price", "/order"]);
    assert_eq!(seen[1].json(), json!({ "stock": 7 }), "the value stands for the answer");
    assert_eq!(tickets.seen()[0].json(), json!({ "why": "timeout", "stock": 7 }));
}

#[tokio::test]
async fn a_run_that_failed_for_want_of_the_system_succeeds_by_a_replay() {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    let erp = Endpoint::start("", Then::Reset, calls().proper).await;
    let nodes = "nodes: { ask: { kind: http, method: POST, url: \"{{ env.ERP }}\", body: hi } }
edges: [start -> ask]
outputs: { said: \"{{ nodes.ask.body }}\" }
";
    owner.put("/environments/production/variables/ERP", &json!({ "value": erp.url })).await.ok();
    owner.deploy("asking", &flow("asking", nodes)).await;
    let source = owner.open_source("asking", "wait").await;
    let answer = source.post(&json!({ "query": "x" })).await;
    let problem = answer.problem(500, "run_failed");
    assert_eq!(
        (&problem["cause"]["step"], &problem["cause"]["code"]),
        (&json!("ask"), &json!("connection_lost"))
    );
    erp.mend();
    let event = answer.header("linchpin-event").unwrap();
    owner.post(&format!("/events/{event}/replay"), &json!({ "version": "ran" })).await.ok();
    assert_eq!(succeeded(&owner, event, 1).await["outputs"], json!({ "said": "mended" }));
}
