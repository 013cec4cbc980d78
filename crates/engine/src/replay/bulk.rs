//! Replays in bulk: a job that begins the runs of many events, a few at a time, so that what comes in meanwhile does
//! not wait behind them. Its runs are committed with how far it is, so a node that dies repeats none of them.

use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};

use flow::run::Status;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{
    EventId, FlowId, Job, JobId, JobStatus, Repeat, Replayable, RunId, RunView, Slice, VersionId, WorkspaceId,
};
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{sleep, timeout},
};

use super::{On, Order, Version};
use crate::{Engine, Error};

/// Runs of one job that may be unfinished at once. They wait in the same queue as fresh events, so there are few.
const OPEN: usize = 16;

/// Events that are looked at in one step.
const SLICE: usize = 200;

/// How long the worker rests when nothing waits: the jobs of a node that died are found then.
const REST: Duration = Duration::from_secs(15);

/// How long it rests while the database does not do what it must.
const TROUBLE: Duration = Duration::from_secs(2);

/// How soon it looks again what has become of the runs, at first and at last.
const LOOK: (Duration, Duration) = (Duration::from_millis(20), Duration::from_secs(1));

/// Replays in bulk, until it is stopped or dropped.
#[derive(Debug)]
pub struct Replays {
    stopping: watch::Sender<bool>,
    worker: JoinHandle<()>,
}

/// How far a replay in bulk is, as its job keeps it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplayProgress {
    /// How many replays have ended or wait for something outside.
    pub done: u64,
    /// How many there are in all.
    pub total: u64,
    /// How many of those that are done failed or could not begin.
    pub failed: u64,
    /// The first 100 of the failed ones.
    pub failures: Vec<Replayed>,
    /// The last 100 that began.
    pub newest: VecDeque<Replayed>,
    /// Everything up to this event has begun.
    position: i64,
    /// Those that are under way.
    open: Vec<Replayed>,
}

/// An event of a replay in bulk, and the run that it got; `None` when nothing runs it any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replayed {
    /// The event.
    pub event: EventId,
    /// Its new run.
    pub run: Option<RunId>,
}

/// How many replays a job names: it is written anew with each step.
const KEPT: usize = 100;

/// What came of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// It came further.
    Forward,
    /// There is nothing to do but to wait for its runs, or for room.
    Waits,
    /// The job has ended, or is not held any more.
    Over,
}

impl Replays {
    /// Stops: the job under way is given back, to be taken by another node or after the next start.
    pub async fn stop(self, patience: Duration) {
        self.stopping.send_replace(true);
        if timeout(patience, self.worker).await.is_err() {
            tracing::warn!("replays did not stop in time; their job is taken again later");
        }
    }
}

impl Engine {
    /// Orders a replay of many events. A node that replays takes it up.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn replay_many(&self, workspace: WorkspaceId, order: &Order) -> Result<JobId, Error> {
        let job = self.0.store.job_add(workspace, Job::REPLAY, &json!(order)).await?;
        self.0.replays.notify_one();
        Ok(job)
    }

    /// Begins to carry out replays in bulk.
    pub fn start_replays(&self) -> Replays {
        let (stopping, stopped) = watch::channel(false);
        Replays { stopping, worker: tokio::spawn(work(self.clone(), stopped)) }
    }
}

async fn work(engine: Engine, mut stopping: watch::Receiver<bool>) {
    let mut held: Option<Job> = None;
    let mut pause = LOOK.0;
    // Whoever could stop it may be gone.
    while !*stopping.borrow() && stopping.has_changed().is_ok() {
        // A step is never broken off: what it has committed must be known.
        let rest = match engine.turn(&mut held).await {
            Ok(Step::Forward | Step::Over) => {
                pause = LOOK.0;
                continue;
            }
            Ok(Step::Waits) if held.is_none() => REST,
            Ok(Step::Waits) => {
                pause = (pause * 2).min(LOOK.1);
                pause
            }
            Err(error) => {
                tracing::warn!(%error, "a replay of many events cannot go on now");
                TROUBLE
            }
        };
        tokio::select! {
            _ = stopping.wait_for(|stopping| *stopping) => {}
            () = engine.0.replays.notified(), if held.is_none() => {}
            () = sleep(rest) => {}
        }
    }
    let Some(job) = held else { return };
    if let Err(error) = engine.0.store.job_release(&job).await {
        tracing::warn!(job = %job.id, %error, "a job could not be given back; it is taken again later");
    }
}

