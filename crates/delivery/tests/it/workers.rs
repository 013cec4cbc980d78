//! Workers: woken, apart from each other, bounded, and what they do when the store, the node or the server fails.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use clock::{Clock, Timestamp};
use delivery::Outcome;
use serde_json::json;
use store::{Beat, DeliveryState, NodeId};
use tokio::{sync::Semaphore, time::timeout};

use crate::{
    outbox::{Outbox, PATIENCE, arrived, finished, next},
    receiver::{Answer, Receiver},
};

#[tokio::test]
async fn deliveries_go_out_when_the_drain_is_woken() {
    let receiver = Receiver::accepting().await;
    let outbox = Outbox::new().await;
    let destination = outbox.webhook(&receiver.url()).await;
    let drain = outbox.drain();
    let mut settled = drain.settled();
    for n in 0..3 {
        let id = outbox.deliver_one(destination, json!(n)).await;
        drain.waker().notify([destination]);
        assert_eq!(finished(&mut settled, id).await, [Outcome::Delivered]);
    }
    let many = outbox.deliver(destination, (0..500).map(|n| json!(n))).await;
    drain.waker().notify([destination]);
    arrived(&mut settled, many.len()).await;
    assert_eq!(receiver.seen().len(), 503, "each once");
}

#[tokio::test]
async fn one_destination_that_hangs_delays_no_other() {
    let hanging = Receiver::start(|_, _| Answer::Hang).await;
    let receiver = Receiver::accepting().await;
    let outbox = Outbox::new().await;
    let stuck = outbox.webhook(&hanging.url()).await;
    let ids = outbox.deliver(stuck, (0..50).map(|n| json!(n))).await;
    let drain = outbox.drain();
    let mut settled = drain.settled();
    timeout(PATIENCE, hanging.until(8)).await.unwrap();
    for _ in 0..5 {
        let destination = outbox.webhook(&receiver.url()).await;
        outbox.deliver(destination, (0..20).map(|n| json!(n))).await;
        drain.waker().notify([destination]);
    }
    arrived(&mut settled, 100).await;
    assert_eq!(hanging.seen().len(), 8, "as many as may be under way");
    assert_eq!(outbox.state(ids[0]).await, (DeliveryState::Pending, 0));
    assert!(!drain.stop(Duration::ZERO).await, "what hangs is abandoned");
}

#[tokio::test]
async fn so_many_are_under_way_at_once_and_no_more() {
    const LIMIT: usize = 3;
    let (gate, open, most) =
        (Arc::new(Semaphore::new(0)), AtomicUsize::new(0), Arc::new(AtomicUsize::new(0)));
    let (of_receiver, counted) = (Arc::clone(&gate), Arc::clone(&most));
    let receiver = Receiver::start(move |nth, _| {
        // A new request comes only after an answer; the answers are let out by threes.
        let now = open.fetch_add(1, Ordering::SeqCst) + 1;
        let waiting = now - (nth / LIMIT) * LIMIT;
        counted.fetch_max(waiting, Ordering::SeqCst);
        if waiting == LIMIT {
            of_receiver.add_permits(LIMIT);
        }
        Answer::Gate(Arc::clone(&of_receiver))
    })
    .await;
    let outbox = Outbox::new().await;
    let config = json!({ "kind": "webhook", "url": receiver.url(), "concurrency": LIMIT });
    let destination = outbox.destination(config, json!({})).await;
    outbox.deliver(destination, (0..9 * LIMIT).map(|n| json!(n))).await;
    let drain = outbox.drain();
    arrived(&mut drain.settled(), 9 * LIMIT).await;
    assert_eq!(most.load(Ordering::SeqCst), LIMIT);
}

