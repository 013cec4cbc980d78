//! Many large bodies at once, some of them sent slowly, and small ones between: what a flood is made of that wants to
//! fill the server's memory. Each connection sends one request after another, whatever it is answered.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use axum::body::Bytes;
use clap::Args;
use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::load::at;

#[derive(Args, Clone)]
pub(crate) struct Heavy {
    /// The server.
    #[arg(long)]
    address: SocketAddr,
    /// The path to post to.
    #[arg(long)]
    path: String,
    /// Further headers, `name: value`.
    #[arg(long = "header")]
    headers: Vec<String>,
    /// How many connections send large bodies as fast as they can.
    #[arg(long)]
    connections: usize,
    /// How many take `SLOW` for each.
    #[arg(long)]
    slow: usize,
    /// How many send small ones.
    #[arg(long)]
    small: usize,
    /// How large a large body is.
    #[arg(long)]
    bytes: usize,
    /// For how long, in milliseconds.
    #[arg(long)]
    duration_ms: u64,
}

/// How long a slow sender takes for a body, in how many pieces.
const SLOW: Duration = Duration::from_secs(4);
const PIECES: u32 = 64;

/// How large a small body is.
const SMALL: usize = 600;

/// The pause of a sender that was told to come back later: shorter than it was told.
const RUDE: Duration = Duration::from_millis(250);

/// What senders of one kind saw.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Group {
    /// The events that were answered with 202.
    pub(crate) taken: Vec<String>,
    /// Answers that told the sender to come back later.
    pub(crate) shed: u64,
    /// Connections that ended without an answer.
    pub(crate) broken: u64,
    /// How long those that were taken took, in microseconds.
    pub(crate) p50_us: u64,
    pub(crate) p99_us: u64,
    /// The longest time in which none was taken.
    pub(crate) longest_without_us: u64,
}

/// What came of it, by kind of sender.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Weighed {
    pub(crate) fast: Group,
    pub(crate) slow: Group,
    pub(crate) small: Group,
}

/// What one connection saw: each event that was taken, with when it was and how long that took.
#[derive(Default)]
struct Seen {
    taken: Vec<(String, Instant, Duration)>,
    shed: u64,
    broken: u64,
}

/// An answer.
struct Answer {
    status: u16,
    event: Option<String>,
    says_when: bool,
}

impl Heavy {
    pub(crate) async fn print(self) -> anyhow::Result<()> {
        println!("{}", serde_json::to_string(&self.run().await?)?);
        Ok(())
    }

    async fn run(self) -> anyhow::Result<Weighed> {
        let piece = SLOW / PIECES;
        let (fast, slow, small) = tokio::try_join!(
            self.group(self.connections, self.bytes, Duration::ZERO),
            self.group(self.slow, self.bytes, piece),
            self.group(self.small, SMALL, Duration::ZERO),
        )?;
        Ok(Weighed { fast, slow, small })
    }

    async fn group(&self, connections: usize, bytes: usize, pause: Duration) -> anyhow::Result<Group> {
        let began = Instant::now();
        let until = began + Duration::from_millis(self.duration_ms);
        let request = self.request(bytes);
        let one = || tokio::spawn(connection(self.address, request.clone(), pause, until));
        let tasks: Vec<_> = (0..connections).map(|_| one()).collect();
        let (mut all, mut group) = (Vec::new(), Group::default());
        for task in tasks {
            let Seen { taken, shed, broken } = task.await??;
            all.extend(taken);
            group.shed += shed;
            group.broken += broken;
        }
        let mut took: Vec<u64> = all.iter().map(|(_, _, took)| micros(*took)).collect();
        took.sort_unstable();
        let mut times: Vec<Instant> = all.iter().map(|(_, at, _)| *at).chain([began, until]).collect();
        times.sort_unstable();
        let without = times.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or_default();
        group.taken = all.into_iter().map(|(event, ..)| event).collect();
        Ok(Group {
            p50_us: at(&took, 500),
            p99_us: at(&took, 990),
            longest_without_us: micros(without),
            ..group
        })
    }

    /// A whole request whose body has so many bytes.
    fn request(&self, bytes: usize) -> Request {
        let headers = self.headers.iter().map(|header| format!("{header}\r\n")).collect::<Vec<_>>().concat();
        let head = format!(
            "POST {} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\ncontent-length: {bytes}\r\n{headers}\r\n",
            self.path, self.address
        );
        let (begin, end) = (r#"{"query":"What is in this?","scan":""#, r#""}"#);
        let scan = "x".repeat(bytes.saturating_sub(begin.len() + end.len()));
        Request { head: head.into(), body: format!("{begin}{scan}{end}").into() }
    }
}

/// A request as it goes over the wire; the bytes are shared by all that send it.
#[derive(Clone)]
struct Request {
    head: Bytes,
    body: Bytes,
}

/// Sends the same request again and again, each body in pieces where there is to be a pause between them.
async fn connection(
    address: SocketAddr,
    request: Request,
    pause: Duration,
    until: Instant,
) -> anyhow::Result<Seen> {
    let (mut seen, mut open) = (Seen::default(), None);
    while Instant::now() < until {
        let mut stream = match open.take() {
            Some(stream) => stream,
            None => TcpStream::connect(address).await.context("the server cannot be reached")?,
        };
        let began = Instant::now();
        let Ok(answer) = exchange(&mut stream, &request, pause).await else {
            seen.broken += 1;
            continue;
        };
        match (answer.status, answer.event) {
            (202, Some(event)) => seen.taken.push((event, Instant::now(), began.elapsed())),
            (503, _) => {
                ensure!(answer.says_when, "a 503 does not say when to come back");
                seen.shed += 1;
                tokio::time::sleep(RUDE).await;
            }
            (status, _) => bail!("a body was answered with {status}"),
        }
        open = Some(stream);
    }
    Ok(seen)
}

/// Sends all of a request, as clients do that look for an answer only then, and reads the answer.
async fn exchange(stream: &mut TcpStream, request: &Request, pause: Duration) -> anyhow::Result<Answer> {
    stream.write_all(&request.head).await?;
    if pause.is_zero() {
        stream.write_all(&request.body).await?;
    } else {
        for piece in request.body.chunks(request.body.len().div_ceil(PIECES as usize)) {
            stream.write_all(piece).await?;
            tokio::time::sleep(pause).await;
        }
    }
    let mut received = Vec::with_capacity(1024);
    loop {
        ensure!(stream.read_buf(&mut received).await? > 0, "the connection was closed");
        let mut headers = [httparse::EMPTY_HEADER; 32];
        let mut answer = httparse::Response::new(&mut headers);
        let httparse::Status::Complete(head) = answer.parse(&received)? else { continue };
        let header = |name: &str| {
            let found = answer.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
            found.and_then(|header| std::str::from_utf8(header.value).ok())
        };
        let length: usize = header("content-length").context("the answer has no length")?.parse()?;
        let (status, says_when) = (answer.code.unwrap_or_default(), header("retry-after").is_some());
        let answer = Answer { status, event: header("linchpin-event").map(str::to_owned), says_when };
        while received.len() < head + length {
            ensure!(stream.read_buf(&mut received).await? > 0, "the connection was closed");
        }
        return Ok(answer);
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
