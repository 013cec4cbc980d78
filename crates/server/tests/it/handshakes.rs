//! Senders that ask whether the address is right, and senders that must be answered in their own way.

use std::fmt::Write as _;

use axum::http::Method;
use serde_json::{Value, json};

use crate::support::{Api, Server, Source, flow};

const TOKEN: &str = "rvaYgkND1GOiu5MM0E1rncYC6PLtF7JV";

async fn source(config: Value, secrets: Value) -> (Server, Api, Source) {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    let echo = "nodes:\n  say: { kind: template, text: \"{{ input.query }}\" }\nedges: [start -> say]\n";
    owner.deploy("echo", &flow("echo", echo)).await;
    let source = owner.source("echo", config, secrets).await;
    (server, owner, source)
}

#[tokio::test]
async fn a_challenge_is_answered_without_an_event_and_an_event_as_its_sender_expects() {
    let config = json!({
        "verification": { "scheme": "feishu" },
        "fields": { "query": { "type": "string", "from": "body.event.text", "required": true } },
        "limits": { "source_rate": { "requests": 2, "per": "1h" } },
    });
    let secrets = json!({ "scheme": "feishu", "verification_tokens": [TOKEN] });
    let (_server, owner, source) = source(config, secrets).await;
    let question = json!({ "challenge": "ajls384kdjx98XX", "token": TOKEN, "type": "url_verification" });
    for _ in 0..5 {
        let answer = source.post(&question).await;
        assert_eq!(answer.ok(), json!({ "challenge": "ajls384kdjx98XX" }));
        assert_eq!(answer.header("linchpin-event"), None);
    }
    let stranger = json!({ "challenge": "x", "token": "another", "type": "url_verification" });
    source.post(&stranger).await.problem(401, "token_invalid");
    assert_eq!(owner.list("events").await, Vec::<Value>::new());

    let event = json!({
        "schema": "2.0",
        "header": { "event_id": "e-1", "token": TOKEN },
        "event": { "text": "你好" },
    });
    let first = source.post(&event).await;
    assert_eq!((first.status, first.text()), (200, "{}"));
    let again = source.post(&event).await;
    assert_eq!((again.status, again.header("linchpin-duplicate")), (200, Some("true")));
    assert_eq!(first.header("linchpin-event"), again.header("linchpin-event"));
    let trace = owner.trace(first.header("linchpin-event").unwrap()).await;
    assert!(!trace.to_string().contains(TOKEN), "{trace}");
    assert_eq!(trace["runs"][0]["input"]["query"], "你好", "{trace}");
}

#[tokio::test]
async fn wecom_asks_by_get_though_the_source_takes_post() {
    let config = json!({
        "verification": { "scheme": "wecom", "receive_id": "wx5823bf96d3bd56c7", "tolerance": "1d" },
    });
    let secrets = json!({
        "scheme": "wecom",
        "tokens": ["QDG6eK"],
        "aes_keys": ["jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"],
    });
    let (_server, _owner, source) = source(config, secrets).await;
    // WeCom's own example; its time was long ago, which only who has the token is told.
    let echo =
        "P9nAzCzyDtyTWESHep1vC5X9xho%2FqYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp%2B4RPcs8TgAE7OaBO%2BFZXvnaqQ%3D%3D";
    let signed =
        "msg_signature=5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3&timestamp=1409659589&nonce=263014780";
    let mut url = source.url.clone();
    write!(url, "?{signed}&echostr={echo}").unwrap();
    let asked = source.at(url.clone()).send(Method::GET, &[], "").await;
    asked.problem(401, "timestamp_out_of_range");
    let forged = source.at(url.replace("nonce=2", "nonce=3")).send(Method::GET, &[], "").await;
    forged.problem(401, "signature_invalid");
    source.send(Method::GET, &[], "").await.problem(401, "signature_missing");
    source.send(Method::PUT, &[], "").await.problem(405, "method_not_allowed");
}
