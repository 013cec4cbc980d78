//! Replays in bulk: a job that begins the runs of many events, a few at a time, so that what comes in meanwhile does
//! not wait behind them. Its runs are committed with how far it is, so a node that dies repeats none of them.

use std::{collections::HashMap, time::Duration};

use flow::run::Status;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{
    FlowId, Job, JobId, JobStatus, Repeat, Replayable, RunId, RunView, Slice, VersionId, WorkspaceId,
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

/// How far a job is. `done` counts the replays that have ended or wait for something outside; `failed` those of them
/// that failed or could not begin.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Progress {
    done: u64,
    total: u64,
    failed: u64,
    /// Everything up to this event has begun.
    position: i64,
    /// The runs that are under way.
    open: Vec<RunId>,
}

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
        let open = self.0.store.run_get_many(job.workspace, before.open.clone()).await?;
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
        progress: &mut Progress,
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
                progress.failed += 1;
                continue;
            };
            let run = self.repeat(order.filter.place, &replayable.event, on).await?;
            progress.open.push(run.id);
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

impl Progress {
    /// Takes out the runs that have ended, or are gone, or wait for something that no machine can hurry.
    fn settle(&mut self, known: &[RunView]) {
        let standing: HashMap<RunId, Status> = known.iter().map(|run| (run.id, run.status)).collect();
        let is_open = |run: &RunId| matches!(standing.get(run), Some(Status::Queued | Status::Running));
        let failed = |run: &RunId| matches!(standing.get(run), Some(Status::Failed | Status::Cancelled));
        let ended = self.open.iter().filter(|run| !is_open(run));
        self.failed += ended.clone().filter(|run| failed(run)).count() as u64;
        self.done += ended.count() as u64;
        self.open.retain(is_open);
    }
}

/// What a job is to do and how far it is.
fn read(job: &Job) -> Result<(Order, Progress), Error> {
    let malformed = |source| Error::Order { job: job.id, source };
    let order: Order = serde_json::from_value(job.spec.clone()).map_err(malformed)?;
    // A job that nobody has begun has no progress yet.
    let fresh = Progress { total: order.total, position: -1, ..Progress::default() };
    let begun = job.progress.as_object().is_some_and(|progress| !progress.is_empty());
    let progress =
        if begun { serde_json::from_value(job.progress.clone()).map_err(malformed)? } else { fresh };
    Ok((order, progress))
}

/// Whether the database may do later what it does not do now.
const fn is_passing(error: &Error) -> bool {
    matches!(error, Error::Store(store::Error::Unavailable { .. }) | Error::Stopping)
}
