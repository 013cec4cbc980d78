//! Public keys that are fetched to verify tokens (JWKS).

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::{Answer, Api, Home, Receiver, Reply, Server, Source, eventually, flow};

/// Keys and tokens, made by another implementation; the tokens were over long ago.
fn made() -> Value {
    serde_json::from_str(include_str!("../../../gateway/tests/it/jwt.json")).unwrap()
}

async fn source(server: &Server, url: String) -> (Api, Source) {
    let owner = Api::set_up(server).await;
    let echo = "nodes:\n  say: { kind: template, text: \"{{ input.query }}\" }\nedges: [start -> say]\n";
    owner.deploy("echo", &flow("echo", echo)).await;
    let verification = json!({ "scheme": "jwt", "algorithms": ["RS256", "ES256"], "jwks_url": url });
    let source =
        owner.source("echo", json!({ "verification": verification }), json!({ "scheme": "jwt" })).await;
    (owner, source)
}

async fn send(source: &Source, token: &str) -> Answer {
    source.post_with(&[("authorization", &format!("Bearer {token}"))], &json!({ "query": "x" })).await
}

/// A token by a key that nobody knows: only its header is read before.
fn forged(number: usize) -> String {
    let made = made();
    let token = made["tokens"]["ES256"].as_str().unwrap().to_owned();
    let header = json!({ "alg": "ES256", "kid": format!("forged {number}") }).to_string();
    let header = base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, header);
    format!("{header}.{}", token.split_once('.').unwrap().1)
}

#[tokio::test]
async fn keys_are_fetched_once_whatever_strangers_send() {
    let issuer = Receiver::start(|_, _| Reply::json(200, &made()["jwks"])).await;
    let server = Server::fresh().await;
    let (owner, source) = source(&server, issuer.url("jwks")).await;
    let token = made()["tokens"]["RS256"].as_str().unwrap().to_owned();
    for answer in join_all((0..20).map(|_| send(&source, &token))).await {
        // Its signature is right, so what is said of its time is known of the key.
        answer.problem(401, "token_expired");
    }
    assert_eq!(issuer.seen().len(), 1, "all waited for one fetch");
    assert_eq!(issuer.seen()[0].header("accept"), "application/json");
    let forged: Vec<String> = (0..50).map(forged).collect();
    for answer in join_all(forged.iter().map(|token| send(&source, token))).await {
        answer.problem(401, "token_invalid");
    }
    assert_eq!(issuer.seen().len(), 1, "forged keys make no flood of fetches");

    let path = format!("/sources/{}", source.id);
    let mut view = owner.get(&path).await.ok();
    view["flow"] = "echo".into();
    owner.put(&path, &view).await.ok();
    send(&source, &token).await.problem(401, "token_expired");
    assert_eq!(issuer.seen().len(), 1, "what is known outlives a change of the source");
}

#[tokio::test]
async fn without_keys_nothing_is_taken_and_their_return_is_noticed() {
    let issuer = Receiver::start(|nth, _| match nth {
        0 => Reply::Status(500),
        1 => Reply::json(200, &json!({ "keys": [] })),
        _ => Reply::json(200, &made()["jwks"]),
    });
    let issuer = issuer.await;
    let server = Server::fresh().await;
    let (owner, source) = source(&server, issuer.url("jwks")).await;
    let token = made()["tokens"]["ES256"].as_str().unwrap().to_owned();
    let refused = send(&source, &token).await;
    refused.problem(503, "keys_unavailable");
    assert_eq!(refused.header("retry-after"), Some("5"));
    assert!(!refused.text().contains("500"), "a stranger does not learn why: {refused:?}");
    send(&source, &token).await.problem(503, "keys_unavailable");
    assert_eq!(issuer.seen().len(), 1, "not at once again");
    let refusal = owner.refusal(&source, "keys_unavailable").await;
    assert!(refusal["record"]["cause"].as_str().unwrap().contains("500"), "its owner does: {refusal}");
    eventually("the keys are fetched", async || (send(&source, &token).await.status == 401).then_some(()))
        .await;
    assert_eq!(issuer.seen().len(), 3);
}

#[tokio::test]
async fn the_guard_judges_where_keys_are_fetched() {
    let issuer = Receiver::accepting().await;
    let home = Home::new();
    let server = home.guarded().start().await;
    let (_, source) = source(&server, issuer.url("jwks")).await;
    let token = made()["tokens"]["RS256"].as_str().unwrap().to_owned();
    send(&source, &token).await.problem(503, "keys_unavailable");
    assert_eq!(issuer.seen().len(), 0);
}
