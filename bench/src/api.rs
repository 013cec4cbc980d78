//! A small HTTP client for the harness itself: set-up and counters, never under load.

use std::net::SocketAddr;

use anyhow::{Context, ensure};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> anyhow::Result<Value> {
        ensure!((200..300).contains(&self.status), "{}: {}", self.status, self.body);
        Ok(if self.body.is_empty() { Value::Null } else { serde_json::from_str(&self.body)? })
    }
}

/// Gets a path; anything but a 2xx is an error.
pub(crate) async fn get(address: SocketAddr, path: &str) -> anyhow::Result<String> {
    let answer = call(address, "GET", path, &[], None).await?;
    ensure!((200..300).contains(&answer.status), "{path}: {}", answer.status);
    Ok(answer.body)
}

/// Makes one request on a connection of its own.
pub(crate) async fn call(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[String],
    body: Option<&Value>,
) -> anyhow::Result<Answer> {
    let mut stream = TcpStream::connect(address).await?;
    let body = body.map(ToString::to_string).unwrap_or_default();
    let headers = headers.iter().map(|header| format!("{header}\r\n")).collect::<Vec<_>>().concat();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n{headers}\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let (head, body) = answer.split_once("\r\n\r\n").context("the answer has no head")?;
    let status =
        head.split(' ').nth(1).and_then(|status| status.parse().ok()).context("the answer has no status")?;
    Ok(Answer { status, head: head.to_owned(), body: body.to_owned() })
}
