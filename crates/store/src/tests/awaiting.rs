//! Runs that wait for a delivery: whatever settles it wakes them.

use std::time::Duration;

use ::flow::run::Status;
use clock::Timestamp;

use super::fixture::{ALL, Fixture};
use crate::*;

const WAITING: Then = Then::Release { status: Status::Waiting, wake_at: None };

struct Awaiting {
    f: Fixture,
    destination: DestinationId,
    held: HeldRun,
}

impl Awaiting {
    /// A run that is held, and a destination that this node sends to.
    async fn new() -> Self {
        let f = Fixture::new().await;
        let destination = f.destination().await;
        f.queued().await;
        let held = f.store.run_claim(f.node, 1, vec![]).await.unwrap()[0].held;
        assert!(f.store.destination_own(f.place.workspace, destination, f.node).await.unwrap());
        Self { f, destination, held }
    }

    /// The run makes a delivery that it waits for.
    async fn deliver(&self, destination: DestinationId, then: Then) -> DeliveryId {
        let delivery = NewDelivery { awaited: true, ..self.f.delivery(destination) };
        let id = delivery.id;
        self.commit(RunCommit { deliveries: vec![delivery], ..Fixture::commit(self.held, then) }).await;
        id
    }

    async fn commit(&self, commit: RunCommit) {
        let sealed = self.f.store.run_seal(commit);
        assert_eq!(self.f.store.run_commit(&sealed).await.unwrap(), Committed::Done);
    }

    async fn settle(&self, then: Settle) -> bool {
        let due = self.f.store.delivery_due(self.destination, self.f.store.now(), ALL).await.unwrap();
        self.f.store.delivery_attempted(self.f.attempt(&due[0], then)).await.unwrap()
    }

    async fn arrives(&self) {
        assert!(self.settle(Settle::Delivered(self.f.store.now())).await);
    }

    async fn claimed(&self) -> Option<RunId> {
        let runs = self.f.store.run_claim(self.f.node, 1, vec![]).await.unwrap();
        runs.first().map(|run| run.held.id)
    }

    async fn next_due(&self) -> Option<Timestamp> {
        self.f.store.run_next_due(vec![]).await.unwrap()
    }
}

#[tokio::test]
async fn a_run_that_was_let_go_is_due_when_its_delivery_arrives() {
    let a = Awaiting::new().await;
    let mut woken = a.f.store.woken();
    let id = a.deliver(a.destination, WAITING).await;
    let now = a.f.store.now();
    assert!(a.settle(Settle::Retry(now)).await);
    assert_eq!(
        (a.claimed().await, a.next_due().await),
        (None, None),
        "it is tried again, and nothing looks for it"
    );
    a.arrives().await;
    assert_eq!(woken.try_recv().unwrap(), a.held.id);
    assert!(woken.try_recv().is_err(), "it is told once");
    assert!(a.next_due().await.is_some_and(|due| due <= a.f.store.now()));
    assert_eq!(a.claimed().await, Some(a.held.id));
    let (view, last) = a.f.store.delivery_outcome(a.f.place.workspace, id).await.unwrap().unwrap();
    let last = last.unwrap();
    assert_eq!((view.state, last.number, &last.record[..]), (DeliveryState::Delivered, 2, &b"{}"[..]));
}

#[tokio::test]
async fn a_dead_letter_wakes_its_run_as_well_and_a_replay_of_it_wakes_nobody_who_went_on() {
    let a = Awaiting::new().await;
    let id = a.deliver(a.destination, WAITING).await;
    assert!(a.settle(Settle::Dead { halts: true }).await);
    let held = a.f.store.run_claim(a.f.node, 1, vec![]).await.unwrap()[0].held;
    assert_eq!(held.id, a.held.id);
    a.commit(RunCommit { seq: 1, ..Fixture::commit(held, Then::End(a.f.ending())) }).await;
    assert!(a.f.store.delivery_replay(a.f.place.workspace, id).await.unwrap());
    a.arrives().await;
    assert_eq!((a.claimed().await, a.next_due().await), (None, None));
}

#[tokio::test]
async fn what_comes_while_the_run_is_held_wakes_it_once_it_is_let_go() {
    let a = Awaiting::new().await;
    a.deliver(a.destination, Then::Hold).await;
    a.arrives().await;
    assert_eq!((a.claimed().await, a.next_due().await), (None, None), "it is held");
    let later = Some(a.f.store.now().after(Duration::from_secs(3600)));
    let release = Then::Release { status: Status::Waiting, wake_at: later };
    a.commit(RunCommit { seq: 1, ..Fixture::commit(a.held, release) }).await;
    assert!(a.next_due().await.is_some_and(|due| due <= a.f.store.now()));
    let held = a.f.store.run_claim(a.f.node, 1, vec![]).await.unwrap()[0].held;
    a.commit(RunCommit { seq: 2, ..Fixture::commit(held, WAITING) }).await;
    assert_eq!((a.claimed().await, a.next_due().await), (None, None), "who took it up knows it");
}

#[tokio::test]
async fn a_delivery_that_can_be_sent_to_nobody_wakes_its_run_at_once() {
    for in_order in [false, true] {
        let a = Awaiting::new().await;
        let lane = in_order.then(|| Lane::of("order 1042"));
        let gone = NewDelivery { awaited: true, lane, ..a.f.delivery(a.f.store.ids().next()) };
        let open = NewDelivery { awaited: true, lane, ..a.f.delivery(a.destination) };
        a.commit(RunCommit { deliveries: vec![open], ..Fixture::commit(a.held, WAITING) }).await;
        assert_eq!(a.claimed().await, None);
        let held = a.f.store.run_claim_one(a.f.node, a.held.id).await.unwrap().unwrap().held;
        a.commit(RunCommit { seq: 1, deliveries: vec![gone], ..Fixture::commit(held, WAITING) }).await;
        assert_eq!(a.claimed().await, Some(a.held.id));
    }
}

