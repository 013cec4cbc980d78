//! What operators do and look at: health, metrics, stopping, mistakes in the configuration.

use std::{net::TcpListener, sync::Arc, time::Duration};

use axum::http::Method;
use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt, net::TcpStream, sync::Semaphore};

use crate::{
    calling::asking,
    live::Live,
    support::{Answer, Api, Home, Http, PASSWORD, Receiver, Reply, Server, eventually, flow, within},
};

const ECHO: &str = "nodes:
  say: { kind: template, text: \"{{ input.query }}\" }
edges: [start -> say]
outputs: { text: \"{{ nodes.say.text }}\" }
";

async fn get(server: &Server, path: &str) -> Answer {
    Http::new().call(Method::GET, &format!("{}{path}", server.url), &[], "").await
}

#[tokio::test]
async fn health_and_metrics_need_no_login_and_tell_no_payload() {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    assert_eq!(get(&server, "/livez").await.status, 200);
    assert_eq!(get(&server, "/readyz").await.status, 200);
    owner.deploy("echo", &flow("echo", ECHO)).await;
    let source = owner.open_source("echo", "wait").await;
    source.post(&json!({ "query": "my-payload" })).await.ok();
    source.post(&json!({ "query": 1 })).await.problem(422, "field_invalid");
    let metrics = get(&server, "/metrics").await;
    let text = metrics.text();
    for line in [
        r#"linchpin_requests_total{outcome="accepted"} 1"#,
        r#"linchpin_requests_total{outcome="field_invalid"} 1"#,
        "linchpin_runs_under_way 0",
        "# TYPE linchpin_store_writes_total counter",
    ] {
        assert!(text.lines().any(|known| known == line), "{line}: {text}");
    }
    assert!(!text.contains("my-payload") && !text.contains(&source.id), "{text}");
}

#[tokio::test]
async fn metrics_say_of_each_destination_what_waits_and_what_came_of_its_attempts() {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    let receiver = Receiver::start(|nth, _| Reply::Status([200, 404][nth])).await;
    owner.destination("erp", json!({ "kind": "webhook", "url": receiver.url("hook") }), Value::Null).await;
    let tell = "nodes: { tell: { kind: deliver, destination: erp, body: x } }\nedges: [start -> tell]\n";
    owner.deploy("telling", &flow("telling", tell)).await;
    let source = owner.open_source("telling", "accept").await;
    for _ in 0..2 {
        let receipt = source.post(&json!({ "query": "x" })).await.ok();
        owner.settled(receipt["event_id"].as_str().unwrap(), 1).await;
    }
    let metrics = get(&server, "/metrics").await;
    let text = metrics.text();
    let of = r#"environment="production",destination="erp""#;
    for line in [
        format!("linchpin_destination_attempts_total{{{of},outcome=\"delivered\"}} 1"),
        format!("linchpin_destination_attempts_total{{{of},outcome=\"permanent\"}} 1"),
        format!("linchpin_destination_deliveries_total{{{of},state=\"delivered\"}} 1"),
        format!("linchpin_destination_deliveries_total{{{of},state=\"dead\"}} 1"),
        format!("linchpin_destination_attempt_seconds_bucket{{{of},le=\"+Inf\"}} 2"),
        format!("linchpin_destination_queue{{{of},state=\"dead\"}} 1"),
        format!("linchpin_destination_queue{{{of},state=\"pending\"}} 0"),
        format!("linchpin_destination_oldest_seconds{{{of}}} 0"),
        format!("linchpin_destination_breaker_open{{{of}}} 0"),
        "# TYPE linchpin_destination_attempt_seconds histogram".to_owned(),
        "# TYPE linchpin_destination_queue gauge".to_owned(),
    ] {
        assert!(text.lines().any(|known| known == line), "{line}: {text}");
    }
}

/// Arguments and variables of a server that cannot start, and what it must say.
type Mistake<'a> = (&'a [&'a str], &'a [(&'a str, &'a str)], &'a [&'a str]);

/// A receiver that answers when it is told to.
async fn gated() -> (Receiver, Arc<Semaphore>) {
    let gate = Arc::new(Semaphore::new(0));
    let inner = Arc::clone(&gate);
    let receiver = Receiver::start(move |_, _| {
        Reply::Gate(Arc::clone(&inner), Box::new(Reply::json(200, &json!("late, but whole"))))
    });
    (receiver.await, gate)
}

#[tokio::test]
async fn a_stop_lets_those_who_wait_have_their_answer() {
    let mut server = Server::fresh().await;
    let (receiver, gate) = gated().await;
    let owner = asking(&server, &receiver.url("erp")).await;
    let source = owner.open_source("asking", "wait").await;
    let others = owner.open_source("asking", "accept").await;
    let waiting = tokio::spawn(async move { source.post(&json!({ "query": "x" })).await });
    receiver.until(1).await;
    server.terminate();
    let refused = eventually("new requests are refused", async || {
        let answer = others.post(&json!({ "query": "new" })).await;
        (answer.status == 503).then_some(answer)
    });
    let refused = refused.await;
    refused.problem(503, "stopping");
    assert!(refused.header("retry-after").is_some(), "{refused:?}");
    assert_eq!(get(&server, "/readyz").await.status, 503);
    assert_eq!(get(&server, "/livez").await.status, 200);
    assert!(server.has_ended().is_none(), "it waits for who waits");

    // The requests before the stop may have been taken and ask as well.
    gate.add_permits(1_000);
    assert_eq!(waiting.await.unwrap().ok(), json!({ "said": "late, but whole" }));
    assert_eq!(server.ended().await.code(), Some(0), "{}", server.log());
}

#[tokio::test]
async fn a_stop_waits_no_longer_than_it_was_told_to_and_the_run_goes_on_at_the_next_start() {
    let home = Home::new();
    let mut server = home.serve().variable("LINCHPIN_STOP_PATIENCE", "200ms").start().await;
    let (receiver, gate) = gated().await;
    let owner = asking(&server, &receiver.url("erp")).await;
    let source = owner.open_source("asking", "wait").await;
    let waiting = tokio::spawn({
        let source = source.clone();
        async move { source.post(&json!({ "query": "x" })).await }
    });
    receiver.until(1).await;
    server.terminate();
    let receipt = tokio::time::timeout(Duration::from_secs(10), waiting).await;
    let receipt = receipt.expect("who waits gets an answer before the process ends").unwrap();
    assert_eq!(receipt.status, 202, "{receipt:?}");
    assert_eq!(server.ended().await.code(), Some(0), "{}", server.log());

    gate.add_permits(1_000);
    let server = home.serve().start().await;
    let owner = owner.at(&server);
    let event = receipt.ok()["event_id"].as_str().unwrap().to_owned();
    eventually("the run has ended", async || {
        (owner.trace(&event).await["runs"][0]["status"] == "succeeded").then_some(())
    })
    .await;
    let keys: Vec<_> = receiver.seen().iter().map(|call| call.header("idempotency-key").to_owned()).collect();
    assert!(keys.len() == 2 && keys[0] == keys[1], "the call is made again under its key: {keys:?}");
}

#[tokio::test]
async fn a_stop_ends_the_streams_of_those_who_look_on() {
    let mut server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    let mut live = Live::open(&owner, "production").await;
    server.terminate();
    within(Duration::from_secs(10), "the server has ended", async || server.has_ended()).await;
    assert_eq!(live.next().await, None, "the stream has ended");
    assert_eq!(server.ended().await.code(), Some(0));
}

#[tokio::test]
async fn a_request_that_never_ends_does_not_hold_the_stop_up() {
    let mut server = Server::fresh().await;
    let mut stuck = TcpStream::connect(server.url.strip_prefix("http://").unwrap()).await.unwrap();
    stuck.write_all(b"POST /api/v1/session HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{").await.unwrap();
    get(&server, "/readyz").await;
    server.terminate();
    assert_eq!(server.ended().await.code(), Some(0), "{}", server.log());
    assert!(server.log().contains("cut off"), "{}", server.log());
}

#[tokio::test]
async fn a_second_server_is_kept_out_of_the_folder() {
    if Home::is_on_postgres() {
        return;
    }
    let home = Home::new();
    let first = home.serve().start().await;
    let ended = home.serve().fail().await;
    assert_eq!(ended.status.code(), Some(1));
    assert!(
        ended.said.contains("another server has it open") && ended.said.contains("--data-dir"),
        "{}",
        ended.said
    );
    assert_eq!(get(&first, "/readyz").await.status, 200);
    first.kill().await;
    home.serve().start().await;
}

#[tokio::test]
async fn a_mistake_in_the_configuration_is_named_before_anything_starts() {
    let home = Home::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let write = |name: &str, text: &str| {
        let path = home.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let misspelt = write("misspelt.toml", "lisen = \"127.0.0.1:0\"\n");
    let wrong = write("wrong.toml", "[outbound]\nallow_cidrs = [\"10.0.0.0/99\"]\n");
    let folder = write("file", "");
    let cases: [Mistake; 10] = [
        (&["--config", "missing.toml"], &[], &["missing.toml"]),
        (&["--config", &misspelt], &[], &["lisen"]),
        (&["--config", &wrong], &[], &["allow_cidrs"]),
        (&[], &[("LINCHPIN_LISTN", "127.0.0.1:1")], &["listn"]),
        (&[], &[("LINCHPIN_DATABASE__MAX_SIZE", "many")], &["max_size"]),
        (&[], &[("LINCHPIN_LOG__FILTER", "a=b=c")], &["log.filter"]),
        (&[], &[("LINCHPIN_KEY", "c2hvcnQ=")], &["key"]),
        (&["--listen", "0.0.0.0:0"], &[], &["trusted_proxies"]),
        (&["--listen", &taken], &[], &["cannot be listened on", &taken]),
        (&["--data-dir", &folder], &[], &[&folder]),
    ];
    for (arguments, variables, says) in cases {
        let mut launch = home.guarded().arguments(arguments);
        for (name, value) in variables {
            launch = launch.variable(name, value);
        }
        let ended = launch.fail().await;
        assert_eq!(ended.status.code(), Some(1), "{arguments:?} {variables:?}: {}", ended.said);
        for word in says {
            assert!(
                ended.said.to_lowercase().contains(&word.to_lowercase()),
                "{arguments:?} {variables:?}: {}",
                ended.said
            );
        }
        assert!(ended.said.starts_with("linchpin: "), "{}", ended.said);
    }
}

#[tokio::test]
async fn a_key_that_does_not_fit_the_data_is_refused_and_a_lost_one_is_not_replaced() {
    let home = Home::new();
    let server = home.serve().start().await;
    let owner = Api::set_up(&server).await;
    owner.put("/environments/production/secrets/X", &json!({ "value": "y" })).await.ok();
    server.kill().await;
    let other = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let ended = home.serve().variable("LINCHPIN_KEY", other).fail().await;
    assert!(ended.said.contains("the key is not that of the "), "{}", ended.said);

    if Home::is_on_postgres() {
        return;
    }
    let file = home.path().join("data/key");
    let key = std::fs::read_to_string(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    let ended = home.serve().fail().await;
    assert!(ended.said.contains("is gone") && ended.said.contains("LINCHPIN_KEY"), "{}", ended.said);
    let server = home.serve().variable("LINCHPIN_KEY", key.trim()).start().await;
    assert_eq!(owner.at(&server).get("/me").await.status, 200);
}

#[tokio::test]
async fn addresses_are_those_that_senders_use() {
    let home = Home::new();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let public = ["--listen", &free, "--public-url", "https://hub.example.com/"];
    let mut server = home.serve().arguments(&public).start().await;
    server.url = format!("http://{free}");
    let nobody = Api::nobody(&server);
    let token = server.link_token().await;
    assert!(server.out().contains("https://hub.example.com/setup#token="), "{}", server.out());
    let owner = json!({ "token": token, "email": "o@example.com", "name": "O", "password": PASSWORD });
    let made = nobody.post("/setup", &owner).await;
    assert!(made.header("set-cookie").unwrap().ends_with("; Secure"), "{made:?}");
    let owner = nobody.with_session(&made);
    owner.deploy("echo", &flow("echo", ECHO)).await;
    let source = owner.open_source("echo", "accept").await;
    assert_eq!(source.url, format!("https://hub.example.com/hooks/{}", source.id));
}

#[tokio::test]
async fn who_sent_a_request_is_what_a_trusted_proxy_says() {
    let headers = [("x-forwarded-for", "6.6.6.6, 203.0.113.9")];
    for (trusted, peer) in [("[\"127.0.0.0/8\"]", "203.0.113.9"), ("[\"10.0.0.0/8\"]", "127.0.0.1")] {
        let server = Home::new().serve().variable("LINCHPIN_TRUSTED_PROXIES", trusted).start().await;
        let owner = Api::set_up(&server).await;
        owner.deploy("echo", &flow("echo", ECHO)).await;
        let source = owner.open_source("echo", "accept").await;
        let receipt = source.post_with(&headers, &json!({ "query": "x" })).await.ok();
        let trace = owner.trace(receipt["event_id"].as_str().unwrap()).await;
        assert_eq!(trace["request"]["peer"], peer, "{trace}");
    }
}
