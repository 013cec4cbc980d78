//! Nodes that wake each other over NATS.

use std::{sync::Arc, time::Duration};

use axum::http::Method;
use serde_json::json;
use tokio::sync::Semaphore;

use crate::{
    calling::asking,
    event_source::{Stream, Transcript},
    failing::succeeded,
    live::Live,
    models::model,
    nats_server::NatsServer,
    speaker::Speaker,
    streaming::THINKING,
    support::{Api, Home, Http, Launch, Receiver, Reply, Server, eventually, flow},
};

const URL: &str = "LINCHPIN_BUS__NATS_URL";

fn node(home: &Home, nats: &str) -> Launch {
    home.serve().variable(URL, nats).variable("LINCHPIN_ENGINE__MAX_RUNS", "1")
}

/// What a server counts under a name.
async fn counted(server: &Server, name: &str) -> u64 {
    let metrics = Http::new().call(Method::GET, &format!("{}/metrics", server.url), &[], "").await;
    let line = metrics.text().lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.map_or(0, |count| count.parse().unwrap())
}

#[tokio::test]
async fn what_one_node_has_no_place_for_is_run_by_another() {
    if !Home::is_on_postgres() {
        return;
    }
    let nats = NatsServer::start();
    let gate = Arc::new(Semaphore::new(0));
    let guard = Arc::clone(&gate);
    let erp = Receiver::start(move |_, _| {
        Reply::Gate(Arc::clone(&guard), Box::new(Reply::json(200, &json!("in stock"))))
    });
    let erp = erp.await;
    let home = Home::new();
    let (one, two) = (node(&home, &nats.url()).start().await, node(&home, &nats.url()).start().await);
    for server in [&one, &two] {
        eventually("it is connected", async || {
            (counted(server, "linchpin_bus_connected").await == 1).then_some(())
        })
        .await;
    }
    let owner = asking(&one, &erp.url("stock")).await;
    let source = owner.open_source("asking", "accept").await;
    let there = source.at(format!("{}/hooks/{}", two.url, source.id));
    // What was set up on one is known to the other.
    let first = eventually("the other node takes events", async || {
        Some(there.post(&json!({ "query": "one" })).await).filter(|answer| answer.status == 202)
    });
    let mut events = vec![first.await.ok()["event_id"].as_str().unwrap().to_owned()];
    erp.until(1).await;
    let second = there.post(&json!({ "query": "two" })).await.ok();
    events.push(second["event_id"].as_str().unwrap().to_owned());
    // Both are under way, though each node has one place.
    erp.until(2).await;
    for (server, name) in [(&two, "linchpin_bus_sent_total"), (&one, "linchpin_bus_heard_total")] {
        eventually(name, async || (counted(server, name).await > 0).then_some(())).await;
    }
    gate.add_permits(1_000);
    for event in &events {
        succeeded(&owner, event, 0).await;
    }
}

#[tokio::test]
async fn nodes_that_cannot_reach_each_other_tell_their_callers_and_readers_by_it() {
    if !Home::is_on_postgres() {
        return;
    }
    let nats = NatsServer::start();
    let home = Home::new();
    let apart = |roles: &str| {
        let launch = home.serve().arguments(&["--roles", roles]).variable(URL, &nats.url());
        launch.variable("LINCHPIN_CLUSTER__ADDRESS", "127.0.0.1:1")
    };
    let (gateway, worker) = (apart("console,gateway").start().await, apart("worker,scheduler").start().await);
    for server in [&gateway, &worker] {
        eventually("it is connected", async || {
            (counted(server, "linchpin_bus_connected").await == 1).then_some(())
        })
        .await;
    }
    let (owner, speaker) = (Api::set_up(&gateway).await, Speaker::start().await);
    model(&owner, "mock", &speaker.url).await;
    owner.deploy("thinking", &flow("thinking", THINKING)).await;
    let [streams, waits] =
        [owner.open_source("thinking", "stream").await, owner.open_source("thinking", "wait").await];
    let mut live = Live::open(&owner, "production").await;
    // Until the nodes know of each other, a text comes whole.
    let mut asked = 0;
    let said = "a piece";
    let (mut stream, mut seen, call) = eventually("a piece is read while the model speaks", async || {
        let mut stream = Stream::post(&streams.url, &[], &json!({ "query": "x" })).await;
        let call = speaker.call(asked).await;
        asked += 1;
        call.say(said);
        let mut seen = Transcript::default();
        let read = async { seen.read_until(&mut stream, "think", said).await };
        let is_read = tokio::time::timeout(Duration::from_secs(1), read).await.is_ok();
        is_read.then_some((stream, seen, call))
    })
    .await;
    call.end();
    seen.read_all(&mut stream).await;
    assert_eq!((seen.ended("result"), seen.resets), (&json!({ "thought": said }), 0));
    loop {
        let (event, data) = live.next().await.expect("the stream goes on");
        if event == "token" && data["run"] == seen.url("run_id") {
            assert_eq!(data["text"], said);
            break;
        }
    }
    let answers = async {
        let call = speaker.call(asked).await;
        call.say(said);
        call.end();
    };
    let body = json!({ "query": "y" });
    let (answer, ()) = tokio::join!(waits.post(&body), answers);
    assert_eq!(answer.ok(), json!({ "thought": said }));
}

#[tokio::test]
async fn a_node_starts_and_is_ready_without_it() {
    let server = node(&Home::new(), "nats://ann:pencil@127.0.0.1:1").start().await;
    let ready = Http::new().call(Method::GET, &format!("{}/readyz", server.url), &[], "").await;
    assert_eq!(ready.status, 200, "{}", ready.text());
    let said =
        if Home::is_on_postgres() { "NATS cannot be connected to" } else { "`bus.nats_url` is not used" };
    eventually("it says so", async || server.log().contains(said).then_some(())).await;
    assert!(!server.log().contains("pencil"), "{}", server.log());
}

#[tokio::test]
async fn an_address_that_makes_no_sense_is_refused() {
    if !Home::is_on_postgres() {
        return;
    }
    let ended = node(&Home::new(), "http://ann:pencil@here").fail().await;
    assert!(ended.said.contains("it must be `nats://host:4222`"), "{}", ended.said);
    assert!(!ended.said.contains("pencil"), "{}", ended.said);
}
