//! Flows that go on when a delivery has arrived.

use std::sync::Arc;

use axum::http::Method;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::{
    event_source::{Stream, Transcript},
    failing::step,
    support::{Api, Home, Receiver, Reply, Server, eventually, flow},
};

const PUSHING: &str = "nodes:
  push:
    kind: deliver
    destination: hr
    await: true
    body: { candidate: \"{{ input.query }}\" }
    on_failure: branch
    retry: { max: 3, backoff: 1ms }
  told: { kind: template, text: \"number {{ nodes.push.body.id }}\" }
  mend: { kind: template, text: \"{{ nodes.push.error.code }}: {{ nodes.push.error.message }}\" }
edges: [start -> push -> told, push.failed -> mend]
outputs:
  told: \"{{ nodes.told.text or '' }}\"
  status: \"{{ nodes.push.status or 0 }}\"
  attempts: \"{{ nodes.push.attempts or 0 }}\"
  mended: \"{{ nodes.mend.text or '' }}\"
";

async fn pushing(server: &Server, receiver: &Receiver, retry: &[&str]) -> Api {
    let owner = Api::set_up(server).await;
    let config = json!({ "kind": "webhook", "url": receiver.url("hr"), "retry": retry });
    owner.destination("hr", config, Value::Null).await;
    owner.deploy("pushing", &flow("pushing", PUSHING)).await;
    owner
}

fn taken() -> Reply {
    Reply::json(200, &json!({ "id": 1042, "name": "Li Na" }))
}

/// A receiver that answers when it is let.
async fn slow() -> (Receiver, Arc<Semaphore>) {
    let gate = Arc::new(Semaphore::new(0));
    let guard = Arc::clone(&gate);
    (Receiver::start(move |_, _| Reply::Gate(Arc::clone(&guard), Box::new(taken()))).await, gate)
}

/// Waits until the only run of an event stands so.
async fn run_that_is(owner: &Api, event: &str, status: &str) -> Value {
    eventually(&format!("the run is {status}"), async || {
        let run = owner.trace(event).await["runs"][0].take();
        (run["status"] == status).then_some(run)
    })
    .await
}

#[tokio::test]
async fn the_flow_goes_on_with_the_answer_once_the_receiver_has_taken_it() {
    let server = Server::fresh().await;
    let receiver = Receiver::start(|nth, _| if nth == 0 { Reply::Status(503) } else { taken() }).await;
    let owner = pushing(&server, &receiver, &["1ms"]).await;
    let source = owner.open_source("pushing", "wait").await;
    let answer = source.post(&json!({ "query": "Li Na" })).await;
    let outputs = json!({ "told": "number 1042", "status": 200, "attempts": 2, "mended": "" });
    assert_eq!(answer.json(), outputs);
    let run = run_that_is(&owner, answer.header("linchpin-event").unwrap(), "succeeded").await;
    let push = step(&run, "push");
    let tried = &push["tries"][0];
    assert_eq!((&push["state"], &push["waits"]), (&json!("succeeded"), &Value::Null), "{run}");
    assert_eq!(tried["input"]["body"], json!({ "candidate": "Li Na" }), "{run}");
    assert_eq!(tried["output"]["delivery_id"], run["deliveries"][0]["id"]);
    assert_eq!(tried["output"]["body"], json!({ "id": 1042, "name": "Li Na" }));
    assert_eq!(tried["output"]["headers"]["content-type"], "application/json");
    assert_eq!((receiver.seen().len(), run["deliveries"].as_array().unwrap().len()), (2, 1));
}

#[tokio::test]
async fn a_dead_letter_takes_the_failure_branch_and_its_replay_changes_nothing() {
    let server = Server::fresh().await;
    let receiver = Receiver::start(|nth, _| if nth == 0 { Reply::Status(404) } else { taken() }).await;
    let owner = pushing(&server, &receiver, &["1ms"]).await;
    let source = owner.open_source("pushing", "wait").await;
    let answer = source.post(&json!({ "query": "Li Na" })).await;
    let outputs = answer.json();
    let mended = outputs["mended"].as_str().unwrap();
    assert!(
        mended.starts_with("delivery_failed: ") && mended.contains("`hr`") && mended.contains("404"),
        "{mended}"
    );
    let event = answer.header("linchpin-event").unwrap();
    let run = run_that_is(&owner, event, "succeeded").await;
    assert_eq!(step(&run, "push")["state"], "recovered", "{run}");
    let id = run["deliveries"][0]["id"].as_str().unwrap();
    assert_eq!(owner.post(&format!("/deliveries/{id}/replay"), &Value::Null).await.status, 204);
    let after = eventually("it has arrived", async || {
        let trace = owner.trace(event).await;
        (trace["runs"][0]["deliveries"][0]["state"] == "delivered").then_some(trace)
    })
    .await;
    assert_eq!((&after["runs"][0]["outputs"], after["runs"].as_array().unwrap().len()), (&outputs, 1));
    assert_eq!(receiver.seen().len(), 2, "a node's own retry sends nothing more");
}

#[tokio::test]
async fn a_wait_outlives_the_server() {
    let (home, (receiver, gate)) = (Home::new(), slow().await);
    let server = home.serve().start().await;
    let owner = pushing(&server, &receiver, &["1ms"; 5]).await;
    let source = owner.open_source("pushing", "accept").await;
    let receipt = source.post(&json!({ "query": "Li Na" })).await.ok();
    let event = receipt["event_id"].as_str().unwrap();
    receiver.until(1).await;
    let run = run_that_is(&owner, event, "waiting").await;
    let waits = &step(&run, "push")["waits"];
    let id = run["deliveries"][0]["id"].as_str().unwrap();
    assert_eq!(
        (&waits["reason"], &waits["on"], &waits["until"]),
        (&json!("delivery"), &json!(id), &Value::Null)
    );
    assert_eq!(waits["input"]["body"], json!({ "candidate": "Li Na" }));
    assert!(waits["since"].is_string());
    let fate = owner.http.call(Method::GET, receipt["status_url"].as_str().unwrap(), &[], "").await.ok();
    assert_eq!(
        (&fate["steps"][0]["state"], &fate["steps"][0]["waits_for"]),
        (&json!("waiting"), &json!("delivery"))
    );
    server.kill().await;

    let server = home.serve().start().await;
    gate.add_permits(9);
    let run = run_that_is(&owner.at(&server), event, "succeeded").await;
    assert_eq!(run["outputs"]["told"], "number 1042");
    assert!(receiver.seen().iter().all(|seen| seen.header("webhook-id") == id), "it is one delivery");
}

#[tokio::test]
async fn who_asked_is_answered_in_time_and_who_reads_along_sees_the_wait() {
    let (server, (receiver, gate)) = (Server::fresh().await, slow().await);
    let owner = pushing(&server, &receiver, &["1ms"]).await;
    let reply = json!({ "mode": "wait", "deadline": "1s" });
    let config = json!({ "verification": { "scheme": "none" }, "reply": reply });
    let source = owner.source("pushing", config, Value::Null).await;
    let late = source.post(&json!({ "query": "Li Na" })).await;
    assert_eq!(late.status, 202);
    let streaming = owner.open_source("pushing", "stream").await;
    let mut stream = Stream::post(&streaming.url, &[], &json!({ "query": "Han Mei" })).await;
    receiver.until(2).await;
    gate.add_permits(9);
    let mut seen = Transcript::default();
    seen.read_all(&mut stream).await;
    assert_eq!(seen.states[..2], ["push waiting", "push succeeded"], "{:?}", seen.states);
    assert_eq!(seen.ended("result")["told"], "number 1042");
    run_that_is(&owner, late.header("linchpin-event").unwrap(), "succeeded").await;
}

#[tokio::test]
async fn a_run_that_waits_can_be_cancelled_and_a_robots_answer_is_one_too() {
    let (server, (receiver, gate)) = (Server::fresh().await, slow().await);
    let owner = pushing(&server, &receiver, &["1ms"]).await;
    let source = owner.open_source("pushing", "accept").await;
    let receipt = source.post(&json!({ "query": "Li Na" })).await.ok();
    let (event, run) = (receipt["event_id"].as_str().unwrap(), receipt["run_id"].as_str().unwrap());
    run_that_is(&owner, event, "waiting").await;
    assert_eq!(owner.post(&format!("/runs/{run}/cancel"), &Value::Null).await.status, 204);
    gate.add_permits(9);
    let trace = owner.settled(event, 1).await;
    let run = &trace["runs"][0];
    assert_eq!((&run["status"], &run["deliveries"][0]["state"]), (&json!("cancelled"), &json!("delivered")));

    let robot = Receiver::start(|_, _| Reply::json(200, &json!({ "errcode": 0, "errmsg": "ok" }))).await;
    let url = robot.url("cgi-bin/webhook/send?key=693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa");
    owner.destination("group", json!({ "kind": "wecom" }), json!({ "url": url })).await;
    let nodes = "nodes: { say: { kind: deliver, destination: group, await: true, body: hi } }
edges: [start -> say]
outputs: { said: \"{{ nodes.say.body.errmsg }}\" }
";
    owner.deploy("saying", &flow("saying", nodes)).await;
    let source = owner.open_source("saying", "wait").await;
    assert_eq!(source.post(&json!({ "query": "x" })).await.ok(), json!({ "said": "ok" }));
}

#[tokio::test]
async fn a_timeout_bounds_the_wait_and_not_the_delivery() {
    let (server, (receiver, gate)) = (Server::fresh().await, slow().await);
    let owner = pushing(&server, &receiver, &["1ms"]).await;
    let short = PUSHING.replace("    await: true\n", "    await: true\n    timeout: 50ms\n");
    owner.deploy("pushing", &flow("pushing", &short)).await;
    let source = owner.open_source("pushing", "wait").await;
    let answer = source.post(&json!({ "query": "Li Na" })).await;
    let outputs = answer.json();
    assert!(outputs["mended"].as_str().unwrap().starts_with("timeout: "), "{outputs}");
    gate.add_permits(9);
    let trace = owner.settled(answer.header("linchpin-event").unwrap(), 1).await;
    assert_eq!(trace["runs"][0]["deliveries"][0]["state"], "delivered");
    let too_long = PUSHING
        .replace("    await: true\n", "    timeout: 2h\n")
        .replace("nodes.push.body.id", "input.query");
    let checked =
        owner.put("/flows/pushing", &json!({ "definition": flow("pushing", &too_long) })).await.ok();
    assert!(checked.to_string().contains("between 1ms and 1h"), "{checked}");
}

#[tokio::test]
async fn the_node_that_sends_wakes_the_run_of_another() {
    if !Home::is_on_postgres() {
        return;
    }
    let home = Home::new();
    let first = home.serve().arguments(&["--roles", "console,gateway,worker,scheduler"]).start().await;
    let (receiver, gate) = slow().await;
    let owner = pushing(&first, &receiver, &["1ms"]).await;
    let _sender = home.serve().arguments(&["--roles", "delivery"]).start().await;
    let source = owner.open_source("pushing", "accept").await;
    let receipt = source.post(&json!({ "query": "Li Na" })).await.ok();
    let event = receipt["event_id"].as_str().unwrap();
    receiver.until(1).await;
    run_that_is(&owner, event, "waiting").await;
    gate.add_permits(9);
    assert_eq!(run_that_is(&owner, event, "succeeded").await["outputs"]["told"], "number 1042");
}
