//! An installation with something in every table, and all that can be read of it.

use std::time::Duration;

use crate::{
    tests::{
        blobs::file,
        fixture::{ALL, Fixture, first, open},
    },
    *,
};

const SOURCE: SourceId = SourceId::from_bytes([7; 16]);

/// The event that holds a dedupe key of the index, and the one that holds a key of the log.
pub(super) struct Claimed {
    pub(super) in_index: EventId,
    pub(super) in_log: EventId,
}

impl Fixture {
    /// Fills every table.
    pub(super) async fn fill(&mut self) -> Claimed {
        let in_index = self.with_key(1).await;
        self.store.close().await;
        let folder = self.folder().to_owned();
        // Nobody else may have the folder.
        self.store = open(&Options::folder(tempfile::tempdir().unwrap().path())).await;
        drop(crate::sqlite::Source::open(&folder).unwrap());
        self.store = open(&Options::folder(&folder)).await;
        self.accounts().await;
        self.configuration().await;
        self.knowledge().await;
        self.runs().await;
        Claimed { in_index, in_log: self.with_key(2).await }
    }

    async fn with_key(&self, key: u8) -> EventId {
        let files = vec![file("a résumé"), file(vec![0xff, key])];
        let admission = Admission { files, ..self.admission(Some(key), Begin::Queued) };
        let id = admission.event.id;
        assert_eq!(self.store.event_admit(admission).await.unwrap(), Admitted::New);
        id
    }

    async fn accounts(&self) {
        let (store, workspace) = (&self.store, self.place.workspace);
        let later = store.now().after(Duration::from_secs(3600));
        store.login_link_add(workspace, [3; 32], LinkPurpose::Owner, later).await.unwrap();
        let new = NewMember { email: "a@b.c".into(), name: "Änn 安".into(), password: "hash".into() };
        let owner = store.owner_add(workspace, [3; 32], new).await.unwrap().unwrap();
        store.session_add(&owner, [4; 32], later).await.unwrap();
        store.login_link_add(workspace, [5; 32], LinkPurpose::Login, later).await.unwrap();
        let key = NewApiKey {
            name: "ci".into(),
            token: [6; 32],
            hint: "lpk_…".into(),
            scopes: vec!["flows:read".into()],
            expires_at: None,
        };
        store.api_key_add(workspace, key).await.unwrap();
    }

    async fn configuration(&self) {
        let (store, place) = (&self.store, self.place);
        store.deployment_add(place, self.flow, self.version, "ann").await.unwrap();
        let source = Source {
            id: SOURCE,
            place,
            flow: self.flow,
            kind: SourceKind::Webhook,
            name: "shop".into(),
            config: "{}".into(),
            secrets: b"{}".to_vec(),
            enabled: true,
            updated_at: store.now(),
        };
        store.source_put(&source).await.unwrap();
        store.sample_put(place.workspace, SOURCE, "first", b"{}").await.unwrap();
        let id = SourceId::from_bytes([8; 16]);
        let digest = Source { id, kind: SourceKind::Schedule, name: "digest".into(), ..source };
        store.schedule_put(&digest, Some(store.now())).await.unwrap();
        store.secret_set(place, "KEY", &vault::Secret::from("hunter2")).await.unwrap();
        for name in ["b", "A", "a"] {
            store.variable_set(place, name, "").await.unwrap();
        }
        store.provider_put(place.workspace, "openai", "{}", b"{}").await.unwrap();
        let model = Model {
            name: "default".into(),
            provider: "openai".into(),
            purpose: "chat".into(),
            config: "{}".into(),
        };
        store.model_put(place.workspace, &model).await.unwrap();
    }

    /// A document with chunks, and one whose job is under way.
    async fn knowledge(&self) {
        let (store, workspace) = (&self.store, self.place.workspace);
        let base = store.base_put(workspace, "manual", &serde_json::json!({})).await.unwrap();
        let new = |name: &str| NewDocument {
            name: name.into(),
            media_type: "text/markdown".into(),
            content: vec![0, 1, 0xff],
        };
        let (id, _) = store.document_put(workspace, base, new("ready.md")).await.unwrap();
        let job = store.job_claim(self.node, Job::INGEST).await.unwrap().unwrap();
        let (document, _) = store.document_get(id).await.unwrap().unwrap();
        let chunk = |ordinal| Chunk {
            document: id,
            ordinal,
            text: "a\n\t\\N".into(),
            heading: serde_json::json!([]),
            place: serde_json::json!({}),
            embedding: vec![0.5, -1.0],
        };
        let chunks: Vec<Chunk> = (0..3).map(chunk).collect();
        assert!(store.document_chunks(&job, &document, "mini", &chunks).await.unwrap());
        store.document_put(workspace, base, new("queued.md")).await.unwrap();
        store.job_claim(self.node, Job::INGEST).await.unwrap().unwrap();
    }

