use proptest::prelude::*;
use serde_json::json;

use super::*;

const SMALL: &str = "
linchpin: flow/v1
name: hello
inputs:
  who: { type: string, required: true }
nodes:
  greeting: # a comment
    kind: template
    text: |
      Hello {{ input.who }},
      welcome.
    timeout: 30s
    retry: { max: 2, backoff: 1s }
    on_failure: { value: { text: Hi } }
  answer: { kind: respond@1, body: { said: '{{ nodes.greeting.text }}' } }
edges:
  - start -> greeting -> answer
";

#[test]
fn reads_the_language() {
    let flow = Definition::parse(SMALL).unwrap();
    let greeting = &flow.nodes["greeting"];
    assert_eq!(greeting.timeout, Some(Span::from_secs(30)));
    assert_eq!(greeting.on_failure, OnFailure::Value(json!({"text": "Hi"})));
    assert_eq!(greeting.config["text"], "Hello {{ input.who }},\nwelcome.\n");
    assert_eq!(flow.nodes["answer"].kind, KindName { name: "respond".into(), version: Some(1) });
    assert_eq!(flow.nodes.keys().map(NodeId::as_str).collect::<Vec<_>>(), ["greeting", "answer"]);
}

#[test]
fn names_a_mistyped_key_and_suggests_the_right_one() {
    let said = |from: &str, to: &str| Definition::parse(&SMALL.replace(from, to)).unwrap_err().to_string();
    assert!(said("nodes:", "noeds:").contains("Did you mean `nodes`?"));
    assert!(said("required: true", "requried: true").contains("Did you mean `required`?"));
    assert!(said("flow/v1", "flow/v9").contains("linchpin: flow/v1"));
    assert!(said("timeout: 30s", "timeout: 30").contains("timeout"));
    assert!(said("greeting: #", "Greeting: #").contains("Greeting"));
    assert!(said("name: hello", "name: hello\nname: again").contains("YAML"));
}

#[test]
fn hostile_yaml_is_refused() {
    let bomb = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n\
                d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e,*e,*e,*e,*e,*e,*e]";
    for text in [bomb, &"[".repeat(100_000), &"x".repeat(MAX_TEXT + 1), "", "- 1", "\u{0}"] {
        assert!(Definition::parse(text).is_err());
    }
}

#[test]
fn pauses_grow_and_stay_bounded() {
    let retry = Retry { max: 20, backoff: Span::from_secs(1), grow: Backoff::Double };
    assert_eq!(retry.pause_before(2), Span::from_secs(1));
    assert_eq!(retry.pause_before(4), Span::from_secs(4));
    assert_eq!(retry.pause_before(20), Span::from_secs(300));
    let constant = Retry { grow: Backoff::Constant, ..retry };
    assert_eq!(constant.pause_before(9), Span::from_secs(1));
}

/// Text that YAML finds hard: quotes, colons, leading blanks, newlines, Chinese, things that look
/// like other types.
fn hard_text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~\n\t]{0,40}",
        "\\PC{0,20}",
        Just("yes".into()),
        Just("null".into()),
        Just("1e3".into()),
        Just("  two\n lines \n\n".into()),
        Just("售后:客服 #1\n".into()),
    ]
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        hard_text().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((hard_text(), inner), 0..4)
                .prop_map(|m| Value::Object(m.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn a_definition_survives_being_written(values in prop::collection::vec(json_value(), 1..4), text in hard_text()) {
        let mut flow = Definition::parse(SMALL).unwrap();
        flow.description = Some(text);
        for (n, value) in values.into_iter().enumerate() {
            let node = NodeDefinition {
                kind: "set".parse().unwrap(), timeout: None, retry: None,
                on_failure: OnFailure::Fail, config: Map::from_iter([("values".to_owned(), value)]),
            };
            flow.nodes.insert(format!("n{n}").parse().unwrap(), node);
        }
        let yaml = flow.to_yaml().unwrap();
        let again = Definition::parse(&yaml).map_err(|e| TestCaseError::fail(format!("{e}\n{yaml}")))?;
        prop_assert_eq!(&again, &flow, "{}", yaml);
        prop_assert_eq!(again.nodes.keys().collect::<Vec<_>>(), flow.nodes.keys().collect::<Vec<_>>());
    }
}
