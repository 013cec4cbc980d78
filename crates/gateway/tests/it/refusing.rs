//! Refusals: every code, what its answer looks like, and what is recorded of it.

use std::collections::BTreeSet;

use gateway::{Code, Refused, codes};
use http::{Method, header};
use serde_json::{Value, json};

use crate::request::{NOW, Request, Tested, guarded, open, tested};

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
    let limited = open(json!({"limits": {"source_rate": {"requests": 1, "per": "1m"}}}));
    limited.judge(&Request::good()).unwrap();
    vec![
        (open(json!({})), Request { method: Method::GET, ..Request::good() }),
        (open(json!({"allow_cidrs": ["203.0.113.0/24"]})), Request::good()),
        (open(json!({})), Request { tail: "x".into(), ..Request::good() }),
        (open(json!({"limits": {"body": "1B"}})), Request::good()),
        (limited, Request::good()),
        (guarded(json!({})), Request::good()),
        (guarded(json!({})), Request::good().header("x-webhook-token", "no")),
        (signing(), Request::good()),
        (signing(), signed(NOW.as_secs(), b"other")),
        (signing(), signed(0, &Request::good().body)),
        (open(json!({})), Request::of("multipart/form-data", "x")),
        (open(json!({})), Request::of("application/json", "{")),
        (open(json!({})), Request::json(&json!({"count": "1"}))),
        (open(json!({"filter": "{{ body.order.id == 7 }}"})), Request::good()),
    ]
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
        assert_eq!(problem.get("errors").is_some(), ["field_invalid", "expression_failed"].contains(&code));
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
