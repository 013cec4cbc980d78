//! Knowledge bases: documents go in over the API, an endpoint embeds them, API and flows find them.

use std::collections::BTreeMap;

use axum::http::Method;
use serde_json::{Value, json};

use crate::{
    endpoint::{Endpoint, Then, whole},
    support::{Answer, Api, Receiver, Reply, Seen, Server, eventually, flow},
};

pub(crate) const MARKDOWN: &str = "# Brisa\n\n## Error codes\n\nE3: the pump is blocked. Descale the machine.\n\n\
                        ## Warranty\n\nTwo years from the day of purchase.\n";

const CHINESE: &str =
    "# 服务政策\n\n## 保修\n\n整机保修两年，自购买之日起计算。\n\n## 退换\n\n七天内可以无理由退货。\n";

const HTML: &str = "<html><head><title>Care</title><script>track()</script></head><body><h1>Care</h1>\
                    <p>Rinse the milk frother after <b>every</b> use.</p></body></html>";

/// Numbers in a vector.
const DIMENSIONS: usize = 96;

/// What a base is told, and the model that embeds it.
pub(crate) async fn base(owner: &Api, url: &str) {
    let provider = json!({ "config": { "base_url": url }, "secrets": { "api_key": "sk-mock" } });
    owner.put("/providers/vectors", &provider).await.ok();
    let model = json!({ "provider": "vectors", "purpose": "embedding", "model": "embed-1" });
    owner.put("/models/mock-embedding", &model).await.ok();
    let settings = json!({ "settings": { "embedding_model": "mock-embedding" } });
    owner.put("/knowledge-bases/manual", &settings).await.ok();
}

/// Adds a document to the base.
pub(crate) async fn add(owner: &Api, name: &str, media_type: &str, content: impl Into<Vec<u8>>) -> Answer {
    add_to(owner, "manual", name, media_type, content).await
}

/// Adds a document to a base of another name.
pub(crate) async fn add_to(
    owner: &Api,
    base: &str,
    name: &str,
    media_type: &str,
    content: impl Into<Vec<u8>>,
) -> Answer {
    let url = format!("{}/api/v1/knowledge-bases/{base}/documents?name={name}", owner.url);
    let (header, credentials) = owner.credentials.clone().unwrap();
    let headers = [(header, credentials.as_str()), ("content-type", media_type)];
    owner.http.call(Method::POST, &url, &headers, content.into()).await
}

/// Waits until a document is `ready` or has `failed`, and gives it.
pub(crate) async fn settled(owner: &Api, name: &str) -> Value {
    eventually(&format!("{name} is ingested"), async || {
        let documents = owner.get("/knowledge-bases/manual/documents").await.ok();
        let document = documents.as_array().unwrap().iter().find(|document| document["name"] == name);
        document.filter(|document| document["status"] != "queued").cloned()
    })
    .await
}

/// Adds a document and waits until it can be found; gives how many chunks it has.
pub(crate) async fn ingest(owner: &Api, name: &str, media_type: &str, content: &str) -> u64 {
    let added = add(owner, name, media_type, content).await;
    assert_eq!(added.status, 202, "{added:?}");
    let document = settled(owner, name).await;
    assert_eq!(document["status"], "ready", "{document}");
    document["chunks"].as_u64().unwrap()
}

/// What the base has to say to a question, best first.
pub(crate) async fn find(owner: &Api, query: &str) -> Vec<Value> {
    let found = owner.post("/knowledge-bases/manual/search", &json!({ "query": query })).await.ok();
    found["passages"].as_array().unwrap().clone()
}

/// An endpoint that embeds by words and by pairs of Chinese characters.
pub(crate) async fn vectors() -> Receiver {
    Receiver::start(|_, seen| embed(seen)).await
}

pub(crate) fn embed(seen: &Seen) -> Reply {
    let embedding = |(index, text): (usize, &String)| json!({ "index": index, "embedding": vector(text) });
    let data: Vec<Value> = asked(seen).iter().enumerate().map(embedding).collect();
    Reply::json(200, &json!({ "data": data, "usage": { "prompt_tokens": 1 } }))
}

/// The texts of a request for embeddings.
fn asked(seen: &Seen) -> Vec<String> {
    let body = seen.json();
    assert_eq!((seen.path.as_str(), &body["model"]), ("/v1/embeddings", &json!("embed-1")));
    assert_eq!(seen.header("authorization"), "Bearer sk-mock");
    serde_json::from_value(body["input"].clone()).unwrap()
}

