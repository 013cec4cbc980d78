//! Many dead letters at once: a job that replays or discards them, some at a time. Each step is committed with how far
//! it is, so a node that dies begins none twice. What is replayed is sent when nothing fresh is due.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{
    DeliveryFilter, DestinationId, Job, JobId, JobStatus, Lane, Letter, LetterAction, LetterSlice, NodeId,
    Store, Taken, WorkspaceId,
};
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{sleep, timeout},
};

use crate::Waker;

/// Dead letters that are looked at in one step: few, since others wait for the database meanwhile.
const SLICE: usize = 64;

/// How long the worker rests when nothing waits: the jobs of a node that died are found then.
const REST: Duration = Duration::from_secs(15);

/// How long it rests while the database does not do what it must.
const TROUBLE: Duration = Duration::from_secs(2);

/// What a job does with dead letters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LetterOrder {
    /// Which.
    pub filter: DeliveryFilter,
    /// What is done.
    pub action: LetterAction,
    /// How many they were when it was ordered.
    pub total: u64,
    /// Who ordered it.
    pub by: String,
}

/// Replays and discards dead letters in bulk, until it is stopped or dropped.
#[derive(Debug)]
pub struct Letters {
    stopping: watch::Sender<bool>,
    worker: JoinHandle<()>,
}

/// How far a job is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Progress {
    /// Those that were replayed or discarded.
    done: u64,
    total: u64,
    /// Those whose destination is gone, so that nobody would send them, or that somebody else was done with before.
    skipped: u64,
    /// Everything up to this number is done.
    position: i64,
}

/// What came of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// It came further.
    Forward,
    /// There is no job.
    Idle,
    /// The job has ended, or is not held any more.
    Over,
}

struct Worker {
    store: Store,
    node: NodeId,
    waker: Waker,
}

impl Letters {
    /// Begins to carry out such jobs, and wakes who sends what they replay.
    pub fn start(store: Store, node: NodeId, waker: Waker) -> Self {
        let (stopping, stopped) = watch::channel(false);
        Self { stopping, worker: tokio::spawn(Worker { store, node, waker }.work(stopped)) }
    }

    /// Queues a job. A node that delivers takes it up.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn order(
        store: &Store,
        waker: &Waker,
        workspace: WorkspaceId,
        order: &LetterOrder,
    ) -> Result<JobId, store::Error> {
        let job = store.job_add(workspace, Job::LETTERS, &json!(order)).await?;
        waker.letters_ordered();
        Ok(job)
    }

    /// Stops: the job under way is given back, to be taken by another node or after the next start.
    pub async fn stop(self, patience: Duration) {
        self.stopping.send_replace(true);
        if timeout(patience, self.worker).await.is_err() {
            tracing::warn!("a job with dead letters did not stop in time; it is taken again later");
        }
    }
}

impl Worker {
    async fn work(self, mut stopping: watch::Receiver<bool>) {
        let mut held: Option<Job> = None;
        // Whoever could stop it may be gone.
        while !*stopping.borrow() && stopping.has_changed().is_ok() {
            // A step is never broken off: what it has committed must be known.
            let rest = match self.turn(&mut held).await {
                Ok(Step::Forward | Step::Over) => continue,
                Ok(Step::Idle) => REST,
                Err(error) => {
                    tracing::warn!(%error, "a job with dead letters cannot go on now");
                    TROUBLE
                }
            };
            tokio::select! {
                _ = stopping.wait_for(|stopping| *stopping) => {}
                () = self.waker.letters_wanted(), if held.is_none() => {}
                () = sleep(rest) => {}
            }
        }
        let Some(job) = held else { return };
        if let Err(error) = self.store.job_release(&job).await {
            tracing::warn!(job = %job.id, %error, "a job could not be given back; it is taken again later");
        }
    }

    /// One step of the job that is held, or of a new one.
    async fn turn(&self, held: &mut Option<Job>) -> Result<Step, store::Error> {
        // Read anew each time: it may be cancelled, and a commit whose answer was lost may have been made.
        let known = match &*held {
            Some(before) => {
                let is_held = |now: &Job| now.fence == before.fence && now.status == JobStatus::Running;
                self.store.job_get(before.id).await?.filter(is_held)
            }
            None => self.store.job_claim(self.node, Job::LETTERS).await?,
        };
        let was_held = std::mem::replace(held, known).is_some();
        let Some(job) = held.clone() else { return Ok(if was_held { Step::Over } else { Step::Idle }) };
        let stepped = match read(&job) {
            Ok((order, progress)) => self.step(&job, &order, progress).await,
            Err(error) => {
                let said = format!("what the job keeps cannot be read: {error}");
                self.fail(&job, &said).await
            }
        };
        let stepped = match stepped {
            Err(error) if !matches!(error, store::Error::Unavailable { .. }) => {
                self.fail(&job, &error.to_string()).await?
            }
            stepped => stepped?,
        };
        if stepped == Step::Over {
            *held = None;
        }
        Ok(stepped)
    }

