//! What the expressions of a step can name.

use std::collections::BTreeSet;

use flow::{Dynamic, Flow, NodeIndex, Shape};
use serde_json::{Map, Value};
use store::Place;

use super::StepData;
use crate::Engine;

/// What every run and every event says of itself.
const FACTS: [&str; 9] = [
    "run.id",
    "run.flow",
    "run.version",
    "run.environment",
    "run.started_at",
    "event.id",
    "event.source",
    "event.kind",
    "event.received_at",
];

/// Something that an expression can name.
#[derive(Clone, Debug, PartialEq)]
pub struct Variable {
    /// The expression: `nodes.answer.text`.
    pub path: String,
    /// The kind of the node that gives it.
    pub kind: Option<String>,
    /// Its type, where the flow declares one: `array<string>`.
    pub declared: Option<String>,
    /// What it means, where the flow says so.
    pub description: Option<String>,
    /// What it is in the data given; null also where that has nothing.
    pub value: Value,
}

impl Engine {
    /// Everything that the expressions of a step can name, the nearest first: `ai_output`, the steps before it, the flow's
    /// inputs, variables of the environment, and what is known of run and event.
    pub fn variables(
        &self,
        place: Place,
        (flow, node): (&Flow, NodeIndex),
        given: &StepData,
    ) -> Vec<Variable> {
        let scope = self.rehearsing(place, (flow, node), given).scope;
        let variable = |path: String| {
            let whole = Dynamic::compile(Value::String(format!("{{{{ {path} }}}}")));
            let value = whole.and_then(|whole| whole.render(&scope)).unwrap_or_default();
            Variable { path, kind: None, declared: None, description: None, value }
        };
        let mut found = Vec::new();
        if let Some(maker) = flow.node(node).ai_output {
            let kind = Some(flow.node(maker).kind.clone());
            found.push(Variable { kind, ..variable("ai_output".to_owned()) });
        }
        let upstream = flow.graph().upstream(node);
        let before: Vec<NodeIndex> = flow.graph().nodes().filter(|one| upstream[one.position()]).collect();
        for maker in before.into_iter().rev() {
            let kind = &flow.node(maker).kind;
            for path in self.given_by_step(flow, maker, given) {
                found.push(Variable { kind: Some(kind.clone()), ..variable(path) });
            }
        }
        for (name, field) in &flow.definition().inputs {
            let (declared, description) = (Some(field.kind.to_string()), field.description.clone());
            found.push(Variable { declared, description, ..variable(member("input", name)) });
        }
        let surroundings = self.0.world.surroundings(place);
        found.extend(surroundings.variables.keys().map(|name| variable(member("env", name))));
        found.extend(FACTS.map(|path| variable(path.to_owned())));
        found
    }

    /// The fields of a step: those that its kind declares, and those that it gave.
    fn given_by_step(&self, flow: &Flow, maker: NodeIndex, given: &StepData) -> Vec<String> {
        let subject = flow.node(maker);
        let root = member("nodes", subject.id.as_str());
        let kind = self.0.registry.get(&subject.kind, Some(subject.version));
        let mut fields = match kind.map(|kind| kind.output(&subject.config)) {
            Some(Shape::Fields(fields)) => fields,
            Some(Shape::Open) | None => BTreeSet::new(),
        };
        let gave = given.outputs.get(subject.id.as_str()).and_then(|output| output.as_object());
        fields.extend(gave.into_iter().flat_map(Map::keys).cloned());
        if fields.is_empty() {
            return vec![root];
        }
        fields.iter().map(|field| member(&root, field)).collect()
    }
}

/// A field as an expression names it.
fn member(of: &str, name: &str) -> String {
    let mut letters = name.chars();
    let starts = letters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_');
    if starts && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_') {
        return format!("{of}.{name}");
    }
    format!("{of}[{}]", Value::from(name))
}

#[cfg(test)]
mod tests {
    use super::member;

    #[test]
    fn what_is_no_name_stands_in_brackets() {
        assert_eq!(member("input", "order_id"), "input.order_id");
        assert_eq!(member("input", "order-id"), r#"input["order-id"]"#);
        assert_eq!(member("input", r#"a"b"#), r#"input["a\"b"]"#);
        assert_eq!(member("input", "7"), r#"input["7"]"#);
    }
}
