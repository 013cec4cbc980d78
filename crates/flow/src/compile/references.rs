//! Checks every name that an expression uses: it exists, it is upstream, it is there.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{
    Subject,
    availability::{Part, Wanted, may_be_missing},
    nodes::known_names,
};
use crate::{
    NodeIndex, Problem, Shape,
    problem::did_you_mean,
    template::{
        Called, Reference, Text,
        environment::{has_filter, has_function, has_test},
        references::collect,
        templates_in,
    },
};

/// The names an expression may begin with.
const ROOTS: [&str; 7] = ["input", "nodes", "env", "secret", "run", "event", "ai_output"];

/// What `run` holds.
const RUN_FIELDS: [&str; 5] = ["id", "flow", "version", "environment", "started_at"];

/// What `event` holds.
const EVENT_FIELDS: [&str; 4] = ["id", "source", "kind", "received_at"];

/// The problems of every expression of the flow.
pub(super) fn check(subject: &Subject) -> Vec<Problem> {
    let mut problems = Vec::new();
    for node in subject.graph.nodes() {
        let config = &subject.written(node).config;
        let place = Place { subject, node: Some(node), secret_fields: subject.kind(node).secret_fields() };
        place.check(config, &mut problems);
    }
    let place = Place { subject, node: None, secret_fields: &[] };
    let mut in_outputs = Vec::new();
    place.check(&subject.definition.outputs, &mut in_outputs);
    problems.extend(
        in_outputs
            .into_iter()
            .map(|problem| Problem { field: format!("outputs.{}", problem.field), ..problem }),
    );
    problems
}

/// The secrets that a config names.
pub(super) fn secrets_of(config: &Map<String, Value>) -> Vec<String> {
    let mut templates = Vec::new();
    for (key, value) in config {
        templates_in(value, key, &mut templates);
    }
    let references = templates.iter().flat_map(|(_, source)| collect(source).0);
    let names: BTreeSet<String> =
        references.filter(|r| r.root == "secret").filter_map(|r| r.path.into_iter().next()).collect();
    names.into_iter().collect()
}

/// The nearest upstream node whose `text` is the flow's `ai_output`; `None` when there is none.
///
/// # Errors
/// The ids of several that are equally near: none of them lies behind another.
pub(super) fn nearest_ai(
    subject: &Subject,
    reader: Option<NodeIndex>,
) -> Result<Option<NodeIndex>, Vec<String>> {
    let upstream =
        reader.map_or_else(|| vec![true; subject.graph.len()], |reader| subject.graph.upstream(reader));
    let makers: Vec<NodeIndex> = subject
        .graph
        .nodes()
        .filter(|node| upstream[node.position()] && subject.kind(*node).is_ai())
        .collect();
    let is_nearer = |a: NodeIndex, b: NodeIndex| subject.graph.upstream(a)[b.position()];
    let nearest: Vec<NodeIndex> = makers
        .iter()
        .copied()
        .filter(|maker| !makers.iter().any(|other| is_nearer(*other, *maker)))
        .collect();
    match nearest.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(*one)),
        several => Err(several.iter().map(|node| subject.id(*node).to_owned()).collect()),
    }
}

/// Which part of a step's output a path of its id and a field names.
fn part(path: &[String]) -> Part {
    if path.get(1).is_some_and(|name| name == "error") { Part::Error } else { Part::Output }
}

/// Where an expression stands.
struct Place<'a> {
    subject: &'a Subject<'a>,
    /// `None` for the flow's outputs.
    node: Option<NodeIndex>,
    secret_fields: &'a [&'a str],
}

