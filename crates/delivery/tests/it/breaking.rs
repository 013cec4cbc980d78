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
    receiver::{Answer, Receiver},
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
