//! An endpoint of ill will, until it is mended.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::{eventually, rude};

/// The beginning of an answer whose end is the connection's.
pub(crate) const STREAM: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";

/// The pause between two drops.
const DRIP: Duration = Duration::from_millis(10);

/// What an endpoint does behind the beginning of its answer.
#[derive(Clone)]
pub(crate) enum Then {
    /// Nothing, for as long as the caller stays.
    Hang,
    /// Sends this every few milliseconds, for ever.
    Drip(&'static str),
    /// Sends this again and again without a pause, for ever.
    Flood(String),
    /// Closes the connection.
    Close,
    /// Resets the connection.
    Reset,
}

/// The endpoint.
pub(crate) struct Endpoint {
    pub(crate) url: String,
    shared: Arc<Shared>,
}

struct Shared {
    /// How it begins its answers, and how it goes on.
    ill: (String, Then),
    /// What it answers when it is mended.
    proper: String,
    /// How many requests it answers badly.
    ill_for: AtomicUsize,
    requests: AtomicUsize,
    /// Callers that are being served.
    open: AtomicUsize,
    /// Bytes behind the beginnings that were sent.
    sent: AtomicU64,
}

impl Endpoint {
    /// An endpoint that answers like this, and once it is mended with `proper`.
    pub(crate) async fn start(begins: impl Into<String>, then: Then, proper: impl Into<String>) -> Self {
        let shared = Arc::new(Shared {
            ill: (begins.into(), then),
            proper: proper.into(),
            ill_for: AtomicUsize::new(usize::MAX),
            requests: AtomicUsize::default(),
            open: AtomicUsize::default(),
            sent: AtomicU64::default(),
        });
        let serving = Arc::clone(&shared);
        let url = rude(move |_, stream| serve(Arc::clone(&serving), stream)).await;
        Self { url, shared }
    }

    /// From now on it answers as it should.
    pub(crate) fn mend(&self) {
        self.mend_after(0);
    }

    /// It answers as it should after so many requests.
    pub(crate) fn mend_after(&self, requests: usize) {
        self.shared.ill_for.store(requests, Ordering::SeqCst);
    }

    /// How many requests came so far.
    pub(crate) fn requests(&self) -> usize {
        self.shared.requests.load(Ordering::SeqCst)
    }

    /// How much of its flood or drip was sent, in bytes: with what the sockets hold.
    pub(crate) fn sent(&self) -> u64 {
        self.shared.sent.load(Ordering::SeqCst)
    }

    /// Waits until no caller holds a connection to it.
    pub(crate) async fn let_go(&self) {
        let open = || self.shared.open.load(Ordering::SeqCst);
        eventually("the connections are closed", async || (open() == 0).then_some(())).await;
    }
}

/// An answer with its length, behind which the connection is closed.
pub(crate) fn whole(status: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\n{headers}connection: close\r\ncontent-length: {length}\r\n\r\n{body}")
}

/// An answer that says it is JSON, of such a length.
pub(crate) fn json_of(length: usize, body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}")
}

async fn serve(shared: Arc<Shared>, mut stream: TcpStream) {
    let nth = shared.requests.fetch_add(1, Ordering::SeqCst);
    shared.open.fetch_add(1, Ordering::SeqCst);
    let proper = (shared.proper.clone(), Then::Close);
    let mended = nth >= shared.ill_for.load(Ordering::SeqCst);
    let (begins, then) = if mended { &proper } else { &shared.ill };
    // The caller may go in the middle of anything.
    if stream.write_all(begins.as_bytes()).await.is_ok() {
        go_on(&shared, then, &mut stream).await;
    }
    drop(stream);
    shared.open.fetch_sub(1, Ordering::SeqCst);
}

async fn go_on(shared: &Shared, then: &Then, stream: &mut TcpStream) {
    let sent = |piece: &str| shared.sent.fetch_add(piece.len() as u64, Ordering::SeqCst);
    match then {
        // Nobody sends a second request here, so this ends when the caller goes.
        Then::Hang => drop(stream.read_u8().await),
        Then::Drip(piece) => {
            while stream.write_all(piece.as_bytes()).await.is_ok() {
                sent(piece);
                tokio::time::sleep(DRIP).await;
            }
        }
        Then::Flood(piece) => {
            while stream.write_all(piece.as_bytes()).await.is_ok() {
                sent(piece);
            }
        }
        Then::Close => drop(stream.shutdown().await),
        Then::Reset => {
            // What was sent before is to arrive first; a reset overtakes it.
            tokio::time::sleep(2 * DRIP).await;
            stream.set_zero_linger().unwrap();
        }
    }
}
