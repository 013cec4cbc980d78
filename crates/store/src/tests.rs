//! What every database behind the store must do.

use std::{sync::Arc, time::Duration};

use ::flow::run::Status;
use clock::{Clock, Random};
use tempfile::TempDir;
use vault::{Key, KeyRing};

use super::*;
use crate::sql::{Statement, values};

struct Fixture {
    store: Store,
    place: Place,
    flow: FlowId,
    version: VersionId,
    node: NodeId,
    directory: TempDir,
}

fn options(directory: &TempDir) -> Options {
    Options { directory: directory.path().to_owned(), max_bytes: None, readers: 2 }
}

fn open(options: &Options) -> Store {
    let random = Random::seeded(1);
    let keys = KeyRing::new(Key::generate(&random), vec![], random.clone());
    Store::open(options, keys, Clock::system(), Random::system()).unwrap()
}

impl Fixture {
    async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = open(&options(&directory));
        let workspace = store.workspace_ensure("Acme").await.unwrap();
        let environment = store.environment_list(workspace).await.unwrap()[1].id;
        let place = Place { workspace, environment };
        let flow = store.flow_draft(workspace, "assistant", "draft").await.unwrap();
        let new = NewVersion {
            flow,
            definition: "text".into(),
            kinds: serde_json::Map::new(),
            note: String::new(),
            by: "ann".into(),
        };
        let version = store.version_publish(workspace, new).await.unwrap().id;
        let node = store.ids().next();
        store.node_beat(node, "here", "1").await.unwrap();
        Self { store, place, flow, version, node, directory }
    }

    /// Closes the store and opens it again, as after a restart.
    async fn reopen(&mut self) {
        self.store.close().await;
        let elsewhere = tempfile::tempdir().unwrap();
        self.store = open(&options(&elsewhere));
        self.store = open(&options(&self.directory));
    }

    fn admission(&self, key: Option<u8>, begin: Begin) -> Admission {
        let id: EventId = self.store.ids().next();
        let now = self.store.now();
        Admission {
            event: NewEvent {
                id,
                place: self.place,
                flow: self.flow,
                source: Some(SourceId::from_bytes([7; 16])),
                kind: "webhook",
                received_at: now,
                status: EventStatus::Accepted,
                content: br#"{"query":"E3?"}"#.as_slice().into(),
            },
            dedupe: key
                .map(|key| DedupeClaim { key: [key; 16], expires_at: now.after(Duration::from_secs(3600)) }),
            run: Some(NewRun {
                id: id.original_run(),
                version: self.version,
                cause: Cause::Original,
                repeats: None,
                begin,
            }),
        }
    }

    async fn queued(&self) -> EventId {
        let admission = self.admission(None, Begin::Queued);
        let id = admission.event.id;
        assert_eq!(self.store.event_admit(admission).await.unwrap(), Admitted::New);
        id
    }

    fn delivery(&self, destination: DestinationId) -> NewDelivery {
        NewDelivery {
            id: self.store.ids().next(),
            destination,
            step: "ticket".into(),
            message: br#"{"title":"Leak"}"#.to_vec(),
            due_at: self.store.now(),
        }
    }

    fn commit(held: HeldRun, then: Then) -> RunCommit {
        RunCommit { held, seq: 0, record: Some(b"[]".to_vec()), deliveries: vec![], absolved: false, then }
    }

    fn ending(&self) -> Ending {
        Ending { status: Status::Succeeded, error: None, at: self.store.now() }
    }

    async fn destination(&self) -> DestinationId {
        let id = self.store.ids().next();
        let destination = Destination {
            id,
            place: self.place,
            name: "tickets".into(),
            config: "{}".into(),
            secrets: b"{}".to_vec(),
            disabled_reason: None,
            updated_at: self.store.now(),
        };
        self.store.destination_put(&destination).await.unwrap();
        id
    }

    fn attempt(&self, due: &DueDelivery, then: Settle) -> AttemptCommit {
        AttemptCommit {
            delivery: due.id,
            place: self.place,
            destination: due.destination,
            owner: self.node,
            number: due.attempts + 1,
            at: self.store.now(),
            outcome: "retry".into(),
            record: b"{}".to_vec(),
            then,
            disable: None,
        }
    }
}

const ALL: usize = 50;

fn first<Id>() -> PageRequest<Id> {
    PageRequest { limit: ALL, before: None }
}

