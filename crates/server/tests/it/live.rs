//! What happens, as it happens.

use std::time::Duration;

use axum::http::Method;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde_json::{Value, json};

use crate::support::{Api, Receiver, Reply, Server, flow, request, whole};

/// A stream of server-sent events.
pub(crate) struct Live {
    body: Incoming,
    text: String,
}

impl Live {
    /// Opens the stream of an environment.
    pub(crate) async fn open(api: &Api, environment: &str) -> Self {
        let url = format!("{}/api/v1/environments/{environment}/live", api.url);
        let (name, value) = api.credentials.clone().unwrap();
        let opened = api.http.open(request(Method::GET, &url, &[(name, &value)], whole(""))).await.unwrap();
        assert_eq!(opened.status(), 200);
        assert_eq!(opened.headers()["content-type"], "text/event-stream");
        Self { body: opened.into_body(), text: String::new() }
    }

    /// The next event with its data; `None` at the end of the stream.
    pub(crate) async fn next(&mut self) -> Option<(String, Value)> {
        loop {
            if let Some((event, _)) = self.text.split_once("\n\n") {
                let field =
                    |name: &str| event.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
                let parsed =
                    (field("event: ").to_owned(), serde_json::from_str(field("data: ")).unwrap_or_default());
                self.text.drain(..event.len() + 2);
                return Some(parsed);
            }
            let frame = tokio::time::timeout(Duration::from_secs(20), self.body.frame());
            let frame = frame.await.expect("the stream is silent")?.ok()?;
            self.text.push_str(std::str::from_utf8(frame.data_ref()?).unwrap());
        }
    }
}

const TELLING: &str = "nodes:
  say: { kind: template, text: \"{{ input.query }}\" }
  tell: { kind: deliver, destination: shop, body: \"{{ nodes.say.text }}\" }
edges: [start -> say -> tell]
";

#[tokio::test]
async fn runs_steps_and_deliveries_are_seen_as_they_happen() {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    let receiver = Receiver::start(|nth, _| Reply::Status(if nth == 0 { 500 } else { 200 })).await;
    let target = json!({ "kind": "webhook", "url": receiver.url("hook"), "retry": ["1ms"] });
    owner.destination("shop", target, Value::Null).await;
    owner.deploy("telling", &flow("telling", TELLING)).await;
    let source = owner.open_source("telling", "accept").await;
    let mut elsewhere = Live::open(&owner, "test").await;
    let mut live = Live::open(&owner.key("viewer").await, "production").await;
    let receipt = source.post(&json!({ "query": "x" })).await.ok();

    let mut seen = Vec::new();
    while !seen.contains(&"delivery delivered".to_owned()) {
        let (event, data) = live.next().await.expect("the stream goes on");
        assert_eq!(data["run"], receipt["run_id"], "{event}: {data}");
        let what = match event.as_str() {
            "run" => data["status"].as_str().unwrap().to_owned(),
            "step" => format!("{} {}", data["step"].as_str().unwrap(), data["state"].as_str().unwrap()),
            "delivery" => data["outcome"].as_str().unwrap().to_owned(),
            other => panic!("{other}: {data}"),
        };
        seen.push(format!("{event} {what}"));
    }
    for expected in
        ["run running", "step say succeeded", "step tell succeeded", "run succeeded", "delivery retry"]
    {
        assert!(seen.iter().any(|seen| seen == expected), "{expected}: {seen:?}");
    }
    let another = tokio::time::timeout(Duration::from_millis(50), elsewhere.next()).await;
    assert!(another.is_err(), "another environment's viewers see nothing of it: {another:?}");
}
