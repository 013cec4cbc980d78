//! Several nodes on one database.

use std::{collections::BTreeSet, sync::Arc};

use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::{
    calling::asking,
    failing::succeeded,
    knowledge::{base, find, ingest, vectors},
    live::Live,
    support::{Api, Home, Receiver, Reply, eventually, flow},
};

const TELLING: &str = "nodes:
  tell: { kind: deliver, destination: shop, body: { said: \"{{ input.query }}\" } }
edges: [start -> tell]
";

#[tokio::test]
async fn what_is_set_on_one_node_holds_on_the_other() {
    if !Home::is_on_postgres() {
        return;
    }
    let home = Home::new();
    let (one, two) = (home.serve().start().await, home.serve().start().await);
    let receiver = Receiver::start(|_, _| Reply::Status(200)).await;
    let owner = Api::set_up(&one).await;
    owner.destination("shop", json!({ "kind": "webhook" }), json!({ "url": receiver.url("hook") })).await;
    owner.deploy("telling", &flow("telling", TELLING)).await;
    let source = owner.open_source("telling", "accept").await;
    let there = source.at(format!("{}/hooks/{}", two.url, source.id));
    let receipt = eventually("the other node knows the source, its flow and its destination", async || {
        Some(there.post(&json!({ "query": "x" })).await).filter(|answer| answer.status == 202)
    });
    let receipt = receipt.await.ok();
    let trace = owner.settled(receipt["event_id"].as_str().unwrap(), 1).await;
    assert_eq!(trace["runs"][0]["deliveries"][0]["state"], "delivered", "{trace}");
    assert_eq!(receiver.seen()[0].json(), json!({ "said": "x" }));
}

#[tokio::test]
async fn what_one_node_ingests_is_found_by_the_other() {
    if !Home::is_on_postgres() {
        return;
    }
    let home = Home::new();
    let (one, two) = (home.serve().start().await, home.serve().start().await);
    let owner = Api::set_up(&one).await;
    let endpoint = vectors().await;
    base(&owner, &endpoint.url("v1")).await;
    let there = owner.at(&two);
    let finds = async |query: &str, said: &str| {
        let found = find(&there, query).await;
        found.iter().any(|passage| passage.to_string().contains(said)).then_some(())
    };
    ingest(&owner, "pump.md", "text/markdown", "# Pump\n\nThe pump hums when the tank is empty.\n").await;
    eventually("the model is known there", async || {
        let asked = there.post("/knowledge-bases/manual/search", &json!({ "query": "pump" })).await;
        (asked.status == 200).then_some(())
    })
    .await;
    eventually("what is there is found", async || finds("Why does the pump hum?", "tank is empty").await)
        .await;
    // From now on the other node has an index, which must follow.
    ingest(&owner, "grinder.md", "text/markdown", "# Grinder\n\nIt rattles when a stone is in it.\n").await;
    eventually("what is new is found", async || finds("Why does the grinder rattle?", "a stone").await).await;
    let documents = owner.get("/knowledge-bases/manual/documents").await.ok();
    let grinder = documents.as_array().unwrap().iter().find(|document| document["name"] == "grinder.md");
    let url = format!("/documents/{}", grinder.unwrap()["id"].as_str().unwrap());
    assert_eq!(owner.delete(&url).await.status, 204);
    eventually("what is gone is not found", async || {
        finds("Why does the grinder rattle?", "a stone").await.is_none().then_some(())
    })
    .await;
}

#[tokio::test]
async fn what_a_dead_node_had_in_flight_is_done_by_another_under_the_same_key() {
    if !Home::is_on_postgres() {
        return;
    }
    let home = Home::new();
    let gate = Arc::new(Semaphore::new(0));
    let guard = Arc::clone(&gate);
    let erp = Receiver::start(move |_, _| {
        Reply::Gate(Arc::clone(&guard), Box::new(Reply::json(200, &json!("in stock"))))
    });
    let erp = erp.await;
    let dies = home.serve().start().await;
    let owner = asking(&dies, &erp.url("stock")).await;
    let lives = home.serve().start().await;
    let source = owner.open_source("asking", "accept").await;
    let mut events = Vec::new();
    for query in ["one", "two", "three"] {
        let receipt = source.post(&json!({ "query": query })).await.ok();
        events.push(receipt["event_id"].as_str().unwrap().to_owned());
    }
    erp.until(3).await;
    dies.kill().await;
    gate.add_permits(1_000);
    let owner = owner.at(&lives);
    for event in &events {
        let run = succeeded(&owner, event, 0).await;
        assert_eq!(owner.trace(event).await["runs"].as_array().map(Vec::len), Some(1), "{run}");
    }
    let seen = erp.seen();
    let called = |query: &str| {
        let calls = seen.iter().filter(|call| call.json()["query"] == query);
        calls.map(|call| call.header("idempotency-key").to_owned()).collect::<Vec<String>>()
    };
    for query in ["one", "two", "three"] {
        let keys = called(query);
        assert_eq!(keys.len(), 2, "it is not known whether the first call arrived: {keys:?}");
        assert_eq!(keys[0], keys[1]);
    }
    assert_eq!(owner.list("runs?status=running").await, Vec::<Value>::new());
}

#[tokio::test]
async fn nodes_may_share_the_work_by_roles() {
    if !Home::is_on_postgres() {
        return;
    }
    let home = Home::new();
    let console = home.serve().arguments(&["--roles", "console"]).start().await;
    let gateway = home.serve().arguments(&["--roles", "gateway"]).start().await;
    let mut worker = home.serve().arguments(&["--roles", "worker,scheduler"]).start().await;
    let delivery = home.serve().arguments(&["--roles", "delivery"]).start().await;
    let receiver = Receiver::start(|_, _| Reply::Status(200)).await;
    let owner = Api::set_up(&console).await;
    owner.destination("shop", json!({ "kind": "webhook" }), json!({ "url": receiver.url("hook") })).await;
    owner
        .deploy(
            "telling",
            &flow("telling", &format!("{TELLING}outputs: {{ said: \"{{{{ input.query }}}}\" }}\n")),
        )
        .await;
    let source = owner.open_source("telling", "wait").await;
    assert_eq!(source.post(&json!({ "query": "x" })).await.status, 404, "it is no gateway");
    assert_eq!(owner.at(&gateway).get("/flows").await.status, 404, "it has no API");
    let source = source.at(format!("{}/hooks/{}", gateway.url, source.id));
    let answer = eventually("the gateway knows the source", async || {
        Some(source.post(&json!({ "query": "x" })).await).filter(|answer| answer.status != 404)
    });
    assert_eq!(answer.await.ok(), json!({ "said": "x" }), "another node ran it");
    receiver.until(1).await;
    // Whoever looks at the console sees what other nodes do.
    let mut live = Live::open(&owner, "production").await;
    let sending = tokio::spawn(async move {
        for _ in 0..200 {
            source.post(&json!({ "query": "x" })).await.ok();
        }
    });
    let mut seen = BTreeSet::new();
    while !seen.is_superset(&BTreeSet::from(["run", "delivery"].map(str::to_owned))) {
        seen.insert(live.next().await.expect("the stream goes on").0);
    }
    sending.abort();
    let nodes = owner.get("/nodes").await.ok();
    let is = |roles: Value, scheduler: bool| {
        let listed = nodes.as_array().unwrap().iter().find(|node| node["roles"] == roles);
        let node = listed.unwrap_or_else(|| panic!("no node does {roles}: {nodes}"));
        assert_eq!((&node["state"], &node["is_scheduler"]), (&json!("alive"), &json!(scheduler)), "{node}");
        node["is_here"] == true
    };
    assert!(is(json!(["console"]), false), "it answered");
    assert!(!is(json!(["gateway"]), false) && !is(json!(["worker", "scheduler"]), true));
    assert!(!is(json!(["delivery"]), false));
    // One that stops in good order is gone; one that dies is lost.
    worker.terminate();
    worker.ended().await;
    delivery.kill().await;
    eventually("one is gone and one is lost", async || {
        let nodes = owner.get("/nodes").await.ok();
        let states: Vec<&Value> = nodes.as_array()?.iter().map(|node| &node["state"]).collect();
        (states.len() == 3 && states.iter().filter(|state| **state == "lost").count() == 1).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_node_whose_clock_is_an_hour_off_counts_by_the_databases() {
    if !Home::is_on_postgres() {
        return;
    }
    let home = Home::new();
    let off = home.serve().arguments(&["--clock-ahead", "3600"]).start().await;
    let owner = asking(&off, "http://127.0.0.1:9/stock").await;
    assert!(off.log().contains("this machine's clock is ahead of the database's"), "{}", off.log());
    let other = home.serve().arguments(&["--clock-ahead", "-3600"]).start().await;
    let nodes = owner.at(&other).get("/nodes").await.ok();
    let beats: Vec<&str> =
        nodes.as_array().unwrap().iter().map(|node| node["heartbeat_at"].as_str().unwrap()).collect();
    assert_eq!(beats.len(), 2);
    assert_eq!(beats[0][..13], beats[1][..13], "within the hour");
    assert!(nodes.as_array().unwrap().iter().all(|node| node["state"] == "alive"), "{nodes}");
}
