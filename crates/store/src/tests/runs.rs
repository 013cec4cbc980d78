//! Runs: claimed, held, committed, lost, parked.

use std::time::Duration;

use ::flow::run::Status;

use super::fixture::Fixture;
use crate::sql::{Statement, values};
use crate::*;

#[tokio::test]
async fn runs_are_claimed_once_oldest_first() {
    let f = Fixture::new().await;
    let ids = [f.queued().await, f.queued().await, f.queued().await];
    let claimed = f.store.run_claim(f.node, 2, vec![]).await.unwrap();
    assert_eq!(claimed.iter().map(|run| run.event).collect::<Vec<_>>(), ids[..2]);
    let other: NodeId = f.store.ids().next();
    let rest = f.store.run_claim(other, 10, vec![]).await.unwrap();
    assert_eq!(rest.iter().map(|run| run.event).collect::<Vec<_>>(), ids[2..]);
    assert!(f.store.run_claim(other, 10, vec![]).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_worker_that_lost_its_run_cannot_commit() {
    let f = Fixture::new().await;
    let destination = f.destination().await;
    f.queued().await;
    let old = f.store.run_claim(f.node, 1, vec![]).await.unwrap()[0].held;
    // The node falls silent: its lease ends and another takes over.
    let other: NodeId = f.store.ids().next();
    f.store.node_beat(other, &Beat::default()).await.unwrap();
    assert_eq!(f.store.node_takeover(other, false).await.unwrap().runs, 0, "its lease still runs");
    assert_eq!(f.store.node_takeover(other, true).await.unwrap().runs, 1);
    let taken = f.store.run_claim(other, 1, vec![]).await.unwrap()[0];
    assert_eq!((taken.deaths, taken.held.id), (1, old.id));
    // It wakes.
    let mut late = Fixture::commit(old, Then::End(f.ending()));
    late.deliveries.push(f.delivery(destination));
    assert_eq!(f.store.run_commit(&f.store.run_seal(late)).await.unwrap(), Committed::Lost);
    assert!(f.store.run_journal(old.id).await.unwrap().is_empty());
    assert!(f.store.delivery_of_runs(f.place.workspace, vec![old.id]).await.unwrap().is_empty());
    assert_eq!(
        f.store.run_commit(&f.store.run_seal(Fixture::commit(taken.held, Then::Hold))).await.unwrap(),
        Committed::Done
    );
    let end = RunCommit { seq: 1, ..Fixture::commit(taken.held, Then::End(f.ending())) };
    assert_eq!(f.store.run_commit(&f.store.run_seal(end.clone())).await.unwrap(), Committed::Done);
    assert_eq!(
        f.store.run_commit(&f.store.run_seal(RunCommit { seq: 2, ..end })).await.unwrap(),
        Committed::Lost,
        "it has ended"
    );
    assert_eq!(f.store.run_journal(old.id).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_run_that_kills_its_workers_is_parked() {
    let f = Fixture::new().await;
    let id = f.queued().await.original_run();
    for death in 1..=5_u32 {
        let node: NodeId = f.store.ids().next();
        let mut claimed = f.store.run_claim(node, 1, vec![]).await.unwrap();
        assert_eq!(claimed.is_empty(), death > 2, "from the second death on it is tried alone");
        assert_eq!(f.store.run_has_suspect(vec![]).await.unwrap(), death > 2);
        claimed.extend(f.store.run_claim_suspect(node, vec![]).await.unwrap());
        assert_eq!(claimed[0].deaths, death - 1);
        let takeover = f.store.node_takeover(f.node, true).await.unwrap();
        assert_eq!(takeover.parked, if death == 5 { vec![id] } else { vec![] });
    }
    assert!(f.store.run_claim(f.node, 1, vec![]).await.unwrap().is_empty());
    assert!(!f.store.run_has_suspect(vec![]).await.unwrap());
    assert!(f.store.run_claim_suspect(f.node, vec![]).await.unwrap().is_none());
    let run = f.store.run_get(f.place.workspace, id).await.unwrap().unwrap();
    assert_eq!(run.status, Status::Parked);
    assert!(run.error.unwrap().contains("died 5 times"), "it says why");
}

#[tokio::test]
async fn a_run_that_comes_further_is_suspect_no_more() {
    let f = Fixture::new().await;
    let id = f.queued().await.original_run();
    for _ in 0..2 {
        f.store.run_claim(f.store.ids().next(), 1, vec![]).await.unwrap();
        f.store.node_takeover(f.node, true).await.unwrap();
    }
    let suspect = f.store.run_claim_suspect(f.store.ids().next(), vec![]).await.unwrap().unwrap();
    assert_eq!((suspect.held.id, suspect.deaths), (id, 2));
    let further = RunCommit { absolved: true, ..Fixture::commit(suspect.held, Then::Hold) };
    assert_eq!(f.store.run_commit(&f.store.run_seal(further)).await.unwrap(), Committed::Done);
    f.store.node_takeover(f.node, true).await.unwrap();
    assert_eq!(f.store.run_claim(f.node, 1, vec![]).await.unwrap()[0].deaths, 1);
}

#[tokio::test]
async fn a_waiting_run_is_claimed_when_it_is_due() {
    let f = Fixture::new().await;
    f.queued().await;
    let held = f.store.run_claim(f.node, 1, vec![]).await.unwrap()[0].held;
    let due = f.store.now().after(Duration::from_secs(3600));
    let release = |wake_at| Then::Release { status: Status::Waiting, wake_at: Some(wake_at) };
    f.store.run_commit(&f.store.run_seal(Fixture::commit(held, release(due)))).await.unwrap();
    assert_eq!(f.store.run_next_due(vec![]).await.unwrap(), Some(due));
    assert!(f.store.run_claim(f.node, 1, vec![]).await.unwrap().is_empty());
    // Make it due, by hand.
    let sql = "UPDATE run_live SET wake_at = 0 WHERE id = ?1";
    f.store.change(vec![Statement::new(sql, values![held.id])]).await.unwrap();
    let again = f.store.run_claim(f.node, 1, vec![]).await.unwrap()[0].held;
    assert_eq!((again.id, again.fence), (held.id, held.fence + 1));
    assert_eq!(f.store.run_next_due(vec![]).await.unwrap(), None);
}

#[tokio::test]
async fn a_run_can_begin_held_with_what_its_pure_steps_did() {
    let f = Fixture::new().await;
    let destination = f.destination().await;
    let begin = Begin::Held {
        owner: f.node,
        record: Some(b"[0]".to_vec()),
        deliveries: vec![f.delivery(destination)],
    };
    let admission = f.admission(None, begin);
    let id = admission.event.id.original_run();
    f.store.event_admit(admission).await.unwrap();
    assert!(f.store.run_claim(f.node, 1, vec![]).await.unwrap().is_empty(), "it is held already");
    assert!(f.store.run_claim_one(f.node, id).await.unwrap().is_none());
    let held = HeldRun { id, place: f.place, owner: f.node, fence: 1 };
    let end = RunCommit { seq: 1, ..Fixture::commit(held, Then::End(f.ending())) };
    assert_eq!(f.store.run_commit(&f.store.run_seal(end)).await.unwrap(), Committed::Done);
    assert_eq!(f.store.run_journal(id).await.unwrap(), [b"[0]".to_vec(), b"[]".to_vec()]);
    assert_eq!(f.store.delivery_of_runs(f.place.workspace, vec![id]).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_is_found_also_in_the_moment_in_which_it_ends() {
    let f = Fixture::new().await;
    for _ in 0..200 {
        let begin = Begin::Held { owner: f.node, record: Some(b"[]".to_vec()), deliveries: vec![] };
        let admission = f.admission(None, begin);
        let id = admission.event.id.original_run();
        f.store.event_admit(admission).await.unwrap();
        let held = HeldRun { id, place: f.place, owner: f.node, fence: 1 };
        let end = f.store.run_seal(RunCommit { seq: 1, ..Fixture::commit(held, Then::End(f.ending())) });
        let store = f.store.clone();
        let ended = tokio::spawn(async move { store.run_commit(&end).await });
        while !f.store.run_get(f.place.workspace, id).await.unwrap().unwrap().status.is_final() {
            let many = f.store.run_get_many(f.place.workspace, vec![id]).await.unwrap();
            assert_eq!(many.len(), 1);
        }
        assert_eq!(ended.await.unwrap().unwrap(), Committed::Done);
    }
}

#[tokio::test]
async fn one_run_can_be_taken_whatever_it_waits_for() {
    let f = Fixture::new().await;
    let (first, second) = (f.queued().await.original_run(), f.queued().await.original_run());
    let taken = f.store.run_claim_one(f.node, second).await.unwrap().unwrap();
    assert_eq!((taken.held.id, taken.held.fence), (second, 2));
    assert_eq!(f.store.run_claim(f.node, 9, vec![]).await.unwrap()[0].held.id, first);
}
