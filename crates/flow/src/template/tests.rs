use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::{Graph, NodeIndex};

fn scope() -> Scope {
    let graph = Graph::for_test(&["answer", "skipped"], &["start -> answer"]);
    let input = json!({"query": "E3 \"shows\"\n", "n": 7, "tags": ["a", "b"], "nothing": null});
    let facts = Facts {
        run_id: "run_1".into(),
        started_at: 1_700_000_000_000,
        kind: "webhook",
        env: Arc::new([("SHOP".to_owned(), "https://shop".to_owned())].into()),
        secret_mark: "mark".into(),
        ..Facts::default()
    };
    let values = Values::new(Arc::new(graph), &input, facts);
    values.set_output(NodeIndex::at(0), &json!({"text": "Press reset.", "score": 0.5}));
    Scope::new(Arc::new(values), Some(NodeIndex::at(0)))
}

fn dynamic(source: Value) -> Result<Value, Error> {
    Dynamic::compile(source)?.render(&scope())
}

fn text(source: &str) -> Result<String, Error> {
    Text::compile(source)?.render(&scope())
}

#[test]
fn a_whole_expression_keeps_its_type_and_a_part_is_text() {
    let rendered = dynamic(json!({
        "n": "{{ input.n }}", "said": "n={{ input.n }}", "tags": "{{ input.tags }}", "fixed": [1, true],
        "quoted": "{{ input.query }}", "not": "{{ input.n > 9 }}", "null": "{{ input.nothing }}",
    }));
    let expected = json!({
        "n": 7, "said": "n=7", "tags": ["a", "b"], "fixed": [1, true],
        "quoted": "E3 \"shows\"\n", "not": false, "null": null,
    });
    assert_eq!(rendered, Ok(expected));
}

#[test]
fn text_shows_json_for_objects_and_nothing_for_null() {
    assert_eq!(text("{{ input.tags }}|{{ input.nothing }}|{{ input.absent }}|").unwrap(), "[\"a\",\"b\"]|||");
    assert_eq!(
        text("{% for t in input.tags %}<{{ t }}>{% endfor %}{{ nodes.answer }}").unwrap(),
        "<a><b>{\"text\":\"Press reset.\",\"score\":0.5}"
    );
    assert_eq!(text("  plain } text {").unwrap(), "  plain } text {");
}

#[test]
fn a_path_is_what_the_expression_machinery_makes_of_it() {
    let names = ["query", "tags", "nothing", "absent", "text", "id", "items"];
    let first =
        ["input", "nodes.answer", "nodes.skipped", "nodes.nobody", "run", "env", "secret", "unknown", "true"];
    for (first, second) in first.iter().flat_map(|first| names.map(|second| (first, second))) {
        for path in [format!("{first}.{second}"), format!("{first} . {second}.deeper")] {
            // In brackets it is an expression like any other.
            let [plain, bracketed] = [&path, &format!("({path})")].map(|path| format!("{{{{- {path} -}}}}"));
            let shown =
                |result: Result<Value, Error>| result.map_err(|error| matches!(error, Error::Missing(_)));
            assert_eq!(shown(dynamic(json!(plain))), shown(dynamic(json!(bracketed))), "{path}");
        }
    }
}

#[test]
fn a_step_that_did_not_run_has_null_fields() {
    assert_eq!(dynamic(json!("{{ nodes.skipped.text or nodes.answer.text }}")), Ok(json!("Press reset.")));
    assert_eq!(dynamic(json!("{{ nodes.skipped.text }}")), Ok(Value::Null));
    assert_eq!(dynamic(json!("{{ ai_output }}")), Ok(json!("Press reset.")));
}

#[test]
fn what_is_missing_is_an_error_and_says_what_to_do() {
    let said = dynamic(json!("{{ nodes.answer.txet }}")).unwrap_err();
    assert_eq!(said, Error::Missing("{{ nodes.answer.txet }}".into()));
    assert!(text("x {{ nodes.answer.txet }}").unwrap_err().to_string().contains("default("));
    assert!(text("{% if true %}{{ nodes.answer.txet }}{% endif %}").is_err());
    assert_eq!(text("{{ nodes.answer.txet | default('-') }}!").unwrap(), "-!");
}

#[test]
fn wrong_templates_do_not_compile() {
    for wrong in ["{{ a", "{{ }}", "{% if x %}", "{{ a b }}", "{% include 'x' %}{% endif %}", "{{ 'a }}"] {
        assert!(matches!(Text::compile(wrong), Err(Error::Syntax(_))), "{wrong}");
    }
}

