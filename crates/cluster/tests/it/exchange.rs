//! Two nodes on one database, which is the one that `POSTGRES_FOR_TESTS` names; without it there can be but one node,
//! and nothing to tell.

use std::{sync::Arc, time::Duration};

use clock::{Clock, Random};
use cluster::{Exchange, Local, Mesh, Nats, Watch};
use delivery::{Outcome as Sent, Settled};
use engine::{
    Cancelled, Change, Cursor, Engine, Given, Node, NodeError, Options, Program, Read, Registry, StepContext,
    StepOutcome, Submission, Submitted, Surroundings, Tells, Told, World,
};
use flow::{Effect, Shape, Text, run::Status};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use store::{Beat, DestinationId, Location, NewVersion, Place, Store};
use tokio::{
    net::TcpListener,
    sync::{Semaphore, broadcast},
    time::timeout,
};
use vault::{Key, KeyRing};

use crate::{connected, nats_server::NatsServer};

/// How long what is pushed may take; what is found by looking is not looked for here.
const PATIENCE: Duration = Duration::from_secs(20);

/// Says something as it comes, and waits until the test lets it go on.
#[derive(Clone)]
struct Speak(Arc<Semaphore>);

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SpeakConfig {
    text: Text,
}

impl Node for Speak {
    const KIND: &'static str = "speak";
    const EFFECT: Effect = Effect::Recorded;
    const IS_AI: bool = true;
    const HELP: &'static str = "Speaks.";
    type Config = SpeakConfig;

    fn output(_: &SpeakConfig) -> Shape {
        Shape::of(&["text"])
    }

    async fn run(&self, config: &SpeakConfig, context: &StepContext) -> Result<StepOutcome, NodeError> {
        let text = context.text(&config.text)?;
        self.0.acquire().await.unwrap().forget();
        context.tokens().send(&text);
        self.0.acquire().await.unwrap().forget();
        Ok(StepOutcome::of(json!({ "text": text })))
    }
}

struct Nowhere;

impl World for Nowhere {
    fn deliveries_made(&self, _: &[DestinationId]) {}

    fn surroundings(&self, _: Place) -> Arc<Surroundings> {
        Arc::default()
    }
}

/// A node of an installation.
struct Installed {
    engine: Engine,
    exchange: Exchange,
    store: Store,
    settled: broadcast::Sender<Settled>,
    gate: Arc<Semaphore>,
}

fn keys() -> KeyRing {
    let random = Random::seeded(1);
    KeyRing::new(Key::generate(&random), vec![], random)
}

