//! How receivers know a message for genuine: keys that are made, replaced, shown and published.

use axum::http::Method;

use serde_json::{Value, json};
use standardwebhooks::Webhook;
use vault::standard_webhooks::KeyPair;

use crate::support::{Api, Home, Http, Receiver, Seen, Server, flow};

const WHSEC: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const WHSK: &str =
    "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==";

const TELLING: &str = "nodes:
  tell: { kind: deliver, destination: tickets, body: { query: \"{{ input.query }}\" } }
edges: [start -> tell]
";

struct Stage {
    server: Server,
    owner: Api,
    receiver: Receiver,
    /// The destination as it was when it was made.
    made: Value,
}

impl Stage {
    async fn of(launched: Server, signing: &str, secrets: Value) -> Self {
        let owner = Api::set_up(&launched).await;
        let receiver = Receiver::accepting().await;
        let config = json!({ "kind": "webhook", "url": receiver.url("hook"), "signing": signing });
        let input = json!({ "name": "tickets", "config": config, "secrets": secrets });
        let made = owner.post("/environments/production/destinations", &input).await;
        assert_eq!(made.status, 201, "{made:?}");
        let made = made.json();
        owner.deploy("telling", &flow("telling", TELLING)).await;
        Self { server: launched, owner, receiver, made }
    }

    fn path(&self) -> String {
        format!("/destinations/{}", self.made["id"].as_str().unwrap())
    }

    async fn rotate(&self, input: &Value) -> Value {
        self.owner.post(&format!("{}/rotate", self.path()), input).await.ok()
    }

    /// The message that an event of now becomes.
    async fn told(&self) -> Seen {
        let before = self.receiver.seen().len();
        let source = self.owner.open_source("telling", "accept").await;
        let receipt = source.post(&json!({ "query": "你好" })).await.ok();
        self.owner.settled(receipt["event_id"].as_str().unwrap(), 1).await;
        self.receiver.seen().remove(before)
    }

    async fn published(&self) -> Value {
        let answer = Http::new()
            .call(Method::GET, &format!("{}/.well-known/linchpin.json", self.server.url), &[], "")
            .await;
        assert_eq!((answer.status, answer.header("cache-control")), (200, Some("public, max-age=300")));
        answer.json()
    }
}

/// Whether a message is signed by a shared secret.
fn is_signed(seen: &Seen, secret: &Value) -> bool {
    Webhook::new(secret.as_str().unwrap()).unwrap().verify(&seen.body, &seen.headers).is_ok()
}

#[tokio::test]
async fn a_key_that_is_missing_is_made_and_shown_once() {
    let stage = Stage::of(Server::fresh().await, "standard_webhooks_both", Value::Null).await;
    let new = &stage.made["new_keys"];
    assert_eq!((&new[0]["scheme"], &new[1]["scheme"]), (&json!("v1"), &json!("v1a")));
    assert!(new[1]["secret"].is_null() && new[1]["public_key"].as_str().unwrap().starts_with("whpk_"));
    let seen = stage.told().await;
    assert!(is_signed(&seen, &new[0]["secret"]));
    assert_eq!(seen.header("webhook-signature").split(' ').count(), 2);
    let shown = stage.owner.get(&stage.path()).await.ok();
    assert_eq!(shown["new_keys"], Value::Null);
    assert_eq!(shown["signing_keys"][1]["public_key"], new[1]["public_key"]);
    let text = shown.to_string();
    assert!(!text.contains("whsec_") && !text.contains("whsk_"), "{text}");

    let mut change = json!({ "name": "tickets", "config": shown["config"] });
    assert_eq!(stage.owner.put(&stage.path(), &change).await.ok()["new_keys"], Value::Null);
    change["secrets"] = json!({ "signing": [WHSEC] });
    let changed = stage.owner.put(&stage.path(), &change).await.ok();
    assert_eq!(changed["new_keys"][0]["scheme"], "v1a", "only what is missing is made: {changed}");
}

#[tokio::test]
async fn receivers_find_the_public_keys() {
    let home = Home::new();
    let launch =
        home.serve().variable("LINCHPIN_EGRESS_ADDRESSES", "[\"203.0.113.0/28\", \"2001:db8::/64\"]");
    let stage = Stage::of(launch.start().await, "standard_webhooks_v1a", json!({ "signing": [WHSK] })).await;
    let public = KeyPair::parse(WHSK).unwrap().public_key();
    let key = json!({ "id": public.id(), "algorithm": "ed25519", "public_key": public.to_string() });
    let expected = json!({ "egress": ["203.0.113.0/28", "2001:db8::/64"], "signing_keys": [key] });
    assert_eq!(stage.published().await, expected, "and nothing else: no destination, no version");
    assert_eq!(stage.owner.get(&stage.path()).await.ok()["signing_keys"][0]["key_id"], json!(public.id()));

    let seen = stage.told().await;
    let at: i64 = seen.header("webhook-timestamp").parse().unwrap();
    let (id, signature) = (seen.header("webhook-id"), seen.header("webhook-signature"));
    assert!(public.verify(id, at, &seen.body, signature));
    let mut tampered = seen.body.to_vec();
    tampered[3] ^= 1;
    assert!(!public.verify(id, at, &tampered, signature));

    stage.rotate(&json!({})).await;
    let keys = stage.published().await["signing_keys"].clone();
    assert_eq!(keys.as_array().unwrap().len(), 2);
    let old = keys.as_array().unwrap().iter().find(|key| key["id"] == public.id().as_str()).unwrap();
    assert!(old["until"].is_string(), "{keys}");
    assert_eq!(stage.owner.delete(&stage.path()).await.status, 204);
    assert_eq!(stage.published().await["signing_keys"], json!([]));
}

#[tokio::test]
async fn a_key_is_replaced_while_receivers_change_and_the_old_one_ends_by_itself() {
    let stage = Stage::of(Server::fresh().await, "standard_webhooks", json!({ "signing": [WHSEC] })).await;
    let rotated = stage.rotate(&json!({ "overlap": "4s" })).await;
    let (old, new) = (json!(WHSEC), &rotated["new_keys"][0]["secret"]);
    let seen = stage.told().await;
    assert!(is_signed(&seen, &old) && is_signed(&seen, new), "{:?}", seen.headers);
    let keys = rotated["signing_keys"].as_array().unwrap();
    assert_eq!((keys.len(), &keys[0]["until"]), (2, &Value::Null));

    crate::support::eventually("the overlap is over", async || {
        let shown = stage.owner.get(&stage.path()).await.ok();
        (shown["signing_keys"].as_array()?.len() == 1).then_some(())
    })
    .await;
    let seen = stage.told().await;
    assert!(!is_signed(&seen, &old) && is_signed(&seen, new), "{:?}", seen.headers);

    stage.rotate(&json!({ "overlap": "0s", "secret": WHSEC })).await;
    let seen = stage.told().await;
    assert!(is_signed(&seen, &old) && !is_signed(&seen, new), "at once: {:?}", seen.headers);
}

#[tokio::test]
async fn a_rotation_that_cannot_be_is_refused() {
    let stage = Stage::of(Server::fresh().await, "standard_webhooks", json!({ "signing": [WHSEC] })).await;
    let rotate = format!("{}/rotate", stage.path());
    for (input, names) in [
        (json!({ "overlap": "31d" }), "overlap"),
        (json!({ "secret": "whsec_short" }), "secrets.signing[0]"),
        (json!({ "secret": WHSK }), "does not sign by `v1a`"),
        (json!({ "scheme": "hmac" }), "does not sign by `hmac`"),
    ] {
        let problem = stage.owner.post(&rotate, &input).await.problem(422, "invalid");
        assert!(problem["detail"].as_str().unwrap().contains(names), "{problem}");
    }
    let operator = stage.owner.key("operator").await;
    operator.post(&rotate, &json!({})).await.problem(403, "forbidden");
    assert_eq!(stage.owner.get(&stage.path()).await.ok()["signing_keys"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_signature_as_githubs_stands_in_its_header() {
    let stage = Stage::of(Server::fresh().await, "hmac", Value::Null).await;
    let secret = stage.made["new_keys"][0]["secret"].as_str().unwrap();
    let owner = &stage.owner;
    let echo = "nodes:\n  say: { kind: template, text: ok }\nedges: [start -> say]\n";
    owner.deploy("echo", &flow("echo", echo)).await;
    let verification = json!({ "verification": { "scheme": "github" } });
    let secrets = json!({ "scheme": "github", "secrets": [secret] });
    let source = owner.source("echo", verification, secrets).await;
    let config = json!({ "kind": "webhook", "url": source.url, "signing": "hmac", "retry": "none" });
    owner.put(&stage.path(), &json!({ "name": "tickets", "config": config })).await.ok();
    let telling = owner.open_source("telling", "accept").await;
    let receipt = telling.post(&json!({ "query": "你好" })).await.ok();
    let trace = owner.settled(receipt["event_id"].as_str().unwrap(), 1).await;
    assert_eq!(
        trace["runs"][0]["deliveries"][0]["state"], "delivered",
        "a source for GitHub took it: {trace}"
    );
}
