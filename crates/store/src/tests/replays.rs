//! Replays in bulk, drafts that are tried, samples.

use std::collections::BTreeSet;

use ::flow::run::Status;
use serde_json::json;

use super::fixture::{ALL, Fixture, first, new};
use crate::*;

const SOURCE: SourceId = SourceId::from_bytes([7; 16]);

impl Fixture {
    fn filter(&self) -> ReplayFilter {
        let (from, to) =
            (clock::Timestamp::from_millis(0), self.store.now().after(std::time::Duration::from_secs(9)));
        ReplayFilter { place: self.place, flow: None, source: None, standing: None, from, to }
    }

    /// The events that a filter finds, a few at a time.
    async fn found(&self, filter: &ReplayFilter) -> Vec<EventId> {
        let (mut found, mut after) = (Vec::new(), -1);
        loop {
            let slice = self.store.replay_slice(filter.clone(), after, 2).await.unwrap();
            found.extend(slice.events.iter().map(|replayable| replayable.event.id));
            after = slice.position;
            if slice.is_last {
                return found;
            }
        }
    }

    async fn admitted(&self, change: impl FnOnce(&mut Admission)) -> EventId {
        let mut admission = self.admission(None, Begin::Queued);
        change(&mut admission);
        let id = admission.event.id;
        self.store.event_admit(admission).await.unwrap();
        id
    }

    async fn ended_so(&self, status: Status) -> EventId {
        let ending = Ending { status, error: None, at: self.store.now() };
        let begin = Begin::Finished { ending, record: b"[]".to_vec(), deliveries: vec![] };
        self.admitted(|admission| {
            admission.run = Some(OriginalRun { version: self.version, begin });
        })
        .await
    }

    fn once_more(&self, event: EventId) -> Repeat {
        Repeat { id: self.store.ids().next(), event, elsewhere: None, version: self.version }
    }
}

#[tokio::test]
async fn events_are_found_in_the_order_in_which_they_came_by_what_they_are() {
    let f = Fixture::new().await;
    let queued = f.queued().await;
    let failed = f.ended_so(Status::Failed).await;
    let succeeded = f.ended_so(Status::Succeeded).await;
    let filtered = f
        .admitted(|admission| {
            admission.event.status = EventStatus::Filtered;
            admission.run = None;
        })
        .await;
    let by_api = f.admitted(|admission| admission.event.source = None).await;
    let all = f.filter();
    assert_eq!(f.found(&all).await, [queued, failed, succeeded, filtered, by_api]);
    let of = async |standing| f.found(&ReplayFilter { standing: Some(standing), ..all.clone() }).await;
    assert_eq!(of(Standing::Run(Status::Failed)).await, [failed]);
    assert_eq!(of(Standing::Run(Status::Queued)).await, [queued, by_api]);
    assert_eq!(of(Standing::Filtered).await, [filtered]);
    let of_source = ReplayFilter { source: Some(SOURCE), ..all.clone() };
    assert_eq!(f.found(&of_source).await, [queued, failed, succeeded, filtered]);
    let other = ReplayFilter { flow: Some(f.store.ids().next()), ..all.clone() };
    assert_eq!(f.found(&other).await, []);
    let before = ReplayFilter { to: clock::Timestamp::from_millis(1), ..all.clone() };
    assert_eq!(f.found(&before).await, []);

    let slice = f.store.replay_slice(all, -1, ALL).await.unwrap();
    let versions: Vec<_> = slice.events.iter().map(|known| known.version).collect();
    let ran = Some(f.version);
    assert_eq!(versions, [ran, ran, ran, None, ran]);
}

#[tokio::test]
async fn a_jobs_runs_begin_with_its_position_or_not_at_all() {
    let f = Fixture::new().await;
    let (workspace, event) = (f.place.workspace, f.queued().await);
    let id = f.store.job_add(workspace, Job::REPLAY, &json!({})).await.unwrap();
    let job = f.store.job_claim(f.node, Job::REPLAY).await.unwrap().unwrap();
    let gone: EventId = f.store.ids().next();
    let progress = json!({ "done": 1 });
    let step = async |job: &Job, runs: &[Repeat]| {
        f.store.replay_commit(job, (JobStatus::Running, &progress), runs).await.unwrap()
    };
    assert!(step(&job, &[f.once_more(event), f.once_more(gone)]).await);
    let runs = f.store.run_of_event(workspace, event).await.unwrap();
    let causes: Vec<_> = runs.iter().map(|run| (run.cause, run.repeats)).collect();
    assert_eq!(causes, [(Cause::Original, None), (Cause::Replay, Some(event.original_run()))]);
    assert_eq!(f.store.job_get(id).await.unwrap().unwrap().progress, progress);

    assert!(!step(&Job { fence: 7, ..job.clone() }, &[f.once_more(event)]).await, "another node has it");
    assert!(f.store.job_cancel(workspace, id, Job::REPLAY).await.unwrap());
    assert!(!f.store.job_cancel(workspace, id, Job::REPLAY).await.unwrap());
    assert!(!step(&job, &[f.once_more(event)]).await, "it is cancelled");
    assert!(!f.store.job_update(&job, JobStatus::Queued, &progress, None).await.unwrap());
    assert_eq!(f.store.run_of_event(workspace, event).await.unwrap().len(), 2);
    assert_eq!(f.store.job_get(id).await.unwrap().unwrap().status, JobStatus::Cancelled);
}

