//! Changes that come at the same time: what is stored is what works.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::{Api, Server, flow};

const ECHO: &str = "nodes:
  say: { kind: template, text: \"{{ input.query }}\" }
edges: [start -> say]
";

/// Changes at once, and how often.
const AT_ONCE: u16 = 8;
const ROUNDS: usize = 25;

#[tokio::test]
async fn of_many_changes_of_a_source_at_once_the_stored_one_works() {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    owner.deploy("echo", &flow("echo", ECHO)).await;
    let source = owner.open_source("echo", "accept").await;
    let path = format!("/sources/{}", source.id);
    let change = |status: u16| {
        let reply = json!({ "mode": "accept", "status": status });
        let config = json!({ "verification": { "scheme": "none" }, "reply": reply });
        json!({ "name": "source", "flow": "echo", "config": config })
    };
    for round in 0..ROUNDS {
        let changes: Vec<Value> = (0..AT_ONCE).map(|nth| change(210 + nth)).collect();
        // A change is made of what is stored; whichever is overtaken between the two says so, and stores nothing.
        let answers = join_all(changes.iter().map(|change| owner.put(&path, change))).await;
        let (made, overtaken): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
        assert!(!made.is_empty(), "in round {round}: {answers:?}");
        for answer in overtaken {
            answer.problem(409, "stale");
        }
        let stored = owner.get(&path).await.ok()["config"]["reply"]["status"].clone();
        let works = source.post(&json!({ "query": "x" })).await.status;
        assert_eq!(json!(works), stored, "in round {round}");
    }
}

#[tokio::test]
async fn a_source_that_is_changed_and_deleted_at_once_works_only_if_it_is_stored() {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    owner.deploy("echo", &flow("echo", ECHO)).await;
    for _ in 0..ROUNDS {
        let source = owner.open_source("echo", "accept").await;
        let path = format!("/sources/{}", source.id);
        let mut change = owner.get(&path).await.ok();
        change["flow"] = json!("echo");
        let (_, deleted) = tokio::join!(owner.put(&path, &change), owner.delete(&path));
        assert_eq!(deleted.status, 204, "{deleted:?}");
        let stored = owner.get(&path).await.status;
        let works = source.post(&json!({ "query": "x" })).await.status;
        assert!(matches!((stored, works), (404, 404) | (200, 202)), "stored {stored}, works {works}");
        owner.delete(&path).await;
    }
}
