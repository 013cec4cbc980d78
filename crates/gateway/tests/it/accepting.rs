//! What an accepted request becomes: input, dedupe claim, content, reply.

use std::time::Duration;

use gateway::{Accepted, Judged, Reply, RequestBody};
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
    let recorded = |content_type: &str, body: &[u8]| {
        let accepted = tested.judge(&Request::of(content_type, body).query("q=1")).unwrap();
        let content: Value = serde_json::from_slice(&accepted.content).unwrap();
        (content["request"]["body"].clone(), accepted.files)
    };
    let (body, files) = recorded("application/x-www-form-urlencoded", b"a=%41&b=\xe4\xbd\xa0");
    assert_eq!((body, files.len()), (json!({"text": "a=%41&b=你"}), 0));
    let (body, files) = recorded("image/png", b"\xff\xfe");
    assert_eq!((body, files.len()), (json!({"base64": "//4="}), 0));
}

#[test]
fn large_bytes_are_kept_as_a_file() {
    let tested = open(json!({"fields": {"query": {"type": "string", "from": "query.q", "required": true}}}));
    let large = vec![0xff; (64 << 10) + 1];
    let request = Request::of("image/PNG", large.clone()).query("q=1");
    let accepted = tested.judge(&request).unwrap();
    let content = content(&accepted);
    let file = content.request.as_ref().unwrap().body.files().next().unwrap();
    assert_eq!((file.name.as_str(), file.media_type.as_str(), file.size), ("file", "image/png", 65_537));
    assert_eq!(accepted.files[0].content, large);
    assert!(accepted.content.len() < 1_000);
}

#[test]
fn files_become_inputs_and_their_contents_go_apart() {
    let inputs = json!({
        "cv": {"type": "file", "required": true},
        "photos": {"type": "array<file>"},
        "name": {"type": "string"},
    });
    let inputs = serde_json::from_value(inputs).unwrap();
    let config = json!({"verification": {"scheme": "none"}}).to_string();
    let source = gateway::Source::compile(&config, b"{}", &inputs).unwrap();
    let limits = gateway::Limits::of(&source);
    let part = |head: &str, content: &str| {
        format!("--b\r\nContent-Disposition: form-data; {head}\r\n\r\n{content}\r\n")
    };
    let body = part("name=\"name\"", "张三")
        + &part("name=\"cv\"; filename=\"简历.pdf\"\r\nContent-Type: application/pdf", "%PDF-")
        + &part("name=\"photos\"; filename=\"a.png\"", "png")
        + "--b--";
    let request = Request::of("multipart/form-data; boundary=b", body);
    let screened = source.before_body(request.head(), &limits).unwrap();
    let accepted = event(screened.judge(&request.body.clone().into(), request.at).unwrap());
    let file = |name: &str, media_type: &str, size: usize, sha256: &str| json!({"name": name, "media_type": media_type, "size": size, "sha256": sha256});
    // printf '%%PDF-' | sha256sum; printf png | sha256sum
    let cv = file(
        "简历.pdf",
        "application/pdf",
        5,
        "38523c087796e5d5dd1cf9bad1fb026781a838dd9dd2cf8af58b9f6502a46778",
    );
    let photo = file(
        "a.png",
        "application/octet-stream",
        3,
        "8f8cbb7dcf46e0bc7d53265749a6c17d116093a6ba95e442764060c76fd4a86c",
    );
    assert_eq!(Value::Object(accepted.input.clone()), json!({"cv": cv, "photos": [photo], "name": "张三"}));
    let content: Value = serde_json::from_slice(&accepted.content).unwrap();
    let parts = json!([
        {"name": "name", "text": "张三"},
        {"name": "cv", "file": cv},
        {"name": "photos", "file": photo},
    ]);
    assert_eq!(content["request"]["body"], json!({ "parts": parts }));
    assert_eq!(accepted.files[0].content, "%PDF-");
    assert_eq!(hex::encode(accepted.files[1].sha256), photo["sha256"]);
}

#[test]
fn a_body_is_a_file_where_a_field_says_so() {
    let inputs = serde_json::from_value(json!({"list": {"type": "file"}})).unwrap();
    let config = json!({
        "verification": {"scheme": "none"},
        "fields": {"list": {"type": "file", "from": "body"}},
        "limits": {"files": {"media_types": ["text/csv"]}},
    });
    let source = gateway::Source::compile(&config.to_string(), b"{}", &inputs).unwrap();
    let limits = gateway::Limits::of(&source);
    let judge = |request: &Request| {
        let screened = source.before_body(request.head(), &limits).unwrap();
        screened.judge(&request.body.clone().into(), request.at).map(event)
    };
    let named = Request::of("text/csv", "a,b").header("content-disposition", "attachment; filename=x.csv");
    let accepted = judge(&named).unwrap();
    assert_eq!(
        (&accepted.input["list"]["name"], &accepted.files[0].content[..]),
        (&json!("x.csv"), &b"a,b"[..])
    );
    let refused = judge(&Request::of("text/plain", "a,b")).unwrap_err();
    assert_eq!((refused.code.as_str(), refused.errors[0].field.as_str()), ("file_type_unsupported", "body"));
    assert!(judge(&Request::of("text/csv", "")).unwrap().files.is_empty());
}

#[test]
fn a_compressed_body_is_read_and_recorded_as_it_was() {
    let mut packed = Vec::new();
    let plain = json!({"query": "E3"}).to_string();
    let mut encoder = flate2::read::GzEncoder::new(plain.as_bytes(), flate2::Compression::fast());
    std::io::Read::read_to_end(&mut encoder, &mut packed).unwrap();
    let request = Request::of("application/json", packed).header("content-encoding", "gzip");
    let accepted = open(json!({})).judge(&request).unwrap();
    assert_eq!(accepted.input["query"], "E3");
    let content: Value = serde_json::from_slice(&accepted.content).unwrap();
    assert_eq!(content["request"]["body"], json!({ "text": plain }));
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

/// The event that a request brings.
fn event(judged: Judged) -> Accepted {
    match judged {
        Judged::Accepted(accepted) => accepted,
        other => panic!("no event: {other:?}"),
    }
}
