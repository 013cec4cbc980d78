//! Several nodes on one database, where there can be several.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use parking_lot::Mutex;

use clock::{Clock, Random, Timestamp};

use super::fixture::{Fixture, keys};
use crate::*;

/// What a node hears until something is told that it waits for.
async fn hears(news: &mut tokio::sync::broadcast::Receiver<News>, wanted: impl Fn(&News) -> bool) {
    let heard = async { while !wanted(&news.recv().await.unwrap()) {} };
    tokio::time::timeout(Duration::from_secs(10), heard).await.expect("it is told");
}

#[tokio::test]
async fn nodes_tell_each_other_of_work_and_not_themselves() {
    let f = Fixture::new().await;
    if !f.is_on_postgres() {
        assert!(f.store.news().is_none(), "nobody is there to tell");
        return;
    }
    let other = f.second().await;
    let (mut here, mut there) = (f.store.news().unwrap(), other.news().unwrap());
    let destination = f.destination().await;
    // Each listens when it has said so.
    hears(&mut there, |news| news.anything).await;
    f.queued().await;
    hears(&mut there, |news| news.runs).await;
    let held = f.store.run_claim(f.node, 1, vec![]).await.unwrap()[0].held;
    let mut commit = Fixture::commit(held, Then::End(f.ending()));
    commit.deliveries = vec![f.delivery(destination)];
    f.store.run_commit(&f.store.run_seal(commit)).await.unwrap();
    hears(&mut there, |news| news.destinations == BTreeSet::from([destination])).await;
    while let Ok(heard) = here.try_recv() {
        assert!(heard.anything, "a node's own work: {heard:?}");
    }
}

#[tokio::test]
async fn a_node_that_stops_tells_what_it_did_last() {
    let f = Fixture::new().await;
    if !f.is_on_postgres() {
        return;
    }
    let other = f.second().await;
    let mut there = other.news().unwrap();
    hears(&mut there, |news| news.anything).await;
    f.store.tell(News { runs: true, ..News::default() });
    f.store.close().await;
    hears(&mut there, |news| news.runs).await;
}

/// A bus that keeps what it takes, as long as it takes some.
#[derive(Default)]
struct Kept {
    news: Mutex<Vec<News>>,
    full: bool,
}

impl Bus for Kept {
    fn tell(&self, news: &News) -> bool {
        self.news.lock().push(news.clone());
        !self.full
    }
}

#[tokio::test]
async fn a_bus_carries_work_alone_and_only_what_it_can() {
    let f = Fixture::new().await;
    if !f.is_on_postgres() {
        return;
    }
    let (bus, full) = (Arc::<Kept>::default(), Arc::new(Kept { full: true, ..Kept::default() }));
    let other = f.second().await;
    f.store.tell_by(bus.clone());
    other.tell_by(full.clone());
    let here = f.second().await;
    let mut there = here.news().unwrap();
    hears(&mut there, |news| news.anything).await;
    f.store.tell(News { runs: true, configuration: true, ..News::default() });
    hears(&mut there, |news| *news == News { configuration: true, ..News::default() }).await;
    let work = News { runs: true, ..News::default() };
    assert_eq!(*bus.news.lock(), std::slice::from_ref(&work), "what is told once is told by the database");
    other.tell(work.clone());
    hears(&mut there, |news| *news == work).await;
    assert_eq!(*full.news.lock(), [work]);
    // What a bus brings is heard as well.
    let brought = News { destinations: BTreeSet::from([f.destination().await]), ..News::default() };
    here.hear(brought.clone());
    hears(&mut there, |news| *news == brought).await;
}

#[tokio::test]
async fn no_two_nodes_make_the_same_ids() {
    let f = Fixture::new().await;
    if !f.is_on_postgres() {
        return;
    }
    let other = f.second().await;
    let numbers =
        |store: &Store| (0..1_000).map(|_| store.ids().next::<EventId>().number()).collect::<BTreeSet<i64>>();
    let (here, there) = (numbers(&f.store), numbers(&other));
    assert!(here.is_disjoint(&there));
    let maker =
        |numbers: &BTreeSet<i64>| numbers.iter().map(|number| number & 511).collect::<BTreeSet<i64>>();
    assert_eq!((maker(&here).len(), maker(&there).len()), (1, 1));
    assert!(!maker(&here).contains(&0), "nobody is alone here");
    assert!(maker(&here).is_disjoint(&maker(&there)));
}

