//! Taking an event in.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use clock::Timestamp;
use flow::run::Status;
use serde_json::Value;
use store::{
    Admission, Admitted, Begin, DedupeClaim, EventId, EventStatus, NewEvent, OriginalRun, Place, RunId,
    SourceId, WorkspaceId,
};
use tokio::{sync::oneshot, time::Instant};

use crate::{
    Answer, Call, Change, Engine, Error, Outcome, Program, Tells, Update,
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
    /// `webhook`, `api`, …
    pub kind: &'static str,
    /// When it came.
    pub received_at: Timestamp,
    /// The flow's input, checked and with defaults.
    pub input: Value,
    /// What is stored of it: JSON with at least `input`.
    pub content: Bytes,
    /// Its dedupe key.
    pub dedupe: Option<DedupeClaim>,
    /// What the sender waits for; nothing when it only wants to know that the event is safe.
    pub waits_for: Option<Tells>,
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
    /// What came of it, if that is known already.
    pub outcome: Option<Outcome>,
    /// Tells what comes of it, for a sender that waits.
    pub answer: Option<Answer>,
}

impl Engine {
    /// Takes an event in: runs its pure steps, commits it, and lets the rest go on behind. It is carried
    /// through also when its future is dropped (a sender that hangs up): then the event may be taken although
    /// nobody was told so.
    ///
    /// # Errors
    /// [`Error::Store`] when it cannot be put on stable storage; then it was not taken.
    pub fn submit(
        &self,
        submission: Submission,
    ) -> impl Future<Output = Result<Submitted, Error>> + Send + use<> {
        finishing(self.clone().take_in(submission))
    }

    async fn take_in(self, submission: Submission) -> Result<Submitted, Error> {
        if *self.0.stopping.borrow() {
            return Err(Error::Stopping);
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
        let admission = Admission {
            event: NewEvent {
                id: event,
                place,
                flow: submission.program.flow_id,
                source: submission.source.as_ref().map(|(id, _)| *id),
                kind: submission.kind,
                received_at: submission.received_at,
                status: EventStatus::Accepted,
                content: submission.content,
            },
            dedupe: submission.dedupe,
            run: Some(OriginalRun { version: submission.program.version, begin }),
        };
        match shared.store.event_admit(admission).await {
            Ok(Admitted::New) => {}
            Ok(Admitted::Duplicate(first)) => {
                if let Some(controlled) = &controlled {
                    shared.hub.leave(controlled);
                }
                let (event, run) = (first, first.original_run());
                return Ok(Submitted { event, run, duplicate: true, outcome: None, answer: None });
            }
            Err(error) => {
                if let Some(controlled) = &controlled {
                    shared.hub.leave(controlled);
                }
                return Err(error.into());
            }
        }
        let outcome = self.after_admission(identity, execution, controlled);
        let outcome = outcome.filter(|outcome| submission.waits_for.is_some_and(|what| outcome.tells(what)));
        Ok(Submitted { event, run, duplicate: false, outcome, answer })
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
