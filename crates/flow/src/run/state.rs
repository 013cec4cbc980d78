//! What a run has come to, as it is folded from its journal: where each step stands, which edges were taken, what
//! was given. It is stored nowhere, so it can change its form with any release; the events cannot.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    EdgeIndex, Flow, NodeIndex,
    run::{RunError, Wait},
};

/// Where a run stands, as it can be seen from its journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Committed, and not yet begun.
    Queued,
    /// A step is under way.
    Running,
    /// Every open step waits for something outside or for a pause to end.
    Waiting,
    /// Every step is settled, the outputs are made.
    Succeeded,
    /// A step failed it, or its outputs could not be made.
    Failed,
    /// Somebody cancelled it.
    Cancelled,
    /// It brought its worker down too often and is held back for a person to look at.
    Parked,
}

impl Status {
    /// Whether nothing more happens by itself.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Cancelled)
    }
}

/// Where a step stands.
#[derive(Clone, Debug, PartialEq)]
pub enum StepState {
    /// Its turn has not come.
    Pending,
    /// A try is under way, or may start at once.
    Running {
        /// Which try.
        attempt: u32,
    },
    /// A try failed; the next one follows a pause.
    Paused {
        /// The try that will follow.
        attempt: u32,
        /// When it is due, once that is drawn; milliseconds since 1970.
        until: Option<i64>,
    },
    /// It waits for something outside the run.
    Waiting {
        /// Which try.
        attempt: u32,
        /// What for.
        wait: Wait,
    },
    /// It gave its output and left by a port.
    Succeeded {
        /// The output.
        output: Arc<Value>,
    },
    /// Its tries are used up and it left by `failed`; the output holds the error.
    Recovered {
        /// `{"error": {"code", "message"}}`.
        output: Arc<Value>,
    },
    /// Its tries are used up and it failed the run.
    Failed,
    /// No branch led to it.
    Skipped,
    /// It was under way when the run ended.
    Stopped,
}

impl StepState {
    /// Whether the step can still change by itself.
    const fn is_open(&self) -> bool {
        matches!(self, Self::Pending | Self::Running { .. } | Self::Paused { .. } | Self::Waiting { .. })
    }

    const fn is_running(&self) -> bool {
        matches!(self, Self::Running { .. })
    }
}

/// Whether an edge was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EdgeState {
    Open,
    Taken,
    Dead,
}

/// The state of one run.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    pub(super) status: Status,
    pub(super) steps: Vec<StepState>,
    pub(super) edges: Vec<EdgeState>,
    pub(super) input: Arc<Value>,
    pub(super) generation: u32,
    pub(super) response: Option<Arc<Value>>,
    pub(super) outputs: Option<Arc<Value>>,
    pub(super) error: Option<RunError>,
    /// Steps that are pending, running, paused or waiting.
    pub(super) open: usize,
    /// Steps of which a try is under way.
    pub(super) running: usize,
}

/// An event that cannot follow from the state: it is late, it comes twice, or it is of another run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{event} cannot happen now: {reason}")]
pub struct Illegal {
    pub(super) event: &'static str,
    pub(super) reason: String,
}

impl State {
    /// A run of this flow that has not begun.
    pub fn new(flow: &Flow) -> Self {
        let nodes = flow.graph().len();
        Self {
            status: Status::Queued,
            steps: vec![StepState::Pending; nodes],
            edges: vec![EdgeState::Open; flow.graph().edges().len()],
            input: Arc::new(Value::Null),
            generation: 0,
            response: None,
            outputs: None,
            error: None,
            open: nodes,
            running: 0,
        }
    }

    /// Where the run stands.
    pub fn status(&self) -> Status {
        self.status
    }

    /// Where a step stands.
    ///
    /// # Panics
    /// For a node of another flow.
    pub fn step(&self, node: NodeIndex) -> &StepState {
        &self.steps[node.position()]
    }

    /// The run's input.
    pub fn input(&self) -> &Arc<Value> {
        &self.input
    }

    /// A step's output, once it has one.
    pub fn output(&self, node: NodeIndex) -> Option<&Arc<Value>> {
        match self.step(node) {
            StepState::Succeeded { output } | StepState::Recovered { output } => Some(output),
            _ => None,
        }
    }

    /// How often a person has retried the run.
    pub fn generation(&self) -> u32 {
        self.generation
    }

    /// The answer to the source's request, once a step has given it.
    pub fn response(&self) -> Option<&Arc<Value>> {
        self.response.as_ref()
    }

    /// The run's results, once it has succeeded.
    pub fn outputs(&self) -> Option<&Arc<Value>> {
        self.outputs.as_ref()
    }

    /// Why the run failed.
    pub fn error(&self) -> Option<&RunError> {
        self.error.as_ref()
    }

    /// Moves a step to another state and keeps the counts.
    pub(super) fn put(&mut self, node: NodeIndex, state: StepState) {
        self.open += usize::from(state.is_open());
        self.running += usize::from(state.is_running());
        let before = std::mem::replace(&mut self.steps[node.position()], state);
        self.open -= usize::from(before.is_open());
        self.running -= usize::from(before.is_running());
    }

    pub(super) fn edge(&self, edge: EdgeIndex) -> EdgeState {
        self.edges[edge.position()]
    }
}
