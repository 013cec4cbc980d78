//! Documents, their chunks, and the jobs that ingest them.

use super::fixture::Fixture;
use crate::*;

fn manual(content: &str) -> NewDocument {
    NewDocument { name: "m.md".into(), media_type: "text/markdown".into(), content: content.into() }
}

fn chunk(document: DocumentId, ordinal: u32, text: &str) -> Chunk {
    let heading = serde_json::json!(["H"]);
    let place = serde_json::json!({ "lines": [1, 2] });
    Chunk { document, ordinal, text: text.into(), heading, place, embedding: vec![0.5, -1.0] }
}

#[tokio::test]
async fn documents_are_ingested_once_and_replaced() {
    let f = Fixture::new().await;
    let (workspace, store) = (f.place.workspace, &f.store);
    let base = store.base_put(workspace, "manual", &serde_json::json!({})).await.unwrap();
    let (id, job) = store.document_put(workspace, base, manual("one")).await.unwrap();
    assert_eq!(store.document_put(workspace, base, manual("one")).await.unwrap(), (id, None));
    let claimed = store.job_claim(f.node, Job::INGEST).await.unwrap().unwrap();
    assert_eq!((Some(claimed.id), claimed.status), (job, JobStatus::Running));
    assert!(store.job_claim(f.node, Job::INGEST).await.unwrap().is_none());
    let (document, _) = store.document_get(id).await.unwrap().unwrap();
    let chunks = [chunk(id, 0, "a"), chunk(id, 1, "b"), chunk(id, 2, "c")];
    assert!(store.document_chunks(&claimed, &document, "mini", &chunks).await.unwrap());
    let done = store.job_get(claimed.id).await.unwrap().unwrap();
    assert_eq!(
        (done.status, done.progress),
        (JobStatus::Succeeded, serde_json::json!({"done": 3, "total": 3}))
    );
    assert!(!store.document_chunks(&claimed, &document, "mini", &[]).await.unwrap(), "the job is done");
    let head = store.chunk_list(base, "mini", None, 2).await.unwrap();
    let tail = store.chunk_list(base, "mini", Some((id, 1)), 2).await.unwrap();
    assert_eq!([head, tail].concat(), chunks);
    let (again, job) = store.document_put(workspace, base, manual("two")).await.unwrap();
    assert!(again == id && job.is_some());
    let claimed = store.job_claim(f.node, Job::INGEST).await.unwrap().unwrap();
    let (document, _) = store.document_get(id).await.unwrap().unwrap();
    assert!(store.document_chunks(&claimed, &document, "mini", &chunks[..1]).await.unwrap());
    assert_eq!(store.chunk_list(base, "mini", None, 9).await.unwrap().len(), 1);
    let listed = &store.document_list(workspace, base).await.unwrap()[0];
    assert_eq!((listed.chunks, listed.model.as_str()), (1, "mini"));
    let cited = store.chunk_cite(vec![(id, 7), (id, 0)]).await.unwrap();
    assert_eq!((cited.len(), cited[0].name.as_str(), cited[0].text.as_str()), (1, "m.md", "a"));
    assert_eq!(store.document_delete(workspace, id).await.unwrap(), Some(base));
    assert!(store.chunk_list(base, "mini", None, 9).await.unwrap().is_empty());
    assert_eq!(store.document_delete(workspace, id).await.unwrap(), None);
}

#[tokio::test]
async fn a_job_is_claimed_by_its_kind() {
    let f = Fixture::new().await;
    let other = f.store.job_add(f.place.workspace, "export", &serde_json::json!({})).await.unwrap();
    assert!(f.store.job_claim(f.node, Job::INGEST).await.unwrap().is_none());
    assert_eq!(f.store.job_claim(f.node, "export").await.unwrap().unwrap().id, other);
}

