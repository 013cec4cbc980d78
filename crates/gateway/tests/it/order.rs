//! The order of the checks: each request is wrong in several ways, and the first check answers.

use http::Method;
use serde_json::{Value, json};

use crate::request::{NOW, Request, Tested, guarded};

fn strict() -> Value {
    json!({
        "path": "orders/{id}",
        "allow_cidrs": ["192.0.2.0/24"],
        "filter": "{{ input.query == 'E3' }}",
        "limits": {
            "body": "64B",
            "client_rate": {"requests": 1, "per": "60s"},
            "source_rate": {"requests": 1, "per": "60s"},
        },
    })
}

/// Wrong in everything that is checked.
fn all_wrong() -> Request {
    let request = Request::of("application/json", "{".repeat(65)).header("content-length", "65");
    Request { method: Method::GET, tail: "other".into(), peer: "198.51.100.1".parse().unwrap(), ..request }
}

/// Uses up the client's bucket of a source, or also the source's.
fn drained(source_too: bool) -> Tested {
    let tested = guarded(strict());
    let request = Request { tail: "orders/7".into(), ..Request::good() };
    let request = if source_too { request.with_token() } else { request };
    let expected = if source_too { "accepted" } else { "token_missing" };
    assert_eq!(tested.code(&request), expected);
    tested
}

#[test]
fn each_check_has_its_place() {
    let mut request = all_wrong();
    let tested = drained(true);
    assert_eq!(tested.code(&request), "method_not_allowed");
    request.method = Method::POST;
    assert_eq!(tested.code(&request), "address_not_allowed");
    request.peer = "::ffff:192.0.2.1".parse().unwrap();
    assert_eq!(tested.code(&request), "path_not_found");
    request.tail = "orders/7".into();
    assert_eq!(tested.code(&request), "body_too_large");
    request.headers.remove("content-length");
    assert_eq!(
        tested.code(&request),
        "client_rate_limited",
        "a body in chunks is not read for a drained client"
    );
    request.peer = "192.0.2.2".parse().unwrap();
    assert_eq!(tested.code(&request), "body_too_large", "a body in chunks is counted as it is read");
    request.body.truncate(10);
    request.peer = "192.0.2.3".parse().unwrap();
    assert_eq!(tested.code(&request), "token_missing");
    request = request.with_token();
    request.peer = "192.0.2.4".parse().unwrap();
    let refused = tested.judge(&request).unwrap_err();
    assert_eq!(
        (refused.code.as_str(), refused.detail.contains("This source")),
        ("source_rate_limited", true)
    );
    let mut later = |peer: &str| {
        request.at = request.at.after(std::time::Duration::from_secs(60));
        request.peer = peer.parse().unwrap();
        request.clone()
    };
    assert_eq!(tested.code(&later("192.0.2.5")), "body_malformed");
    assert_eq!(tested.code(&Request { body: b"{}".to_vec(), ..later("192.0.2.6") }), "field_invalid");
    assert_eq!(
        tested.code(&Request { body: b"{\"query\":\"\"}".to_vec(), ..later("192.0.2.7") }),
        "filtered"
    );
    assert_eq!(
        tested.code(&Request { body: b"{\"query\":\"E3\"}".to_vec(), ..later("192.0.2.8") }),
        "accepted"
    );
}

#[test]
fn a_stranger_cannot_drain_a_sources_bucket() {
    let tested = guarded(json!({"limits": {"source_rate": {"requests": 1, "per": "60s"}}}));
    for _ in 0..10 {
        assert_eq!(tested.code(&Request::good()), "token_missing");
        assert_eq!(
            tested.code(&Request::good().header("x-webhook-token", "guessed guessed")),
            "token_invalid"
        );
    }
    assert_eq!(tested.code(&Request::good().with_token()), "accepted");
    assert_eq!(tested.code(&Request::good().with_token()), "source_rate_limited");
}

#[test]
fn what_is_refused_earlier_does_not_cost_the_client() {
    let tested = guarded(strict());
    for _ in 0..3 {
        assert_eq!(tested.code(&all_wrong()), "method_not_allowed");
        let near = Request { peer: Request::good().peer, ..all_wrong() };
        let large = Request { method: Method::POST, tail: "orders/7".into(), ..near };
        assert_eq!(tested.code(&large), "body_too_large");
    }
    let request = Request { tail: "orders/7".into(), ..Request::good() };
    assert_eq!(tested.code(&request), "token_missing");
    assert_eq!(tested.code(&request), "client_rate_limited");
    drained(false);
}

#[test]
fn a_request_whose_fields_do_not_fit_claims_no_key() {
    let tested = guarded(json!({}));
    let request = Request::json(&json!({})).with_token().header("idempotency-key", "k");
    assert_eq!(tested.code(&request), "field_invalid");
    let mended = Request { at: NOW, body: br#"{"query":"E3"}"#.to_vec(), ..request };
    assert!(tested.judge(&mended).unwrap().dedupe.is_some());
}