impl Engine {
    /// One step of the job that is held, or of a new one.
    async fn turn(&self, held: &mut Option<Job>) -> Result<Step, Error> {
        let store = &self.0.store;
        // Read anew each time: it may be cancelled, and a commit whose answer was lost may have been made.
        let known = match &*held {
            Some(before) => {
                let is_held = |now: &Job| now.fence == before.fence && now.status == JobStatus::Running;
                store.job_get(before.id).await?.filter(is_held)
            }
            None => store.job_claim(self.0.node, Job::REPLAY).await?,
        };
        let was_held = std::mem::replace(held, known).is_some();
        let Some(job) = held.clone() else { return Ok(if was_held { Step::Over } else { Step::Waits }) };
        let stepped = match self.step(&job).await {
            Err(error) if !is_passing(&error) => {
                let said = error.to_string();
                store.job_update(&job, JobStatus::Failed, &job.progress, Some(&said)).await?;
                Step::Over
            }
            stepped => stepped?,
        };
        if stepped == Step::Over {
            *held = None;
        }
        Ok(stepped)
    }

    async fn step(&self, job: &Job) -> Result<Step, Error> {
        let (order, before) = read(job)?;
        let mut progress = before.clone();
        let open = self.0.store.run_get_many(job.workspace, before.runs()).await?;
        progress.settle(&open);
        let room = if self.has_room() { OPEN.saturating_sub(progress.open.len()) } else { 0 };
        let (mut runs, mut is_last) = (Vec::new(), false);
        if room > 0 {
            let slice = self.0.store.replay_slice(order.filter.clone(), before.position, SLICE).await?;
            (runs, is_last) = self.begin(&order, slice, room, &mut progress).await?;
        }
        let is_over = is_last && progress.open.is_empty();
        if progress == before && !is_over {
            return Ok(Step::Waits);
        }
        if is_over {
            // Some may have expired since they were counted.
            progress.total = progress.done;
        }
        let status = if is_over { JobStatus::Succeeded } else { JobStatus::Running };
        let is_held = self.0.store.replay_commit(job, (status, &json!(progress)), &runs).await?;
        if !is_held {
            return Ok(Step::Over);
        }
        for run in &runs {
            self.queued(order.filter.place, run);
        }
        Ok(if is_over { Step::Over } else { Step::Forward })
    }

    /// The runs of the next events, as many as there is room for; says whether no event is left behind them.
    async fn begin(
        &self,
        order: &Order,
        slice: Slice,
        room: usize,
        progress: &mut ReplayProgress,
    ) -> Result<(Vec<Repeat>, bool), Error> {
        let mut runs = Vec::new();
        let mut serving = HashMap::new();
        for replayable in slice.events {
            if runs.len() == room {
                return Ok((runs, false));
            }
            progress.position = replayable.position;
            let Some(on) = self.on(order, &replayable, &mut serving).await? else {
                // Nothing runs it any more.
                progress.done += 1;
                progress.fail(Replayed { event: replayable.event.id, run: None });
                continue;
            };
            let run = self.repeat(order.filter.place, &replayable.event, on).await?;
            progress.begin(Replayed { event: run.event, run: Some(run.id) });
            runs.push(run);
        }
        progress.position = slice.position;
        Ok((runs, slice.is_last))
    }

