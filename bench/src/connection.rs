//! One keep-alive connection of the load: it writes a request and reads its answer, nothing more, so that
//! the load costs as little of the machine as it can.

use std::net::SocketAddr;

use anyhow::{Context, ensure};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// How long a body of the load is, in bytes.
const BODY: usize = 600;

/// A connection, and the part of its requests that stays the same.
pub(crate) struct Connection {
    stream: TcpStream,
    head: String,
    request: Vec<u8>,
    answer: Vec<u8>,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr, path: &str, headers: &[String]) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await.context("the server cannot be reached")?;
        stream.set_nodelay(true)?;
        let headers: String =
            headers.iter().map(|header| format!("{header}\r\n")).collect::<Vec<_>>().concat();
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\n\
             content-length: {BODY}\r\n{headers}"
        );
        Ok(Self { stream, head, request: Vec::with_capacity(2048), answer: Vec::with_capacity(4096) })
    }

    /// Posts a body of [`body`]'s length, with an idempotency key or without, and gives the answer's status.
    pub(crate) async fn post(&mut self, key: Option<u64>, body: &str) -> anyhow::Result<u16> {
        self.request.clear();
        self.request.extend_from_slice(self.head.as_bytes());
        if let Some(key) = key {
            self.request.extend_from_slice(format!("idempotency-key: {key:016x}\r\n").as_bytes());
        }
        self.request.extend_from_slice(b"\r\n");
        self.request.extend_from_slice(body.as_bytes());
        self.stream.write_all(&self.request).await?;
        self.read().await
    }

    /// Reads one answer with a `content-length`.
    async fn read(&mut self) -> anyhow::Result<u16> {
        let Self { stream, answer, .. } = self;
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
            return head.get(9..12).and_then(|status| status.parse().ok()).context("no status");
        }
    }
}

/// A body of 600 bytes as a shop's page would send it.
pub(crate) fn body(conversation: u64) -> String {
    let mut body = format!(
        r#"{{"query":"My machine shows E3 after descaling, what now? ","user_id":"u-20417","conversation_id":"{conversation}","page":""#
    );
    while body.len() < BODY - 2 {
        body.push('x');
    }
    body + "\"}"
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_body_is_json_of_the_same_length() {
        for conversation in [0, 88, u64::from(u32::MAX)] {
            let body = super::body(conversation);
            assert_eq!(body.len(), super::BODY);
            let read: serde_json::Value = serde_json::from_str(&body).unwrap();
            assert_eq!(read["conversation_id"], conversation.to_string());
        }
    }
}
