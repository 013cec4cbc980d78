//! The load: keep-alive connections, one request under way on each, nothing between two.

use std::{
    net::SocketAddr,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use clap::Args;
use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

#[derive(Args, Clone)]
pub(crate) struct Load {
    /// The server.
    #[arg(long)]
    pub(crate) address: SocketAddr,
    /// The path to post to.
    #[arg(long)]
    pub(crate) path: String,
    /// Further headers, `name: value`.
    #[arg(long = "header")]
    pub(crate) headers: Vec<String>,
    /// How many connections.
    #[arg(long)]
    pub(crate) connections: usize,
    /// For how long, in milliseconds.
    #[arg(long)]
    pub(crate) duration_ms: u64,
    /// Whether each request carries an `Idempotency-Key` of its own.
    #[arg(long)]
    pub(crate) keys: bool,
}

/// What the load saw.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Seen {
    /// Answers with a 2xx.
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
    /// Answers with a 2xx in a second.
    #[expect(clippy::cast_precision_loss, reason = "counts of a benchmark")]
    pub(crate) fn rate(&self) -> f64 {
        self.done as f64 / self.seconds
    }
}

/// A body of 600 bytes as a shop's page would send it.
pub(crate) fn body() -> String {
    let mut body = r#"{"query":"My machine shows E3 after descaling, what now? ","user_id":"u-20417","conversation_id":"c-88","page":""#.to_owned();
    while body.len() < 598 {
        body.push('x');
    }
    body + "\"}"
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
        let tasks: Vec<_> =
            (0..self.connections).map(|_| tokio::spawn(self.clone().connection(until))).collect();
        let mut latencies = Vec::new();
        let mut refused = 0;
        for task in tasks {
            let (seen, not) = task.await??;
            latencies.extend(seen);
            refused += not;
        }
        let seconds = started.elapsed().as_secs_f64();
        latencies.sort_unstable();
        let at =
            |part: usize| latencies.get(latencies.len().saturating_mul(part) / 1000).copied().unwrap_or(0);
        Ok(Seen {
            done: latencies.len() as u64,
            refused,
            seconds,
            p50_us: at(500),
            p99_us: at(990),
            max_us: latencies.last().copied().unwrap_or(0),
            cpu_s: bench::process::cpu_seconds(std::process::id()).unwrap_or(0.0),
        })
    }

    async fn connection(self, until: Instant) -> anyhow::Result<(Vec<u64>, u64)> {
        let mut stream = TcpStream::connect(self.address).await.context("the server cannot be reached")?;
        stream.set_nodelay(true)?;
        let body = body();
        let headers: String =
            self.headers.iter().map(|header| format!("{header}\r\n")).collect::<Vec<_>>().concat();
        let head = format!(
            "POST {} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n{headers}",
            self.path,
            self.address,
            body.len()
        );
        let (mut latencies, mut refused) = (Vec::with_capacity(65_536), 0);
        let (mut request, mut answer) = (Vec::with_capacity(2048), Vec::with_capacity(4096));
        while Instant::now() < until {
            request.clear();
            request.extend_from_slice(head.as_bytes());
            if self.keys {
                let key = KEYS.fetch_add(1, Ordering::Relaxed);
                request.extend_from_slice(format!("idempotency-key: {key:016x}\r\n").as_bytes());
            }
            request.extend_from_slice(b"\r\n");
            request.extend_from_slice(body.as_bytes());
            let sent = Instant::now();
            stream.write_all(&request).await?;
            let ok = read_answer(&mut stream, &mut answer).await?;
            if ok {
                latencies.push(u64::try_from(sent.elapsed().as_micros()).unwrap_or(u64::MAX));
            } else {
                refused += 1;
            }
        }
        Ok((latencies, refused))
    }
}

/// Reads one answer with a `content-length`; says whether it was a 2xx.
async fn read_answer(stream: &mut TcpStream, answer: &mut Vec<u8>) -> anyhow::Result<bool> {
    answer.clear();
    loop {
        ensure!(stream.read_buf(answer).await? > 0, "the server closed the connection");
        let Some(end) = answer.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let head = std::str::from_utf8(&answer[..end])?.to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
        let length: usize = length.map_or(Ok(0), |length| length.trim().parse())?;
        while answer.len() < end + 4 + length {
            ensure!(stream.read_buf(answer).await? > 0, "the server closed the connection");
        }
        return Ok(head.as_bytes().get(9) == Some(&b'2'));
    }
}
