//! The breaker of a destination whose receiver is down.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use delivery::{Outcome, Tripped};
use serde_json::{Value, json};
use store::DeliveryState;
use tokio::{sync::broadcast, time::timeout};

use crate::{
    outbox::{Outbox, PATIENCE, arrived, finished},
    receiver::{Answer, Receiver, Seen},
};

/// A receiver that is down until it is said to be up.
async fn down() -> (Receiver, Arc<AtomicBool>) {
    let up = Arc::new(AtomicBool::new(false));
    let of_receiver = Arc::clone(&up);
    let receiver = Receiver::start(move |_, _| {
        Answer::Status(if of_receiver.load(Ordering::SeqCst) { 200 } else { 500 })
    });
    (receiver.await, up)
}

fn breaking(receiver: &Receiver, failures: u32, pause: &str) -> Value {
    json!({
        "kind": "webhook", "url": receiver.url(), "concurrency": 1, "retry": vec!["1ms"; 30],
        "breaker": { "failures": failures, "pause": pause, "longest": "1h" },
    })
}

/// A destination whose second try is hours away, and whose breaker opens after four failures.
fn putting_off(receiver: &Receiver) -> Value {
    json!({
        "kind": "webhook", "url": receiver.url(), "concurrency": 4, "retry": ["4h", "4h"],
        "breaker": { "failures": 4, "pause": "100ms", "longest": "100ms" },
    })
}

async fn tripped(told: &mut broadcast::Receiver<Tripped>) -> Option<store::Breaker> {
    timeout(PATIENCE, told.recv()).await.expect("the breaker did not move").unwrap().open
}

#[tokio::test]
async fn a_receiver_that_is_down_is_left_alone_and_what_waits_is_sent_when_it_is_back() {
    let (receiver, up) = down().await;
    let outbox = Outbox::new().await;
    let destination = outbox.destination(breaking(&receiver, 3, "100ms"), json!({})).await;
    let ids = outbox.deliver(destination, (0..40).map(|n| json!(n))).await;
    let drain = outbox.drain();
    let (mut told, mut settled) = (drain.tripped(), drain.settled());
    let open = tripped(&mut told).await.expect("it is open");
    assert_eq!((open.openings, receiver.seen().len()), (1, 3), "after three it is called no more");
    assert!(open.reason.contains("500"), "{}", open.reason);
    up.store(true, Ordering::SeqCst);
    assert_eq!(tripped(&mut told).await, None, "one that arrives closes it");
    arrived(&mut settled, ids.len()).await;
    assert_eq!(receiver.seen().len(), ids.len() + 3);
    let stored = outbox.store.destination_get(destination).await.unwrap().unwrap();
    assert_eq!(stored.breaker, None);
}

