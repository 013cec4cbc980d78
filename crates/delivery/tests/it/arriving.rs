//! What a receiver gets, and what is kept of it.

use delivery::{Encoding, Outcome, Reply};
use serde_json::json;
use store::DeliveryState;

use crate::{
    outbox::{Outbox, TRACE, finished, next},
    receiver::{Answer, Receiver},
};

const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

#[tokio::test]
async fn what_fails_first_arrives_then_under_the_same_id_and_signed() {
    let receiver = Receiver::start(|nth, _| Answer::Status(if nth == 0 { 500 } else { 204 })).await;
    let outbox = Outbox::new().await;
    let config = json!({
        "kind": "webhook", "url": receiver.url(), "retry": ["1ms"], "signing": "standard_webhooks",
        "headers": { "X-Team": "blue" },
    });
    let destination = outbox.destination(config, json!({ "signing": [KEY] })).await;
    let id = outbox.deliver_one(destination, json!({ "title": "漏水 \"E3\"" })).await;
    let drain = outbox.drain();
    let outcomes = finished(&mut drain.settled(), id).await;
    assert_eq!(outcomes, [Outcome::Retry, Outcome::Delivered]);
    assert_eq!(outbox.state(id).await, (DeliveryState::Delivered, 2));

    let seen = receiver.seen();
    assert_eq!(seen.len(), 2);
    let reference = standardwebhooks::Webhook::new(KEY).unwrap();
    for request in &seen {
        assert_eq!((request.method.as_str(), request.target.as_str()), ("POST", "/hook"));
        assert_eq!(request.json(), json!({ "title": "漏水 \"E3\"" }));
        reference.verify(&request.body, &request.headers).unwrap();
        for (name, value) in [
            ("webhook-id", id.to_string().as_str()),
            ("idempotency-key", &id.to_string()),
            ("traceparent", TRACE),
            ("user-agent", concat!("Linchpin/", env!("CARGO_PKG_VERSION"))),
            ("content-type", "application/json"),
            ("x-team", "blue"),
        ] {
            assert_eq!(request.header(name), value, "{name}");
        }
    }
}

#[tokio::test]
async fn each_attempt_is_kept_whole_and_without_secrets() {
    let echo = |_: usize, request: &crate::receiver::Seen| {
        let said = format!("{:?} {}", request.headers, String::from_utf8_lossy(&request.body));
        Answer::with(202, &[("x-token", "s3cret-token"), ("set-cookie", "a=b")], said)
    };
    let receiver = Receiver::start(echo).await;
    let outbox = Outbox::new().await;
    let secrets = json!({
        "url": format!("{}?key=s3cret-key", receiver.url()),
        "auth": "s3cret-token", "headers": { "X-Key": "s3cret-header" }, "signing": [KEY],
    });
    let config = json!({ "kind": "webhook", "auth": { "type": "bearer" }, "signing": "standard_webhooks" });
    let destination = outbox.destination(config, secrets).await;
    let id = outbox.deliver_one(destination, json!({ "title": "Leak" })).await;
    let drain = outbox.drain();
    finished(&mut drain.settled(), id).await;
    let request = &receiver.seen()[0];
    assert_eq!(request.header("authorization"), "Bearer s3cret-token");
    assert_eq!((request.header("x-key"), request.target.as_str()), ("s3cret-header", "/hook?key=s3cret-key"));

    let records = outbox.records(id).await;
    let text = serde_json::to_string(&records).unwrap();
    assert!(!text.contains("s3cret") && !text.contains("MfKQ9r8G"), "{text}");
    let exchange = &records[0].exchanges[0];
    assert_eq!(exchange.request.method, "POST");
    assert_eq!(exchange.request.url, format!("http://{}/•••", receiver.address()));
    assert_eq!(exchange.request.body.content, r#"{"title":"Leak"}"#);
    let sent = |name: &str| exchange.request.headers.iter().any(|(sent, _)| sent == name);
    assert!(
        sent("webhook-id") && sent("webhook-timestamp") && sent("webhook-signature") && sent("authorization")
    );
    assert_eq!(exchange.remote, Some(receiver.address()));
    let Reply::Response(response) = &exchange.reply else { panic!("{exchange:?}") };
    assert_eq!((response.status, response.body.encoding), (202, Encoding::Text));
    assert!(response.body.content.contains("webhook-id"), "{response:?}");
}

#[tokio::test]
async fn listeners_are_told_of_every_attempt() {
    let receiver = Receiver::start(|nth, _| Answer::Status(if nth == 0 { 503 } else { 200 })).await;
    let outbox = Outbox::new().await;
    let destination = outbox.webhook(&receiver.url()).await;
    let drain = outbox.drain();
    let mut settled = drain.settled();
    let id = outbox.deliver_one(destination, json!(1)).await;
    drain.waker().notify([destination]);
    let first = next(&mut settled).await;
    assert_eq!((first.delivery, first.destination, first.place), (id, destination, outbox.place));
    assert_eq!((first.attempt, first.outcome, first.disabled), (1, Outcome::Retry, false));
    assert!(first.next_at.is_some_and(|next_at| next_at >= first.at));
    let second = next(&mut settled).await;
    assert_eq!((second.attempt, second.outcome, second.next_at), (2, Outcome::Delivered, None));
    assert_eq!(second.run, outbox.view(id).await.run);
}

#[tokio::test]
async fn a_huge_answer_counts_and_is_kept_in_part() {
    let receiver = Receiver::start(|_, _| Answer::with(200, &[], vec![b'x'; 8 << 20])).await;
    let outbox = Outbox::new().await;
    let destination = outbox.webhook(&receiver.url()).await;
    let id = outbox.deliver_one(destination, json!({})).await;
    let drain = outbox.drain();
    assert_eq!(finished(&mut drain.settled(), id).await, [Outcome::Delivered]);
    let records = outbox.records(id).await;
    let Reply::Response(response) = &records[0].exchanges[0].reply else { panic!("{records:?}") };
    assert!(response.body.truncated && response.body.content.len() == 64 << 10);
}
