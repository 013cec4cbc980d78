//! Sources that serve the interface of an older version.

use flow::Fields;
use gateway::{Limits, Source};
use http::HeaderMap;
use serde_json::{Value, json};

use crate::request::{Request, Tested};

fn fields(value: Value) -> Fields {
    serde_json::from_value(value).unwrap()
}

fn old() -> Value {
    json!({
        "query": {"type": "string", "required": true},
        "page": {"type": "integer"},
        "legacy": {"type": "boolean"},
    })
}

/// A source that pins version 1 with the inputs of [`old`], before a version with these.
fn pinned(running: Value, more: Value) -> Result<Tested, String> {
    let mut config = json!({"verification": {"scheme": "none"}, "contract": {"version": 1}});
    for (key, value) in more.as_object().unwrap() {
        match (&mut config[key], value) {
            (Value::Object(there), Value::Object(more)) => there.extend(more.clone()),
            (place, value) => *place = value.clone(),
        }
    }
    let compiled = Source::compile_pinned(&config.to_string(), b"{}", &fields(old()), &fields(running));
    let source = compiled.map_err(|error| format!("{}: {}", error.problem().code, error.problem()))?;
    let limits = Limits::of(&source);
    Ok(Tested { source, limits })
}

fn with(more: Value) -> Value {
    let mut running = json!({"query": {"type": "string", "required": true}});
    running.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    running
}

#[test]
fn the_old_interface_is_served_and_the_new_version_gets_its_own() {
    let running = with(json!({
        "page": {"type": "number"},
        "lang": {"type": "string", "required": true},
        "size": {"type": "integer", "default": 20},
        "note": {"type": "string"},
    }));
    let tested = pinned(running, json!({"contract": {"defaults": {"lang": "zh"}}})).unwrap();
    let sent = Request::json(&json!({"query": "E3", "page": 2, "legacy": true, "lang": "en", "size": 5}));
    let input = json!({"query": "E3", "page": 2, "lang": "zh", "size": 20});
    assert_eq!(tested.input(&sent), input, "what version 1 does not know is ignored, as it was then");
    let wrong = Request::json(&json!({"query": "E3", "page": 2.5, "legacy": "yes"}));
    let refused = tested.judge(&wrong).unwrap_err();
    let fields: Vec<_> = refused.errors.iter().map(|problem| problem.field.as_str()).collect();
    assert_eq!(fields, ["page", "legacy"], "it is held to its own types");
}

#[test]
fn fields_map_the_old_inputs() {
    let running = with(json!({"lang": {"type": "string", "default": "en"}}));
    let mapped = json!({
        "fields": {"query": {"type": "string", "from": "body.q", "required": true}},
        "filter": "{{ input.lang == 'en' and input.query != '' }}",
    });
    let tested = pinned(running, mapped).unwrap();
    assert_eq!(tested.input(&Request::json(&json!({"q": "E3"}))), json!({"query": "E3", "lang": "en"}));
    assert_eq!(tested.code(&Request::json(&json!({"q": ""}))), "filtered");
}

#[test]
fn what_is_missing_is_said_when_it_is_compiled() {
    let said = |running: Value, more: Value| pinned(running, more).map(drop).unwrap_err();
    let error = said(with(json!({"lang": {"type": "string", "required": true}})), json!({}));
    assert!(
        error.contains("requires `lang`, which version 1 lacks")
            && error.contains("`contract.defaults.lang`"),
        "{error}"
    );
    let error = said(with(json!({"page": {"type": "integer", "required": true}})), json!({}));
    assert!(error.contains("requires `page`, which version 1 lets be left out"), "{error}");
    let filled = json!({"contract": {"defaults": {"page": 1}}});
    let tested = pinned(with(json!({"page": {"type": "integer", "required": true}})), filled).unwrap();
    assert_eq!(tested.input(&Request::good()), json!({"query": "E3", "page": 1}));
    let error = said(with(json!({"page": {"type": "string"}})), json!({}));
    assert!(
        error.contains("`page` is of type `integer` in version 1, and of `string` in the deployed one"),
        "{error}"
    );
    let wrong = json!({"contract": {"defaults": {"lang": 7}}});
    let error = said(with(json!({"lang": {"type": "string", "required": true}})), wrong);
    assert!(error.contains("contract.defaults.lang: the value is integer, not string"), "{error}");
    let error = said(with(json!({})), json!({"filter": "{{ input.legacy }}"}));
    assert!(error.contains("no input `legacy`"), "a filter sees what the flow gets: {error}");
}

#[test]
fn every_answer_says_that_it_is_deprecated() {
    let dates = json!({"contract": {
        "deprecated": "2026-01-31T00:00:00Z", "sunset": "2026-12-31T00:00:00Z", "docs": "https://docs.example/v2",
    }});
    let stamped = |source: &Source| {
        let mut answer = HeaderMap::new();
        source.stamp(&HeaderMap::new(), &mut answer);
        answer.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect::<Vec<_>>()
    };
    let tested = pinned(with(json!({})), dates.clone()).unwrap();
    assert_eq!(
        stamped(&tested.source),
        [
            "deprecation: @1769817600",
            "sunset: Thu, 31 Dec 2026 00:00:00 GMT",
            "link: <https://docs.example/v2>; rel=\"deprecation\"; type=\"text/html\"",
        ]
    );
    let mut config = dates;
    config["verification"] = json!({"scheme": "none"});
    config["contract"]["version"] = json!(1);
    let same = Source::compile(&config.to_string(), b"{}", &fields(old())).unwrap();
    assert_eq!(stamped(&same), Vec::<String>::new(), "the version that runs is not deprecated");
}
