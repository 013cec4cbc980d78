//! What an accepted request becomes: input, dedupe claim, content, reply.

use std::time::Duration;

use gateway::{Reply, RequestBody};
use http::Method;
use serde_json::{Value, json};

use crate::request::{NOW, Request, content, guarded, open};

#[test]
fn fields_come_from_all_over_the_request() {
    let tested = open(json!({
        "methods": ["POST", "PUT"],
        "path": "orders/{order_id}",
        "fields": {
            "query": {"type": "string", "from": "body.data.items[0].sku", "required": true},
            "count": {"type": "integer", "from": "path.order_id"},
        },
    }));
    let request = Request::json(&json!({"data": {"items": [{"sku": "A-1"}]}}));
    let request = Request { tail: "orders/12".into(), method: Method::PUT, ..request };
    assert_eq!(tested.input(&request), json!({"query": "A-1", "count": 12}));
    let from =
        |from: &str| open(json!({"fields": {"query": {"type": "string", "from": from, "required": true}}}));
    assert_eq!(from("query.q").input(&Request::good().query("q=a%20b")), json!({"query": "a b"}));
    assert_eq!(from("header.x-y").input(&Request::good().header("x-y", "z")), json!({"query": "z"}));
    let form = Request::of("application/x-www-form-urlencoded", "q=a+b");
    assert_eq!(from("form.q").input(&form), json!({"query": "a b"}));
    assert_eq!(from("body").input(&Request::of("text/plain", "hello")), json!({"query": "hello"}));
    assert_eq!(from("body[1]").input(&Request::json(&json!([0, "x"]))), json!({"query": "x"}));
}

#[test]
fn the_content_holds_the_input_and_the_exact_request() {
    let tested = guarded(json!({"redact": ["X-Internal"]}));
    let body = "{ \"query\" : \"\\u4f60\", \"more\": [1.0] }";
    let request = Request::of("application/json", body)
        .with_token()
        .query("a=%20&token=0123")
        .header("x-internal", "hidden value")
        .header("x-shown", "1");
    let accepted = tested.judge(&request).unwrap();
    assert_eq!(Value::Object(accepted.input.clone()), json!({"query": "你"}));
    let content = content(&accepted);
    assert_eq!(*content.input, accepted.input);
    let record = content.request.unwrap();
    assert_eq!(record.body, RequestBody::Text(body.into()));
    assert_eq!(
        (record.method.as_ref(), record.path.as_ref(), record.query.as_deref()),
        ("POST", "", Some("a=%20&token=***"))
    );
    let shown: Vec<_> =
        record.headers.iter().map(|(name, values)| (name.to_owned(), json!(values))).collect();
    let expected = [
        ("content-type", "application/json"),
        ("authorization", "***"),
        ("x-internal", "***"),
        ("x-shown", "1"),
    ];
    assert_eq!(shown, expected.map(|(name, value)| (name.to_owned(), json!(value))));
}

#[test]
fn bytes_that_are_no_text_are_kept_exactly() {
    let tested = open(json!({"fields": {"query": {"type": "string", "from": "query.q", "required": true}}}));
    let request =
        Request::of("application/x-www-form-urlencoded", b"a=%41&b=\xe4\xbd\xa0".to_vec()).query("q=1");
    let accepted = tested.judge(&request).unwrap();
    assert_eq!(content(&accepted).request.unwrap().body.as_bytes(), request.body);
}

#[test]
fn a_dedupe_key_is_claimed_for_its_window() {
    let claim = |config: Value, request: &Request| {
        open(config).judge(request).unwrap().dedupe.map(|claim| (claim.key, claim.expires_at))
    };
    let keyed = |key: &str| Request::good().header("idempotency-key", key);
    let (key, expires_at) = claim(json!({}), &keyed("k-1")).unwrap();
    // printf k-1 | sha256sum
    assert_eq!(
        key,
        [0x7c, 0x35, 0xc5, 0xa1, 0x78, 0x5d, 0x20, 0x70, 0x4e, 0x44, 0xd5, 0xde, 0x4b, 0xeb, 0x81, 0xc1]
    );
    assert_eq!(expires_at, NOW.after(Duration::from_secs(86_400)));
    assert_ne!(claim(json!({}), &keyed("k-2")).unwrap().0, key);
    assert!(claim(json!({}), &Request::good()).is_none() && claim(json!({}), &keyed("")).is_none());
    assert!(claim(json!({"dedupe": null}), &keyed("k-1")).is_none());
    let from = |from: &str| json!({"dedupe": {"from": from, "window": "5m"}});
    let body = |id: Value| Request::json(&json!({"query": "E3", "event": {"id": id}}));
    let of_body = claim(from("body.event.id"), &body(json!("k-1"))).unwrap();
    assert_eq!(of_body, (key, NOW.after(Duration::from_secs(300))));
    assert!(claim(from("body.event.id"), &body(json!(null))).is_none());
    let number = claim(from("body.event.id"), &body(json!(17))).unwrap().0;
    assert_eq!(number, claim(from("query.id"), &Request::good().query("id=17")).unwrap().0);
    assert!(claim(from("body.event"), &body(json!(17))).is_some(), "an object is its JSON");
}

#[test]
fn the_dedupe_key_may_be_a_field_as_well() {
    let tested = open(json!({
        "dedupe": {"from": "body.query"},
        "fields": {"query": {"type": "string", "from": "body.query", "required": true}},
    }));
    let accepted = tested.judge(&Request::good()).unwrap();
    assert!(accepted.dedupe.is_some() && accepted.input["query"] == "E3");
}

#[test]
fn standard_webhooks_are_known_by_their_id() {
    let key = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let secrets = json!({"scheme": "standard_webhooks", "signing_keys": [key]});
    let tested = crate::request::tested("standard_webhooks", secrets, json!({}));
    let key = vault::standard_webhooks::SigningKey::parse(key).unwrap();
    let claim = |id: &str| {
        let request = Request::good();
        let signature = key.sign(id, NOW.as_secs(), &request.body);
        let request = request
            .header("webhook-id", id)
            .header("webhook-timestamp", &NOW.as_secs().to_string())
            .header("webhook-signature", &signature)
            .header("idempotency-key", "same");
        tested.judge(&request).unwrap().dedupe.unwrap().key
    };
    assert_eq!(claim("msg_1"), claim("msg_1"));
    assert_ne!(claim("msg_1"), claim("msg_2"));
}

#[test]
fn the_reply_is_the_configured_one() {
    let reply = |config: Value| open(config).judge(&Request::good()).unwrap().reply;
    assert_eq!(reply(json!({})), Reply::Accept { status: 202 });
    assert_eq!(reply(json!({"reply": {"mode": "accept", "status": 200}})), Reply::Accept { status: 200 });
    let wait = Reply::Wait { deadline: "30s".parse().unwrap() };
    assert_eq!(reply(json!({"reply": {"mode": "wait"}})), wait);
    let stream = Reply::Stream { deadline: "1h".parse().unwrap() };
    assert_eq!(reply(json!({"reply": {"mode": "stream"}})), stream);
    let respond = Reply::Respond { deadline: "5s".parse().unwrap() };
    assert_eq!(reply(json!({"reply": {"mode": "respond", "deadline": "5s"}})), respond);
}
