//! What the real binary delivers, verified by receivers' own libraries.

use serde_json::{Value, json};

use super::said;
use crate::support::{Api, Receiver, Seen, Server, flow};

const TELLING: &str = "nodes:
  tell: { kind: deliver, destination: tickets, body: { query: \"{{ input.query }}\", n: 1 } }
edges: [start -> tell]
";

/// A destination that signs in such a way, and its keys as they were shown when it was made; gives them and a message.
async fn delivered(signing: &str) -> (Value, Seen) {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    let receiver = Receiver::accepting().await;
    let config = json!({ "kind": "webhook", "url": receiver.url("hook"), "signing": signing });
    let input = json!({ "name": "tickets", "config": config });
    let made = owner.post("/environments/production/destinations", &input).await.json();
    owner.deploy("telling", &flow("telling", TELLING)).await;
    let source = owner.open_source("telling", "accept").await;
    let receipt = source.post(&json!({ "query": "漏水 \"E3\" 😀" })).await.ok();
    owner.settled(receipt["event_id"].as_str().unwrap(), 1).await;
    (made["new_keys"].clone(), receiver.seen().remove(0))
}

/// Asks a receiver about the message as it came, and then with one byte changed: each byte of the body in its turn, and one
/// of the signature.
async fn is_verified(receiver: &str, key: &Value, (seen, signature): (&Seen, &str)) {
    let headers: serde_json::Map<String, Value> =
        seen.headers.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().into())).collect();
    let body = std::str::from_utf8(&seen.body).unwrap();
    let ask = |headers: &serde_json::Map<String, Value>, body: &str| {
        json!({ "receiver": receiver, "key": key, "headers": headers, "body": body }).to_string()
    };
    let mut questions = vec![ask(&headers, body)];
    for (at, _) in body.char_indices().filter(|(_, character)| character.is_ascii()) {
        let other = if body.as_bytes()[at] == b'~' { "!" } else { "~" };
        questions.push(ask(&headers, &format!("{}{other}{}", &body[..at], &body[at + 1..])));
    }
    let mut forged = headers.clone();
    let value = headers[signature].as_str().unwrap();
    let begin = value.find(['=', ',']).unwrap() + 1;
    let other = if value.as_bytes()[begin] == b'0' { "1" } else { "0" };
    let forgery = format!("{}{other}{}", &value[..begin], &value[begin + 1..]);
    forged.insert(signature.to_owned(), forgery.into());
    questions.push(ask(&forged, body));
    let answers = said("python3", &["verify.py"], questions.join("\n") + "\n").await;
    assert_eq!(answers.len(), questions.len());
    assert_eq!(answers[0], json!({ "taken": true }), "{receiver}");
    for (answer, question) in answers.iter().zip(&questions).skip(1) {
        assert_eq!(answer["taken"], false, "{receiver}: {question}");
    }
}

#[tokio::test]
#[ignore = "needs the libraries of senders/: cargo xtask test"]
async fn shared_secrets_by_the_libraries_of_standard_webhooks() {
    let (keys, seen) = delivered("standard_webhooks").await;
    for receiver in ["standardwebhooks", "svix"] {
        is_verified(receiver, &keys[0]["secret"], (&seen, "webhook-signature")).await;
    }
}

#[tokio::test]
#[ignore = "needs the libraries of senders/: cargo xtask test"]
async fn key_pairs_by_an_independent_implementation() {
    let (keys, seen) = delivered("standard_webhooks_v1a").await;
    is_verified("ed25519", &keys[0]["public_key"], (&seen, "webhook-signature")).await;
    let (keys, seen) = delivered("standard_webhooks_both").await;
    is_verified("standardwebhooks", &keys[0]["secret"], (&seen, "webhook-signature")).await;
    let questions = json!({ "receiver": "ed25519", "key": keys[1]["public_key"], "body": seen.json().to_string(),
        "headers": { "webhook-id": seen.header("webhook-id"), "webhook-timestamp": seen.header("webhook-timestamp"),
            "webhook-signature": seen.header("webhook-signature") } });
    assert_eq!(said("python3", &["verify.py"], format!("{questions}\n")).await[0], json!({ "taken": true }));
}

#[tokio::test]
#[ignore = "needs the libraries of senders/: cargo xtask test"]
async fn an_hmac_as_github_says() {
    let (keys, seen) = delivered("hmac").await;
    is_verified("github", &keys[0]["secret"], (&seen, "x-hub-signature-256")).await;
}
