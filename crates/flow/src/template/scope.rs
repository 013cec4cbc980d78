//! What an expression can see.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, OnceLock},
};

use minijinja::value::{Enumerator, Object, ObjectRepr, Serde, Value as Rendered};
use serde_json::Value;

use crate::{Graph, NodeIndex};

/// The values of one run, shared by all its scopes. Outputs are set once, as steps end.
#[derive(Debug)]
pub struct Values {
    graph: Arc<Graph>,
    input: Rendered,
    facts: Facts,
    outputs: Box<[OnceLock<Rendered>]>,
}

/// What a run knows besides its input and its steps' outputs.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// `run.id`.
    pub run_id: String,
    /// `run.flow`: the flow's name.
    pub flow: Arc<str>,
    /// `run.version`: the number of the version.
    pub version: u32,
    /// `run.environment`: the environment's name.
    pub environment: Arc<str>,
    /// `run.started_at`, in milliseconds since 1970; expressions see RFC 3339.
    pub started_at: i64,
    /// `event.id`.
    pub event_id: String,
    /// `event.source`: the source's name, if it came by one.
    pub source: Option<Arc<str>>,
    /// `event.kind`: `webhook`, `api`, …
    pub kind: &'static str,
    /// `event.received_at`, in milliseconds since 1970; expressions see RFC 3339.
    pub received_at: i64,
    /// The environment's variables.
    pub env: Arc<BTreeMap<String, String>>,
    /// Unguessable text with which a secret's placeholder is marked, so that no data can pose as a
    /// reference to a secret. It never leaves the process.
    pub secret_mark: Arc<str>,
}

/// What the expressions of one node can see.
#[derive(Clone, Debug)]
pub struct Scope {
    values: Arc<Values>,
    /// The node whose `text` is `ai_output` here.
    ai_output: Option<NodeIndex>,
}

impl Values {
    /// The values of a run that has just begun.
    pub fn new(graph: Arc<Graph>, input: &Value, facts: Facts) -> Self {
        let outputs = (0..graph.len()).map(|_| OnceLock::new()).collect();
        Self { graph, input: Rendered::from(Serde(input)), facts, outputs }
    }

    /// Makes a step's output visible. A second call for the same node changes nothing.
    pub fn set_output(&self, node: NodeIndex, output: &Value) {
        if let Some(slot) = self.outputs.get(node.position()) {
            slot.get_or_init(|| Rendered::from(Serde(output)));
        }
    }

    fn output(&self, node: NodeIndex) -> Rendered {
        let known = self.outputs.get(node.position()).and_then(OnceLock::get);
        known.cloned().unwrap_or_else(|| Rendered::from_object(Absent))
    }
}

impl Scope {
    /// The scope of one node, or of the flow's outputs.
    pub fn new(values: Arc<Values>, ai_output: Option<NodeIndex>) -> Self {
        Self { values, ai_output }
    }

    pub(super) fn root(&self) -> Rendered {
        Rendered::from_object(self.clone())
    }
}

/// The placeholder that stands for a secret until the request is dialled.
///
/// It is `U+FDD0`, the run's mark, `:`, the secret's name, `U+FDD1`: two code points that are
/// for internal use only (Unicode 23.7) around a mark that no data can contain.
pub(crate) fn secret_placeholder(mark: &str, name: &str) -> String {
    format!("\u{FDD0}{mark}:{name}\u{FDD1}")
}

impl Object for Scope {
    fn get_value(self: &Arc<Self>, key: &Rendered) -> Option<Rendered> {
        let values = &self.values;
        Some(match key.as_str()? {
            "input" => Rendered::from_object(Lenient(values.input.clone())),
            "nodes" => Rendered::from_object(Nodes(Arc::clone(values))),
            "run" => Rendered::from_object(RunFacts(Arc::clone(values))),
            "event" => Rendered::from_object(EventFacts(Arc::clone(values))),
            "env" => Rendered::from_object(Variables(Arc::clone(&values.facts.env))),
            "secret" => Rendered::from_object(Secrets(Arc::clone(&values.facts.secret_mark))),
            "ai_output" => values.output(self.ai_output?).get_attr("text").ok()?,
            _ => return None,
        })
    }

    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }
}

/// The outputs by node id.
struct Nodes(Arc<Values>);

impl Object for Nodes {
    fn get_value(self: &Arc<Self>, key: &Rendered) -> Option<Rendered> {
        self.0.graph.find(key.as_str()?).map(|node| self.0.output(node))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }
}

/// The inputs: a declared input that did not come is null, not missing.
pub(super) struct Lenient(pub(super) Rendered);

impl Object for Lenient {
    fn get_value(self: &Arc<Self>, key: &Rendered) -> Option<Rendered> {
        let value = self.0.get_item(key).ok()?;
        Some(if value.is_undefined() { Rendered::from(()) } else { value })
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        match self.0.try_iter() {
            Ok(keys) => Enumerator::Values(keys.collect()),
            Err(_) => Enumerator::Empty,
        }
    }
}

/// The output of a step that did not run: any field of it is null.
struct Absent;

impl Object for Absent {
    fn get_value(self: &Arc<Self>, _: &Rendered) -> Option<Rendered> {
        Some(Rendered::from(()))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Empty
    }

    fn is_true(self: &Arc<Self>) -> bool {
        false
    }
}

struct RunFacts(Arc<Values>);

impl Object for RunFacts {
    fn get_value(self: &Arc<Self>, key: &Rendered) -> Option<Rendered> {
        let facts = &self.0.facts;
        Some(match key.as_str()? {
            "id" => facts.run_id.as_str().into(),
            "flow" => Arc::clone(&facts.flow).into(),
            "version" => facts.version.into(),
            "environment" => Arc::clone(&facts.environment).into(),
            "started_at" => rfc3339(facts.started_at).into(),
            _ => return None,
        })
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Str(&["id", "flow", "version", "environment", "started_at"])
    }
}

struct EventFacts(Arc<Values>);

impl Object for EventFacts {
    fn get_value(self: &Arc<Self>, key: &Rendered) -> Option<Rendered> {
        let facts = &self.0.facts;
        Some(match key.as_str()? {
            "id" => facts.event_id.as_str().into(),
            "source" => facts.source.clone().map_or(Rendered::from(()), Into::into),
            "kind" => facts.kind.into(),
            "received_at" => rfc3339(facts.received_at).into(),
            _ => return None,
        })
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Str(&["id", "source", "kind", "received_at"])
    }
}

fn rfc3339(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms).map_or_else(|_| ms.to_string(), |time| time.to_string())
}

struct Variables(Arc<BTreeMap<String, String>>);

impl Object for Variables {
    fn get_value(self: &Arc<Self>, key: &Rendered) -> Option<Rendered> {
        self.0.get(key.as_str()?).map(|value| value.as_str().into())
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.0.keys().map(|name| name.as_str().into()).collect())
    }
}

struct Secrets(Arc<str>);

impl Object for Secrets {
    fn get_value(self: &Arc<Self>, key: &Rendered) -> Option<Rendered> {
        Some(Rendered::from(secret_placeholder(&self.0, key.as_str()?)))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }
}

macro_rules! opaque_debug {
    ($($type:ty),*) => {$(
        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($type))
            }
        }
    )*};
}

opaque_debug!(Nodes, Lenient, Absent, RunFacts, EventFacts, Variables, Secrets);