    /// On what an event is replayed; `serving` is what is known of flows already.
    async fn on(
        &self,
        order: &Order,
        replayable: &Replayable,
        serving: &mut HashMap<FlowId, Option<VersionId>>,
    ) -> Result<Option<On>, Error> {
        let here = |version| On { version, elsewhere: None };
        match (order.version, replayable.version) {
            (Version::One(on), _) => return Ok(Some(on)),
            (Version::Ran, Some(version)) => return Ok(Some(here(version))),
            (Version::Ran | Version::Deployed, _) => {}
        }
        let flow = replayable.event.flow;
        if let Some(known) = serving.get(&flow) {
            return Ok(known.map(here));
        }
        let deployed = self.0.store.deployment_of(order.filter.place, flow).await?;
        let version = deployed.map(|deployed| deployed.version);
        serving.insert(flow, version);
        Ok(version.map(here))
    }

    /// Whether half of the places for runs are free: fresh events come first.
    fn has_room(&self) -> bool {
        self.0.permits.available_permits() * 2 >= self.0.options.max_runs
    }
}

impl ReplayProgress {
    /// How far the job of a replay is: not begun, when nobody has.
    ///
    /// # Errors
    /// When it is not what a replay writes.
    pub fn of(job: &Job) -> Result<Self, serde_json::Error> {
        // A job that nobody has begun has no progress yet.
        let begun = job.progress.as_object().is_some_and(|progress| !progress.is_empty());
        if begun {
            return Self::deserialize(&job.progress);
        }
        let total = Order::deserialize(&job.spec)?.total;
        Ok(Self { total, position: -1, ..Self::default() })
    }

    /// The runs that are under way.
    fn runs(&self) -> Vec<RunId> {
        self.open.iter().filter_map(|open| open.run).collect()
    }

    fn begin(&mut self, replayed: Replayed) {
        self.open.push(replayed);
        self.newest.push_back(replayed);
        if self.newest.len() > KEPT {
            self.newest.pop_front();
        }
    }

    fn fail(&mut self, replayed: Replayed) {
        self.failed += 1;
        if self.failures.len() < KEPT {
            self.failures.push(replayed);
        }
    }

    /// Takes out the runs that have ended, or are gone, or wait for something that no machine can hurry.
    fn settle(&mut self, known: &[RunView]) {
        let standing: HashMap<RunId, Status> = known.iter().map(|run| (run.id, run.status)).collect();
        for replayed in std::mem::take(&mut self.open) {
            match replayed.run.and_then(|run| standing.get(&run)) {
                Some(Status::Queued | Status::Running) => self.open.push(replayed),
                status => {
                    self.done += 1;
                    if matches!(status, Some(Status::Failed | Status::Cancelled)) {
                        self.fail(replayed);
                    }
                }
            }
        }
    }
}

/// What a job is to do and how far it is.
fn read(job: &Job) -> Result<(Order, ReplayProgress), Error> {
    let malformed = |source| Error::Order { job: job.id, source };
    let order = Order::deserialize(&job.spec).map_err(malformed)?;
    Ok((order, ReplayProgress::of(job).map_err(malformed)?))
}

/// Whether the database may do later what it does not do now.
const fn is_passing(error: &Error) -> bool {
    matches!(error, Error::Store(store::Error::Unavailable { .. }) | Error::Stopping)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_so_many_replays_are_named() {
        let replayed = |nth: u8| Replayed {
            event: EventId::from_bytes([nth; 16]),
            run: Some(RunId::from_bytes([nth; 16])),
        };
        let mut progress = ReplayProgress::default();
        for nth in 0..120 {
            progress.begin(replayed(nth));
        }
        let ids: Vec<RunId> = progress.runs();
        assert_eq!(ids.len(), 120, "those under way are few for another reason");
        // None of them is known any more: they have expired, which is no failure.
        progress.settle(&[]);
        assert_eq!((progress.done, progress.failed, progress.runs().len()), (120, 0, 0));
        for nth in 0..120 {
            progress.fail(replayed(nth));
        }
        assert_eq!((progress.failed, progress.failures.len(), progress.newest.len()), (120, KEPT, KEPT));
        assert_eq!(
            (progress.failures.first(), progress.newest.back()),
            (Some(&replayed(0)), Some(&replayed(119)))
        );
    }
}