#[tokio::test]
async fn an_ingestion_that_was_overtaken_changes_nothing() {
    let f = Fixture::new().await;
    let (workspace, store) = (f.place.workspace, &f.store);
    let base = store.base_put(workspace, "manual", &serde_json::json!({})).await.unwrap();
    let (id, _) = store.document_put(workspace, base, manual("one")).await.unwrap();
    let held = store.job_claim(f.node, Job::INGEST).await.unwrap().unwrap();
    let (document, _) = store.document_get(id).await.unwrap().unwrap();
    while store.now() == document.updated_at {
        tokio::task::yield_now().await;
    }
    store.document_put(workspace, base, manual("two")).await.unwrap();
    assert!(!store.document_chunks(&held, &document, "mini", &[chunk(id, 0, "one")]).await.unwrap());
    assert!(!store.document_failed(&held, &document, "no").await.unwrap());
    let (current, _) = store.document_get(id).await.unwrap().unwrap();
    assert_eq!((current.status, current.chunks), (DocumentStatus::Queued, 0));
    // A second node takes the job of one that is gone; the first can end it no more.
    let elsewhere = store.ids().next();
    store.node_leave(f.node).await.unwrap();
    assert_eq!(store.job_claim(elsewhere, Job::INGEST).await.unwrap().unwrap().id, held.id);
    assert!(!store.document_chunks(&held, &current, "mini", &[]).await.unwrap());
}

#[tokio::test]
async fn a_large_document_is_written_in_slices_and_seen_whole() {
    let f = Fixture::new().await;
    let (workspace, store) = (f.place.workspace, &f.store);
    let base = store.base_put(workspace, "manual", &serde_json::json!({})).await.unwrap();
    let (id, _) = store.document_put(workspace, base, manual("one")).await.unwrap();
    let held = store.job_claim(f.node, Job::INGEST).await.unwrap().unwrap();
    let (document, _) = store.document_get(id).await.unwrap().unwrap();
    let chunks: Vec<Chunk> = (0..1_700).map(|at| chunk(id, at, "text")).collect();
    let before = store.writes().writes;
    assert!(store.document_chunks(&held, &document, "mini", &chunks).await.unwrap());
    assert!(store.writes().writes - before > 3, "it took several writes");
    assert_eq!(store.chunk_list(base, "mini", None, 5_000).await.unwrap().len(), 1_700);
    let other = store.chunk_list(base, "maxi", None, 1).await.unwrap();
    assert!(other[0].embedding.is_empty(), "a vector of another model is no use");
}

#[tokio::test]
async fn a_changed_base_ingests_its_documents_again_and_keeps_what_is_embedded() {
    let f = Fixture::new().await;
    let (workspace, store) = (f.place.workspace, &f.store);
    let base = store.base_put(workspace, "manual", &serde_json::json!({})).await.unwrap();
    let (id, _) = store.document_put(workspace, base, manual("one")).await.unwrap();
    let held = store.job_claim(f.node, Job::INGEST).await.unwrap().unwrap();
    let (document, _) = store.document_get(id).await.unwrap().unwrap();
    store.document_chunks(&held, &document, "mini", &[chunk(id, 0, "a")]).await.unwrap();
    store.base_reingest(workspace, base, &serde_json::json!({ "v": 2 })).await.unwrap();
    assert_eq!(store.base_named(workspace, "manual").await.unwrap().unwrap().config["v"], 2);
    assert!(store.job_claim(f.node, Job::INGEST).await.unwrap().is_some());
    let twin = NewDocument { name: "twin.md".into(), ..manual("one") };
    let (twin, _) = store.document_put(workspace, base, twin).await.unwrap();
    let other = NewDocument { name: "other.md".into(), ..manual("other") };
    let (other, _) = store.document_put(workspace, base, other).await.unwrap();
    for (asked, model, known) in [(id, "mini", 1), (twin, "mini", 1), (other, "mini", 0), (twin, "maxi", 0)] {
        let (document, _) = store.document_get(asked).await.unwrap().unwrap();
        assert_eq!(store.chunk_embedded(&document, model).await.unwrap().len(), known, "{asked} {model}");
    }
}
