//! Secrets that are replaced while senders go on.

use serde_json::{Value, json};

use crate::support::{Answer, Api, Server, Source, flow};

const OLD: &str = "an-old-token-of-the-shop";
const NEW: &str = "a-new-token-of-the-shop!";
const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

async fn guarded() -> (Server, Api, Source) {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    let echo = "nodes:\n  say: { kind: template, text: \"{{ input.query }}\" }\nedges: [start -> say]\n";
    owner.deploy("echo", &flow("echo", echo)).await;
    let source = owner.source("echo", json!({ "verification": { "scheme": "token" } }), tokens(OLD)).await;
    (server, owner, source)
}

fn tokens(token: &str) -> Value {
    json!({ "scheme": "token", "tokens": [token] })
}

async fn send(source: &Source, token: &str) -> Answer {
    source.post_with(&[("x-webhook-token", token)], &json!({ "query": "x" })).await
}

#[tokio::test]
async fn both_secrets_are_taken_until_a_change_ends_it() {
    let (_server, owner, source) = guarded().await;
    let path = format!("/sources/{}", source.id);
    assert_eq!(owner.get(&path).await.ok()["previous_until"], Value::Null);
    let rotated =
        owner.post(&format!("{path}/rotate"), &json!({ "secrets": tokens(NEW), "overlap": "24h" })).await;
    assert!(!rotated.text().contains(OLD) && !rotated.text().contains(NEW), "a secret is shown");
    let mut view = rotated.ok();
    assert!(view["previous_until"].as_str().is_some_and(|until| until.ends_with('Z')), "{view}");
    assert_eq!((send(&source, OLD).await.status, send(&source, NEW).await.status), (202, 202));

    // A change that knows nothing of the rotation leaves it as it is.
    view["flow"] = "echo".into();
    view["config"]["limits"] = json!({ "body": "1KiB" });
    owner.put(&path, &view).await.ok();
    assert_eq!((send(&source, OLD).await.status, send(&source, NEW).await.status), (202, 202));
    view["config"]["previous"] = Value::Null;
    assert_eq!(owner.put(&path, &view).await.ok()["previous_until"], Value::Null);
    send(&source, OLD).await.problem(401, "token_invalid");
    assert_eq!(send(&source, NEW).await.status, 202);
}

#[tokio::test]
async fn a_rotation_may_change_the_scheme_or_end_the_old_secrets_at_once() {
    let (_server, owner, source) = guarded().await;
    let path = format!("/sources/{}/rotate", source.id);
    let secrets = json!({ "scheme": "standard_webhooks", "signing_keys": [KEY] });
    let verification = json!({ "scheme": "standard_webhooks" });
    let change = json!({ "verification": verification, "secrets": secrets });
    let view = owner.post(&path, &change).await.ok();
    assert_eq!(view["config"]["verification"]["scheme"], "standard_webhooks");
    assert_eq!(view["config"]["previous"]["verification"]["scheme"], "token");
    assert_eq!(send(&source, OLD).await.status, 202, "a day by default");
    let at_once = json!({ "verification": { "scheme": "token" }, "secrets": tokens(NEW), "overlap": "0s" });
    assert_eq!(owner.post(&path, &at_once).await.ok()["previous_until"], Value::Null);
    send(&source, OLD).await.problem(401, "token_invalid");
    assert_eq!(send(&source, NEW).await.status, 202);

    for (wrong, said) in [
        (json!({ "secrets": tokens("short") }), "16 characters"),
        (json!({ "secrets": secrets }), "not those of the scheme"),
        (json!({ "secrets": tokens(OLD), "overlap": "31d" }), "0s to 30d"),
    ] {
        let problem = owner.post(&path, &wrong).await.problem(422, "invalid");
        assert!(problem["detail"].as_str().unwrap().contains(said), "{problem}");
    }
    assert_eq!(send(&source, NEW).await.status, 202, "what is wrong changes nothing");
    owner.key("viewer").await.post(&path, &json!({ "secrets": tokens(OLD) })).await.problem(403, "forbidden");
}
