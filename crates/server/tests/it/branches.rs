//! Branches that act on other systems side by side, and a crash between their ends.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::{
    failing::{step, succeeded},
    support::{Api, Home, Receiver, Reply, eventually, flow},
};

/// A flow that asks two systems side by side and needs both.
const BOTH: &str = "nodes:
  stock: { kind: http, method: POST, url: \"{{ env.ERP }}/stock\", body: { query: \"{{ input.query }}\" } }
  price: { kind: http, method: POST, url: \"{{ env.ERP }}/price\", body: { query: \"{{ input.query }}\" } }
edges: [start -> stock, start -> price]
outputs: { stock: \"{{ nodes.stock.body }}\", price: \"{{ nodes.price.body }}\" }
";

#[tokio::test]
async fn a_crash_repeats_the_branch_that_was_under_way_and_not_the_one_that_was_done() {
    let home = Home::new();
    let gate = Arc::new(Semaphore::new(0));
    let shut = Arc::clone(&gate);
    let erp = Receiver::start(move |_, call| {
        let answer = Reply::json(200, &json!(format!("the {}", &call.path[1..])));
        if call.path == "/stock" { answer } else { Reply::Gate(Arc::clone(&shut), Box::new(answer)) }
    });
    let erp = erp.await;
    let server = home.serve().start().await;
    let owner = Api::set_up(&server).await;
    let url = erp.url("");
    let url = url.trim_end_matches('/');
    owner.put("/environments/production/variables/ERP", &json!({ "value": url })).await.ok();
    owner.deploy("both", &flow("both", BOTH)).await;
    let source = owner.open_source("both", "accept").await;
    let receipt = source.post(&json!({ "query": "x" })).await.ok();
    let event = receipt["event_id"].as_str().unwrap();
    erp.until(2).await;
    eventually("one branch is done", async || {
        let trace = owner.trace(event).await;
        let run = &trace["runs"][0];
        let steps = run["steps"].as_array()?.len();
        (steps == 2 && step(run, "stock")["state"] == "succeeded").then_some(())
    })
    .await;
    server.kill().await;

    let server = home.serve().start().await;
    gate.add_permits(2);
    let run = succeeded(&owner.at(&server), event, 0).await;
    assert_eq!(run["outputs"], json!({ "stock": "the stock", "price": "the price" }), "{run}");
    let seen = erp.seen();
    let calls = |path: &str| -> Vec<&str> {
        seen.iter().filter(|call| call.path == path).map(|call| call.header("idempotency-key")).collect()
    };
    let (stock, price) = (calls("/stock"), calls("/price"));
    assert_eq!((stock.len(), price.len()), (1, 2), "{seen:?}");
    assert_eq!(price[0], price[1], "it is repeated under its own key");
    assert_ne!(stock[0], price[0]);
    assert_eq!(owner.at(&server).list("runs").await.len(), 1);
    assert_eq!(step(&run, "price")["error"], Value::Null, "{run}");
}
