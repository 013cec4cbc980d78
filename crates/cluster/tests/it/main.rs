//! Nodes on a real server of NATS, and on a real database.

#![expect(clippy::unwrap_used, reason = "a test stops where its set-up fails")]

#[path = "../support/nats_server.rs"]
mod nats_server;

mod connecting;
mod exchange;
mod messages;
mod news;

use std::time::Duration;

use clock::Random;
use cluster::{Heard, Nats, Settings, Subscription};
use futures_util::StreamExt;
use vault::{Key, KeyRing};

/// How long something may take that happens at once.
const PATIENCE: Duration = Duration::from_secs(20);

/// How NATS is reached there, by nothing but the address.
fn settings(url: &str) -> Settings {
    Settings { url: url.into(), credentials: None, authority: None }
}

/// The keys of the installation, or of another one.
fn keys(seed: u64) -> KeyRing {
    KeyRing::new(Key::generate(&Random::seeded(seed)), vec![], Random::system())
}

/// A node that is connected, or will be.
async fn node(url: &str) -> Nats {
    Nats::start(&settings(url), "here", keys(1), &Random::system()).await.unwrap()
}

/// A node that is connected, and has told so.
async fn connected(url: &str) -> Nats {
    joined(node(url).await).await
}

/// A node that was just started, when it is connected and has told so.
async fn joined(node: Nats) -> Nats {
    let mut first = node.subscribe("first").await.unwrap();
    assert_eq!(next(&mut first).await, Heard::Missed);
    node
}

async fn until(what: &str, is: impl Fn() -> bool) {
    let waited = async {
        while !is() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waited).await.unwrap_or_else(|_| panic!("this did not happen: {what}"));
}

async fn next(subscription: &mut Subscription) -> Heard {
    tokio::time::timeout(PATIENCE, subscription.next()).await.expect("something is heard").unwrap()
}

/// Somebody on the server who is no node, and what they see of a subject.
async fn carrier(url: &str, subject: &'static str) -> (async_nats::Client, async_nats::Subscriber) {
    let carrier = async_nats::connect(url).await.unwrap();
    let seen = carrier.subscribe(subject).await.unwrap();
    // Until the server has taken the subscription in.
    let mut echo = carrier.subscribe("echo").await.unwrap();
    carrier.publish("echo", "".into()).await.unwrap();
    raw(&mut echo).await;
    (carrier, seen)
}

async fn raw(seen: &mut async_nats::Subscriber) -> async_nats::Message {
    tokio::time::timeout(PATIENCE, seen.next()).await.expect("something is seen").unwrap()
}

fn message(text: &str) -> Heard {
    Heard::Message(text.into())
}
