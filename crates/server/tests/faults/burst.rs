//! Kill -9 while a burst of deliveries goes out.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use parking_lot::RwLock;
use serde_json::{Value, json};

use crate::support::{Api, Home, Receiver, Seen, Source, flow, within};

/// Kills, and deliveries in the burst; `BURST_FOR_TESTS` says otherwise, as `20,10000`.
const KILLS: usize = 3;
const DELIVERIES: usize = 300;

/// Connections that send the burst.
const CONNECTIONS: usize = 8;

/// How long a part of the burst may take between two kills, and the rest of it after the last.
const PATIENCE: Duration = Duration::from_secs(120);

/// How long a sender waits for an answer, and before it tries again.
const TRY: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(20);

const TELLING: &str = "nodes:
  tell: { kind: deliver, destination: tickets, body: { key: \"{{ input.query }}\" } }
edges: [start -> tell]
";

/// The events of a burst, which are sent until each is taken. Cheap to clone.
#[derive(Clone)]
struct Burst {
    source: Source,
    /// Where the source is now.
    url: Arc<RwLock<String>>,
    next: Arc<AtomicUsize>,
    events: usize,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_delivery_of_a_burst_is_lost_and_every_repeat_is_the_same() {
    let (kills, deliveries) = sizes();
    let (home, receiver) = (Home::new(), Receiver::accepting().await);
    let mut server = home.serve().start().await;
    let owner = Api::set_up(&server).await;
    let tickets = json!({ "kind": "webhook", "url": receiver.url("hook"), "concurrency": 32 });
    owner.destination("tickets", tickets, Value::Null).await;
    owner.deploy("telling", &flow("telling", TELLING)).await;
    let source = owner.open_source("telling", "accept").await;
    let burst = Burst {
        url: Arc::new(RwLock::new(source.url.clone())),
        source,
        next: Arc::default(),
        events: deliveries,
    };
    let sending: Vec<_> = (0..CONNECTIONS).map(|_| tokio::spawn(burst.clone().send())).collect();
    let begun = Instant::now();
    for kill in 1..=kills {
        // Spread over the burst by what has come, so that each kill meets deliveries under way.
        let enough = deliveries * kill / (kills + 1);
        within(PATIENCE, "the burst goes on", async || (receiver.seen().len() >= enough).then_some(())).await;
        server.kill().await;
        server = home.serve().start().await;
        *burst.url.write() = format!("{}/hooks/{}", server.url, burst.source.id);
    }
    for sender in sending {
        sender.await.unwrap();
    }
    let came = within(PATIENCE, "every delivery has come", async || {
        let came = by_key(receiver.seen());
        (came.len() >= deliveries).then_some(came)
    });
    let repeats = count_repeats(&came.await, deliveries);
    println!(
        "{kills} kills during {deliveries} deliveries in {:?}: none lost, {repeats} repeated under their ids",
        begun.elapsed()
    );
}

fn sizes() -> (usize, usize) {
    let Ok(sizes) = std::env::var("BURST_FOR_TESTS") else { return (KILLS, DELIVERIES) };
    let (kills, deliveries) = sizes.split_once(',').unwrap();
    (kills.parse().unwrap(), deliveries.parse().unwrap())
}

impl Burst {
    async fn send(self) {
        loop {
            let nth = self.next.fetch_add(1, Ordering::Relaxed);
            if nth >= self.events {
                return;
            }
            let (key, deadline) = (nth.to_string(), Instant::now() + PATIENCE);
            while !self.is_taken(&key).await {
                assert!(Instant::now() < deadline, "{key} is not taken");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    /// Sends an event once. Says whether it was taken.
    async fn is_taken(&self, key: &str) -> bool {
        let source = self.source.at(self.url.read().clone());
        let (headers, event) = ([("idempotency-key", key)], json!({ "query": key }));
        match tokio::time::timeout(TRY, source.try_post(&headers, &event)).await {
            Ok(Ok(answer)) => {
                assert!([202, 503].contains(&answer.status), "{key}: {answer:?}");
                answer.status == 202
            }
            // The server is gone, or hangs while it dies.
            Ok(Err(_)) | Err(_) => false,
        }
    }
}

fn by_key(seen: Vec<Seen>) -> BTreeMap<String, Vec<Seen>> {
    let mut by_key = BTreeMap::<String, Vec<Seen>>::new();
    for seen in seen {
        let key = seen.json()["key"].as_str().unwrap().to_owned();
        by_key.entry(key).or_default().push(seen);
    }
    by_key
}

/// Checks that each event's delivery came, under an id of its own and always the same; gives how often one came again.
fn count_repeats(came: &BTreeMap<String, Vec<Seen>>, deliveries: usize) -> usize {
    let wanted: BTreeSet<String> = (0..deliveries).map(|nth| nth.to_string()).collect();
    assert_eq!(came.keys().cloned().collect::<BTreeSet<_>>(), wanted, "not what was sent");
    let mut ids = BTreeSet::new();
    for (key, came) in came {
        let (id, body) = (came[0].header("webhook-id"), &came[0].body);
        assert!(!id.is_empty() && ids.insert(id), "{key} has the id of another: {id}");
        for again in &came[1..] {
            assert_eq!((again.header("webhook-id"), &again.body), (id, body), "{key}: a repeat differs");
            assert_eq!(again.header("idempotency-key"), id, "{key}: a repeat differs");
        }
    }
    came.values().map(|came| came.len() - 1).sum()
}
