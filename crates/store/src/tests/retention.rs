//! History: what expires, what stays, and that nobody meets a half of it.

use std::{sync::Arc, time::Duration};

use ::flow::run::Status;

use super::fixture::{ALL, Fixture, first, new};
use crate::*;

/// The tables of history, and of what is unfinished.
const TABLES: [&str; 8] =
    ["event", "run", "journal", "delivery", "attempt", "run_queue", "run_live", "delivery_live"];

/// A round that does all there is to do in these tests.
const SLICES: u32 = 64;

impl Fixture {
    /// How many rows each of [`TABLES`] has.
    pub(super) async fn counts(&self) -> [i64; 8] {
        let counts = TABLES.map(|table| format!("(SELECT count(*) FROM {table})")).join(", ");
        let read = |row: &crate::sql::Row<'_>| {
            let mut counts = [0; 8];
            for (column, count) in counts.iter_mut().enumerate() {
                *count = row.get(column)?;
            }
            Ok(counts)
        };
        self.store.row(format!("SELECT {counts}"), vec![], read).await.unwrap().unwrap()
    }

    /// No row is there whose trace is not.
    pub(super) async fn nothing_is_half(&self) {
        for (rows, parents) in [
            ("run r WHERE r.event IS NULL", "event WHERE number = r.number"),
            ("run r WHERE r.event IS NOT NULL", "event WHERE id = r.event"),
            ("run_live r WHERE r.event IS NULL", "event WHERE number = r.number"),
            ("run_live r WHERE r.event IS NOT NULL", "event WHERE id = r.event"),
            ("run_queue r WHERE true", "event WHERE number = r.number"),
            (
                "event r WHERE r.filtered = 0",
                "(SELECT number FROM run UNION ALL SELECT number FROM run_live
                UNION ALL SELECT number FROM run_queue) AS runs WHERE number = r.number",
            ),
            ("blob_use r WHERE true", "event WHERE number = r.event"),
            ("blob_use r WHERE true", "blob WHERE workspace = r.workspace AND sha256 = r.sha256"),
            (
                "journal r WHERE true",
                "(SELECT number FROM run UNION ALL SELECT number FROM run_live) AS runs
                WHERE number = r.run",
            ),
            (
                "delivery r WHERE true",
                "(SELECT id FROM run UNION ALL SELECT id FROM run_live) AS runs WHERE id = r.run",
            ),
            (
                "delivery_live r WHERE true",
                "(SELECT id FROM run UNION ALL SELECT id FROM run_live) AS runs
                WHERE id = r.run",
            ),
            (
                "attempt r WHERE true",
                "(SELECT number FROM delivery UNION ALL SELECT number FROM delivery_live) AS sent
                WHERE number = r.delivery",
            ),
        ] {
            let sql = format!("SELECT count(*) FROM {rows} AND NOT EXISTS (SELECT 1 FROM {parents})");
            let halves: i64 = self.store.row(sql, vec![], |row| row.get(0)).await.unwrap().unwrap();
            assert_eq!(halves, 0, "{rows}");
        }
    }

    /// A whole pass.
    pub(super) async fn prune(&self) {
        // The pause between two.
        self.clock.skew(600_000);
        assert!(!self.store.prune_history(SLICES).await.unwrap().more);
    }

    pub(super) async fn commit_of(&self, held: HeldRun, deliveries: Vec<NewDelivery>, then: Then) {
        let commit = self.store.run_seal(RunCommit { deliveries, ..Self::commit(held, then) });
        assert_eq!(self.store.run_commit(&commit).await.unwrap(), Committed::Done);
    }

    /// Takes a run up, lets it make deliveries, and ends it.
    pub(super) async fn run_to_end(&self, run: RunId, deliveries: Vec<NewDelivery>) {
        let held = self.store.run_claim_one(self.node, run).await.unwrap().unwrap().held;
        self.commit_of(held, deliveries, Then::End(self.ending())).await;
    }

    /// An event whose run has ended.
    pub(super) async fn ended(&self) -> EventId {
        let event = self.queued().await;
        self.run_to_end(event.original_run(), vec![]).await;
        event
    }

    pub(super) async fn repeat(&self, event: EventId) -> Result<RunId, Error> {
        let id = self.store.ids().next();
        let repeat = Repeat { id, event, elsewhere: None, version: self.version };
        self.store.run_repeat(self.place.workspace, repeat).await.map(|()| id)
    }

    /// The next attempt of a delivery ends so.
    pub(super) async fn attempted(&self, destination: DestinationId, id: DeliveryId, then: Settle) {
        let due = self.store.delivery_due(destination, self.store.now(), ALL).await.unwrap();
        let due = due.iter().find(|due| due.id == id).unwrap();
        assert!(self.store.delivery_attempted(self.attempt(due, then)).await.unwrap());
    }

    pub(super) async fn owned_destination(&self) -> DestinationId {
        let destination = self.destination().await;
        assert!(self.store.destination_own(self.place.workspace, destination, self.node).await.unwrap());
        destination
    }

    /// A trace with everything in it: a run, a replay, and of each a delivery that arrived at the second attempt.
    pub(super) async fn long_story(&self, destination: DestinationId) -> EventId {
        let event = self.queued().await;
        let original = self.delivery(destination);
        self.run_to_end(event.original_run(), vec![original.clone()]).await;
        let replay = self.repeat(event).await.unwrap();
        let second = self.delivery(destination);
        self.run_to_end(replay, vec![second.clone()]).await;
        for id in [original.id, second.id] {
            self.attempted(destination, id, Settle::Retry(self.store.now())).await;
            self.attempted(destination, id, Settle::Delivered(self.store.now())).await;
        }
        event
    }

    fn refusal(&self, place: Place) -> Refusal {
        Refusal {
            id: self.store.ids().next(),
            place,
            source: SourceId::from_bytes([7; 16]),
            code: "x".into(),
            status: 401,
            received_at: self.store.now(),
            is_whole: false,
            replayed_as: None,
        }
    }
}

