//! Checks a definition against the node kinds and what the workspace has, and compiles it.

mod availability;
mod nodes;
mod references;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde_json::{Map, Value};

use crate::{
    Definition, Dynamic, Effect, FieldProblem, Graph, Kinds, NodeId, NodeIndex, OnFailure, Problem, Retry,
    Span, field::take_all, kind::NodeKind,
};

/// What the workspace has, by name; `None` where it is not known, as on a developer's machine,
/// and then not checked.
#[derive(Clone, Debug, Default)]
pub struct Resources {
    /// Destinations of the environment.
    pub destinations: Option<BTreeSet<String>>,
    /// Knowledge bases.
    pub knowledge_bases: Option<BTreeSet<String>>,
    /// Models, with what each is for: [`Resources::CHAT`], `embedding` or `rerank`.
    pub models: Option<BTreeMap<String, String>>,
    /// The environment's variables.
    pub variables: Option<BTreeSet<String>>,
    /// The environment's secrets.
    pub secrets: Option<BTreeSet<String>>,
}

impl Resources {
    /// The purpose of the models that steps call.
    pub const CHAT: &str = "chat";
}

/// A flow that may be published and run.
#[derive(Debug)]
pub struct Flow {
    definition: Definition,
    graph: Arc<Graph>,
    nodes: Vec<Node>,
    outputs: Dynamic,
    final_ai_output: Option<NodeIndex>,
}

/// One node of a compiled flow.
#[derive(Clone, Debug)]
pub struct Node {
    /// The node's id.
    pub id: NodeId,
    /// Its kind.
    pub kind: String,
    /// The kind's version that this flow runs.
    pub version: u32,
    /// What a step of it does to the world.
    pub effect: Effect,
    /// Whether it answers the source's request.
    pub responds: bool,
    /// Whether its output is part of the run's results.
    pub names_results: bool,
    /// The longest a try may take; `None` leaves it to the kind.
    pub timeout: Option<Span>,
    /// How failed tries are repeated.
    pub retry: Option<Retry>,
    /// What happens when they are used up.
    pub on_failure: OnFailure,
    /// The node whose `text` is `ai_output` here.
    pub ai_output: Option<NodeIndex>,
    /// The secrets it may use: those its own config names.
    pub secrets: Vec<String>,
    /// What the kind is told.
    pub config: Map<String, Value>,
}

impl Flow {
    /// The flow as it was written, with its kinds pinned.
    pub fn definition(&self) -> &Definition {
        &self.definition
    }

    /// Its shape.
    pub fn graph(&self) -> &Arc<Graph> {
        &self.graph
    }

    /// A node.
    ///
    /// # Panics
    /// For an index of another flow.
    pub fn node(&self, node: NodeIndex) -> &Node {
        &self.nodes[node.position()]
    }

    /// Every node, in the order of the graph.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The run's results, as templates.
    pub fn outputs(&self) -> &Dynamic {
        &self.outputs
    }

    /// The node whose `text` is `ai_output` in the run's results.
    pub fn final_ai_output(&self) -> Option<NodeIndex> {
        self.final_ai_output
    }

    /// Checks an input against the flow's fields and fills in defaults.
    ///
    /// # Errors
    /// Every field that does not fit.
    pub fn take_input(&self, values: Map<String, Value>) -> Result<Map<String, Value>, Vec<FieldProblem>> {
        take_all(&self.definition.inputs, values)
    }
}

/// Compiles a definition that is written or published now.
///
/// # Errors
/// Every problem that keeps the flow from running, in the order of the text.
pub fn compile(
    definition: Definition,
    kinds: &dyn Kinds,
    resources: &Resources,
) -> Result<Flow, Vec<Problem>> {
    assemble(definition, kinds, references::check, resources)
}

/// Compiles a definition that was published before. The rules for names and for what may be missing are
/// those of its day: a stricter one of today must not stop what serves already.
///
/// # Errors
/// What is wrong with its form: a kind or a port that this build does not have, a config that does not fit.
pub fn compile_published(definition: Definition, kinds: &dyn Kinds) -> Result<Flow, Vec<Problem>> {
    assemble(definition, kinds, |_| Vec::new(), &Resources::default())
}

fn assemble(
    definition: Definition,
    kinds: &dyn Kinds,
    check_names: impl FnOnce(&Subject) -> Vec<Problem>,
    resources: &Resources,
) -> Result<Flow, Vec<Problem>> {
    let mut problems = check_name(&definition.name);
    let found = nodes::find_kinds(&definition, kinds, &mut problems);
    let ids: Vec<NodeId> = definition.nodes.keys().cloned().collect();
    let mut graph = match Graph::build(&ids, &definition.edges) {
        Ok(graph) => graph,
        Err(more) => {
            problems.extend(more);
            return Err(problems);
        }
    };
    // Without every kind, ports and outputs are not known, and what else is wrong would mislead.
    let Some(found) = found else { return Err(problems) };
    for (node, kind) in graph.nodes().zip(&found) {
        graph.set_join(node, kind.join(&definition.nodes[node.position()].config));
    }
    let subject = Subject { definition: &definition, graph: &graph, kinds: &found, resources };
    problems.extend(nodes::check(&subject));
    problems.extend(check_names(&subject));
    if !problems.is_empty() {
        return Err(problems);
    }
    let nodes = subject.graph.nodes().map(|node| nodes::compiled(&subject, node)).collect();
    let outputs = Dynamic::compile(Value::Object(definition.outputs.clone()))
        .map_err(|error| vec![Problem::flow("outputs", "wrong_template", error.to_string())])?;
    let final_ai_output = references::nearest_ai(&subject, None).ok().flatten();
    let definition = nodes::pinned(definition, &found);
    Ok(Flow { definition, graph: Arc::new(graph), nodes, outputs, final_ai_output })
}

/// What the checks look at.
struct Subject<'a> {
    definition: &'a Definition,
    graph: &'a Graph,
    /// By node position.
    kinds: &'a [&'a dyn NodeKind],
    resources: &'a Resources,
}

impl Subject<'_> {
    fn kind(&self, node: NodeIndex) -> &dyn NodeKind {
        self.kinds[node.position()]
    }

    fn written(&self, node: NodeIndex) -> &crate::NodeDefinition {
        &self.definition.nodes[node.position()]
    }

    fn id(&self, node: NodeIndex) -> &str {
        self.graph.id(node).as_str()
    }
}

fn check_name(name: &str) -> Vec<Problem> {
    let is_allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if !name.is_empty() && name.len() <= 64 && name.bytes().all(is_allowed) && !name.starts_with('-') {
        return Vec::new();
    }
    let reason = "a flow's name has a–z, 0–9 and hyphens, at most 64 characters";
    vec![Problem::flow("name", "wrong_name", reason)]
}

#[cfg(test)]
pub(crate) mod tests;
