//! Senders that go on until each of their events has an answer.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use parking_lot::{Mutex, RwLock};
use serde_json::json;

use crate::{
    outside::FLOWS,
    support::{Answer, Api, Lost, Server, Source},
};

/// How long an event may take to be taken, the server's deaths included.
const PATIENCE: Duration = Duration::from_secs(40);

/// The pause between two tries.
const PAUSE: Duration = Duration::from_millis(5);

/// Every so manieth sender hangs up at first, and sends its event again.
const HANGS_UP: usize = 3;

/// The events that were answered with a 2xx, by their keys.
pub(crate) type Taken = BTreeMap<String, String>;

/// Senders. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Senders(Arc<Shared>);

struct Shared {
    /// Of each flow, one that answers at once and one that waits for the result.
    sources: Vec<(&'static str, Source)>,
    /// Where the server is now.
    url: RwLock<String>,
    taken: Mutex<Taken>,
    sent: AtomicUsize,
    stopped: AtomicBool,
}

impl Senders {
    /// Makes the sources that they post to.
    pub(crate) async fn new(owner: &Api) -> Self {
        let mut sources = Vec::new();
        for flow in FLOWS {
            for mode in ["accept", "wait"] {
                sources.push((flow, owner.open_source(flow, mode).await));
            }
        }
        Self(Arc::new(Shared {
            sources,
            url: RwLock::new(owner.url.clone()),
            taken: Mutex::default(),
            sent: AtomicUsize::new(0),
            stopped: AtomicBool::new(false),
        }))
    }

    /// The server has been started anew.
    pub(crate) fn turn_to(&self, server: &Server) {
        self.0.url.write().clone_from(&server.url);
    }

    /// Sends events, one after another, until it is told to stop.
    pub(crate) async fn send_on(&self) {
        while !self.0.stopped.load(Ordering::Relaxed) {
            self.send().await;
        }
    }

    pub(crate) fn stop(&self) {
        self.0.stopped.store(true, Ordering::Relaxed);
    }

    /// Sends one event under a key of its own, again and again until it is taken.
    pub(crate) async fn send(&self) {
        let nth = self.0.sent.fetch_add(1, Ordering::Relaxed);
        let (flow, source) = &self.0.sources[nth % self.0.sources.len()];
        let key = format!("{flow} {nth}");
        let deadline = Instant::now() + PATIENCE;
        if nth.is_multiple_of(HANGS_UP) {
            // This sender loses its patience while its event is on the way to the disk.
            let patience = Duration::from_millis((nth % 20) as u64);
            let _ = tokio::time::timeout(patience, self.post(source, &key)).await;
        }
        let event = loop {
            match self.post(source, &key).await {
                Ok(answer) if (200..300).contains(&answer.status) => {
                    break answer.header("linchpin-event").unwrap().to_owned();
                }
                Ok(answer) => {
                    assert_eq!(answer.status, 503, "{key}: {answer:?}");
                    assert!(answer.header("retry-after").is_some(), "{key}: {answer:?}");
                }
                Err(_) => {}
            }
            assert!(Instant::now() < deadline, "{key} is not taken");
            tokio::time::sleep(PAUSE).await;
        };
        self.0.taken.lock().insert(key, event);
    }

    /// Sends every event once more: each must be known.
    pub(crate) async fn repeat_all(&self) {
        for (key, event) in self.taken() {
            let nth: usize = key.rsplit(' ').next().unwrap().parse().unwrap();
            let source = &self.0.sources[nth % self.0.sources.len()].1;
            let answer = self.post(source, &key).await.unwrap();
            assert_eq!(answer.header("linchpin-duplicate"), Some("true"), "{key}: {answer:?}");
            assert_eq!(answer.header("linchpin-event"), Some(event.as_str()), "{key}: {answer:?}");
        }
    }

    /// What was taken so far.
    pub(crate) fn taken(&self) -> Taken {
        self.0.taken.lock().clone()
    }

    async fn post(&self, source: &Source, key: &str) -> Result<Answer, Lost> {
        let url = format!("{}/hooks/{}", self.0.url.read(), source.id);
        source.at(url).try_post(&[("idempotency-key", key)], &json!({ "query": key })).await
    }
}
