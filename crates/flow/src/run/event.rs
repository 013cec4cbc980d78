//! What can happen in a run. Events are what is journaled: every stored run is made anew from them, so a released
//! one keeps its name and its fields, and a new field has a default.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Where a step stands in its run: the node's id, and for steps inside `map` and `loop` the way
/// to it: `triage[17]/answer`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StepPath(Arc<str>);

impl StepPath {
    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for StepPath {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for StepPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for StepPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// Why a try of a step failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct StepError {
    /// A stable code: `timeout`, `model_unavailable`, `http_status`, …
    pub code: String,
    /// What happened and what to do, for a person. No secrets.
    pub message: String,
    /// Whether another try can help.
    pub transient: bool,
}

/// What a step waits for outside its run. Its worker is let go meanwhile; what it waited for wakes the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wait {
    /// What kind of thing: `delivery`.
    #[serde(rename = "reason")]
    pub what: Box<str>,
    /// Which one: a delivery's id.
    pub on: Box<str>,
    /// Since when.
    pub at: i64,
    /// When the step gives up, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<i64>,
}

/// Why a run failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunError {
    /// The step that failed it, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<StepPath>,
    /// A stable code.
    pub code: String,
    /// What happened and what to do.
    pub message: String,
}

impl RunError {
    /// The same for those outside, and for where payloads may not lie in the clear: a message may quote what
    /// a server or a model said.
    #[must_use]
    pub fn without_payload(&self) -> Self {
        let Self { step, code, .. } = self;
        let message = match step {
            Some(step) => format!("step `{step}` failed with `{code}`; the trace of the event says why"),
            None => format!("the run failed with `{code}`; the trace of the event says why"),
        };
        Self { step: step.clone(), code: code.clone(), message }
    }
}

/// What has happened in a run, as it is journaled. Times are milliseconds since 1970, UTC.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// The run began with this input.
    Started {
        /// The flow's input, checked and with defaults.
        input: Arc<Value>,
        /// When.
        at: i64,
    },
    /// A try began. Only information: a step counts as under way from the moment it may run.
    StepStarted {
        /// Which step.
        step: StepPath,
        /// Which try.
        attempt: u32,
        /// When.
        at: i64,
    },
    /// A step gave its output.
    StepSucceeded {
        /// Which step.
        step: StepPath,
        /// Which try.
        attempt: u32,
        /// The port it leaves by.
        port: Box<str>,
        /// What it gives to the steps after it.
        output: Arc<Value>,
        /// What it worked on, after templates, for the trace.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        input: Option<Arc<Value>>,
        /// The answer to the source's request, when the step gave one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        response: Option<Arc<Value>>,
        /// When it ended.
        at: i64,
        /// How long the try took, in microseconds.
        took_us: u64,
    },
    /// A try failed.
    StepFailed {
        /// Which step.
        step: StepPath,
        /// Which try.
        attempt: u32,
        /// Why.
        error: StepError,
        /// What it worked on, after templates, for the trace.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        input: Option<Arc<Value>>,
        /// When it ended.
        at: i64,
        /// How long the try took, in microseconds.
        took_us: u64,
    },
    /// A step has done its part and waits for something outside the run; it ends by `StepSucceeded` or `StepFailed`.
    StepWaiting {
        /// Which step.
        step: StepPath,
        /// Which try.
        attempt: u32,
        /// What for.
        #[serde(flatten)]
        wait: Wait,
        /// What it worked on, after templates, for the trace.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        input: Option<Arc<Value>>,
    },
    /// The pause before a step's next try has an end: drawn with jitter, so that it is journaled.
    PauseStarted {
        /// Which step.
        step: StepPath,
        /// When the next try is due.
        until: i64,
    },
    /// The pause before a step's next try is over.
    PauseEnded {
        /// Which step.
        step: StepPath,
        /// When.
        at: i64,
    },
    /// Every step is settled and the outputs are made.
    Concluded {
        /// The run's results.
        outputs: Arc<Value>,
        /// When.
        at: i64,
    },
    /// The run failed as a whole: its outputs could not be made, or its deadline passed.
    Failed {
        /// Why.
        error: RunError,
        /// When.
        at: i64,
    },
    /// Somebody cancelled the run.
    Cancelled {
        /// Who, for the trace.
        by: String,
        /// When.
        at: i64,
    },
    /// Somebody retried a failed or cancelled run from where it stopped. No part of this build makes it: it is for
    /// the console's and the API's retry of a run; a replay begins a new one instead.
    Retried {
        /// Who, for the trace.
        by: String,
        /// When.
        at: i64,
    },
}
