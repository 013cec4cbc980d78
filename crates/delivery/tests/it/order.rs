//! Deliveries whose order counts.

use std::time::Duration;

use delivery::Outcome;
use serde_json::{Value, json};
use store::DeliveryState;

use crate::{
    outbox::{Outbox, arrived, finished, next},
    receiver::{Answer, Receiver},
};

fn said(receiver: &Receiver) -> Vec<Value> {
    receiver.seen().iter().map(|seen| serde_json::from_slice(&seen.body).unwrap()).collect()
}

#[tokio::test]
async fn what_has_one_key_arrives_in_its_order_however_often_one_fails() {
    // Every third request fails, so each key meets failures at other places.
    let receiver =
        Receiver::start(|nth, _| if nth % 3 == 1 { Answer::Status(503) } else { Answer::Status(200) });
    let receiver = receiver.await;
    let outbox = Outbox::new().await;
    let config =
        json!({ "kind": "webhook", "url": receiver.url(), "retry": vec!["1ms"; 20], "concurrency": 16 });
    let destination = outbox.destination(config, json!({})).await;
    let keys = ["a", "b", "c"];
    let messages = (0..60).map(|n| (Some(keys[n % 3]), json!([keys[n % 3], n])));
    outbox.deliver_in_order(destination, messages).await;
    let drain = outbox.drain();
    arrived(&mut drain.settled(), 60).await;
    let mut last = [None; 3];
    for message in said(&receiver) {
        let (key, n) = (message[0].as_str().unwrap(), message[1].as_u64());
        let last = &mut last[keys.iter().position(|known| *known == key).unwrap()];
        assert!(n >= *last, "{key}: {n:?} came after {last:?}");
        *last = n;
    }
}

#[tokio::test]
async fn a_dead_letter_halts_its_key_and_no_other() {
    let receiver = Receiver::start(|nth, _| Answer::Status(if nth == 0 { 400 } else { 200 })).await;
    let outbox = Outbox::new().await;
    let config = json!({ "kind": "webhook", "url": receiver.url(), "concurrency": 1 });
    let destination = outbox.destination(config, json!({})).await;
    let messages = [("a", 1), ("a", 2), ("b", 3)].map(|(key, n)| (Some(key), json!(n)));
    let ids = outbox.deliver_in_order(destination, messages).await;
    let drain = outbox.drain();
    let mut settled = drain.settled();
    assert_eq!(finished(&mut settled, ids[0]).await, [Outcome::Permanent]);
    assert_eq!(finished(&mut settled, ids[2]).await, [Outcome::Delivered]);
    assert_eq!(outbox.state(ids[1]).await, (DeliveryState::Blocked, 0));

    assert!(outbox.store.delivery_replay(outbox.place.workspace, ids[0]).await.unwrap());
    drain.waker().notify([destination]);
    arrived(&mut settled, 2).await;
    assert_eq!(
        said(&receiver),
        [json!(1), json!(3), json!(2), json!(1)],
        "it comes after what waited for it"
    );
}

#[tokio::test]
async fn a_dead_letter_is_skipped_where_that_is_wanted() {
    let receiver = Receiver::start(|nth, _| Answer::Status(if nth == 0 { 400 } else { 200 })).await;
    let outbox = Outbox::new().await;
    let config = json!({ "kind": "webhook", "url": receiver.url(), "when_dead": "skip" });
    let destination = outbox.destination(config, json!({})).await;
    let ids = outbox.deliver_in_order(destination, [1, 2].map(|n| (Some("a"), json!(n)))).await;
    let drain = outbox.drain();
    let mut settled = drain.settled();
    assert_eq!(next(&mut settled).await.outcome, Outcome::Permanent);
    assert_eq!(finished(&mut settled, ids[1]).await, [Outcome::Delivered]);
    assert!(drain.stop(Duration::from_secs(5)).await);
}