#[tokio::test]
async fn an_open_breaker_is_open_after_a_restart_and_a_person_closes_it() {
    let (receiver, up) = down().await;
    let outbox = Outbox::new().await;
    let destination = outbox.destination(breaking(&receiver, 1, "1h"), json!({})).await;
    let id = outbox.deliver_one(destination, json!(1)).await;
    let drain = outbox.drain();
    let open = tripped(&mut drain.tripped()).await;
    let stored = async || outbox.store.destination_get(destination).await.unwrap().unwrap().breaker;
    let saved = async {
        while stored().await.is_none() {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, saved).await.expect("it is stored");
    assert_eq!(stored().await, open);
    assert!(drain.stop(Duration::from_secs(5)).await);

    up.store(true, Ordering::SeqCst);
    let drain = outbox.drain();
    let mut settled = drain.settled();
    let other = outbox.webhook(&receiver.url()).await;
    let to_other = outbox.deliver_one(other, json!(2)).await;
    drain.waker().notify([destination, other]);
    assert_eq!(finished(&mut settled, to_other).await, [Outcome::Delivered]);
    assert_eq!(outbox.state(id).await, (DeliveryState::Pending, 1), "it waits");
    outbox.store.destination_break(destination, None, None).await.unwrap();
    drain.waker().changed(destination);
    assert_eq!(finished(&mut settled, id).await, [Outcome::Delivered]);
}

#[tokio::test]
async fn an_answer_that_refuses_a_message_is_a_sign_of_life() {
    let receiver = Receiver::start(|nth, _| Answer::Status([500, 422][nth % 2])).await;
    let outbox = Outbox::new().await;
    let config = json!({
        "kind": "webhook", "url": receiver.url(), "concurrency": 1, "retry": "none",
        "breaker": { "failures": 2, "pause": "1h", "longest": "1h" },
    });
    let destination = outbox.destination(config, json!({})).await;
    let ids = outbox.deliver(destination, (0..10).map(|n| json!(n))).await;
    let drain = outbox.drain();
    finished(&mut drain.settled(), ids[9]).await;
    assert_eq!(receiver.seen().len(), 10, "it never opened");
}

#[tokio::test]
async fn what_an_outage_put_off_for_hours_arrives_when_the_receiver_is_back() {
    let (receiver, up) = down().await;
    let outbox = Outbox::new().await;
    let destination = outbox.destination(putting_off(&receiver), json!({})).await;
    // The first of each key fails and holds up those behind it; one without a key is due when the breaker lets one through.
    let keyed = (0..12).map(|n| (Some(["a", "b", "c", "d"][n % 4]), json!(n)));
    outbox.deliver_in_order(destination, keyed).await;
    let drain = outbox.drain();
    let (mut told, mut settled) = (drain.tripped(), drain.settled());
    tripped(&mut told).await.expect("it is open");
    up.store(true, Ordering::SeqCst);
    outbox.deliver_one(destination, json!("later")).await;
    drain.waker().notify([destination]);
    arrived(&mut settled, 13).await;
    let said: Vec<Value> = receiver.seen()[4..].iter().map(Seen::json).collect();
    for key in 0..4 {
        let of_key: Vec<u64> = said.iter().filter_map(Value::as_u64).filter(|n| n % 4 == key).collect();
        assert_eq!(of_key, [key, key + 4, key + 8], "a key keeps its order");
    }
}

#[tokio::test]
async fn a_person_who_closes_the_breaker_has_what_it_put_off_sent() {
    let (receiver, up) = down().await;
    let outbox = Outbox::new().await;
    let mut config = putting_off(&receiver);
    config["breaker"] = json!({ "failures": 4, "pause": "1h", "longest": "1h" });
    let destination = outbox.destination(config, json!({})).await;
    outbox.deliver(destination, (0..4).map(|n| json!(n))).await;
    let drain = outbox.drain();
    let (mut told, mut settled) = (drain.tripped(), drain.settled());
    tripped(&mut told).await.expect("it is open");
    let saved = async {
        while outbox.store.destination_get(destination).await.unwrap().unwrap().breaker.is_none() {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, saved).await.expect("it is stored");
    up.store(true, Ordering::SeqCst);
    outbox.store.destination_break(destination, None, None).await.unwrap();
    drain.waker().changed(destination);
    arrived(&mut settled, 4).await;
}

#[tokio::test]
async fn a_receiver_that_said_when_to_come_again_is_not_asked_before() {
    let up = Arc::new(AtomicBool::new(false));
    let is_up = Arc::clone(&up);
    let receiver = Receiver::start(move |nth, _| match (is_up.load(Ordering::SeqCst), nth) {
        (true, _) => Answer::Status(200),
        (false, 0) => Answer::with(503, &[("retry-after", "1")], ""),
        (false, _) => Answer::Status(503),
    });
    let receiver = receiver.await;
    let outbox = Outbox::new().await;
    let mut config = putting_off(&receiver);
    config["concurrency"] = json!(1);
    let destination = outbox.destination(config, json!({})).await;
    let ids = outbox.deliver(destination, (0..4).map(|n| json!(n))).await;
    let drain = outbox.drain();
    let (mut told, mut settled) = (drain.tripped(), drain.settled());
    tripped(&mut told).await.expect("it is open");
    up.store(true, Ordering::SeqCst);
    let later = outbox.deliver(destination, (4..8).map(|n| json!(n))).await;
    drain.waker().notify([destination]);
    arrived(&mut settled, later.len() + 3).await;
    assert_eq!(outbox.state(ids[0]).await, (DeliveryState::Pending, 1), "it asked for its time");
}
