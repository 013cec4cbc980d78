//! What came of a run.

use std::{sync::Arc, time::Duration};

use flow::{
    NodeIndex,
    run::{Event, RunError, State, Status, StepPath, StepState, Wait},
};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;
use store::{RunId, RunView, WorkspaceId};
use tokio::time::Instant;

use crate::{
    Answer, Engine, Error, Program,
    journal::Told,
    progress::{Progress, Standing},
};

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
    /// Every step and all that is said, and the run's end: [`Engine::reader`].
    Progress,
}

/// What a caller that waits learns, once it is committed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
    /// The number of the flow's version; 0 for a draft, and when it cannot be read any more.
    pub version: u32,
    /// Where each of the flow's steps stands, in the order of the flow.
    pub steps: Vec<StepStanding>,
    /// Everything that happened, in order.
    pub events: Vec<Event>,
    /// What came of it so far.
    pub outcome: Outcome,
    /// The same for its readers.
    pub(crate) progress: Progress,
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
    /// What it waits for, if it does; outside, only what kind of thing: `delivery`.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "what")]
    pub waits_for: Option<Wait>,
}

#[expect(clippy::ref_option, reason = "serde gives it so")]
fn what<S: Serializer>(wait: &Option<Wait>, serializer: S) -> Result<S::Ok, S::Error> {
    wait.as_ref().map(|wait| &wait.what).serialize(serializer)
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

impl Timeline {
    /// What the row of a run says of it.
    fn of_row(run: RunView) -> Self {
        let error = run.error.as_deref().and_then(|error| serde_json::from_str(error).ok());
        let outcome = Outcome { status: run.status, response: None, outputs: None, error };
        let input = Arc::new(Value::Null);
        let progress = Progress::default();
        Self { run, input, version: 0, steps: Vec::new(), events: Vec::new(), outcome, progress }
    }
}

impl Engine {
    /// Everything that happened in a run, from its journal.
    ///
    /// # Errors
    /// When the run does not exist or its journal cannot be read.
    pub async fn timeline(&self, workspace: WorkspaceId, id: RunId) -> Result<Timeline, Error> {
        let run = self.0.store.run_get(workspace, id).await?.ok_or(Error::NoRun(id))?;
        let (program, told) = match self.read(&run, workspace).await {
            Ok(read) => read,
            // A run that could not be taken up is failed for that; its row says so, and nothing else can.
            Err(error @ (Error::Program { .. } | Error::Lacks { .. } | Error::Journal { .. }))
                if run.status.is_final() =>
            {
                tracing::warn!(run = %id, error = &error as &dyn std::error::Error, "only the row of a run can be read");
                return Ok(Timeline::of_row(run));
            }
            Err(error) => return Err(error),
        };
        let mut outcome = Outcome::of(&told.state);
        outcome.status = run.status;
        let standing = |node: NodeIndex| {
            let (known, state) = (program.flow.node(node), told.state.step(node));
            StepStanding {
                step: known.id.as_str().into(),
                kind: format!("{}@{}", known.kind, known.version),
                state: Standing::of(state).as_str(),
                waits_for: match state {
                    StepState::Waiting { wait, .. } => Some(wait.clone()),
                    _ => None,
                },
            }
        };
        let steps = program.flow.graph().nodes().map(standing).collect();
        let progress = Progress::of(&program, &told.state);
        let (input, version, events) = (told.input, program.number, told.events);
        Ok(Timeline { run, input, version, steps, events, outcome, progress })
    }

    pub(crate) async fn read(
        &self,
        run: &RunView,
        workspace: WorkspaceId,
    ) -> Result<(Arc<Program>, Told), Error> {
        let program = self.0.program(workspace, run.version).await?;
        let told = self.0.told(&program, run.id, (workspace, run.event)).await?;
        Ok((program, told))
    }

    /// Waits for a run's answer or end, whoever runs it; `None` when the time is up first. `answer` is what the
    /// caller was given when it submitted the event.
    ///
    /// # Errors
    /// When the run does not exist or its journal cannot be read.
    pub async fn wait(
        &self,
        workspace: WorkspaceId,
        id: RunId,
        mut answer: Option<Answer>,
        (what, deadline): (Tells, Instant),
    ) -> Result<Option<Outcome>, Error> {
        let mut pause = PAUSE;
        let mut is_known = answer.is_some();
        loop {
            // To be told from here on, and then to look: so nothing is missed in between.
            answer = answer.or_else(|| self.0.hub.wait(id, what));
            if !is_known && let Some(outcome) = self.look(workspace, id, what).await? {
                return Ok(Some(outcome));
            }
            if Instant::now() >= deadline {
                return Ok(None);
            }
            is_known = false;
            // What another node tells may be lost, so it is looked now and then.
            let here = self.0.hub.is_here(id);
            let until = deadline.min(Instant::now() + if here { HERE } else { pause });
            pause = (pause * 2).min(LONGEST_PAUSE);
            let Some(waiting) = &mut answer else {
                tokio::time::sleep_until(until).await;
                continue;
            };
            match tokio::time::timeout_at(until, waiting).await {
                Ok(Ok(outcome)) => return Ok(Some(outcome)),
                // It was let go: its row tells.
                Ok(Err(_)) => answer = None,
                Err(_) => {}
            }
        }
    }

    /// What has come of a run, if its row and journal tell a caller who waits for this.
    async fn look(&self, workspace: WorkspaceId, id: RunId, what: Tells) -> Result<Option<Outcome>, Error> {
        let run = self.0.store.run_get(workspace, id).await?.ok_or(Error::NoRun(id))?;
        // The row alone says that nothing has begun, or that the end is not there yet.
        let may_tell = match what {
            Tells::Answer => run.status != Status::Queued,
            Tells::End | Tells::Progress => run.status.is_final() || run.status == Status::Parked,
        };
        if !may_tell {
            return Ok(None);
        }
        let told = self.timeline(workspace, id).await?.outcome;
        Ok(told.tells(what).then_some(told))
    }
}

/// How soon a caller who waits looks by itself, at first and at last.
const PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// How soon when the run is under way here: only if it is not any more, and this node does not know it yet.
const HERE: Duration = Duration::from_secs(10);
