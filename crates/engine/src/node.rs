//! What a node kind is. The engine names no kind: `nodes` writes each as one [`Node`], with a typed config, and
//! whatever else the product needs to know of it (validation, form, help, what its steps do to the world) is
//! asked of that one definition, so that they cannot come apart.

use std::{borrow::Cow, collections::BTreeMap, future::Future};

use flow::{ConfigProblem, Effect, Join, PORT_NEXT, Resource, Shape, run::StepError};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;
use store::{Attempt, DeliveryId, DeliveryView, DestinationId};

use crate::{Response, StepContext};

/// A node kind: one definition, from which validation, decoding, the catalogue, the console's form
/// and the help page come.
///
/// The type's own value holds what its steps need (a model client, a search), given at registration.
pub trait Node: Send + Sync + 'static {
    /// Its name in flows: `llm`.
    const KIND: &'static str;
    /// Raised when a change would alter what published flows do.
    const VERSION: u32 = 1;
    /// What a step does to the world.
    const EFFECT: Effect;
    /// Whether it answers the source's request.
    const RESPONDS: bool = false;
    /// Whether its `text` can be the flow's `ai_output`.
    const IS_AI: bool = false;
    /// Whether its output is part of the run's results.
    const NAMES_RESULTS: bool = false;
    /// The config fields in which a secret may stand.
    const SECRET_FIELDS: &'static [&'static str] = &[];
    /// The help page in Markdown: the first line is the summary.
    const HELP: &'static str;

    /// What a node of this kind is told.
    type Config: DeserializeOwned + JsonSchema + Send + Sync + 'static;

    /// What is wrong with a config that has the right form.
    fn check(_: &Self::Config) -> Vec<ConfigProblem> {
        Vec::new()
    }

    /// The ports a step may leave by.
    fn ports(_: &Self::Config) -> Vec<String> {
        vec![PORT_NEXT.to_owned()]
    }

    /// When a node with several incoming edges runs.
    fn join(_: &Self::Config) -> Join {
        Join::All
    }

    /// Whether a step waits for something outside the run before it gives its output; see [`StepOutcome::waiting`].
    fn waits(_: &Self::Config) -> bool {
        false
    }

    /// What a step gives.
    fn output(config: &Self::Config) -> Shape;

    /// The names outside the flow that the node needs.
    fn resources(_: &Self::Config) -> Vec<Resource> {
        Vec::new()
    }

    /// Runs one try of a step. Dropping the future cancels it. A step of a pure kind never waits.
    fn run(
        &self,
        config: &Self::Config,
        context: &StepContext,
    ) -> impl Future<Output = Result<StepOutcome, NodeError>> + Send;

    /// What a step gives that waited, now that what it waited for has come. It may be asked again after a crash, at
    /// another node.
    ///
    /// # Errors
    /// Why the try failed. What is transient is tried again from the start, as if it had never waited.
    fn resume(&self, _: &Self::Config, _: &Came) -> Result<StepOutcome, NodeError> {
        Err(NodeError::permanent("internal_error", "a step waited, which its kind does not do"))
    }
}

/// What a step can wait for outside its run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Awaited {
    /// A delivery that it made, until that arrives or is a dead letter.
    Delivery(DeliveryId),
}

/// What came of it.
#[derive(Clone, Debug)]
pub enum Came {
    /// The delivery has arrived, or is a dead letter.
    Delivery {
        /// Where it stands.
        delivery: DeliveryView,
        /// The last attempt; none when it could be sent to nobody.
        last: Option<Attempt>,
    },
}

/// What a step gave.
#[derive(Debug)]
pub struct StepOutcome {
    /// For the steps after it.
    pub output: Value,
    /// The port it leaves by.
    pub port: Cow<'static, str>,
    /// Deliveries that commit with it.
    pub deliveries: Vec<Outgoing>,
    /// The answer to the source's request.
    pub response: Option<Response>,
    /// What the step waits for. Then it gives its output later, by [`Node::resume`], and what stands here for that counts
    /// for nothing.
    pub waits_for: Option<Awaited>,
}

/// A delivery that a step makes.
#[derive(Debug)]
pub struct Outgoing {
    /// Its id, drawn by the step so that its output can name it.
    pub id: DeliveryId,
    /// Where it goes.
    pub destination: DestinationId,
    /// What is to be said.
    pub body: Value,
    /// Deliveries to one destination with the same key are sent one after another.
    pub order_key: Option<String>,
    /// Values for the names in the destination's address.
    pub params: BTreeMap<String, String>,
    /// Headers, where the destination takes some from its messages.
    pub headers: BTreeMap<String, String>,
}

impl StepOutcome {
    /// An output that leaves by `next`.
    pub fn of(output: Value) -> Self {
        let port = Cow::Borrowed(PORT_NEXT);
        Self { output, port, deliveries: Vec::new(), response: None, waits_for: None }
    }

    /// The step has done its part and waits for this.
    pub fn waiting(awaited: Awaited) -> Self {
        Self { waits_for: Some(awaited), ..Self::of(Value::Null) }
    }
}

/// Why a try failed.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct NodeError {
    /// A stable code.
    pub code: &'static str,
    /// What happened and what to do, for a person. No secrets.
    pub message: String,
    /// Whether another try can help.
    pub transient: bool,
}

impl NodeError {
    /// A failure that another try cannot mend.
    pub fn permanent(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), transient: false }
    }

    /// A failure that another try may mend.
    pub fn transient(code: &'static str, message: impl Into<String>) -> Self {
        Self { transient: true, ..Self::permanent(code, message) }
    }

    pub(crate) fn into_step_error(self) -> StepError {
        StepError { code: self.code.to_owned(), message: self.message, transient: self.transient }
    }
}

impl From<flow::template::Error> for NodeError {
    fn from(error: flow::template::Error) -> Self {
        Self::permanent("template_failed", error.to_string())
    }
}
