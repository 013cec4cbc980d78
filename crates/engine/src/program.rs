//! Compiled flows, one for each version, kept while they are used.

use std::{collections::HashMap, sync::Arc};

use flow::{Definition, Flow, KindName, NodeIndex, Problem, Resources, compile, compile_published};
use parking_lot::RwLock;
use serde_json::{Map, Value};
use store::{FlowId, VersionId, WorkspaceId};

use crate::{Error, Registry, Shared, Variables, registry::Config};

/// Versions that stay compiled; beyond it the cache begins anew, which costs a compilation each.
const KEPT: usize = 1_000;

/// A compiled version of a flow, ready to run.
pub struct Program {
    /// The flow.
    pub flow_id: FlowId,
    /// The version.
    pub version: VersionId,
    /// Its number within the flow; 0 for a draft.
    pub number: u32,
    /// The flow's name, as expressions see it.
    pub name: Arc<str>,
    /// The compiled flow.
    pub flow: Flow,
    pub(crate) configs: Vec<Config>,
    pub(crate) secrets: Vec<Arc<[String]>>,
    /// Whose output's `text` is told while it is made.
    pub(crate) speaks: Vec<bool>,
}

/// What an environment has, as flows see it.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// The environment's name.
    pub environment: Arc<str>,
    /// Its variables.
    pub variables: Variables,
}

#[derive(Default)]
pub(crate) struct Cache(RwLock<HashMap<VersionId, Arc<Program>>>);

impl Program {
    /// Compiles a version's text with its pinned kinds.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn compile(
        text: &str,
        pins: &Map<String, Value>,
        registry: &Registry,
        resources: &Resources,
    ) -> Result<Flow, Vec<Problem>> {
        compile(pinned(text, pins)?, registry, resources)
    }

    /// Compiles a published version, by the rules of its day.
    ///
    /// # Errors
    /// What this build lacks to run it.
    pub fn compile_published(
        text: &str,
        pins: &Map<String, Value>,
        registry: &Registry,
    ) -> Result<Flow, Vec<Problem>> {
        compile_published(pinned(text, pins)?, registry)
    }

    pub(crate) fn config(&self, node: NodeIndex) -> Option<&Config> {
        self.configs.get(node.position())
    }
}

/// Reads a text and pins its kinds.
fn pinned(text: &str, pins: &Map<String, Value>) -> Result<Definition, Vec<Problem>> {
    let mut definition = Definition::parse(text).map_err(|error| vec![as_problem(error)])?;
    for (id, pin) in pins {
        let pin = pin.as_str().and_then(|pin| pin.parse::<KindName>().ok());
        if let (Some(node), Some(pin)) = (definition.nodes.get_mut(id.as_str()), pin) {
            node.kind = pin;
        }
    }
    Ok(definition)
}

/// The first kind that this build does not have.
fn lacked(definition: &Definition, registry: &Registry) -> Option<String> {
    let kinds = definition.nodes.values().map(|node| &node.kind);
    let lacked = kinds.into_iter().find(|kind| registry.get(&kind.name, kind.version).is_none());
    lacked.map(ToString::to_string)
}

fn as_problem(error: flow::ParseError) -> Problem {
    match error {
        flow::ParseError::Form(problem) => problem,
        other => Problem {
            node: None,
            field: String::new(),
            code: "not_readable".to_owned(),
            reason: other.to_string(),
            suggestion: None,
        },
    }
}

impl Shared {
    /// The program of a version, compiled at first use.
    pub(crate) async fn program(
        &self,
        workspace: WorkspaceId,
        version: VersionId,
    ) -> Result<Arc<Program>, Error> {
        if let Some(program) = self.programs.0.read().get(&version) {
            return Ok(Arc::clone(program));
        }
        let stored = self.store.version_get(workspace, version).await?.ok_or(Error::NoVersion(version))?;
        let failed = |problems| Error::Program { version, problems };
        let definition = pinned(&stored.definition, &stored.kinds).map_err(failed)?;
        if let Some(kind) = lacked(&definition, &self.registry) {
            return Err(Error::Lacks { version, kind });
        }
        // What the workspace has may have changed since the version was published; a step whose
        // destination or base is gone says so when it runs.
        let flow = compile_published(definition, &*self.registry).map_err(failed)?;
        let configs = flow.nodes().iter().map(|node| {
            let kind = self.registry.get(&node.kind, Some(node.version));
            kind.map_or(Err(Vec::new()), |kind| kind.decode(&node.config))
        });
        let speaks = |node: &flow::Node| {
            self.registry.get(&node.kind, Some(node.version)).is_some_and(flow::NodeKind::is_ai)
        };
        let configs = configs.collect::<Result<Vec<_>, _>>().map_err(|_| failed(Vec::new()))?;
        let program = Arc::new(Program {
            flow_id: stored.flow,
            version,
            number: stored.number,
            name: flow.definition().name.as_str().into(),
            secrets: flow.nodes().iter().map(|node| node.secrets.clone().into()).collect(),
            configs,
            speaks: flow.nodes().iter().map(speaks).collect(),
            flow,
        });
        let mut cache = self.programs.0.write();
        if cache.len() >= KEPT {
            cache.clear();
        }
        cache.insert(version, Arc::clone(&program));
        Ok(program)
    }
}

impl super::Engine {
    /// The program of a version.
    ///
    /// # Errors
    /// When there is no such version, or it does not compile with this build's kinds.
    pub async fn program(&self, workspace: WorkspaceId, version: VersionId) -> Result<Arc<Program>, Error> {
        self.0.program(workspace, version).await
    }
}
