//! How long one request takes to judge: `cargo run --release -p gateway --example judge`.
//!
//! Prints nanoseconds per request, the median of many rounds, for a JSON body of 600 bytes with
//! dedupe on, the content of its event written included.

use std::{hint::black_box, net::Ipv4Addr, time::Instant};

use bytes::Bytes;
use clock::Timestamp;
use flow::Fields;
use gateway::{Head, Limits, Source};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::json;
use vault::standard_webhooks::SigningKey;

const TOKEN: &str = "0123456789abcdef0123456789abcdef";
const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

fn body() -> String {
    let order = |filler: &str| {
        json!({
            "query": "My machine shows E3 and does not start. What can I do?",
            "user_id": "u_81723",
            "conversation_id": "c_20931",
            "order": {"id": "o_77120", "total": 129.9, "paid": true, "items": [
                {"sku": "A-100", "count": 1}, {"sku": "B-200", "count": 3},
            ]},
            "meta": {"shop": "eu-1", "locale": "de-DE", "tags": ["warranty", "vip"], "note": filler},
        })
        .to_string()
    };
    let short = order("").len();
    order(&"x".repeat(600_usize.saturating_sub(short)))
}

fn inputs() -> Fields {
    serde_json::from_value(json!({
        "query": {"type": "string", "required": true, "max_length": 4000},
        "user_id": {"type": "string", "required": true},
        "conversation_id": {"type": "string"},
    }))
    .expect("fields")
}

fn headers(more: &[(&str, &str)]) -> HeaderMap {
    let usual = [
        ("host", "hooks.example.com"),
        ("user-agent", "Shop/3.2 (+https://shop.example)"),
        ("accept", "*/*"),
        ("accept-encoding", "gzip, br"),
        ("content-type", "application/json"),
        ("content-length", "600"),
        ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
        ("idempotency-key", "evt_01h455vb4pex5vsknk084sn02q"),
    ];
    let pair = |(name, value): &(&str, &str)| {
        (name.parse::<HeaderName>().expect("name"), value.parse::<HeaderValue>().expect("value"))
    };
    usual.iter().chain(more).map(pair).collect()
}

fn measure(
    what: &str,
    config: &serde_json::Value,
    secrets: &serde_json::Value,
    headers: &HeaderMap,
    body: &str,
) {
    let source =
        Source::compile(&config.to_string(), secrets.to_string().as_bytes(), &inputs()).expect("source");
    let (limits, bytes) = (Limits::of(&source), Bytes::copy_from_slice(body.as_bytes()));
    let peer = Ipv4Addr::LOCALHOST.into();
    let head = Head { method: &Method::POST, path_tail: "", query: None, headers, peer, received_at: NOW };
    let mut rounds: Vec<u128> = (0..200)
        .map(|_| {
            let started = Instant::now();
            for _ in 0..1_000 {
                let screened = source.before_body(black_box(head), &limits).expect("screened");
                black_box(screened.judge(black_box(&bytes), NOW).expect("judged"));
            }
            started.elapsed().as_nanos() / 1_000
        })
        .collect();
    rounds.sort_unstable();
    println!("{what}: {} ns (fastest {}, {} bytes)", rounds[100], rounds[0], body.len());
}

fn main() {
    let body = body();
    let token = headers(&[("authorization", &format!("Bearer {TOKEN}"))]);
    let secrets = json!({"scheme": "token", "tokens": [TOKEN]});
    let by_name = json!({"verification": {"scheme": "token"}});
    measure("token, inputs by name", &by_name, &secrets, &token, &body);
    let limited = json!({
        "verification": {"scheme": "token"},
        "limits": {"source_rate": {"requests": 1_000_000, "burst": 1_000_000}, "client_rate": {"requests": 1_000_000}},
        "fields": {
            "query": {"type": "string", "from": "body.query", "required": true},
            "user_id": {"type": "string", "from": "body.order.items[0].sku", "required": true},
        },
    });
    measure("token, mapped fields, both rates", &limited, &secrets, &token, &body);
    let at = NOW.as_secs();
    let signature = SigningKey::parse(KEY).expect("key").sign("msg_1", at, body.as_bytes());
    let signed = headers(&[
        ("webhook-id", "msg_1"),
        ("webhook-timestamp", &at.to_string()),
        ("webhook-signature", &signature),
    ]);
    let secrets = json!({"scheme": "standard_webhooks", "signing_keys": [KEY]});
    let config = json!({"verification": {"scheme": "standard_webhooks"}});
    measure("standard_webhooks, inputs by name", &config, &secrets, &signed, &body);
}
