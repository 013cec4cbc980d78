//! Documents that are ingested while their endpoint or the server fails.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::{
    endpoint::{Endpoint, Then, json_of, whole},
    knowledge::{MARKDOWN, add, base, embed, embedded, find, ingest, settled, vector},
    support::{Api, Home, Receiver, Reply, Server},
};

#[tokio::test]
async fn an_endpoint_that_fails_for_a_while_is_asked_again() {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    let vectors = Receiver::start(|nth, seen| match nth {
        0 => Reply::Status(503),
        1 => Reply::with(500, &[], "out of memory"),
        2 => Reply::with(429, &[("retry-after", "1")], ""),
        _ => embed(seen),
    });
    let vectors = vectors.await;
    base(&owner, &vectors.url("v1")).await;
    ingest(&owner, "brisa.md", "text/markdown", MARKDOWN).await;
    assert_eq!(vectors.seen().len(), 4, "three tries within the call, and one after a pause");
    assert_eq!(find(&owner, "Is the pump blocked?").await[0]["name"], "brisa.md");
}

#[tokio::test]
async fn a_connection_that_breaks_is_made_again() {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    for (name, begins, then) in
        [("resets", String::new(), Then::Reset), ("lies", json_of(9_999, "{\"data\":["), Then::Close)]
    {
        let endpoint = Endpoint::start(begins, then, one_vector()).await;
        endpoint.mend_after(2);
        base(&owner, &endpoint.url).await;
        ingest(&owner, &format!("{name}.txt"), "text/plain", name).await;
        assert_eq!(endpoint.requests(), 3, "{name}");
    }
}

/// The answer to a request with one text.
fn one_vector() -> String {
    let one = json!({ "data": [{ "embedding": vector("x") }] }).to_string();
    whole("200 OK", "content-type: application/json\r\n", &one)
}

#[tokio::test]
async fn an_endpoint_of_ill_will_fails_the_document_with_the_cause_and_holds_nobody_up() {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    let elsewhere = Receiver::accepting().await;
    let redirect =
        whole("307 Temporary Redirect", &format!("location: {}\r\n", elsewhere.url("v1/embeddings")), "");
    let page = whole("200 OK", "content-type: text/html\r\n", "<html>Please log in</html>");
    let refused = whole("401 Unauthorized", "", r#"{"error":{"message":"the key sk-mock is unknown"}}"#);
    let short = whole("200 OK", "content-type: application/json\r\n", r#"{"data":[]}"#);
    let stream = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{\"data\":[";
    let cases: [(&str, &str, Then, &str); 5] = [
        ("redirects", &redirect, Then::Close, "not followed"),
        ("page", &page, Then::Close, "another form"),
        ("refuses", &refused, Then::Close, "the key *** is unknown"),
        ("short", &short, Then::Close, "no vector"),
        ("floods", stream, Then::Flood(" ".repeat(100_000)), "longer than"),
    ];
    for (name, begins, then, says) in cases {
        let endpoint = Endpoint::start(begins, then, one_vector()).await;
        base(&owner, &endpoint.url).await;
        let added = add(&owner, &format!("{name}.txt"), "text/plain", name).await.ok();
        assert!(added["job"].is_string(), "{added}");
        let document = settled(&owner, &format!("{name}.txt")).await;
        assert_eq!(document["status"], "failed", "{name}: {document}");
        let said = document["error"].as_str().unwrap();
        assert!(said.contains(says) && said.contains("add it again"), "{name}: {said}");
        assert_eq!(endpoint.requests(), 1, "{name}: trying again does not help");
        assert!(endpoint.sent() < 64 << 20, "{name}: {} bytes were taken", endpoint.sent());
        endpoint.let_go().await;

        endpoint.mend();
        ingest(&owner, &format!("{name}.txt"), "text/plain", name).await;
        assert_eq!(endpoint.requests(), 2, "{name}");
    }
    assert!(elsewhere.seen().is_empty(), "a redirect is not followed, and takes no key along");
}

async fn stop(mut server: Server) {
    server.terminate();
    let ended = server.ended().await;
    assert!(ended.success(), "{}", server.log());
}

/// Sections of one sentence each: with some dozens they are embedded in several calls.
pub(crate) fn sections(count: usize, word: &str) -> String {
    (0..count)
        .fold(String::new(), |text, n| text + &format!("## Part {n}\n\nPart number {n} is the {word}.\n\n"))
}

#[derive(Clone, Copy)]
enum End {
    Kill,
    Terminate,
}

#[tokio::test]
async fn an_ingestion_that_is_killed_goes_on_at_the_next_start_and_embeds_nothing_again_that_is_committed() {
    goes_on_after(End::Kill).await;
}

#[tokio::test]
async fn a_stop_does_not_wait_for_an_ingestion_which_goes_on_at_the_next_start() {
    goes_on_after(End::Terminate).await;
}

async fn goes_on_after(end: End) {
    let home = Home::new();
    let server = home.serve().start().await;
    let owner = Api::set_up(&server).await;
    let (gate, held) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicBool::new(false)));
    let (opens, holds, calls) = (Arc::clone(&gate), Arc::clone(&held), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&calls);
    let vectors = Receiver::start(move |_, seen| {
        // While they are held, one call is answered and the next one waits.
        if holds.load(Ordering::SeqCst) && counted.fetch_add(1, Ordering::SeqCst) > 0 {
            return Reply::Gate(Arc::clone(&gate), Box::new(embed(seen)));
        }
        embed(seen)
    });
    let vectors = vectors.await;
    base(&owner, &vectors.url("v1")).await;
    ingest(&owner, "brisa.md", "text/markdown", MARKDOWN).await;
    assert_eq!(ingest(&owner, "parts.md", "text/markdown", &sections(80, "old one")).await, 80);
    let committed = embedded(&vectors);
    assert!(committed.len() == 82 && committed.values().all(|times| *times == 1), "{committed:?}");

    held.store(true, Ordering::SeqCst);
    let before = vectors.seen().len();
    let newer = sections(80, "old one") + &sections(80, "new one").replace("Part", "Piece");
    add(&owner, "parts.md", "text/markdown", newer.as_str()).await.ok();
    add(&owner, "behind.txt", "text/plain", "The cellar key hangs behind the door.").await.ok();
    vectors.until(before + 2).await;
    let documents = owner.get("/knowledge-bases/manual/documents").await.ok();
    let under_way = |document: &Value| document["name"] == "parts.md" && document["status"] == "queued";
    assert!(documents.as_array().unwrap().iter().any(under_way), "{documents}");
    match end {
        End::Kill => server.kill().await,
        End::Terminate => stop(server).await,
    }
    held.store(false, Ordering::SeqCst);
    opens.add_permits(1);

    let server = home.serve().start().await;
    let owner = owner.at(&server);
    for (name, chunks) in [("parts.md", 160), ("behind.txt", 1)] {
        let document = settled(&owner, name).await;
        assert_eq!((&document["status"], &document["chunks"]), (&json!("ready"), &json!(chunks)), "{name}");
    }
    for (text, times) in embedded(&vectors) {
        let most = if committed.contains_key(&text) { 1 } else { 2 };
        assert!(times <= most, "{text:?} was embedded {times} times");
    }
    let best = &find(&owner, "Where does the cellar key hang?").await[0];
    assert_eq!(best["name"], "behind.txt", "{best}");
    let best = &find(&owner, "Piece number 77 new").await[0];
    assert!(best["text"].as_str().unwrap().contains("number 77 is the new one"), "{best}");
    assert_eq!(find(&owner, "Is the pump blocked?").await[0]["name"], "brisa.md");
}
