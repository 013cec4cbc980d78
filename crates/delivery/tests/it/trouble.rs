//! Receivers that fail, lie or are not there.

use std::time::Duration;

use delivery::{Outcome, Reply};
use serde_json::{Value, json};
use store::{DeliveryId, DeliveryState, DestinationId};
use tokio::{io::AsyncWriteExt, net::TcpListener};

use crate::{
    outbox::{Outbox, finished, next},
    receiver::{Answer, Receiver, raw, rude},
};

const NO_RETRY: &str = "none";
const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";

/// Delivers one message to such a destination and gives it with its outcomes.
async fn try_it(outbox: &Outbox, config: Value) -> (DestinationId, DeliveryId, Vec<Outcome>) {
    let destination = outbox.destination(config, json!({})).await;
    let id = outbox.deliver_one(destination, json!({ "title": "Leak" })).await;
    let drain = outbox.drain();
    let outcomes = finished(&mut drain.settled(), id).await;
    (destination, id, outcomes)
}

fn webhook(url: &str, retry: impl Into<Value>) -> Value {
    json!({ "kind": "webhook", "url": url, "retry": retry.into(), "timeout": "1s" })
}

/// The kind of error that the last attempt met, and its reason.
async fn error(outbox: &Outbox, id: DeliveryId) -> (String, String) {
    let record = outbox.records(id).await.pop().unwrap();
    let Reply::Error(error) = &record.exchanges[0].reply else { panic!("{record:?}") };
    (error.kind.clone(), record.reason.unwrap())
}

#[tokio::test]
async fn a_receiver_that_hangs_is_given_up_in_time() {
    let receiver = Receiver::start(|_, _| Answer::Hang).await;
    let outbox = Outbox::new().await;
    let (_, id, outcomes) = try_it(&outbox, webhook(&receiver.url(), NO_RETRY)).await;
    assert_eq!(outcomes, [Outcome::Exhausted]);
    assert_eq!(outbox.state(id).await, (DeliveryState::Dead, 1));
    let (kind, reason) = error(&outbox, id).await;
    assert!(kind == "timeout" && reason.contains("waiting for the answer"), "{kind}: {reason}");
}

