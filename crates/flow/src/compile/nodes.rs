//! Checks each node by itself: kind, common keys, ports, config, resources.

use std::collections::{BTreeMap, BTreeSet};

use super::{Node, Resources, Subject, references};
use crate::{
    Definition, Kinds, NodeIndex, OnFailure, PORT_FAILED, Problem, Resource, ResourceKind, Shape,
    kind::NodeKind, problem::did_you_mean,
};

/// The most repeats of one step.
const MAX_RETRIES: u32 = 20;

/// The longest try of one step.
const MAX_TIMEOUT_MS: u64 = 3_600_000;

/// The longest wait for something outside, which holds nobody up.
const MAX_WAIT_MS: u64 = 30 * 24 * 3_600_000;

/// The kind of every node, or `None` with a problem for each that is not known.
pub(super) fn find_kinds<'k>(
    definition: &Definition,
    kinds: &'k dyn Kinds,
    problems: &mut Vec<Problem>,
) -> Option<Vec<&'k dyn NodeKind>> {
    let mut found = Vec::with_capacity(definition.nodes.len());
    for (id, node) in &definition.nodes {
        if let Some(kind) = kinds.find(&node.kind.name, node.kind.version) {
            found.push(kind);
            continue;
        }
        let newest = kinds.find(&node.kind.name, None);
        let problem =
            Problem::node(id.as_str(), "kind", "unknown_kind", format!("there is no kind `{}`", node.kind));
        problems.push(
            problem.suggest(match newest {
                Some(kind) => Some(format!("The newest version here is {}@{}.", kind.name(), kind.version())),
                None => did_you_mean(&node.kind.name, kinds.names())
                    .or_else(|| Some(format!("Known are {}.", kinds.names().join(", ")))),
            }),
        );
    }
    (found.len() == definition.nodes.len()).then_some(found)
}

/// The problems of every node.
pub(super) fn check(subject: &Subject) -> Vec<Problem> {
    let mut problems = Vec::new();
    for node in subject.graph.nodes() {
        let id = subject.id(node);
        check_common(subject, node, &mut problems);
        check_ports(subject, node, &mut problems);
        if let Err(wrong) = subject.kind(node).check(&subject.written(node).config) {
            problems
                .extend(wrong.into_iter().map(|problem| config_problem(id, &problem.field, &problem.reason)));
        }
        check_resources(subject, node, &mut problems);
    }
    problems
}

fn check_common(subject: &Subject, node: NodeIndex, problems: &mut Vec<Problem>) {
    let (id, written) = (subject.id(node), subject.written(node));
    if let Some(retry) = written.retry
        && retry.max > MAX_RETRIES
    {
        let reason = format!("at most {MAX_RETRIES} repeats are allowed");
        problems.push(Problem::node(id, "retry.max", "out_of_range", reason));
    }
    let waits = subject.kind(node).waits(&written.config);
    let (longest, said) = if waits { (MAX_WAIT_MS, "30d") } else { (MAX_TIMEOUT_MS, "1h") };
    if let Some(timeout) = written.timeout
        && !(1..=longest).contains(&timeout.as_millis())
    {
        let reason = format!("a timeout lies between 1ms and {said}");
        problems.push(Problem::node(id, "timeout", "out_of_range", reason));
    }
    let (OnFailure::Value(value), Shape::Fields(fields)) =
        (&written.on_failure, subject.kind(node).output(&written.config))
    else {
        return;
    };
    let Some(value) = value.as_object() else {
        let reason = "the value stands in for the step's output, so it is an object";
        problems.push(Problem::node(id, "on_failure.value", "wrong_type", reason));
        return;
    };
    for key in value.keys().filter(|key| !fields.contains(*key)) {
        let problem = Problem::node(
            id,
            format!("on_failure.value.{key}"),
            "unknown_field",
            format!("a `{}` step gives no `{key}`", subject.kind(node).name()),
        );
        problems.push(problem.suggest(did_you_mean(key, fields.iter().map(String::as_str))));
    }
}

/// The ports a node may leave by.
pub(super) fn ports(subject: &Subject, node: NodeIndex) -> Vec<String> {
    let written = subject.written(node);
    let mut ports = subject.kind(node).ports(&written.config);
    if written.on_failure == OnFailure::Branch {
        ports.push(PORT_FAILED.to_owned());
    }
    ports
}

