//! Requests of every kind that chance makes up: each is answered in time, none with an error of the server's own, and
//! what was accepted has run.
//!
//! A few thousand here; `cargo xtask fuzz` sends a million. The seed that is printed makes the same ones again.

mod forge;
mod sender;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use clock::Random;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use self::{
    forge::{Forge, Target, Targets, Then},
    sender::Sender,
};
use crate::support::{Api, Server, eventually};

/// How many requests are sent; `REQUESTS_FOR_TESTS` says otherwise.
const REQUESTS: u64 = 6_000;

/// Connections that send at once.
const SENDERS: u64 = 8;

/// How long an answer may take: far longer than any, and less than the server waits for a body that does not come.
const PATIENCE: Duration = Duration::from_secs(20);

/// The longest answer that is read.
const LONGEST: usize = 1 << 20;

/// Of the accepted events, one in so many is looked at.
const LOOKED_AT: usize = 50;

const FLOW: &str = "linchpin: flow/v1
name: fuzzed
inputs:
  query: { type: string, required: true, max_length: 2000 }
  count: { type: integer }
  at: { type: date-time }
  tags: { type: array<string> }
  file: { type: file }
nodes:
  say: { kind: template, text: \"{{ input.query }}\" }
edges: [start -> say]
outputs: { text: \"{{ nodes.say.text }}\" }
";

/// What came of the requests.
#[derive(Default)]
struct Sum {
    /// How often each status came.
    statuses: BTreeMap<u16, u64>,
    /// Connections that were closed without an answer, by requests that do not end.
    closed: u64,
    /// Events of the accepted ones.
    events: Vec<String>,
    /// Sources that took something.
    took: BTreeSet<Target>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_comes_is_answered_and_what_is_accepted_runs() {
    let number = |name: &str| std::env::var(name).ok().map(|number| number.parse::<u64>().unwrap());
    let seed = number("SEED_FOR_TESTS").unwrap_or_else(|| u64::from_le_bytes(Random::system().bytes()));
    let requests = number("REQUESTS_FOR_TESTS").unwrap_or(REQUESTS);
    println!("SEED_FOR_TESTS={seed}");
    let mut server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    owner.deploy("fuzzed", FLOW).await;
    let targets = targets(&owner).await;
    let address = server.url.strip_prefix("http://").unwrap().to_owned();
    let senders = (0..SENDERS).map(|nth| {
        let forge = Forge::new(seed.wrapping_add(nth), targets.clone());
        tokio::spawn(send(address.clone(), forge, requests / SENDERS))
    });
    let mut sum = Sum::default();
    for sender in senders.collect::<Vec<_>>() {
        sum.add(sender.await.unwrap());
    }
    println!("{:?}, {} closed, {} accepted", sum.statuses, sum.closed, sum.events.len());
    assert!(server.has_ended().is_none(), "{}", server.log());
    assert!(!server.log().contains("panicked"), "{}", server.log());
    // Chance reaches both what is taken and what is not, or it would show nothing.
    assert!(sum.events.len() as u64 > requests / 20, "{:?}", sum.statuses);
    assert_eq!(sum.took, targets.all().collect(), "each source takes something");
    assert!([400, 401, 404, 405, 413, 415, 422].iter().all(|status| sum.statuses.contains_key(status)));
    for event in sum.events.iter().step_by(LOOKED_AT) {
        let ran = eventually("what was accepted has run", async || {
            let trace = owner.trace(event).await;
            let is_filtered = trace["filtered"] == true;
            (is_filtered || trace["runs"][0]["status"] == "succeeded").then_some((is_filtered, trace))
        });
        let (is_filtered, trace) = ran.await;
        assert_eq!(trace["runs"].as_array().unwrap().len(), usize::from(!is_filtered), "{trace}");
    }
}

/// One source of each kind.
async fn targets(owner: &Api) -> Targets {
    let none = json!({ "scheme": "none" });
    let files = json!({
        "query": { "type": "string", "from": "form.query", "required": true },
        "file": { "type": "file", "from": "file.file" },
    });
    let ruled = json!({
        "verification": none,
        "filter": "{{ input.count is none or input.count > 5 }}",
        "dedupe": { "key": "{{ header.idempotency-key or query.x }}" },
        "cors": { "origins": ["https://shop.example"] },
        "reply": { "mode": "static", "body": "thanks" },
    });
    let fields = json!({
        "query": { "type": "string", "from": "body.data.items[0].query", "required": true },
        "count": { "type": "integer", "from": "path.order" },
        "tags": { "type": "array<string>", "from": "query.tag" },
        "at": { "type": "date-time", "from": "header.x-at" },
    });
    let open = [
        (Target::Open, json!({ "verification": none, "reply": { "mode": "wait" } })),
        (
            Target::Mapped,
            json!({ "verification": none, "path": "orders/{order}", "fields": fields, "methods": ["GET", "POST", "PUT"] }),
        ),
        (Target::Files, json!({ "verification": none, "fields": files })),
        (Target::Ruled, ruled),
        (Target::Answering, json!({ "verification": none, "reply": { "mode": "respond" } })),
    ];
    let mut targets = Targets::default();
    for (target, config) in open {
        targets.add(target, owner.source("fuzzed", config, Value::Null).await.id);
    }
    for sender in Sender::ALL {
        let (verification, secrets) = sender.settings();
        let config = json!({ "verification": verification });
        targets.add(Target::Proven(sender), owner.source("fuzzed", config, secrets).await.id);
    }
    targets
}

/// Sends requests one after another, on a connection that is opened again when it has ended.
async fn send(address: String, mut forge: Forge, requests: u64) -> Sum {
    let mut sum = Sum::default();
    let mut connection: Option<TcpStream> = None;
    for _ in 0..requests {
        let request = forge.request();
        let mut stream = match connection.take() {
            Some(stream) => stream,
            None => TcpStream::connect(&address).await.unwrap(),
        };
        // A server that has refused a request need not read its rest.
        let written = stream.write_all(&request.bytes).await;
        if request.then == Then::HangUp {
            // The server sees the end of what does not end, and is not waited for.
            let _ = stream.shutdown().await;
        }
        let answer = timeout(PATIENCE, Answer::read(&mut stream, request.is_head)).await;
        let Ok(answer) = answer else {
            panic!("no answer in {PATIENCE:?} to {:?}", String::from_utf8_lossy(&request.bytes))
        };
        match answer {
            Some(answer) => {
                answer.check(&request.bytes);
                sum.count(request.target, &answer);
                if request.then == Then::GoOn {
                    assert!(answer.rest.is_empty(), "something comes behind an answer: {}", answer.head);
                }
                if request.then == Then::GoOn && answer.keeps() && written.is_ok() {
                    connection = Some(stream);
                }
            }
            // It may close what did not end or what it has answered before; not what was whole and new.
            None if request.then == Then::GoOn && written.is_ok() => {
                panic!("closed without an answer: {:?}", String::from_utf8_lossy(&request.bytes))
            }
            None => sum.closed += 1,
        }
    }
    sum
}

impl Sum {
    fn count(&mut self, target: Target, answer: &Answer) {
        *self.statuses.entry(answer.status).or_default() += 1;
        let is_new = answer.header("linchpin-duplicate").is_none();
        if let Some(event) = answer.header("linchpin-event").filter(|_| is_new) {
            self.events.push(event.to_owned());
            self.took.insert(target);
        }
    }

    fn add(&mut self, other: Self) {
        for (status, count) in other.statuses {
            *self.statuses.entry(status).or_default() += count;
        }
        self.closed += other.closed;
        self.events.extend(other.events);
        self.took.extend(other.took);
    }
}

/// An answer as it is on the wire.
struct Answer {
    status: u16,
    head: String,
    body: Vec<u8>,
    /// What came behind it.
    rest: Vec<u8>,
}

impl Answer {
    /// Reads one answer, its body by its length; `None` when the connection ends before it is whole.
    async fn read(stream: &mut TcpStream, is_head: bool) -> Option<Self> {
        let mut read = Vec::with_capacity(2048);
        let end = loop {
            if let Some(end) = read.windows(4).position(|window| window == b"\r\n\r\n") {
                // `100 Continue` comes before the answer itself.
                if read.starts_with(b"HTTP/1.1 100") {
                    read.drain(..end + 4);
                    continue;
                }
                break end;
            }
            more(stream, &mut read).await?;
        };
        let head = String::from_utf8(read[..end].to_vec()).unwrap().to_ascii_lowercase();
        let status = head.get(9..12).unwrap().parse().unwrap();
        let mut answer = Self { status, head, body: read.split_off(end + 4), rest: Vec::new() };
        let length = answer.header("content-length").map_or(0, |length| length.parse().unwrap());
        let length: usize = if is_head || matches!(status, 204 | 304) { 0 } else { length };
        while answer.body.len() < length {
            more(stream, &mut answer.body).await?;
        }
        answer.rest = answer.body.split_off(length);
        Some(answer)
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    fn keeps(&self) -> bool {
        self.header("connection") != Some("close") && !self.head.starts_with("http/1.0")
    }

    /// Whether it is one that a server gives which is well.
    fn check(&self, request: &[u8]) {
        let said = || {
            let [request, body] = [request, &self.body].map(String::from_utf8_lossy);
            format!("{}\n{body}\nto {request:.2000}", self.head)
        };
        match self.status {
            200..500 => {}
            503 => assert!(self.header("retry-after").is_some(), "{}", said()),
            _ => panic!("{}", said()),
        }
        // What the server's HTTP refuses has no body; what a source refuses says why.
        if self.status >= 400 && !self.body.is_empty() {
            let problem: Value = serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("{}", said()));
            assert_eq!(problem["status"], self.status, "{}", said());
        }
    }
}

/// Reads on; `None` when there is nothing more.
async fn more(stream: &mut TcpStream, into: &mut Vec<u8>) -> Option<()> {
    assert!(into.len() < LONGEST, "the answer does not end");
    (stream.read_buf(into).await.ok()? > 0).then_some(())
}
