use serde_json::json;

use super::*;
use crate::{
    files::Files,
    kind::{read, testing::message},
};

const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OTHER_KEY: &str = "whsec_QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB";

fn open(config: Value, secrets: Value) -> Result<Webhook, Error> {
    Webhook::open(read("", config)?, read("secrets", secrets)?)
}

fn call(config: Value, secrets: Value, body: Value) -> Result<Call, Unsendable> {
    let webhook = open(config, secrets).unwrap();
    let stamp = Stamp {
        id: "msg_1".into(),
        at_s: 1_614_265_330,
        at_ms: 1_614_265_330_000,
        token: None,
        files: Files::default(),
    };
    Ok(Kind::calls(&webhook, message(body), &stamp)?.remove(0))
}

fn refusal(config: Value, secrets: Value) -> String {
    open(config, secrets).err().expect("these settings cannot be used").to_string()
}

fn with(more: &Value) -> Value {
    let mut config = json!({ "url": "https://example.com/hook" });
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    config
}

#[test]
fn the_message_is_the_body_as_json() {
    let call = call(with(&json!({})), json!({}), json!({ "title": "Leak \"E3\"", "n": 1 })).unwrap();
    assert_eq!(&call.body[..], br#"{"title":"Leak \"E3\"","n":1}"#);
    assert_eq!((&*call.shown.method, call.shown.url.as_str()), ("POST", "https://example.com/hook"));
    let content_type = ("content-type".to_owned(), "application/json".to_owned());
    assert!(call.shown.headers.contains(&content_type), "{:?}", call.shown.headers);
    assert!(call.own.is_empty(), "no signature was asked for");
}

#[test]
fn another_content_type_takes_a_text() {
    let text = with(&json!({ "method": "PUT", "headers": { "Content-Type": "text/xml; charset=utf-8" } }));
    let sent = call(text.clone(), json!({}), json!("<a>汉</a>")).unwrap();
    assert_eq!((&sent.body[..], &*sent.shown.method), ("<a>汉</a>".as_bytes(), "PUT"));
    let Unsendable(reason) = call(text, json!({}), json!({ "a": 1 })).unwrap_err();
    assert!(reason.contains("must be a text"), "{reason}");
    let json_type = with(&json!({ "headers": { "content-type": "application/cloudevents+json" } }));
    assert_eq!(&call(json_type, json!({}), json!("a")).unwrap().body[..], br#""a""#);
}

#[test]
fn each_signing_secret_signs_as_the_reference_does() {
    let config = with(&json!({ "signing": "standard_webhooks" }));
    let call = call(config, json!({ "signing": [KEY, OTHER_KEY] }), json!({ "名": "汉字 😀" })).unwrap();
    let (name, signatures) = &call.own[0];
    assert_eq!(name, "webhook-signature");
    let signatures: Vec<&str> = signatures.split(' ').collect();
    assert_eq!(signatures.len(), 2);
    for (key, signature) in [KEY, OTHER_KEY].into_iter().zip(signatures) {
        let reference = standardwebhooks::Webhook::new(key).unwrap();
        assert_eq!(reference.sign("msg_1", 1_614_265_330, &call.body).unwrap(), signature);
    }
}

#[test]
fn auth_is_shown_to_the_receiver_only() {
    let bearer =
        call(with(&json!({ "auth": { "type": "bearer" } })), json!({ "auth": "s3cret-token" }), json!(1));
    let basic = json!({ "auth": { "type": "basic", "username": "ann" } });
    let basic = call(with(&basic), json!({ "auth": "s3cret-token" }), json!(1));
    let header = json!({ "auth": { "type": "header", "name": "X-Api-Key" } });
    let header = call(with(&header), json!({ "auth": "s3cret-token" }), json!(1));
    let query = json!({ "auth": { "type": "query", "name": "token" } });
    let query = call(with(&query), json!({ "auth": "s3cret-token" }), json!(1));
    for (call, shown) in [(bearer, "authorization"), (basic, "authorization"), (header, "x-api-key")] {
        let call = call.unwrap();
        assert!(call.shown.headers.contains(&(shown.to_owned(), "•••".to_owned())), "{:?}", call.shown);
        assert!(!format!("{call:?}").contains("s3cret"), "{call:?}");
    }
    assert_eq!(query.unwrap().shown.url, "https://example.com/hook?token=•••");
}

#[test]
fn what_a_receiver_echoes_is_hidden() {
    let config = with(&json!({ "auth": { "type": "basic", "username": "ann" } }));
    let secrets = json!({ "auth": "s3cret-token", "headers": { "X-Team": "blue-team" } });
    let webhook = open(config, secrets).unwrap();
    let echo = "Basic YW5uOnMzY3JldC10b2tlbg== s3cret-token blue-team YW5uOnMzY3JldC10b2tlbg==";
    assert_eq!(Kind::redaction(&webhook).scrub(echo), "••• ••• ••• •••");
}

#[test]
fn settings_that_contradict_each_other_are_refused() {
    let secret = json!({ "auth": "x" });
    let table = [
        (json!({}), json!({}), "url: "),
        (
            with(&json!({})),
            json!({ "url": "https://example.com/" }),
            "url: there is an open address and a secret",
        ),
        (with(&json!({})), secret.clone(), "auth: "),
        (with(&json!({ "auth": { "type": "bearer" } })), json!({}), "secrets.auth: it is missing"),
        (with(&json!({ "auth": { "type": "bearer" } })), json!({ "auth": "" }), "secrets.auth: it is empty"),
        (with(&json!({ "auth": { "type": "bearer" } })), json!({ "auth": "a\nb" }), "secrets.auth: "),
        (with(&json!({ "auth": { "type": "basic", "username": "a:b" } })), secret.clone(), "auth.username: "),
        (with(&json!({ "auth": { "type": "header", "name": "Host" } })), secret.clone(), "auth.name: "),
        (with(&json!({ "auth": { "type": "query", "name": "" } })), secret, "auth.name: "),
        (with(&json!({})), json!({ "signing": [KEY] }), "signing: "),
        (with(&json!({ "signing": "standard_webhooks" })), json!({}), "secrets.signing: "),
        (
            with(&json!({ "signing": "standard_webhooks" })),
            json!({ "signing": [KEY, "x"] }),
            "secrets.signing[1]: ",
        ),
        (with(&json!({ "headers": { "X-A": "1", "x-a": "2" } })), json!({}), "headers.x-a: "),
        (
            with(&json!({ "headers": { "X-A": "1" } })),
            json!({ "headers": { "x-a": "2" } }),
            "secrets.headers.x-a: ",
        ),
        (with(&json!({})), json!({ "headers": { "Content-Type": "x" } }), "secrets.headers.Content-Type: "),
        (with(&json!({ "headers": { "a b": "1" } })), json!({}), "headers.a b: "),
        (with(&json!({ "headers": { "X-A": "1\r\nX-B: 2" } })), json!({}), "headers.X-A: "),
    ];
    for (config, secrets, begins) in table {
        let said = refusal(config, secrets);
        assert!(said.starts_with(begins), "{said}");
    }
}

#[test]
fn headers_that_belong_to_the_protocol_are_refused() {
    for name in ["Webhook-Id", "webhook-signature", "Idempotency-Key", "User-Agent", "Host", "Content-Length"]
    {
        let said = refusal(with(&json!({ "headers": { name: "x" } })), json!({}));
        assert!(said.starts_with(&format!("headers.{name}: ")), "{said}");
    }
}

#[test]
fn the_address_of_each_message_is_its_own() {
    let url = "https://erp.example.com/orders/{order_id}?full=1";
    let auth = json!({ "type": "query", "name": "key" });
    let config = json!({ "url": url, "method": "DELETE", "auth": auth, "signing": "standard_webhooks" });
    let secrets = json!({ "auth": "s3cret-token", "signing": [KEY] });
    let webhook = open(config, secrets).unwrap();
    let mut told = message(Value::Null);
    let stamp = Stamp { id: "msg_1".into(), at_s: 1, at_ms: 1_000, token: None, files: Files::default() };
    let Unsendable(reason) = Kind::calls(&webhook, told.clone(), &stamp).unwrap_err();
    assert!(reason.contains("`order_id`"), "{reason}");
    told.params.insert("order_id".into(), "A/1".into());
    let call = Kind::calls(&webhook, told, &stamp).unwrap().remove(0);
    assert_eq!(call.shown.url, "https://erp.example.com/orders/A%2F1?full=1&key=•••");
    assert_eq!((&*call.shown.method, call.body.len()), ("DELETE", 0));
    let reference = standardwebhooks::Webhook::new(KEY).unwrap();
    assert_eq!(call.own[0].1, reference.sign("msg_1", 1, b"").unwrap(), "what is signed is what is sent");
}

#[test]
fn a_message_sets_the_headers_that_its_destination_names() {
    let webhook = open(with(&json!({ "message_headers": ["X-Tenant", "X-Trace"] })), json!({})).unwrap();
    let stamp = Stamp { id: "msg_1".into(), at_s: 1, at_ms: 1_000, token: None, files: Files::default() };
    let put = |name: &str, value: &str| {
        let mut told = message(json!(1));
        told.headers.insert(name.into(), value.into());
        Kind::calls(&webhook, told, &stamp).map(|mut calls| calls.remove(0).own)
    };
    assert_eq!(put("x-tenant", "blue").unwrap(), [("x-tenant".into(), "blue".to_owned())]);
    for (name, value, names) in [
        ("X-Other", "1", "no header `X-Other`"),
        ("Webhook-Id", "1", "no header `Webhook-Id`"),
        ("X-Tenant", "a\r\nb: c", "x-tenant"),
        ("X-Tenant", &"x".repeat(1025), "longer than 1024"),
    ] {
        let Unsendable(reason) = put(name, value).unwrap_err();
        assert!(reason.contains(names), "{reason}");
    }
}

#[test]
fn headers_of_calls_must_be_free() {
    let token = json!({ "type": "oauth2", "token_url": "https://a.example/", "client_id": "a" });
    let eleven: Vec<String> = (0..11).map(|n| format!("x-{n}")).collect();
    for (more, secrets, begins) in [
        (
            json!({ "message_headers": ["Webhook-Id"] }),
            json!({}),
            "message_headers: this header is set by Linchpin",
        ),
        (json!({ "message_headers": ["Host"] }), json!({}), "message_headers: "),
        (
            json!({ "message_headers": ["X-A", "x-a"] }),
            json!({}),
            "message_headers: the header `x-a` is set twice",
        ),
        (json!({ "message_headers": ["x-a"], "headers": { "X-A": "1" } }), json!({}), "message_headers: "),
        (json!({ "message_headers": eleven }), json!({}), "message_headers: there are more than 10"),
        (
            json!({ "signing": "hmac", "hmac": { "header": "X-A" }, "headers": { "x-a": "1" } }),
            json!({ "signing": ["s"] }),
            "hmac.header: this header is set already",
        ),
        (
            json!({ "signing": "hmac", "hmac": { "header": "a b" } }),
            json!({ "signing": ["s"] }),
            "hmac.header: ",
        ),
        (
            json!({ "signing": "hmac", "hmac": { "prefix": "a\n" } }),
            json!({ "signing": ["s"] }),
            "hmac.prefix: ",
        ),
        (json!({ "auth": token, "headers": { "Authorization": "x" } }), json!({ "auth": "s" }), "auth: "),
    ] {
        let said = refusal(with(&more), secrets);
        assert!(said.starts_with(begins), "{said}");
    }
}
