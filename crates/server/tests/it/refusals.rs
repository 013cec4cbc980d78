//! What is kept of refused requests, for how long, and of whom.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::{Api, Home, Server, Source, eventually, flow};

const ECHO: &str = "nodes:
  say: { kind: template, text: \"{{ input.query }}\" }
edges: [start -> say]
";

/// Refused requests that are kept of each source.
const KEPT: usize = 1_000;

async fn echo(server: &Server) -> Api {
    let owner = Api::set_up(server).await;
    owner.deploy("echo", &flow("echo", ECHO)).await;
    owner
}

async fn of(owner: &Api, source: &Source) -> Vec<Value> {
    let mut all = owner.list_all("refusals").await;
    all.retain(|refusal| refusal["source"] == source.id);
    all
}

#[tokio::test]
async fn of_each_source_the_newest_are_kept_however_many_come() {
    const WAVE: usize = 200;
    let server = Server::fresh().await;
    let owner = echo(&server).await;
    let (quiet, flooded) =
        (owner.open_source("echo", "accept").await, owner.open_source("echo", "accept").await);
    let wrong = json!({ "query": 1 });
    for source in [&quiet, &flooded] {
        source.post(&wrong).await.problem(422, "field_invalid");
    }
    let first = owner.refusal(&flooded, "field_invalid").await;
    owner.refusal(&quiet, "field_invalid").await;
    let path = format!("/refusals/{}", first["id"].as_str().unwrap());
    let mut sent = 1;
    while owner.get(&path).await.status == 200 {
        assert!(sent < 4 * KEPT, "{sent} refused requests were sent, and the first one is still there");
        let newest = format!("refusals?source={}&limit=1", flooded.id);
        let before = owner.list(&newest).await;
        join_all((0..WAVE).map(|_| flooded.post(&wrong))).await;
        sent += WAVE;
        // A wave has room in the queue when the one before it is written.
        eventually("the wave is written", async || {
            let now = owner.list(&newest).await;
            (now[0]["id"] != before[0]["id"]).then_some(())
        })
        .await;
    }
    let kept = eventually("the flood is over", async || {
        let kept = of(&owner, &flooded).await;
        (kept == of(&owner, &flooded).await).then_some(kept)
    });
    assert_eq!(kept.await.len(), KEPT, "of {sent}");
    assert_eq!(of(&owner, &quiet).await.len(), 1, "another source's stay");
}

#[tokio::test]
async fn a_source_that_was_broken_before_the_start_keeps_what_it_refuses_without_its_contents() {
    let home = Home::new();
    let server = home.serve().start().await;
    let owner = echo(&server).await;
    let fields = json!({ "query": { "type": "string", "from": "body.q", "required": true } });
    let config = json!({ "verification": { "scheme": "none" }, "fields": fields });
    let source = owner.source("echo", config, Value::Null).await;
    let more = flow("echo", ECHO).replace("nodes:", "  page: { type: string, required: true }\nnodes:");
    owner.deploy("echo", &more).await;
    server.kill().await;

    let server = home.serve().start().await;
    let owner = owner.at(&server);
    let source = source.at(format!("{}/hooks/{}?code=swordfish", server.url, source.id));
    let headers = [("x-shop", "hunter2"), ("authorization", "Bearer hunter2")];
    let answer = source.post_with(&headers, &json!({ "q": "hunter2" })).await;
    let problem = answer.problem(503, "source_unavailable");
    let kept = owner.refusal(&source, "source_unavailable").await;
    let record = &kept["record"];
    assert_eq!((&kept["status"], &record["answer"]), (&json!(503), &problem), "{kept}");
    assert_eq!(
        (&record["request"]["method"], &record["request"]["peer"]),
        (&json!("POST"), &json!("127.0.0.1"))
    );
    // Nobody knows which parts of the request are secret.
    let text = kept.to_string();
    assert!(!text.contains("hunter2") && !text.contains("swordfish"), "{kept}");
    assert_eq!(owner.list("events").await, Vec::<Value>::new());
}