    /// Runs that are queued, held, waiting and finished; deliveries that are dead, waiting and delivered.
    async fn runs(&self) {
        let (store, place) = (&self.store, self.place);
        let destination = self.destination().await;
        let record = Some(b"[]".to_vec());
        let begin = Begin::Held { owner: self.node, record, deliveries: vec![] };
        store.event_admit(self.admission(None, begin)).await.unwrap();
        let deliveries: Vec<_> = (0..3).map(|_| self.delivery(destination)).collect();
        let begin = Begin::Finished { ending: self.ending(), record: b"[1]".to_vec(), deliveries };
        let finished = self.admission(None, begin);
        let event = finished.event.id;
        store.event_admit(finished).await.unwrap();
        let repeat = Repeat { id: store.ids().next(), event, elsewhere: None, version: self.version };
        let id = repeat.id;
        store.run_repeat(place.workspace, repeat).await.unwrap();
        let held = store.run_claim_one(self.node, id).await.unwrap().unwrap().held;
        let later = store.now().after(Duration::from_secs(3600));
        let waits = Then::Release { status: ::flow::run::Status::Waiting, wake_at: Some(later) };
        store.run_commit(&store.run_seal(Self::commit(held, waits))).await.unwrap();

        assert!(store.destination_own(place.workspace, destination, self.node).await.unwrap());
        let due = store.delivery_due(destination, store.now(), ALL).await.unwrap();
        assert!(store.delivery_attempted(self.attempt(&due[0], Settle::Dead { halts: true })).await.unwrap());
        assert!(store.delivery_attempted(self.attempt(&due[1], Settle::Retry(later))).await.unwrap());
        let arrived = self.attempt(&due[2], Settle::Delivered(store.now()));
        assert!(store.delivery_attempted(arrived).await.unwrap());
        let alert = NewAlert::dead_letters(store.now(), AlertCause::default());
        store.destination_break(destination, None, Some(alert)).await.unwrap();
        let refusal = Refusal {
            id: store.ids().next(),
            place,
            source: SOURCE,
            code: "x".into(),
            status: 401,
            received_at: store.now(),
            is_whole: false,
            replayed_as: None,
        };
        let (id, original) = (refusal.id, Some(b"{}".to_vec()));
        store.refusal_add(vec![NewRefusal { refusal, content: b"{}".to_vec(), original }]).await.unwrap();
        store.refusal_replayed(place.workspace, id, event).await.unwrap();
        self.queued().await;
    }
}

/// What one read gives, as text.
macro_rules! said {
    ($($read:expr),* $(,)?) => { vec![$(format!("{}: {:?}", stringify!($read), $read.await.unwrap())),*] };
}

/// All that can be read, as text.
pub(super) async fn all(s: &Store, place: Place) -> Vec<String> {
    let workspace = place.workspace;
    let mut all = said![
        s.workspace_name(workspace),
        s.environment_list(workspace),
        s.variable_list(place),
        s.secret_names(place),
        s.member_first(workspace),
        s.session_member([4; 32]),
        s.api_key_by_token([6; 32]),
        s.login_link_peek([5; 32]),
        s.deployment_list(workspace),
        s.source_list(place),
        s.sample_list(workspace, SOURCE),
        s.schedule_states(place),
        s.schedule_due(s.now(), None, 10),
        s.destination_list(place),
        s.provider_list(workspace),
        s.model_list(workspace),
        s.refusal_list(place, None, first()),
        s.delivery_list(DeliveryFilter::all(place), first()),
        s.delivery_next_due(),
        s.alert_pending(10),
        s.run_next_due(vec![]),
        s.job_open(workspace, Job::INGEST),
    ];
    all.push(s.secret_reveal(place, "KEY").await.unwrap().unwrap().expose().to_owned());
    for flow in s.flow_list(workspace).await.unwrap() {
        all.extend(said![s.flow_get(workspace, flow.id), s.version_list(workspace, flow.id)]);
    }
    for refusal in s.refusal_list(place, None, first()).await.unwrap().items {
        all.extend(said![
            s.refusal_content(workspace, refusal.id),
            s.refusal_original(workspace, refusal.id)
        ]);
    }
    for base in s.base_list(workspace).await.unwrap() {
        all.extend(said![s.base_named(workspace, &base.name), s.chunk_list(base.id, "mini", None, ALL)]);
        for document in s.document_list(workspace, base.id).await.unwrap() {
            all.extend(said![s.document_get(document.id)]);
        }
    }
    for event in s.event_list(place, EventFilter::default(), first()).await.unwrap().items {
        let run = event.id.original_run();
        all.extend(said![
            s.event_get(workspace, event.id),
            s.event_content(workspace, event.id),
            s.event_file(workspace, event.id, file("a résumé").sha256),
            s.run_of_event(workspace, event.id),
            s.run_journal(run),
            s.delivery_histories(workspace, vec![run]),
        ]);
        for delivery in s.delivery_of_runs(workspace, vec![run]).await.unwrap() {
            all.extend(said![s.delivery_message(workspace, delivery.id)]);
        }
    }
    for run in s.run_list(place, RunFilter::default(), first()).await.unwrap().items {
        all.extend(said![s.run_get(workspace, run.id), s.run_journal(run.id)]);
    }
    all
}
