use serde_json::json;

use super::*;

fn refusal(config: &Value, secrets: &Value) -> String {
    parse(&config.to_string(), secrets.to_string().as_bytes()).unwrap_err().to_string()
}

fn webhook(more: Value) -> Value {
    let mut config = json!({ "kind": "webhook", "url": "https://example.com/hook" });
    let Value::Object(more) = more else { unreachable!() };
    config.as_object_mut().unwrap().extend(more);
    config
}

#[test]
fn the_least_settings_have_sensible_defaults() {
    let destination = parse(&webhook(json!({})).to_string(), b"").unwrap();
    assert_eq!((destination.kind(), destination.concurrency()), ("webhook", 8));
    assert_eq!((destination.timeout, &destination.retry), (Duration::from_secs(10), &Retry::default()));
    let secrets = json!({ "url": "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k" }).to_string();
    let robot = parse(r#"{"kind":"wecom"}"#, secrets.as_bytes()).unwrap();
    assert_eq!((robot.kind(), robot.concurrency()), ("wecom", 1));
}

#[test]
fn settings_of_every_kind() {
    let config = webhook(json!({ "timeout": "60s", "retry": ["10ms"], "concurrency": 256 }));
    let destination = parse(&config.to_string(), b"{}").unwrap();
    assert_eq!((destination.timeout, destination.concurrency()), (Duration::from_secs(60), 256));
    for (field, value) in [
        ("timeout", json!("999ms")),
        ("timeout", json!("61s")),
        ("timeout", json!(10)),
        ("concurrency", json!(0)),
        ("concurrency", json!(257)),
        ("concurrency", json!(-1)),
        ("retry", json!("often")),
        ("retry", json!(["soon"])),
    ] {
        let said = refusal(&webhook(json!({ field: value })), &json!({}));
        assert!(said.starts_with(&format!("{field}: ")), "{said}");
    }
}

#[test]
fn a_mistyped_name_is_guessed() {
    let said = refusal(&webhook(json!({ "tiemout": "1s" })), &json!({}));
    assert_eq!(said, "tiemout: there is no such setting. Did you mean `timeout`?");
    let said = refusal(&webhook(json!({ "q": 1 })), &json!({}));
    assert!(said.contains("url, method, headers") && said.contains("timeout, retry"), "{said}");
    let said = refusal(&webhook(json!({})), &json!({ "sining": [] }));
    assert_eq!(said, "secrets.sining: there is no such setting. Did you mean `signing`?");
    let said = refusal(&json!({ "kind": "webhok" }), &json!({}));
    assert_eq!(said, "kind: there is no kind `webhok`. Did you mean `webhook`?");
    let said = refusal(&json!({}), &json!({}));
    assert!(said.starts_with("kind: ") && said.contains("webhook, wecom"), "{said}");
    let said = refusal(&webhook(json!({ "auth": { "type": "baerer" } })), &json!({}));
    assert!(said.starts_with("auth") && said.contains("Did you mean `bearer`?"), "{said}");
    let said = refusal(&webhook(json!({ "auth": { "type": "basic", "user": "ann" } })), &json!({}));
    assert!(said.starts_with("auth") && said.contains("user"), "{said}");
    let said = refusal(&json!({ "kind": "wecom" }), &json!({}));
    assert!(said.starts_with("secrets") && said.contains("url"), "{said}");
}

#[test]
fn what_is_no_object_is_refused() {
    for (config, secrets) in [("[]", "{}"), ("{", "{}"), (r#"{"kind":"webhook"}"#, "7")] {
        assert!(parse(config, secrets.as_bytes()).is_err(), "{config} {secrets}");
    }
}

#[test]
fn a_destination_tells_where_it_connects_to_and_nothing_else() {
    let endpoints = |config: Value, secrets: Value| {
        let read = parse(&config.to_string(), secrets.to_string().as_bytes()).unwrap();
        let shown = |at: &outbound::Endpoint| format!("{}:{} {}", at.host, at.port, at.secure);
        read.endpoints().iter().map(shown).collect::<Vec<_>>()
    };
    let open = json!({ "kind": "webhook", "url": "http://erp.example/orders/{id}?a=b" });
    assert_eq!(endpoints(open, json!({})), ["erp.example:80 false"]);
    let auth = json!({ "type": "oauth2", "token_url": "https://login.example:8443/token", "client_id": "x" });
    let asking = json!({ "kind": "webhook", "url": "https://erp.example/", "auth": auth });
    assert_eq!(
        endpoints(asking, json!({ "auth": "hunter2" })),
        ["login.example:8443 true", "erp.example:443 true"]
    );
    let robot = json!({ "url": "https://oapi.dingtalk.com/robot/send?access_token=hunter2" });
    assert_eq!(endpoints(json!({ "kind": "dingtalk" }), robot), ["oapi.dingtalk.com:443 true"]);
}
