//! Everything around the server: the systems that it calls, and what they saw.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::{
    senders::Taken,
    support::{Api, Receiver, Reply, Seen, Server, flow, within},
};

/// A flow with a step of every class of effects, a delivery, and one more effect behind it.
const WORKING: &str = "nodes:
  note: { kind: template, text: \"{{ input.query }}\" }
  ask: { kind: http, method: POST, url: \"{{ env.OUTSIDE }}/ask\", body: { key: \"{{ nodes.note.text }}\" } }
  think: { kind: llm, model: mock, messages: [{ user: \"{{ nodes.note.text }}\" }] }
  tell:
    kind: deliver
    destination: tickets
    body: { key: \"{{ input.query }}\", asked: \"{{ nodes.ask.body.number }}\", thought: \"{{ nodes.think.text }}\" }
  book: { kind: http, method: POST, url: \"{{ env.OUTSIDE }}/book\", body: { key: \"{{ input.query }}\" } }
edges: [start -> note -> ask -> think -> tell -> book]
outputs: { asked: \"{{ nodes.ask.body.number }}\", thought: \"{{ nodes.think.text }}\" }
";

/// A flow that is done before its event is committed.
const PLAIN: &str = "nodes:
  tell: { kind: deliver, destination: tickets, body: { key: \"{{ input.query }}\" } }
edges: [start -> tell]
";

/// The names of the flows.
pub(crate) const FLOWS: [&str; 2] = ["working", "plain"];

/// How long the model thinks: long enough that something is in flight whenever the server dies.
const THINKING: Duration = Duration::from_millis(20);

/// The systems outside. They count what comes, and answer with the count.
pub(crate) struct Outside {
    receiver: Receiver,
    /// Steps' calls are answered while this has permits.
    gate: Arc<Semaphore>,
}

/// What the ledger came to.
#[derive(Debug, Default)]
pub(crate) struct Sum {
    pub(crate) events: usize,
    /// Calls of steps and models, and how many of them were repeats of one in flight at a crash.
    pub(crate) calls: usize,
    pub(crate) repeated_calls: usize,
    /// Deliveries, and how many of them came again.
    pub(crate) deliveries: usize,
    pub(crate) repeated_deliveries: usize,
}

impl Outside {
    pub(crate) async fn start() -> Self {
        let gate = Arc::new(Semaphore::new(0));
        let (guard, told) = (Arc::clone(&gate), Mutex::<BTreeSet<String>>::default());
        let answer = move |nth: usize, seen: &Seen| match seen.path.as_str() {
            "/ask" => Reply::Gate(Arc::clone(&guard), Box::new(answer(nth, seen))),
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
        owner
    }

    /// Waits until everything that was taken is done, then goes through the books.
    pub(crate) async fn balance(&self, owner: &Api, taken: &Taken) -> Sum {
        let limit = Duration::from_secs(60);
        let events = within(limit, "every event is done and every delivery has arrived", async || {
            let events = owner.list_all("events").await;
            let done =
                |event: &Value| event["status"] == "succeeded" && event["deliveries"] == json!(["delivered"]);
            if let Some(stuck) =
                events.iter().find(|event| ["failed", "parked"].iter().any(|s| event["status"] == *s))
            {
                panic!("{}", owner.trace(stuck["id"].as_str().unwrap()).await);
            }
            events.iter().all(done).then_some(events)
        });
        let events: BTreeSet<String> = ids(&events.await, "id");
        let promised: BTreeSet<String> = taken.values().cloned().collect();
        assert_eq!(promised.len(), taken.len(), "two keys have one event");
        assert_eq!(events, promised, "the events are not those that were answered with a 2xx");

        let runs = owner.list_all("runs").await;
        assert_eq!(runs.len(), taken.len(), "an event has not exactly one run");
        assert_eq!(ids(&runs, "event"), promised);
        let is_fine = |run: &&Value| run["cause"] == "original" && run["status"] == "succeeded";
        assert!(runs.iter().all(|run| is_fine(&run)), "{runs:?}");
        self.count(taken)
    }

    /// Compares what came here with what was promised.
    fn count(&self, taken: &Taken) -> Sum {
        let mut by_key: BTreeMap<String, Vec<(usize, Seen)>> = BTreeMap::new();
        for (nth, seen) in self.receiver.seen().into_iter().enumerate() {
            by_key.entry(key(&seen)).or_default().push((nth, seen));
        }
        let promised: BTreeSet<&String> = taken.keys().collect();
        assert_eq!(
            by_key.keys().collect::<BTreeSet<_>>(),
            promised,
            "somebody was called for nothing, or not at all"
        );
        let mut sum = Sum { events: taken.len(), ..Sum::default() };
        let mut names = BTreeSet::new();
        for (key, seen) in &by_key {
            let told = one_name(key, seen, "/hook", "webhook-id", &mut names);
            sum.deliveries += 1;
            sum.repeated_deliveries += told.len() - 1;
            if key.starts_with("working") {
                let calls = working(key, seen, &told, &mut names);
                sum.calls += calls;
                sum.repeated_calls += calls - 3;
            }
        }
        sum
    }
}

/// Checks the calls of one event of the working flow; gives how many there were.
fn working(key: &str, seen: &[(usize, Seen)], told: &[(usize, Seen)], names: &mut BTreeSet<String>) -> usize {
    let asked = one_name(key, seen, "/ask", "idempotency-key", names);
    let booked = one_name(key, seen, "/book", "idempotency-key", names);
    let thought: Vec<_> =
        seen.iter().filter(|(_, seen)| seen.path == "/v1/chat/completions").cloned().collect();
    // A step's answer is committed before anything after it starts: then it is not asked for again.
    let order = [&asked, &thought, &booked];
    assert!(order.is_sorted_by(|one, next| one.last().unwrap().0 < next[0].0), "{key}: {order:?}");
    assert!(thought.last().unwrap().0 < told[0].0, "{key}: it was told of before it was thought");
    let said = told[0].1.json();
    assert_eq!(said["asked"], asked.last().unwrap().0, "{key}: what was told is not what was answered");
    assert_eq!(
        said["thought"],
        thought.last().unwrap().0.to_string(),
        "{key}: what was told is not what was thought"
    );
    asked.len() + booked.len() + thought.len()
}

/// The requests to a path, which must all carry one name, that no other event's carry.
fn one_name(
    key: &str,
    seen: &[(usize, Seen)],
    path: &str,
    header: &str,
    names: &mut BTreeSet<String>,
) -> Vec<(usize, Seen)> {
    let here: Vec<_> = seen.iter().filter(|(_, seen)| seen.path == path).cloned().collect();
    assert!(!here.is_empty(), "{key}: nothing came to {path}");
    let name = here[0].1.header(header);
    assert!(
        !name.is_empty() && names.insert(name.to_owned()),
        "{key}: {path} has the name of another: {name}"
    );
    for (_, seen) in &here {
        assert_eq!(seen.header(header), name, "{key}: a repeat came to {path} under another name");
        assert_eq!(seen.body, here[0].1.body, "{key}: a repeat came to {path} with another body");
    }
    here
}

fn ids(items: &[Value], field: &str) -> BTreeSet<String> {
    items.iter().map(|item| item[field].as_str().unwrap().to_owned()).collect()
}

/// For which event a request is.
fn key(seen: &Seen) -> String {
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
            let reply = Reply::with(200, &[("content-type", "text/event-stream")], stream);
            Reply::After(THINKING, Box::new(reply))
        }
        "/hook" => Reply::Status(200),
        _ => Reply::json(200, &json!({ "number": nth })),
    }
}
