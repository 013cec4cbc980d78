//! The world's side of a connection: it reads a request and writes an answer, nothing more, so that what
//! answers the server under test takes as little of its machine as it can.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, ensure};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, sleep},
};

/// The longest request, in bytes.
const LONGEST: usize = 1 << 20;

/// The most headers of a request.
const HEADERS: usize = 32;

/// A request as far as the world looks at it.
pub(super) struct Request<'a> {
    pub(super) method: &'a str,
    pub(super) path: &'a str,
    /// The `webhook-id`.
    pub(super) id: Option<&'a [u8]>,
    pub(super) body: &'a [u8],
}

/// How often a byte comes of an answer that drips.
const DRIP: Duration = Duration::from_millis(50);

/// How much of a long answer is written at once.
const PIECE: usize = 64 << 10;

/// An answer.
pub(super) struct Answer {
    pub(super) status: &'static str,
    pub(super) content_type: &'static str,
    pub(super) body: std::borrow::Cow<'static, str>,
    /// How long it is held back.
    pub(super) after: Duration,
    /// What stands in place of the body, in an answer that ends with its connection.
    pub(super) endless: Option<Endless>,
}

/// A body longer than its caller would wait for.
pub(super) struct Endless {
    /// Bytes in all; they come one by one, now and then, when there is no number.
    pub(super) bytes: Option<u64>,
    pub(super) seen: Arc<Sent>,
}

/// What became of such answers.
#[derive(Default)]
pub(super) struct Sent {
    /// Those whose caller has gone, or that are over.
    pub(super) ended: AtomicU64,
    /// How long the caller stayed at the longest, in microseconds.
    pub(super) longest_us: AtomicU64,
    /// The most bytes that one could send.
    pub(super) most_bytes: AtomicU64,
}

impl Answer {
    /// One without a body.
    pub(super) fn empty(status: &'static str) -> Self {
        Self { status, content_type: "text/plain", body: "".into(), after: Duration::ZERO, endless: None }
    }
}

/// A request that was answered.
struct Taken {
    /// How long it was.
    length: usize,
    /// Whether the caller wants no other on this connection.
    closes: bool,
    answer: Option<Answer>,
}

/// Answers the requests of a connection in turn until the caller goes. A request without an answer is left
/// open for as long as the caller stays.
pub(super) async fn serve(
    mut stream: TcpStream,
    respond: impl Fn(Request) -> Option<Answer>,
) -> anyhow::Result<()> {
    stream.set_nodelay(true)?;
    let (mut read, mut written) = (Vec::with_capacity(4096), Vec::with_capacity(1024));
    loop {
        let Some(Taken { length, closes, answer }) = take(&read, &respond)? else {
            ensure!(read.len() < LONGEST, "a request is too long");
            if stream.read_buf(&mut read).await? == 0 {
                return Ok(());
            }
            continue;
        };
        read.drain(..length);
        let Some(Answer { status, content_type, body, after, endless }) = answer else {
            // Nothing more comes on this connection.
            return stream.read_u8().await.map(drop).or(Ok(()));
        };
        if !after.is_zero() {
            tokio::time::sleep(after).await;
        }
        if let Some(endless) = endless {
            return endless.send(stream, status).await;
        }
        written.clear();
        for part in ["HTTP/1.1 ", status, "\r\ncontent-type: ", content_type, "\r\ncontent-length: "] {
            written.extend_from_slice(part.as_bytes());
        }
        written.extend_from_slice(format!("{}\r\n\r\n{body}", body.len()).as_bytes());
        stream.write_all(&written).await?;
        if closes {
            return Ok(());
        }
    }
}

impl Endless {
    /// Answers until all is sent or the caller goes.
    async fn send(self, mut stream: TcpStream, status: &str) -> anyhow::Result<()> {
        let begun = Instant::now();
        let length = self.bytes.unwrap_or(u64::from(u32::MAX));
        let head =
            format!("HTTP/1.1 {status}\r\ncontent-type: text/plain\r\ncontent-length: {length}\r\n\r\n");
        stream.write_all(head.as_bytes()).await?;
        let piece = vec![b'x'; if self.bytes.is_some() { PIECE } else { 1 }];
        let (mut reading, mut writing) = stream.split();
        let mut sent = 0;
        let sending = async {
            // The caller may go at any time, which is what is waited for.
            while sent < length && writing.write_all(&piece).await.is_ok() {
                sent += piece.len() as u64;
                if self.bytes.is_none() {
                    sleep(DRIP).await;
                }
            }
        };
        tokio::select! {
            () = sending => {}
            _ = reading.read_u8() => {}
        }
        let held_us = u64::try_from(begun.elapsed().as_micros())?;
        self.seen.longest_us.fetch_max(held_us, Ordering::Relaxed);
        self.seen.most_bytes.fetch_max(sent, Ordering::Relaxed);
        self.seen.ended.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

/// Answers the first request, if the whole of it is there.
fn take(read: &[u8], respond: impl Fn(Request) -> Option<Answer>) -> anyhow::Result<Option<Taken>> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS];
    let mut parsed = httparse::Request::new(&mut headers);
    let httparse::Status::Complete(head) = parsed.parse(read)? else { return Ok(None) };
    let header = |name: &str| {
        let header = parsed.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
        header.map(|header| header.value)
    };
    let text = |name| header(name).map_or(Ok(""), std::str::from_utf8);
    ensure!(header("transfer-encoding").is_none(), "a body in chunks is not read here");
    let length = match text("content-length")? {
        "" => head,
        length => head + length.parse::<usize>().context("a length is no number")?,
    };
    let Some(body) = read.get(head..length) else { return Ok(None) };
    let (method, path) = (parsed.method.unwrap_or_default(), parsed.path.unwrap_or_default());
    let answer = respond(Request { method, path, id: header("webhook-id"), body });
    Ok(Some(Taken { length, closes: text("connection")?.eq_ignore_ascii_case("close"), answer }))
}

#[cfg(test)]
mod tests {
    use super::{Answer, take};

    #[test]
    fn a_request_is_taken_once_it_is_whole() {
        let request = b"POST /receive/a HTTP/1.1\r\nWebhook-Id: m1\r\ncontent-length: 2\r\n\r\nhiGET";
        let answer = |request: super::Request| {
            assert_eq!((request.method, request.path), ("POST", "/receive/a"));
            assert_eq!((request.id, request.body), (Some(&b"m1"[..]), &b"hi"[..]));
            Some(Answer::empty("200 OK"))
        };
        let whole = request.len() - 3;
        for part in 0..whole {
            assert!(take(&request[..part], answer).unwrap().is_none());
        }
        let taken = take(request, answer).unwrap().unwrap();
        assert_eq!((taken.length, taken.closes), (whole, false));
        assert!(take(b"SMTP ready\r\n\r\n", answer).is_err());
    }
}