#[tokio::test]
async fn what_is_done_in_bulk_is_listed_by_environment_newest_first() {
    let f = Fixture::new().await;
    let workspace = f.place.workspace;
    let order = |place: Place| json!({ "filter": ReplayFilter { place, ..f.filter() } });
    let mut ours = Vec::new();
    for kind in [Job::REPLAY, Job::LETTERS, Job::REPLAY] {
        ours.push(f.store.job_add(workspace, kind, &order(f.place)).await.unwrap());
        let elsewhere = Place { environment: f.store.ids().next(), ..f.place };
        f.store.job_add(workspace, Job::REPLAY, &order(elsewhere)).await.unwrap();
        f.store.job_add(workspace, Job::INGEST, &json!({})).await.unwrap();
    }
    ours.reverse();
    let list = async |limit, before| {
        let page = f.store.job_bulk(f.place, PageRequest { limit, before }).await.unwrap();
        (page.items.iter().map(|job| job.id).collect::<Vec<_>>(), page.has_more)
    };
    assert_eq!(list(2, None).await, (ours[..2].to_vec(), true));
    assert_eq!(list(2, Some(ours[1])).await, (ours[2..].to_vec(), false));
    let stranger = Place { workspace: f.store.ids().next(), ..f.place };
    assert!(f.store.job_bulk(stranger, first()).await.unwrap().items.is_empty());
}

#[tokio::test]
async fn only_jobs_of_the_kind_that_can_be_are_cancelled() {
    let f = Fixture::new().await;
    let id = f.store.job_add(f.place.workspace, Job::INGEST, &json!({})).await.unwrap();
    assert!(!f.store.job_cancel(f.place.workspace, id, Job::REPLAY).await.unwrap());
    let stranger: WorkspaceId = f.store.ids().next();
    let id = f.store.job_add(f.place.workspace, Job::REPLAY, &json!({})).await.unwrap();
    assert!(!f.store.job_cancel(stranger, id, Job::REPLAY).await.unwrap());
}

#[tokio::test]
async fn an_event_is_repeated_in_another_environment_and_goes_with_its_trace() {
    let f = Fixture::new().await;
    let workspace = f.place.workspace;
    let environments = f.store.environment_list(workspace).await.unwrap();
    let test = environments.iter().map(|known| known.id).find(|id| *id != f.place.environment).unwrap();
    let id = f.queued().await;
    let event = f.store.event_get(workspace, id).await.unwrap().unwrap();
    let repeat = Repeat { elsewhere: Some(test), ..f.once_more(id) };
    assert!(matches!(f.store.run_repeat(workspace, repeat).await, Err(Error::Conflict(_))), "no origin yet");
    for _ in 0..2 {
        f.store.origin_ensure(Place { workspace, environment: test }, &event).await.unwrap();
    }
    f.store.run_repeat(workspace, repeat).await.unwrap();
    let claimed = f.store.run_claim_one(f.node, repeat.id).await.unwrap().unwrap();
    assert_eq!((claimed.held.place.environment, claimed.event, claimed.flow), (test, id, f.flow));
    let runs = f.store.run_of_event(workspace, id).await.unwrap();
    let environments: Vec<_> = runs.iter().map(|run| run.environment).collect();
    assert_eq!(environments, [f.place.environment, test]);
}

#[tokio::test]
async fn a_draft_that_is_tried_is_kept_once_and_stays_out_of_the_versions() {
    let f = Fixture::new().await;
    let workspace = f.place.workspace;
    let draft = |text: &str| NewVersion {
        flow: f.flow,
        definition: text.into(),
        kinds: serde_json::Map::new(),
        note: String::new(),
        by: "ann".into(),
    };
    let first = f.store.version_of_draft(workspace, draft("one"), 3).await.unwrap();
    assert_eq!(f.store.version_of_draft(workspace, draft("one"), 3).await.unwrap(), first);
    let other = f.store.version_of_draft(workspace, draft("two"), 4).await.unwrap();
    let stored = f.store.version_get(workspace, other).await.unwrap().unwrap();
    assert_eq!((stored.number, stored.definition.as_str(), stored.flow), (0, "two", f.flow));
    let listed = f.store.version_list(workspace, f.flow).await.unwrap();
    assert_eq!(listed.iter().map(|version| version.id).collect::<Vec<_>>(), [f.version]);
    let refused = f.store.deployment_add(f.place, f.flow, first, "ann").await;
    assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
    let next = f.store.version_publish(workspace, draft("three")).await.unwrap();
    assert_eq!(next.number, 2);
}

