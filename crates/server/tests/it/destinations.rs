//! What a destination is promised: its pace, its deletion, its switch.

use std::{sync::Arc, time::Duration};

use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::{sync::Semaphore, time::Instant};

use crate::support::{Api, Receiver, Reply, Server, eventually, flow};

const TELLING: &str = "nodes:
  tell: { kind: deliver, destination: tickets, body: { query: \"{{ input.query }}\" } }
edges: [start -> tell]
";

/// An owner whose flow tells a destination, and the destination's id.
async fn telling(server: &Server, config: Value) -> (Api, String) {
    let owner = Api::set_up(server).await;
    let destination = owner.destination("tickets", config, Value::Null).await;
    owner.deploy("telling", &flow("telling", TELLING)).await;
    (owner, destination)
}

async fn event(owner: &Api) -> String {
    let source = owner.open_source("telling", "accept").await;
    let receipt = source.post(&json!({ "query": "x" })).await.ok();
    receipt["event_id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_receiver_that_asks_for_time_gets_it() {
    let server = Server::fresh().await;
    let times = Arc::<Mutex<Vec<Instant>>>::default();
    let came = Arc::clone(&times);
    let receiver = Receiver::start(move |nth, _| {
        came.lock().push(Instant::now());
        if nth == 0 { Reply::with(429, &[("retry-after", "1")], "") } else { Reply::Status(200) }
    });
    let receiver = receiver.await;
    let config = json!({ "kind": "webhook", "url": receiver.url("hook"), "retry": ["1ms"] });
    let (owner, _) = telling(&server, config).await;
    let trace = owner.settled(&event(&owner).await, 1).await;
    let delivery = &trace["runs"][0]["deliveries"][0];
    assert_eq!(
        (&delivery["state"], &delivery["attempts"][0]["outcome"]),
        (&json!("delivered"), &json!("retry"))
    );
    let times = times.lock().clone();
    assert_eq!(times.len(), 2);
    let wait = times[1] - times[0];
    assert!((Duration::from_secs(1)..Duration::from_secs(10)).contains(&wait), "{wait:?}");
}

/// Two deliveries side by side.
const BOTH: &str = "nodes:
  slow: { kind: deliver, destination: slow, body: { query: \"{{ input.query }}\" } }
  fast: { kind: deliver, destination: fast, body: { query: \"{{ input.query }}\" } }
edges: [start -> slow, start -> fast]
";

#[tokio::test]
async fn a_destination_gets_as_many_at_once_as_it_takes_and_holds_up_no_other() {
    const EVENTS: usize = 6;
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    let gate = Arc::new(Semaphore::new(0));
    let guard = Arc::clone(&gate);
    let slow =
        Receiver::start(move |_, _| Reply::Gate(Arc::clone(&guard), Box::new(Reply::Status(200)))).await;
    let fast = Receiver::accepting().await;
    for (name, receiver, concurrency) in [("slow", &slow, 2), ("fast", &fast, 8)] {
        let config = json!({ "kind": "webhook", "url": receiver.url("hook"), "concurrency": concurrency, "timeout": "60s" });
        owner.destination(name, config, Value::Null).await;
    }
    owner.deploy("both", &flow("both", BOTH)).await;
    let source = owner.open_source("both", "accept").await;
    for _ in 0..EVENTS {
        source.post(&json!({ "query": "x" })).await.ok();
    }
    slow.until(2).await;
    fast.until(EVENTS).await;
    let delivered = async || {
        let made = owner.list("deliveries").await;
        made.iter().filter(|delivery| delivery["state"] == "delivered").count()
    };
    eventually("the fast ones are on record", async || (delivered().await == EVENTS).then_some(())).await;
    assert_eq!(slow.seen().len(), 2, "two are open, and no more");
    for answered in 1..=EVENTS {
        gate.add_permits(1);
        slow.until((2 + answered).min(EVENTS)).await;
        eventually("it is on record", async || (delivered().await == EVENTS + answered).then_some(())).await;
        assert!(slow.seen().len() <= 2 + answered, "{} came, {answered} are answered", slow.seen().len());
    }
    assert_eq!((slow.seen().len(), fast.seen().len()), (EVENTS, EVENTS));
}

#[tokio::test]
async fn a_destination_goes_only_when_nothing_is_left_to_be_sent_to_it() {
    let server = Server::fresh().await;
    let receiver = Receiver::start(|nth, _| Reply::Status(if nth == 0 { 404 } else { 200 })).await;
    let (owner, destination) =
        telling(&server, json!({ "kind": "webhook", "url": receiver.url("hook") })).await;
    let path = format!("/destinations/{destination}");
    let event = event(&owner).await;
    let trace = owner.settled(&event, 1).await;
    let dead = trace["runs"][0]["deliveries"][0]["id"].as_str().unwrap();
    let problem = owner.delete(&path).await.problem(409, "conflict");
    assert!(problem["detail"].as_str().unwrap().contains("dead letters"), "{problem}");
    assert_eq!(owner.post(&format!("/deliveries/{dead}/replay"), &Value::Null).await.status, 204);
    eventually("the dead letter has arrived", async || {
        let delivery = owner.get(&format!("/deliveries/{dead}")).await.ok();
        (delivery["state"] == "delivered").then_some(())
    })
    .await;
    assert_eq!(owner.delete(&path).await.status, 204);
    owner.get(&path).await.problem(404, "not_found");
    assert_eq!(
        owner.trace(&event).await["runs"][0]["deliveries"][0]["state"],
        "delivered",
        "what was, stays"
    );
}

#[tokio::test]
async fn a_change_switches_nothing_on() {
    let server = Server::fresh().await;
    let receiver =
        Receiver::start(|_, seen| Reply::Status(if seen.path == "/new" { 200 } else { 410 })).await;
    let (owner, destination) =
        telling(&server, json!({ "kind": "webhook", "url": receiver.url("old") })).await;
    owner.settled(&event(&owner).await, 1).await;
    let path = format!("/destinations/{destination}");
    let mended = json!({ "name": "tickets", "config": { "kind": "webhook", "url": receiver.url("new") } });
    let changed = owner.put(&path, &mended).await.ok();
    assert_eq!(changed["config"]["url"], mended["config"]["url"]);
    assert!(changed["disabled_reason"].as_str().unwrap().contains("410"), "{changed}");
    assert_eq!(changed, owner.get(&path).await.ok());

    let waits = event(&owner).await;
    owner.key("viewer").await.post(&format!("{path}/enable"), &Value::Null).await.problem(403, "forbidden");
    assert_eq!(owner.post(&format!("{path}/enable"), &Value::Null).await.status, 204);
    let trace = owner.settled(&waits, 1).await;
    let attempts = &trace["runs"][0]["deliveries"][0]["attempts"];
    assert_eq!((attempts.as_array().unwrap().len(), &attempts[0]["outcome"]), (1, &json!("delivered")));
    assert_eq!(owner.get(&path).await.ok()["disabled_reason"], Value::Null);
}

/// Tells of an order, in the order of its events.
const ORDERED: &str = "nodes:
  tell:
    kind: deliver
    destination: tickets
    order_key: \"{{ input.query[:5] }}\"
    body: { query: \"{{ input.query }}\" }
edges: [start -> tell]
";

#[tokio::test]
async fn what_has_one_order_key_arrives_in_its_order() {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    let receiver = Receiver::start(|nth, _| Reply::Status(if nth % 4 == 1 { 500 } else { 200 })).await;
    let retry = vec!["1ms"; 30];
    let config = json!({ "kind": "webhook", "url": receiver.url("hook"), "retry": retry, "concurrency": 8 });
    owner.destination("tickets", config, Value::Null).await;
    owner.deploy("telling", &flow("telling", ORDERED)).await;
    let source = owner.open_source("telling", "accept").await;
    for n in 10..40 {
        source.post(&json!({ "query": format!("ord-{} {n}", n % 3) })).await.ok();
    }
    let distinct = |seen: Vec<crate::support::Seen>| {
        let mut said: Vec<String> =
            seen.iter().map(|seen| seen.json()["query"].as_str().unwrap().to_owned()).collect();
        let of_key = |key: &str| -> Vec<String> {
            let mut of_key: Vec<String> = said.iter().filter(|said| said.starts_with(key)).cloned().collect();
            of_key.dedup();
            of_key
        };
        let orders = ["ord-0", "ord-1", "ord-2"].map(of_key);
        said.sort();
        said.dedup();
        (said.len(), orders)
    };
    let orders = eventually("all have arrived", async || {
        let (count, orders) = distinct(receiver.seen());
        (count == 30).then_some(orders)
    });
    for order in orders.await {
        assert!(order.is_sorted(), "{order:?}");
    }
}

#[tokio::test]
async fn a_receiver_that_is_down_is_seen_and_left_alone_until_a_person_closes_its_breaker() {
    let server = Server::fresh().await;
    let receiver = Receiver::start(|nth, _| Reply::Status(if nth < 2 { 503 } else { 200 })).await;
    let config = json!({
        "kind": "webhook", "url": receiver.url("hook"), "retry": ["1ms", "1ms", "1ms"], "concurrency": 1,
        "breaker": { "failures": 2, "pause": "1h", "longest": "1h" },
    });
    let (owner, destination) = telling(&server, config).await;
    let path = format!("/destinations/{destination}");
    let waits = event(&owner).await;
    let seen = eventually("its breaker is open", async || {
        let seen = owner.get(&path).await.ok();
        (!seen["breaker"].is_null()).then_some(seen)
    });
    let seen = seen.await;
    assert_eq!((&seen["breaker"]["state"], &seen["breaker"]["openings"]), (&json!("open"), &json!(1)));
    assert!(seen["breaker"]["reason"].as_str().unwrap().contains("503"), "{seen}");
    event(&owner).await;
    let queue = eventually("both wait", async || {
        let listed = owner.get("/environments/production/destinations").await.ok();
        (listed[0]["queue"]["pending"] == 2).then(|| listed[0]["queue"].clone())
    });
    assert!(queue.await["oldest_at"].is_string());
    assert_eq!(receiver.seen().len(), 2);

    let close = format!("{path}/close_breaker");
    owner.key("viewer").await.post(&close, &Value::Null).await.problem(403, "forbidden");
    assert_eq!(owner.post(&close, &Value::Null).await.status, 204);
    owner.settled(&waits, 1).await;
    eventually("nothing waits", async || {
        let seen = owner.get(&path).await.ok();
        (seen["queue"]["pending"] == 0 && seen["breaker"].is_null()).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_destination_that_a_person_switches_off_keeps_what_is_for_it() {
    let server = Server::fresh().await;
    let receiver = Receiver::accepting().await;
    let (owner, destination) =
        telling(&server, json!({ "kind": "webhook", "url": receiver.url("hook") })).await;
    let path = format!("/destinations/{destination}");
    let off = json!({ "reason": "the shop moves house" });
    owner.key("viewer").await.post(&format!("{path}/disable"), &off).await.problem(403, "forbidden");
    assert_eq!(owner.post(&format!("{path}/disable"), &off).await.status, 204);
    let seen = owner.get(&path).await.ok();
    assert_eq!(seen["disabled_reason"], "the shop moves house");
    let waits = event(&owner).await;
    assert_eq!(owner.post(&format!("{path}/enable"), &Value::Null).await.status, 204);
    let trace = owner.settled(&waits, 1).await;
    assert_eq!(trace["runs"][0]["deliveries"][0]["state"], "delivered");
    assert_eq!(receiver.seen().len(), 1);
}

#[tokio::test]
async fn a_change_of_what_somebody_else_has_changed_is_refused() {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    let saying = "nodes:\n  say: { kind: template, text: hello }\nedges: [start -> say]\n";
    owner.deploy("telling", &flow("telling", saying)).await;
    let config = json!({ "kind": "webhook", "url": "http://127.0.0.1:9/hook" });
    let body = json!({ "name": "tickets", "config": config });
    let destination = ("destinations", body);
    let body =
        json!({ "name": "tickets", "flow": "telling", "config": { "verification": { "scheme": "none" } } });
    for (kind, mut wanted) in [destination, ("sources", body)] {
        let made = owner.post(&format!("/environments/production/{kind}"), &wanted).await.ok();
        let path = format!("/{kind}/{}", made["id"].as_str().unwrap());
        wanted["unless_changed_since"] = made["updated_at"].clone();
        wanted["name"] = "theirs".into();
        let theirs = owner.put(&path, &wanted).await.ok();
        wanted["name"] = "ours".into();
        owner.put(&path, &wanted).await.problem(409, "stale");
        assert_eq!(owner.get(&path).await.ok()["name"], "theirs");
        wanted["unless_changed_since"] = theirs["updated_at"].clone();
        assert_eq!(owner.put(&path, &wanted).await.ok()["name"], "ours");
        wanted["unless_changed_since"] = "yesterday".into();
        owner.put(&path, &wanted).await.problem(422, "invalid");
    }
}
