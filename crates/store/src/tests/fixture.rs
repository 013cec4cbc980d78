//! A store in a folder of its own, with a workspace, a flow and a node in it.

use std::time::Duration;

use ::flow::run::Status;
use clock::{Clock, Random};
use tempfile::TempDir;
use vault::{Key, KeyRing};

use crate::*;

pub(super) struct Fixture {
    pub(super) store: Store,
    pub(super) place: Place,
    pub(super) flow: FlowId,
    pub(super) version: VersionId,
    pub(super) node: NodeId,
    pub(super) directory: TempDir,
}

pub(super) fn options(directory: &TempDir) -> Options {
    Options { directory: directory.path().to_owned(), max_bytes: None, readers: 2 }
}

pub(super) fn open(options: &Options) -> Store {
    let random = Random::seeded(1);
    let keys = KeyRing::new(Key::generate(&random), vec![], random.clone());
    Store::open(options, keys, Clock::system(), Random::system()).unwrap()
}

impl Fixture {
    pub(super) async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = open(&options(&directory));
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
        store.node_beat(node, "here", "1").await.unwrap();
        Self { store, place, flow, version, node, directory }
    }

    /// Closes the store and opens it again, as after a restart.
    pub(super) async fn reopen(&mut self) {
        self.store.close().await;
        let elsewhere = tempfile::tempdir().unwrap();
        self.store = open(&options(&elsewhere));
        self.store = open(&options(&self.directory));
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
        }
    }

    pub(super) fn commit(held: HeldRun, then: Then) -> RunCommit {
        RunCommit { held, seq: 0, record: Some(b"[]".to_vec()), deliveries: vec![], absolved: false, then }
    }

    pub(super) fn ending(&self) -> Ending {
        Ending { status: Status::Succeeded, error: None, at: self.store.now() }
    }

    pub(super) async fn destination(&self) -> DestinationId {
        let id = self.store.ids().next();
        let destination = Destination {
            id,
            place: self.place,
            name: "tickets".into(),
            config: "{}".into(),
            secrets: b"{}".to_vec(),
            disabled_reason: None,
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
            disable: None,
        }
    }
}

pub(super) const ALL: usize = 50;

pub(super) fn first<Id>() -> PageRequest<Id> {
    PageRequest { limit: ALL, before: None }
}
