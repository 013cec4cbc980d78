//! History in partitions, on PostgreSQL: made ahead, dropped whole, and what outlives them.

use std::sync::Arc;

use ::flow::run::Status;

use super::{blobs::file, fixture::Fixture};
use crate::{
    postgres::TABLES,
    sql::{Statement, values},
    *,
};

impl Fixture {
    /// The partitions of a table with their bounds, in order.
    async fn partitions(&self, table: &str) -> Vec<(String, String)> {
        let sql = "SELECT c.relname::text, pg_get_expr(c.relpartbound, c.oid) FROM pg_inherits i
             JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = ?1::text::regclass
             ORDER BY substring(pg_get_expr(c.relpartbound, c.oid) FROM 'FROM \\(''(\\d+)')::bigint NULLS FIRST";
        self.store.rows(sql, values![table], |row| Ok((row.get(0)?, row.get(1)?))).await.unwrap()
    }

    /// So many days pass, and whenever it is time partitions are made and dropped.
    async fn days_pass_with_pruning(&self, days: i64) {
        for _ in 0..days {
            self.days_pass(1);
            self.prune().await;
        }
    }

    /// Whether a table's last partition is for a time that is at least two days ahead.
    async fn is_ahead(&self, table: &str) -> bool {
        let (_, bounds) = self.partitions(table).await.pop().unwrap();
        let begin = bounds.strip_prefix("FOR VALUES FROM ('").and_then(|rest| rest.split_once('\''));
        let begin: i64 = begin.unwrap().0.parse().unwrap();
        begin > (self.store.now().as_millis() + 2 * 86_400_000) << 21
    }

    async fn names(&self, table: &str) -> Vec<String> {
        self.partitions(table).await.into_iter().map(|(name, _)| name).collect()
    }

    /// Where the row of an event is kept.
    async fn place_of(&self, event: EventId) -> String {
        let sql = "SELECT tableoid::regclass::text FROM event WHERE id = ?1";
        self.store.row(sql, values![event], |row| row.get(0)).await.unwrap().unwrap()
    }

    /// Puts the clock to an hour before the next partition's time.
    fn a_week_nears_its_end(&self) {
        let week = 7 * 86_400_000;
        let now = self.store.now().as_millis();
        self.clock.skew(week - now.rem_euclid(week) - 3_600_000);
    }
}

/// A fixture on PostgreSQL whose partitions have been seen to once.
async fn fixture() -> Option<Fixture> {
    let f = Fixture::new().await;
    if !f.is_on_postgres() {
        return None;
    }
    f.prune().await;
    Some(f)
}

#[tokio::test]
async fn partitions_are_made_ahead_of_their_time() {
    let Some(f) = fixture().await else { return };
    for week in 0..3 {
        let mut all = Vec::new();
        for (table, _) in TABLES {
            let partitions = f.partitions(table).await;
            assert!(partitions[0].1.starts_with("FOR VALUES FROM (MINVALUE) TO ('0')"), "{partitions:?}");
            assert!(partitions[1].1.starts_with("FOR VALUES FROM ('0')"), "{partitions:?}");
            assert!(partitions.last().unwrap().1.ends_with("TO (MAXVALUE)"), "{partitions:?}");
            assert!(f.is_ahead(table).await, "{partitions:?}");
            let own = |(name, bounds): (String, String)| (name.replacen(table, "", 1), bounds);
            all.push(partitions.into_iter().map(own).collect::<Vec<_>>());
        }
        assert!(all.windows(2).all(|two| two[0] == two[1]), "all tables have the same: {all:?}");
        let event = f.queued().await;
        let names = f.names("event").await;
        assert!(names.len() >= week + 3, "{names:?}");
        assert_ne!(&f.place_of(event).await, names.last().unwrap(), "the last one is for later");
        f.prune().await;
        assert_eq!(f.names("event").await, names, "there are enough");
        f.days_pass(7);
        f.prune().await;
    }
    let other = f.second().await;
    f.days_pass(21);
    assert!(!f.is_ahead("attempt").await);
    let (here, there) = tokio::join!(f.store.prune_history(9), other.prune_history(9));
    assert!(!here.unwrap().more && !there.unwrap().more);
    assert!(f.is_ahead("attempt").await);
}

