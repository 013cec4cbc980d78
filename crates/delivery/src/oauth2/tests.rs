use serde_json::json;

use super::*;
use crate::kind::testing::{answer, word};

fn client(more: &Value) -> Grant {
    let mut all = json!({ "token_url": "https://login.example.com/token", "client_id": "a b" });
    all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value(all).unwrap()
}

fn lasts(body: &Value) -> Duration {
    read(&answer(200, &[], &body.to_string())).unwrap().lasts
}

fn refusal(status: u16, body: &str) -> Verdict {
    read(&answer(status, &[], body)).unwrap_err()
}

#[test]
fn a_token_lasts_as_long_as_its_giver_says() {
    let token = |more: Value| json!({ "access_token": "t0ken", "token_type": "bearer", "expires_in": more });
    assert_eq!(lasts(&token(json!(3600))), Duration::from_secs(3600));
    assert_eq!(lasts(&token(json!("60"))), Duration::from_secs(60));
    assert_eq!(lasts(&token(json!(null))), LASTS);
    assert_eq!(lasts(&json!({ "access_token": "t0ken" })), LASTS);
    let granted = read(&answer(200, &[], &token(json!(1)).to_string())).unwrap();
    assert!(granted.token.is(b"t0ken") && !format!("{granted:?}").contains("t0ken"));
}

#[test]
fn refusals() {
    for (status, body, expected, names) in [
        (
            401,
            r#"{"error":"invalid_client","error_description":"no such client"}"#,
            "permanent",
            "no such client",
        ),
        (400, r#"{"error":"invalid_scope"}"#, "permanent", "check `scope`"),
        (400, r#"{"error":"unsupported_grant_type"}"#, "permanent", "client_credentials"),
        (404, "<html>", "permanent", "token_url"),
        (302, "", "permanent", "302"),
        (410, "", "permanent", "410"),
        (429, "", "retry", "429"),
        (503, "busy", "retry", "503"),
        (200, "<html>", "unknown", "no `access_token`"),
        (200, r#"{"access_token":""}"#, "unknown", "none that a header can carry"),
        (200, r#"{"access_token":"a b"}"#, "unknown", "none that a header can carry"),
        (200, r#"{"access_token":"t","token_type":"mac"}"#, "permanent", "Bearer"),
    ] {
        let verdict = refusal(status, body);
        assert_eq!(word(&verdict), expected, "{status} {body}");
        let (Verdict::Retry { reason, .. } | Verdict::Permanent { reason, .. }) = verdict else { panic!() };
        assert!(reason.contains(names), "{reason}");
    }
    let asked = read(&answer(429, &[("retry-after", "7")], "")).unwrap_err();
    assert_eq!(word(&asked), "later");
}

#[test]
fn what_cannot_be_asked_is_refused() {
    let said = |more: Value| client(&more).credential(&"hunter22".into()).unwrap_err().to_string();
    assert!(said(json!({ "client_id": "" })).starts_with("auth.client_id"));
    let wrong = said(json!({ "token_url": "ftp://x/hunter22" }));
    assert!(wrong.starts_with("auth.token_url"), "{wrong}");
    assert!(client(&json!({ "scope": "a b", "client_auth": "body" })).credential(&"x".into()).is_ok());
    let unknown = json!({ "token_url": "https://a.example/", "client_id": "a", "scopes": "x" });
    assert!(serde_json::from_value::<Grant>(unknown).is_err());
}
