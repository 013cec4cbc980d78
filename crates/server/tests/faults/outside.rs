//! Everything around the server: the systems that it calls, and what they saw.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::support::{Api, Receiver, Reply, Seen, Server, flow, within};

/// A flow with a step of every class of effects, a delivery, and one more effect that waits until it has arrived.
const WORKING: &str = "nodes:
  note: { kind: template, text: \"{{ input.query }}\" }
  ask: { kind: http, method: POST, url: \"{{ env.OUTSIDE }}/ask\", body: { key: \"{{ nodes.note.text }}\" } }
  think: { kind: llm, model: mock, messages: [{ user: \"{{ nodes.note.text }}\" }] }
  tell:
    kind: deliver
    destination: tickets
    await: true
    body: { key: \"{{ input.query }}\", asked: \"{{ nodes.ask.body.number }}\", thought: \"{{ nodes.think.text }}\" }
  book: { kind: http, method: POST, url: \"{{ env.OUTSIDE }}/book\", body: { key: \"{{ input.query }}\", told: \"{{ nodes.tell.status }}\" } }
edges: [start -> note -> ask -> think -> tell -> book]
outputs:
  asked: \"{{ nodes.ask.body.number }}\"
  thought: \"{{ nodes.think.text }}\"
  booked: \"{{ nodes.book.body.number }}\"
";

/// A flow that is done before its event is committed.
const PLAIN: &str = "nodes:
  tell: { kind: deliver, destination: tickets, body: { key: \"{{ input.query }}\" } }
edges: [start -> tell]
";

/// A flow that waits from its first step on.
const WAITING: &str = "nodes:
  tell: { kind: deliver, destination: tickets, await: true, body: { key: \"{{ input.query }}\" } }
edges: [start -> tell]
";

/// The names of the flows.
pub(crate) const FLOWS: [&str; 3] = ["working", "plain", "waiting"];

/// How long the model thinks by default: long enough that something is in flight whenever the server dies.
const THINKING: Duration = Duration::from_millis(20);

/// The systems outside. They count what comes, and answer with the count.
pub(crate) struct Outside {
    receiver: Receiver,
    /// Steps' calls are answered while this has permits.
    gate: Arc<Semaphore>,
}

impl Outside {
    pub(crate) async fn start() -> Self {
        Self::thinking(THINKING).await
    }

    /// The same with a model that thinks so long.
    pub(crate) async fn thinking(thinking: Duration) -> Self {
        let gate = Arc::new(Semaphore::new(0));
        let (guard, told) = (Arc::clone(&gate), Mutex::<BTreeSet<String>>::default());
        let answer = move |nth: usize, seen: &Seen| match seen.path.as_str() {
            "/ask" => Reply::Gate(Arc::clone(&guard), Box::new(answer(nth, seen))),
            "/v1/chat/completions" => Reply::After(thinking, Box::new(answer(nth, seen))),
            // Every other message is refused at first.
            "/hook" if key(seen).ends_with(['1', '3', '5', '7', '9']) && told.lock().insert(key(seen)) => {
                Reply::Status(500)
            }
            _ => answer(nth, seen),
        };
        let outside = Self { receiver: Receiver::start(answer).await, gate };
        outside.open();
        outside
    }

    /// Lets steps have their answers.
    pub(crate) fn open(&self) {
        self.gate.add_permits(Semaphore::MAX_PERMITS / 2);
    }

    /// Holds back the answers to steps.
    pub(crate) fn close(&self) {
        self.gate.forget_permits(Semaphore::MAX_PERMITS);
    }

    /// Waits until a step asks for an event's key.
    pub(crate) async fn asked(&self, wanted: &str) {
        let what = format!("a step asks for {wanted}");
        within(Duration::from_secs(20), &what, async || {
            let seen = self.receiver.seen();
            seen.iter().any(|seen| seen.path == "/ask" && key(seen) == wanted).then_some(())
        })
        .await;
    }

    /// Makes flows, model and destination in a fresh server.
    pub(crate) async fn set_up(&self, server: &Server) -> Api {
        let owner = Api::set_up(server).await;
        let provider =
            json!({ "config": { "base_url": self.receiver.url("v1") }, "secrets": { "api_key": "sk-mock" } });
        assert_eq!(owner.put("/providers/outside", &provider).await.status, 204);
        let model = json!({ "provider": "outside", "purpose": "chat" });
        assert_eq!(owner.put("/models/mock", &model).await.status, 204);
        let variable = json!({ "value": self.receiver.url("").trim_end_matches('/') });
        owner.put("/environments/production/variables/OUTSIDE", &variable).await.ok();
        let tickets =
            json!({ "kind": "webhook", "url": self.receiver.url("hook"), "retry": ["1ms", "10ms", "100ms"] });
        owner.destination("tickets", tickets, Value::Null).await;
        owner.deploy("working", &flow("working", WORKING)).await;
        owner.deploy("plain", &flow("plain", PLAIN)).await;
        owner.deploy("waiting", &flow("waiting", WAITING)).await;
        owner
    }

    /// What came, in its order.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.receiver.seen()
    }
}

/// For which event a request is.
pub(crate) fn key(seen: &Seen) -> String {
    let body = seen.json();
    let key = if seen.path.ends_with("completions") { &body["messages"][0]["content"] } else { &body["key"] };
    key.as_str().unwrap().to_owned()
}

fn answer(nth: usize, seen: &Seen) -> Reply {
    match seen.path.as_str() {
        "/v1/chat/completions" => {
            let piece =
                json!({ "choices": [{ "delta": { "content": nth.to_string() }, "finish_reason": "stop" }] });
            let stream = format!("data: {piece}\n\ndata: [DONE]\n\n");
            Reply::with(200, &[("content-type", "text/event-stream")], stream)
        }
        "/hook" => Reply::Status(200),
        _ => Reply::json(200, &json!({ "number": nth })),
    }
}
