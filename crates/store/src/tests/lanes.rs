//! Deliveries whose order counts.

use super::fixture::{ALL, Fixture};
use crate::*;

struct Lanes {
    f: Fixture,
    destination: DestinationId,
    held: HeldRun,
    seq: std::cell::Cell<u32>,
}

impl Lanes {
    async fn new() -> Self {
        let f = Fixture::new().await;
        let destination = f.destination().await;
        f.queued().await;
        let held = f.store.run_claim(f.node, 1, vec![]).await.unwrap()[0].held;
        assert!(f.store.destination_own(f.place.workspace, destination, f.node).await.unwrap());
        Self { f, destination, held, seq: std::cell::Cell::default() }
    }

    fn new_one(&self, key: &str) -> NewDelivery {
        NewDelivery { lane: Some(Lane::of(key)), ..self.f.delivery(self.destination) }
    }

    /// Commits a delivery for each key, in one transaction; gives their ids.
    async fn add(&self, keys: &[&str]) -> Vec<DeliveryId> {
        let deliveries: Vec<NewDelivery> = keys.iter().map(|key| self.new_one(key)).collect();
        let ids = deliveries.iter().map(|delivery| delivery.id).collect();
        self.commit(deliveries).await;
        ids
    }

    async fn commit(&self, deliveries: Vec<NewDelivery>) {
        let seq = self.seq.replace(self.seq.get() + 1);
        let commit = RunCommit { seq, deliveries, ..Fixture::commit(self.held, Then::Hold) };
        self.f.store.run_commit(&self.f.store.run_seal(commit)).await.unwrap();
    }

    async fn due(&self) -> Vec<DueDelivery> {
        self.f.store.delivery_due(self.destination, self.f.store.now(), ALL).await.unwrap()
    }

    async fn due_ids(&self) -> Vec<DeliveryId> {
        self.due().await.iter().map(|due| due.id).collect()
    }

    /// The attempt of one that is due ends so.
    async fn settle(&self, id: DeliveryId, then: Settle) {
        let due = self.due().await.into_iter().find(|due| due.id == id).expect("it is due");
        assert!(self.f.store.delivery_attempted(self.f.attempt(&due, then)).await.unwrap());
    }

    async fn arrived(&self, id: DeliveryId) {
        self.settle(id, Settle::Delivered(self.f.store.now())).await;
    }

    async fn state(&self, id: DeliveryId) -> DeliveryState {
        self.f.store.delivery_get(self.f.place.workspace, id).await.unwrap().unwrap().state
    }

    async fn replay(&self, id: DeliveryId) -> bool {
        self.f.store.delivery_replay(self.f.place.workspace, id).await.unwrap()
    }
}

#[tokio::test]
async fn the_first_of_each_lane_is_due_and_the_next_when_it_has_arrived() {
    let lanes = Lanes::new().await;
    let first = lanes.add(&["a", "b", "a"]).await;
    let second = lanes.add(&["a", "b"]).await;
    lanes.commit(vec![lanes.f.delivery(lanes.destination)]).await;
    assert_eq!(lanes.due_ids().await[..2], first[..2]);
    assert_eq!(lanes.due().await.len(), 3, "one without a key waits for nobody");
    assert_eq!(lanes.state(first[2]).await, DeliveryState::Blocked);
    lanes.arrived(first[0]).await;
    assert_eq!(lanes.state(first[2]).await, DeliveryState::Pending);
    assert_eq!(lanes.state(second[0]).await, DeliveryState::Blocked);
    lanes.arrived(first[2]).await;
    lanes.arrived(second[0]).await;
    let third = lanes.add(&["a"]).await;
    assert_eq!(lanes.state(third[0]).await, DeliveryState::Pending, "nobody is before it any more");
    assert_eq!(lanes.state(second[1]).await, DeliveryState::Blocked, "the other lane stands where it stood");
}

#[tokio::test]
async fn the_order_is_that_of_the_commits_and_not_of_the_ids() {
    let lanes = Lanes::new().await;
    let made_first = lanes.new_one("a");
    let made_second = lanes.new_one("a");
    let (first, second) = (made_first.id, made_second.id);
    lanes.commit(vec![made_second]).await;
    lanes.commit(vec![made_first]).await;
    assert_eq!((lanes.due_ids().await, first < second), (vec![second], true));
}

#[tokio::test]
async fn what_waits_for_a_destination_is_counted() {
    let lanes = Lanes::new().await;
    let empty = lanes.f.store.ids().next();
    let ids = lanes.add(&["a", "a", "b", "b", "b"]).await;
    lanes.settle(ids[2], Settle::Dead { halts: true }).await;
    let queues = lanes.f.store.destination_queues(vec![empty, lanes.destination]).await.unwrap();
    let oldest_at =
        Some(lanes.f.store.delivery_get(lanes.f.place.workspace, ids[0]).await.unwrap().unwrap().created_at);
    assert_eq!(queues, [Queue::default(), Queue { pending: 1, retrying: 0, blocked: 3, dead: 1, oldest_at }]);
}

