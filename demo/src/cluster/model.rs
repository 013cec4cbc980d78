//! A stand-in for the model: takes its time, and passes on what it was given of the manual.

use std::{collections::HashSet, sync::Arc, time::Duration};

use axum::{
    Json, Router,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
    routing::post,
};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// How long it takes for an answer.
pub(crate) const THINKING: Duration = Duration::from_secs(1);

pub(crate) struct Model {
    /// The address before `/chat/completions`.
    pub(crate) url: String,
    calls: Arc<Mutex<Calls>>,
}

/// What it was asked.
#[derive(Default)]
struct Calls {
    all: usize,
    different: HashSet<String>,
}

impl Model {
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let calls = Arc::<Mutex<Calls>>::default();
        let router = Router::new().route("/v1/chat/completions", post(answer)).with_state(Arc::clone(&calls));
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}/v1", listener.local_addr()?);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Self { url, calls })
    }

    /// How often it was called, and how often for the same as before.
    pub(crate) fn calls(&self) -> (usize, usize) {
        let calls = self.calls.lock();
        (calls.all, calls.all - calls.different.len())
    }
}

async fn answer(State(calls): State<Arc<Mutex<Calls>>>, Json(request): Json<Value>) -> Response {
    {
        let mut calls = calls.lock();
        calls.all += 1;
        calls.different.insert(request["messages"].to_string());
    }
    tokio::time::sleep(THINKING).await;
    let chunk = |choices: Value| {
        let chunk =
            json!({ "id": "1", "object": "chat.completion.chunk", "model": "stand-in", "choices": choices });
        format!("data: {chunk}\n\n")
    };
    let said = json!({ "role": "assistant", "content": said(&request) });
    let stream = chunk(json!([{ "index": 0, "delta": said, "finish_reason": "stop" }])) + "data: [DONE]\n\n";
    ([(header::CONTENT_TYPE, "text/event-stream")], stream).into_response()
}

/// What a model would say that only quotes: the manual's excerpt, which the flow put into the last message.
fn said(request: &Value) -> String {
    let last = request["messages"].as_array().and_then(|messages| messages.last());
    let excerpt = last.and_then(|message| message["content"].as_str()).unwrap_or_default();
    let words: Vec<&str> = excerpt.split_whitespace().take(60).collect();
    format!("Our manual says: {}", words.join(" "))
}