#[tokio::test]
async fn a_row_has_a_place_whatever_the_clock_says() {
    let Some(f) = fixture().await else { return };
    let old = f.place_of(f.queued().await).await;
    f.days_pass(60);
    let far = f.queued().await;
    let before = f.names("event").await;
    assert_eq!(f.place_of(far).await, *before.last().unwrap());
    f.days_pass(-60);
    // The ids of this node go on after the greatest, as if it were later.
    f.days_pass(10);
    f.prune().await;
    let names = f.names("event").await;
    assert_eq!((&names[..before.len()], names.len()), (&before[..], before.len() + 1));
    assert_eq!(f.place_of(far).await, *before.last().unwrap(), "it stayed where it was");
    let (_, bounds) = f.partitions("event").await.pop().unwrap();
    assert_eq!(bounds.split_once(" TO ").unwrap().1, "(MAXVALUE)");
    let after = "SELECT max(number) FROM event WHERE tableoid = ?1::text::regclass";
    assert_eq!(
        f.store
            .row(after, values![names.last().unwrap().as_str()], |row| row.get::<Option<i64>>(0))
            .await
            .unwrap(),
        Some(None)
    );
    let mut early = f.admission(None, Begin::Queued);
    let clock = clock::Clock::virtual_from(clock::Timestamp::from_millis(1_000_000_000_000));
    early.event.id = Ids::new(clock, clock::Random::system()).next();
    let event = early.event.id;
    f.store.event_admit(early).await.unwrap();
    assert_eq!((f.place_of(event).await.as_str(), old.as_str()), ("event_first", "event_first"));
    assert_eq!(f.store.run_claim(f.node, 9, vec![]).await.unwrap().len(), 3);
}

#[tokio::test]
async fn what_has_expired_is_dropped_whole() {
    let Some(f) = fixture().await else { return };
    let destination = f.owned_destination().await;
    f.long_story(destination).await;
    assert_eq!(f.counts().await, [1, 2, 2, 2, 2, 0, 0, 0]);
    f.days_pass(29);
    f.prune().await;
    let recent = f.long_story(destination).await;
    let first: Vec<String> = f.names("event").await;
    // A longer retention anywhere keeps it.
    let elsewhere = f.store.environment_list(f.place.workspace).await.unwrap()[0].id;
    let elsewhere = Place { environment: elsewhere, ..f.place };
    f.store.environment_retain(elsewhere, 300).await.unwrap();
    f.days_pass(9);
    // So what expires earlier is pruned.
    f.prune().await;
    assert_eq!(f.counts().await[0], 1);
    assert_eq!(f.names("event").await[..first.len()], first);
    f.store.environment_retain(elsewhere, 30).await.unwrap();
    f.clock.skew(600_000);
    let pruned = f.store.prune_history(64).await.unwrap();
    assert_eq!(pruned, Pruned { events: 0, more: false });
    for (table, _) in TABLES {
        let names = f.names(table).await;
        assert!(!names.contains(&format!("{table}_first")), "{names:?}");
        let partitions = f.partitions(table).await;
        let end = |(_, bounds): &(String, String)| bounds.split_once(" TO ").unwrap().1.to_owned();
        let begin = |(_, bounds): &(String, String)| {
            bounds.split_once(" TO ").unwrap().0.trim_start_matches("FOR VALUES FROM ").to_owned()
        };
        assert!(partitions.windows(2).all(|two| end(&two[0]) == begin(&two[1])), "{partitions:?}");
    }
    assert!(f.store.event_get(f.place.workspace, recent).await.unwrap().is_some());
    assert_eq!(f.counts().await, [1, 2, 2, 2, 2, 0, 0, 0]);
    let gone = "SELECT count(*) FROM pg_class WHERE (relname LIKE '%gone' OR relname = 'event_first')
         AND relnamespace = current_schema()::regnamespace";
    assert_eq!(f.store.row(gone, vec![], |row| row.get::<i64>(0)).await.unwrap(), Some(0));
    f.nothing_is_half().await;
}

