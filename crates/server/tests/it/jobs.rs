//! Jobs: how far a document is on its way to being found.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::{
    ingesting::sections,
    knowledge::{MARKDOWN, add, add_to, base, embed, ingest, settled},
    support::{Api, Receiver, Reply, Server, eventually},
};

/// Calls that are answered: they embed more than one batch of a document's chunks, and not 160 of them.
const ANSWERED: usize = 3;

async fn row(owner: &Api, name: &str) -> Value {
    let documents = owner.get("/knowledge-bases/manual/documents").await.ok();
    documents.as_array().unwrap().iter().find(|document| document["name"] == name).unwrap().clone()
}

async fn job(owner: &Api, id: &str) -> Value {
    owner.get(&format!("/jobs/{id}")).await.ok()
}

/// The id of the job of a document that was added.
async fn added(owner: &Api, name: &str, content: &str) -> String {
    let added = add(owner, name, "text/markdown", content).await.ok();
    added["job"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_document_says_how_far_it_is_until_it_can_be_found() {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    let gate = Arc::new(Semaphore::new(0));
    let opens = Arc::clone(&gate);
    // Some calls are answered; the next one waits.
    let vectors = Receiver::start(move |nth, seen| match nth {
        0..ANSWERED => embed(seen),
        _ => Reply::Gate(Arc::clone(&gate), Box::new(embed(seen))),
    });
    let vectors = vectors.await;
    base(&owner, &vectors.url("v1")).await;
    let parts = added(&owner, "parts.md", &sections(160, "old one")).await;
    let behind = added(&owner, "behind.md", MARKDOWN).await;

    vectors.until(ANSWERED + 1).await;
    let running = job(&owner, &parts).await;
    let far = &running["progress"];
    assert_eq!((&running["kind"], &running["status"]), (&json!("ingest"), &json!("running")), "{running}");
    let (done, total) = (far["done"].as_u64().unwrap(), far["total"].as_u64().unwrap());
    assert!(0 < done && done < total && total == 160, "{running}");
    assert!(running["created_at"].as_str() <= running["updated_at"].as_str(), "{running}");
    let shown = row(&owner, "parts.md").await;
    assert_eq!((&shown["job"], &shown["progress"]), (&json!(parts), far), "{shown}");
    let waiting = job(&owner, &behind).await;
    assert_eq!((&waiting["status"], waiting.get("progress")), (&json!("queued"), None), "{waiting}");
    let shown = row(&owner, "behind.md").await;
    assert_eq!((&shown["job"], shown.get("progress")), (&json!(behind), None), "{shown}");

    opens.add_permits(8);
    let ready = settled(&owner, "parts.md").await;
    assert_eq!((&ready["status"], ready.get("job"), ready.get("progress")), (&json!("ready"), None, None));
    let done = job(&owner, &parts).await;
    assert_eq!((&done["status"], &done["progress"]), (&json!("done"), &json!({ "done": 160, "total": 160 })));
    settled(&owner, "behind.md").await;
}

#[tokio::test]
async fn a_job_that_failed_says_why_and_one_that_is_not_there_is_not_found() {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    let refusing = Receiver::start(|_, _| Reply::with(401, &[], "no such key: sk-mock")).await;
    base(&owner, &refusing.url("v1")).await;
    let id = added(&owner, "brisa.md", MARKDOWN).await;
    let document = settled(&owner, "brisa.md").await;
    let failed = job(&owner, &id).await;
    assert_eq!((&failed["status"], &failed["error"]), (&json!("failed"), &document["error"]), "{failed}");
    assert!(!failed.to_string().contains("sk-mock"), "{failed}");
    for unknown in ["job_01h455vb4pex5vsknk084sn02q", "run_01h455vb4pex5vsknk084sn02q", "x"] {
        owner.get(&format!("/jobs/{unknown}")).await.problem(404, "not_found");
    }
    let nobody = Api::nobody(&server);
    nobody.get(&format!("/jobs/{id}")).await.problem(401, "unauthenticated");
}

#[tokio::test]
async fn a_base_whose_endpoint_hangs_holds_up_no_other() {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    let (gate, working) = (Arc::new(Semaphore::new(0)), Receiver::start(|_, seen| embed(seen)).await);
    let hanging = Arc::clone(&gate);
    let hangs =
        Receiver::start(move |_, seen| Reply::Gate(Arc::clone(&hanging), Box::new(embed(seen)))).await;
    base(&owner, &hangs.url("v1")).await;
    let provider = json!({ "config": { "base_url": hangs.url("v1") }, "secrets": { "api_key": "sk-mock" } });
    owner.put("/providers/hanging", &provider).await.ok();
    let model = json!({ "provider": "hanging", "purpose": "embedding", "model": "embed-1" });
    owner.put("/models/hanging-embedding", &model).await.ok();
    let settings = json!({ "settings": { "embedding_model": "hanging-embedding" } });
    owner.put("/knowledge-bases/slow", &settings).await.ok();
    base(&owner, &working.url("v1")).await;

    let mut held = Vec::new();
    for name in ["first.txt", "second.txt"] {
        let added = add_to(&owner, "slow", name, "text/plain", name).await.ok();
        held.push(added["job"].as_str().unwrap().to_owned());
    }
    hangs.until(1).await;
    ingest(&owner, "brisa.md", "text/markdown", MARKDOWN).await;
    assert_eq!(hangs.seen().len(), 1, "a base's documents go one after the other");
    gate.add_permits(2);
    for id in held {
        eventually("the document is ingested", async || {
            (job(&owner, &id).await["status"] == "done").then_some(())
        })
        .await;
    }
}
