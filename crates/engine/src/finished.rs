//! What came of a run.

use std::sync::Arc;

use flow::{
    NodeIndex,
    run::{Event, RunError, State, Status, StepPath, StepState},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{Place, RunId, RunView, WorkspaceId};

use crate::{Engine, Error};

/// The answer to a source's request, as a step gave it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// Headers, by lower-case name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
    /// JSON is sent as JSON, text as text.
    pub body: Value,
}

/// What a caller waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tells {
    /// An answer to the request, or the run's end without one.
    Answer,
    /// The run's end.
    End,
}

/// What a caller that waits learns, once it is committed.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Where the run stands.
    pub status: Status,
    /// The answer a step gave to the request, if one did.
    pub response: Option<Arc<Value>>,
    /// The run's results, if it has succeeded.
    pub outputs: Option<Arc<Value>>,
    /// Why it failed.
    pub error: Option<RunError>,
}

/// A run with everything that happened in it.
#[derive(Debug)]
pub struct Timeline {
    /// The run's row.
    pub run: RunView,
    /// The flow's input.
    pub input: Arc<Value>,
    /// The number of the flow's version.
    pub version: u32,
    /// Where each of the flow's steps stands, in the order of the flow.
    pub steps: Vec<StepStanding>,
    /// Everything that happened, in order.
    pub events: Vec<Event>,
    /// What came of it so far.
    pub outcome: Outcome,
}

/// Where a step of a run stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StepStanding {
    /// The step.
    pub step: StepPath,
    /// Its kind, with the version: `llm@1`.
    pub kind: String,
    /// `pending`, `running`, `paused`, `waiting`, `succeeded`, `recovered` (it left by `failed`), `failed`,
    /// `skipped` or `stopped`.
    pub state: &'static str,
}

const fn state_word(state: &StepState) -> &'static str {
    match state {
        StepState::Pending => "pending",
        StepState::Running { .. } => "running",
        StepState::Paused { .. } => "paused",
        StepState::Waiting { .. } => "waiting",
        StepState::Succeeded { .. } => "succeeded",
        StepState::Recovered { .. } => "recovered",
        StepState::Failed => "failed",
        StepState::Skipped => "skipped",
        StepState::Stopped => "stopped",
    }
}

impl Outcome {
    pub(crate) fn of(state: &State) -> Self {
        Self {
            status: state.status(),
            response: state.response().cloned(),
            outputs: state.outputs().cloned(),
            error: state.error().cloned(),
        }
    }

    /// Whether a caller who waits for this has something to learn.
    pub fn tells(&self, what: Tells) -> bool {
        let answered = what == Tells::Answer && self.response.is_some();
        answered || self.status.is_final() || self.status == Status::Parked
    }
}

impl Engine {
    /// Everything that happened in a run, from its journal.
    ///
    /// # Errors
    /// When the run does not exist or its journal cannot be read.
    pub async fn timeline(&self, workspace: WorkspaceId, id: RunId) -> Result<Timeline, Error> {
        let run = self.0.store.run_get(workspace, id).await?.ok_or(Error::NoRun(id))?;
        let program = self.0.program(workspace, run.version).await?;
        let place = Place { workspace, environment: run.environment };
        let told = self.0.told(&program, id, (place, run.event)).await?;
        let mut outcome = Outcome::of(&told.state);
        outcome.status = run.status;
        let standing = |node: NodeIndex| {
            let known = program.flow.node(node);
            StepStanding {
                step: known.id.as_str().into(),
                kind: format!("{}@{}", known.kind, known.version),
                state: state_word(told.state.step(node)),
            }
        };
        let steps = program.flow.graph().nodes().map(standing).collect();
        Ok(Timeline { run, input: told.input, version: program.number, steps, events: told.events, outcome })
    }

    /// Waits for a run's answer or end, whoever runs it; `None` when the time is up first.
    ///
    /// # Errors
    /// When the run does not exist or its journal cannot be read.
    pub async fn wait(
        &self,
        workspace: WorkspaceId,
        id: RunId,
        (what, deadline): (Tells, tokio::time::Instant),
    ) -> Result<Option<Outcome>, Error> {
        loop {
            let waiting = self.0.hub.wait(id, what);
            let told = self.timeline(workspace, id).await?.outcome;
            if told.tells(what) {
                return Ok(Some(told));
            }
            let next = tokio::time::Instant::now() + std::time::Duration::from_millis(250);
            let until = match waiting {
                Some(answered) => match tokio::time::timeout_at(deadline, answered).await {
                    Ok(Ok(outcome)) => return Ok(Some(outcome)),
                    Ok(Err(_)) => continue,
                    Err(_) => return Ok(None),
                },
                // It is not under way here: it waits, or another node has it.
                None => next.min(deadline),
            };
            if until >= deadline {
                return Ok(None);
            }
            tokio::time::sleep_until(until).await;
        }
    }
}
