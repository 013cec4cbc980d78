//! The connection to the database is lost, at moments that matter.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use super::{
    fixture::{Fixture, first},
    proxy::{Line, Lost, Proxy},
};
use crate::*;

/// Waits until a condition holds.
async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let waited = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(tokio::time::timeout(Duration::from_secs(20), waited).await.is_ok(), "{what}");
}

/// A node whose line can break, and what looks at the database beside it. Nothing where there is no line.
async fn broken() -> Option<(Fixture, Store, Proxy)> {
    let f = Fixture::new().await;
    let (store, proxy) = f.second_by_a_line().await?;
    Some((f, store, proxy))
}

async fn events(f: &Fixture) -> BTreeSet<EventId> {
    let list = f.store.event_list(f.place, EventFilter::default(), first()).await.unwrap();
    list.items.iter().map(|event| event.id).collect()
}

#[tokio::test]
async fn what_was_committed_counts_though_its_answer_is_lost() {
    let Some((f, store, proxy)) = broken().await else { return };
    let mut taken = BTreeSet::new();
    for _ in 0..3 {
        let admission = f.admission(None, Begin::Queued);
        taken.insert(admission.event.id);
        proxy.lose(Lost::Answer);
        assert_eq!(store.event_admit(admission).await.unwrap(), Admitted::New);
        assert!(proxy.has_lost());
    }
    assert_eq!(events(&f).await, taken);
    // Nobody else would ever do what was claimed and is not known to be.
    proxy.lose(Lost::Answer);
    let claimed = store.run_claim(f.node, 2, vec![]).await.unwrap();
    assert_eq!(claimed.len(), 2);
    proxy.lose(Lost::Answer);
    let commit = store.run_seal(Fixture::commit(claimed[0].held, Then::End(f.ending())));
    assert_eq!(store.run_commit(&commit).await.unwrap(), Committed::Done);
    assert_eq!(f.store.run_commit(&commit).await.unwrap(), Committed::Lost, "it has ended");
    proxy.lose(Lost::Answer);
    store.flow_draft(f.place.workspace, "other", "draft").await.unwrap();
    assert!(proxy.has_lost());
}

#[tokio::test]
async fn what_was_not_committed_does_not_count_and_may_be_written_again() {
    let Some((f, store, proxy)) = broken().await else { return };
    let admission = f.admission(Some(1), Begin::Queued);
    proxy.lose(Lost::Commit);
    let refused = store.event_admit(admission.clone()).await;
    assert!(matches!(refused, Err(Error::Unavailable { .. })), "{refused:?}");
    assert!(proxy.has_lost() && events(&f).await.is_empty());
    assert_eq!(store.event_admit(admission).await.unwrap(), Admitted::New);

    proxy.lose(Lost::Commit);
    let refused = store.prune_expired(1).await;
    assert!(matches!(refused, Err(Error::Unavailable { .. })), "{refused:?}");
    store.prune_expired(1).await.unwrap();
}

#[tokio::test]
async fn a_commit_that_is_under_way_is_waited_for_and_holds_nobody_up() {
    let Some((f, store, proxy)) = broken().await else { return };
    // A row that the transaction does not touch is to be written meanwhile.
    store.event_admit(f.admission(None, Begin::Queued)).await.unwrap();
    let admission = f.admission(Some(1), Begin::Queued);
    let late = admission.event.id;
    proxy.lose(Lost::Time);
    let admitting = tokio::spawn({
        let store = store.clone();
        async move { store.event_admit(admission).await }
    });
    until("the commit is under way", async || proxy.has_lost()).await;
    let other = f.admission(Some(2), Begin::Queued);
    assert_eq!(store.event_admit(other).await.unwrap(), Admitted::New);
    assert!(!admitting.is_finished(), "nobody knows yet");
    proxy.release();
    assert_eq!(admitting.await.unwrap().unwrap(), Admitted::New);
    assert!(events(&f).await.contains(&late));
}

