//! Rate limits and sizes.

use std::time::Duration;

use serde_json::{Value, json};

use crate::request::{NOW, Request, Tested, open};

fn rates(source: Value, client: Value) -> Value {
    json!({"limits": {"source_rate": source, "client_rate": client}})
}

fn by(peer: &str) -> Request {
    Request { peer: peer.parse().unwrap(), ..Request::good() }
}

#[test]
fn a_limited_request_says_when_to_come_again() {
    let tested = open(rates(json!({"requests": 60, "per": "1m", "burst": 2}), Value::Null));
    assert_eq!(tested.code(&Request::good()), "accepted");
    assert_eq!(tested.code(&Request::good()), "accepted");
    let refused = tested.judge(&Request::good()).unwrap_err();
    let header = |name: &str| {
        let found = refused.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.to_str().unwrap()).unwrap_or_default()
    };
    assert_eq!(refused.status().as_u16(), 429);
    assert_eq!(
        ["retry-after", "ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"].map(header),
        ["1", "60", "0", "1"]
    );
    assert_eq!(refused.detail, "This source may send 60 requests in 1m; the next may come in 1 s.");
    let later = Request { at: NOW.after(Duration::from_secs(1)), ..Request::good() };
    assert_eq!(tested.code(&later), "accepted");
    assert_eq!(tested.code(&later), "source_rate_limited");
}

#[test]
fn each_client_has_its_own_bucket() {
    let tested = open(rates(Value::Null, json!({"requests": 1, "per": "1m"})));
    assert_eq!(tested.code(&by("192.0.2.1")), "accepted");
    let refused = tested.judge(&by("192.0.2.1")).unwrap_err();
    assert!(refused.detail.starts_with("One client may send 1 requests in 1m"), "{}", refused.detail);
    assert_eq!(tested.code(&by("192.0.2.2")), "accepted");
    assert_eq!(tested.code(&by("2001:db8::1")), "accepted");
    assert_eq!(tested.code(&by("2001:db8::2")), "client_rate_limited");
}

#[test]
fn saving_a_source_does_not_fill_its_buckets() {
    let one = json!({"requests": 1, "per": "1m"});
    let mut tested = open(rates(one.clone(), one.clone()));
    assert_eq!(tested.code(&Request::good()), "accepted");
    let save = |tested: &Tested, config: Value| {
        let source = open(config).source;
        let limits = tested.limits.carried_to(&source);
        Tested { source, limits }
    };
    let mut replied = rates(one.clone(), one.clone());
    replied["reply"] = json!({"mode": "wait"});
    tested = save(&tested, replied);
    assert_eq!(tested.code(&Request::good()), "client_rate_limited");
    assert_eq!(tested.code(&by("192.0.2.9")), "source_rate_limited", "the source's bucket");
    tested = save(&tested, rates(json!({"requests": 2, "per": "1m"}), one));
    assert_eq!(tested.code(&Request::good()), "client_rate_limited", "the client's bucket stays");
    assert_eq!(tested.code(&by("192.0.2.10")), "accepted", "the source's is new");
    tested = save(&tested, json!({}));
    assert_eq!(tested.code(&Request::good()), "accepted");
}

#[test]
fn many_threads_share_one_bucket() {
    let tested = open(rates(json!({"requests": 100, "per": "1m"}), Value::Null));
    let accepted = || (0..100).filter(|_| tested.code(&Request::good()) == "accepted").count();
    let all: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(accepted)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(all, 100);
}

#[test]
fn a_body_is_taken_up_to_its_limit_and_not_a_byte_more() {
    let tested = open(json!({"limits": {"body": "16B"}}));
    let body = |length: usize| Request::of("application/json", format!("{:<length$}", r#"{"query":"1"}"#));
    let announced = |length: usize| body(length).header("content-length", &length.to_string());
    assert_eq!(tested.code(&body(16)), "accepted");
    assert_eq!(tested.code(&announced(16)), "accepted");
    assert_eq!(tested.code(&body(17)), "body_too_large");
    let refused = tested.source.before_body(announced(17).head(), &tested.limits).unwrap_err();
    assert_eq!((refused.status().as_u16(), refused.code.as_str()), (413, "body_too_large"));
    assert!(refused.detail.contains("16B"));
    let screened = Request::good();
    let screened = tested.source.before_body(screened.head(), &tested.limits).unwrap();
    assert_eq!(
        screened.judge(&vec![b' '; 17].into(), NOW).unwrap_err(),
        refused,
        "even where nobody counted"
    );
}