#[tokio::test]
async fn what_a_crash_interrupts_is_sent_again_under_its_id() {
    let receiver = Receiver::start(|nth, _| if nth == 0 { Answer::Hang } else { Answer::Status(200) }).await;
    let outbox = Outbox::new().await;
    let destination = outbox.webhook(&receiver.url()).await;
    let id = outbox.deliver_one(destination, json!({ "title": "Leak" })).await;
    let drain = outbox.drain();
    timeout(PATIENCE, receiver.until(1)).await.unwrap();
    drop(drain);
    assert_eq!(outbox.state(id).await, (DeliveryState::Pending, 0));

    let successor: NodeId = outbox.store.ids().next();
    outbox.store.node_beat(successor, &Beat::default()).await.unwrap();
    outbox.store.node_takeover(successor, true).await.unwrap();
    let drain = outbox.drain_of(successor);
    assert_eq!(finished(&mut drain.settled(), id).await, [Outcome::Delivered]);
    let ids: Vec<String> = receiver.seen().iter().map(|r| r.header("webhook-id").to_owned()).collect();
    assert_eq!(ids, [id.to_string(), id.to_string()]);
    assert_eq!(outbox.state(id).await, (DeliveryState::Delivered, 1));
}

#[tokio::test]
async fn a_node_that_lost_the_destination_records_nothing_and_the_new_owner_sends() {
    let gate = Arc::new(Semaphore::new(0));
    let answer = Arc::clone(&gate);
    let receiver = Receiver::start(move |nth, _| match nth {
        0 => Answer::Gate(Arc::clone(&answer)),
        _ => Answer::Status(200),
    })
    .await;
    let outbox = Outbox::new().await;
    let destination = outbox.webhook(&receiver.url()).await;
    let id = outbox.deliver_one(destination, json!({})).await;
    let old = outbox.drain();
    let mut of_old = old.settled();
    timeout(PATIENCE, receiver.until(1)).await.unwrap();

    let other: NodeId = outbox.store.ids().next();
    outbox.store.node_beat(other, &Beat::default()).await.unwrap();
    outbox.store.node_takeover(other, true).await.unwrap();
    let new = outbox.drain_of(other);
    assert_eq!(finished(&mut new.settled(), id).await, [Outcome::Delivered]);
    gate.add_permits(1);
    assert!(old.stop(PATIENCE).await);
    assert!(of_old.try_recv().is_err(), "the old owner told of an attempt that does not count");
    assert_eq!(outbox.state(id).await, (DeliveryState::Delivered, 1));
    assert_eq!(receiver.seen().len(), 2);
}

#[tokio::test]
async fn what_another_node_owns_is_left_to_it() {
    let receiver = Receiver::accepting().await;
    let outbox = Outbox::new().await;
    let (theirs, ours) = (outbox.webhook(&receiver.url()).await, outbox.webhook(&receiver.url()).await);
    let other: NodeId = outbox.store.ids().next();
    outbox.store.node_beat(other, &Beat::default()).await.unwrap();
    assert!(outbox.store.destination_own(outbox.place.workspace, theirs, other).await.unwrap());
    let kept = outbox.deliver_one(theirs, json!(1)).await;
    let drain = outbox.drain();
    let mut settled = drain.settled();
    for n in 0..5 {
        outbox.deliver_one(ours, json!(n)).await;
        drain.waker().notify([theirs, ours]);
        assert_eq!(next(&mut settled).await.destination, ours);
    }
    outbox.store.node_leave(other).await.unwrap();
    drain.waker().changed(theirs);
    assert_eq!(finished(&mut settled, kept).await, [Outcome::Delivered]);
}

#[tokio::test]
async fn what_a_dead_node_had_goes_out_when_its_lease_ends() {
    let receiver = Receiver::accepting().await;
    let outbox = Outbox::with_lease(Duration::from_millis(500)).await;
    let destination = outbox.webhook(&receiver.url()).await;
    let dead: NodeId = outbox.store.ids().next();
    outbox.store.node_beat(dead, &Beat::default()).await.unwrap();
    let ends = outbox.store.node_next_lease_end(outbox.node).await.unwrap().unwrap();
    assert!(outbox.store.destination_own(outbox.place.workspace, destination, dead).await.unwrap());
    outbox.deliver_one(destination, json!(1)).await;
    let drain = outbox.drain();
    let mut settled = drain.settled();
    drain.waker().notify([destination]);
    let first = timeout(Duration::from_secs(3), settled.recv()).await.expect("nobody took it over").unwrap();
    assert!(first.at >= ends, "the other node still had it");
    assert_eq!(receiver.seen().len(), 1);
}

