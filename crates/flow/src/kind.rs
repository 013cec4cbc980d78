//! What the flow language knows of node kinds. The kinds themselves live elsewhere.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::Join;

/// What a step of a kind does to the world, which decides when it must be committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Nothing: the step may run again. Journaled with the next commit.
    Pure,
    /// It costs something: its output commits before anything downstream starts.
    Recorded,
    /// It changes the outside: what its request is built from commits first, its answer next.
    Effectful,
}

/// What a step gives, as far as is known before it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// An object with these fields.
    Fields(BTreeSet<String>),
    /// Anything: the fields are not known before.
    Open,
}

impl Shape {
    /// An object with these fields.
    pub fn of(fields: &[&str]) -> Self {
        Self::Fields(fields.iter().map(|field| (*field).to_owned()).collect())
    }
}

/// Something outside the flow that a node needs by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResourceKind {
    /// A destination that deliveries go to.
    Destination,
    /// A knowledge base.
    KnowledgeBase,
    /// A model.
    Model,
}

/// One name that a node needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// What it is.
    pub kind: ResourceKind,
    /// Its name in the workspace.
    pub name: String,
    /// Where the node names it: `bases[0]`.
    pub field: String,
}

/// Something wrong with a node's config, found by its kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigProblem {
    /// Where: `messages[0].system`.
    pub field: String,
    /// What is wrong.
    pub reason: String,
}

/// A node kind, as the flow language sees it.
pub trait NodeKind: Send + Sync {
    /// Its name: `llm`.
    fn name(&self) -> &str;

    /// Its version; publishing pins it.
    fn version(&self) -> u32;

    /// What a step of it does to the world.
    fn effect(&self) -> Effect;

    /// Whether it answers the source's request.
    fn responds(&self) -> bool {
        false
    }

    /// Whether its `text` can be the flow's `ai_output`.
    fn is_ai(&self) -> bool {
        false
    }

    /// Whether its output is part of the run's results.
    fn names_results(&self) -> bool {
        false
    }

    /// Whether a step waits for something outside the run, with its worker let go: then its timeout bounds the wait.
    fn waits(&self, _: &Map<String, Value>) -> bool {
        false
    }

    /// When a node of it with several incoming edges runs.
    fn join(&self, _: &Map<String, Value>) -> Join {
        Join::All
    }

    /// The ports a step may leave by, besides `failed`.
    fn ports(&self, config: &Map<String, Value>) -> Vec<String>;

    /// What a step gives.
    fn output(&self, config: &Map<String, Value>) -> Shape;

    /// The names outside the flow that the node needs.
    fn resources(&self, config: &Map<String, Value>) -> Vec<Resource>;

    /// The config fields in which a secret may stand: `headers`, `auth.token`.
    fn secret_fields(&self) -> &[&str] {
        &[]
    }

    /// Reads the config as the kind's own type.
    ///
    /// # Errors
    /// What is wrong with it.
    fn check(&self, config: &Map<String, Value>) -> Result<(), Vec<ConfigProblem>>;
}

/// The kinds that there are.
pub trait Kinds {
    /// The kind of this name, in this version or else the newest.
    fn find(&self, name: &str, version: Option<u32>) -> Option<&dyn NodeKind>;

    /// Every name.
    fn names(&self) -> Vec<&str>;
}