#[tokio::test]
async fn a_store_that_closes_waits_for_a_commit_that_is_under_way() {
    let Some((f, store, proxy)) = broken().await else { return };
    // A row that the transaction does not touch is to be written meanwhile.
    store.event_admit(f.admission(None, Begin::Queued)).await.unwrap();
    let admission = f.admission(None, Begin::Queued);
    proxy.lose(Lost::Time);
    let admitting = tokio::spawn({
        let store = store.clone();
        async move { store.event_admit(admission).await }
    });
    until("the commit is under way", async || proxy.has_lost()).await;
    let closing = tokio::spawn({
        let store = store.clone();
        async move { store.close().await }
    });
    until("it takes nothing more", async || {
        store.event_admit(f.admission(None, Begin::Queued)).await.is_err()
    })
    .await;
    proxy.release();
    assert_eq!(admitting.await.unwrap().unwrap(), Admitted::New);
    closing.await.unwrap();
}

#[tokio::test]
async fn a_node_writes_again_when_its_line_is_back_and_tells_everybody_meanwhile() {
    let Some((f, store, proxy)) = broken().await else { return };
    let f = Arc::new(f);
    proxy.turn(Line::Cut);
    let connections = proxy.connections();
    let waiting: Vec<_> = (0..100)
        .map(|_| {
            let (admission, store) = (f.admission(None, Begin::Queued), store.clone());
            tokio::spawn(async move { store.event_admit(admission).await })
        })
        .collect();
    for told in waiting {
        let told = told.await.unwrap();
        assert!(matches!(told, Err(Error::Unavailable { .. })), "{told:?}");
    }
    assert!(
        proxy.connections() - connections < 50,
        "what shares a transaction is not connected for one by one"
    );
    let read = store.run_next_due(vec![]).await;
    assert!(matches!(read, Err(Error::Unavailable { .. })), "{read:?}");
    proxy.turn(Line::Open);
    assert_eq!(store.event_admit(f.admission(None, Begin::Queued)).await.unwrap(), Admitted::New);
    store.run_next_due(vec![]).await.unwrap();
    assert_eq!(events(&f).await.len(), 1);
    proxy.turn(Line::Slow(Duration::from_millis(20)));
    assert_eq!(store.event_admit(f.admission(None, Begin::Queued)).await.unwrap(), Admitted::New);
}

#[tokio::test]
async fn a_line_that_falls_silent_is_given_up() {
    let Some((f, store, proxy)) = broken().await else { return };
    proxy.turn(Line::Silent);
    // Nothing else is under way, so the time that is waited passes at once.
    tokio::time::pause();
    let refused = store.event_admit(f.admission(None, Begin::Queued)).await;
    assert!(matches!(refused, Err(Error::Unavailable { .. })), "{refused:?}");
    let refused = store.prune_expired(1).await;
    assert!(matches!(refused, Err(Error::Unavailable { .. })), "{refused:?}");
    tokio::time::resume();
    proxy.turn(Line::Open);
    assert_eq!(store.event_admit(f.admission(None, Begin::Queued)).await.unwrap(), Admitted::New);
    store.prune_expired(1).await.unwrap();
}

#[tokio::test]
async fn a_node_that_lost_its_line_keeps_its_number_and_nobody_new_gets_it() {
    let Some((f, store, proxy)) = broken().await else { return };
    let maker = |store: &Store| store.ids().next::<EventId>().number() & 511;
    let before = maker(&store);
    proxy.turn(Line::Cut);
    for _ in 0..3 {
        let new = f.second().await;
        assert_ne!(maker(&new), before);
        new.close().await;
    }
    proxy.turn(Line::Open);
    until("it keeps a number again", async || {
        let sql = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2
                   AND classid = ('x' || left(md5('maker ' || current_schema()), 8))::bit(32)::bigint::oid";
        // The new nodes have closed their stores.
        f.store.row(sql, vec![], |row| row.get::<i64>(0)).await.unwrap() == Some(2)
    })
    .await;
    assert_eq!(maker(&store), before);
}

#[tokio::test]
async fn a_read_that_breaks_off_leaves_nothing_to_the_next() {
    let Some((f, store, _proxy)) = broken().await else { return };
    let count = "SELECT count(*) FROM event";
    let broken = store.read::<(), _>(move |c| {
        c.row(count, [], |row| row.get::<i64>(0))?;
        panic!("as a mistake would");
    });
    assert!(broken.await.is_err());
    f.queued().await;
    let counted = store.read(move |c| c.row(count, [], |row| row.get::<i64>(0)));
    assert_eq!(counted.await.unwrap(), Some(1));
}
