//! The node kinds that this build has, by name and version. Each [`Node`] has a config type of its own; here the
//! types are taken off, so that flows of any kinds can be compiled and run through one table. Old versions stay
//! for the published flows that pinned them.

use std::{any::Any, collections::BTreeMap, future::Future, marker::PhantomData, pin::Pin};

use flow::{ConfigProblem, Effect, Join, Kinds, NodeKind, Resource, Shape};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{Came, Node, NodeError, StepContext, StepOutcome};

/// The node kinds that there are.
#[derive(Default)]
pub struct Registry {
    kinds: BTreeMap<&'static str, Vec<Box<dyn ErasedKind>>>,
}

/// A kind as the API's catalogue gives it, in its newest version: everything that the console makes a form and a
/// help page from, so it knows no kind by name.
#[derive(Clone, Debug, Serialize)]
pub struct KindDescription {
    /// Its name.
    pub kind: &'static str,
    /// Its version.
    pub version: u32,
    /// What a step does to the world.
    pub effect: Effect,
    /// Whether it answers the source's request.
    pub responds: bool,
    /// The first line of the help page.
    pub summary: &'static str,
    /// The help page in Markdown.
    pub help: &'static str,
    /// The config fields in which a secret may stand.
    pub secret_fields: &'static [&'static str],
    /// The JSON Schema of the config.
    pub config_schema: Value,
}

/// A node's decoded config.
pub(crate) type Config = Box<dyn Any + Send + Sync>;

pub(crate) type StepFuture<'a> = Pin<Box<dyn Future<Output = Result<StepOutcome, NodeError>> + Send + 'a>>;

/// A kind without its type.
pub(crate) trait ErasedKind: NodeKind {
    fn decode(&self, config: &Map<String, Value>) -> Result<Config, Vec<ConfigProblem>>;

    fn run<'a>(&'a self, config: &'a Config, context: &'a StepContext) -> StepFuture<'a>;

    fn resume(&self, config: &Config, came: &Came) -> Result<StepOutcome, NodeError>;

    fn describe(&self) -> KindDescription;

    fn as_node_kind(&self) -> &dyn NodeKind;
}

impl Registry {
    /// An empty registry.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a kind. A newer version stands beside the older ones, which published flows keep.
    #[must_use]
    pub fn register<K: Node>(mut self, node: K) -> Self {
        let versions = self.kinds.entry(K::KIND).or_default();
        versions.push(Box::new(Registered { node, kind: PhantomData }));
        versions.sort_by_key(|kind| std::cmp::Reverse(kind.version()));
        self
    }

    /// Every kind in its newest version, by name.
    pub fn describe(&self) -> Vec<KindDescription> {
        self.kinds.values().filter_map(|versions| versions.first()).map(|kind| kind.describe()).collect()
    }

    pub(crate) fn get(&self, name: &str, version: Option<u32>) -> Option<&dyn ErasedKind> {
        let versions = self.kinds.get(name)?;
        versions
            .iter()
            .find(|kind| version.is_none_or(|version| kind.version() == version))
            .map(|kind| &**kind)
    }
}

impl Kinds for Registry {
    fn find(&self, name: &str, version: Option<u32>) -> Option<&dyn NodeKind> {
        self.get(name, version).map(ErasedKind::as_node_kind)
    }

    fn names(&self) -> Vec<&str> {
        self.kinds.keys().copied().collect()
    }
}

struct Registered<K> {
    node: K,
    kind: PhantomData<K>,
}

impl<K: Node> Registered<K> {
    fn typed(config: &Map<String, Value>) -> Result<K::Config, Vec<ConfigProblem>> {
        let config: K::Config =
            serde_path_to_error::deserialize(Value::Object(config.clone())).map_err(|error| {
                let field = error.path().to_string();
                let field = if field == "." { String::new() } else { field };
                vec![ConfigProblem { field, reason: error.into_inner().to_string() }]
            })?;
        let problems = K::check(&config);
        if problems.is_empty() { Ok(config) } else { Err(problems) }
    }

    /// What a config says, or nothing where it is wrong: that is reported by `check`.
    fn said<T>(config: &Map<String, Value>, ask: impl Fn(&K::Config) -> T) -> Option<T> {
        Self::typed(config).ok().map(|config| ask(&config))
    }
}

impl<K: Node> NodeKind for Registered<K> {
    fn name(&self) -> &str {
        K::KIND
    }

    fn version(&self) -> u32 {
        K::VERSION
    }

    fn effect(&self) -> Effect {
        K::EFFECT
    }

    fn responds(&self) -> bool {
        K::RESPONDS
    }

    fn is_ai(&self) -> bool {
        K::IS_AI
    }

    fn names_results(&self) -> bool {
        K::NAMES_RESULTS
    }

    fn waits(&self, config: &Map<String, Value>) -> bool {
        Self::said(config, K::waits).unwrap_or_default()
    }

    fn join(&self, config: &Map<String, Value>) -> Join {
        Self::said(config, K::join).unwrap_or_default()
    }

    fn ports(&self, config: &Map<String, Value>) -> Vec<String> {
        Self::said(config, K::ports).unwrap_or_else(|| vec![flow::PORT_NEXT.to_owned()])
    }

    fn output(&self, config: &Map<String, Value>) -> Shape {
        Self::said(config, K::output).unwrap_or(Shape::Open)
    }

    fn resources(&self, config: &Map<String, Value>) -> Vec<Resource> {
        Self::said(config, K::resources).unwrap_or_default()
    }

    fn secret_fields(&self) -> &[&str] {
        K::SECRET_FIELDS
    }

    fn check(&self, config: &Map<String, Value>) -> Result<(), Vec<ConfigProblem>> {
        Self::typed(config).map(drop)
    }
}

impl<K: Node> ErasedKind for Registered<K> {
    fn decode(&self, config: &Map<String, Value>) -> Result<Config, Vec<ConfigProblem>> {
        Self::typed(config).map(|config| Box::new(config) as Config)
    }

    fn run<'a>(&'a self, config: &'a Config, context: &'a StepContext) -> StepFuture<'a> {
        match config.downcast_ref::<K::Config>() {
            Some(config) => Box::pin(self.node.run(config, context)),
            None => Box::pin(std::future::ready(Err(of_another_kind()))),
        }
    }

    fn resume(&self, config: &Config, came: &Came) -> Result<StepOutcome, NodeError> {
        self.node.resume(config.downcast_ref::<K::Config>().ok_or_else(of_another_kind)?, came)
    }

    fn describe(&self) -> KindDescription {
        KindDescription {
            kind: K::KIND,
            version: K::VERSION,
            effect: K::EFFECT,
            responds: K::RESPONDS,
            summary: K::HELP.lines().next().unwrap_or_default(),
            help: K::HELP,
            secret_fields: K::SECRET_FIELDS,
            config_schema: schemars::schema_for!(K::Config).to_value(),
        }
    }

    fn as_node_kind(&self) -> &dyn NodeKind {
        self
    }
}

fn of_another_kind() -> NodeError {
    NodeError::permanent("internal_error", "the step's config is of another kind")
}
