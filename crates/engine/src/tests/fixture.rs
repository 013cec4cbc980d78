//! An engine over a store of its own, and nodes that say, answer and ask what the test wants.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use clock::{Clock, Random};
use flow::{Effect, Shape, Text};
use parking_lot::Mutex;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use store::{Beat, DeliveryState, DestinationId, NewVersion, Place, RunId};
use tempfile::TempDir;
use tokio::sync::oneshot;
use vault::{Key, KeyRing};

use crate::*;

/// Gives its text; pure.
struct Say;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SayConfig {
    text: Text,
}

impl Node for Say {
    const KIND: &'static str = "say";
    const EFFECT: Effect = Effect::Pure;
    const HELP: &'static str = "Says something.";
    type Config = SayConfig;

    fn output(_: &SayConfig) -> Shape {
        Shape::of(&["text"])
    }

    async fn run(&self, config: &SayConfig, context: &StepContext) -> Result<StepOutcome, NodeError> {
        let text = context.text(&config.text)?;
        assert_ne!(text, "panic", "as asked");
        Ok(StepOutcome::of(json!({ "text": text })))
    }
}

/// Answers the request; pure.
struct Answer;

impl Node for Answer {
    const KIND: &'static str = "answer";
    const EFFECT: Effect = Effect::Pure;
    const RESPONDS: bool = true;
    const HELP: &'static str = "Answers.";
    type Config = SayConfig;

    fn output(_: &SayConfig) -> Shape {
        Shape::of(&[])
    }

    async fn run(&self, config: &SayConfig, context: &StepContext) -> Result<StepOutcome, NodeError> {
        let body = Value::from(context.text(&config.text)?);
        let response = Some(Response { status: 200, headers: vec![], body });
        Ok(StepOutcome { response, ..StepOutcome::of(json!({})) })
    }
}

/// Asks the test what to give: a call waits until the test answers it. Recorded.
#[derive(Clone, Default)]
pub(super) struct Ask(Arc<Calls>);

#[derive(Default)]
struct Calls {
    waiting: Mutex<HashMap<String, oneshot::Sender<Result<Value, NodeError>>>>,
    count: AtomicUsize,
    came: Notify,
}

impl Node for Ask {
    const KIND: &'static str = "ask";
    const EFFECT: Effect = Effect::Recorded;
    const IS_AI: bool = true;
    const HELP: &'static str = "Asks.";
    type Config = SayConfig;

    fn output(_: &SayConfig) -> Shape {
        Shape::of(&["text"])
    }

    async fn run(&self, config: &SayConfig, context: &StepContext) -> Result<StepOutcome, NodeError> {
        let text = context.text(&config.text)?;
        context.works_on(json!({ "asked": text }));
        let (answer, answered) = oneshot::channel();
        self.0.waiting.lock().insert(text, answer);
        self.0.count.fetch_add(1, Ordering::SeqCst);
        self.0.came.notify_waiters();
        let gone = NodeError::permanent("gone", "The test has ended.");
        Ok(StepOutcome::of(answered.await.unwrap_or(Err(gone))?))
    }
}

impl Ask {
    /// Waits until the step asks this, and gives the answer.
    pub(super) async fn give(&self, question: &str, answer: Result<&str, NodeError>) {
        let sender = loop {
            let came = self.0.came.notified();
            if let Some(sender) = self.0.waiting.lock().remove(question) {
                break sender;
            }
            came.await;
        };
        sender.send(answer.map(|text| json!({ "text": text }))).unwrap();
    }

    pub(super) async fn asked(&self, question: &str) {
        loop {
            let came = self.0.came.notified();
            if self.0.waiting.lock().contains_key(question) {
                return;
            }
            came.await;
        }
    }

    /// Lets every call that waits fail.
    pub(super) fn fail_all(&self) {
        self.0.waiting.lock().clear();
    }

    pub(super) fn count(&self) -> usize {
        self.0.count.load(Ordering::SeqCst)
    }
}

/// Sends its text and waits until it has arrived. Pure.
struct Send;