fn check_ports(subject: &Subject, node: NodeIndex, problems: &mut Vec<Problem>) {
    let id = subject.id(node);
    let ports = ports(subject, node);
    let used: BTreeSet<&str> =
        subject.graph.outgoing(node).iter().map(|edge| &*subject.graph.edge(*edge).port).collect();
    for port in used.iter().filter(|port| !ports.iter().any(|known| known == *port)) {
        let problem = Problem::node(id, "edges", "unknown_port", format!("`{id}` has no port `{port}`"));
        problems.push(problem.suggest(match *port {
            PORT_FAILED => Some("Write `on_failure: branch` in the node.".to_owned()),
            _ => Some(format!("Its ports are {}.", ports.join(", "))),
        }));
    }
    if subject.written(node).on_failure == OnFailure::Branch && !used.contains(PORT_FAILED) {
        let problem =
            Problem::node(id, "on_failure", "missing_edge", format!("no edge leaves `{id}.failed`"));
        problems.push(problem.suggest(Some(format!("Add an edge such as `{id}.failed -> …`."))));
    }
}

fn check_resources(subject: &Subject, node: NodeIndex, problems: &mut Vec<Problem>) {
    let (id, known) = (subject.id(node), subject.resources);
    for resource in subject.kind(node).resources(&subject.written(node).config) {
        problems.extend(match resource.kind {
            ResourceKind::Destination => {
                known.destinations.as_ref().and_then(|known| missing(id, &resource, "destination", known))
            }
            ResourceKind::KnowledgeBase => known
                .knowledge_bases
                .as_ref()
                .and_then(|known| missing(id, &resource, "knowledge base", known)),
            ResourceKind::Model => known.models.as_ref().and_then(|known| no_chat(id, &resource, known)),
        });
    }
}

/// The problem of a resource that is not among those that are known.
fn missing<'k>(
    id: &str,
    resource: &Resource,
    what: &str,
    known: impl IntoIterator<Item = &'k String> + Clone,
) -> Option<Problem> {
    if known.clone().into_iter().any(|name| *name == resource.name) {
        return None;
    }
    let reason = format!("there is no {what} `{}`", resource.name);
    let problem = Problem::node(id, resource.field.as_str(), "unknown_resource", reason);
    Some(problem.suggest(did_you_mean(&resource.name, known.into_iter().map(String::as_str))))
}

/// The problem of a model that a step cannot call.
fn no_chat(id: &str, resource: &Resource, known: &BTreeMap<String, String>) -> Option<Problem> {
    let is_chat = |purpose: &String| purpose == Resources::CHAT;
    let chat: Vec<&String> =
        known.iter().filter(|(_, purpose)| is_chat(purpose)).map(|(name, _)| name).collect();
    let Some(purpose) = known.get(&resource.name).filter(|purpose| !is_chat(purpose)) else {
        return missing(id, resource, "model", chat);
    };
    let reason = format!("the model `{}` is for {purpose}, and the step needs one for chat", resource.name);
    let suggestion = if chat.is_empty() {
        "Add a model whose purpose is `chat`.".to_owned()
    } else {
        let names: Vec<String> = chat.iter().map(|name| format!("`{name}`")).collect();
        format!("Models for chat are {}.", names.join(", "))
    };
    Some(Problem::node(id, resource.field.as_str(), "wrong_purpose", reason).suggest(Some(suggestion)))
}

/// Gives serde's words about a config the same form as the language's own problems.
fn config_problem(node: &str, field: &str, said: &str) -> Problem {
    if !said.starts_with("unknown field") && !said.starts_with("unknown variant") {
        return Problem::node(node, field, "wrong_config", said);
    }
    let mut quoted = said.split('`').skip(1).step_by(2);
    let typed = quoted.next().unwrap_or_default();
    let suggestion = did_you_mean(typed, quoted.clone());
    let known = quoted.collect::<Vec<_>>().join(", ");
    let reason = format!("`{typed}` is not known here; known are {known}.");
    Problem::node(node, field, "unknown_key", reason).suggest(suggestion)
}

/// The compiled form of a node that has no problems.
pub(super) fn compiled(subject: &Subject, node: NodeIndex) -> Node {
    let (kind, written) = (subject.kind(node), subject.written(node));
    Node {
        id: subject.graph.id(node).clone(),
        kind: kind.name().to_owned(),
        version: kind.version(),
        effect: kind.effect(),
        responds: kind.responds(),
        names_results: kind.names_results(),
        timeout: written.timeout,
        retry: written.retry,
        on_failure: written.on_failure.clone(),
        ai_output: references::nearest_ai(subject, Some(node)).ok().flatten(),
        secrets: references::secrets_of(&written.config),
        config: written.config.clone(),
    }
}

/// The definition with each kind's version written down.
pub(super) fn pinned(mut definition: Definition, kinds: &[&dyn NodeKind]) -> Definition {
    for (node, kind) in definition.nodes.values_mut().zip(kinds) {
        node.kind.version = Some(kind.version());
    }
    definition
}

/// The names a reference may lead to, by their kind.
pub(super) fn known_names<'r>(resources: &'r Resources, root: &str) -> Option<&'r BTreeSet<String>> {
    match root {
        "env" => resources.variables.as_ref(),
        "secret" => resources.secrets.as_ref(),
        _ => None,
    }
}
