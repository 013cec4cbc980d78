//! Connections that say half a word and stay.

use std::time::Duration;

use axum::http::Method;
use serde_json::json;
use tokio::{io::AsyncWriteExt, net::TcpStream, time::timeout};

use crate::support::{Api, Server, flow};

const ECHO: &str = "nodes:
  say: { kind: template, text: \"{{ input.query }}\" }
edges: [start -> say]
outputs: { text: \"{{ nodes.say.text }}\" }
";

#[tokio::test]
async fn hooks_answer_while_hundreds_of_connections_are_half_open() {
    const HALVES: usize = 200;
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    owner.deploy("echo", &flow("echo", ECHO)).await;
    let source = owner.open_source("echo", "wait").await;
    let address = server.url.strip_prefix("http://").unwrap();
    let mut halves = Vec::with_capacity(HALVES);
    for nth in 0..HALVES {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let half: &[u8] = match nth % 3 {
            0 => b"",
            1 => b"POST /hooks/src HTTP/1.1\r\nhost: x\r\nx-slow: ",
            // A whole head, and a body that does not come.
            _ => b"POST /hooks/src HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{",
        };
        stream.write_all(half).await.unwrap();
        halves.push(stream);
    }
    for _ in 0..20 {
        // A sender of its own each time: a new connection.
        let sender = Api::nobody(&server).source_of(&json!({ "id": source.id, "url": source.url }));
        let answer = timeout(Duration::from_secs(5), sender.post(&json!({ "query": "x" }))).await;
        assert_eq!(answer.expect("a hook answers").ok(), json!({ "text": "x" }));
    }
    drop(halves);
}

#[tokio::test]
async fn a_head_has_64_kib_at_most() {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    owner.deploy("echo", &flow("echo", ECHO)).await;
    let source = owner.open_source("echo", "wait").await;
    let with = async |bytes: usize| {
        let long = "x".repeat(bytes);
        let headers = [("content-type", "application/json"), ("x-long", long.as_str())];
        source.send(Method::POST, &headers, json!({ "query": "x" }).to_string()).await
    };
    assert_eq!(with(60 << 10).await.ok(), json!({ "text": "x" }));
    assert_eq!(with(65 << 10).await.status, 431);
}
