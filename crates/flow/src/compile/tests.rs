use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::*;
use crate::{ConfigProblem, Join, Kinds, NodeKind, Resource, ResourceKind, Shape};

/// A kind for tests: `text` gives text, `choice` has two ports, `ask` is a model's answer,
/// `send` needs a destination and may hold a secret, `first` does not wait for its other branches.
pub(crate) struct Kind(&'static str, Effect);

pub(crate) struct TestKinds([Kind; 6]);

impl Default for TestKinds {
    fn default() -> Self {
        Self([
            Kind("text", Effect::Pure),
            Kind("choice", Effect::Pure),
            Kind("ask", Effect::Recorded),
            Kind("send", Effect::Effectful),
            Kind("any", Effect::Pure),
            Kind("first", Effect::Pure),
        ])
    }
}

impl Kinds for TestKinds {
    fn find(&self, name: &str, version: Option<u32>) -> Option<&dyn NodeKind> {
        let kind = self.0.iter().find(|kind| kind.0 == name)?;
        version.is_none_or(|version| version == 1).then_some(kind)
    }

    fn names(&self) -> Vec<&str> {
        self.0.iter().map(|kind| kind.0).collect()
    }
}

impl NodeKind for Kind {
    fn name(&self) -> &str {
        self.0
    }

    fn version(&self) -> u32 {
        1
    }

    fn effect(&self) -> Effect {
        self.1
    }

    fn is_ai(&self) -> bool {
        self.0 == "ask"
    }

    fn join(&self, _: &Map<String, Value>) -> Join {
        if self.0 == "first" { Join::First } else { Join::All }
    }

    fn ports(&self, _: &Map<String, Value>) -> Vec<String> {
        let ports: &[&str] = if self.0 == "choice" { &["true", "false"] } else { &["next"] };
        ports.iter().map(|port| (*port).to_owned()).collect()
    }

    fn output(&self, _: &Map<String, Value>) -> Shape {
        if self.0 == "any" { Shape::Open } else { Shape::of(&["text"]) }
    }

    fn resources(&self, config: &Map<String, Value>) -> Vec<Resource> {
        let name = config.get("to").and_then(Value::as_str);
        name.map(|name| Resource {
            kind: ResourceKind::Destination,
            name: name.to_owned(),
            field: "to".to_owned(),
        })
        .into_iter()
        .collect()
    }

    fn secret_fields(&self) -> &[&str] {
        if self.0 == "send" { &["headers"] } else { &[] }
    }

    fn check(&self, config: &Map<String, Value>) -> Result<(), Vec<ConfigProblem>> {
        match config.keys().find(|key| !["text", "to", "headers"].contains(&key.as_str())) {
            Some(key) => Err(vec![ConfigProblem {
                field: key.clone(),
                reason: format!("unknown field `{key}`, expected one of `text`, `to`, `headers`"),
            }]),
            None => Ok(()),
        }
    }
}

/// Compiles nodes (YAML flow mappings by id) and edges.
pub(crate) fn flow(nodes: &[(&str, &str)], edges: &[&str], rest: &str) -> Result<Flow, Vec<String>> {
    let nodes = nodes.iter().map(|(id, node)| format!("  {id}: {node}\n")).collect::<Vec<_>>().concat();
    let edges = edges.iter().map(|edge| format!("  - {edge}\n")).collect::<Vec<_>>().concat();
    let yaml = format!(
        "linchpin: flow/v1\nname: test\ninputs:\n  query: {{ type: string, required: true }}\n{rest}\nnodes:\n{nodes}edges:\n{edges}"
    );
    let resources = Resources {
        destinations: Some(BTreeSet::from(["tickets".to_owned()])),
        variables: Some(BTreeSet::from(["SHOP_URL".to_owned()])),
        ..Resources::default()
    };
    let definition = Definition::parse(&yaml).map_err(|error| vec![error.to_string()])?;
    compile(definition, &TestKinds::default(), &resources)
        .map_err(|problems| problems.iter().map(|p| format!("{} {p}", p.code)).collect())
}

fn said(nodes: &[(&str, &str)], edges: &[&str], rest: &str) -> String {
    flow(nodes, edges, rest).expect_err("the flow should have problems").join("\n")
}

const A: (&str, &str) = ("a", "{ kind: text, text: hi }");

#[test]
fn names_node_field_reason_and_suggestion() {
    let unknown = [("a", "{ kind: txt }")];
    assert_eq!(
        said(&unknown, &["start -> a"], ""),
        "unknown_kind nodes.a.kind: there is no kind `txt`. Did you mean `text`?"
    );
    let newer = [("a", "{ kind: text@2 }")];
    assert!(said(&newer, &["start -> a"], "").contains("newest version here is text@1"));
    let key = [("a", "{ kind: text, txet: 1 }")];
    assert!(said(&key, &["start -> a"], "").contains("unknown_key nodes.a.txet: `txet` is not known here"));
    let input = [("a", "{ kind: text, text: '{{ input.qeury }}' }")];
    assert_eq!(
        said(&input, &["start -> a"], ""),
        "unknown_name nodes.a.text: there is no input `qeury`. Did you mean `query`?"
    );
    let nested = [("a", "{ kind: send, to: tickets, headers: { x: [ok, '{{ nope }}'] } }")];
    assert!(said(&nested, &["start -> a"], "").contains("nodes.a.headers.x[1]: there is no name `nope`"));
    let wrong = [("a", "{ kind: text, text: '{{ input.query' }")];
    assert!(said(&wrong, &["start -> a"], "").contains("wrong_template nodes.a.text"));
    let filter = [("a", "{ kind: text, text: '{{ input.query | uper }}' }")];
    assert!(said(&filter, &["start -> a"], "").contains("there is no filter `uper`"));
    assert!(
        said(&[A], &["start -> a.true -> a"], "").contains("wrong_edge")
            || said(&[A], &["a -> a"], "").contains("unreachable")
    );
}

#[test]
fn resources_and_secrets_are_checked() {
    let to = [("a", "{ kind: send, to: tikets }")];
    assert!(
        said(&to, &["start -> a"], "").contains("there is no destination `tikets`. Did you mean `tickets`?")
    );
    let env = [("a", "{ kind: text, text: '{{ env.SHOP_URI }}' }")];
    assert!(
        said(&env, &["start -> a"], "").contains("there is no variable `SHOP_URI`. Did you mean `SHOP_URL`?")
    );
    let secret = [("a", "{ kind: text, text: '{{ secret.KEY }}' }")];
    assert!(said(&secret, &["start -> a"], "").contains("secret_not_allowed"));
    let allowed = [("a", "{ kind: send, headers: { authorization: 'Bearer {{ secret.KEY }}' } }")];
    let flow = flow(&allowed, &["start -> a"], "").unwrap();
    assert_eq!(flow.nodes()[0].secrets, ["KEY"]);
}

#[test]
fn a_reference_must_be_upstream_and_there() {
    let b = ("b", "{ kind: text, text: '{{ nodes.a.text }}' }");
    assert!(flow(&[A, b], &["start -> a -> b"], "").is_ok());
    assert!(said(&[A, b], &["start -> a", "start -> b"], "").contains("not_upstream"));
    let field = ("b", "{ kind: text, text: '{{ nodes.a.txt }}' }");
    assert!(
        said(&[A, field], &["start -> a -> b"], "")
            .contains("no output of `a` named `txt`. Did you mean `text`?")
    );
    // Both branches end in `b`: `a` may have been skipped.
    let choice = ("c", "{ kind: choice }");
    let other = ("d", "{ kind: any }");
    let edges = ["start -> c", "c.true -> a -> b", "c.false -> d -> b"];
    assert!(said(&[choice, A, other, b], &edges, "").contains("may_be_missing nodes.b.text"));
    let guarded = ("b", "{ kind: text, text: '{{ nodes.a.text or nodes.d.x }}' }");
    assert!(flow(&[choice, A, other, guarded], &edges, "").is_ok(), "one of the two runs");
    let elsewhere = ["start -> c", "c.true -> a -> b", "c.false -> d -> b", "c.false -> b"];
    let a_is_skipped =
        said(&[choice, A, other, ("b", "{ kind: text, text: '{{ nodes.a.text }}' }")], &elsewhere, "");
    assert!(a_is_skipped.contains("may_be_missing nodes.b.text"), "{a_is_skipped}");
    let three = ("c", "{ kind: choice, on_failure: branch }");
    let paths = ["start -> c", "c.true -> a -> b", "c.false -> d -> b", "c.failed -> b"];
    let neither = said(&[three, A, other, guarded], &paths, "");
    assert!(neither.contains("`nodes.d.x`") && !neither.contains("`nodes.a.text`"), "{neither}");
    let default = ("b", "{ kind: text, text: '{{ nodes.a.text | default(nodes.d.x) }}' }");
    assert!(flow(&[choice, A, other, default], &edges, "").is_ok());
    assert!(said(&[three, A, other, default], &paths, "").contains("`nodes.d.x`"));
    let both = ("b", "{ kind: text, text: \"{{ nodes.a.text or nodes.d.x or '' }}\" }");
    assert!(flow(&[choice, A, other, both], &edges, "").is_ok());
    // Parallel branches that are both sure to run.
    let join = ("e", "{ kind: text, text: '{{ nodes.a.text }}{{ nodes.d.x }}' }");
    assert!(flow(&[A, other, join], &["start -> a -> e", "start -> d -> e"], "").is_ok());
    // On the one branch only, `a` is sure.
    assert!(flow(&[choice, A, other, b], &["start -> c", "c.true -> a -> b", "c.false -> d"], "").is_ok());
}

#[test]
fn failure_branches_make_an_output_uncertain() {
    let ask = ("ask", "{ kind: ask, on_failure: branch }");
    let sorry = ("sorry", "{ kind: text, text: '{{ nodes.ask.error.message }}' }");
    let reply = ("reply", "{ kind: text, text: '{{ nodes.ask.text or nodes.sorry.text }}' }");
    let edges = ["start -> ask -> reply", "ask.failed -> sorry -> reply"];
    assert!(flow(&[ask, sorry, reply], &edges, "").is_ok(), "one of the two has something to say");
    let outputs = "outputs: { answer: '{{ nodes.ask.text or nodes.sorry.text }}' }";
    assert!(flow(&[ask, sorry, reply], &edges, outputs).is_ok());
    let sorry_may_fail = ("sorry", "{ kind: ask, on_failure: branch }");
    let edges_out = ["start -> ask", "ask.failed -> sorry", "sorry.failed -> reply"];
    let said_of = said(&[ask, sorry_may_fail, ("reply", "{ kind: text, text: x }")], &edges_out, outputs);
    assert!(said_of.contains("`nodes.sorry.text`"), "{said_of}");
    let unguarded = ("reply", "{ kind: text, text: '{{ nodes.ask.text }}' }");
    assert!(said(&[ask, sorry, unguarded], &edges, "").contains("may_be_missing nodes.reply.text"));
    let no_edge = said(&[ask], &["start -> ask"], "");
    assert!(no_edge.contains("missing_edge"), "{no_edge}");
    let no_branch = said(&[("ask", "{ kind: ask }"), A], &["start -> ask", "ask.failed -> a"], "");
    assert!(no_branch.contains("Write `on_failure: branch`"), "{no_branch}");
    let value = said(&[("ask", "{ kind: ask, on_failure: { value: { txt: 1 } } }")], &["start -> ask"], "");
    assert!(
        value.contains("nodes.ask.on_failure.value.txt") && value.contains("Did you mean `text`?"),
        "{value}"
    );
}

#[test]
fn ai_output_is_the_nearest_upstream_answer() {
    let uses = |id: &'static str| (id, "{ kind: text, text: '{{ ai_output }}' }");
    let first = ("first", "{ kind: ask }");
    let second = ("second", "{ kind: ask }");
    let chain = flow(&[first, second, uses("a")], &["start -> first -> second -> a"], "").unwrap();
    assert_eq!(chain.node(chain.graph().find("a").unwrap()).ai_output, chain.graph().find("second"));
    let fork = ["start -> first -> a", "start -> second -> a"];
    assert!(said(&[first, second, uses("a")], &fork, "").contains("ambiguous_ai_output"));
    assert!(said(&[uses("a")], &["start -> a"], "").contains("no_ai_output"));
}

#[test]
fn outputs_see_every_step_but_must_say_what_if() {
    let choice = ("c", "{ kind: choice }");
    let edges = ["start -> c", "c.true -> a"];
    let unguarded = said(&[choice, A], &edges, "outputs: { answer: '{{ nodes.a.text }}' }");
    assert!(unguarded.contains("may_be_missing outputs.answer"), "{unguarded}");
    assert!(flow(&[choice, A], &edges, "outputs: { answer: \"{{ nodes.a.text or '' }}\" }").is_ok());
    assert!(flow(&[A], &["start -> a"], "outputs: { answer: '{{ nodes.a.text }}' }").is_ok());
}

#[test]
fn a_join_that_does_not_wait_makes_the_slower_branch_uncertain() {
    let first = ("f", "{ kind: first, text: '{{ nodes.a.text }}' }");
    let edges = ["start -> a -> f", "start -> d -> f"];
    assert!(said(&[A, ("d", "{ kind: any }"), first], &edges, "").contains("may_be_missing nodes.f.text"));
}

#[test]
fn kinds_are_pinned_and_limits_are_checked() {
    let pinned = flow(&[A], &["start -> a"], "").unwrap();
    assert_eq!(pinned.definition().nodes["a"].kind.version, Some(1));
    assert!(
        said(&[("a", "{ kind: text, retry: { max: 21 }, timeout: 2h }")], &["start -> a"], "")
            .contains("at most 20")
    );
}