#[tokio::test]
async fn one_that_is_tried_again_keeps_the_others_behind_it() {
    let lanes = Lanes::new().await;
    let ids = lanes.add(&["a", "a"]).await;
    lanes.settle(ids[0], Settle::Retry(lanes.f.store.now().after(std::time::Duration::from_secs(60)))).await;
    assert_eq!(lanes.due_ids().await, []);
    assert_eq!(lanes.state(ids[1]).await, DeliveryState::Blocked);
    let queues = lanes.f.store.destination_queues(vec![lanes.destination]).await.unwrap();
    assert_eq!((queues[0].pending, queues[0].retrying), (1, 1));
}

#[tokio::test]
async fn a_dead_one_halts_its_lane_until_it_is_replayed_at_the_end() {
    let lanes = Lanes::new().await;
    let ids = lanes.add(&["a", "a"]).await;
    lanes.settle(ids[0], Settle::Dead { halts: true }).await;
    let later = lanes.add(&["a"]).await;
    assert_eq!(lanes.due_ids().await, []);
    assert_eq!(lanes.state(later[0]).await, DeliveryState::Blocked);
    assert!(lanes.replay(ids[0]).await);
    assert!(!lanes.replay(ids[0]).await, "it is no dead letter any more");
    for id in [ids[1], later[0], ids[0]] {
        assert_eq!(lanes.due_ids().await, [id]);
        lanes.arrived(id).await;
    }
    assert_eq!(lanes.due_ids().await, []);
}

#[tokio::test]
async fn a_dead_one_that_is_skipped_joins_again_at_the_end() {
    let lanes = Lanes::new().await;
    let ids = lanes.add(&["a", "a", "a"]).await;
    lanes.settle(ids[0], Settle::Dead { halts: false }).await;
    assert_eq!(lanes.due_ids().await, [ids[1]]);
    assert!(lanes.replay(ids[0]).await);
    assert_eq!(lanes.state(ids[0]).await, DeliveryState::Blocked);
    for id in [ids[1], ids[2], ids[0]] {
        assert_eq!(lanes.due_ids().await, [id]);
        lanes.arrived(id).await;
    }
    let alone = lanes.add(&["a"]).await;
    lanes.settle(alone[0], Settle::Dead { halts: true }).await;
    assert!(lanes.replay(alone[0]).await);
    assert_eq!(lanes.due_ids().await, alone, "with nobody before it, it is due");
}

/// Many writers join one lane while its first ones leave: nobody is left behind for ever, none is doubled.
#[tokio::test]
async fn a_lane_moves_on_whoever_joins_it_meanwhile() {
    let lanes = Lanes::new().await;
    let wanted = 40;
    let adding = async {
        for _ in 0..wanted {
            lanes.add(&["a"]).await;
        }
    };
    let sending = async {
        let mut sent = Vec::new();
        while sent.len() < wanted {
            if let [due] = lanes.due().await.as_slice() {
                sent.push(due.id);
                lanes.arrived(due.id).await;
            }
            tokio::task::yield_now().await;
        }
        sent
    };
    let ((), mut sent) = tokio::join!(adding, sending);
    assert!(sent.is_sorted());
    sent.dedup();
    assert_eq!(sent.len(), wanted);
}

#[tokio::test]
async fn a_breaker_is_kept_until_it_is_closed() {
    let f = Fixture::new().await;
    let id = f.destination().await;
    let (opened_at, until) = (f.store.now(), f.store.now());
    let breaker = Breaker { opened_at, until, openings: 2, reason: "503".into(), is_quiet: true };
    f.store.destination_break(id, Some(&breaker), None).await.unwrap();
    let stored = f.store.destination_get(id).await.unwrap().unwrap();
    assert_eq!(stored.breaker.as_ref(), Some(&breaker));
    f.store.destination_put(&Destination { breaker: None, ..stored }).await.unwrap();
    let stored = f.store.destination_get(id).await.unwrap().unwrap();
    assert_eq!(stored.breaker, Some(breaker), "a change of the settings does not close it");
    f.store.destination_break(id, None, None).await.unwrap();
    assert_eq!(f.store.destination_get(id).await.unwrap().unwrap().breaker, None);
}

#[tokio::test]
async fn a_destination_is_switched_off_by_its_workspace_alone() {
    let f = Fixture::new().await;
    let id = f.destination().await;
    let elsewhere = f.store.ids().next();
    assert!(!f.store.destination_disable(elsewhere, id, "for a while").await.unwrap());
    assert!(f.store.destination_disable(f.place.workspace, id, "for a while").await.unwrap());
    let reason = f.store.destination_get(id).await.unwrap().unwrap().disabled_reason;
    assert_eq!(reason.as_deref(), Some("for a while"));
}