#[tokio::test]
async fn what_is_unfinished_or_reaches_beyond_outlives_its_partition() {
    let Some(f) = fixture().await else { return };
    let destination = f.owned_destination().await;
    let workspace = f.place.workspace;
    f.a_week_nears_its_end();
    // Goes with the partition.
    let done = f.long_story(destination).await;
    let [shared, gone, stays] = ["both", "one that goes", "one that stays"].map(file);
    f.with_files(&[shared.clone(), gone.clone()]).await;
    // Has a dead letter that was tried twice.
    let letter = f.delivery(destination);
    let dead = f.queued().await;
    f.run_to_end(dead.original_run(), vec![letter.clone()]).await;
    f.attempted(destination, letter.id, Settle::Retry(f.store.now())).await;
    f.attempted(destination, letter.id, Settle::Dead { halts: true }).await;
    // Waits, with a journal; waits for its first turn.
    let asleep = f.queued_with(&[shared.clone(), stays.clone()]).await;
    let held = f.store.run_claim_one(f.node, asleep.original_run()).await.unwrap().unwrap().held;
    f.commit_of(held, vec![], Then::Release { status: Status::Waiting, wake_at: None }).await;
    let queued = f.queued().await;
    // Arrives long after it was sent.
    let waited = f.delivery(destination);
    let patient = f.queued().await;
    f.run_to_end(patient.original_run(), vec![waited.clone()]).await;

    let (slow, replayed, again) = (f.queued().await, f.ended().await, f.ended().await);
    let held = f.store.run_claim_one(f.node, slow.original_run()).await.unwrap().unwrap().held;
    f.days_pass(1);
    // In the next week makes its delivery; is replayed with a dead letter; is replayed.
    let late = f.delivery(destination);
    f.commit_of(held, vec![late.clone()], Then::End(f.ending())).await;
    f.attempted(destination, late.id, Settle::Delivered(f.store.now())).await;
    let second = f.delivery(destination);
    f.run_to_end(f.repeat(replayed).await.unwrap(), vec![second.clone()]).await;
    f.attempted(destination, second.id, Settle::Retry(f.store.now())).await;
    f.attempted(destination, second.id, Settle::Dead { halts: true }).await;
    f.run_to_end(f.repeat(again).await.unwrap(), vec![]).await;
    f.days_pass(20);
    f.attempted(destination, waited.id, Settle::Delivered(f.store.now())).await;

    f.days_pass(19);
    f.prune().await;
    f.nothing_is_half().await;
    let names = f.names("event").await;
    assert!(!names.contains(&"event_first".to_owned()), "{names:?}");
    assert!(f.store.event_get(workspace, done).await.unwrap().is_none());
    for (file, content) in [(&shared, Some(&shared.content)), (&gone, None), (&stays, Some(&stays.content))] {
        assert_eq!(f.content(file).await.as_ref(), content);
    }
    for event in [slow, again] {
        assert!(f.store.event_get(workspace, event).await.unwrap().is_none(), "it has ended all the same");
    }
    for (event, runs) in [(dead, 1), (replayed, 2), (asleep, 1), (queued, 1), (patient, 1)] {
        assert_eq!(f.place_of(event).await, "event_kept");
        assert_eq!(f.store.run_of_event(workspace, event).await.unwrap().len(), runs);
    }

    // All of it can go on.
    let histories = f.store.delivery_histories(workspace, vec![dead.original_run()]).await.unwrap();
    assert_eq!(histories[0].1.len(), 2);
    for delivery in [&letter, &second] {
        assert!(f.store.delivery_replay(workspace, delivery.id).await.unwrap());
        f.attempted(destination, delivery.id, Settle::Delivered(f.store.now())).await;
    }
    assert_eq!(f.store.run_journal(asleep.original_run()).await.unwrap().len(), 1);
    let held = f.store.run_claim_one(f.node, asleep.original_run()).await.unwrap().unwrap().held;
    let end = RunCommit { seq: 1, ..Fixture::commit(held, Then::End(f.ending())) };
    assert_eq!(f.store.run_commit(&f.store.run_seal(end)).await.unwrap(), Committed::Done);
    assert_eq!(f.store.run_journal(asleep.original_run()).await.unwrap().len(), 2);
    assert_eq!(f.store.run_claim(f.node, 9, vec![]).await.unwrap()[0].event, queued);
    f.nothing_is_half().await;

    // And goes when its time has come; the claimed one stays.
    f.overdue(31);
    f.prune().await;
    f.prune().await;
    f.nothing_is_half().await;
    assert_eq!(f.counts().await, [1, 0, 0, 0, 0, 0, 1, 0]);
}

#[tokio::test]
async fn a_lock_that_somebody_holds_is_not_waited_for() {
    let Some(f) = fixture().await else { return };
    f.ended().await;
    f.days_pass(38);
    let (locked, is_locked) = tokio::sync::oneshot::channel();
    let (let_go, is_let_go) = std::sync::mpsc::channel::<()>();
    let read = f.store.read(move |c| {
        let held: Option<i64> = c.row("SELECT count(*) FROM event", [], |row| row.get(0))?;
        locked.send(()).unwrap();
        is_let_go.recv().unwrap();
        Ok(held)
    });
    let pruned = async {
        is_locked.await.unwrap();
        let pruned = f.store.prune_history(64).await.unwrap();
        let_go.send(()).unwrap();
        pruned
    };
    let (read, pruned) = tokio::join!(read, pruned);
    assert_eq!((read.unwrap(), pruned), (Some(1), Pruned::default()));
    assert!(f.names("event").await.contains(&"event_first".to_owned()), "it was left to another time");
    f.prune().await;
    assert!(!f.names("event").await.contains(&"event_first".to_owned()));
}

