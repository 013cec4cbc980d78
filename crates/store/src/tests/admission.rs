//! Events taken in, with their dedupe keys and runs, and requests that were refused.

use std::sync::Arc;

use ::flow::run::Status;

use super::fixture::{ALL, Fixture, first, new};
use crate::*;

#[tokio::test]
async fn an_event_survives_a_restart_with_its_run_and_is_sealed_on_disk() {
    let mut f = Fixture::new().await;
    let id = f.queued().await;
    f.reopen().await;
    assert_eq!(f.store.event_content(f.place.workspace, id).await.unwrap().unwrap(), br#"{"query":"E3?"}"#);
    let run = f.store.run_get(f.place.workspace, id.original_run()).await.unwrap().unwrap();
    assert_eq!((run.status, run.event, run.version), (Status::Queued, id, f.version));
    f.store.close().await;
    for entry in std::fs::read_dir(f.folder()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        assert!(!bytes.windows(3).any(|window| window == b"E3?"), "a payload lies open on the disk");
    }
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
                Admitted::Passed => unreachable!("it is no tick"),
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
async fn a_key_without_a_source_is_claimed_as_well() {
    let f = Fixture::new().await;
    let by_api = || {
        let mut admission = f.admission(Some(9), Begin::Queued);
        admission.event.source = None;
        admission
    };
    let first = by_api();
    let id = first.event.id;
    assert_eq!(f.store.event_admit(first).await.unwrap(), Admitted::New);
    assert_eq!(f.store.event_admit(by_api()).await.unwrap(), Admitted::Duplicate(id));
    let of_a_source = f.admission(Some(9), Begin::Queued);
    assert_eq!(f.store.event_admit(of_a_source).await.unwrap(), Admitted::New, "its keys are its own");
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
    assert_eq!(f.store.run_journal(id).await.unwrap(), [b"[1]"]);
    assert_eq!(f.store.delivery_of_runs(f.place.workspace, vec![id]).await.unwrap().len(), 1);
}

#[tokio::test]
async fn lists_go_back_page_by_page() {
    let f = Fixture::new().await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(f.queued().await);
    }
    f.store.run_claim(f.node, 1, vec![]).await.unwrap();
    ids.reverse();
    let page = |before| PageRequest { limit: 2, before };
    let newest = f.store.event_list(f.place, EventFilter::default(), page(None)).await.unwrap();
    assert!(newest.has_more);
    let next = f.store.event_list(f.place, EventFilter::default(), page(Some(ids[3]))).await.unwrap();
    assert!(!next.has_more);
    let seen: Vec<EventId> = newest.items.iter().chain(&next.items).map(|event| event.id).collect();
    assert_eq!(seen, [ids[0], ids[1], ids[4]]);
    let by_source = EventFilter { source: Some(SourceId::from_bytes([7; 16])), flow: None };
    assert_eq!(f.store.event_list(f.place, by_source, first()).await.unwrap().items.len(), 5);
    let of_another_flow = EventFilter { flow: Some(f.store.ids().next()), source: None };
    assert!(f.store.event_list(f.place, of_another_flow, first()).await.unwrap().items.is_empty());
    let of_flow = RunFilter { flow: Some(f.flow), status: None };
    assert_eq!(f.store.run_list(f.place, of_flow, first()).await.unwrap().items.len(), 5);
    for (status, count) in
        [(Status::Queued, 4), (Status::Running, 1), (Status::Waiting, 0), (Status::Failed, 0)]
    {
        let so = RunFilter { flow: None, status: Some(status) };
        assert_eq!(f.store.run_list(f.place, so, first()).await.unwrap().items.len(), count, "{status:?}");
    }
    let elsewhere = Place { environment: f.store.ids().next(), ..f.place };
    assert!(f.store.event_list(elsewhere, EventFilter::default(), first()).await.unwrap().items.is_empty());
}

#[tokio::test]
async fn lists_go_back_over_weeks() {
    let f = Fixture::new().await;
    let mut made = Vec::new();
    for days in [0, 1, 9, 0, 40, 3, 8] {
        f.days_pass(days);
        made.push(f.queued().await);
    }
    f.days_pass(20);
    made.reverse();
    for limit in 1..8 {
        let mut seen: Vec<EventId> = Vec::new();
        loop {
            let page = PageRequest { limit, before: seen.last().copied() };
            let page = f.store.event_list(f.place, EventFilter::default(), page).await.unwrap();
            seen.extend(page.items.iter().map(|event| event.id));
            assert_eq!(page.has_more, seen.len() < made.len());
            if !page.has_more {
                break;
            }
        }
        assert_eq!(seen, made, "by {limit}");
    }
}

#[tokio::test]
async fn ids_go_on_after_those_of_the_last_start() {
    // The clock that made them was further ahead each time.
    let ahead = |f: &Fixture, hours: u64| {
        let clock =
            clock::Clock::virtual_from(f.store.now().after(std::time::Duration::from_secs(3600 * hours)));
        Ids::new(clock, clock::Random::system())
    };
    let mut f = Fixture::new().await;
    let destination = f.destination().await;
    let mut last = 0;
    for (hours, what) in (1..).zip(["event", "repeat", "finished run", "delivery", "arrived", "refusal"]) {
        let ids = ahead(&f, hours);
        let before = f.store.ids().next::<EventId>();
        assert!(before.number() > last, "{what}");
        match what {
            "event" => {
                let mut admission = f.admission(None, Begin::Queued);
                admission.event.id = ids.next();
                last = admission.event.id.number();
                f.store.event_admit(admission).await.unwrap();
            }
            "repeat" | "finished run" => {
                let event = f.queued().await;
                let id: RunId = ids.next();
                last = id.number();
                let repeat = Repeat { id, event, elsewhere: None, version: f.version };
                f.store.run_repeat(f.place.workspace, repeat).await.unwrap();
                if what == "finished run" {
                    let held = f.store.run_claim_one(f.node, id).await.unwrap().unwrap().held;
                    let end = Fixture::commit(held, Then::End(f.ending()));
                    f.store.run_commit(&f.store.run_seal(end)).await.unwrap();
                }
            }
            "delivery" | "arrived" => {
                let run = f.queued().await.original_run();
                let held = f.store.run_claim_one(f.node, run).await.unwrap().unwrap().held;
                let delivery = NewDelivery { id: ids.next(), ..f.delivery(destination) };
                let id = delivery.id;
                last = id.number();
                let commit = RunCommit { deliveries: vec![delivery], ..Fixture::commit(held, Then::Hold) };
                f.store.run_commit(&f.store.run_seal(commit)).await.unwrap();
                if what == "arrived" {
                    assert!(f.store.destination_own(f.place.workspace, destination, f.node).await.unwrap());
                    let due = f.store.delivery_due(destination, f.store.now(), ALL).await.unwrap();
                    let due = due.iter().find(|due| due.id == id).unwrap();
                    let arrived = f.attempt(due, Settle::Delivered(f.store.now()));
                    assert!(f.store.delivery_attempted(arrived).await.unwrap());
                }
            }
            _ => {
                let refusal = Refusal {
                    id: ids.next(),
                    place: f.place,
                    source: SourceId::from_bytes([7; 16]),
                    code: "x".into(),
                    status: 401,
                    received_at: f.store.now(),
                    content: b"{}".to_vec(),
                    is_whole: false,
                    replayed_as: None,
                };
                last = crate::id::number(refusal.id.into());
                f.store.refusal_add(vec![new(refusal)]).await.unwrap();
            }
        }
        f.reopen().await;
    }
    assert!(f.store.ids().next::<EventId>().number() > last, "refusal");
}

#[tokio::test]
async fn an_id_is_more_than_the_number_of_its_row() {
    let f = Fixture::new().await;
    let real = f.queued().await;
    let mut bytes = *real.as_bytes();
    bytes[15] ^= 1;
    let guessed = EventId::from_bytes(bytes);
    assert_eq!(guessed.number(), real.number());
    let (workspace, run) = (f.place.workspace, guessed.original_run());
    assert!(f.store.event_get(workspace, guessed).await.unwrap().is_none());
    assert!(f.store.event_content(f.place.workspace, guessed).await.unwrap().is_none());
    for stands in ["queued", "waiting", "ended"] {
        assert!(f.store.run_get(workspace, run).await.unwrap().is_none(), "{stands}");
        assert!(f.store.run_claim_one(f.node, run).await.unwrap().is_none(), "{stands}");
        let repeat = Repeat { id: f.store.ids().next(), event: guessed, elsewhere: None, version: f.version };
        assert!(matches!(f.store.run_repeat(f.place.workspace, repeat).await, Err(Error::Conflict(_))));
        if let Some(claimed) = f.store.run_claim_one(f.node, real.original_run()).await.unwrap() {
            let waits = Then::Release { status: Status::Waiting, wake_at: None };
            let then = if stands == "queued" { waits } else { Then::End(f.ending()) };
            f.store
                .run_commit(
                    &f.store.run_seal(RunCommit { record: None, ..Fixture::commit(claimed.held, then) }),
                )
                .await
                .unwrap();
        }
    }
    assert_eq!(
        f.store.run_get(workspace, real.original_run()).await.unwrap().unwrap().status,
        Status::Succeeded
    );
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
        is_whole: false,
        replayed_as: None,
    };
    let quiet = refusal(1);
    f.store.refusal_add(vec![new(quiet.clone())]).await.unwrap();
    let kept = REFUSALS_KEPT as usize;
    let flood: Vec<Refusal> = (0..kept + 30).map(|_| refusal(2)).collect();
    for part in flood.chunks(64) {
        f.store.refusal_add(part.iter().cloned().map(new).collect()).await.unwrap();
    }
    let page = PageRequest { before: None, limit: 2 * kept };
    let left = f.store.refusal_list(f.place, None, page).await.unwrap().items;
    assert_eq!(left.len(), kept + 1);
    assert_eq!(left.first().map(|refusal| refusal.id), flood.last().map(|refusal| refusal.id));
    assert_eq!(left.last().map(|refusal| refusal.id), Some(quiet.id), "another source's stay");
}
