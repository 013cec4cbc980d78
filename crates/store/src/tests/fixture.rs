//! A store in a folder of its own, with a workspace, a flow and a node in it.

use std::time::Duration;

use ::flow::run::Status;
use clock::{Clock, Random};
use tempfile::TempDir;
use tokio_postgres::config::Host;
use vault::{Key, KeyRing};

use super::proxy::Proxy;
use crate::*;

pub(super) struct Fixture {
    pub(super) store: Store,
    pub(super) place: Place,
    pub(super) flow: FlowId,
    pub(super) version: VersionId,
    pub(super) node: NodeId,
    /// Goes with the system's, and can be put forward.
    pub(super) clock: Clock,
    home: Home,
}

/// Where a test's database is: a folder, or a schema of its own on the server that `POSTGRES_FOR_TESTS` names.
struct Home {
    options: Options,
    directory: TempDir,
}

impl Home {
    async fn new() -> Self {
        let home = Self::folder();
        match schema().await {
            Some(schema) => Self { options: Options::at(Location::Postgres(schema.into())), ..home },
            None => home,
        }
    }

    fn folder() -> Self {
        let directory = tempfile::tempdir().unwrap();
        Self { options: Options::folder(directory.path()), directory }
    }
}

/// Makes a schema on the server that `POSTGRES_FOR_TESTS` names, and gives the address of the server with it.
pub(super) async fn schema() -> Option<String> {
    let server = std::env::var("POSTGRES_FOR_TESTS").ok()?;
    let name = format!("test_{}", uuid::Uuid::now_v7().simple());
    let (client, connection) = tokio_postgres::connect(&server, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    client.batch_execute(&format!("CREATE SCHEMA {name}")).await.unwrap();
    Some(format!("{server}?options=-csearch_path%3D{name}"))
}

pub(super) async fn open(options: &Options) -> Store {
    open_at(options, Clock::system()).await
}

async fn open_at(options: &Options, clock: Clock) -> Store {
    Store::open(options, keys(), clock, Random::system()).await.unwrap()
}

/// The keys of every test's store.
pub(super) fn keys() -> KeyRing {
    let random = Random::seeded(1);
    KeyRing::new(Key::generate(&random), vec![], random.clone())
}

/// A database in a folder that may grow to 600 KiB.
pub(super) fn small(directory: &TempDir) -> Options {
    let location = Location::Folder { directory: directory.path().to_owned(), max_bytes: Some(600 << 10) };
    Options::at(location)
}

impl Fixture {
    pub(super) async fn new() -> Self {
        Self::at(Home::new().await).await
    }

    /// One with the contents of files in a folder.
    pub(super) async fn with_folder(folder: &std::path::Path) -> Self {
        let mut home = Home::new().await;
        home.options.blobs = Some(folder.to_owned());
        Self::at(home).await
    }

    /// Forgets that folder, from the next opening on.
    pub(super) fn without_folder(&mut self) {
        self.home.options.blobs = None;
    }

    /// One that is in a folder in any case.
    pub(super) async fn in_folder() -> Self {
        Self::at(Home::folder()).await
    }

    async fn at(home: Home) -> Self {
        let clock = Clock::virtual_from(Clock::system().now());
        let store = open_at(&home.options, clock.clone()).await;
        let workspace = store.workspace_ensure("Acme").await.unwrap();
        let environment = store.environment_list(workspace).await.unwrap()[1].id;
        let place = Place { workspace, environment };
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
        Self { store, place, flow, version, node, clock, home }
    }

    /// Closes the store and opens it again, as after a restart.
    pub(super) async fn reopen(&mut self) {
        self.store.close().await;
        let elsewhere = tempfile::tempdir().unwrap();
        self.store = open(&Options::folder(elsewhere.path())).await;
        self.store = open_at(&self.home.options, self.clock.clone()).await;
    }

    /// Another node of the same database.
    pub(super) async fn second(&self) -> Store {
        open_at(&self.home.options, self.clock.clone()).await
    }

    /// Puts the clock forward.
    pub(super) fn days_pass(&self, days: i64) {
        self.clock.skew(days * 86_400_000);
    }

    /// How its database is opened.
    pub(super) fn options(&self) -> &Options {
        &self.home.options
    }

    /// Another node, with a line between it and the database, where that is a server.
    pub(super) async fn second_by_a_line(&self) -> Option<(Store, Proxy)> {
        let Location::Postgres(url) = &self.home.options.location else { return None };
        let server: tokio_postgres::Config = url.expose().parse().unwrap();
        let (Host::Tcp(host), port) = (&server.get_hosts()[0], server.get_ports()[0]) else { return None };
        let proxy = Proxy::to(&format!("{host}:{port}")).await;
        let location = Location::Postgres(proxy.url(url.expose()).into());
        Some((open(&Options { location, ..self.home.options.clone() }).await, proxy))
    }

    /// So many days pass, and as many more as history may be there after its time.
    pub(super) fn overdue(&self, days: i64) {
        self.days_pass(days + if self.is_on_postgres() { 9 } else { 0 });
    }

    /// The folder of the database; empty when it is on PostgreSQL.
    pub(super) fn folder(&self) -> &std::path::Path {
        self.home.directory.path()
    }

    /// Whether the store is on PostgreSQL.
    pub(super) fn is_on_postgres(&self) -> bool {
        self.postgres().is_some()
    }

    /// The address of the store's schema, when it is on PostgreSQL.
    pub(super) fn postgres(&self) -> Option<String> {
        match &self.home.options.location {
            Location::Postgres(url) => Some(url.expose().to_owned()),
            Location::Folder { .. } => None,
        }
    }

    pub(super) fn admission(&self, key: Option<u8>, begin: Begin) -> Admission {
        let id: EventId = self.store.ids().next();
        let now = self.store.now();
        Admission {
            event: NewEvent {
                id,
                place: self.place,
                flow: self.flow,
                source: Some(SourceId::from_bytes([7; 16])),
                kind: "webhook",
                received_at: now,
                status: EventStatus::Accepted,
                content: br#"{"query":"E3?"}"#.as_slice().into(),
            },
            dedupe: key
                .map(|key| DedupeClaim { key: [key; 16], expires_at: now.after(Duration::from_secs(3600)) }),
            files: Vec::new(),
            tick: None,
            run: Some(OriginalRun { version: self.version, begin }),
        }
    }

    pub(super) async fn queued(&self) -> EventId {
        let admission = self.admission(None, Begin::Queued);
        let id = admission.event.id;
        assert_eq!(self.store.event_admit(admission).await.unwrap(), Admitted::New);
        id
    }

    pub(super) fn delivery(&self, destination: DestinationId) -> NewDelivery {
        NewDelivery {
            id: self.store.ids().next(),
            destination,
            step: "ticket".into(),
            message: br#"{"title":"Leak"}"#.to_vec(),
            due_at: self.store.now(),
            lane: None,
            awaited: false,
        }
    }

    pub(super) fn commit(held: HeldRun, then: Then) -> RunCommit {
        RunCommit { held, seq: 0, record: Some(b"[]".to_vec()), deliveries: vec![], absolved: false, then }
    }

    pub(super) fn ending(&self) -> Ending {
        Ending { status: Status::Succeeded, error: None, at: self.store.now() }
    }

    pub(super) async fn destination(&self) -> DestinationId {
        self.destination_named("tickets").await
    }

    pub(super) async fn destination_named(&self, name: &str) -> DestinationId {
        let id = self.store.ids().next();
        let destination = Destination {
            id,
            place: self.place,
            name: name.into(),
            config: "{}".into(),
            secrets: b"{}".to_vec(),
            disabled_reason: None,
            breaker: None,
            updated_at: self.store.now(),
        };
        self.store.destination_put(&destination).await.unwrap();
        id
    }

    pub(super) fn attempt(&self, due: &DueDelivery, then: Settle) -> AttemptCommit {
        AttemptCommit {
            delivery: due.id,
            destination: due.destination,
            owner: self.node,
            number: due.attempts + 1,
            at: self.store.now(),
            outcome: "retry".into(),
            record: b"{}".to_vec(),
            then,
            lane: due.lane,
            wakes: due.awaited.then_some(due.run),
            disable: None,
            alerts: Vec::new(),
        }
    }
}

/// A refusal of a request that was not kept whole.
pub(super) fn new(refusal: Refusal) -> NewRefusal {
    NewRefusal { refusal, content: b"{}".to_vec(), original: None }
}

pub(super) const ALL: usize = 50;

pub(super) fn first<Id>() -> PageRequest<Id> {
    PageRequest { limit: ALL, before: None }
}
