//! Configurations: what is filled in, and what is wrong with the others.

use gateway::{Config, Secrets};
use schemars::schema_for;
use serde_json::{Value, json};

use crate::request::{compile, open};

#[test]
fn defaults_are_filled_in_and_written_back() {
    let config = open(json!({})).source.config().clone();
    assert_eq!(
        serde_json::to_value(&config).unwrap(),
        json!({
            "verification": {"scheme": "none"},
            "methods": ["POST"],
            "dedupe": {"window": "1d"},
            "limits": {"body": "1MiB"},
            "reply": {"mode": "accept", "status": 202},
        })
    );
    let again: Config = serde_json::from_value(serde_json::to_value(&config).unwrap()).unwrap();
    assert_eq!(again, config);
    let off = open(json!({"dedupe": null})).source.config().clone();
    assert_eq!(serde_json::to_value(&off).unwrap()["dedupe"], Value::Null, "off stays off");
}

/// Checks where a configuration is wrong, and a part of what is said of it.
fn is_wrong(more: Value, field: &str, said: &str) {
    let mut config = json!({"verification": {"scheme": "none"}});
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let error = compile(&config, &json!({"scheme": "none"})).unwrap_err();
    assert_eq!(error.problem().field, field, "{error}");
    assert!(error.to_string().contains(said), "{config}: {error}");
}

#[test]
fn what_is_wrong_has_a_place_a_reason_and_a_way_out() {
    for (more, field, said) in [
        (json!({"metods": ["POST"]}), "metods", "Did you mean `methods`?"),
        (json!({"methods": ["FETCH"]}), "methods[0]", "known are GET, POST"),
        (json!({"methods": []}), "methods", "Add at least `POST`."),
        (json!({"path": "a/{b"}), "path", "orders/{order_id}"),
        (json!({"dedupe": {"from": "boby.id"}}), "dedupe.from", "Did you mean `body`?"),
        (json!({"dedupe": {"from": "a..b"}}), "dedupe.from", "a key is missing at character 2"),
        (json!({"dedupe": {"window": "31d"}}), "dedupe.window", "from 1s to 30d"),
        (json!({"limits": {"body": "0B"}}), "limits.body", "from 1B to 64MiB"),
        (json!({"limits": {"body": "1GiB"}}), "limits.body", "from 1B to 64MiB"),
        (json!({"limits": {"body": "1MB"}}), "limits.body", "such as 64KiB"),
        (json!({"limits": {"source_rate": {"requests": 0}}}), "limits.source_rate.requests", "nonzero"),
        (
            json!({"limits": {"source_rate": {"requests": 1_000_001}}}),
            "limits.source_rate.requests",
            "over 1000000",
        ),
        (
            json!({"limits": {"client_rate": {"requests": 1, "burst": 4_000_000_000_u32}}}),
            "limits.client_rate.burst",
            "over 1000000",
        ),
        (
            json!({"limits": {"client_rate": {"requests": 1, "per": "10ms"}}}),
            "limits.client_rate.per",
            "from 1s to 1d",
        ),
        (json!({"reply": {"mode": "accept", "status": 302}}), "reply.status", "from 200 to 299"),
        (json!({"reply": {"mode": "wait", "deadline": "301s"}}), "reply.deadline", "from 1s to 5m"),
        (json!({"reply": {"mode": "respond", "deadline": "999ms"}}), "reply.deadline", "from 1s to 5m"),
        (json!({"reply": {"mode": "stream", "deadline": "2h"}}), "reply.deadline", "from 1s to 1h"),
        (json!({"reply": {"mode": "wait", "deadlin": "3s"}}), "reply", "Did you mean `deadline`?"),
        (json!({"fields": {"q": {"from": "body.q"}}}), "fields.q", "Add `type`."),
        (json!({"fields": {"q": {"type": "strin", "from": "body.q"}}}), "fields.q.type", "is not a type"),
        (json!({"verification": {"scheme": "none", "x": 1}}), "verification", "nothing more is"),
    ] {
        is_wrong(more, field, said);
    }
    let broken = gateway::Source::compile("{", b"", &flow::Fields::new()).unwrap_err();
    assert!(broken.to_string().contains("line 1 column 1"), "{broken}");
}