#[tokio::test]
async fn what_has_expired_goes_with_all_that_came_of_it() {
    let f = Fixture::new().await;
    let destination = f.owned_destination().await;
    let event = f.long_story(destination).await;
    f.store.deployment_add(f.place, f.flow, f.version, "ann").await.unwrap();
    let mut filtered = f.admission(None, Begin::Queued);
    (filtered.event.status, filtered.run) = (EventStatus::Filtered, None);
    f.store.event_admit(filtered).await.unwrap();
    f.store.refusal_add(vec![new(f.refusal(f.place))]).await.unwrap();
    assert_eq!(f.counts().await, [2, 2, 2, 2, 2, 0, 0, 0]);

    f.days_pass(29);
    f.prune().await;
    assert_eq!(f.counts().await, [2, 2, 2, 2, 2, 0, 0, 0]);
    let recent = f.long_story(destination).await;
    f.overdue(2);
    f.prune().await;
    assert_eq!(f.counts().await, [1, 2, 2, 2, 2, 0, 0, 0]);
    assert!(f.store.event_get(f.place.workspace, event).await.unwrap().is_none());
    assert!(f.store.event_get(f.place.workspace, recent).await.unwrap().is_some());
    assert!(f.store.refusal_list(f.place, None, first()).await.unwrap().items.is_empty());
    assert!(f.store.version_get(f.place.workspace, f.version).await.unwrap().is_some());
    assert!(f.store.deployment_of(f.place, f.flow).await.unwrap().is_some());
    f.overdue(31);
    f.prune().await;
    assert_eq!(f.counts().await, [0; 8]);
}

#[tokio::test]
async fn what_is_unfinished_stays_whole_until_its_time_after_the_end() {
    let f = Fixture::new().await;
    let destination = f.owned_destination().await;
    // Waits for its first turn.
    let queued = f.queued().await.original_run();
    // Sleeps.
    let asleep = f.queued().await.original_run();
    let held = f.store.run_claim_one(f.node, asleep).await.unwrap().unwrap().held;
    f.commit_of(held, vec![], Then::Release { status: Status::Waiting, wake_at: None }).await;
    // Has ended, but is replayed.
    let replay = f.repeat(f.ended().await).await.unwrap();
    // Has made a delivery that is still tried, and so has the replay of another.
    let sent = [f.delivery(destination), f.delivery(destination)];
    f.run_to_end(f.queued().await.original_run(), vec![sent[0].clone()]).await;
    let repeat = f.repeat(f.ended().await).await.unwrap();
    f.run_to_end(repeat, vec![sent[1].clone()]).await;
    f.attempted(destination, sent[1].id, Settle::Retry(f.store.now())).await;
    let before = f.counts().await;
    assert_eq!(before, [5, 4, 5, 0, 1, 1, 2, 2]);

    f.days_pass(400);
    f.prune().await;
    assert_eq!(f.counts().await, before);

    f.run_to_end(queued, vec![]).await;
    let held = f.store.run_claim_one(f.node, asleep).await.unwrap().unwrap().held;
    let end = RunCommit { seq: 1, ..Fixture::commit(held, Then::End(f.ending())) };
    assert_eq!(f.store.run_commit(&f.store.run_seal(end)).await.unwrap(), Committed::Done);
    f.run_to_end(replay, vec![]).await;
    for delivery in &sent {
        f.attempted(destination, delivery.id, Settle::Delivered(f.store.now())).await;
    }
    f.days_pass(29);
    f.prune().await;
    assert_eq!(f.counts().await, [5, 7, 8, 2, 1, 0, 0, 0], "its time counts from the end");
    f.overdue(1);
    f.prune().await;
    assert_eq!(f.counts().await, [0; 8]);
}

