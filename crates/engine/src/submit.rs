//! Taking an event in.

use std::{any::Any, sync::Arc, time::Duration};

use bytes::Bytes;
use clock::Timestamp;
use flow::run::Status;
use serde_json::Value;
use store::{
    Admission, Admitted, Begin, DedupeClaim, EventId, EventStatus, NewEvent, NewFile, OriginalRun, Place,
    RunId, SourceId, Tick, WorkspaceId,
};
use tokio::{sync::oneshot, time::Instant};

use crate::{
    Answer, Call, Change, Engine, Error, Follower, Outcome, Program, Tells, Update,
    dispatch::cancel_claimed,
    execution::{Execution, Identity},
    finishing::finishing,
    hub::{Control, Controlled},
};

/// An event that is to be taken in.
pub struct Submission {
    /// Where it belongs.
    pub place: Place,
    /// The flow's version that it runs.
    pub program: Arc<Program>,
    /// The source it came by, with its name.
    pub source: Option<(SourceId, Arc<str>)>,
    /// `webhook`, `schedule`, `alert` or `api`.
    pub kind: &'static str,
    /// When it came.
    pub received_at: Timestamp,
    /// The flow's input, checked and with defaults.
    pub input: Value,
    /// What is stored of it: JSON with at least `input`.
    pub content: Bytes,
    /// Its dedupe key.
    pub dedupe: Option<DedupeClaim>,
    /// The files that came with it; its input names them by their digests.
    pub files: Vec<NewFile>,
    /// The tick of a schedule that it is.
    pub tick: Option<Tick>,
    /// What the sender waits for; nothing when it only wants to know that the event is safe.
    pub waits_for: Option<Tells>,
    /// Whether the source's filter held it back: it is recorded and runs nothing.
    pub filtered: bool,
    /// What is let go of when the event is committed, or was not taken: its share of a bound, say.
    pub until_committed: Option<Box<dyn Any + Send>>,
}

/// An event that is on stable storage.
#[derive(Debug)]
pub struct Submitted {
    /// The event; the first one's, for a duplicate.
    pub event: EventId,
    /// Its original run.
    pub run: RunId,
    /// Whether its dedupe key was there before.
    pub duplicate: bool,
    /// Whether the event, the first one for a duplicate, was held back by the source's filter: then it has no run.
    pub filtered: bool,
    /// What came of it, if that is known already.
    pub outcome: Option<Outcome>,
    /// Tells what comes of it, for a sender that waits.
    pub answer: Option<Answer>,
    /// Tells how it goes on, for a sender that reads along.
    pub follower: Option<Follower>,
}

impl Submission {
    /// The event that it becomes; its content is taken out.
    fn event(&mut self, id: EventId, status: EventStatus) -> NewEvent {
        NewEvent {
            id,
            place: self.place,
            flow: self.program.flow_id,
            source: self.source.as_ref().map(|(id, _)| *id),
            kind: self.kind,
            received_at: self.received_at,
            status,
            content: std::mem::take(&mut self.content),
        }
    }
}

impl Submitted {
    /// An event of whose run nothing is known yet.
    fn known(event: EventId) -> Self {
        let run = event.original_run();
        Self { event, run, duplicate: false, filtered: false, outcome: None, answer: None, follower: None }
    }
}

impl Engine {
    /// Takes an event in: runs its pure steps, commits it, and lets the rest go on behind. It is carried
    /// through also when its future is dropped (a sender that hangs up): then the event may be taken although
    /// nobody was told so.
    ///
    /// # Errors
    /// [`Error::Store`] when it cannot be put on stable storage, [`Error::Passed`] when it is a tick that was not to be
    /// had; then it was not taken.
    pub fn submit(
        &self,
        submission: Submission,
    ) -> impl Future<Output = Result<Submitted, Error>> + Send + use<> {
        finishing(self.clone().take_in(submission))
    }

    async fn take_in(self, mut submission: Submission) -> Result<Submitted, Error> {
        if *self.0.stopping.borrow() {
            return Err(Error::Stopping);
        }
        if submission.filtered {
            return self.hold_back(submission).await;
        }
        let shared = &self.0;
        let event: EventId = shared.store.ids().next();
        let run = event.original_run();
        let place = submission.place;
        let identity = Identity { run, event, place, created_at: submission.received_at };
        // Without a free place the run is queued, and claimed when one is free; and so it is while this node may hold
        // nothing.
        let permit = Arc::clone(&shared.permits).try_acquire_owned().ok().filter(|_| shared.lease.runs());
        let mut execution = permit.map(|permit| {
            let facts = Execution::facts(shared, &submission, identity);
            let mut execution = Execution::begin(
                Arc::clone(shared),
                &submission.program,
                (identity, Some(permit)),
                (&submission.input, facts),
            );
            execution.advance(Some(Instant::now() + shared.options.inline_budget));
            execution
        });
        let begin = execution.as_mut().map_or(Ok(Begin::Queued), Execution::take_begin)?;
        let finished = matches!(begin, Begin::Finished { .. });
        let controlled = (execution.is_some() && !finished).then(|| shared.hub.enter(run));
        // Before it is committed: whichever node takes it up shall know who waits.
        let waits_for = submission.waits_for.filter(|_| !finished);
        let answer = waits_for.and_then(|what| shared.hub.wait(run, what));
        let follower = waits_for.filter(|what| *what == Tells::Progress).map(|_| shared.hub.follow(run));
        let version = submission.program.version;
        let admission = Admission {
            event: submission.event(event, EventStatus::Accepted),
            dedupe: submission.dedupe,
            files: submission.files,
            tick: submission.tick,
            run: Some(OriginalRun { version, begin }),
        };
        let admitted = shared.store.event_admit(admission).await;
        if let (Some(controlled), false) = (&controlled, matches!(admitted, Ok(Admitted::New))) {
            shared.hub.leave(controlled);
        }
        match admitted? {
            Admitted::New => {}
            Admitted::Duplicate(first) => return self.repeated(place.workspace, first).await,
            Admitted::Passed => return Err(Error::Passed),
        }
        let outcome = self.after_admission(identity, execution, controlled);
        let outcome = outcome.filter(|outcome| submission.waits_for.is_some_and(|what| outcome.tells(what)));
        Ok(Submitted { event, run, duplicate: false, filtered: false, outcome, answer, follower })
    }

