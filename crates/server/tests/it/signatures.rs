//! Signed requests, by the Standard Webhooks specification.

use serde_json::{Value, json};
use standardwebhooks::Webhook;

use crate::support::{Answer, Api, Server, Source, flow};

const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const NEXT_KEY: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

async fn signed() -> (Server, Api, Source) {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    let echo = "nodes:\n  say: { kind: template, text: \"{{ input.query }}\" }\nedges: [start -> say]\n";
    owner.deploy("echo", &flow("echo", echo)).await;
    let config = json!({ "verification": { "scheme": "standard_webhooks" } });
    let keys = json!({ "scheme": "standard_webhooks", "signing_keys": [KEY, NEXT_KEY] });
    let source = owner.source("echo", config, keys).await;
    (server, owner, source)
}

fn now_s() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_secs()).unwrap()
}

/// Sends a body with the signature of the same or another one, made at a time.
async fn send(source: &Source, key: &str, (id, at_s): (&str, i64), signed: &Value, sent: &Value) -> Answer {
    let signature = Webhook::new(key).unwrap().sign(id, at_s, signed.to_string().as_bytes()).unwrap();
    let at = at_s.to_string();
    let headers = [("webhook-id", id), ("webhook-timestamp", &at), ("webhook-signature", &signature)];
    source.post_with(&headers, sent).await
}

#[tokio::test]
async fn a_signed_request_is_taken_once_under_its_id() {
    let (_server, owner, source) = signed().await;
    let body = json!({ "query": "你好" });
    let first = send(&source, KEY, ("msg_1", now_s()), &body, &body).await;
    assert_eq!((first.status, first.header("linchpin-duplicate")), (202, None), "{first:?}");
    let again = send(&source, NEXT_KEY, ("msg_1", now_s()), &body, &body).await;
    assert_eq!(
        again.header("linchpin-duplicate"),
        Some("true"),
        "both keys count while one replaces the other"
    );
    assert_eq!(again.ok()["event_id"], first.ok()["event_id"]);
    assert_eq!(
        send(&source, KEY, ("msg_2", now_s() - 200), &body, &body).await.header("linchpin-duplicate"),
        None
    );
    assert_eq!(owner.list("events").await.len(), 2);
    let trace = owner.trace(first.header("linchpin-event").unwrap()).await;
    assert_eq!(trace["request"]["headers"]["webhook-signature"], "***", "{trace}");
    assert_eq!(trace["request"]["headers"]["webhook-id"], "msg_1", "{trace}");
}

#[tokio::test]
async fn what_is_not_signed_by_a_key_of_the_source_just_now_is_refused() {
    let (_server, owner, source) = signed().await;
    let (body, other) = (json!({ "query": "x" }), json!({ "query": "y" }));
    let stranger = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let now = now_s();
    let refused = [
        (source.post(&body).await, "signature_missing"),
        (source.post_with(&[("webhook-id", "msg_1")], &body).await, "signature_missing"),
        (send(&source, stranger, ("msg_1", now), &body, &body).await, "signature_invalid"),
        (send(&source, KEY, ("msg_1", now), &body, &other).await, "signature_invalid"),
        (send(&source, KEY, ("msg_1", now - 400), &body, &body).await, "timestamp_out_of_range"),
        (send(&source, KEY, ("msg_1", now + 400), &body, &body).await, "timestamp_out_of_range"),
    ];
    for (answer, code) in &refused {
        answer.problem(401, code);
        assert!(answer.header("www-authenticate").is_some(), "{answer:?}");
        owner.refusal(&source, code).await;
    }
    assert_eq!(owner.list("events").await, Vec::<Value>::new());
    let taken = send(&source, KEY, ("msg_1", now), &body, &body).await;
    assert_eq!((taken.status, taken.header("linchpin-duplicate")), (202, None), "nothing has used the id up");
    assert_eq!(owner.list(&format!("refusals?source={}", source.id)).await.len(), refused.len());
}
