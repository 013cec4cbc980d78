//! Receivers that hang, drip, lie, flood, redirect, break off and are gone.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;

use crate::support::{Api, Receiver, Reply, Server, flow, rude};

/// A receiver, how many retries it gets, the outcomes that are expected, and a word of the reason.
struct Case {
    name: &'static str,
    url: String,
    retry: Value,
    outcomes: &'static [&'static str],
    reason: &'static str,
}

fn case(
    name: &'static str,
    url: String,
    retry: Value,
    outcomes: &'static [&'static str],
    reason: &'static str,
) -> Case {
    Case { name, url, retry, outcomes, reason }
}

async fn drips() -> String {
    rude(|_, mut stream| async move {
        let mut piece = b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n".to_vec();
        while stream.write_all(&piece).await.is_ok() {
            piece = b"x".to_vec();
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
}

/// Answers the first request with these bytes, later ones properly.
async fn first(answer: &'static str) -> String {
    rude(move |nth, mut stream| async move {
        let proper = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
        let answer = if nth == 0 { answer } else { proper };
        // The server may have gone in the middle of it.
        let _ = stream.write_all(answer.as_bytes()).await;
        let _ = stream.shutdown().await;
    })
    .await
}

async fn resets() -> String {
    rude(|nth, mut stream| async move {
        if nth == 0 {
            stream.set_zero_linger().unwrap();
        } else {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
        }
    })
    .await
}

/// Every receiver of ill will is told of one event; what each did is on record.
#[tokio::test]
async fn what_a_receiver_does_is_recorded_and_judged() {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    let elsewhere = Receiver::accepting().await;
    let to = elsewhere.url("final");
    let receiver = Receiver::start(move |_, seen| match seen.path.as_str() {
        "/hangs" => Reply::Hang,
        "/floods" => Reply::with(200, &[], vec![b'x'; 4 << 20]),
        "/redirects" => Reply::with(307, &[("location", &to)], ""),
        "/gone" => Reply::Status(410),
        "/fails" => Reply::with(500, &[], "out of tickets"),
        path => panic!("nobody calls {path}"),
    });
    let receiver = receiver.await;
    let none = || json!("none");
    let once = || json!(["1ms"]);
    let cases = [
        case("hangs", receiver.url("hangs"), none(), &["exhausted"], "waiting for the answer"),
        case("drips", drips().await, none(), &["exhausted"], "reading the answer"),
        case(
            "lies",
            first("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nx").await,
            once(),
            &["retry", "delivered"],
            "broke",
        ),
        case("nonsense", first("SMTP ready\r\n\r\n").await, once(), &["retry", "delivered"], "HTTP"),
        case("resets", resets().await, once(), &["retry", "delivered"], "broke"),
        case("floods", receiver.url("floods"), none(), &["delivered"], ""),
        case("redirects", receiver.url("redirects"), once(), &["permanent"], "not followed"),
        case("gone", receiver.url("gone"), once(), &["permanent"], "410"),
        case("fails", receiver.url("fails"), once(), &["retry", "exhausted"], "500"),
    ];
    for case in &cases {
        let config = json!({ "kind": "webhook", "url": case.url, "retry": case.retry, "timeout": "1s" });
        owner.destination(case.name, config, Value::Null).await;
    }
    let all = |make: &dyn Fn(&str) -> String| cases.iter().map(|case| make(case.name)).collect::<String>();
    let line = |name: &str| {
        format!("  {name}: {{ kind: deliver, destination: {name}, body: \"{{{{ input.query }}}}\" }}\n")
    };
    let edge = |name: &str| format!("  - start -> {name}\n");
    let rest = format!("nodes:\n{}edges:\n{}", all(&line), all(&edge));
    owner.deploy("all", &flow("all", &rest)).await;
    let source = owner.open_source("all", "accept").await;
    let receipt = source.post(&json!({ "query": "x" })).await.ok();
    let trace = owner.settled(receipt["event_id"].as_str().unwrap(), cases.len()).await;
    assert_eq!(trace["runs"][0]["status"], "succeeded", "the flow goes on at once");
    for case in &cases {
        check(case, &trace);
    }
    assert!(elsewhere.seen().is_empty(), "a redirect is not followed");
}

fn check(case: &Case, trace: &Value) {
    let deliveries = trace["runs"][0]["deliveries"].as_array().unwrap();
    let delivery = deliveries.iter().find(|delivery| delivery["destination"] == case.name).unwrap();
    let attempts = delivery["attempts"].as_array().unwrap();
    let outcomes: Vec<_> = attempts.iter().map(|attempt| attempt["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, case.outcomes, "{}: {delivery}", case.name);
    let state = if outcomes.last() == Some(&"delivered") { "delivered" } else { "dead" };
    assert_eq!(delivery["state"], state, "{}", case.name);
    let reason = attempts[0]["record"]["reason"].as_str().unwrap_or_default();
    assert!(reason.contains(case.reason), "{}: {reason}", case.name);
    let exchange = &attempts[0]["record"]["exchanges"][0];
    match case.name {
        "floods" => {
            let body = &exchange["response"]["body"];
            assert_eq!(body["content"].as_str().unwrap().len(), 64 << 10, "as much as is kept");
            assert_eq!(body["truncated"], true);
        }
        "fails" => assert_eq!(exchange["response"]["body"]["content"], "out of tickets"),
        "hangs" | "drips" => {
            assert_eq!(exchange["error"]["kind"], "timeout", "{exchange}");
            let took_ms = exchange["timing"]["total_ms"].as_u64().unwrap();
            assert!((900..5_000).contains(&took_ms), "{}: {took_ms} ms", case.name);
        }
        _ => {}
    }
}
