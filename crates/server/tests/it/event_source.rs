//! A client of server-sent events that keeps the rules: it takes what comes, and comes back with the last id.

use std::{collections::BTreeMap, time::Duration};

use axum::http::{HeaderMap, Method};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde_json::Value;

use crate::support::{Http, request, whole};

/// How long a stream may be silent.
const PATIENCE: Duration = Duration::from_secs(20);

/// One stream.
pub(crate) struct Stream {
    pub(crate) headers: HeaderMap,
    body: Incoming,
    bytes: Vec<u8>,
}

/// What a client has been told over all its streams.
#[derive(Debug, Default)]
pub(crate) struct Transcript {
    /// The first event.
    pub(crate) run: Value,
    pub(crate) texts: BTreeMap<String, String>,
    /// `step state`, in their order.
    pub(crate) states: Vec<String>,
    pub(crate) tokens: usize,
    pub(crate) resets: usize,
    /// The last event and its name, once there is one.
    pub(crate) end: Option<(String, Value)>,
    /// The id of what came last.
    pub(crate) last: String,
}

/// An event.
#[derive(Debug)]
pub(crate) struct Heard {
    pub(crate) id: String,
    pub(crate) event: String,
    pub(crate) data: Value,
}

impl Stream {
    /// Posts a request that is answered by a stream.
    pub(crate) async fn post(url: &str, headers: &[(&str, &str)], body: &Value) -> Self {
        let headers = [headers, &[("content-type", "application/json")]].concat();
        Self::open(Method::POST, url, &headers, &body.to_string()).await
    }

    /// Gets a stream, from where a client stands.
    pub(crate) async fn get(url: &str, last: &str) -> Self {
        Self::open(Method::GET, url, &[("last-event-id", last)], "").await
    }

    async fn open(method: Method, url: &str, headers: &[(&str, &str)], body: &str) -> Self {
        // With a connection of its own, so that its end is the connection's.
        let opened = Http::new().open(request(method, url, headers, whole(body.to_owned()))).await.unwrap();
        assert_eq!(opened.status(), 200, "{url}: {opened:?}");
        let (head, body) = opened.into_parts();
        assert_eq!(head.headers["content-type"], "text/event-stream");
        Self { headers: head.headers, body, bytes: Vec::new() }
    }

    /// The next event; `None` at the end of the stream, however it came.
    pub(crate) async fn next(&mut self) -> Option<Heard> {
        loop {
            if let Some(end) = self.bytes.windows(2).position(|two| two == b"\n\n") {
                let event = String::from_utf8(self.bytes.drain(..end + 2).collect()).unwrap();
                let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name));
                let Some(data) = field("data: ") else { continue };
                let text = |name: &str| field(name).unwrap_or_default().to_owned();
                let data = serde_json::from_str(data).unwrap();
                return Some(Heard { id: text("id: "), event: text("event: "), data });
            }
            let frame = tokio::time::timeout(PATIENCE, self.body.frame()).await;
            let frame = frame.expect("the stream is silent")?.ok()?;
            self.bytes.extend_from_slice(frame.data_ref()?);
        }
    }
}

impl Transcript {
    /// Takes the next event; false at the end of the stream.
    pub(crate) async fn read(&mut self, stream: &mut Stream) -> bool {
        let Some(Heard { id, event, data }) = stream.next().await else { return false };
        assert!(!id.is_empty(), "every event has an id: {event} {data}");
        assert!(self.end.is_none(), "nothing comes behind the end: {event} {data}");
        self.last = id;
        let step = || data["step"].as_str().unwrap().to_owned();
        match event.as_str() {
            "run" => self.run = data,
            "step" => self.states.push(format!("{} {}", step(), data["state"].as_str().unwrap())),
            "token" => {
                self.tokens += 1;
                *self.texts.entry(step()).or_default() += data["text"].as_str().unwrap();
            }
            "reset" => {
                self.resets += 1;
                self.texts.entry(step()).or_default().clear();
            }
            _ => self.end = Some((event, data)),
        }
        true
    }

    /// Reads until the stream ends.
    pub(crate) async fn read_all(&mut self, stream: &mut Stream) {
        while self.read(stream).await {}
    }

    /// Reads until a step has said this.
    pub(crate) async fn read_until(&mut self, stream: &mut Stream, step: &str, said: &str) {
        while self.text(step) != said {
            assert!(self.read(stream).await, "the stream ended before {said:?}: {self:?}");
        }
    }

    pub(crate) fn text(&self, step: &str) -> &str {
        self.texts.get(step).map_or("", String::as_str)
    }

    /// The end, which has this name.
    #[track_caller]
    pub(crate) fn ended(&self, name: &str) -> &Value {
        let (event, data) = self.end.as_ref().unwrap_or_else(|| panic!("no end: {self:?}"));
        assert_eq!(event, name, "{data}");
        data
    }

    /// A URL that the first event gave.
    pub(crate) fn url(&self, name: &str) -> &str {
        self.run[name].as_str().unwrap_or_else(|| panic!("no {name}: {self:?}"))
    }
}
