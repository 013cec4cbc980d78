//! A line between a store and PostgreSQL that does what lines do: it breaks, it is slow, it falls silent.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use parking_lot::Mutex;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::{mpsc, watch},
    task::AbortHandle,
    time::{Instant, sleep_until},
};

/// Pieces that are under way in one direction at most; more wait at their sender.
const UNDER_WAY: usize = 64;

/// The greatest piece.
const PIECE: usize = 16 << 10;

/// The end of a message that is the text of this statement.
const COMMIT: &[u8] = b"COMMIT\0";

/// What the line does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// It passes everything on.
    Open,
    /// It closes every connection, new ones as well.
    Cut,
    /// It takes so long in each direction.
    Slow(Duration),
    /// It takes connections and bytes, and passes nothing on until it does something else.
    Silent,
}

/// What is lost of the next COMMIT, whose connection then breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lost {
    /// The server never hears of it.
    Commit,
    /// The server has carried it out; its answer is lost.
    Answer,
    /// The server hears of it only when [`Proxy::release`] lets it.
    Time,
}

/// The proxy. Its connections go when it is dropped.
pub(crate) struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    task: AbortHandle,
}

struct Shared {
    server: String,
    line: watch::Sender<Line>,
    next_commit: Mutex<Option<Lost>>,
    released: watch::Sender<bool>,
    connections: AtomicUsize,
}

impl Proxy {
    /// A line to a server, `host:port`.
    pub(crate) async fn to(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            server: server.to_owned(),
            line: watch::Sender::new(Line::Open),
            next_commit: Mutex::default(),
            released: watch::Sender::new(false),
            connections: AtomicUsize::new(0),
        });
        let task = tokio::spawn(accept(listener, Arc::clone(&shared))).abort_handle();
        Self { address, shared, task }
    }

    /// A database's address by way of this line.
    pub(crate) fn url(&self, url: &str) -> String {
        let through = url.replacen(&self.shared.server, &self.address.to_string(), 1);
        assert_ne!(through, url, "the address does not name {}", self.shared.server);
        through
    }

    /// From now on the line does this.
    pub(crate) fn turn(&self, line: Line) {
        self.shared.line.send_replace(line);
    }

    /// How often anybody has connected, or tried to.
    pub(crate) fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::Relaxed)
    }

    /// Loses this of the next COMMIT on any of its connections.
    pub(crate) fn lose(&self, lost: Lost) {
        *self.shared.next_commit.lock() = Some(lost);
    }

    /// Whether the COMMIT that something was to be lost of has come.
    pub(crate) fn has_lost(&self) -> bool {
        self.shared.next_commit.lock().is_none()
    }

    /// Lets the server hear of the COMMIT that is late.
    pub(crate) fn release(&self) {
        self.shared.released.send_replace(true);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
        self.turn(Line::Cut);
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((client, _)) = listener.accept().await {
        shared.connections.fetch_add(1, Ordering::Relaxed);
        tokio::spawn(connection(client, Arc::clone(&shared)));
    }
}

/// Carries one connection until an end closes it or the line is cut.
async fn connection(client: TcpStream, shared: Arc<Shared>) {
    let mut line = shared.line.subscribe();
    if *line.borrow() == Line::Cut {
        return;
    }
    let Ok(server) = TcpStream::connect(&shared.server).await else { return };
    for end in [&client, &server] {
        end.set_nodelay(true).unwrap();
    }
    let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
    let (deaf, hears) = watch::channel(false);
    tokio::select! {
        () = ask(from_client, to_server, &shared, deaf) => {}
        () = answer(from_server, to_client, &shared, hears) => {}
        _ = line.wait_for(|line| *line == Line::Cut) => {}
    }
}

/// The client's direction, until it ends or something of a COMMIT is lost.
async fn ask(from: OwnedReadHalf, to: OwnedWriteHalf, shared: &Shared, deaf: watch::Sender<bool>) {
    let (line, late) = (shared.line.subscribe(), shared.released.subscribe());
    let lost = |piece: &[u8]| {
        let lost = if piece.ends_with(COMMIT) { shared.next_commit.lock().take() } else { None };
        match lost {
            None => Passed::On,
            Some(Lost::Answer) => {
                deaf.send_replace(true);
                Passed::On
            }
            Some(Lost::Commit) => Passed::Lost,
            Some(Lost::Time) => Passed::Late,
        }
    };
    if let Some((piece, mut to)) = carry(from, to, line, lost).await {
        tokio::spawn(async move {
            let mut late = late;
            // The proxy may have gone: then its server never hears of it.
            if late.wait_for(|released| *released).await.is_ok() {
                to.write_all(&piece).await.unwrap();
            }
        });
    }
}

/// The server's direction, until it ends or the client is not to hear what it says.
async fn answer(from: OwnedReadHalf, to: OwnedWriteHalf, shared: &Shared, hears: watch::Receiver<bool>) {
    let deaf = |_: &[u8]| if *hears.borrow() { Passed::Lost } else { Passed::On };
    carry(from, to, shared.line.subscribe(), deaf).await;
}

/// What becomes of a piece. If it is not passed on, nothing after it is.
enum Passed {
    On,
    Lost,
    Late,
}

/// Carries one direction until it ends; gives the piece that is late, if one is, with where it goes.
async fn carry(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    line: watch::Receiver<Line>,
    pass: impl Fn(&[u8]) -> Passed,
) -> Option<(Vec<u8>, OwnedWriteHalf)> {
    let (sender, mut under_way) = mpsc::channel::<(Instant, Vec<u8>)>(UNDER_WAY);
    let mut written_by = line.clone();
    let reading = async move {
        loop {
            let mut piece = vec![0; PIECE];
            // An end that breaks has ended.
            let read = from.read(&mut piece).await.unwrap_or(0);
            piece.truncate(read);
            match if read == 0 { Passed::Lost } else { pass(&piece) } {
                Passed::On => {}
                Passed::Lost => return None,
                Passed::Late => return Some(piece),
            }
            let wait = if let Line::Slow(wait) = *line.borrow() { wait } else { Duration::ZERO };
            if sender.send((Instant::now() + wait, piece)).await.is_err() {
                return None;
            }
        }
    };
    let writing = async move {
        while let Some((due, piece)) = under_way.recv().await {
            // A timer that is due at once still takes a millisecond.
            if due > Instant::now() {
                sleep_until(due).await;
            }
            let speaks = written_by.wait_for(|line| *line != Line::Silent).await.is_ok();
            if !speaks || to.write_all(&piece).await.is_err() {
                break;
            }
        }
        to
    };
    let (late, to) = tokio::join!(reading, writing);
    late.map(|piece| (piece, to))
}
