//! A small HTTP client for the harness itself: set-up and counters, never under load.

use std::net::SocketAddr;

use anyhow::{Context, ensure};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Status line and headers.
    pub head: String,
    /// The body as text.
    pub body: String,
}

impl Answer {
    /// The body of a 2xx as JSON.
    ///
    /// # Errors
    /// For any other status, and for what is no JSON.
    pub fn json(&self) -> anyhow::Result<Value> {
        ensure!((200..300).contains(&self.status), "{}: {}", self.status, self.body);
        Ok(if self.body.is_empty() { Value::Null } else { serde_json::from_str(&self.body)? })
    }
}

/// Gets a path.
///
/// # Errors
/// For anything but a 2xx.
pub async fn get(address: SocketAddr, path: &str) -> anyhow::Result<String> {
    let answer = call(address, "GET", path, &[], None).await?;
    ensure!((200..300).contains(&answer.status), "{path}: {}", answer.status);
    Ok(answer.body)
}

/// Makes one request with a JSON body on a connection of its own.
///
/// # Errors
/// When there is no answer.
pub async fn call(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[String],
    body: Option<&Value>,
) -> anyhow::Result<Answer> {
    send(address, (method, path), headers, body.map(ToString::to_string).unwrap_or_default()).await
}

/// Makes one request with any body; `content-type: application/json` unless a header says otherwise.
///
/// # Errors
/// When there is no answer.
pub async fn send(
    address: SocketAddr,
    (method, path): (&str, &str),
    headers: &[String],
    body: String,
) -> anyhow::Result<Answer> {
    let mut stream = TcpStream::connect(address).await?;
    let has_type = headers.iter().any(|header| header.to_ascii_lowercase().starts_with("content-type:"));
    let content_type = if has_type { "" } else { "content-type: application/json\r\n" };
    let headers = headers.iter().map(|header| format!("{header}\r\n")).collect::<Vec<_>>().concat();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{content_type}\
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
