//! Senders that go on until each of their events has an answer.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use axum::http::Method;
use futures_util::{StreamExt, stream};
use parking_lot::{Mutex, RwLock};
use serde_json::{Value, json};

use crate::{
    outside::FLOWS,
    support::{Answer, Api, Lost, Server, Source, whole},
};

/// How long an event may take to be taken, the server's deaths included.
const PATIENCE: Duration = Duration::from_secs(40);

/// The pause between two tries.
const PAUSE: Duration = Duration::from_millis(5);

/// Events that are sent once more at the same time.
const AT_ONCE: usize = 8;

/// Every so manieth sender hangs up at first, and sends its event again.
const HANGS_UP: usize = 3;

/// How long a sender waits for an answer before it tries again.
const TRY: Duration = Duration::from_secs(5);

/// The events that were answered with a 2xx, by their keys.
pub(crate) type Taken = BTreeMap<String, Receipt>;

/// What a sender was told of its event.
#[derive(Clone, Debug)]
pub(crate) struct Receipt {
    pub(crate) event: String,
    /// The flow's outputs, when the answer had them.
    pub(crate) outputs: Option<Value>,
}

/// Whether an event comes with a file. Two of three do, whichever source they come by.
fn has_file(key: &str) -> bool {
    let nth: usize = key.rsplit(' ').next().and_then(|nth| nth.parse().ok()).unwrap_or_default();
    !nth.is_multiple_of(3)
}

/// What is in the file of an event.
fn file(key: &str) -> String {
    format!("what comes with {key}")
}

/// An event with a file, as a browser sends it.
fn form(key: &str) -> String {
    let part = "--b\r\nContent-Disposition: form-data; name=";
    let file = file(key);
    format!("{part}\"query\"\r\n\r\n{key}\r\n{part}\"file\"; filename=\"a.txt\"\r\n\r\n{file}\r\n--b--\r\n")
}

impl Receipt {
    /// What an answer with a 2xx says.
    pub(crate) fn of(answer: &Answer) -> Self {
        let event = answer.header("linchpin-event").unwrap().to_owned();
        Self { event, outputs: (answer.status == 200).then(|| answer.json()) }
    }
}

/// Senders. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Senders(Arc<Shared>);

struct Shared {
    /// Of each flow, one that answers at once and one that waits for the result.
    sources: Vec<(&'static str, Source)>,
    /// Where the servers are now.
    urls: RwLock<Vec<String>>,
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
            urls: RwLock::new(vec![owner.url.clone()]),
            taken: Mutex::default(),
            sent: AtomicUsize::new(0),
            stopped: AtomicBool::new(false),
        }))
    }

    /// Servers have been started, or started anew.
    pub(crate) fn turn_to<'s>(&self, servers: impl IntoIterator<Item = &'s Server>) {
        *self.0.urls.write() = servers.into_iter().map(|server| server.url.clone()).collect();
    }

    /// Sends events, one after another, until it is told to stop: each first to the same server, to another one when
    /// that does not take it.
    pub(crate) async fn send_on(&self, server: usize) {
        while !self.0.stopped.load(Ordering::Relaxed) {
            self.send(server).await;
        }
    }

    pub(crate) fn stop(&self) {
        self.0.stopped.store(true, Ordering::Relaxed);
    }

    /// Sends one event under a key of its own, again and again until it is taken.
    pub(crate) async fn send(&self, mut server: usize) {
        let nth = self.0.sent.fetch_add(1, Ordering::Relaxed);
        let (flow, source) = &self.0.sources[nth % self.0.sources.len()];
        let key = format!("{flow} {nth}");
        let deadline = Instant::now() + PATIENCE;
        if nth.is_multiple_of(HANGS_UP) {
            // This sender loses its patience while its event is on the way to the disk.
            let patience = Duration::from_millis((nth % 20) as u64);
            let _ = tokio::time::timeout(patience, self.post(source, &key, server)).await;
        }
        let receipt = loop {
            match self.post(source, &key, server).await {
                Ok(answer) if (200..300).contains(&answer.status) => break Receipt::of(&answer),
                Ok(answer) => {
                    assert_eq!(answer.status, 503, "{key}: {answer:?}");
                    assert!(answer.header("retry-after").is_some(), "{key}: {answer:?}");
                }
                Err(_) => {}
            }
            assert!(Instant::now() < deadline, "{key} is not taken");
            server += 1;
            tokio::time::sleep(PAUSE).await;
        };
        self.0.taken.lock().insert(key, receipt);
    }

    /// Sends events once more, so many at most: each must be known.
    pub(crate) async fn repeat(&self, at_most: usize) {
        let repeats = self.taken().into_iter().take(at_most).map(|(key, receipt)| async move {
            let nth: usize = key.rsplit(' ').next().unwrap().parse().unwrap();
            let source = &self.0.sources[nth % self.0.sources.len()].1;
            let answer = self.post(source, &key, nth).await.unwrap();
            assert_eq!(answer.header("linchpin-duplicate"), Some("true"), "{key}: {answer:?}");
            assert_eq!(answer.header("linchpin-event"), Some(receipt.event.as_str()), "{key}: {answer:?}");
        });
        stream::iter(repeats).buffer_unordered(AT_ONCE).collect::<()>().await;
    }

    /// Goes through the files of what was taken: each is there, as it was sent.
    pub(crate) async fn check_files(&self, owner: &Api) {
        for (key, receipt) in self.taken().into_iter().filter(|(key, _)| has_file(key)) {
            let files = owner.trace(&receipt.event).await["files"].take();
            let sha256 = files[0]["sha256"].as_str().unwrap_or_else(|| panic!("{key} has no file: {files}"));
            let content = owner.get(&format!("/events/{}/files/{sha256}", receipt.event)).await;
            assert_eq!((content.status, content.text()), (200, file(&key).as_str()), "{key}");
        }
    }

    /// What was taken so far.
    pub(crate) fn taken(&self) -> Taken {
        self.0.taken.lock().clone()
    }

    async fn post(&self, source: &Source, key: &str, server: usize) -> Result<Answer, Lost> {
        let url = {
            let urls = self.0.urls.read();
            format!("{}/hooks/{}", urls[server % urls.len()], source.id)
        };
        let (source, key_header) = (source.at(url), ("idempotency-key", key));
        let posting = async {
            if !has_file(key) {
                return source.try_post(&[key_header], &json!({ "query": key })).await;
            }
            let headers = [key_header, ("content-type", "multipart/form-data; boundary=b")];
            source.send_body(Method::POST, &headers, whole(form(key))).await
        };
        let answer = tokio::time::timeout(TRY, posting).await;
        answer.unwrap_or_else(|_| Err(Lost(format!("no answer in {TRY:?}"))))
    }
}
