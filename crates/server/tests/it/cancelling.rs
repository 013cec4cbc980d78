//! Runs that are cancelled before they go on.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::Semaphore,
    time::timeout,
};

use crate::{
    calling::asking,
    failing::step,
    support::{Api, Home, Receiver, Reply, Server, eventually, flow},
};

const PAUSING: &str = "nodes:
  ask: { kind: http, method: POST, url: \"{{ env.ERP }}\", body: hi, retry: { max: 1, backoff: 1h } }
edges: [start -> ask]
";

/// Runs that wait for their second try.
async fn waiting(server: &Server, erp: &Receiver, runs: usize) -> (Api, Vec<String>) {
    let owner = Api::set_up(server).await;
    owner.put("/environments/production/variables/ERP", &json!({ "value": erp.url("erp") })).await.ok();
    owner.deploy("pausing", &flow("pausing", PAUSING)).await;
    let source = owner.open_source("pausing", "accept").await;
    let mut ids = Vec::new();
    for _ in 0..runs {
        let receipt = source.post(&json!({ "query": "x" })).await.ok();
        ids.push(receipt["run_id"].as_str().unwrap().to_owned());
    }
    eventually("all of them wait", async || {
        (owner.list("runs?status=waiting").await.len() == runs).then_some(())
    })
    .await;
    (owner, ids)
}

#[tokio::test]
async fn a_run_that_waits_ends_at_once_and_stays_so() {
    let server = Server::fresh().await;
    let erp = Receiver::start(|_, _| Reply::Status(503)).await;
    let (owner, runs) = waiting(&server, &erp, 1).await;
    let path = format!("/runs/{}", runs[0]);
    assert_eq!(owner.post(&format!("{path}/cancel"), &Value::Null).await.status, 204);
    let run = owner.get(&path).await.ok();
    assert_eq!(
        (&run["status"], &step(&run, "ask")["state"]),
        (&json!("cancelled"), &json!("stopped")),
        "{run}"
    );
    assert!(run["finished_at"].is_string(), "{run}");
    owner.post(&format!("{path}/cancel"), &Value::Null).await.problem(409, "conflict");
    for status in ["waiting", "queued", "running"] {
        assert_eq!(owner.list(&format!("runs?status={status}")).await, Vec::<Value>::new());
    }
    assert_eq!(erp.seen().len(), 1);
}

/// Asks to cancel a run, and hangs up when there is no answer in time.
async fn cancel_without_patience(owner: &Api, run: &str, patience: Duration) {
    let address = owner.url.strip_prefix("http://").unwrap();
    let (name, value) = owner.credentials.clone().unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "POST /api/v1/runs/{run}/cancel HTTP/1.1\r\nhost: {address}\r\n{name}: {value}\r\ncontent-length: 0\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    // Whether it came in time does not matter.
    drop(timeout(patience, stream.read_u8()).await);
}

#[tokio::test]
async fn a_run_whose_canceller_hangs_up_is_cancelled_or_as_it_was() {
    const RUNS: usize = 40;
    let server = Server::fresh().await;
    let erp = Receiver::start(|_, _| Reply::Status(503)).await;
    let (owner, runs) = waiting(&server, &erp, RUNS).await;
    for (run, nth) in runs.iter().zip(0..) {
        cancel_without_patience(&owner, run, Duration::from_micros(150 * nth)).await;
    }
    for run in &runs {
        let again = owner.post(&format!("/runs/{run}/cancel"), &Value::Null).await;
        assert!([204, 409].contains(&again.status), "{again:?}");
        let run = owner.get(&format!("/runs/{run}")).await.ok();
        assert_eq!(run["status"], "cancelled", "{run}");
    }
    assert_eq!(erp.seen().len(), RUNS, "none was tried again");
}

#[tokio::test]
async fn a_run_that_is_queued_is_cancelled_before_it_does_anything() {
    let server = Home::new().serve().variable("LINCHPIN_ENGINE__MAX_RUNS", "1").start().await;
    let gate = Arc::new(Semaphore::new(0));
    let guard = Arc::clone(&gate);
    let erp = Receiver::start(move |nth, _| {
        Reply::Gate(Arc::clone(&guard), Box::new(Reply::json(200, &json!(nth))))
    });
    let erp = erp.await;
    let owner = asking(&server, &erp.url("erp")).await;
    let source = owner.open_source("asking", "accept").await;
    let mut runs = Vec::new();
    for query in ["first", "second", "third"] {
        let receipt = source.post(&json!({ "query": query })).await.ok();
        runs.push(receipt["run_id"].as_str().unwrap().to_owned());
        erp.until(1).await;
    }
    assert_eq!(owner.list("runs?status=queued").await.len(), 2);
    let cancelled = owner.post(&format!("/runs/{}/cancel", runs[1]), &Value::Null).await;
    assert_eq!(cancelled.status, 204, "{cancelled:?}");
    gate.add_permits(1_000);
    eventually("the others have succeeded", async || {
        let listed = owner.list("runs").await;
        let stand =
            |run: &String| listed.iter().find(|row| row["id"] == *run).map(|row| row["status"].clone());
        let stand: Vec<_> = runs.iter().filter_map(stand).collect();
        (stand == ["succeeded", "cancelled", "succeeded"]).then_some(())
    })
    .await;
    let asked: Vec<_> = erp.seen().iter().map(|call| call.json()["query"].clone()).collect();
    assert_eq!(asked, ["first", "third"]);
}