#[tokio::test]
async fn an_event_survives_a_restart_with_its_run_and_is_sealed_on_disk() {
    let mut f = Fixture::new().await;
    let id = f.queued().await;
    f.reopen().await;
    assert_eq!(f.store.event_content(f.place, id).await.unwrap().unwrap(), br#"{"query":"E3?"}"#);
    let run = f.store.run_get(f.place.workspace, id.original_run()).await.unwrap().unwrap();
    assert_eq!((run.status, run.event, run.version), (Status::Queued, id, f.version));
    f.store.close().await;
    for entry in std::fs::read_dir(f.directory.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        assert!(!bytes.windows(3).any(|window| window == b"E3?"), "a payload lies open on the disk");
    }
}

#[tokio::test]
async fn two_servers_cannot_open_one_folder() {
    let f = Fixture::new().await;
    let random = Random::system();
    let keys = KeyRing::new(Key::generate(&random), vec![], random.clone());
    let second = Store::open(&options(&f.directory), keys, Clock::system(), random);
    assert!(second.err().unwrap().to_string().contains("another server has it open"));
}

#[tokio::test]
async fn concurrent_duplicates_give_one_event() {
    let f = Arc::new(Fixture::new().await);
    let tasks = (0..100).map(|_| {
        let f = Arc::clone(&f);
        tokio::spawn(async move {
            let admission = f.admission(Some(1), Begin::Queued);
            let id = admission.event.id;
            match f.store.event_admit(admission).await.unwrap() {
                Admitted::New => (true, id),
                Admitted::Duplicate(first) => (false, first),
            }
        })
    });
    let mut outcomes = Vec::new();
    for task in tasks.collect::<Vec<_>>() {
        outcomes.push(task.await.unwrap());
    }
    let new: Vec<EventId> = outcomes.iter().filter(|(new, _)| *new).map(|(_, id)| *id).collect();
    assert_eq!(new.len(), 1);
    assert!(outcomes.iter().all(|(_, id)| *id == new[0]), "every duplicate names the first");
    let list = f.store.event_list(f.place, EventFilter::default(), first()).await.unwrap();
    assert_eq!(list.items.len(), 1);
}

#[tokio::test]
async fn a_dedupe_key_may_be_used_again_when_its_window_is_over() {
    let f = Fixture::new().await;
    let mut old = f.admission(Some(2), Begin::Queued);
    old.dedupe.as_mut().unwrap().expires_at = old.event.received_at;
    assert_eq!(f.store.event_admit(old).await.unwrap(), Admitted::New);
    let again = f.admission(Some(2), Begin::Queued);
    let (again_id, clone) = (again.event.id, f.admission(Some(2), Begin::Queued));
    assert_eq!(f.store.event_admit(again).await.unwrap(), Admitted::New);
    assert_eq!(f.store.event_admit(clone).await.unwrap(), Admitted::Duplicate(again_id));
    assert_eq!(f.store.prune_claims().await.unwrap(), 0, "a living claim stays");
}

#[tokio::test]
async fn a_finished_run_is_stored_with_its_event_at_once() {
    let f = Fixture::new().await;
    let destination = f.destination().await;
    let begin = Begin::Finished {
        ending: f.ending(),
        record: b"[1]".to_vec(),
        deliveries: vec![f.delivery(destination)],
    };
    let admission = f.admission(None, begin);
    let id = admission.event.id.original_run();
    let before = f.store.writes().transactions;
    f.store.event_admit(admission).await.unwrap();
    assert_eq!(f.store.writes().transactions, before + 1, "one commit for all of it");
    let run = f.store.run_get(f.place.workspace, id).await.unwrap().unwrap();
    assert_eq!(run.status, Status::Succeeded);
    assert_eq!(f.store.run_journal(f.place, id).await.unwrap(), [b"[1]"]);
    assert_eq!(f.store.delivery_of_runs(f.place.workspace, vec![id]).await.unwrap().len(), 1);
}

#[tokio::test]
async fn runs_are_claimed_once_oldest_first() {
    let f = Fixture::new().await;
    let ids = [f.queued().await, f.queued().await, f.queued().await];
    let claimed = f.store.run_claim(f.node, 2).await.unwrap();
    assert_eq!(claimed.iter().map(|run| run.event).collect::<Vec<_>>(), ids[..2]);
    let other: NodeId = f.store.ids().next();
    let rest = f.store.run_claim(other, 10).await.unwrap();
    assert_eq!(rest.iter().map(|run| run.event).collect::<Vec<_>>(), ids[2..]);
    assert!(f.store.run_claim(other, 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_worker_that_lost_its_run_cannot_commit() {
    let f = Fixture::new().await;
    let destination = f.destination().await;
    f.queued().await;
    let old = f.store.run_claim(f.node, 1).await.unwrap()[0].held;
    // The node falls silent: its lease ends and another takes over.
    let other: NodeId = f.store.ids().next();
    f.store.node_beat(other, "there", "1").await.unwrap();
    assert_eq!(f.store.node_takeover(other, false).await.unwrap().runs, 0, "its lease still runs");
    assert_eq!(f.store.node_takeover(other, true).await.unwrap().runs, 1);
    let taken = f.store.run_claim(other, 1).await.unwrap()[0];
    assert_eq!((taken.deaths, taken.held.id), (1, old.id));
    // It wakes.
    let mut late = Fixture::commit(old, Then::End(f.ending()));
    late.deliveries.push(f.delivery(destination));
    assert_eq!(f.store.run_commit(&f.store.run_seal(late)).await.unwrap(), Committed::Lost);
    assert!(f.store.run_journal(f.place, old.id).await.unwrap().is_empty());
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
    assert_eq!(f.store.run_journal(f.place, old.id).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_run_that_kills_its_workers_is_parked() {
    let f = Fixture::new().await;
    let id = f.queued().await.original_run();
    for death in 1..=5_u32 {
        let node: NodeId = f.store.ids().next();
        let mut claimed = f.store.run_claim(node, 1).await.unwrap();
        assert_eq!(claimed.is_empty(), death > 2, "from the second death on it is tried alone");
        assert_eq!(f.store.run_has_suspect().await.unwrap(), death > 2);
        claimed.extend(f.store.run_claim_suspect(node).await.unwrap());
        assert_eq!(claimed[0].deaths, death - 1);
        let takeover = f.store.node_takeover(f.node, true).await.unwrap();
        assert_eq!(takeover.parked, if death == 5 { vec![id] } else { vec![] });
    }
    assert!(f.store.run_claim(f.node, 1).await.unwrap().is_empty());
    assert!(!f.store.run_has_suspect().await.unwrap());
    assert!(f.store.run_claim_suspect(f.node).await.unwrap().is_none());
    let run = f.store.run_get(f.place.workspace, id).await.unwrap().unwrap();
    assert_eq!(run.status, Status::Parked);
    assert!(run.error.unwrap().contains("died 5 times"), "it says why");
}

#[tokio::test]
async fn a_run_that_comes_further_is_suspect_no_more() {
    let f = Fixture::new().await;
    let id = f.queued().await.original_run();
    for _ in 0..2 {
        f.store.run_claim(f.store.ids().next(), 1).await.unwrap();
        f.store.node_takeover(f.node, true).await.unwrap();
    }
    let suspect = f.store.run_claim_suspect(f.store.ids().next()).await.unwrap().unwrap();
    assert_eq!((suspect.held.id, suspect.deaths), (id, 2));
    let further = RunCommit { absolved: true, ..Fixture::commit(suspect.held, Then::Hold) };
    assert_eq!(f.store.run_commit(&f.store.run_seal(further)).await.unwrap(), Committed::Done);
    f.store.node_takeover(f.node, true).await.unwrap();
    assert_eq!(f.store.run_claim(f.node, 1).await.unwrap()[0].deaths, 1);
}

#[tokio::test]
async fn a_waiting_run_is_claimed_when_it_is_due() {
    let f = Fixture::new().await;
    f.queued().await;
    let held = f.store.run_claim(f.node, 1).await.unwrap()[0].held;
    let due = f.store.now().after(Duration::from_secs(3600));
    let release = |wake_at| Then::Release { status: Status::Waiting, wake_at: Some(wake_at) };
    f.store.run_commit(&f.store.run_seal(Fixture::commit(held, release(due)))).await.unwrap();
    assert_eq!(f.store.run_next_due().await.unwrap(), Some(due));
    assert!(f.store.run_claim(f.node, 1).await.unwrap().is_empty());
    // Make it due, by hand.
    let sql = "UPDATE run_live SET wake_at = 0 WHERE id = ?1";
    f.store.change(vec![Statement::new(sql, values![held.id])]).await.unwrap();
    let again = f.store.run_claim(f.node, 1).await.unwrap()[0].held;
    assert_eq!((again.id, again.fence), (held.id, held.fence + 1));
    assert_eq!(f.store.run_next_due().await.unwrap(), None);
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
    assert!(f.store.run_claim(f.node, 1).await.unwrap().is_empty(), "it is held already");
    assert!(f.store.run_claim_one(f.node, id).await.unwrap().is_none());
    let held = HeldRun { id, place: f.place, owner: f.node, fence: 1 };
    let end = RunCommit { seq: 1, ..Fixture::commit(held, Then::End(f.ending())) };
    assert_eq!(f.store.run_commit(&f.store.run_seal(end)).await.unwrap(), Committed::Done);
    assert_eq!(f.store.run_journal(f.place, id).await.unwrap(), [b"[0]".to_vec(), b"[]".to_vec()]);
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
    assert_eq!(f.store.run_claim(f.node, 9).await.unwrap()[0].held.id, first);
}

#[tokio::test]
async fn a_delivery_is_tried_until_it_arrives_under_one_id() {
    let f = Fixture::new().await;
    let destination = f.destination().await;
    f.queued().await;
    let held = f.store.run_claim(f.node, 1).await.unwrap()[0].held;
    let mut commit = Fixture::commit(held, Then::Hold);
    commit.deliveries = vec![f.delivery(destination), f.delivery(destination)];
    f.store.run_commit(&f.store.run_seal(commit)).await.unwrap();
    assert!(f.store.destination_own(f.place.workspace, destination, f.node).await.unwrap());
    let later = f.store.now().after(Duration::from_secs(60));
    let due = f.store.delivery_due(destination, later, ALL).await.unwrap();
    assert_eq!((due.len(), &due[0].message[..]), (2, &br#"{"title":"Leak"}"#[..]));
    assert_eq!(f.store.delivery_next_due().await.unwrap()[0].0, destination);

    let retry = f.attempt(&due[0], Settle::Retry(later));
    assert!(f.store.delivery_attempted(retry.clone()).await.unwrap());
    assert!(!f.store.delivery_attempted(retry).await.unwrap(), "an attempt counts once");
    let second = DueDelivery { attempts: 1, ..due[0].clone() };
    let now = f.store.now();
    assert!(f.store.delivery_attempted(f.attempt(&second, Settle::Delivered(now))).await.unwrap());
    assert!(f.store.delivery_attempted(f.attempt(&due[1], Settle::Dead)).await.unwrap());
    assert!(f.store.delivery_due(destination, later, ALL).await.unwrap().is_empty());
    assert!(f.store.delivery_next_due().await.unwrap().is_empty());

    let views = f.store.delivery_of_runs(f.place.workspace, vec![held.id]).await.unwrap();
    let states: Vec<_> = views.iter().map(|view| (view.state, view.attempts)).collect();
    assert_eq!(states, [(DeliveryState::Delivered, 2), (DeliveryState::Dead, 1)]);
    let of_dead = f.store.delivery_attempts(f.place.workspace, vec![due[1].id]).await.unwrap();
    assert_eq!(views[0].finished_at, Some(now));
    assert_eq!(views[1].finished_at, Some(of_dead[0].1.at), "when it was tried last");
    let attempts = f.store.delivery_attempts(f.place.workspace, vec![due[0].id]).await.unwrap();
    assert_eq!(attempts.iter().map(|(_, attempt)| attempt.number).collect::<Vec<_>>(), [1, 2]);
    let last = f.store.delivery_last_attempt(f.place.workspace, due[0].id).await.unwrap().unwrap();
    assert_eq!((last.number, &last.record[..]), (2, &b"{}"[..]));
    let dead = f.store.delivery_list(f.place, true, first()).await.unwrap().items;
    assert_eq!(dead.len(), 1);
    assert!(f.store.delivery_replay(f.place.workspace, dead[0].id).await.unwrap());
    let again = f.store.delivery_get(f.place.workspace, dead[0].id).await.unwrap().unwrap();
    assert_eq!((again.state, again.finished_at), (DeliveryState::Pending, None));
    assert!(!f.store.delivery_replay(f.place.workspace, dead[0].id).await.unwrap());
    assert_eq!(f.store.delivery_due(destination, later, ALL).await.unwrap()[0].id, dead[0].id);
}

#[tokio::test]
async fn a_change_does_not_switch_on_what_was_switched_off_meanwhile() {
    let f = Fixture::new().await;
    let id = f.destination().await;
    f.queued().await;
    let held = f.store.run_claim(f.node, 1).await.unwrap()[0].held;
    let mut commit = Fixture::commit(held, Then::Hold);
    commit.deliveries = vec![f.delivery(id)];
    f.store.run_commit(&f.store.run_seal(commit)).await.unwrap();
    assert!(f.store.destination_own(f.place.workspace, id, f.node).await.unwrap());
    let stored = async || f.store.destination_get(id).await.unwrap().unwrap();
    let before = stored().await;
    let due = f.store.delivery_due(id, f.store.now(), ALL).await.unwrap();
    let gone = AttemptCommit { disable: Some("410"), ..f.attempt(&due[0], Settle::Dead) };
    assert!(f.store.delivery_attempted(gone).await.unwrap());

    let changed = Destination { config: "{\"changed\":true}".into(), secrets: b"new".to_vec(), ..before };
    f.store.destination_put(&changed).await.unwrap();
    let now = stored().await;
    assert_eq!((&now.config, &now.secrets), (&changed.config, &changed.secrets));
    assert_eq!(now.disabled_reason.as_deref(), Some("410"));
    let elsewhere = f.store.ids().next();
    assert!(!f.store.destination_enable(elsewhere, id).await.unwrap(), "it is another workspace's");
    assert!(f.store.destination_enable(f.place.workspace, id).await.unwrap());
    assert_eq!(stored().await.disabled_reason, None);
}

#[tokio::test]
async fn a_backlog_is_read_in_portions_without_what_is_held() {
    let f = Fixture::new().await;
    let destination = f.destination().await;
    f.queued().await;
    let held = f.store.run_claim(f.node, 1).await.unwrap()[0].held;
    let mut commit = Fixture::commit(held, Then::Hold);
    commit.deliveries = (0..4).map(|_| f.delivery(destination)).collect();
    let now = f.store.now();
    let later = now.after(Duration::from_secs(60));
    commit.deliveries.push(NewDelivery { due_at: later, ..f.delivery(destination) });
    let ids: Vec<DeliveryId> = commit.deliveries.iter().map(|delivery| delivery.id).collect();
    f.store.run_commit(&f.store.run_seal(commit)).await.unwrap();
    let read = async |except: &[DeliveryId], rows, bytes| {
        let wanted = BacklogRequest { except: except.iter().copied().collect(), rows, bytes };
        let backlog = f.store.delivery_backlog(destination, now, wanted).await.unwrap();
        let due: Vec<DeliveryId> = backlog.due.iter().map(|due| due.id).collect();
        (due, backlog.more, backlog.next)
    };
    assert_eq!(read(&[], 2, 1_000_000).await, (ids[..2].to_vec(), true, None));
    assert_eq!(read(&[], 9, 1).await, (ids[..1].to_vec(), true, None), "one comes whatever its size");
    assert_eq!(read(&ids[..2], 9, 1_000_000).await, (ids[2..4].to_vec(), false, Some(later)));
    assert_eq!(read(&ids[..4], 9, 1_000_000).await, (vec![], false, Some(later)));

    let damage = "UPDATE delivery_live SET sealed = x'00' WHERE id = ?1";
    f.store.change(vec![Statement::new(damage, values![ids[0]])]).await.unwrap();
    let due = f.store.delivery_due(destination, now, ALL).await.unwrap();
    let empty: Vec<bool> = due.iter().map(|due| due.message.is_empty()).collect();
    assert_eq!(empty, [true, false, false, false], "what is damaged stands in nobody's way");
}

#[tokio::test]
async fn only_the_owner_of_a_destination_settles_its_deliveries() {
    let f = Fixture::new().await;
    let destination = f.destination().await;
    f.queued().await;
    let held = f.store.run_claim(f.node, 1).await.unwrap()[0].held;
    let mut commit = Fixture::commit(held, Then::Hold);
    commit.deliveries = vec![f.delivery(destination)];
    f.store.run_commit(&f.store.run_seal(commit)).await.unwrap();
    let other: NodeId = f.store.ids().next();
    f.store.node_beat(other, "there", "1").await.unwrap();
    assert!(f.store.destination_own(f.place.workspace, destination, other).await.unwrap());
    assert!(!f.store.destination_own(f.place.workspace, destination, f.node).await.unwrap());
    let due = f.store.delivery_due(destination, f.store.now(), ALL).await.unwrap();
    assert!(!f.store.delivery_attempted(f.attempt(&due[0], Settle::Dead)).await.unwrap());
    f.store.node_leave(other).await.unwrap();
    assert!(f.store.destination_own(f.place.workspace, destination, f.node).await.unwrap());
    assert!(f.store.delivery_attempted(f.attempt(&due[0], Settle::Dead)).await.unwrap());
}

#[tokio::test]
async fn lists_go_back_page_by_page() {
    let f = Fixture::new().await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(f.queued().await);
    }
    f.store.run_claim(f.node, 1).await.unwrap();
    ids.reverse();
    let page = |before| PageRequest { limit: 2, before };
    let newest = f.store.event_list(f.place, EventFilter::default(), page(None)).await.unwrap();
    assert!(newest.has_more);
    let next = f.store.event_list(f.place, EventFilter::default(), page(Some(ids[3]))).await.unwrap();
    assert!(!next.has_more);
    let seen: Vec<EventId> = newest.items.iter().chain(&next.items).map(|event| event.id).collect();
    assert_eq!(seen, [ids[0], ids[1], ids[4]]);
    let by_source = EventFilter { source: Some(SourceId::from_bytes([7; 16])) };
    assert_eq!(f.store.event_list(f.place, by_source, first()).await.unwrap().items.len(), 5);
    let of_flow = RunFilter { flow: Some(f.flow), status: None };
    assert_eq!(f.store.run_list(f.place, of_flow, first()).await.unwrap().items.len(), 5);
    let waiting = RunFilter { flow: None, status: Some(Status::Queued) };
    assert_eq!(f.store.run_list(f.place, waiting, first()).await.unwrap().items.len(), 4);
    let elsewhere = Place { environment: f.store.ids().next(), ..f.place };
    assert!(f.store.event_list(elsewhere, EventFilter::default(), first()).await.unwrap().items.is_empty());
}

#[tokio::test]
async fn versions_count_up_and_deployments_follow() {
    let f = Fixture::new().await;
    let version = |text: &str| NewVersion {
        flow: f.flow,
        definition: text.into(),
        kinds: [("a".to_owned(), "llm@1".into())].into_iter().collect(),
        note: "second".into(),
        by: "ann".into(),
    };
    let second = f.store.version_publish(f.place.workspace, version("# kept\nx: 1")).await.unwrap();
    assert_eq!(second.number, 2);
    let read = f.store.version_get(f.place.workspace, second.id).await.unwrap().unwrap();
    assert_eq!((read.definition.as_str(), &read.kinds["a"]), ("# kept\nx: 1", &"llm@1".into()));
    assert_eq!(f.store.deployment_of(f.place, f.flow).await.unwrap(), None);
    f.store.deployment_add(f.place, f.flow, f.version, "ann").await.unwrap();
    f.store.deployment_add(f.place, f.flow, second.id, "ann").await.unwrap();
    assert_eq!(f.store.deployment_of(f.place, f.flow).await.unwrap().unwrap().version, second.id);
    let wrong = f.store.deployment_add(f.place, f.flow, f.store.ids().next(), "ann").await;
    assert!(matches!(wrong, Err(Error::Conflict(_))));
}

#[tokio::test]
async fn secrets_are_sealed_and_names_do_not_clash() {
    let f = Fixture::new().await;
    let secret = vault::Secret::from("hunter2");
    f.store.secret_set(f.place, "KEY", &secret).await.unwrap();
    assert_eq!(f.store.secret_reveal(f.place, "KEY").await.unwrap().unwrap().expose(), "hunter2");
    assert!(f.store.secret_reveal(f.place, "OTHER").await.unwrap().is_none());
    assert_eq!(f.store.secret_names(f.place).await.unwrap()[0].0, "KEY");
    let id = f.destination().await;
    let mut twin = f.store.destination_get(id).await.unwrap().unwrap();
    twin.id = f.store.ids().next();
    assert!(matches!(f.store.destination_put(&twin).await, Err(Error::Conflict(_))));
}

#[tokio::test]
async fn the_owner_is_made_once_by_a_link_and_all_owner_links_end_with_it() {
    let f = Fixture::new().await;
    let workspace = f.place.workspace;
    let later = f.store.now().after(Duration::from_secs(60));
    let add = async |link: u8, email: &str| {
        let new = NewMember { email: email.into(), name: "Ann".into(), password: "hash".into() };
        f.store.owner_add(workspace, [link; 32], new).await.unwrap().map(|owner| owner.id)
    };
    for (link, purpose, expires_at) in [
        (1, LinkPurpose::Owner, f.store.now()),
        (2, LinkPurpose::Login, later),
        (3, LinkPurpose::Owner, later),
        (4, LinkPurpose::Owner, later),
    ] {
        f.store.login_link_add(workspace, [link; 32], purpose, expires_at).await.unwrap();
    }
    for (link, why) in [(0, "unknown"), (1, "expired"), (2, "for logging in")] {
        assert_eq!(add(link, "a@b.c").await, None, "{why}");
    }
    assert!(f.store.member_first(workspace).await.unwrap().is_none());
    let both = tokio::join!(add(3, "a@b.c"), add(4, "b@b.c"));
    let ((Some(owner), None) | (None, Some(owner))) = both else { panic!("{both:?}") };
    assert_eq!(f.store.member_first(workspace).await.unwrap().unwrap().id, owner);
    let peek = async |link: u8| f.store.login_link_peek([link; 32]).await.unwrap();
    assert_eq!((peek(3).await, peek(4).await), (None, None), "both have ended");
    assert_eq!(peek(2).await, Some(LinkPurpose::Login));

    f.store.login_link_add(workspace, [5; 32], LinkPurpose::Owner, later).await.unwrap();
    assert_eq!(add(5, "c@b.c").await, None, "there is an owner");
    assert_eq!(peek(5).await, Some(LinkPurpose::Owner), "what is refused changes nothing");
}

#[tokio::test]
async fn an_owner_that_cannot_be_stored_leaves_the_link() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&Options { max_bytes: Some(600 << 10), ..options(&directory) });
    let workspace = store.workspace_ensure("Acme").await.unwrap();
    let later = store.now().after(Duration::from_secs(60));
    store.login_link_add(workspace, [1; 32], LinkPurpose::Owner, later).await.unwrap();
    let add = async |name: String| {
        let new = NewMember { email: "a@b.c".into(), name, password: "hash".into() };
        store.owner_add(workspace, [1; 32], new).await
    };
    let full = add("x".repeat(600 << 10)).await;
    assert!(matches!(full, Err(Error::Unavailable { .. })), "{full:?}");
    assert_eq!(store.login_link_peek([1; 32]).await.unwrap(), Some(LinkPurpose::Owner));
    assert!(add("Ann".to_owned()).await.unwrap().is_some());
}

#[tokio::test]
async fn members_sessions_keys_and_links() {
    let f = Fixture::new().await;
    let later = f.store.now().after(Duration::from_secs(60));
    f.store.login_link_add(f.place.workspace, [5; 32], LinkPurpose::Owner, later).await.unwrap();
    let new = NewMember { email: "a@b.c".into(), name: "Ann".into(), password: "hash".into() };
    f.store.owner_add(f.place.workspace, [5; 32], new).await.unwrap().unwrap();
    let ann = f.store.member_by_email(f.place.workspace, "a@b.c").await.unwrap().unwrap();
    f.store.session_add(&ann, [1; 32], later).await.unwrap();
    f.store.session_add(&ann, [2; 32], f.store.now()).await.unwrap();
    assert_eq!(f.store.session_member([1; 32]).await.unwrap().unwrap().role, Role::Owner);
    assert!(f.store.session_member([2; 32]).await.unwrap().is_none(), "it has expired");
    f.store.session_end([1; 32]).await.unwrap();
    assert!(f.store.session_member([1; 32]).await.unwrap().is_none());

    let key = NewApiKey {
        name: "ci".into(),
        token: [3; 32],
        hint: "abcd".into(),
        scopes: vec!["admin".into()],
        expires_at: None,
    };
    let id = f.store.api_key_add(f.place.workspace, key).await.unwrap();
    assert_eq!(f.store.api_key_by_token([3; 32]).await.unwrap().unwrap().scopes, ["admin"]);
    assert!(f.store.api_key_revoke(f.place.workspace, id).await.unwrap());
    assert!(f.store.api_key_by_token([3; 32]).await.unwrap().is_none());

    for (link, purpose) in [(6, LinkPurpose::Owner), (7, LinkPurpose::Login)] {
        f.store.login_link_add(f.place.workspace, [link; 32], purpose, later).await.unwrap();
    }
    assert!(!f.store.login_link_use([6; 32]).await.unwrap(), "it is not for logging in");
    assert!(f.store.login_link_use([7; 32]).await.unwrap());
    assert!(!f.store.login_link_use([7; 32]).await.unwrap(), "a link works once");
}

fn manual(content: &str) -> NewDocument {
    NewDocument { name: "m.md".into(), media_type: "text/markdown".into(), content: content.into() }
}

fn chunk(document: DocumentId, ordinal: u32, text: &str) -> Chunk {
    let heading = serde_json::json!(["H"]);
    let place = serde_json::json!({ "lines": [1, 2] });
    Chunk { document, ordinal, text: text.into(), heading, place, embedding: vec![0.5, -1.0] }
}

#[tokio::test]
async fn documents_are_ingested_once_and_replaced() {
    let f = Fixture::new().await;
    let (workspace, store) = (f.place.workspace, &f.store);
    let base = store.base_put(workspace, "manual", &serde_json::json!({})).await.unwrap();
    let (id, job) = store.document_put(workspace, base, manual("one")).await.unwrap();
    assert_eq!(store.document_put(workspace, base, manual("one")).await.unwrap(), (id, None));
    let claimed = store.job_claim(f.node, Job::INGEST).await.unwrap().unwrap();
    assert_eq!((Some(claimed.id), claimed.status), (job, JobStatus::Running));
    assert!(store.job_claim(f.node, Job::INGEST).await.unwrap().is_none());
    let (document, _) = store.document_get(id).await.unwrap().unwrap();
    let chunks = [chunk(id, 0, "a"), chunk(id, 1, "b"), chunk(id, 2, "c")];
    assert!(store.document_chunks(&claimed, &document, "mini", &chunks).await.unwrap());
    let done = store.job_get(claimed.id).await.unwrap().unwrap();
    assert_eq!(
        (done.status, done.progress),
        (JobStatus::Succeeded, serde_json::json!({"done": 3, "total": 3}))
    );
    assert!(!store.document_chunks(&claimed, &document, "mini", &[]).await.unwrap(), "the job is done");
    let head = store.chunk_list(base, "mini", None, 2).await.unwrap();
    let tail = store.chunk_list(base, "mini", Some((id, 1)), 2).await.unwrap();
    assert_eq!([head, tail].concat(), chunks);
    let (again, job) = store.document_put(workspace, base, manual("two")).await.unwrap();
    assert!(again == id && job.is_some());
    let claimed = store.job_claim(f.node, Job::INGEST).await.unwrap().unwrap();
    let (document, _) = store.document_get(id).await.unwrap().unwrap();
    assert!(store.document_chunks(&claimed, &document, "mini", &chunks[..1]).await.unwrap());
    assert_eq!(store.chunk_list(base, "mini", None, 9).await.unwrap().len(), 1);
    let listed = &store.document_list(workspace, base).await.unwrap()[0];
    assert_eq!((listed.chunks, listed.model.as_str()), (1, "mini"));
    let cited = store.chunk_cite(vec![(id, 7), (id, 0)]).await.unwrap();
    assert_eq!((cited.len(), cited[0].name.as_str(), cited[0].text.as_str()), (1, "m.md", "a"));
    assert_eq!(store.document_delete(workspace, id).await.unwrap(), Some(base));
    assert!(store.chunk_list(base, "mini", None, 9).await.unwrap().is_empty());
    assert_eq!(store.document_delete(workspace, id).await.unwrap(), None);
}

#[tokio::test]
async fn a_job_is_claimed_by_its_kind() {
    let f = Fixture::new().await;
    let other = f.store.job_add(f.place.workspace, "export", &serde_json::json!({})).await.unwrap();
    assert!(f.store.job_claim(f.node, Job::INGEST).await.unwrap().is_none());
    assert_eq!(f.store.job_claim(f.node, "export").await.unwrap().unwrap().id, other);
}

#[tokio::test]
async fn an_ingestion_that_was_overtaken_changes_nothing() {
    let f = Fixture::new().await;
    let (workspace, store) = (f.place.workspace, &f.store);
    let base = store.base_put(workspace, "manual", &serde_json::json!({})).await.unwrap();
    let (id, _) = store.document_put(workspace, base, manual("one")).await.unwrap();
    let held = store.job_claim(f.node, Job::INGEST).await.unwrap().unwrap();
    let (document, _) = store.document_get(id).await.unwrap().unwrap();
    while store.now() == document.updated_at {
        tokio::task::yield_now().await;
    }
    store.document_put(workspace, base, manual("two")).await.unwrap();
    assert!(!store.document_chunks(&held, &document, "mini", &[chunk(id, 0, "one")]).await.unwrap());
    assert!(!store.document_failed(&held, &document, "no").await.unwrap());
    let (current, _) = store.document_get(id).await.unwrap().unwrap();
    assert_eq!((current.status, current.chunks), (DocumentStatus::Queued, 0));
    // A second node takes the job of one that is gone; the first can end it no more.
    let elsewhere = store.ids().next();
    store.node_leave(f.node).await.unwrap();
    assert_eq!(store.job_claim(elsewhere, Job::INGEST).await.unwrap().unwrap().id, held.id);
    assert!(!store.document_chunks(&held, &current, "mini", &[]).await.unwrap());
}

#[tokio::test]
async fn a_large_document_is_written_in_slices_and_seen_whole() {
    let f = Fixture::new().await;
    let (workspace, store) = (f.place.workspace, &f.store);
    let base = store.base_put(workspace, "manual", &serde_json::json!({})).await.unwrap();
    let (id, _) = store.document_put(workspace, base, manual("one")).await.unwrap();
    let held = store.job_claim(f.node, Job::INGEST).await.unwrap().unwrap();
    let (document, _) = store.document_get(id).await.unwrap().unwrap();
    let chunks: Vec<Chunk> = (0..1_700).map(|at| chunk(id, at, "text")).collect();
    let before = store.writes().writes;
    assert!(store.document_chunks(&held, &document, "mini", &chunks).await.unwrap());
    assert!(store.writes().writes - before > 3, "it took several writes");
    assert_eq!(store.chunk_list(base, "mini", None, 5_000).await.unwrap().len(), 1_700);
    let other = store.chunk_list(base, "maxi", None, 1).await.unwrap();
    assert!(other[0].embedding.is_empty(), "a vector of another model is no use");
}

#[tokio::test]
async fn a_changed_base_ingests_its_documents_again_and_keeps_what_is_embedded() {
    let f = Fixture::new().await;
    let (workspace, store) = (f.place.workspace, &f.store);
    let base = store.base_put(workspace, "manual", &serde_json::json!({})).await.unwrap();
    let (id, _) = store.document_put(workspace, base, manual("one")).await.unwrap();
    let held = store.job_claim(f.node, Job::INGEST).await.unwrap().unwrap();
    let (document, _) = store.document_get(id).await.unwrap().unwrap();
    store.document_chunks(&held, &document, "mini", &[chunk(id, 0, "a")]).await.unwrap();
    store.base_reingest(workspace, base, &serde_json::json!({ "v": 2 })).await.unwrap();
    assert_eq!(store.base_named(workspace, "manual").await.unwrap().unwrap().config["v"], 2);
    assert!(store.job_claim(f.node, Job::INGEST).await.unwrap().is_some());
    let twin = NewDocument { name: "twin.md".into(), ..manual("one") };
    let (twin, _) = store.document_put(workspace, base, twin).await.unwrap();
    let other = NewDocument { name: "other.md".into(), ..manual("other") };
    let (other, _) = store.document_put(workspace, base, other).await.unwrap();
    for (asked, model, known) in [(id, "mini", 1), (twin, "mini", 1), (other, "mini", 0), (twin, "maxi", 0)] {
        let (document, _) = store.document_get(asked).await.unwrap().unwrap();
        assert_eq!(store.chunk_embedded(&document, model).await.unwrap().len(), known, "{asked} {model}");
    }
}

#[tokio::test]
async fn one_wrong_write_does_not_fail_its_neighbours() {
    let f = Arc::new(Fixture::new().await);
    let twin = f.admission(None, Begin::Queued);
    f.store.event_admit(twin.clone()).await.unwrap();
    let tasks: Vec<_> = (0..40)
        .map(|n| {
            let f = Arc::clone(&f);
            // Every fourth repeats an id that is there already, which no caller should do.
            let admission = if n % 4 == 0 { twin.clone() } else { f.admission(None, Begin::Queued) };
            tokio::spawn(async move { f.store.event_admit(admission).await.is_ok() })
        })
        .collect();
    let mut stored = 0;
    for task in tasks {
        stored += usize::from(task.await.unwrap());
    }
    assert_eq!(stored, 30);
    let list = f.store.event_list(f.place, EventFilter::default(), first()).await.unwrap();
    assert_eq!(list.items.len(), 31);
}

#[tokio::test]
async fn of_each_source_the_newest_refused_requests_are_kept() {
    let f = Fixture::new().await;
    let refusal = |source: u8| Refusal {
        id: f.store.ids().next(),
        place: f.place,
        source: SourceId::from_bytes([source; 16]),
        code: "x".into(),
        status: 401,
        received_at: f.store.now(),
        content: b"{}".to_vec(),
    };
    let quiet = refusal(1);
    f.store.refusal_add(vec![quiet.clone()]).await.unwrap();
    let kept = REFUSALS_KEPT as usize;
    let flood: Vec<Refusal> = (0..kept + 30).map(|_| refusal(2)).collect();
    for part in flood.chunks(64) {
        f.store.refusal_add(part.to_vec()).await.unwrap();
    }
    let page = PageRequest { before: None, limit: 2 * kept };
    let left = f.store.refusal_list(f.place, None, page).await.unwrap().items;
    assert_eq!(left.len(), kept + 1);
    assert_eq!(left.first().map(|refusal| refusal.id), flood.last().map(|refusal| refusal.id));
    assert_eq!(left.last().map(|refusal| refusal.id), Some(quiet.id), "another source's stay");
}

#[tokio::test]
async fn a_full_database_refuses_and_keeps_what_it_has() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&Options { max_bytes: Some(600 << 10), ..options(&directory) });
    let workspace = store.workspace_ensure("Acme").await.unwrap();
    let environment = store.environment_list(workspace).await.unwrap()[0].id;
    let place = Place { workspace, environment };
    let refusal = |n: u8| Refusal {
        id: store.ids().next(),
        place,
        source: SourceId::from_bytes([n; 16]),
        code: "x".into(),
        status: 401,
        received_at: store.now(),
        content: vec![n; 20_000],
    };
    let mut stored = 0;
    let error = loop {
        match store.refusal_add(vec![refusal(stored)]).await {
            Ok(()) => stored += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(&error, Error::Unavailable { reason } if reason.contains("full")), "{error:?}");
    assert_eq!(store.refusal_list(place, None, first()).await.unwrap().items.len(), usize::from(stored));
    let delete = "DELETE FROM refusal";
    store.change(vec![Statement::new(delete, values![])]).await.unwrap();
    store.refusal_add(vec![refusal(0)]).await.unwrap();
}

#[tokio::test]
async fn groups_share_their_fsync() {
    let f = Arc::new(Fixture::new().await);
    let before = f.store.writes();
    let tasks: Vec<_> = (0..200)
        .map(|_| {
            let f = Arc::clone(&f);
            tokio::spawn(async move { f.queued().await })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let after = f.store.writes();
    assert_eq!(after.writes - before.writes, 200);
    assert!(after.transactions - before.transactions < 100, "{before:?} {after:?}");
}

/// Every query whose table can grow goes by an index: SQLite's plan of each prepared statement is
/// searched for scans of a whole table.
#[tokio::test]
async fn no_query_scans_a_table_that_grows() {
    const GROWING: [&str; 11] = [
        "event",
        "refusal",
        "dedupe",
        "run_live",
        "run",
        "journal",
        "delivery_live",
        "delivery",
        "attempt",
        "chunk",
        "session",
    ];
    // Each file, and the tables that its statements name by `{table}`.
    let files: [(&str, &[&str]); 12] = [
        (include_str!("event.rs"), &[]),
        (include_str!("refusal.rs"), &[]),
        (include_str!("run.rs"), &["run_live", "run"]),
        (include_str!("delivery.rs"), &["delivery_live", "delivery"]),
        (include_str!("node.rs"), &[]),
        (include_str!("account.rs"), &[]),
        (include_str!("knowledge.rs"), &[]),
        (include_str!("chunk.rs"), &[]),
        (include_str!("sqlite/apply.rs"), &[]),
        (include_str!("sqlite/claims.rs"), &[]),
        (include_str!("destination.rs"), &[]),
        (include_str!("job.rs"), &[]),
    ];
    let f = Fixture::new().await;
    let mut checked = 0;
    for text in files.iter().flat_map(|(source, tables)| sql_in(source, tables)) {
        let plan = f.store.read({
            let text = text.clone();
            move |c| {
                let mut query = c.prepare(&format!("EXPLAIN QUERY PLAN {text}"))?;
                let count = query.parameter_count();
                let nulls = vec![rusqlite::types::Value::Null; count];
                query
                    .query_map(rusqlite::params_from_iter(nulls), |row| row.get::<_, String>(3))?
                    .collect::<Result<Vec<_>, _>>()
            }
        });
        let plan = plan.await.unwrap_or_else(|error| panic!("{error:?}: {text}"));
        for step in plan {
            let scanned =
                step.strip_prefix("SCAN ").and_then(|rest| rest.split(' ').next()).unwrap_or_default();
            let bounded = step.contains("USING INDEX") || step.contains("USING COVERING INDEX");
            assert!(!GROWING.contains(&scanned) || bounded, "{step}\n{text}");
        }
        checked += 1;
    }
    assert!(checked > 60, "only {checked} statements were found");
}

/// The SQL texts of a source file, with what is put together at run time filled in.
fn sql_in(source: &str, tables: &[&str]) -> Vec<String> {
    let begins = |text: &&str| {
        ["SELECT ", "INSERT ", "UPDATE ", "DELETE ", "WITH "].iter().any(|verb| text.starts_with(verb))
    };
    let filled = |text: &str, table: &str| {
        let text = text.replace("{table}", table).replace("{MEMBER}", "m.id").replace(" \\\n", " ");
        let text = text.replace("{RETURNING}", "SET fence = 1").replace("{and}", "AND status = 'dead'");
        let text = text.replace("{IN_WORKSPACE}", "workspace = ?2 AND environment IN (SELECT e.id FROM environment e WHERE e.workspace = ?2) AND id = ?1").replace("{clause}", "workspace = ?1 AND environment = ?2 AND id < ?3");
        let columns = ["{columns}", "{COLUMNS}", "{DOCUMENT}", "{FLOW}"];
        columns.iter().fold(text, |text, columns| text.replace(columns, "id"))
    };
    let texts = source.split('"').skip(1).step_by(2).filter(begins);
    texts
        .flat_map(|text| {
            let tables = if text.contains("{table}") { tables } else { &[""] };
            tables.iter().map(move |table| filled(text, table))
        })
        .collect()
}
