//! Replays in bulk.

use std::{sync::Arc, time::Duration};

use flow::run::Status;
use store::{Cause, EventId, Job, JobId, JobStatus, Place, ReplayFilter, RunView, Standing};

use super::fixture::Fixture;
use crate::*;

const SAYS: &str = "{ kind: say, text: '{{ input.q }}!' }";
const ASKS: &str = "{ kind: ask, text: '{{ run.id }}' }";

impl Fixture {
    fn order(&self, version: Version, total: u64) -> Order {
        let (from, to) = (clock::Timestamp::from_millis(0), self.store.now().after(Duration::from_secs(60)));
        let filter = ReplayFilter { place: self.place, flow: None, source: None, standing: None, from, to };
        Order { filter, version, total, by: "t".to_owned() }
    }

    async fn events(&self, program: &Arc<Program>, count: usize) -> Vec<EventId> {
        let mut events = Vec::new();
        for _ in 0..count {
            let submitted = self.submit(program, None).await;
            self.ended(submitted.run).await;
            events.push(submitted.event);
        }
        events
    }

    async fn job(&self, id: JobId) -> Job {
        self.store.job_get(id).await.unwrap().unwrap()
    }

    /// Waits until something is so of a job.
    async fn until(&self, id: JobId, so: impl Fn(&Job) -> bool) -> Job {
        let look = async {
            loop {
                let job = self.job(id).await;
                if so(&job) {
                    return job;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), look)
            .await
            .expect("the job does not come there in 20 s")
    }

    async fn over(&self, id: JobId) -> Job {
        self.until(id, |job| !matches!(job.status, JobStatus::Queued | JobStatus::Running)).await
    }

    async fn replays_of(&self, event: EventId) -> Vec<RunView> {
        let runs = self.store.run_of_event(self.place.workspace, event).await.unwrap();
        runs.into_iter().filter(|run| run.cause == Cause::Replay).collect()
    }
}

#[tokio::test]
async fn every_event_is_replayed_once_and_the_job_says_how_far_it_is() {
    let f = Fixture::new().await;
    let program = f.program(&[("say", SAYS)], &["start -> say"], "").await;
    let events = f.events(&program, 40).await;
    let replays = f.engine.start_replays();
    let id = f.engine.replay_many(f.place.workspace, &f.order(Version::Ran, 40)).await.unwrap();
    let job = f.over(id).await;
    assert_eq!(job.status, JobStatus::Succeeded, "{job:?}");
    let progress = |name: &str| job.progress[name].as_u64().unwrap();
    assert_eq!((progress("done"), progress("total"), progress("failed")), (40, 40, 0));
    let newest = ReplayProgress::of(&job).unwrap().newest;
    assert_eq!(newest.iter().map(|known| known.event).collect::<Vec<_>>(), events);
    for event in events {
        let runs = f.replays_of(event).await;
        assert_eq!(runs.iter().map(|run| run.status).collect::<Vec<_>>(), [Status::Succeeded]);
        assert_eq!(runs[0].version, program.version);
    }
    replays.stop(Duration::from_secs(20)).await;
}

#[tokio::test]
async fn those_that_stand_otherwise_are_left_out_and_failures_are_counted() {
    let f = Fixture::new().await;
    let program = f.program(&[("say", "{ kind: say, text: panic }")], &["start -> say"], "").await;
    let failed = f.events(&program, 3).await;
    let good = f.program(&[("say", SAYS)], &["start -> say"], "").await;
    let succeeded = f.events(&good, 2).await;
    let _replays = f.engine.start_replays();
    let mut order = f.order(Version::Ran, 3);
    order.filter.standing = Some(Standing::Run(Status::Failed));
    let again = f.engine.replay_many(f.place.workspace, &order).await.unwrap();
    let job = f.over(again).await;
    assert_eq!((&job.progress["done"], &job.progress["failed"]), (&3.into(), &3.into()), "{job:?}");
    let named = ReplayProgress::of(&job).unwrap();
    assert_eq!(named.failures.iter().map(|known| known.event).collect::<Vec<_>>(), failed);
    for known in named.failures {
        assert_eq!(known.run, Some(f.replays_of(known.event).await[0].id));
    }

    // Mended, and deployed.
    f.store.deployment_add(f.place, good.flow_id, good.version, "t").await.unwrap();
    order.version = Version::Deployed;
    let mended = f.engine.replay_many(f.place.workspace, &order).await.unwrap();
    let job = f.over(mended).await;
    assert_eq!((&job.progress["done"], &job.progress["failed"]), (&3.into(), &0.into()), "{job:?}");
    for event in failed {
        let statuses: Vec<_> = f.replays_of(event).await.iter().map(|run| run.status).collect();
        assert_eq!(statuses, [Status::Failed, Status::Succeeded]);
    }
    for event in succeeded {
        assert!(f.replays_of(event).await.is_empty());
    }
}

#[tokio::test]
async fn nothing_is_deployed_so_nothing_runs_and_that_is_said() {
    let f = Fixture::new().await;
    let program = f.program(&[("say", SAYS)], &["start -> say"], "").await;
    let events = f.events(&program, 2).await;
    let _replays = f.engine.start_replays();
    let id = f.engine.replay_many(f.place.workspace, &f.order(Version::Deployed, 2)).await.unwrap();
    let job = f.over(id).await;
    assert_eq!((&job.progress["done"], &job.progress["failed"]), (&2.into(), &2.into()), "{job:?}");
    assert!(f.replays_of(events[0]).await.is_empty());
    let named = ReplayProgress::of(&job).unwrap();
    assert_eq!(named.failures, [0, 1].map(|nth: usize| Replayed { event: events[nth], run: None }));
    assert!(named.newest.is_empty());
}

#[tokio::test]
async fn few_are_under_way_at_once_and_a_cancelled_job_begins_no_more() {
    let f = Fixture::new().await;
    let program = f.program(&[("say", SAYS)], &["start -> say"], "").await;
    f.events(&program, 30).await;
    let asking = f.program(&[("ask", ASKS)], &["start -> ask"], "").await;
    let _replays = f.engine.start_replays();
    let on = On { version: asking.version, elsewhere: None };
    let id = f.engine.replay_many(f.place.workspace, &f.order(Version::One(on), 30)).await.unwrap();
    let open = |job: &Job| job.progress["open"].as_array().cloned().unwrap_or_default();
    let job = f.until(id, |job| open(job).len() == 16).await;
    let first = open(&job)[0]["run"].as_str().unwrap().to_owned();
    f.ask.give(&first, Ok("1")).await;
    f.until(id, |job| job.progress["done"] == 1 && open(job).len() == 16).await;

    assert!(f.store.job_cancel(f.place.workspace, id, Job::REPLAY).await.unwrap());
    // The worker lets it go and takes up the next.
    let next = f.engine.replay_many(f.place.workspace, &f.order(Version::Ran, 0)).await.unwrap();
    f.until(next, |job| job.status != JobStatus::Queued).await;
    let job = f.job(id).await;
    assert_eq!((job.status, &job.progress["done"]), (JobStatus::Cancelled, &1.into()));
    assert_eq!(f.ask.count(), 17, "what had begun goes on");
}

#[tokio::test]
async fn a_job_goes_on_after_a_stop_and_after_a_crash_and_repeats_nothing() {
    let mut f = Fixture::new().await;
    let program = f.program(&[("say", SAYS)], &["start -> say"], "").await;
    let events = f.events(&program, 60).await;
    let id = f.engine.replay_many(f.place.workspace, &f.order(Version::Ran, 60)).await.unwrap();
    let replays = f.engine.start_replays();
    f.until(id, |job| job.progress["done"].as_u64() > Some(0)).await;
    replays.stop(Duration::from_secs(20)).await;
    let stopped = f.job(id).await;
    assert!(matches!(stopped.status, JobStatus::Queued | JobStatus::Succeeded), "{stopped:?}");

    let replays = f.engine.start_replays();
    f.until(id, |job| job.status == JobStatus::Running || job.status == JobStatus::Succeeded).await;
    // Its worker ends at any point, as in a crash.
    drop(replays);
    f.crash().await;
    let _replays = f.engine.start_replays();
    let job = f.over(id).await;
    assert_eq!((job.status, &job.progress["done"]), (JobStatus::Succeeded, &60.into()), "{job:?}");
    for event in events {
        assert_eq!(f.replays_of(event).await.len(), 1);
    }
}

#[tokio::test]
async fn a_draft_runs_in_another_environment() {
    let f = Fixture::new().await;
    let program = f.program(&[("say", SAYS)], &["start -> say"], "").await;
    let events = f.events(&program, 2).await;
    let environments = f.store.environment_list(f.place.workspace).await.unwrap();
    let test = environments.iter().map(|known| known.id).find(|id| *id != f.place.environment).unwrap();
    let on = On { version: program.version, elsewhere: Some(test) };
    let _replays = f.engine.start_replays();
    let id = f.engine.replay_many(f.place.workspace, &f.order(Version::One(on), 2)).await.unwrap();
    assert_eq!(f.over(id).await.status, JobStatus::Succeeded);
    for event in events {
        let runs = f.replays_of(event).await;
        assert_eq!(runs.iter().map(|run| run.environment).collect::<Vec<_>>(), [test]);
        let timeline = f.engine.timeline(f.place.workspace, runs[0].id).await.unwrap();
        assert_eq!(timeline.input["q"], "hi", "the event is still the other environment's");
        let listed = f.store.run_list(
            Place { environment: test, ..f.place },
            store::RunFilter::default(),
            store::PageRequest { limit: 9, before: None },
        );
        assert!(listed.await.unwrap().items.iter().any(|run| run.id == runs[0].id));
    }
}
