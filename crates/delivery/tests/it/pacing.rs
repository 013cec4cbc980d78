//! Limits of calls are kept, not hit.

use delivery::Outcome;
use serde_json::json;
use store::DeliveryState;

use crate::{
    outbox::{Outbox, arrived, next},
    receiver::{Answer, Receiver},
};

#[tokio::test]
async fn what_is_more_than_a_destination_allows_waits() {
    let receiver = Receiver::accepting().await;
    let outbox = Outbox::new().await;
    let rate = json!([{ "calls": 1, "within": "1m" }]);
    let config = json!({ "kind": "webhook", "url": receiver.url(), "rate": rate });
    let destination = outbox.destination(config, json!({})).await;
    let ids = outbox.deliver(destination, [json!(1), json!(2)]).await;
    let drain = outbox.drain();
    let mut settled = drain.settled();
    arrived(&mut settled, 1).await;
    // Another destination's delivery, made after, tells that this one's worker had its chance.
    let other = outbox.webhook(&receiver.url()).await;
    outbox.deliver_one(other, json!(3)).await;
    drain.waker().notify([destination, other]);
    arrived(&mut settled, 1).await;
    assert_eq!(outbox.state(ids[1]).await, (DeliveryState::Pending, 0));
    assert_eq!(receiver.seen().len(), 2);
}

#[tokio::test]
async fn while_a_receiver_asks_to_wait_nothing_else_is_sent_to_it() {
    let receiver = Receiver::start(|_, _| Answer::with(429, &[("retry-after", "30")], "")).await;
    let outbox = Outbox::new().await;
    let config = json!({ "kind": "webhook", "url": receiver.url(), "concurrency": 1 });
    let destination = outbox.destination(config, json!({})).await;
    let ids = outbox.deliver(destination, [json!(1), json!(2)]).await;
    let drain = outbox.drain();
    let mut settled = drain.settled();
    assert_eq!(next(&mut settled).await.outcome, Outcome::Retry);
    // The worker has no time of its own: another destination's delivery, made after, tells that it had its chance.
    let quick = Receiver::accepting().await;
    let other = outbox.webhook(&quick.url()).await;
    outbox.deliver_one(other, json!(3)).await;
    drain.waker().notify([destination, other]);
    arrived(&mut settled, 1).await;
    assert_eq!(outbox.state(ids[1]).await, (DeliveryState::Pending, 0));
    assert_eq!(receiver.seen().len(), 1);
}
