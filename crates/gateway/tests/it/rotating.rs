//! Rotation: for a while, what was valid before is taken as well.

use std::time::Duration;

use gateway::Limits;
use serde_json::{Value, json};

use crate::request::{NOW, Request, TOKEN, Tested, inputs};

const NEXT: &str = "fedcba9876543210";
const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const HOUR: Duration = Duration::from_secs(3_600);

fn source((config, secrets): &(String, Vec<u8>)) -> Tested {
    let source = gateway::Source::compile(config, secrets, &inputs()).unwrap();
    let limits = Limits::of(&source);
    Tested { source, limits }
}

fn first() -> (String, Vec<u8>) {
    let config = json!({"methods": ["POST"], "verification": {"scheme": "token"}}).to_string();
    (config, tokens(TOKEN).to_string().into_bytes())
}

fn tokens(token: &str) -> Value {
    json!({"scheme": "token", "tokens": [token]})
}

fn rotated(
    from: &(String, Vec<u8>),
    verification: Option<Value>,
    secrets: &Value,
    overlap: Option<Duration>,
) -> (String, Vec<u8>) {
    let until = overlap.map(|overlap| NOW.after(overlap));
    gateway::rotated((&from.0, &from.1), verification.as_ref(), secrets, until).unwrap()
}

fn shown(token: &str) -> Request {
    Request::good().header("x-webhook-token", token)
}

fn later(request: Request, by: Duration) -> Request {
    Request { at: request.at.after(by), ..request }
}

#[test]
fn both_secrets_count_until_the_overlap_is_over() {
    let stored = rotated(&first(), None, &tokens(NEXT), Some(HOUR));
    let tested = source(&stored);
    for (token, by_s, code) in [
        (TOKEN, 3_599, "accepted"),
        (TOKEN, 3_600, "token_invalid"),
        (NEXT, 3_600, "accepted"),
        ("another token...", 0, "token_invalid"),
    ] {
        assert_eq!(
            tested.code(&later(shown(token), Duration::from_secs(by_s))),
            code,
            "{token} after {by_s} s"
        );
    }
    let config: Value = serde_json::from_str(&stored.0).unwrap();
    assert_eq!(config["previous"]["until"], NOW.after(HOUR).as_millis());
    assert_eq!(config["methods"], json!(["POST"]));
    assert!(!stored.0.contains(TOKEN) && !stored.0.contains(NEXT), "secrets are not in the configuration");
    let at_once = source(&rotated(&first(), None, &tokens(NEXT), None));
    assert_eq!((at_once.code(&shown(TOKEN)), at_once.code(&shown(NEXT))), ("token_invalid", "accepted"));
}

#[test]
fn schemes_may_differ_and_each_brings_its_dedupe_key() {
    let signing = json!({"scheme": "standard_webhooks", "signing_keys": [KEY]});
    let stored = rotated(&first(), Some(json!({"scheme": "standard_webhooks"})), &signing, Some(HOUR));
    let tested = source(&stored);
    let signature = standardwebhooks::Webhook::new(KEY).unwrap();
    let signature = signature.sign("m-1", NOW.as_secs(), &Request::good().body).unwrap();
    let both = |request: Request| request.header("webhook-id", "m-1").header("idempotency-key", "i-1");
    let signed = both(Request::good())
        .header("webhook-timestamp", &NOW.as_secs().to_string())
        .header("webhook-signature", &signature);
    let key = |request: &Request| tested.judge(request).unwrap().dedupe.unwrap().key;
    let old = both(shown(TOKEN));
    assert_ne!(key(&signed), key(&old));
    assert_eq!(key(&old), source(&first()).judge(&old).unwrap().dedupe.unwrap().key);
    assert_eq!(tested.code(&Request::good()), "signature_missing", "the present scheme says what is wrong");
    assert_eq!(tested.code(&later(old, HOUR)), "signature_missing");
    let hidden = tested.judge(&signed).unwrap();
    assert!(!String::from_utf8(hidden.content.to_vec()).unwrap().contains(&signature));
}

#[test]
fn a_handshake_of_the_scheme_before_is_answered_still() {
    let wecom = json!({"scheme": "wecom", "receive_id": ""});
    let config = json!({ "verification": wecom }).to_string();
    let secrets = json!({"scheme": "wecom", "tokens": ["t"], "aes_keys": ["A".repeat(43)]});
    let from = (config, secrets.to_string().into_bytes());
    let tested = source(&rotated(&from, Some(json!({"scheme": "token"})), &tokens(NEXT), Some(HOUR)));
    let get = Request { method: http::Method::GET, ..Request::good() };
    assert_eq!(tested.code(&get), "token_missing", "its method is taken");
    assert_eq!(
        tested.code(&get.header("x-webhook-token", NEXT)),
        "method_not_allowed",
        "for its handshake alone"
    );
}

#[test]
fn another_rotation_drops_what_the_first_left() {
    let third = "0000111122223333";
    let once = rotated(&first(), None, &tokens(NEXT), Some(HOUR));
    let tested = source(&rotated(&once, None, &tokens(third), Some(HOUR)));
    assert_eq!(tested.code(&shown(TOKEN)), "token_invalid");
    assert_eq!((tested.code(&shown(NEXT)), tested.code(&shown(third))), ("accepted", "accepted"));
}

#[test]
fn new_secrets_in_between_leave_those_of_before() {
    let third = "0000111122223333";
    let (config, secrets) = rotated(&first(), None, &tokens(NEXT), Some(HOUR));
    let value: Value = serde_json::from_str(&config).unwrap();
    let kept = |config: &Value, next: Option<Value>| gateway::kept(config, &secrets, next.as_ref()).unwrap();
    assert_eq!(kept(&value, None), secrets);
    let tested = source(&(config.clone(), kept(&value, Some(tokens(third)))));
    assert_eq!((tested.code(&shown(TOKEN)), tested.code(&shown(third))), ("accepted", "accepted"));
    assert_eq!(tested.code(&shown(NEXT)), "token_invalid");

    let alone = kept(&json!({"previous": null}), None);
    assert!(!String::from_utf8(alone.clone()).unwrap().contains(TOKEN), "nobody needs them any more");
    assert_eq!(source(&(first().0, alone)).code(&shown(NEXT)), "accepted");
    assert_eq!(source(&(first().0, kept(&json!({}), Some(tokens(third))))).code(&shown(third)), "accepted");
    let lost = gateway::Source::compile(&config, tokens(NEXT).to_string().as_bytes(), &inputs()).unwrap_err();
    assert!(lost.to_string().contains("`scheme` is missing"), "without its secrets it fails: {lost}");
}