impl Place<'_> {
    fn check(&self, config: &Map<String, Value>, problems: &mut Vec<Problem>) {
        let mut templates = Vec::new();
        for (key, value) in config {
            templates_in(value, key, &mut templates);
        }
        for (field, source) in templates {
            if let Err(error) = Text::compile(source) {
                problems.push(self.problem(&field, "wrong_template", error.to_string()));
                continue;
            }
            let (references, called) = collect(source);
            problems.extend(called.iter().filter_map(|called| self.check_called(&field, called)));
            problems
                .extend(references.iter().filter_map(|reference| self.check_reference(&field, reference)));
        }
    }

    fn problem(&self, field: &str, code: &str, reason: String) -> Problem {
        match self.node {
            Some(node) => Problem::node(self.subject.id(node), field, code, reason),
            None => Problem::flow(field, code, reason),
        }
    }

    fn check_called(&self, field: &str, called: &Called) -> Option<Problem> {
        let (what, name, is_known) = match called {
            Called::Filter(name) => ("filter", name, has_filter(name)),
            Called::Test(name) => ("test", name, has_test(name)),
            Called::Function(name) => ("function", name, has_function(name)),
        };
        (!is_known).then(|| self.problem(field, "unknown_function", format!("there is no {what} `{name}`")))
    }

    fn check_reference(&self, field: &str, reference: &Reference) -> Option<Problem> {
        let first = reference.path.first().map(String::as_str);
        match (reference.root.as_str(), first) {
            ("input", Some(name)) => {
                let inputs = &self.subject.definition.inputs;
                let known = inputs.keys().map(String::as_str);
                self.unknown(field, "input", name, known)
            }
            ("nodes", Some(id)) => self.check_node(field, reference, id),
            ("run", Some(name)) => self.unknown(field, "run field", name, RUN_FIELDS),
            ("event", Some(name)) => self.unknown(field, "event field", name, EVENT_FIELDS),
            ("env", Some(name)) => self.check_resource(field, "env", "variable", name),
            ("secret", Some(name)) if self.may_hold_secret(field) => {
                self.check_resource(field, "secret", "secret", name)
            }
            ("secret", _) => {
                let problem =
                    self.problem(field, "secret_not_allowed", "a secret may not stand here".to_owned());
                Some(problem.suggest(match self.secret_fields {
                    [] => None,
                    fields => Some(format!("It may stand in {}.", fields.join(", "))),
                }))
            }
            ("ai_output", _) => self.check_ai_output(field, reference),
            ("input" | "nodes" | "run" | "event" | "env", None) => None,
            (root, _) => self.unknown(field, "name", root, ROOTS),
        }
    }

    fn unknown<'n, Known>(&self, field: &str, what: &str, name: &str, known: Known) -> Option<Problem>
    where
        Known: IntoIterator<Item = &'n str> + Clone,
    {
        let is_known = known.clone().into_iter().any(|known| known == name);
        (!is_known).then(|| {
            let problem = self.problem(field, "unknown_name", format!("there is no {what} `{name}`"));
            problem.suggest(did_you_mean(name, known))
        })
    }

    fn check_resource(&self, field: &str, root: &str, what: &str, name: &str) -> Option<Problem> {
        let known = known_names(self.subject.resources, root)?;
        self.unknown(field, what, name, known.iter().map(String::as_str))
    }

    fn may_hold_secret(&self, field: &str) -> bool {
        self.secret_fields.iter().any(|allowed| {
            field.strip_prefix(allowed).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        })
    }

    fn check_node(&self, field: &str, reference: &Reference, id: &str) -> Option<Problem> {
        let graph = self.subject.graph;
        let Some(maker) = graph.find(id) else {
            let ids = self.subject.definition.nodes.keys().map(crate::NodeId::as_str);
            return self.unknown(field, "node", id, ids);
        };
        if self.node.is_some_and(|reader| !graph.upstream(reader)[maker.position()]) {
            let reason = format!("`{id}` does not run before this step");
            let problem = self.problem(field, "not_upstream", reason);
            return Some(
                problem.suggest(Some(format!("Lead an edge from `{id}` here, or use another step."))),
            );
        }
        if let Some(name) = reference.path.get(1).filter(|name| *name != "error")
            && let Shape::Fields(fields) =
                self.subject.kind(maker).output(&self.subject.written(maker).config)
            && !fields.contains(name)
        {
            let what = format!("output of `{id}` named");
            return self.unknown(field, &what, name, fields.iter().map(String::as_str));
        }
        let wanted = (maker, part(&reference.path));
        self.may_be_missing(reference, wanted).then(|| {
            let path = format!("nodes.{}", reference.path.join("."));
            let reason = format!(
                "`{path}` may be missing: `{id}` does not run, or does not succeed, on every path to here"
            );
            let problem = self.problem(field, "may_be_missing", reason);
            problem.suggest(Some(format!("Say what to use then: `{path} or …` or `{path} | default(…)`.")))
        })
    }

    /// Whether a reference, and everything that it stands in for, may be missing together.
    fn may_be_missing(&self, reference: &Reference, wanted: Wanted) -> bool {
        if reference.guarded {
            return false;
        }
        let alternative = |path: &Vec<String>| match path.split_first() {
            Some((root, rest)) if root == "nodes" => {
                self.subject.graph.find(rest.first()?).map(|maker| (maker, part(rest)))
            }
            Some((root, [])) if root == "ai_output" => {
                nearest_ai(self.subject, self.node).ok().flatten().map(|maker| (maker, Part::Output))
            }
            _ => None,
        };
        let mut together: Vec<Wanted> = reference.instead_of.iter().filter_map(alternative).collect();
        together.push(wanted);
        may_be_missing(self.subject, &together, self.node)
    }

    fn check_ai_output(&self, field: &str, reference: &Reference) -> Option<Problem> {
        match nearest_ai(self.subject, self.node) {
            Ok(Some(maker)) if !self.may_be_missing(reference, (maker, Part::Output)) => None,
            Ok(Some(maker)) => {
                let id = self.subject.id(maker);
                let reason =
                    format!("`ai_output` may be missing: `{id}` does not succeed on every path to here");
                let problem = self.problem(field, "may_be_missing", reason);
                Some(problem.suggest(Some("Say what to use then: `ai_output or …`.".to_owned())))
            }
            Ok(None) => {
                let reason =
                    "no model's answer comes before this step, so `ai_output` has no meaning".to_owned();
                Some(self.problem(field, "no_ai_output", reason))
            }
            Err(ids) => {
                let reason = format!("`ai_output` is ambiguous: {} are equally near", ids.join(" and "));
                let problem = self.problem(field, "ambiguous_ai_output", reason);
                Some(problem.suggest(Some(format!(
                    "Write `nodes.{}.text`.",
                    ids.first().map_or("…", String::as_str)
                ))))
            }
        }
    }
}