/// Where that goes.
pub(super) const DESTINATION: [u8; 16] = [9; 16];

impl Node for Send {
    const KIND: &'static str = "send";
    const EFFECT: Effect = Effect::Pure;
    const HELP: &'static str = "Sends, and waits.";
    type Config = SayConfig;

    fn waits(_: &SayConfig) -> bool {
        true
    }

    fn output(_: &SayConfig) -> Shape {
        Shape::of(&["text"])
    }

    async fn run(&self, config: &SayConfig, context: &StepContext) -> Result<StepOutcome, NodeError> {
        let (id, body) = (context.delivery_id(), Value::from(context.text(&config.text)?));
        context.works_on(json!({ "sent": body }));
        let destination = DestinationId::from_bytes(DESTINATION);
        let deliveries = vec![Outgoing {
            id,
            destination,
            body,
            order_key: None,
            params: std::collections::BTreeMap::new(),
            headers: std::collections::BTreeMap::new(),
        }];
        Ok(StepOutcome { deliveries, ..StepOutcome::waiting(Awaited::Delivery(id)) })
    }

    fn resume(&self, _: &SayConfig, came: &Came) -> Result<StepOutcome, NodeError> {
        let Came::Delivery { delivery, last } = came;
        let said = last.as_ref().map(|last| String::from_utf8_lossy(&last.record));
        match delivery.state {
            DeliveryState::Delivered => Ok(StepOutcome::of(json!({ "text": said }))),
            _ => Err(NodeError::permanent("delivery_failed", said.unwrap_or_default())),
        }
    }
}

#[derive(Default)]
struct TestWorld;

impl World for TestWorld {
    fn deliveries_made(&self, _: &[DestinationId]) {}

    fn surroundings(&self, _: Place) -> Arc<Surroundings> {
        Arc::default()
    }
}

pub(super) struct Fixture {
    pub(super) engine: Engine,
    pub(super) store: Store,
    pub(super) ask: Ask,
    pub(super) place: Place,
    pub(super) directory: TempDir,
    /// Goes with the system's, and can be put forward.
    pub(super) clock: Clock,
}

async fn open(directory: &TempDir, clock: &Clock) -> Store {
    let random = Random::seeded(1);
    let keys = KeyRing::new(Key::generate(&random), vec![], random.clone());
    let options = store::Options::folder(directory.path());
    Store::open(&options, keys, clock.clone(), Random::system()).await.unwrap()
}

fn engine(store: &Store, (ask, clock): (&Ask, &Clock), options: Options) -> Engine {
    let registry = Registry::new().register(Say).register(Answer).register(Send).register(ask.clone());
    let time_and_chance = (clock.clone(), Random::system());
    Engine::new(store.clone(), Arc::new(registry), Arc::new(TestWorld), time_and_chance, options)
}

impl Fixture {
    pub(super) async fn with(options: Options) -> Self {
        let fixture = Self::idle(options).await;
        fixture.engine.start(Beat::default()).await.unwrap();
        fixture
    }

