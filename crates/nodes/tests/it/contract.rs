//! What every registered kind must do, whatever it is for.

use std::collections::BTreeSet;

use engine::{KindDescription, Registry};
use flow::{Effect, Kinds, NodeDefinition, NodeKind, Shape};
use serde_json::{Map, Value, json};

use crate::world::Fixture;

/// The least that each kind is told.
fn minimal(kind: &str) -> Value {
    match kind {
        "deliver" => json!({ "destination": "ticket-system", "body": "hi" }),
        "http" => json!({ "url": "https://example.com" }),
        "if" => json!({ "condition": true }),
        "knowledge" => json!({ "bases": ["manual"], "query": "hi" }),
        "llm" => json!({ "messages": [{ "user": "hi" }] }),
        "output" | "set" => json!({ "values": { "a": 1 } }),
        "respond" => json!({}),
        "template" => json!({ "text": "hi" }),
        other => panic!("the kind `{other}` has no minimal config here: add one"),
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        other => panic!("{other} is not an object"),
    }
}

fn kind<'r>(registry: &'r Registry, name: &str) -> &'r dyn NodeKind {
    registry.find(name, None).unwrap_or_else(|| panic!("there is no kind `{name}`"))
}

/// The YAML blocks of a help page.
fn examples(help: &str) -> Vec<&str> {
    help.split("```yaml\n").skip(1).filter_map(|rest| rest.split_once("```")).map(|(yaml, _)| yaml).collect()
}

async fn each(check: impl Fn(&Registry, &KindDescription)) {
    let f = Fixture::new().await;
    let kinds = f.registry().describe();
    assert!(kinds.len() >= 9, "{kinds:?}");
    for description in &kinds {
        check(f.registry(), description);
    }
}

#[tokio::test]
async fn a_minimal_config_is_taken_and_an_unknown_key_is_not() {
    each(|registry, described| {
        let name = described.kind;
        let mut config = object(minimal(name));
        kind(registry, name).check(&config).unwrap_or_else(|problems| panic!("{name}: {problems:?}"));
        config.insert("unknwon".into(), json!(1));
        let problems = kind(registry, name).check(&config).unwrap_err();
        assert!(problems[0].reason.contains("`unknwon`"), "{name}: {problems:?}");
    })
    .await;
}

#[tokio::test]
async fn every_kind_is_explained_and_its_examples_hold() {
    each(|registry, described| {
        let (name, summary) = (described.kind, described.summary);
        assert!(summary.ends_with('.') && summary.chars().count() <= 100, "{name}: {summary:?}");
        let examples = examples(described.help);
        assert!(!examples.is_empty(), "{name} has no example");
        let mut own = 0;
        for example in examples {
            let nodes: Map<String, Value> =
                serde_saphyr::from_str(example).unwrap_or_else(|error| panic!("{name}: {error}\n{example}"));
            for (id, node) in nodes {
                id.parse::<flow::NodeId>().unwrap_or_else(|error| panic!("{name}: {error}"));
                let node: NodeDefinition =
                    serde_json::from_value(node).unwrap_or_else(|e| panic!("{name}: {e}"));
                kind(registry, &node.kind.name)
                    .check(&node.config)
                    .unwrap_or_else(|problems| panic!("{name}, `{id}`: {problems:?}"));
                own += usize::from(node.kind.name == name);
            }
        }
        assert!(own > 0, "no example of {name} shows the kind itself");
    })
    .await;
}

#[tokio::test]
async fn every_setting_is_in_the_schema_and_described() {
    each(|_, described| {
        let (name, schema) = (described.kind, &described.config_schema);
        assert_eq!(schema["type"], "object", "{name}");
        assert_eq!(schema["additionalProperties"], false, "{name}");
        let properties = schema["properties"].as_object().unwrap_or_else(|| panic!("{name}: {schema}"));
        for (property, form) in properties {
            let described = form["description"].as_str().unwrap_or_default();
            assert!(!described.is_empty(), "{name}: `{property}` is not described: {form}");
        }
        let known: BTreeSet<&str> = properties.keys().map(String::as_str).collect();
        for field in described.secret_fields {
            let first = field.split('.').next().unwrap_or_default();
            assert!(known.contains(first), "{name}: a secret may stand in `{field}`, which does not exist");
        }
        for key in object(minimal(name)).keys() {
            assert!(known.contains(key.as_str()), "{name}: `{key}` is not in the schema");
        }
        for required in schema["required"].as_array().into_iter().flatten() {
            assert!(object(minimal(name)).contains_key(required.as_str().unwrap()), "{name}: {required}");
        }
    })
    .await;
}

#[tokio::test]
async fn what_a_kind_gives_is_known_before_it_runs() {
    each(|registry, described| {
        let (name, config) = (described.kind, object(minimal(described.kind)));
        let kind = kind(registry, name);
        assert_eq!((kind.name(), kind.version()), (name, described.version));
        assert!(!kind.ports(&config).is_empty(), "{name}");
        let Shape::Fields(fields) = kind.output(&config) else { return };
        assert!(!fields.is_empty() && !fields.contains("error"), "{name}: {fields:?}");
        assert!(!kind.is_ai() || fields.contains("text"), "{name}: `ai_output` is a step's `text`");
        for resource in kind.resources(&config) {
            let field = resource.field.split(['.', '[']).next().unwrap_or_default();
            let says = described.config_schema["properties"].get(field).is_some();
            assert!(says && !resource.name.is_empty(), "{name}: {resource:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_pure_kind_never_waits_and_gives_what_it_says() {
    let f = Fixture::new().await;
    for described in f.registry().describe().iter().filter(|kind| kind.effect == Effect::Pure) {
        let (name, config) = (described.kind, object(minimal(described.kind)));
        let mut node = json!({ "kind": name });
        node.as_object_mut().unwrap().extend(config.clone());
        let timeline = f.run(&[("step", &node.to_string())], json!({ "q": "hi" })).await;
        // A pure step that waits ends as `internal_error`.
        let (output, _) = crate::world::succeeded(&timeline, "step");
        if let Shape::Fields(fields) = kind(f.registry(), name).output(&config) {
            let given: BTreeSet<String> = output.as_object().unwrap().keys().cloned().collect();
            assert_eq!(given, fields, "{name}");
        }
    }
}