    async fn fail(&self, job: &Job, said: &str) -> Result<Step, store::Error> {
        self.store.job_update(job, JobStatus::Failed, &job.progress, Some(said)).await?;
        Ok(Step::Over)
    }

    async fn step(
        &self,
        job: &Job,
        order: &LetterOrder,
        mut progress: Progress,
    ) -> Result<Step, store::Error> {
        let slice = self.store.letter_slice(order.filter.clone(), progress.position, SLICE).await?;
        let (letters, is_over) = progress.take(slice, order.action);
        let status = if is_over { JobStatus::Succeeded } else { JobStatus::Running };
        let what = (order.action, order.by.as_str());
        match self.store.letter_commit(job, (status, &json!(progress)), what, &letters).await? {
            Taken::Lost => return Ok(Step::Over),
            // They are read again.
            Taken::Changed => return Ok(Step::Forward),
            Taken::Done => self.waker.notify(letters.iter().map(|letter| letter.destination)),
        }
        Ok(if is_over { Step::Over } else { Step::Forward })
    }
}

impl Progress {
    /// The letters of a slice that are taken in one step, up to the first of a second lane; says whether there are none
    /// behind them.
    fn take(&mut self, slice: LetterSlice, action: LetterAction) -> (Vec<Letter>, bool) {
        let mut taken = Vec::new();
        let mut of: Option<(DestinationId, Lane)> = None;
        let mut is_whole = true;
        for letter in slice.letters {
            let own = letter.lane.map(|lane| (letter.destination, lane));
            if own.is_some() && of.is_some() && own != of {
                is_whole = false;
                break;
            }
            of = of.or(own);
            self.position = letter.position;
            if action == LetterAction::Replay && !letter.goes {
                self.skipped += 1;
                continue;
            }
            self.done += 1;
            taken.push(letter);
        }
        // Some may have died since they were counted.
        self.total = self.total.max(self.done + self.skipped);
        if is_whole {
            self.position = slice.position;
        }
        let is_over = is_whole && slice.is_last;
        if is_over {
            self.skipped = self.total - self.done;
        }
        (taken, is_over)
    }
}

/// What a job is to do and how far it is.
fn read(job: &Job) -> Result<(LetterOrder, Progress), serde_json::Error> {
    let order = LetterOrder::deserialize(&job.spec)?;
    // A job that nobody has begun has no progress yet.
    if job.progress.as_object().is_none_or(serde_json::Map::is_empty) {
        let fresh = Progress { total: order.total, position: -1, ..Progress::default() };
        return Ok((order, fresh));
    }
    Ok((order, Progress::deserialize(&job.progress)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(position: u8, lane: Option<&str>) -> Letter {
        Letter {
            id: store::DeliveryId::from_bytes([position; 16]),
            destination: DestinationId::from_bytes([1; 16]),
            goes: true,
            lane: lane.map(Lane::of),
            position: i64::from(position),
        }
    }

    #[test]
    fn a_step_ends_before_a_second_lane() {
        let all = [letter(1, Some("a")), letter(2, None), letter(3, Some("a")), letter(4, Some("b"))];
        let mut progress = Progress { total: 4, ..Progress::default() };
        let slice =
            |letters: &[Letter]| LetterSlice { letters: letters.to_vec(), position: 9, is_last: true };
        assert_eq!(progress.take(slice(&all), LetterAction::Discard), (all[..3].to_vec(), false));
        assert_eq!((progress.done, progress.position), (3, 3));
        assert_eq!(progress.take(slice(&all[3..]), LetterAction::Discard), (all[3..].to_vec(), true));
        assert_eq!((progress.done, progress.skipped, progress.position), (4, 0, 9));
    }

    #[test]
    fn what_nobody_would_send_is_skipped_and_what_is_gone_counts_so() {
        let gone = Letter { goes: false, ..letter(1, None) };
        let slice = LetterSlice { letters: vec![gone, letter(2, None)], position: 2, is_last: true };
        let mut progress = Progress { total: 5, ..Progress::default() };
        assert_eq!(progress.clone().take(slice.clone(), LetterAction::Discard).0.len(), 2);
        assert_eq!(progress.take(slice, LetterAction::Replay), (vec![letter(2, None)], true));
        assert_eq!((progress.done, progress.skipped, progress.total), (1, 4, 5));
    }
}