#[tokio::test]
async fn a_delivery_made_with_its_event_wakes_the_run_too() {
    let f = Fixture::new().await;
    let destination = f.destination().await;
    for (to, is_due) in [(destination, false), (f.store.ids().next(), true)] {
        let deliveries = vec![NewDelivery { awaited: true, ..f.delivery(to) }];
        let begin = Begin::Held { owner: f.node, record: Some(b"[]".to_vec()), deliveries };
        let admission = f.admission(None, begin);
        let id = admission.event.id.original_run();
        assert_eq!(f.store.event_admit(admission).await.unwrap(), Admitted::New);
        let held = HeldRun { id, place: f.place, owner: f.node, fence: 1 };
        let commit = RunCommit { seq: 1, ..Fixture::commit(held, WAITING) };
        assert_eq!(f.store.run_commit(&f.store.run_seal(commit)).await.unwrap(), Committed::Done);
        let claimed = f.store.run_claim(f.node, 1, vec![]).await.unwrap();
        assert_eq!(claimed.first().map(|run| run.held.id), is_due.then_some(id));
    }
}

#[tokio::test]
async fn an_attempt_that_does_not_count_wakes_nobody() {
    let a = Awaiting::new().await;
    let mut woken = a.f.store.woken();
    a.deliver(a.destination, WAITING).await;
    a.f.store.node_leave(a.f.node).await.unwrap();
    assert!(!a.settle(Settle::Delivered(a.f.store.now())).await, "the destination is another's");
    assert_eq!((a.claimed().await, woken.try_recv().ok()), (None, None));
}

#[tokio::test]
async fn what_has_come_is_found_after_the_death_of_who_held_the_run() {
    let a = Awaiting::new().await;
    a.deliver(a.destination, Then::Hold).await;
    a.arrives().await;
    let other: NodeId = a.f.store.ids().next();
    a.f.store.node_beat(other, &Beat::default()).await.unwrap();
    a.f.store.node_leave(a.f.node).await.unwrap();
    let run = a.f.store.run_claim(other, 1, vec![]).await.unwrap()[0];
    assert_eq!(run.held.id, a.held.id, "it is queued again, and reads what came");
}

#[tokio::test]
async fn a_parked_run_is_not_woken() {
    let a = Awaiting::new().await;
    a.deliver(a.destination, Then::Release { status: Status::Parked, wake_at: None }).await;
    a.arrives().await;
    assert_eq!((a.claimed().await, a.next_due().await), (None, None));
}

#[tokio::test]
async fn other_nodes_are_told_of_the_runs_that_are_woken() {
    let a = Awaiting::new().await;
    if !a.f.is_on_postgres() {
        return;
    }
    let other = a.f.second().await;
    let mut news = other.news().unwrap();
    a.deliver(a.destination, WAITING).await;
    a.arrives().await;
    let told = async {
        loop {
            let news = news.recv().await.unwrap();
            if news.woken.contains(&a.held.id) {
                return news.runs;
            }
        }
    };
    assert!(tokio::time::timeout(Duration::from_secs(10), told).await.expect("it is told"));
}

#[tokio::test]
async fn nodes_that_commit_runs_and_wake_those_of_others_do_not_stand_in_each_others_way() {
    let f = Fixture::new().await;
    let stores = [f.store.clone(), if f.is_on_postgres() { f.second().await } else { f.store.clone() }];
    let mut nodes = Vec::new();
    for store in &stores {
        let node: NodeId = store.ids().next();
        store.node_beat(node, &Beat::default()).await.unwrap();
        let destination = f.destination_named(&node.to_string()).await;
        assert!(store.destination_own(f.place.workspace, destination, node).await.unwrap());
        for _ in 0..20 {
            f.queued().await;
        }
        let runs: Vec<HeldRun> =
            store.run_claim(node, 20, vec![]).await.unwrap().into_iter().map(|run| run.held).collect();
        assert_eq!(runs.len(), 20);
        nodes.push((store, node, destination, runs));
    }
    // Each run's delivery is the other node's to send.
    for (at, (store, .., runs)) in nodes.iter().enumerate() {
        for held in runs {
            let delivery = NewDelivery { awaited: true, ..f.delivery(nodes[1 - at].2) };
            let commit = RunCommit { deliveries: vec![delivery], ..Fixture::commit(*held, Then::Hold) };
            store.run_commit(&store.run_seal(commit)).await.unwrap();
        }
    }
    let mut all = Vec::new();
    for (store, node, destination, runs) in &nodes {
        let due = store.delivery_due(*destination, f.store.now(), ALL).await.unwrap();
        assert_eq!(due.len(), 20);
        for (due, held) in due.iter().zip(runs.iter().rev()) {
            let attempt = AttemptCommit { owner: *node, ..f.attempt(due, Settle::Delivered(f.store.now())) };
            let commit = store.run_seal(RunCommit { seq: 1, ..Fixture::commit(*held, WAITING) });
            all.push(async move {
                let (settled, committed) =
                    tokio::join!(store.delivery_attempted(attempt), store.run_commit(&commit));
                assert_eq!((settled.unwrap(), committed.unwrap()), (true, Committed::Done));
            });
        }
    }
    futures_util::future::join_all(all).await;
    assert_eq!(f.store.run_claim(f.node, 64, vec![]).await.unwrap().len(), 40, "every one is due");
}