#[test]
fn what_is_wrong_with_a_sources_own_rules_is_said_likewise() {
    for (more, field, said) in [
        (json!({"dedupe": {"key": "{{ body.id"}}), "dedupe.key", "is not closed"),
        (json!({"dedupe": {"key": "always"}}), "dedupe.key", "same for every request"),
        (json!({"dedupe": {"key": "{{ body.id }}", "from": "body.id"}}), "dedupe", "either `from` or `key`"),
        (json!({"filter": "body.type == 'x'"}), "filter", "one whole expression"),
        (json!({"filter": "{{ body.a }} {{ body.b }}"}), "filter", "one whole expression"),
        (json!({"filter": "{{ boby.a }}"}), "filter", "Did you mean `body`?"),
        (json!({"filter": "{{ input.qeury }}"}), "filter", "Did you mean `query`?"),
        (json!({"filter": "{{ path.id }}"}), "filter", "no parameter `id`"),
        (json!({"filter": "{{ now() }}"}), "filter", "no function `now`"),
        (json!({"filter": "{{ secret.X }}"}), "filter", "there is no `secret` here"),
        (
            json!({"filter": "{{ header.Authorization == 'x' }}"}),
            "filter",
            "a secret, which no expression sees",
        ),
        (json!({"filter": "{{ header.x-api-key }}"}), "filter", "a secret, which no expression sees"),
        (json!({"filter": "{{ query['token'] }}"}), "filter", "a secret, which no expression sees"),
        (
            json!({"filter": "{{ header.x-in }}", "redact": ["X-In"]}),
            "filter",
            "a secret, which no expression sees",
        ),
        (json!({"allow_cidrs": ["10.0.0.0/33"]}), "allow_cidrs[0]", "203.0.113.0/24"),
        (json!({"cors": {"origins": []}}), "cors.origins", "leave `cors` away"),
        (
            json!({"cors": {"origins": ["*"], "credentials": true}}),
            "cors.credentials",
            "Name the pages' origins",
        ),
        (json!({"cors": {"origins": ["*"], "max_age": "2d"}}), "cors.max_age", "to 1d"),
        (json!({"contract": {"version": 0}}), "contract.version", "nonzero"),
        (json!({"contract": {"version": 1, "sunset": "soon"}}), "contract.sunset", "2026-12-31T00:00:00Z"),
        (json!({"reply": {"mode": "static", "status": 302}}), "reply.status", "from 200 to 299"),
        (
            json!({"reply": {"mode": "static", "headers": {"Linchpin-Event": "x"}}}),
            "reply.headers.Linchpin-Event",
            "sets this header itself",
        ),
        (json!({"reply": {"mode": "static", "bdoy": "x"}}), "reply", "Did you mean `body`?"),
    ] {
        is_wrong(more, field, said);
    }
}

#[test]
fn the_schema_says_what_the_form_needs() {
    let config = serde_json::to_value(schema_for!(Config)).unwrap();
    assert_eq!(config["required"], json!(["verification"]));
    let schemes = config["$defs"]["Verification"]["oneOf"].as_array().unwrap();
    let names: Vec<_> = schemes.iter().map(|scheme| &scheme["properties"]["scheme"]["const"]).collect();
    let all = "token basic jwt hmac standard_webhooks github gitlab stripe shopify slack wecom dingtalk \
               dingtalk_events feishu none";
    assert_eq!(names, all.split(' ').collect::<Vec<_>>());
    assert!(schemes.iter().all(|scheme| scheme["description"].is_string()));
    let secrets = serde_json::to_value(schema_for!(Secrets)).unwrap();
    for scheme in secrets["oneOf"].as_array().unwrap() {
        let fields = scheme["properties"].as_object().unwrap().iter().filter(|(name, _)| *name != "scheme");
        for (name, field) in fields {
            let how = (&field["x-widget"], &field["writeOnly"]);
            assert_eq!(how, (&json!("secret"), &json!(true)), "{name} of {scheme}");
        }
    }
}