    /// Records an event that runs nothing.
    async fn hold_back(self, mut submission: Submission) -> Result<Submitted, Error> {
        let store = &self.0.store;
        let event: EventId = store.ids().next();
        let workspace = submission.place.workspace;
        let filtered = submission.event(event, EventStatus::Filtered);
        let Submission { dedupe, files, tick, .. } = submission;
        let admission = Admission { event: filtered, dedupe, files, tick, run: None };
        match store.event_admit(admission).await? {
            Admitted::New => Ok(Submitted { filtered: true, ..Submitted::known(event) }),
            Admitted::Duplicate(first) => self.repeated(workspace, first).await,
            Admitted::Passed => Err(Error::Passed),
        }
    }

    /// What a duplicate is told: that of the first event with its key, which may have been held back.
    async fn repeated(&self, workspace: WorkspaceId, event: EventId) -> Result<Submitted, Error> {
        let first = self.0.store.event_get(workspace, event).await?;
        let filtered = first.is_some_and(|first| first.status == EventStatus::Filtered);
        Ok(Submitted { duplicate: true, filtered, ..Submitted::known(event) })
    }

    /// Tells whoever wants to know, and lets the run go on.
    fn after_admission(
        &self,
        identity: Identity,
        execution: Option<Execution>,
        controlled: Option<Controlled>,
    ) -> Option<Outcome> {
        let Identity { run, event, place, .. } = identity;
        let Some(mut execution) = execution else {
            self.0.work.notify_one();
            self.0.hub.publish(|| Update { place, run, event, change: Change::Committed(Status::Queued) });
            return None;
        };
        self.0.hub.publish(|| Update { place, run, event, change: Change::Begun });
        let outcome = execution.admitted();
        match controlled {
            Some(controlled) => drop(tokio::spawn(execution.drive(controlled))),
            None => {
                self.0.hub.publish(|| Update {
                    place,
                    run,
                    event,
                    change: Change::Committed(outcome.status),
                });
            }
        }
        Some(outcome)
    }

    /// Cancels a run.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn cancel(&self, workspace: WorkspaceId, run: RunId, by: &str) -> Result<Cancelled, Error> {
        let deadline = Instant::now() + CANCEL_PATIENCE;
        let (mut pause, mut is_called) = (Duration::from_millis(20), false);
        loop {
            if let Some(control) = self.0.hub.control(run) {
                let (done, cancelled) = oneshot::channel();
                let message = Control::Cancel { by: by.to_owned(), done: Some(done) };
                if control.send_timeout(message, CANCEL_PATIENCE).await.is_ok() {
                    match tokio::time::timeout_at(deadline, cancelled).await {
                        Ok(Ok(())) => return Ok(Cancelled::Done),
                        // It was let go or lost just then.
                        Ok(Err(_)) => {}
                        Err(_) => return Ok(Cancelled::Pending),
                    }
                }
            } else {
                let idle = finishing(self.clone().cancel_idle(run, by.to_owned()));
                match tokio::time::timeout_at(deadline, idle).await {
                    Ok(Ok(true)) => return Ok(Cancelled::Done),
                    Ok(Ok(false)) => {}
                    Ok(Err(error)) => return Err(error),
                    Err(_) => return Ok(Cancelled::Pending),
                }
            }
            let known = self.0.store.run_get(workspace, run).await?;
            match known.map(|run| run.status) {
                // Nobody but this caller asked for it, as far as is known here.
                Some(Status::Cancelled) if is_called => return Ok(Cancelled::Done),
                Some(status) if !status.is_final() => {}
                _ => return Ok(Cancelled::Ended),
            }
            if Instant::now() >= deadline {
                return Ok(Cancelled::Pending);
            }
            // Another node has it, or somebody claims or lets go of it at this moment.
            self.0.hub.call(Call::Cancel { run, by: by.to_owned() });
            is_called = true;
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Cancels a run that nobody holds. Says whether there was one.
    async fn cancel_idle(self, run: RunId, by: String) -> Result<bool, Error> {
        let asked_at = Instant::now();
        let Some(claimed) = self.0.store.run_claim_one(self.0.node, run).await? else { return Ok(false) };
        // It runs no step, so it needs no place among those that do.
        Ok(cancel_claimed(self.0, (claimed, asked_at), &by).await)
    }
}

/// How long a caller waits for a run to be cancelled.
const CANCEL_PATIENCE: Duration = Duration::from_secs(5);

/// The longest pause between two looks at a run that is to be cancelled.
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// What came of cancelling a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cancelled {
    /// The run is cancelled.
    Done,
    /// The run had ended before.
    Ended,
    /// The run has been told, or another node has it; it is not cancelled yet.
    Pending,
}