    /// An engine that takes events, and claims nothing.
    pub(super) async fn idle(options: Options) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let clock = Clock::virtual_from(Clock::system().now());
        let store = open(&directory, &clock).await;
        let workspace = store.workspace_ensure("Acme").await.unwrap();
        let environment = store.environment_list(workspace).await.unwrap()[1].id;
        let ask = Ask::default();
        let engine = engine(&store, (&ask, &clock), options);
        Self { engine, store, ask, place: Place { workspace, environment }, directory, clock }
    }

    /// An engine on the same store that has only some of the kinds.
    pub(super) fn older_build(&self) -> Engine {
        let registry = Arc::new(Registry::new().register(Say));
        let time_and_chance = (Clock::system(), Random::system());
        Engine::new(self.store.clone(), registry, Arc::new(TestWorld), time_and_chance, Options::default())
    }

    /// Another engine on the same store, that claims nothing.
    pub(super) fn second(&self) -> Engine {
        engine(&self.store, (&self.ask, &self.clock), Options::default())
    }

    pub(super) async fn new() -> Self {
        Self::with(Options::default()).await
    }

    /// Ends the process as a crash does: nothing is drained, nothing is given back.
    pub(super) async fn crash(&mut self) {
        for task in std::mem::take(&mut *self.engine.0.tasks.lock()) {
            task.abort();
        }
        self.store.close().await;
        // What is in flight fails, and cannot commit that any more.
        self.ask.fail_all();
        let ask = Ask::default();
        let elsewhere = tempfile::tempdir().unwrap();
        let spare = open(&elsewhere, &self.clock).await;
        // The old store's lock goes with its last owner.
        let old =
            std::mem::replace(&mut self.engine, engine(&spare, (&ask, &self.clock), Options::default()));
        self.store = spare;
        old.0.stopping.send_replace(true);
        self.ask = ask.clone();
        drop(old);
        self.store = loop {
            let random = Random::seeded(1);
            let keys = KeyRing::new(Key::generate(&random), vec![], random.clone());
            let options = store::Options::folder(self.directory.path());
            match Store::open(&options, keys, self.clock.clone(), Random::system()).await {
                Ok(store) => break store,
                Err(_) => tokio::task::yield_now().await,
            }
        };
        self.engine = engine(&self.store, (&ask, &self.clock), Options::default());
        self.engine.start(Beat::default()).await.unwrap();
    }

    pub(super) async fn program(
        &self,
        nodes: &[(&str, &str)],
        edges: &[&str],
        outputs: &str,
    ) -> Arc<Program> {
        let nodes = nodes.iter().map(|(id, node)| format!("  {id}: {node}\n")).collect::<Vec<_>>().concat();
        let edges = edges.iter().map(|edge| format!("  - {edge}\n")).collect::<Vec<_>>().concat();
        let definition = format!(
            "linchpin: flow/v1\nname: test\ninputs: {{ q: {{ type: string }} }}\n{outputs}\nnodes:\n{nodes}edges:\n{edges}"
        );
        let flow = self.store.flow_draft(self.place.workspace, "test", &definition).await.unwrap();
        let new = NewVersion {
            flow,
            definition,
            kinds: serde_json::Map::new(),
            note: String::new(),
            by: "t".into(),
        };
        let version = self.store.version_publish(self.place.workspace, new).await.unwrap();
        self.engine.program(self.place.workspace, version.id).await.unwrap_or_else(|error| panic!("{error}"))
    }

    pub(super) fn submission(&self, program: &Arc<Program>, waits_for: Option<Tells>) -> Submission {
        let input = json!({ "q": "hi" });
        Submission {
            place: self.place,
            program: Arc::clone(program),
            source: None,
            kind: "webhook",
            received_at: Clock::system().now(),
            content: json!({ "input": input }).to_string().into(),
            input,
            dedupe: None,
            files: Vec::new(),
            tick: None,
            waits_for,
            filtered: false,
            until_committed: None,
        }
    }

    pub(super) async fn cancel(&self, run: RunId) -> Cancelled {
        self.engine.cancel(self.place.workspace, run, "ann").await.unwrap()
    }

    pub(super) async fn submit(&self, program: &Arc<Program>, waits_for: Option<Tells>) -> Submitted {
        self.engine.submit(self.submission(program, waits_for)).await.unwrap()
    }

    pub(super) async fn result(&self, run: RunId) -> Outcome {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
        self.engine
            .wait(self.place.workspace, run, None, (Tells::Answer, deadline))
            .await
            .unwrap()
            .expect("the run has no answer in 20 s")
    }

    pub(super) async fn ended(&self, run: RunId) -> Timeline {
        let mut updates = self.engine.updates().subscribe();
        loop {
            let timeline = self.engine.timeline(self.place.workspace, run).await.unwrap();
            if timeline.run.status.is_final() {
                return timeline;
            }
            // Whatever happens, look again.
            let _ = tokio::time::timeout(Duration::from_millis(100), updates.recv()).await;
        }
    }
}
