//! A store with destinations and deliveries, and drains over it.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use clock::{Clock, Random};
use delivery::{AttemptRecord, Drain, Outcome, Settled, Surroundings};
use flow::run::Status;
use outbound::{Client, Policy, SystemResolver};
use serde_json::{Value, json};
use store::{
    Admission, Beat, Begin, DeliveryId, DeliveryState, DeliveryView, Destination, DestinationId, Ending,
    EventId, EventStatus, Lane, Location, Message, NewDelivery, NewEvent, NewVersion, NodeId, Options,
    OriginalRun, Place, Store,
};
use tempfile::TempDir;
use tokio::{sync::broadcast, time::timeout};
use vault::{Key, KeyRing};

/// Nothing that a test waits for takes this long, and it is less than the drain's own search for work.
pub(crate) const PATIENCE: Duration = Duration::from_secs(8);

pub(crate) const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

pub(crate) struct Outbox {
    pub(crate) store: Store,
    pub(crate) place: Place,
    pub(crate) node: NodeId,
    pub(crate) clock: Clock,
    /// What kind of events deliveries come of.
    pub(crate) kind: &'static str,
    flow: store::FlowId,
    version: store::VersionId,
    _directory: TempDir,
}

impl Outbox {
    pub(crate) async fn new() -> Self {
        Self::with(Clock::system(), None).await
    }

    pub(crate) async fn with(clock: Clock, max_bytes: Option<u64>) -> Self {
        Self::open(clock, max_bytes, store::LEASE).await
    }

    /// One whose nodes may be silent for so long.
    pub(crate) async fn with_lease(lease: Duration) -> Self {
        Self::open(Clock::system(), None, lease).await
    }