#[tokio::test]
async fn samples_are_bounded_and_go_with_their_source() {
    let f = Fixture::new().await;
    let (store, workspace) = (&f.store, f.place.workspace);
    let early = store.sample_put(workspace, SOURCE, "a", b"1").await;
    assert!(matches!(early, Err(Error::Conflict(_))), "there is no such source: {early:?}");
    let source = |id| Source {
        kind: crate::SourceKind::Webhook,
        id,
        place: f.place,
        flow: f.flow,
        name: format!("{id}"),
        config: "{}".into(),
        secrets: b"{}".to_vec(),
        enabled: true,
        updated_at: store.now(),
    };
    let other = SourceId::from_bytes([8; 16]);
    store.source_put(&source(SOURCE)).await.unwrap();
    store.source_put(&source(other)).await.unwrap();
    for n in 0..SAMPLES {
        store.sample_put(workspace, SOURCE, &format!("s{n:02}"), b"old").await.unwrap();
    }
    store.sample_put(workspace, SOURCE, "s03", b"new").await.unwrap();
    let full = store.sample_put(workspace, SOURCE, "more", b"x").await;
    assert!(matches!(full, Err(Error::Conflict(_))), "{full:?}");
    store.sample_put(workspace, other, "more", b"x").await.unwrap();
    let listed = store.sample_list(workspace, SOURCE).await.unwrap();
    let names: BTreeSet<&str> = listed.iter().map(|sample| sample.name.as_str()).collect();
    assert_eq!((listed.len(), names.len()), (20, 20));
    assert_eq!((listed[3].name.as_str(), listed[3].content.as_slice()), ("s03", b"new".as_slice()));
    let stranger: WorkspaceId = store.ids().next();
    assert!(store.sample_list(stranger, SOURCE).await.unwrap().is_empty());
    assert!(!store.sample_delete(stranger, SOURCE, "s03").await.unwrap());
    assert!(store.sample_delete(workspace, SOURCE, "s03").await.unwrap());
    assert!(!store.sample_delete(workspace, SOURCE, "s03").await.unwrap());
    assert!(store.source_delete(workspace, SOURCE).await.unwrap());
    assert!(store.sample_list(workspace, SOURCE).await.unwrap().is_empty());
    assert_eq!(store.sample_list(workspace, other).await.unwrap().len(), 1);
}

#[tokio::test]
async fn what_a_refused_request_hides_is_kept_apart_from_what_is_shown() {
    let f = Fixture::new().await;
    let (store, workspace) = (&f.store, f.place.workspace);
    let refusal = || Refusal {
        id: store.ids().next(),
        place: f.place,
        source: SOURCE,
        code: "x".into(),
        status: 401,
        received_at: store.now(),
        is_whole: false,
        replayed_as: None,
    };
    let (whole, cut) = (refusal(), refusal());
    let original = Some(b"hidden".to_vec());
    let content = b"shown".to_vec();
    store
        .refusal_add(vec![NewRefusal { refusal: whole.clone(), content, original }, new(cut.clone())])
        .await
        .unwrap();
    assert_eq!(store.refusal_original(workspace, whole.id).await.unwrap().as_deref(), Some(&b"hidden"[..]));
    assert_eq!(store.refusal_original(workspace, cut.id).await.unwrap(), None);
    assert_eq!(store.refusal_original(store.ids().next(), whole.id).await.unwrap(), None);
    let event = store.ids().next();
    store.refusal_replayed(workspace, whole.id, event).await.unwrap();
    let listed = store.refusal_list(f.place, Some(SOURCE), first()).await.unwrap().items;
    let seen: Vec<_> = listed.iter().map(|known| (known.id, known.is_whole, known.replayed_as)).collect();
    assert_eq!(seen, [(cut.id, false, None), (whole.id, true, Some(event))]);
    assert_eq!(store.refusal_content(workspace, whole.id).await.unwrap().as_deref(), Some(&b"shown"[..]));
    assert_eq!(store.refusal_content(store.ids().next(), whole.id).await.unwrap(), None);
    let found = store.refusal_get(workspace, whole.id).await.unwrap().unwrap();
    assert_eq!((found.is_whole, found.replayed_as), (true, Some(event)));
}