#[test]
fn work_is_bounded_and_time_and_chance_are_absent() {
    let busy = "{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}";
    assert_eq!(text(busy), Err(Error::TooMuchWork));
    assert!(text("{{ 'ab' * 99999999999 }}!").is_err());
    for gone in ["{{ now() }}!", "{{ [1,2] | random }}!", "{{ debug() }}!"] {
        assert!(text(gone).is_err(), "{gone}");
    }
}

#[test]
fn facts_of_the_run_and_its_surroundings() {
    let said = text("{{ run.id }} {{ run.started_at }} {{ event.kind }} {{ env.SHOP }} {{ event.source }}|")
        .unwrap();
    assert_eq!(said, "run_1 2023-11-14T22:13:20Z webhook https://shop |");
    assert!(text("{{ env.NONE }}!").is_err() && text("{{ run.nope }}!").is_err());
}

#[test]
fn a_secret_is_a_placeholder_that_only_the_run_can_make() {
    assert_eq!(text("Bearer {{ secret.KEY }}").unwrap(), "Bearer \u{FDD0}mark:KEY\u{FDD1}");
}

#[test]
fn what_templates_give_is_escaped_in_the_field_that_is_html() {
    let rendered = |source: &str| {
        let body = Dynamic::compile(json!({ "html": source, "text": source })).unwrap();
        let value = body.render_with_html(&scope(), Some("html")).unwrap();
        assert_eq!(body.render(&scope()).unwrap()["html"], value["text"], "no other field is");
        value["html"].as_str().unwrap().to_owned()
    };
    assert_eq!(rendered("<p>{{ '<b>&' }}</p>"), "<p>&lt;b&gt;&amp;</p>");
    assert_eq!(rendered("{{ '<b>' }}"), "&lt;b&gt;", "also one whole expression");
    assert_eq!(rendered("{% if true %}<i>{{ '<b>' }}</i>{% endif %}"), "<i>&lt;b&gt;</i>");
    assert_eq!(rendered("{{ ['<b>'] }}!"), "[&quot;&lt;b&gt;&quot;]!");
    assert_eq!(rendered("<p>{{ '<b>' | safe }}{% if true %}{{ '<b>' | safe }}{% endif %}"), "<p><b><b>");
    assert_eq!(rendered("{{ '<b>' | e }}!"), "&lt;b&gt;!", "and not twice");
    assert_eq!(rendered("<p>as it is</p>"), "<p>as it is</p>");
}

#[test]
fn finds_names_and_guards() {
    let found = |source: &str| {
        let (references, _) = references::collect(source);
        references
            .iter()
            .map(|r| {
                format!(
                    "{}{}",
                    [std::slice::from_ref(&r.root), &r.path[..]].concat().join("."),
                    if r.guarded { "?" } else { "" }
                )
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(found("{{ nodes.a.text or nodes.b['text'] }}"), ["nodes.a.text?", "nodes.b.text"]);
    assert_eq!(found("{{ nodes.a.text | default(input.x) | upper }}"), ["nodes.a.text?", "input.x"]);
    assert_eq!(found("{{ nodes.a.x if nodes.a.x else 1 }}"), ["nodes.a.x?", "nodes.a.x?"]);
    assert_eq!(found("{% if nodes.a %}{{ nodes.a.text }}{% endif %}"), ["nodes.a?", "nodes.a.text?"]);
    assert_eq!(found("{% for i in input.items %}{{ i.name }}{{ loop.index }}{% endfor %}"), ["input.items"]);
    assert_eq!(found("{{ nodes.a.items[input.n].x }}"), ["nodes.a.items", "input.n"]);
    assert_eq!(found("{{ nodes.a.text is defined }}{{ input.q.upper() }}"), ["nodes.a.text?", "input.q"]);
    let (_, called) = references::collect("{{ x | nope }}{{ x is odd }}{{ range(2) }}");
    assert_eq!(
        called,
        [Called::Filter("nope".into()), Called::Test("odd".into()), Called::Function("range".into())]
    );
    assert!(environment::has_filter("upper") && !environment::has_filter("nope"));
    assert!(environment::has_function("range") && !environment::has_function("now"));
}

proptest! {
    #[test]
    fn hostile_templates_never_panic(source in "[{}%#a-z .|()'\"\\[\\]0-9\n-]{0,60}") {
        if let Ok(template) = Text::compile(&source) {
            let _ = template.render(&scope());
        }
        let _ = references::collect(&source);
    }

    #[test]
    fn plain_text_is_itself(source in "[^{}]{0,60}") {
        prop_assert_eq!(text(&source).unwrap(), source);
    }
}
