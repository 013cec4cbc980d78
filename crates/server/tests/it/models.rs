//! Models that hang, drip, lie, flood, redirect, break off and refuse.

use std::{sync::Arc, time::Duration};

use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::{
    endpoint::{Endpoint, STREAM, Then, json_of, whole},
    failing::{Case, Kind, LONG, SHORT, succeeded},
    support::{Api, Receiver, Reply, Server, flow},
};

const TOKEN: &str = "data: {\"choices\":[{\"delta\":{\"content\":\"text \"}}]}\n\n";

/// An answer in one piece, as some servers give it.
const ANSWER: &str = r#"{"choices":[{"message":{"content":"mended"},"finish_reason":"stop"}]}"#;

const THINKING: &str =
    "nodes: { think: { kind: llm, model: mock, messages: [{ user: \"{{ input.query }}\" }], timeout: 2s } }
edges: [start -> think]
outputs: { thought: \"{{ nodes.think.text }}\" }
";

fn chat() -> Kind {
    Kind {
        node: |Case { name, .. }| {
            let model = name.replace('_', "-");
            format!("kind: llm, model: {model}, messages: [{{ user: \"{{{{ input.query }}}}\" }}]")
        },
        field: "text",
        proper: whole("200 OK", "content-type: application/json\r\n", ANSWER),
        // An answer has at most 8 MiB.
        most: 24 << 20,
    }
}

/// Within a try of the step, the provider is asked up to three times where that is safe.
async fn cases(elsewhere: &str) -> Vec<Case> {
    let late = ("timeout", "took longer than 1");
    let (lost, malformed) = (("model_unavailable", "broke"), "model_malformed");
    let flood = TOKEN.replace("text ", &"x".repeat(500_000));
    let promised = json_of(9_999, TOKEN).replace("application/json", "text/event-stream");
    let redirect = whole("307 Temporary Redirect", &format!("location: {elsewhere}\r\n"), "");
    let fails = whole("500 Internal Server Error", "", r#"{"error":{"message":"out of memory"}}"#);
    let limits = whole("429 Too Many Requests", "retry-after: 3600\r\n", r#"{"message":"slow down"}"#);
    let page = whole("200 OK", "content-type: text/html\r\n", "<html>Please log in</html>");
    let chat = chat();
    vec![
        chat.case(("hangs", SHORT), ("", Then::Hang), late, (2, 2)).await,
        chat.case(("head_drips", SHORT), ("HTTP/1.1 200 OK\r\nx: ", Then::Drip("y")), late, (2, 2)).await,
        chat.case(("pings", SHORT), (STREAM, Then::Drip(": ping\n\n")), late, (2, 2)).await,
        chat.case(("drips", SHORT), (STREAM, Then::Drip(TOKEN)), late, (2, 2)).await,
        chat.case(("lies", LONG), (json_of(9_999, ANSWER), Then::Close), lost, (2, 6)).await,
        chat.case(("lies_later", LONG), (promised, Then::Close), lost, (2, 2)).await,
        chat.case(("floods", LONG), (STREAM, Then::Flood(flood)), (malformed, "longer than"), (2, 2)).await,
        chat.case(("redirects", LONG), (redirect, Then::Close), ("model_rejected", "not followed"), (1, 1))
            .await,
        chat.case(("resets", LONG), (format!("{STREAM}{TOKEN}"), Then::Reset), lost, (2, 2)).await,
        chat.case(("fails", LONG), (fails, Then::Close), ("model_unavailable", "out of memory"), (2, 6))
            .await,
        chat.case(("limits", LONG), (limits, Then::Close), ("model_rate_limited", "3600 s"), (2, 2)).await,
        chat.case(("page", LONG), (page, Then::Close), (malformed, "text/html"), (2, 2)).await,
        chat.case(("no_json", LONG), (json_of(2, "no"), Then::Close), (malformed, "not JSON"), (2, 2)).await,
    ]
}

/// Adds a provider of this name at an address, and its one chat model.
pub(crate) async fn model(owner: &Api, name: &str, url: &str) {
    let provider = json!({ "config": { "base_url": url }, "secrets": { "api_key": "sk-mock" } });
    owner.put(&format!("/providers/{name}"), &provider).await.ok();
    let model = json!({ "provider": name, "purpose": "chat" });
    owner.put(&format!("/models/{name}"), &model).await.ok();
}

#[tokio::test]
async fn a_model_of_ill_will_fails_its_step_with_the_cause_and_answers_when_it_is_mended() {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    let elsewhere = Receiver::accepting().await;
    let cases = cases(&elsewhere.url("v1/chat/completions")).await;
    for case in &cases {
        model(&owner, &case.name.replace('_', "-"), &case.endpoint.url).await;
    }
    chat().prove(&owner, &cases).await;
    assert!(elsewhere.seen().is_empty(), "a redirect is not followed, and takes no key along");
}

#[tokio::test]
async fn a_silent_model_fails_the_run_in_the_steps_time_and_the_event_can_be_replayed() {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    let silent = Endpoint::start("", Then::Hang, chat().proper).await;
    model(&owner, "mock", &silent.url).await;
    let thinking = |timeout| flow("thinking", &THINKING.replace("2s", timeout));
    owner.deploy("thinking", &thinking(SHORT)).await;
    let source = owner.open_source("thinking", "wait").await;
    let answer = source.post(&json!({ "query": "x" })).await;
    // Had the model been waited for any longer, the source's deadline had come first.
    let problem = answer.problem(500, "run_failed");
    assert_eq!((&problem["cause"]["step"], &problem["cause"]["code"]), (&json!("think"), &json!("timeout")));
    silent.let_go().await;
    assert_eq!(silent.requests(), 1);

    let event = answer.header("linchpin-event").unwrap();
    let trace = owner.trace(event).await;
    assert_eq!(trace["request"]["body"]["text"], "{\"query\":\"x\"}", "the event is kept: {trace}");
    let error = &trace["runs"][0]["error"];
    assert_eq!(error["step"], "think", "{trace}");
    assert!(error["message"].as_str().unwrap().contains("raise its `timeout`"), "{error}");
    assert_eq!(owner.list("runs?status=failed").await.len(), 1);
    silent.mend();
    owner.deploy("thinking", &thinking(LONG)).await;
    owner.post(&format!("/events/{event}/replay"), &json!({ "version": "deployed" })).await.ok();
    assert_eq!(succeeded(&owner, event, 1).await["outputs"], json!({ "thought": "mended" }));
}

#[tokio::test]
async fn a_provider_that_asks_for_a_pause_gets_it() {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    let asked = Arc::<Mutex<Vec<Instant>>>::default();
    let times = Arc::clone(&asked);
    let provider = Receiver::start(move |nth, _| {
        times.lock().push(Instant::now());
        let answer: Value = serde_json::from_str(ANSWER).unwrap();
        if nth == 0 { Reply::with(429, &[("retry-after", "1")], "") } else { Reply::json(200, &answer) }
    });
    let provider = provider.await;
    model(&owner, "mock", &provider.url("v1")).await;
    owner.deploy("thinking", &flow("thinking", &THINKING.replace("2s", LONG))).await;
    let source = owner.open_source("thinking", "wait").await;
    assert_eq!(source.post(&json!({ "query": "x" })).await.ok(), json!({ "thought": "mended" }));
    let asked = asked.lock().clone();
    assert_eq!(asked.len(), 2);
    let pause = asked[1] - asked[0];
    assert!(pause >= Duration::from_secs(1), "{pause:?}");
}
