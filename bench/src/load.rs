//! The load: keep-alive connections, one request under way on each, nothing between two.

use std::{
    net::SocketAddr,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};

use crate::{
    client::Client,
    connection::{Connection, body},
};

#[derive(Args, Clone)]
pub(crate) struct Load {
    /// The servers, among which the connections are divided.
    #[arg(long = "address", required = true)]
    addresses: Vec<SocketAddr>,
    /// The path to post to.
    #[arg(long)]
    path: String,
    /// Further headers, `name: value`.
    #[arg(long = "header")]
    headers: Vec<String>,
    /// How many connections.
    #[arg(long)]
    connections: usize,
    /// For how long, in milliseconds.
    #[arg(long)]
    duration_ms: u64,
    /// Whether each request carries an `Idempotency-Key` of its own.
    #[arg(long)]
    keys: bool,
    /// The status of an answer that counts; any other is a refusal.
    #[arg(long)]
    status: u16,
    /// What sends.
    #[arg(long, value_enum, default_value_t)]
    sender: Sender,
}

/// What the load is made with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Sender {
    /// Bare sockets, which cost as little as can be.
    #[default]
    Sockets,
    /// An ordinary HTTP client.
    Client,
}

impl Sender {
    /// As the command line calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sockets => "sockets",
            Self::Client => "client",
        }
    }
}

/// What sends one request at a time.
enum Sending {
    Socket(Connection),
    Client(Box<Client>),
}

impl Sending {
    async fn post(&mut self, key: Option<u64>, body: &str) -> anyhow::Result<u16> {
        match self {
            Self::Socket(connection) => connection.post(key, body).await,
            Self::Client(client) => client.post(key, body).await,
        }
    }
}

/// What the load saw.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Seen {
    /// Answers with the status that was expected.
    pub(crate) done: u64,
    /// Other answers.
    pub(crate) refused: u64,
    /// From the first request to the last answer, in seconds.
    pub(crate) seconds: f64,
    /// Latencies in microseconds.
    pub(crate) p50_us: u64,
    /// The 99th percentile.
    pub(crate) p99_us: u64,
    /// The slowest.
    pub(crate) max_us: u64,
    /// The load's own CPU time, in seconds.
    pub(crate) cpu_s: f64,
}

impl Seen {
    /// Answers in a second.
    pub(crate) fn rate(&self) -> f64 {
        if self.seconds > 0.0 { f64_of(self.done) / self.seconds } else { 0.0 }
    }
}

static KEYS: AtomicU64 = AtomicU64::new(0);

impl Load {
    pub(crate) async fn print(self) -> anyhow::Result<()> {
        println!("{}", serde_json::to_string(&self.run().await?)?);
        Ok(())
    }

    async fn run(self) -> anyhow::Result<Seen> {
        // Keys of one process must not meet those of another.
        KEYS.store(u64::from(std::process::id()) << 32, Ordering::Relaxed);
        let started = Instant::now();
        let until = started + Duration::from_millis(self.duration_ms);
        let tasks: Vec<_> = (0..self.connections)
            .map(|number| tokio::spawn(self.clone().connection(number, until)))
            .collect();
        let mut latencies = Vec::new();
        let mut refused = 0;
        for task in tasks {
            let (seen, not) = task.await??;
            latencies.extend(seen);
            refused += not;
        }
        let seconds = started.elapsed().as_secs_f64();
        latencies.sort_unstable();
        Ok(Seen {
            done: latencies.len() as u64,
            refused,
            seconds,
            p50_us: at(&latencies, 500),
            p99_us: at(&latencies, 990),
            max_us: latencies.last().copied().unwrap_or(0),
            cpu_s: bench::process::cpu_seconds(std::process::id()).unwrap_or(0.0),
        })
    }

    async fn connection(self, number: usize, until: Instant) -> anyhow::Result<(Vec<u64>, u64)> {
        let address = self.addresses[number % self.addresses.len()];
        let (path, headers) = (&self.path, &self.headers);
        let mut sending = match self.sender {
            Sender::Sockets => Sending::Socket(Connection::open(address, path, headers).await?),
            Sender::Client => Sending::Client(Box::new(Client::new(address, path, headers)?)),
        };
        let body = body(88);
        let (mut latencies, mut refused) = (Vec::with_capacity(65_536), 0);
        while Instant::now() < until {
            let key = self.keys.then(|| KEYS.fetch_add(1, Ordering::Relaxed));
            let sent = Instant::now();
            if sending.post(key, &body).await? == self.status {
                latencies.push(u64::try_from(sent.elapsed().as_micros()).unwrap_or(u64::MAX));
            } else {
                refused += 1;
            }
        }
        Ok((latencies, refused))
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of a benchmark")]
pub(crate) fn f64_of(count: u64) -> f64 {
    count as f64
}

/// The value at so many thousandths of a sorted list; 0 for an empty one.
pub(crate) fn at<T: Copy + Default>(sorted: &[T], thousandths: usize) -> T {
    sorted.get(sorted.len().saturating_mul(thousandths) / 1000).copied().unwrap_or_default()
}
