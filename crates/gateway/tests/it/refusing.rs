//! Refusals: every code, what its answer looks like, and what is recorded of it.

use std::collections::BTreeSet;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use gateway::{Code, Refused, codes};
use hmac::{Hmac, KeyInit, Mac};
use http::{Method, header};
use serde_json::{Value, json};
use sha1::Sha1;
use sha2::{Digest, Sha256};

use crate::request::{NOW, Request, Tested, compile, guarded, open, tested};

fn compiled(verification: Value, secrets: Value) -> Tested {
    let source = compile(&json!({ "verification": verification }), &secrets).unwrap();
    let limits = gateway::Limits::of(&source);
    Tested { source, limits }
}

fn basic() -> Tested {
    let passwords = json!({"scheme": "basic", "passwords": ["0123456789abcdef"]});
    compiled(json!({"scheme": "basic", "username": "x"}), passwords)
}

const SECRET: &str = "0123456789abcdef0123456789abcdef";

fn jwt() -> Tested {
    compiled(json!({"scheme": "jwt", "algorithms": ["HS256"]}), json!({"scheme": "jwt", "keys": [SECRET]}))
}

fn jwt_by_url() -> Tested {
    let verification =
        json!({"scheme": "jwt", "algorithms": ["RS256"], "jwks_url": "https://issuer.example/jwks"});
    compiled(verification, json!({"scheme": "jwt"}))
}

/// A token that is over; its algorithm is looked at before its signature.
fn token(algorithm: &str, claims: Value) -> Request {
    let encode = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", encode(json!({ "alg": algorithm })), encode(claims));
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(signed.as_bytes());
    let signature = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
    Request::good().header("authorization", &format!("Bearer {signed}.{signature}"))
}

fn wecom() -> Tested {
    let secrets = json!({"scheme": "wecom", "tokens": ["t"], "aes_keys": ["A".repeat(43)]});
    compiled(json!({"scheme": "wecom", "receive_id": ""}), secrets)
}

/// Signed, and not encrypted.
fn not_to_be_opened() -> Request {
    let at = NOW.as_secs().to_string();
    let signature = hex::encode(Sha1::digest([&at, "n", "open", "t"].concat()));
    let query = format!("msg_signature={signature}&timestamp={at}&nonce=n");
    Request::json(&json!({"encrypt": "open"})).query(&query)
}

/// One request for every code that judging gives.
fn refused_requests() -> Vec<(Tested, Request)> {
    let key = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let signing = || {
        let secrets = json!({"scheme": "standard_webhooks", "signing_keys": [key]});
        tested("standard_webhooks", secrets, json!({}))
    };
    let signed = |at: i64, body: &[u8]| {
        let signature = vault::standard_webhooks::SigningKey::parse(key).unwrap().sign("m", at, body);
        Request::good()
            .header("webhook-id", "m")
            .header("webhook-timestamp", &at.to_string())
            .header("webhook-signature", &signature)
    };
    let limited = |rate: &str| {
        let limited = open(json!({"limits": {rate: {"requests": 1, "per": "1m"}}}));
        limited.judge(&Request::good()).unwrap();
        (limited, Request::good())
    };
    vec![
        (open(json!({})), Request { method: Method::GET, ..Request::good() }),
        (open(json!({"allow_cidrs": ["203.0.113.0/24"]})), Request::good()),
        (open(json!({})), Request { tail: "x".into(), ..Request::good() }),
        (open(json!({"limits": {"body": "1B"}})), Request::good()),
        limited("client_rate"),
        limited("source_rate"),
        (guarded(json!({})), Request::good()),
        (guarded(json!({})), Request::good().header("x-webhook-token", "no")),
        (signing(), Request::good()),
        (signing(), signed(NOW.as_secs(), b"other")),
        (signing(), signed(0, &Request::good().body)),
        (basic(), Request::good()),
        (basic(), Request::good().header("authorization", "Basic eDp5")),
        (jwt(), token("HS256", json!({"exp": 1}))),
        (jwt_by_url(), token("RS256", json!({"exp": 1}))),
        (wecom(), not_to_be_opened()),
        (open(json!({})), Request::of("text/plain; charset=klingon", "x")),
        (open(json!({})), Request::of("application/json", "{")),
        (open(json!({"limits": {"files": {"count": 1}}})), with_files(&["a", "b"])),
        (open(json!({"limits": {"files": {"size": "0B"}}})), with_files(&["a"])),
        (open(json!({"limits": {"files": {"media_types": ["image/*"]}}})), with_files(&["a"])),
        (open(json!({})), Request::json(&json!({"count": "1"}))),
        (open(json!({"filter": "{{ body.order.id == 7 }}"})), Request::good()),
    ]
}