#[tokio::test]
async fn a_dead_letter_stays_and_can_still_be_replayed() {
    let f = Fixture::new().await;
    let destination = f.owned_destination().await;
    let event = f.queued().await;
    let [dead, arrived] = [f.delivery(destination), f.delivery(destination)];
    f.run_to_end(event.original_run(), vec![dead.clone(), arrived.clone()]).await;
    f.attempted(destination, dead.id, Settle::Retry(f.store.now())).await;
    f.attempted(destination, dead.id, Settle::Dead { halts: true }).await;
    f.attempted(destination, arrived.id, Settle::Delivered(f.store.now())).await;
    f.days_pass(365);
    f.prune().await;

    let workspace = f.place.workspace;
    assert!(f.store.event_content(f.place.workspace, event).await.unwrap().is_some());
    assert_eq!(f.store.run_journal(event.original_run()).await.unwrap().len(), 1);
    let histories = f.store.delivery_histories(workspace, vec![event.original_run()]).await.unwrap();
    let attempts: Vec<usize> = histories.iter().map(|(_, attempts)| attempts.len()).collect();
    assert_eq!(attempts, [2, 1], "the trace is whole");
    assert!(f.store.delivery_replay(workspace, dead.id).await.unwrap());
    let due = f.store.delivery_due(destination, f.store.now(), ALL).await.unwrap();
    assert_eq!((due[0].id, &due[0].message), (dead.id, &dead.message));
    f.attempted(destination, dead.id, Settle::Delivered(f.store.now())).await;
    f.days_pass(29);
    f.prune().await;
    let (view, attempts) = f.store.delivery_history(workspace, dead.id).await.unwrap().unwrap();
    assert_eq!((view.state, attempts.len()), (DeliveryState::Delivered, 3), "that it arrived can be read");
    f.overdue(1);
    f.prune().await;
    assert_eq!(f.counts().await, [0; 8]);
}

#[tokio::test]
async fn each_environment_keeps_its_history_as_long_as_it_says() {
    let f = Fixture::new().await;
    let environments = f.store.environment_list(f.place.workspace).await.unwrap();
    let days: Vec<u32> = environments.iter().map(|environment| environment.retention_days).collect();
    assert_eq!(days, [30, 30]);
    let test = Place { environment: environments[0].id, ..f.place };
    f.store.environment_retain(test, 1).await.unwrap();
    let nowhere = Place { environment: f.store.ids().next(), ..f.place };
    assert!(matches!(f.store.environment_retain(nowhere, 1).await, Err(Error::Conflict(_))));
    let days = f.store.environment_list(f.place.workspace).await.unwrap()[0].retention_days;
    assert_eq!(days, 1);

    f.ended().await;
    let mut there = f.admission(None, Begin::Queued);
    there.event.place = test;
    let run = there.event.id.original_run();
    f.store.event_admit(there).await.unwrap();
    f.run_to_end(run, vec![]).await;
    f.store.refusal_add(vec![new(f.refusal(f.place)), new(f.refusal(test))]).await.unwrap();
    f.days_pass(2);
    f.prune().await;
    let events =
        async |place| f.store.event_list(place, EventFilter::default(), first()).await.unwrap().items;
    let refusals = async |place| f.store.refusal_list(place, None, first()).await.unwrap().items;
    assert_eq!((events(test).await.len(), refusals(test).await.len()), (0, 0));
    assert_eq!((events(f.place).await.len(), refusals(f.place).await.len()), (1, 1));
    f.store.environment_retain(f.place, 1).await.unwrap();
    f.overdue(0);
    f.prune().await;
    assert_eq!(f.counts().await, [0; 8]);
}