pub(crate) fn vector(text: &str) -> Vec<f32> {
    let mut vector = vec![0.01; DIMENSIONS];
    let mut count = |term: &str| {
        let hash = term.bytes().fold(7_usize, |hash, byte| hash.wrapping_mul(31).wrapping_add(byte.into()));
        vector[hash % DIMENSIONS] += 1.0;
    };
    let lower = text.to_lowercase();
    lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).for_each(&mut count);
    let chinese: Vec<char> = lower.chars().filter(|c| !c.is_ascii()).collect();
    chinese.windows(2).map(|pair| pair.iter().collect::<String>()).for_each(|pair| count(&pair));
    vector
}

/// How often each text was embedded.
pub(crate) fn embedded(receiver: &Receiver) -> BTreeMap<String, usize> {
    receiver.seen().iter().flat_map(asked).fold(BTreeMap::new(), |mut times, text| {
        *times.entry(text).or_default() += 1;
        times
    })
}

#[tokio::test]
async fn documents_of_every_format_are_found_in_their_language_by_the_api_and_by_a_flow() {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    let vectors = vectors().await;
    base(&owner, &vectors.url("v1")).await;
    assert_eq!(ingest(&owner, "brisa.md", "text/markdown", MARKDOWN).await, 2);
    assert_eq!(ingest(&owner, "policy.md", "text/markdown", CHINESE).await, 2);
    ingest(&owner, "care.html", "text/html", HTML).await;
    ingest(&owner, "hours.txt", "text/plain", "The shop is open from nine to five.").await;

    for (query, name, text) in [
        ("What does E3 mean, is the pump blocked?", "brisa.md", "Descale the machine"),
        ("保修多久？", "policy.md", "整机保修两年"),
        ("可以无理由退货吗", "policy.md", "七天内"),
        ("How do I rinse the milk frother?", "care.html", "after every use"),
        ("When is the shop open?", "hours.txt", "nine to five"),
    ] {
        let best = &find(&owner, query).await[0];
        assert_eq!(best["name"], name, "{query}: {best}");
        assert!(best["text"].as_str().unwrap().contains(text), "{query}: {best}");
    }
    let html = find(&owner, "track").await;
    assert!(html.iter().all(|passage| !passage["text"].as_str().unwrap().contains("track")), "{html:?}");

    let nodes =
        "nodes: { look: { kind: knowledge, bases: [manual], query: \"{{ input.query }}\", top_k: 1 } }
edges: [start -> look]
outputs: { context: \"{{ nodes.look.context }}\", sources: \"{{ nodes.look.sources }}\" }
";
    owner.deploy("looking", &flow("looking", nodes)).await;
    let source = owner.open_source("looking", "wait").await;
    for (query, context, heading) in [
        ("Is the pump blocked?", "[1] brisa › Brisa › Error codes\nE3: the pump", "Brisa › Error codes"),
        ("保修多久？", "[1] policy › 服务政策 › 保修\n整机保修两年", "服务政策 › 保修"),
    ] {
        let found = source.post(&json!({ "query": query })).await.ok();
        assert!(found["context"].as_str().unwrap().starts_with(context), "{found}");
        assert_eq!(found["sources"][0]["heading"], heading, "{found}");
    }
}

#[tokio::test]
async fn the_same_content_is_embedded_once_and_a_new_one_replaces_it() {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    let vectors = vectors().await;
    base(&owner, &vectors.url("v1")).await;
    ingest(&owner, "brisa.md", "text/markdown", MARKDOWN).await;
    assert_eq!(embedded(&vectors).len(), 2);
    let calls = vectors.seen().len();
    let same = add(&owner, "brisa.md", "text/markdown", MARKDOWN).await.ok();
    assert!(same.get("job").is_none(), "there is nothing to do: {same}");
    ingest(&owner, "twin.md", "text/markdown", MARKDOWN).await;
    assert_eq!(vectors.seen().len(), calls, "neither is embedded");

    let changed = MARKDOWN.replace("Two years", "Three years");
    ingest(&owner, "brisa.md", "text/markdown", &changed).await;
    let times = embedded(&vectors);
    assert!(times.len() == 3 && times.values().all(|times| *times == 1), "{times:?}");
    let said: Vec<_> = find(&owner, "How many years is the warranty?").await;
    let of = |name: &str| {
        let mut texts = said.iter().filter(|passage| passage["name"] == name);
        texts.find_map(|passage| passage["text"].as_str().filter(|text| text.contains("years")))
    };
    assert!(of("brisa.md").unwrap().starts_with("Three"), "{said:?}");
    assert!(of("twin.md").unwrap().starts_with("Two"), "{said:?}");

    let documents = owner.get("/knowledge-bases/manual/documents").await.ok();
    let twin = documents.as_array().unwrap().iter().find(|document| document["name"] == "twin.md").unwrap();
    assert_eq!(owner.delete(&format!("/documents/{}", twin["id"].as_str().unwrap())).await.status, 204);
    let left = find(&owner, "warranty").await;
    assert!(!left.is_empty() && left.iter().all(|passage| passage["name"] == "brisa.md"), "{left:?}");
}

#[tokio::test]
async fn a_question_that_cannot_be_embedded_says_why_and_whether_to_ask_again() {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    let ask = async || {
        owner.post("/knowledge-bases/manual/search", &json!({ "query": "Is the pump blocked?" })).await
    };
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    base(&owner, &format!("http://{closed}/v1")).await;
    let answer = ask().await;
    let said = answer.problem(503, "unavailable");
    assert_eq!(answer.header("retry-after"), Some("5"));
    let detail = said["detail"].as_str().unwrap();
    for part in
        ["the question could not be embedded", "vectors cannot be reached", "no connection to 127.0.0.1"]
    {
        assert!(detail.contains(part), "{detail}");
    }

    for (status, problem, code, says) in [
        (503, 503, "unavailable", "vectors cannot answer now (status 503): sorry, *** is busy"),
        (429, 503, "unavailable", "vectors limits the rate of requests: sorry, *** is busy"),
        (401, 422, "invalid", "vectors does not accept the key"),
        (400, 422, "invalid", "vectors does not take the request: sorry, *** is busy"),
    ] {
        let body = r#"{"error":{"message":"sorry, sk-mock is busy"}}"#;
        let endpoint = Receiver::start(move |_, _| Reply::with(status, &[], body)).await;
        base(&owner, &endpoint.url("v1")).await;
        let said = ask().await.problem(problem, code);
        let detail = said["detail"].as_str().unwrap();
        assert!(detail.contains(says) && !detail.contains("sk-mock"), "{status}: {detail}");
    }
}

/// By words where the meaning cannot be had.
const EITHER: &str = "nodes:
  look: { kind: knowledge, bases: [manual], query: \"{{ input.query }}\", timeout: 1s, on_failure: branch }
  words: { kind: knowledge, bases: [manual], query: \"{{ input.query }}\", mode: keyword }
  told: { kind: template, text: \"{{ nodes.look.error.code }}\" }
edges: [start -> look, look.failed -> told -> words]
outputs: { context: \"{{ nodes.look.context or nodes.words.context or '' }}\", told: \"{{ nodes.told.text or '' }}\" }
";

#[tokio::test]
async fn a_question_that_cannot_be_embedded_takes_the_failure_branch_and_keywords_still_find() {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    let vectors = vectors().await;
    base(&owner, &vectors.url("v1")).await;
    ingest(&owner, "brisa.md", "text/markdown", MARKDOWN).await;
    owner.deploy("either", &flow("either", EITHER)).await;
    let source = owner.open_source("either", "wait").await;
    let query = json!({ "query": "Is the pump blocked?" });
    let found = async || source.post(&query).await.ok();
    let proper = found().await;
    assert_eq!(proper["told"], "", "{proper}");

    let stream = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n";
    let page = whole("200 OK", "content-type: text/html\r\n", "<html>Please log in</html>");
    for (begins, then, code) in [
        ("", Then::Hang, "timeout"),
        (stream, Then::Drip(" "), "timeout"),
        (page.as_str(), Then::Close, "model_malformed"),
    ] {
        let endpoint = Endpoint::start(begins, then, "").await;
        base(&owner, &endpoint.url).await;
        let found = found().await;
        assert_eq!(found["told"], code, "{found}");
        assert!(found["context"].as_str().unwrap().contains("the pump is blocked"), "{found}");
        endpoint.let_go().await;
        assert_eq!(endpoint.requests(), 1);
    }
    base(&owner, &vectors.url("v1")).await;
    assert_eq!(found().await, proper);
}