#[tokio::test]
async fn a_receiver_that_drips_is_given_up_in_time() {
    let url = rude(|_, mut stream| async move {
        let mut answer = b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n".to_vec();
        while stream.write_all(&answer).await.is_ok() {
            answer = b"x".to_vec();
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    let outbox = Outbox::new().await;
    let (_, id, outcomes) = try_it(&outbox, webhook(&url.await, NO_RETRY)).await;
    assert_eq!(outcomes, [Outcome::Exhausted]);
    let (kind, reason) = error(&outbox, id).await;
    assert!(kind == "timeout" && reason.contains("reading the answer"), "{kind}: {reason}");
}

#[tokio::test]
async fn an_answer_that_lies_about_its_length_is_no_answer() {
    let url = rude(|nth, stream| {
        let answer = if nth == 0 { "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort" } else { OK };
        raw(stream, answer)
    });
    let outbox = Outbox::new().await;
    let (_, id, outcomes) = try_it(&outbox, webhook(&url.await, ["1ms"])).await;
    assert_eq!(outcomes, [Outcome::Retry, Outcome::Delivered]);
    let Reply::Error(error) = &outbox.records(id).await[0].exchanges[0].reply else {
        panic!("a whole answer")
    };
    assert_eq!(error.kind, "reset");
}

#[tokio::test]
async fn a_reset_connection_and_nonsense_are_tried_again() {
    let url = rude(|nth, stream| async move {
        match nth {
            0 => stream.set_zero_linger().unwrap(),
            1 => raw(stream, "SMTP ready\r\n\r\n").await,
            _ => raw(stream, OK).await,
        }
    });
    let outbox = Outbox::new().await;
    let (_, _, outcomes) = try_it(&outbox, webhook(&url.await, ["1ms", "1ms"])).await;
    assert_eq!(outcomes, [Outcome::Retry, Outcome::Retry, Outcome::Delivered]);
}

#[tokio::test]
async fn nobody_there_uses_the_tries_up() {
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let outbox = Outbox::new().await;
    let (_, id, outcomes) =
        try_it(&outbox, webhook(&format!("http://127.0.0.1:{port}/"), ["1ms", "1ms"])).await;
    assert_eq!(outcomes, [Outcome::Retry, Outcome::Retry, Outcome::Exhausted]);
    assert_eq!(outbox.state(id).await, (DeliveryState::Dead, 3));
    assert_eq!(error(&outbox, id).await.0, "connect");
    let tries: Vec<u32> = outbox.records(id).await.iter().map(|record| record.tries).collect();
    assert_eq!(tries, [1, 2, 3]);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Receiver::accepting().await;
    let to = elsewhere.url();
    let receiver = Receiver::start(move |_, _| Answer::with(307, &[("location", &to)], "")).await;
    let outbox = Outbox::new().await;
    let (_, id, outcomes) = try_it(&outbox, webhook(&receiver.url(), ["1ms"])).await;
    assert_eq!(outcomes, [Outcome::Permanent]);
    assert!(elsewhere.seen().is_empty());
    let reason = outbox.records(id).await[0].reason.clone().unwrap();
    assert!(reason.contains(&elsewhere.url()) && reason.contains("not followed"), "{reason}");
}

#[tokio::test]
async fn an_address_that_the_operator_does_not_allow_is_not_called() {
    let outbox = Outbox::new().await;
    let (_, id, outcomes) = try_it(&outbox, webhook("http://10.1.2.3/erp", "standard")).await;
    assert_eq!(outcomes, [Outcome::Permanent]);
    let (kind, reason) = error(&outbox, id).await;
    assert_eq!(kind, "refused");
    assert!(reason.contains("10.1.2.3") && reason.contains(outbound::ALLOW_SETTING), "{reason}");
}

#[tokio::test]
async fn a_4xx_is_final_unless_the_destination_says_otherwise() {
    let refusing = |nth, _: &_| Answer::Status(if nth == 0 { 422 } else { 200 });
    let (strict, lenient) = (Receiver::start(refusing).await, Receiver::start(refusing).await);
    let outbox = Outbox::new().await;
    let (_, _, outcomes) = try_it(&outbox, webhook(&strict.url(), ["1ms"])).await;
    assert_eq!(outcomes, [Outcome::Permanent]);
    let mut config = webhook(&lenient.url(), ["1ms"]);
    config["retry_client_errors"] = true.into();
    let (_, _, outcomes) = try_it(&outbox, config).await;
    assert_eq!(outcomes, [Outcome::Retry, Outcome::Delivered]);
}

#[tokio::test]
async fn the_receivers_wish_to_wait_is_honoured() {
    let receiver = Receiver::start(|_, _| Answer::with(429, &[("retry-after", "100")], "")).await;
    let outbox = Outbox::new().await;
    let destination = outbox.webhook(&receiver.url()).await;
    outbox.deliver_one(destination, json!({})).await;
    let drain = outbox.drain();
    let settled = next(&mut drain.settled()).await;
    let wait = settled.at.until(settled.next_at.unwrap()).as_secs_f64();
    assert!((100.0..130.0).contains(&wait), "{wait} s");
}

#[tokio::test]
async fn a_receiver_that_is_gone_switches_the_destination_off_and_what_waits_is_kept() {
    let receiver = Receiver::start(|nth, _| Answer::Status(if nth == 0 { 410 } else { 200 })).await;
    let outbox = Outbox::new().await;
    let config = json!({ "kind": "webhook", "url": receiver.url(), "concurrency": 1 });
    let destination = outbox.destination(config, json!({})).await;
    let ids = outbox.deliver(destination, [json!(1), json!(2)]).await;
    let drain = outbox.drain();
    let mut settled = drain.settled();
    let gone = next(&mut settled).await;
    assert_eq!((gone.delivery, gone.outcome, gone.disabled), (ids[0], Outcome::Permanent, true));
    assert!(outbox.disabled_reason(destination).await.unwrap().contains("410"));
    drain.waker().notify([destination]);
    assert_eq!(outbox.state(ids[1]).await, (DeliveryState::Pending, 0));

    assert!(outbox.store.destination_enable(outbox.place.workspace, destination).await.unwrap());
    drain.waker().changed(destination);
    assert_eq!(finished(&mut settled, ids[1]).await, [Outcome::Delivered]);
    assert_eq!(receiver.seen().len(), 2);
}

#[tokio::test]
async fn a_dead_letter_that_is_replayed_keeps_its_id_and_starts_anew() {
    let receiver = Receiver::start(|nth, _| Answer::Status(if nth < 3 { 500 } else { 200 })).await;
    let outbox = Outbox::new().await;
    let destination =
        outbox.destination(json!({ "kind": "webhook", "url": receiver.url(), "retry": ["1ms"] }), json!({}));
    let destination = destination.await;
    let id = outbox.deliver_one(destination, json!({})).await;
    let drain = outbox.drain();
    let mut settled = drain.settled();
    assert_eq!(finished(&mut settled, id).await, [Outcome::Retry, Outcome::Exhausted]);
    assert!(outbox.store.delivery_replay(outbox.place.workspace, id).await.unwrap());
    drain.waker().notify([destination]);
    assert_eq!(finished(&mut settled, id).await, [Outcome::Retry, Outcome::Delivered]);
    assert_eq!(outbox.state(id).await, (DeliveryState::Delivered, 4));
    assert!(receiver.seen().iter().all(|request| request.header("webhook-id") == id.to_string()));
    let tries: Vec<u32> = outbox.records(id).await.iter().map(|record| record.tries).collect();
    assert_eq!(tries, [1, 2, 1, 2]);
}

#[tokio::test]
async fn a_message_that_the_destination_cannot_take_is_a_dead_letter_with_a_reason() {
    let receiver = Receiver::accepting().await;
    let outbox = Outbox::new().await;
    let mut config = webhook(&receiver.url(), "standard");
    config["headers"] = json!({ "content-type": "text/plain" });
    let (_, id, outcomes) = try_it(&outbox, config).await;
    assert_eq!(outcomes, [Outcome::Permanent]);
    let record = outbox.records(id).await.remove(0);
    assert!(record.exchanges.is_empty() && record.reason.unwrap().contains("must be a text"));
    assert!(receiver.seen().is_empty());
}