    async fn open(clock: Clock, max_bytes: Option<u64>, lease: Duration) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let random = Random::seeded(1);
        let keys = KeyRing::new(Key::generate(&random), vec![], random);
        let location = Location::Folder { directory: directory.path().to_owned(), max_bytes };
        let options = Options { lease, ..Options::at(location) };
        let store = Store::open(&options, keys, clock.clone(), Random::system()).await.unwrap();
        let workspace = store.workspace_ensure("Acme").await.unwrap();
        let environment = store.environment_list(workspace).await.unwrap()[0].id;
        let flow = store.flow_draft(workspace, "assistant", "draft").await.unwrap();
        let new = NewVersion {
            flow,
            definition: "text".into(),
            kinds: serde_json::Map::new(),
            note: String::new(),
            by: "ann".into(),
        };
        let version = store.version_publish(workspace, new).await.unwrap().id;
        let node = store.ids().next();
        store.node_beat(node, &Beat::default()).await.unwrap();
        let place = Place { workspace, environment };
        Self { store, place, node, clock, kind: "api", flow, version, _directory: directory }
    }

    pub(crate) async fn destination(&self, config: Value, secrets: Value) -> DestinationId {
        let id: DestinationId = self.store.ids().next();
        let (config, secrets) = (config.to_string(), secrets.to_string().into_bytes());
        delivery::parse(&config, &secrets).unwrap();
        let destination = Destination {
            id,
            place: self.place,
            name: id.to_string(),
            config,
            secrets,
            disabled_reason: None,
            breaker: None,
            updated_at: self.store.now(),
        };
        self.store.destination_put(&destination).await.unwrap();
        id
    }

    /// Gives a destination other settings.
    pub(crate) async fn change(&self, id: DestinationId, config: Value, secrets: Value) {
        let before = self.store.destination_get(id).await.unwrap().unwrap();
        let (config, secrets) = (config.to_string(), secrets.to_string().into_bytes());
        self.store.destination_put(&Destination { config, secrets, ..before }).await.unwrap();
    }

    /// A webhook destination that tries again at once, up to three times.
    pub(crate) async fn webhook(&self, url: &str) -> DestinationId {
        self.destination(json!({ "kind": "webhook", "url": url, "retry": ["1ms", "1ms", "1ms"] }), json!({}))
            .await
    }

    /// Commits a run that says each of these to a destination.
    pub(crate) async fn deliver(
        &self,
        destination: DestinationId,
        bodies: impl IntoIterator<Item = Value>,
    ) -> Vec<DeliveryId> {
        self.deliver_in_order(destination, bodies.into_iter().map(|body| (None, body))).await
    }

    /// The same, each with an order key or none.
    pub(crate) async fn deliver_in_order(
        &self,
        destination: DestinationId,
        said: impl IntoIterator<Item = (Option<&str>, Value)>,
    ) -> Vec<DeliveryId> {
        let event: EventId = self.store.ids().next();
        let now = self.store.now();
        let new = |(key, body): (Option<&str>, Value)| {
            let run = event.original_run();
            let message = Message {
                body,
                event,
                run,
                traceparent: TRACE.into(),
                order_key: key.map(str::to_owned),
                params: BTreeMap::new(),
                headers: BTreeMap::new(),
            };
            NewDelivery {
                id: self.store.ids().next(),
                destination,
                step: "say".into(),
                message: serde_json::to_vec(&message).unwrap(),
                due_at: now,
                lane: key.map(Lane::of),
                awaited: false,
            }
        };
        let deliveries: Vec<NewDelivery> = said.into_iter().map(new).collect();
        let ids = deliveries.iter().map(|delivery| delivery.id).collect();
        let ending = Ending { status: Status::Succeeded, error: None, at: now };
        let admission = Admission {
            event: NewEvent {
                id: event,
                place: self.place,
                flow: self.flow,
                source: None,
                kind: self.kind,
                received_at: now,
                status: EventStatus::Accepted,
                content: "{}".into(),
            },
            dedupe: None,
            files: Vec::new(),
            tick: None,
            run: Some(OriginalRun {
                version: self.version,
                begin: Begin::Finished { ending, record: b"[]".to_vec(), deliveries },
            }),
        };
        self.store.event_admit(admission).await.unwrap();
        ids
    }

    pub(crate) async fn deliver_one(&self, destination: DestinationId, body: Value) -> DeliveryId {
        self.deliver(destination, [body]).await[0]
    }

    pub(crate) fn drain(&self) -> Drain {
        self.drain_of(self.node)
    }

    pub(crate) fn drain_of(&self, node: NodeId) -> Drain {
        let policy = Policy::new("test/1").allow(vec!["127.0.0.0/8".parse().unwrap()]);
        let client = Client::new(policy, Arc::new(SystemResolver::default())).unwrap();
        let (store, clock) = (self.store.clone(), self.clock.clone());
        Drain::start(Surroundings {
            store,
            client,
            clock,
            random: Random::system(),
            node,
            measure: Arc::new(|_, _| {}),
        })
    }

    pub(crate) async fn view(&self, id: DeliveryId) -> DeliveryView {
        self.store.delivery_get(self.place.workspace, id).await.unwrap().unwrap()
    }

    pub(crate) async fn state(&self, id: DeliveryId) -> (DeliveryState, u32) {
        let view = self.view(id).await;
        (view.state, view.attempts)
    }

    pub(crate) async fn records(&self, id: DeliveryId) -> Vec<AttemptRecord> {
        let history = self.store.delivery_history(self.place.workspace, id).await.unwrap();
        history.unwrap().1.iter().map(|attempt| serde_json::from_slice(&attempt.record).unwrap()).collect()
    }

    pub(crate) async fn disabled_reason(&self, id: DestinationId) -> Option<String> {
        self.store.destination_get(id).await.unwrap().unwrap().disabled_reason
    }
}

/// Waits for the next attempt that is recorded.
pub(crate) async fn next(settled: &mut broadcast::Receiver<Settled>) -> Settled {
    timeout(PATIENCE, settled.recv()).await.expect("no attempt was recorded").unwrap()
}

/// Waits until a delivery has arrived or is a dead letter, and gives what came of each attempt until then.
pub(crate) async fn finished(settled: &mut broadcast::Receiver<Settled>, id: DeliveryId) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    loop {
        let settled = next(settled).await;
        if settled.delivery == id {
            outcomes.push(settled.outcome);
            if settled.outcome != Outcome::Retry {
                return outcomes;
            }
        }
    }
}

/// Waits until so many deliveries have arrived.
pub(crate) async fn arrived(settled: &mut broadcast::Receiver<Settled>, count: usize) {
    let mut arrived = 0;
    while arrived < count {
        arrived += usize::from(next(settled).await.outcome == Outcome::Delivered);
    }
}
