//! More than the server may hold at once.

use std::{collections::HashSet, io::Read};

use axum::http::Method;
use flate2::{Compression, read::GzEncoder};
use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::{Api, Home, Http, Server, Source, eventually, flow};

const ECHO: &str = "nodes:
  say: { kind: template, text: \"{{ input.query | length }}\" }
edges: [start -> say]
outputs: { length: \"{{ nodes.say.text }}\" }
";

const MIB: usize = 1 << 20;

/// A server with room for so many bytes of bodies, and a source that takes large ones.
async fn narrow(bytes: &str) -> (Server, Api, Source) {
    let server = Home::new().serve().variable("LINCHPIN_LIMITS__IN_FLIGHT_BYTES", bytes).start().await;
    let owner = Api::set_up(&server).await;
    owner.deploy("echo", &flow("echo", ECHO)).await;
    let config = json!({ "verification": { "scheme": "none" }, "limits": { "body": "8MiB" } });
    let source = owner.source("echo", config, Value::Null).await;
    (server, owner, source)
}

fn sized(bytes: usize) -> String {
    json!({ "query": "x".repeat(bytes - r#"{"query":""}"#.len()) }).to_string()
}

/// A number in the metrics; 0 when it is not there.
async fn metric(server: &Server, name: &str) -> u64 {
    let metrics = Http::new().call(Method::GET, &format!("{}/metrics", server.url), &[], "").await;
    let line = metrics.text().lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
    line.unwrap_or_default()
}

/// A sender that has sent all but the last byte of its body.
async fn stalled(server: &Server, source: &Source, body: &str) -> TcpStream {
    let address = server.url.strip_prefix("http://").unwrap();
    let path = source.url.strip_prefix(&server.url).unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&body.as_bytes()[..body.len() - 1]).await.unwrap();
    stream
}

#[tokio::test]
async fn bodies_beyond_the_room_are_shed_and_what_was_taken_has_run() {
    let (server, owner, source) = narrow("4MiB").await;
    let body = sized(3 * MIB);
    let mut slow = stalled(&server, &source, &body).await;
    eventually("what it sent is in hand", async || {
        (metric(&server, "linchpin_in_flight_bytes").await == 3 * MIB as u64 - 1).then_some(())
    })
    .await;

    let shed = source.send(Method::POST, &[("content-type", "application/json")], sized(2 * MIB)).await;
    shed.problem(503, "overloaded");
    assert_eq!(shed.header("retry-after"), Some("2"));
    assert_eq!(source.post(&json!({ "query": "small" })).await.status, 202, "there is room for a small one");

    let large = sized(MIB * 3 / 4);
    let headers = [("content-type", "application/json")];
    let answers = join_all((0..24).map(|_| source.send(Method::POST, &headers, large.clone()))).await;
    let mut taken = HashSet::new();
    for answer in answers {
        if answer.status == 202 {
            taken.insert(answer.json()["event_id"].as_str().unwrap().to_owned());
            continue;
        }
        answer.problem(503, "overloaded");
        assert_eq!(answer.header("retry-after"), Some("2"));
    }
    slow.write_all(&body.as_bytes()[body.len() - 1..]).await.unwrap();
    let mut answer = String::new();
    slow.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 202"), "{answer}");

    eventually("every event that was taken has run, and no other", async || {
        let events = owner.list_all("events").await;
        assert_eq!(events.len(), taken.len() + 2, "a 2xx each, for one slow and one small besides");
        let known: HashSet<_> = events.iter().map(|event| event["id"].as_str().unwrap().to_owned()).collect();
        assert!(taken.is_subset(&known));
        events.iter().all(|event| event["status"] == "succeeded").then_some(())
    })
    .await;
    assert_eq!(metric(&server, "linchpin_in_flight_bytes").await, 0, "all is given back");
    assert_eq!(metric(&server, "linchpin_in_flight_requests").await, 0);
    assert!(metric(&server, "linchpin_requests_shed_total{why=\"bytes\"}").await >= 1);
    assert_eq!(owner.list("refusals").await, Vec::<Value>::new(), "what is shed is only counted");
    assert_eq!(source.send(Method::POST, &headers, sized(3 * MIB)).await.status, 202);
}

#[tokio::test]
async fn a_body_counts_as_large_as_it_is_in_memory() {
    let (server, owner, source) = narrow("4MiB").await;
    let mut packed = Vec::new();
    GzEncoder::new(sized(5 * MIB).as_bytes(), Compression::fast()).read_to_end(&mut packed).unwrap();
    assert!(packed.len() < MIB, "{}", packed.len());
    let headers = [("content-type", "application/json"), ("content-encoding", "gzip")];
    source.send(Method::POST, &headers, packed).await.problem(503, "overloaded");
    assert_eq!(metric(&server, "linchpin_in_flight_bytes").await, 0, "all is given back");
    assert_eq!(owner.list("events").await, Vec::<Value>::new());
}

#[tokio::test]
async fn what_is_announced_and_not_sent_takes_no_room() {
    let (server, _owner, source) = narrow("4MiB").await;
    let address = server.url.strip_prefix("http://").unwrap();
    let path = source.url.strip_prefix(&server.url).unwrap();
    let mut halves = Vec::new();
    for _ in 0..10 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let head = format!("POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n{{", 3 * MIB);
        stream.write_all(head.as_bytes()).await.unwrap();
        halves.push(stream);
    }
    eventually("each has sent a byte", async || {
        (metric(&server, "linchpin_in_flight_bytes").await == 10).then_some(())
    })
    .await;
    let headers = [("content-type", "application/json")];
    assert_eq!(source.send(Method::POST, &headers, sized(3 * MIB)).await.status, 202);
    drop(halves);
    eventually("who has gone holds nothing", async || {
        (metric(&server, "linchpin_in_flight_bytes").await == 0).then_some(())
    })
    .await;
}
