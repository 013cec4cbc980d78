//! Listening to a source, samples, and the fields that requests have.

use axum::http::Method;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde_json::{Value, json};

use crate::support::{Api, Home, Server, Source, eventually, flow, request, whole};

const ECHO: &str = "nodes:
  say: { kind: template, text: \"{{ input.query }}\" }
edges: [start -> say]
";

async fn echo(server: &Server) -> (Api, Source) {
    let owner = Api::set_up(server).await;
    owner.deploy("echo", &flow("echo", ECHO)).await;
    let source = owner.open_source("echo", "accept").await;
    (owner, source)
}

/// Somebody who listens to a source.
struct Listener {
    body: Incoming,
    text: String,
}

impl Listener {
    async fn open(api: &Api, source: &Source) -> Self {
        let url = format!("{}/api/v1/sources/{}/listen", api.url, source.id);
        let (name, value) = api.credentials.clone().unwrap();
        let opened = api.http.open(request(Method::GET, &url, &[(name, &value)], whole(""))).await.unwrap();
        assert_eq!(opened.status(), 200);
        let mut listener = Self { body: opened.into_body(), text: String::new() };
        assert_eq!(listener.next().await.0, "listening");
        listener
    }

    async fn next(&mut self) -> (String, Value) {
        loop {
            if let Some((event, _)) = self.text.split_once("\n\n") {
                let field =
                    |name: &str| event.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
                let parsed =
                    (field("event: ").to_owned(), serde_json::from_str(field("data: ")).unwrap_or_default());
                self.text.drain(..event.len() + 2);
                return parsed;
            }
            let frame = tokio::time::timeout(std::time::Duration::from_secs(20), self.body.frame());
            let frame = frame.await.expect("nothing is heard").expect("the stream goes on").unwrap();
            self.text.push_str(std::str::from_utf8(frame.data_ref().unwrap()).unwrap());
        }
    }

    async fn request(&mut self) -> Value {
        let (event, data) = self.next().await;
        assert_eq!(event, "request", "{data}");
        data
    }
}

#[tokio::test]
async fn the_next_requests_are_heard_accepted_or_refused() {
    let server = Server::fresh().await;
    let (owner, source) = echo(&server).await;
    source.post(&json!({ "query": "before" })).await.ok();
    let mut listener = Listener::open(&owner, &source).await;
    let other = owner.open_source("echo", "accept").await;
    other.post(&json!({ "query": "another source's" })).await.ok();

    let headers = [("x-shop", "9"), ("authorization", "Bearer hunter2")];
    let receipt = source.post_with(&headers, &json!({ "query": "x" })).await.ok();
    let heard = listener.request().await;
    assert_eq!((&heard["outcome"], &heard["id"]), (&json!("accepted"), &receipt["event_id"]), "{heard}");
    assert_eq!(
        (&heard["request"]["headers"]["x-shop"], &heard["input"]),
        (&json!("9"), &json!({ "query": "x" }))
    );
    assert_eq!(heard["request"]["headers"]["authorization"], "***");

    source.post(&json!({ "query": 1 })).await.problem(422, "field_invalid");
    let heard = listener.request().await;
    assert_eq!((&heard["outcome"], &heard["answer"]["code"]), (&json!("refused"), &json!("field_invalid")));
    assert_eq!(heard["request"]["body"]["text"], "{\"query\":1}", "{heard}");

    let path = format!("/sources/{}/listen", source.id);
    owner.key("viewer").await.get(&path).await.problem(403, "forbidden");
    owner.get("/sources/src_01h455vb4pex5vsknk084sn02q/listen").await.problem(404, "not_found");
}

#[tokio::test]
async fn a_request_that_another_node_took_is_heard_as_well() {
    if !Home::is_on_postgres() {
        return;
    }
    let home = Home::new();
    let here = home.serve().start().await;
    let there = home.serve().start().await;
    let (owner, source) = echo(&here).await;
    let mut listener = Listener::open(&owner, &source).await;
    let elsewhere = source.at(format!("{}/hooks/{}", there.url, source.id));
    let receipt = eventually("the other node knows the source", async || {
        let answer = elsewhere.post(&json!({ "query": "x" })).await;
        (answer.status == 202).then(|| answer.ok())
    });
    let receipt = receipt.await;
    loop {
        let heard = listener.request().await;
        if heard["id"] == receipt["event_id"] {
            return;
        }
    }
}

#[tokio::test]
async fn a_stop_ends_what_is_listened_to() {
    let mut server = Server::fresh().await;
    let (owner, source) = echo(&server).await;
    let _listener = Listener::open(&owner, &source).await;
    server.terminate();
    assert_eq!(server.ended().await.code(), Some(0));
}

#[tokio::test]
async fn requests_are_pinned_as_samples_and_tell_their_fields() {
    let server = Server::fresh().await;
    let (owner, source) = echo(&server).await;
    let path = format!("/sources/{}", source.id);
    let put = async |name: &str, pin: Value| owner.put(&format!("{path}/samples/{name}"), &pin).await;
    let infer = async |examples: Value| owner.post(&format!("{path}/infer"), &examples).await;
    infer(json!({})).await.problem(422, "invalid");

    let body = json!({ "query": "x", "order": { "id": 7 }, "at": "2026-01-31T08:00:00Z" });
    let receipt = source.post_with(&[("x-shop", "9")], &body).await.ok();
    let event = receipt["event_id"].clone();
    source.post(&json!({ "query": 1 })).await.problem(422, "field_invalid");
    let refusal = owner.refusal(&source, "field_invalid").await["id"].clone();
    put("first", json!({ "event": event })).await.ok();
    put("wrong", json!({ "refusal": refusal })).await.ok();

    let listed = owner.get(&format!("{path}/samples")).await.ok();
    let names: Vec<_> =
        listed.as_array().unwrap().iter().map(|sample| (&sample["name"], &sample["from"])).collect();
    assert_eq!(names, [(&json!("first"), &event), (&json!("wrong"), &refusal)]);
    assert_eq!(listed[0]["request"]["headers"]["x-shop"], "9");

    let found = infer(json!({ "samples": ["first"] })).await.ok();
    assert_eq!(
        found["fields"],
        json!({
            "query": { "type": "string", "from": "body.query", "required": true, "example": "x" },
            "id": { "type": "integer", "from": "body.order.id", "required": true, "example": 7 },
            "at": { "type": "date-time", "from": "body.at", "required": true, "example": "2026-01-31T08:00:00Z" },
            "shop": { "type": "integer", "from": "header.x-shop", "required": true, "example": 9 },
        })
    );
    assert_eq!(found["inputs"]["id"], json!({ "type": "integer", "required": true, "example": 7 }));
    let both = infer(json!({})).await.ok();
    assert_eq!(
        both["fields"]["query"],
        json!({ "type": "any", "from": "body.query", "required": true, "example": "x" })
    );
    assert_eq!(both["fields"]["id"]["required"], Value::Null);
    assert_eq!(infer(json!({ "event": event })).await.ok(), found);
    assert_eq!(infer(json!({ "request": listed[0]["request"] })).await.ok(), found);

    infer(json!({ "samples": ["none"] })).await.problem(422, "invalid");
    infer(json!({ "request": { "method": "POST" } })).await.problem(422, "invalid");
    put("no%20name", json!({ "event": event })).await.problem(422, "invalid");
    put("both", json!({ "event": event, "refusal": refusal })).await.problem(422, "invalid");
    let other = owner.open_source("echo", "accept").await;
    let stolen = owner.put(&format!("/sources/{}/samples/x", other.id), &json!({ "event": event })).await;
    stolen.problem(404, "not_found");
    owner.key("operator").await.delete(&format!("{path}/samples/wrong")).await.problem(403, "forbidden");
    owner.delete(&format!("{path}/samples/wrong")).await.ok();
    owner.delete(&format!("{path}/samples/wrong")).await.problem(404, "not_found");
}

#[tokio::test]
async fn a_source_has_twenty_samples_at_most_and_none_is_too_large() {
    let server = Server::fresh().await;
    let (owner, source) = echo(&server).await;
    let event = source.post(&json!({ "query": "x" })).await.ok()["event_id"].clone();
    let put = async |name: String, event: &Value| {
        owner.put(&format!("/sources/{}/samples/{name}", source.id), &json!({ "event": event })).await
    };
    for nth in 0..20 {
        put(format!("s{nth}"), &event).await.ok();
    }
    put("s3".to_owned(), &event).await.ok();
    put("more".to_owned(), &event).await.problem(409, "conflict");
    let large = source.post(&json!({ "query": "x".repeat(300_000) })).await.ok()["event_id"].clone();
    put("s3".to_owned(), &large).await.problem(422, "invalid");
}