/// Events whose runs have ended.
async fn many(f: &Fixture, count: usize) {
    let tasks = (0..count).map(|_| {
        let begin = Begin::Finished { ending: f.ending(), record: b"[1]".to_vec(), deliveries: vec![] };
        let (store, admission) = (f.store.clone(), f.admission(None, begin));
        tokio::spawn(async move { store.event_admit(admission).await.unwrap() })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
}

#[tokio::test]
async fn a_round_is_bounded_and_the_next_goes_on_after_it() {
    let f = Fixture::new().await;
    // What stays stands before what goes.
    f.queued().await;
    many(&f, 600).await;
    // So nothing goes by the partition.
    let elsewhere = f.store.environment_list(f.place.workspace).await.unwrap()[0].id;
    f.store.environment_retain(Place { environment: elsewhere, ..f.place }, 3650).await.unwrap();
    f.days_pass(31);
    let (mut rounds, mut events) = (0, 0);
    loop {
        let before = f.store.writes().transactions;
        let pruned = f.store.prune_history(1).await.unwrap();
        assert!(pruned.events <= 256);
        assert!(f.store.writes().transactions <= before + 1, "a slice is one transaction");
        (rounds, events) = (rounds + 1, events + pruned.events);
        if !pruned.more {
            break;
        }
    }
    assert!(rounds >= 3, "{rounds}");
    assert_eq!(events, 600);
    assert_eq!(f.counts().await[0], 1);
    assert_eq!(f.store.prune_history(SLICES).await.unwrap(), Pruned::default(), "the next pass is not due");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_stay_in_order_while_history_goes() {
    let f = Arc::new(Fixture::new().await);
    many(&f, 500).await;
    f.overdue(31);
    many(&f, 60).await;
    let pruning = tokio::spawn({
        let f = Arc::clone(&f);
        async move { while f.store.prune_history(1).await.unwrap().more {} }
    });
    let mut ended = false;
    while !ended {
        ended = pruning.is_finished();
        let mut seen: Vec<RunId> = Vec::new();
        loop {
            let page = PageRequest { limit: 50, before: seen.last().copied() };
            let page = f.store.run_list(f.place, RunFilter::default(), page).await.unwrap();
            seen.extend(page.items.iter().map(|run| run.id));
            if !page.has_more || page.items.is_empty() {
                break;
            }
        }
        assert!(seen.len() >= 60, "{}", seen.len());
        assert!(seen.is_sorted_by(|newer, older| newer > older));
    }
    pruning.await.unwrap();
    assert_eq!(f.counts().await[..2], [60, 60]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_is_replayed_or_goes_but_not_both() {
    let f = Arc::new(Fixture::new().await);
    for _ in 0..10 {
        let event = f.ended().await;
        f.overdue(31);
        let pruning = tokio::spawn({
            let f = Arc::clone(&f);
            async move { f.prune().await }
        });
        let replay = f.repeat(event).await;
        pruning.await.unwrap();
        let event = f.store.event_content(f.place.workspace, event).await.unwrap();
        assert_eq!(replay.is_ok(), event.is_some(), "{replay:?}");
        if let Ok(replay) = replay {
            f.run_to_end(replay, vec![]).await;
        }
    }
}

#[tokio::test]
async fn the_file_does_not_grow_when_as_much_goes_as_comes() {
    let f = Fixture::new().await;
    if f.is_on_postgres() {
        return;
    }
    let pages = async || {
        let sql = "SELECT page_count FROM pragma_page_count";
        f.store.row(sql, vec![], |row| row.get::<i64>(0)).await.unwrap().unwrap()
    };
    let mut sizes = Vec::new();
    for _ in 0..4 {
        many(&f, 400).await;
        sizes.push(pages().await);
        f.days_pass(31);
        f.prune().await;
        assert_eq!(f.counts().await[0], 0);
    }
    assert!(sizes[3] <= sizes[0] + sizes[0] / 10, "{sizes:?}");
    tokio::time::timeout(Duration::from_secs(1), f.store.close()).await.unwrap();
}