#[tokio::test]
async fn a_run_that_another_node_has_locked_is_still_to_be_looked_for() {
    let f = Fixture::new().await;
    let Some(url) = f.postgres() else { return };
    assert_eq!(f.store.run_next_due(vec![]).await.unwrap(), None);
    let original = f.queued().await;
    let repeat = f.repeat(original).await.unwrap();
    assert_eq!(f.store.run_next_due(vec![f.version]).await.unwrap(), None, "nobody here can run it");
    let (mut client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let waiting = [original.original_run(), repeat];
    // Another node is taking all that is left, and dies over it; so each is the last one once.
    for next in waiting {
        let taking = client.transaction().await.unwrap();
        taking
            .batch_execute("SELECT FROM run_queue FOR UPDATE; SELECT FROM run_live FOR UPDATE")
            .await
            .unwrap();
        assert!(f.store.run_claim(f.node, 9, vec![]).await.unwrap().is_empty());
        assert_eq!(f.store.run_next_due(vec![]).await.unwrap(), Some(Timestamp::from_millis(0)));
        taking.rollback().await.unwrap();
        assert_eq!(f.store.run_claim(f.node, 1, vec![]).await.unwrap()[0].held.id, next);
    }
    assert_eq!(f.store.run_next_due(vec![]).await.unwrap(), None);
}

#[tokio::test]
async fn two_nodes_share_what_is_queued_and_claim_nothing_twice() {
    let f = Fixture::new().await;
    if !f.is_on_postgres() {
        return;
    }
    let other = f.second().await;
    let node: NodeId = other.ids().next();
    other.node_beat(node, &Beat::default()).await.unwrap();
    let mut queued = BTreeSet::new();
    for _ in 0..40 {
        queued.insert(f.queued().await.original_run());
    }
    let claim = async |store: &Store, node| {
        let mut claimed = Vec::new();
        loop {
            let some = store.run_claim(node, 3, vec![]).await.unwrap();
            if some.is_empty() {
                return claimed;
            }
            claimed.extend(some.iter().map(|run| run.held.id));
        }
    };
    let (here, there) = tokio::join!(claim(&f.store, f.node), claim(&other, node));
    assert_eq!(here.len() + there.len(), 40);
    assert_eq!(here.into_iter().chain(there).collect::<BTreeSet<_>>(), queued);
}

#[tokio::test]
async fn a_dedupe_key_is_claimed_once_whatever_node_it_comes_to() {
    let f = Fixture::new().await;
    if !f.is_on_postgres() {
        return;
    }
    let other = f.second().await;
    for key in 0..20 {
        let [mut one, mut two] =
            [f.admission(Some(key), Begin::Queued), f.admission(Some(key), Begin::Queued)];
        (one.event.id, two.event.id) = (f.store.ids().next(), other.ids().next());
        let (first, second) = (one.event.id, two.event.id);
        let both = tokio::join!(f.store.event_admit(one), other.event_admit(two));
        match (both.0.unwrap(), both.1.unwrap()) {
            (Admitted::New, Admitted::Duplicate(holder)) => assert_eq!(holder, first),
            (Admitted::Duplicate(holder), Admitted::New) => assert_eq!(holder, second),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_node_is_listed_with_what_it_said_and_for_a_day_after_it_was_lost() {
    let f = Fixture::new().await;
    let node: NodeId = f.store.ids().next();
    let said = Beat {
        name: "there".into(),
        version: "2".into(),
        roles: vec!["worker".into()],
        address: Some("10.0.0.2:7070".into()),
        runs: 3,
    };
    f.store.node_beat(node, &said).await.unwrap();
    f.store.node_beat(node, &Beat { runs: 4, ..said.clone() }).await.unwrap();
    let listed = f.store.node_list().await.unwrap();
    let there = listed.iter().find(|listed| listed.id == node).unwrap();
    assert_eq!(there.said, Beat { runs: 4, ..said });
    let ends = f.store.node_next_lease_end(f.node).await.unwrap().unwrap();
    assert!(ends > f.store.now() && ends <= f.store.now().after(f.store.node_lease()));
    assert!(there.is_alive && !there.is_scheduler && there.started_at <= there.beat_at);
    // Alone, what there was before is no node.
    f.store.node_takeover(f.node, true).await.unwrap();
    let left: Vec<NodeId> = f.store.node_list().await.unwrap().iter().map(|listed| listed.id).collect();
    assert_eq!(left, [f.node]);
}

#[tokio::test]
async fn one_node_at_a_time_is_the_scheduler() {
    let f = Fixture::new().await;
    let other: NodeId = f.store.ids().next();
    f.store.node_beat(other, &Beat::default()).await.unwrap();
    assert!(f.store.scheduler_own(f.node).await.unwrap());
    assert!(!f.store.scheduler_own(other).await.unwrap());
    assert!(f.store.scheduler_own(f.node).await.unwrap(), "it goes on");
    let listed = f.store.node_list().await.unwrap();
    let schedulers: Vec<NodeId> =
        listed.iter().filter(|listed| listed.is_scheduler).map(|listed| listed.id).collect();
    assert_eq!(schedulers, [f.node]);
    f.store.node_leave(f.node).await.unwrap();
    assert!(f.store.scheduler_own(other).await.unwrap(), "at once, when it is given back");
    // A node whose lease has ended is no scheduler: there is no such node any more.
    f.store.node_takeover(f.node, true).await.unwrap();
    assert!(f.store.scheduler_own(f.node).await.unwrap());
}

#[tokio::test]
async fn nodes_count_by_the_databases_time_whatever_their_clocks_show() {
    let f = Fixture::new().await;
    if !f.is_on_postgres() {
        return;
    }
    let hour = Duration::from_secs(3_600);
    let clock = Clock::system();
    clock.follow(clock.now().after(hour));
    let ahead = Store::open(f.options(), keys(), clock.clone(), Random::system()).await.unwrap();
    let off = |store: &Store| store.now().until(f.store.now()).max(f.store.now().until(store.now()));
    assert!(off(&ahead) < Duration::from_secs(60), "{:?}", off(&ahead));
    // However its clock comes to be off, its lease and its view of others' are right after its next beat.
    clock.follow(clock.now().after(hour));
    let node: NodeId = ahead.ids().next();
    ahead.node_beat(node, &Beat::default()).await.unwrap();
    assert!(off(&ahead) < Duration::from_secs(60), "{:?}", off(&ahead));
    f.queued().await;
    assert_eq!(f.store.run_claim(f.node, 1, vec![]).await.unwrap().len(), 1);
    assert_eq!(ahead.node_takeover(node, false).await.unwrap().runs, 0, "the other's lease runs");
}
