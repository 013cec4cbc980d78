//! A run that takes the server down again and again is held back for a person, and holds nobody else up.

use std::{os::unix::process::ExitStatusExt, sync::Arc};

use axum::http::Method;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::{
    calling::asking,
    failing::succeeded,
    support::{Api, Home, Receiver, Reply, eventually, flow},
};

const ECHO: &str = "nodes:
  say: { kind: template, text: \"{{ input.query }}\" }
edges: [start -> say]
outputs: { text: \"{{ nodes.say.text }}\" }
";

/// Twice among others, three times alone.
const DEATHS: usize = 5;

/// SIGABRT.
const ABORTED: i32 = 6;

#[tokio::test]
async fn a_run_that_was_in_flight_at_five_deaths_is_parked_with_the_reason_and_others_go_on() {
    let home = Home::new();
    let gate = Arc::new(Semaphore::new(0));
    let guard = Arc::clone(&gate);
    let erp = Receiver::start(move |_, _| {
        Reply::Gate(Arc::clone(&guard), Box::new(Reply::json(200, &json!("at last"))))
    });
    let erp = erp.await;
    let armed = || home.serve().arguments(&["--crash-at", "BeforeStepCommit:1"]);
    let mut server = armed().start().await;
    let owner = asking(&server, &erp.url("stock")).await;
    owner.deploy("echo", &flow("echo", ECHO)).await;
    let source = owner.open_source("asking", "accept").await;
    let other = owner.open_source("echo", "wait").await;
    let receipt = source.post_with(&[("idempotency-key", "k")], &json!({ "query": "x" })).await.ok();
    let (event, run) = (receipt["event_id"].as_str().unwrap(), receipt["run_id"].as_str().unwrap());
    gate.add_permits(1_000);
    assert_eq!(server.ended().await.signal(), Some(ABORTED), "{}", server.log());
    for death in 2..=DEATHS {
        // It may die before it says that it is ready.
        let status = match armed().try_start().await {
            Ok(mut server) => server.ended().await,
            Err(ended) => ended.status,
        };
        assert_eq!(status.signal(), Some(ABORTED), "death {death}");
    }
    let server = home.serve().start().await;
    let owner = owner.at(&server);

    let answer = other.at(format!("{}/hooks/{}", server.url, other.id)).post(&json!({ "query": "y" })).await;
    assert_eq!(answer.ok(), json!({ "text": "y" }), "others go on");
    let parked = eventually("the run is parked", async || {
        Some(owner.list("runs?status=parked").await).filter(|parked| !parked.is_empty())
    });
    let parked = parked.await;
    assert_eq!((parked.len(), &parked[0]["id"]), (1, &json!(run)), "{parked:?}");
    let trace = owner.trace(event).await;
    let error = &trace["runs"][0]["error"];
    assert_eq!(
        (&trace["runs"][0]["status"], &error["code"]),
        (&json!("parked"), &json!("parked")),
        "{trace}"
    );
    assert!(error["message"].as_str().unwrap().contains("died 5 times"), "{error}");
    assert_eq!(&parked[0]["error"], error);
    // The address of the first start is gone.
    let status = trace["status_url"].as_str().unwrap();
    let fate = owner.http.call(Method::GET, status, &[], "").await.ok();
    assert_eq!((&fate["status"], &fate["error"]), (&json!("parked"), error), "{fate}");
    let calls = erp.seen();
    assert_eq!(calls.len(), DEATHS, "it was tried so often, and no more");
    let key = calls[0].header("idempotency-key");
    assert!(calls.iter().all(|call| call.header("idempotency-key") == key), "{calls:?}");

    a_person_decides(&owner, (event, run)).await;
}

/// Whoever has looked at it cancels the run, and runs its event again.
async fn a_person_decides(owner: &Api, (event, run): (&str, &str)) {
    assert_eq!(owner.post(&format!("/runs/{run}/cancel"), &Value::Null).await.status, 204);
    assert_eq!(owner.trace(event).await["runs"][0]["status"], "cancelled");
    assert_eq!(owner.list("runs?status=parked").await, Vec::<Value>::new());
    owner.post(&format!("/events/{event}/replay"), &json!({ "version": "ran" })).await.ok();
    let replay = succeeded(owner, event, 1).await;
    assert_eq!(replay["outputs"], json!({ "said": "at last" }), "{replay}");
    eventually("nothing is left", async || owner.list("runs?status=running").await.is_empty().then_some(()))
        .await;
}