#[tokio::test]
async fn stopping_ends_what_is_under_way_and_begins_nothing() {
    let gate = Arc::new(Semaphore::new(0));
    let answer = Arc::clone(&gate);
    let receiver = Receiver::start(move |_, _| Answer::Gate(Arc::clone(&answer))).await;
    let outbox = Outbox::new().await;
    let config = json!({ "kind": "webhook", "url": receiver.url(), "concurrency": 2 });
    let destination = outbox.destination(config, json!({})).await;
    let ids = outbox.deliver(destination, (0..6).map(|n| json!(n))).await;
    let drain = outbox.drain();
    timeout(PATIENCE, receiver.until(2)).await.unwrap();
    let stopping = tokio::spawn(drain.stop(PATIENCE));
    tokio::task::yield_now().await;
    gate.add_permits(2);
    assert!(stopping.await.unwrap());
    let mut delivered = 0;
    for id in ids {
        delivered += usize::from(outbox.state(id).await.0 == DeliveryState::Delivered);
    }
    assert_eq!((delivered, receiver.seen().len()), (2, 2));
}

#[tokio::test]
async fn a_full_disk_sends_nothing_twice() {
    let gate = Arc::new(Semaphore::new(0));
    let answer = Arc::clone(&gate);
    let receiver = Receiver::start(move |_, _| Answer::Gate(Arc::clone(&answer))).await;
    let outbox = Outbox::with(Clock::system(), Some(800 << 10)).await;
    let destination = outbox.webhook(&receiver.url()).await;
    let id = outbox.deliver_one(destination, json!({ "long": "x".repeat(30_000) })).await;
    let drain = outbox.drain();
    let mut settled = drain.settled();
    timeout(PATIENCE, receiver.until(1)).await.unwrap();

    let ballast = async |n: usize, bytes: usize| {
        let secret = vault::Secret::from("x".repeat(bytes));
        outbox.store.secret_set(outbox.place, &format!("BALLAST_{n}"), &secret).await
    };
    let mut filled = 0;
    for bytes in [20_000, 100] {
        while ballast(filled, bytes).await.is_ok() {
            filled += 1;
        }
    }
    gate.add_permits(1);
    let while_full = timeout(Duration::from_millis(300), settled.recv()).await;
    assert!(while_full.is_err(), "it was recorded on a full disk: {while_full:?}");
    for n in 0..10 {
        ballast(n, 1).await.unwrap();
    }
    assert_eq!(next(&mut settled).await.outcome, Outcome::Delivered);
    assert_eq!(outbox.state(id).await, (DeliveryState::Delivered, 1));
    assert_eq!(receiver.seen().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn retries_come_at_their_time_and_forgotten_work_is_found() {
    let clock = Clock::virtual_from(Timestamp::from_millis(1_700_000_000_000));
    let outbox = Outbox::with(clock.clone(), None).await;
    // Nobody listens there; whether the refusal or the deadline comes first, it is tried again.
    let config = json!({ "kind": "webhook", "url": "http://127.0.0.1:1/", "retry": ["1h", "2h"] });
    let destination = outbox.destination(config, json!({})).await;
    let drain = outbox.drain();
    let mut settled = drain.settled();
    let id = outbox.deliver_one(destination, json!({})).await;
    // No one wakes the drain: it looks by itself.
    let mut due_at = outbox.view(id).await.created_at;
    for (outcome, planned) in [(Outcome::Retry, 3600.0), (Outcome::Retry, 7200.0), (Outcome::Exhausted, 0.0)]
    {
        let settled = settled.recv().await.unwrap();
        assert_eq!((settled.delivery, settled.outcome), (id, outcome));
        // How much later it is tells nothing: this clock runs on while the disk is written.
        assert!(settled.at >= due_at, "{:?} is before {due_at:?}", settled.at);
        if let Some(next_at) = settled.next_at {
            let wait = settled.at.until(next_at).as_secs_f64();
            assert!((0.8 * planned..1.2 * planned + 60.0).contains(&wait), "{wait} s for {planned} s");
            due_at = next_at;
        }
    }
    assert_eq!(outbox.state(id).await, (DeliveryState::Dead, 3));
}