#[tokio::test]
async fn partitions_that_end_at_different_numbers_are_dropped_all_the_same() {
    let Some(f) = fixture().await else { return };
    let destination = f.owned_destination().await;
    let url = f.postgres().unwrap();
    let (mut client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    f.a_week_nears_its_end();
    f.prune().await;
    f.long_story(destination).await;
    let ends = async |table| f.partitions(table).await.into_iter().map(|(_, bounds)| bounds);
    // Nobody gets at the deliveries for some weeks, so theirs get an end too late.
    let reading = client.transaction().await.unwrap();
    reading.batch_execute("LOCK TABLE delivery IN ACCESS SHARE MODE").await.unwrap();
    for _ in 0..3 {
        f.days_pass(7);
        f.prune().await;
    }
    reading.rollback().await.unwrap();
    let dead = f.queued().await;
    let letter = f.delivery(destination);
    f.run_to_end(dead.original_run(), vec![letter.clone()]).await;
    f.attempted(destination, letter.id, Settle::Retry(f.store.now())).await;
    f.attempted(destination, letter.id, Settle::Dead { halts: true }).await;
    f.prune().await;
    let before: Vec<String> = ends("event").await.collect();
    assert_ne!(before, ends("delivery").await.collect::<Vec<_>>());

    for _ in 0..10 {
        f.days_pass(7);
        f.prune().await;
    }
    for (table, _) in TABLES {
        let (name, bounds) = f.partitions(table).await.swap_remove(1);
        assert!(!before.contains(&bounds), "{name} is as old as that: {bounds}");
    }
    assert_eq!(f.place_of(dead).await, "event_kept");
    assert!(f.store.delivery_replay(f.place.workspace, letter.id).await.unwrap());
    let history = f.store.delivery_history(f.place.workspace, letter.id).await.unwrap();
    assert_eq!(history.unwrap().1.len(), 2);
    assert_eq!(f.counts().await[0], 1);
    f.nothing_is_half().await;
}

#[tokio::test]
async fn a_partition_that_gets_its_end_late_takes_what_comes_meanwhile() {
    let Some(f) = fixture().await else { return };
    f.days_pass(20);
    let last = f.names("event").await.pop().unwrap();
    assert_eq!(f.place_of(f.ended().await).await, last);
    let (mut client, connection) =
        tokio_postgres::connect(&f.postgres().unwrap(), tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    // It can prove that it may have that end, but not get it.
    let reading = client.transaction().await.unwrap();
    reading.batch_execute("LOCK TABLE ONLY event IN ACCESS SHARE MODE").await.unwrap();
    f.prune().await;
    let proofs = async || {
        let sql = "SELECT conrelid::regclass::text FROM pg_constraint
             WHERE conname LIKE '%until' AND connamespace = current_schema()::regnamespace";
        f.store.rows(sql, vec![], |row| row.get::<String>(0)).await.unwrap()
    };
    assert_eq!((f.names("event").await.last(), proofs().await), (Some(&last), vec![last.clone()]));
    f.days_pass(9);
    assert_eq!(f.place_of(f.ended().await).await, last);
    reading.rollback().await.unwrap();
    f.prune().await;
    assert_ne!(f.names("event").await.last(), Some(&last));
    assert_eq!((f.place_of(f.ended().await).await, proofs().await), (last, vec![]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_writes_meanwhile_notices_nothing() {
    let Some(f) = fixture().await else { return };
    let f = Arc::new(f);
    let dead = f.queued().await;
    for _ in 0..50 {
        f.ended().await;
    }
    let stop = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let writers: Vec<_> = (0..4)
        .map(|_| {
            let (f, stop) = (Arc::clone(&f), Arc::clone(&stop));
            tokio::spawn(async move {
                let mut written = Vec::new();
                while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    let event = f.queued().await;
                    f.run_to_end(event.original_run(), vec![]).await;
                    written.push(event);
                }
                written
            })
        })
        .collect();
    f.days_pass(20);
    f.prune().await;
    f.days_pass(20);
    let mut rounds = 0;
    while f.names("event").await.contains(&"event_first".to_owned()) {
        rounds += 1;
        assert!(rounds < 100, "it is dropped in the end");
        f.clock.skew(600_000);
        f.store.prune_history(64).await.unwrap();
    }
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    let mut kept = 0;
    for writer in writers {
        kept += writer.await.unwrap().len();
    }
    assert!(kept > 0);
    assert_eq!(f.place_of(dead).await, "event_kept");
    f.nothing_is_half().await;
}

#[tokio::test]
async fn ids_of_clocks_that_differ_leave_no_half() {
    let Some(f) = fixture().await else { return };
    let destination = f.owned_destination().await;
    f.a_week_nears_its_end();
    // The event is of the next week, what came of it of this one.
    let ahead = clock::Clock::virtual_from(f.store.now().after(std::time::Duration::from_secs(86_400)));
    let ahead = Ids::after(0, Arc::new(500.into()), ahead, clock::Random::system());
    let mut stories = Vec::new();
    for _ in 0..2 {
        let mut admission = f.admission(None, Begin::Queued);
        admission.event.id = ahead.next();
        stories.push(admission.event.id);
        f.store.event_admit(admission).await.unwrap();
    }
    let [arrived, dead] =
        [f.delivery(destination), NewDelivery { id: ahead.next(), ..f.delivery(destination) }];
    f.run_to_end(stories[0].original_run(), vec![arrived.clone(), dead.clone()]).await;
    f.attempted(destination, arrived.id, Settle::Retry(f.store.now())).await;
    f.attempted(destination, arrived.id, Settle::Delivered(f.store.now())).await;
    f.attempted(destination, dead.id, Settle::Dead { halts: true }).await;
    f.run_to_end(stories[1].original_run(), vec![]).await;
    f.run_to_end(f.repeat(stories[1]).await.unwrap(), vec![]).await;
    let sleeper = Repeat { id: ahead.next(), event: stories[1], elsewhere: None, version: f.version };
    f.store.run_repeat(f.place.workspace, sleeper).await.unwrap();
    f.days_pass_with_pruning(20).await;
    f.run_to_end(sleeper.id, vec![]).await;
    assert!(f.store.delivery_replay(f.place.workspace, dead.id).await.unwrap());
    f.attempted(destination, dead.id, Settle::Delivered(f.store.now())).await;
    let all = f.counts().await;
    assert_eq!(all, [2, 4, 4, 2, 2, 0, 0, 0]);

    f.days_pass_with_pruning(16).await;
    assert!(!f.names("event").await.contains(&"event_first".to_owned()));
    assert_eq!(f.counts().await, all, "it ended 16 days ago");
    f.days_pass(16);
    f.prune().await;
    assert_eq!(f.counts().await, [0; 8]);
}

#[tokio::test]
async fn a_partition_in_which_much_is_unfinished_is_not_dropped() {
    let Some(f) = fixture().await else { return };
    f.ended().await;
    let number = f.store.now().as_millis() << 21;
    let events = "INSERT INTO event SELECT ?1::bigint + n, gen_random_uuid(), 1, 0, 0, 'x', NULL FROM generate_series(1, 6000) AS n";
    let queued =
        "INSERT INTO run_queue SELECT number, origin, gen_random_uuid() FROM event WHERE sealed = 'x'";
    f.store
        .change(vec![Statement::new(events, values![number]), Statement::new(queued, values![])])
        .await
        .unwrap();
    f.days_pass(38);
    f.prune().await;
    assert!(f.names("event").await.contains(&"event_first".to_owned()));
    assert_eq!(f.counts().await[0], 6001);
    // So what has ended in it goes by itself, some days later.
    f.days_pass(2);
    f.prune().await;
    assert_eq!(f.counts().await[..6], [6000, 0, 0, 0, 0, 6000]);

    f.store.change(vec![Statement::new("DELETE FROM run_queue", values![])]).await.unwrap();
    f.prune().await;
    assert!(!f.names("event").await.contains(&"event_first".to_owned()));
    assert_eq!(f.counts().await, [0; 8]);
}

#[tokio::test]
async fn what_ended_within_a_day_of_its_week_is_kept_as_long() {
    let Some(f) = fixture().await else { return };
    f.a_week_nears_its_end();
    let event = f.queued().await;
    f.clock.skew(12 * 3_600_000);
    f.run_to_end(event.original_run(), vec![]).await;
    f.days_pass(29);
    f.clock.skew(20 * 3_600_000);
    f.prune().await;
    assert!(f.store.event_get(f.place.workspace, event).await.unwrap().is_some(), "it ended not 30 days ago");
    f.days_pass(1);
    f.prune().await;
    assert!(f.store.event_get(f.place.workspace, event).await.unwrap().is_none());
}
