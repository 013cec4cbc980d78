use std::sync::Arc;

use outbound::{Client, Policy, SystemResolver};
use serde_json::json;

use super::*;
use crate::{
    error::Kind,
    openai::{ApiKey, Auth, Config},
};

fn provider() -> OpenAi {
    let client = Client::new(Policy::new("test/1"), Arc::new(SystemResolver::default())).unwrap();
    let config = Config::new("vendor", "https://a.example", Auth::Bearer(ApiKey::new("sk-secret")));
    OpenAi::new(config, client, Arc::new(|| 0.5))
}

fn refused(status: u16, body: &str) -> Error {
    provider().refused(StatusCode::from_u16(status).unwrap(), &HeaderMap::new(), body.as_bytes())
}

#[test]
fn status_and_wording_give_the_kind() {
    let table = [
        (401, r#"{"error":{"message":"bad key"}}"#, Kind::Unauthorised),
        (403, "{}", Kind::Unauthorised),
        (402, r#"{"error":{"message":"Insufficient Balance"}}"#, Kind::Quota),
        (403, r#"{"code":"Arrearage","message":"Access denied"}"#, Kind::Quota),
        (429, r#"{"error":{"code":"insufficient_quota","message":"You exceeded"}}"#, Kind::Quota),
        (429, r#"{"error":{"message":"slow down"}}"#, Kind::RateLimited),
        (400, r#"{"error":{"code":"context_length_exceeded","message":"too long"}}"#, Kind::ContextTooLong),
        (400, r#"{"message":"This model's maximum context length is 8192 tokens"}"#, Kind::ContextTooLong),
        (
            400,
            r#"{"error":{"message":"the request exceeds the available context size"}}"#,
            Kind::ContextTooLong,
        ),
        (400, r#"{"error":{"message":"Range of input length should be [1, 30720]"}}"#, Kind::ContextTooLong),
        (400, r#"{"error":"unknown field"}"#, Kind::BadRequest),
        (404, r#"{"error":{"message":"no such model"}}"#, Kind::BadRequest),
        (301, "", Kind::BadRequest),
        (408, "", Kind::Overloaded),
        (500, "<html>oops</html>", Kind::Overloaded),
        (503, "", Kind::Overloaded),
        (529, "", Kind::Overloaded),
    ];
    for (status, body, kind) in table {
        assert_eq!(refused(status, body).kind(), kind, "{status} {body}");
    }
}

#[test]
fn the_message_is_the_vendors_without_the_key() {
    for body in [
        r#"{"error":{"message":"key sk-secret is bad"}}"#,
        r#"{"message":"key sk-secret is bad"}"#,
        r#"{"error":"key sk-secret is bad"}"#,
        r#"{"detail":"key sk-secret is bad"}"#,
        "key sk-secret is bad",
    ] {
        let message = refused(401, body).to_string();
        assert!(message.ends_with("key *** is bad"), "{message}");
        assert!(message.starts_with("vendor does not accept the key"), "{message}");
    }
    assert!(refused(500, &"x".repeat(1_000_000)).to_string().chars().count() < 1000);
}

#[test]
fn an_error_inside_an_answer_gives_the_kind_too() {
    let table = [
        (json!({ "error": { "code": 429, "message": "slow down" } }), Kind::RateLimited),
        (json!({ "error": { "code": "502", "message": "bad gateway" } }), Kind::Overloaded),
        (json!({ "error": { "type": "server_error", "message": "oops" } }), Kind::Overloaded),
        (json!({ "error": { "type": "rate_limit_error", "message": "oops" } }), Kind::RateLimited),
        (json!({ "error": { "message": "maximum context length is 10" } }), Kind::ContextTooLong),
        (json!({ "object": "error", "message": "no", "code": 400 }), Kind::BadRequest),
        (json!({ "error": "what" }), Kind::BadRequest),
    ];
    for (complaint, kind) in table {
        assert_eq!(provider().complained(&complaint).kind(), kind, "{complaint}");
    }
}