/// A form with a text file in each of these parts.
fn with_files(parts: &[&str]) -> Request {
    let part = |name: &&str| {
        let disposition = format!("Content-Disposition: form-data; name=\"{name}\"; filename=\"{name}.txt\"");
        format!("--b\r\n{disposition}\r\nContent-Type: text/plain\r\n\r\nsecret value\r\n")
    };
    let body = parts.iter().map(part).collect::<String>() + "--b--";
    Request::of("multipart/form-data; boundary=b", body)
}

#[test]
fn every_code_is_given_by_a_request_or_by_the_server() {
    let of_the_server = [
        Code::SourceNotFound,
        Code::SourceUnavailable,
        Code::BodyLate,
        Code::Overloaded,
        Code::StorageUnavailable,
        Code::Stopping,
    ];
    let requests = refused_requests();
    let judged = requests.iter().map(|(tested, request)| tested.judge(request).unwrap_err().code);
    let given: BTreeSet<Code> = judged.chain(of_the_server).collect();
    let documented: BTreeSet<Code> = codes().iter().map(|entry| entry.code).collect();
    assert_eq!(given, documented);
}

#[test]
fn every_answer_is_a_problem_document() {
    for (tested, request) in refused_requests() {
        let refused = tested.judge(&request).unwrap_err();
        let problem = serde_json::to_value(refused.problem()).unwrap();
        let code = refused.code.as_str();
        assert_eq!(problem["type"], format!("/errors/{code}"));
        assert_eq!(problem["code"], code);
        assert_eq!(problem["status"], refused.status().as_u16());
        assert!(problem["title"].is_string() && problem["detail"].as_str().is_some_and(|d| d.ends_with('.')));
        let names_fields = code.contains("file") || ["field_invalid", "expression_failed"].contains(&code);
        assert_eq!(problem.get("errors").is_some(), names_fields, "{code}");
        assert!(!problem.to_string().contains("secret value"), "{problem}");
    }
    let refused = Refused::new(Code::StorageUnavailable, "The event could not be stored.");
    assert_eq!(serde_json::to_value(refused.problem()).unwrap()["status"], 503);
}

#[test]
fn field_problems_name_field_expectation_and_what_came() {
    let refused = open(json!({})).judge(&Request::json(&json!({"count": "secret value"}))).unwrap_err();
    assert_eq!(refused.detail, "2 fields do not fit.");
    let problem = serde_json::to_value(refused.problem()).unwrap();
    let expected = json!([
        {"field": "query", "code": "missing", "expected": "string", "got": "nothing"},
        {"field": "count", "code": "wrong_type", "expected": "integer", "got": "string"},
    ]);
    assert_eq!(problem["errors"], expected);
    assert!(!problem.to_string().contains("secret value"));
}

#[test]
fn another_method_is_told_which_are_allowed() {
    let tested = open(json!({"methods": ["POST", "PUT"]}));
    for method in [Method::GET, Method::OPTIONS, "PURGE".parse().unwrap(), "post".parse().unwrap()] {
        let refused = tested.judge(&Request { method, ..Request::good() }).unwrap_err();
        assert_eq!(refused.headers, [(header::ALLOW, "POST, PUT".parse().unwrap())]);
    }
}

#[test]
fn json_that_was_sent_as_a_form_is_recognised() {
    let form = |body: &str| Request::of("application/x-www-form-urlencoded", body);
    let detail = |body| open(json!({})).judge(&form(body)).unwrap_err().detail;
    assert!(detail(" {\"query\": \"E3\"}").contains("`Content-Type: application/json`"));
    assert_eq!(detail("q=1"), "The field `query` does not fit.");
}

#[test]
fn a_refused_request_is_recorded_without_its_secrets() {
    let tested = guarded(json!({}));
    let request = Request::good()
        .header("authorization", "Bearer stolen-stolen-stolen")
        .query("token=stolen-stolen-stolen&x=1");
    let refused = tested.judge(&request).unwrap_err();
    let record = tested.source.refusal_content(&request.head(), &request.body, 5, &refused);
    let record: Value = serde_json::from_slice(&record).unwrap();
    assert!(!record.to_string().contains("stolen"), "{record}");
    assert_eq!(record["answer"], serde_json::to_value(refused.problem()).unwrap());
    assert_eq!(record["request"]["query"], "token=***&x=1");
    assert_eq!(record["request"]["body"], json!({"text": "{\"que"}));
    assert_eq!(record["request"]["cut_from"], request.body.len());
}