async fn schema() -> Option<Location> {
    let server = std::env::var("POSTGRES_FOR_TESTS").ok()?;
    let name = format!("cluster_{}", uuid::Uuid::now_v7().simple());
    let (client, connection) = tokio_postgres::connect(&server, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    client.batch_execute(&format!("CREATE SCHEMA {name}")).await.unwrap();
    Some(Location::Postgres(format!("{server}?options=-csearch_path%3D{name}").into()))
}

/// Installs a node with every kind, which others reach by a link, or not at all but by NATS.
async fn install(location: &Location, max_runs: usize, nats: Option<Nats>) -> Installed {
    let gate = Arc::new(Semaphore::new(0));
    let registry = Registry::new().register(Speak(Arc::clone(&gate)));
    install_with(location, max_runs, (registry, gate), nats).await
}

async fn install_with(
    location: &Location,
    max_runs: usize,
    (registry, gate): (Registry, Arc<Semaphore>),
    nats: Option<Nats>,
) -> Installed {
    let (clock, random) = (Clock::system(), Random::system());
    let options = store::Options::at(location.clone());
    let store = Store::open(&options, keys(), clock.clone(), random.clone()).await.unwrap();
    let registry = Arc::new(registry);
    let options = Options { max_runs, ..Options::default() };
    let engine = Engine::new(store.clone(), registry, Arc::new(Nowhere), (clock, random.clone()), options);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = match &nats {
        None => listener.local_addr().unwrap().to_string(),
        Some(_) => "127.0.0.1:1".to_owned(),
    };
    engine.start(Beat { address: Some(address.clone()), ..Beat::default() }).await.unwrap();
    let settled = broadcast::Sender::new(16);
    let surroundings = cluster::Surroundings {
        store: store.clone(),
        keys: keys(),
        random,
        node: engine.node(),
        address,
        nats,
    };
    let local = Local { engine: engine.clone(), settled: settled.subscribe() };
    let exchange = Exchange::start(local, Mesh::start(surroundings, listener));
    Installed { engine, exchange, store, settled, gate }
}

/// A node that takes events and one that runs them, with a flow.
struct Pair {
    location: Location,
    gateway: Installed,
    worker: Installed,
    place: Place,
    program: Arc<Program>,
}

impl Pair {
    /// Two that reach each other.
    async fn new() -> Option<Self> {
        Self::with([None, None]).await
    }

    /// Two that do not, and have NATS.
    async fn apart(server: &NatsServer) -> Option<Self> {
        Self::with([Some(connected(&server.url()).await), Some(connected(&server.url()).await)]).await
    }

    async fn with([one, other]: [Option<Nats>; 2]) -> Option<Self> {
        let location = schema().await?;
        let (gateway, worker) = (install(&location, 0, one).await, install(&location, 8, other).await);
        let workspace = gateway.store.workspace_ensure("Acme").await.unwrap();
        let environment = gateway.store.environment_list(workspace).await.unwrap()[1].id;
        let definition = "linchpin: flow/v1\nname: test\ninputs: { q: { type: string } }\n\
             nodes:\n  speak: { kind: speak, text: \"{{ input.q }}\" }\nedges: [start -> speak]\n\
             outputs: { said: \"{{ nodes.speak.text }}\" }\n";
        let flow = gateway.store.flow_draft(workspace, "test", definition).await.unwrap();
        let new = NewVersion {
            flow,
            definition: definition.to_owned(),
            kinds: serde_json::Map::new(),
            note: String::new(),
            by: "t".to_owned(),
        };
        let version = gateway.store.version_publish(workspace, new).await.unwrap();
        let program = gateway.engine.program(workspace, version.id).await.unwrap();
        Some(Self { location, gateway, worker, place: Place { workspace, environment }, program })
    }

    async fn submit(&self) -> Submitted {
        self.submit_for(Tells::End).await
    }

    async fn submit_for(&self, waits_for: Tells) -> Submitted {
        let input = json!({ "q": "hello" });
        let submission = Submission {
            place: self.place,
            program: Arc::clone(&self.program),
            source: None,
            kind: "webhook",
            received_at: self.gateway.store.now(),
            content: json!({ "input": input }).to_string().into(),
            input,
            dedupe: None,
            files: Vec::new(),
            tick: None,
            waits_for: Some(waits_for),
            filtered: false,
            until_committed: None,
        };
        self.gateway.engine.submit(submission).await.unwrap()
    }
}

#[tokio::test]
async fn a_caller_is_told_what_came_of_a_run_on_another_node() {
    let Some(pair) = Pair::new().await else { return };
    tells_callers(&pair).await;
}

#[tokio::test]
async fn a_viewer_sees_what_happens_on_another_node() {
    let Some(pair) = Pair::new().await else { return };
    shows_viewers(&pair).await;
}

#[tokio::test]
async fn a_run_on_another_node_is_cancelled() {
    let Some(pair) = Pair::new().await else { return };
    cancels(&pair).await;
}

#[tokio::test]
async fn a_reader_follows_a_run_on_another_node() {
    let Some(pair) = Pair::new().await else { return };
    tells_readers(&pair).await;
}

#[tokio::test]
async fn nodes_without_a_link_tell_each_other_the_same_over_nats() {
    let mut server = NatsServer::start();
    let Some(pair) = Pair::apart(&server).await else { return };
    tells_callers(&pair).await;
    shows_viewers(&pair).await;
    cancels(&pair).await;
    tells_readers(&pair).await;
    // And again when it was gone.
    server.kill();
    server.run();
    tells_readers(&pair).await;
    tells_callers(&pair).await;
}

async fn tells_callers(pair: &Pair) {
    // Until the nodes have found each other, what is said is lost: then another run is told of.
    let told = async {
        loop {
            pair.worker.gate.add_permits(2);
            let answer = pair.submit().await.answer.unwrap();
            if let Ok(told) = timeout(Duration::from_secs(1), answer).await {
                return told.unwrap();
            }
        }
    };
    let outcome = timeout(PATIENCE, told).await.unwrap();
    assert_eq!(outcome.status, Status::Succeeded, "{:?}", outcome.error);
    assert_eq!(outcome.outputs.as_deref(), Some(&json!({ "said": "hello" })));
    assert!(pair.gateway.engine.wanted().is_empty(), "nothing is left behind");
}

async fn shows_viewers(pair: &Pair) {
    let Watch { mut updates, mut settled, guard } = pair.gateway.exchange.watch(pair.place);
    let seen = async {
        loop {
            pair.submit().await;
            pair.worker.gate.add_permits(2);
            let token = async {
                loop {
                    if let Change::Token { text, .. } = updates.recv().await.unwrap().change {
                        return text;
                    }
                }
            };
            if let Ok(text) = timeout(Duration::from_secs(1), token).await {
                return text;
            }
        }
    };
    assert_eq!(timeout(PATIENCE, seen).await.unwrap(), "hello");
    let attempt = Settled {
        delivery: pair.worker.store.ids().next(),
        place: pair.place,
        destination: pair.worker.store.ids().next(),
        run: pair.worker.store.ids().next(),
        attempt: 1,
        outcome: Sent::Delivered,
        at: pair.worker.store.now(),
        next_at: None,
        disabled: false,
    };
    pair.worker.settled.send(attempt).unwrap();
    assert_eq!(timeout(PATIENCE, settled.recv()).await.unwrap().unwrap(), attempt);
    // When nobody watches, nobody is told.
    drop(guard);
    let quiet = async {
        loop {
            if pair.worker.engine.updates().receiver_count() == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, quiet).await.unwrap();
}

async fn cancels(pair: &Pair) {
    let submitted = pair.submit().await;
    let workspace = pair.place.workspace;
    let begun = async {
        while pair.worker.engine.running() == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, begun).await.unwrap();
    let cancelled = async {
        loop {
            match pair.gateway.engine.cancel(workspace, submitted.run, "ann").await.unwrap() {
                Cancelled::Pending => {}
                cancelled => return cancelled,
            }
        }
    };
    assert_eq!(timeout(PATIENCE, cancelled).await.unwrap(), Cancelled::Done);
    let run = pair.gateway.store.run_get(workspace, submitted.run).await.unwrap().unwrap();
    assert_eq!(run.status, Status::Cancelled);
}

/// A run's text is told before its step has ended, if the nodes know of each other by then.
async fn tells_readers(pair: &Pair) {
    let reads = async {
        loop {
            let submitted = pair.submit_for(Tells::Progress).await;
            let given = Given { follower: submitted.follower, answer: submitted.answer, outcome: None };
            let deadline = tokio::time::Instant::now() + PATIENCE;
            let cursor = Cursor::new(submitted.run);
            let mut reader =
                pair.gateway.engine.reader(pair.place.workspace, cursor, given, deadline).await.unwrap();
            pair.worker.gate.add_permits(1);
            let first = async {
                loop {
                    match reader.next().await.unwrap().unwrap() {
                        Read::Told(Told::Token { text, .. }) => return text,
                        Read::Told(_) => {}
                        read => panic!("{read:?}"),
                    }
                }
            };
            let first = timeout(Duration::from_secs(1), first).await;
            pair.worker.gate.add_permits(1);
            if let Ok(text) = first {
                return (text, reader);
            }
        }
    };
    let (text, mut reader) = timeout(PATIENCE, reads).await.unwrap();
    assert_eq!(text, "hello");
    let rest = async {
        let mut rest = Vec::new();
        while let Some(read) = reader.next().await.unwrap() {
            rest.push(read);
        }
        rest
    };
    let rest = timeout(PATIENCE, rest).await.unwrap();
    let [Read::Told(Told::Step { state: "succeeded", .. }), Read::Ended(outcome)] = rest.as_slice() else {
        panic!("{rest:?}")
    };
    assert_eq!(outcome.outputs.as_deref(), Some(&json!({ "said": "hello" })));
    drop(reader);
    assert!(pair.gateway.engine.followed().is_empty(), "nothing is left behind");
}

#[tokio::test]
async fn a_run_is_left_to_a_node_that_has_its_kinds() {
    let Some(pair) = Pair::new().await else { return };
    // An older build, which takes part before it is upgraded.
    let old = install_with(&pair.location, 8, (Registry::new(), Arc::new(Semaphore::new(0))), None).await;
    let mut runs = Vec::new();
    for _ in 0..30 {
        runs.push(pair.submit().await.run);
        pair.worker.gate.add_permits(2);
    }
    let ended = async {
        for run in runs {
            let until = tokio::time::Instant::now() + PATIENCE;
            let outcome =
                pair.gateway.engine.wait(pair.place.workspace, run, None, (Tells::End, until)).await;
            let outcome = outcome.unwrap().expect("it ends");
            let row = pair.gateway.store.run_get(pair.place.workspace, run).await.unwrap().unwrap();
            assert_eq!(outcome.status, Status::Succeeded, "{row:?}");
        }
    };
    timeout(PATIENCE, ended).await.unwrap();
    assert_eq!(old.engine.running(), 0);
}
