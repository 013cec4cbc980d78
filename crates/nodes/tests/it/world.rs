//! A server's surroundings in small, and flows that run in them.

use std::{collections::HashMap, sync::Arc, time::Duration};

use ::knowledge::{Embedder, Embedders, Language, Library, ModelError, tokens};
use async_trait::async_trait;
use clock::{Clock, Random};
use engine::{Engine, Program, Registry, Submission, Surroundings, Timeline, World};
use flow::run::Event;
use inference::{Answer, ChatRequest, EmbedRequest, Embeddings, Error, Finish, Provider, Sink, Usage};
use nodes::{Directory, Models, Needs};
use outbound::{Client, Policy, SystemResolver};
use parking_lot::Mutex;
use serde_json::Value;
use store::{Beat, DestinationId, NewDocument, NewVersion, Place, Store, WorkspaceId};
use tempfile::TempDir;
use vault::{Key, KeyRing};

/// A model that answers as the test says, and embeds by words.
#[derive(Default)]
pub(crate) struct Model {
    /// What it answers next; when there is nothing left, `fine`.
    pub(crate) answers: Mutex<Vec<Result<Answer, Error>>>,
    /// What it was asked.
    pub(crate) asked: Mutex<Vec<ChatRequest>>,
}

pub(crate) fn answer(text: &str) -> Answer {
    let usage = Usage { input_tokens: Some(7), output_tokens: Some(2) };
    Answer { text: text.into(), finish: Finish::Stop, usage, model: "test-1".into() }
}

#[async_trait]
impl Provider for Model {
    fn name(&self) -> &'static str {
        "vendor"
    }

    async fn chat(&self, request: &ChatRequest, sink: &mut Sink) -> Result<Answer, Error> {
        self.asked.lock().push(request.clone());
        let answer = self.answers.lock().pop().unwrap_or_else(|| Ok(answer("fine")))?;
        for piece in answer.text.split_inclusive(' ') {
            sink.push(piece);
            tokio::task::yield_now().await;
        }
        sink.flush();
        Ok(answer)
    }

    async fn embed(&self, request: &EmbedRequest) -> Result<Embeddings, Error> {
        let vectors = request.texts.iter().map(|text| vector(text)).collect();
        Ok(Embeddings { vectors, usage: Usage::default() })
    }
}

/// Texts of one language are near to each other, those that share words a little nearer: as much as a test of
/// something else needs.
fn vector(text: &str) -> Vec<f32> {
    let mut vector = vec![0.01; 1_024];
    let language = usize::from(Language::of(text) == Some(Language::Chinese));
    vector[language] = 100.0;
    tokens::for_each(text, &mut |term| {
        let hash = term.bytes().fold(7_usize, |hash, byte| hash.wrapping_mul(31).wrapping_add(byte.into()));
        vector[2 + hash % 1_022] += 1.0;
    });
    vector
}

/// Finds the one model under the name `default`, and any embedding model.
struct Shelf(Arc<Model>);

#[async_trait]
impl Models for Shelf {
    async fn chat(&self, _: Place, name: &str) -> Result<(Arc<dyn Provider>, String), ModelError> {
        match name {
            "default" => Ok((self.0.clone(), "test".into())),
            _ => Err(ModelError::Missing { name: name.into() }),
        }
    }
}

#[async_trait]
impl Embedders for Shelf {
    async fn embedder(&self, _: WorkspaceId, name: &str) -> Result<Embedder, ModelError> {
        Ok(Embedder { provider: self.0.clone(), model: name.into() })
    }
}

#[derive(Default)]
struct Surrounding(HashMap<String, DestinationId>);

impl World for Surrounding {
    fn deliveries_made(&self, _: &[DestinationId]) {}

    fn surroundings(&self, _: Place) -> Arc<Surroundings> {
        Arc::default()
    }
}

impl Directory for Surrounding {
    fn destination(&self, _: Place, name: &str) -> Option<DestinationId> {
        self.0.get(name).copied()
    }
}

pub(crate) struct Fixture {
    pub(crate) engine: Engine,
    pub(crate) store: Store,
    pub(crate) library: Library,
    pub(crate) model: Arc<Model>,
    pub(crate) place: Place,
    _directory: TempDir,
}

impl Fixture {
    pub(crate) async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let random = Random::seeded(1);
        let keys = KeyRing::new(Key::generate(&random), vec![], random.clone());
        let options = store::Options::folder(directory.path());
        let store = Store::open(&options, keys, Clock::system(), Random::system()).await.unwrap();
        let workspace = store.workspace_ensure("Acme").await.unwrap();
        let environment = store.environment_list(workspace).await.unwrap()[1].id;
        let model = Arc::<Model>::default();
        let library = Library::new(store.clone(), Arc::new(Shelf(Arc::clone(&model))), random);
        let destinations =
            ["wecom-support", "ticket-system"].map(|name| (name.to_owned(), store.ids().next()));
        let world = Arc::new(Surrounding(destinations.into()));
        let needs = needs(&world, &model, &store, &library);
        let registry = Arc::new(nodes::registry(&needs));
        let time_and_chance = (Clock::system(), Random::system());
        let engine = Engine::new(store.clone(), registry, world, time_and_chance, engine::Options::default());
        engine.start(Beat::default()).await.unwrap();
        let place = Place { workspace, environment };
        Self { engine, store, library, model, place, _directory: directory }
    }

    pub(crate) fn registry(&self) -> &Registry {
        self.engine.registry()
    }

    /// Makes a base with a document and waits until it can be found.
    pub(crate) async fn document(
        &self,
        base: &str,
        settings: &::knowledge::Settings,
        name: &str,
        text: &str,
    ) {
        self.library.base_put(self.place.workspace, base, settings).await.unwrap();
        let document =
            NewDocument { name: name.into(), media_type: "text/markdown".into(), content: text.into() };
        let added = self.library.add(self.place.workspace, base, document).await.unwrap();
        let ingestion = self.library.start(self.engine.node());
        loop {
            let (document, _) = self.store.document_get(added.document).await.unwrap().unwrap();
            match document.status {
                store::DocumentStatus::Ready => break,
                store::DocumentStatus::Failed => panic!("{:?}", document.error),
                store::DocumentStatus::Queued => tokio::time::sleep(Duration::from_millis(1)).await,
            }
        }
        ingestion.stop(Duration::from_secs(20)).await;
    }

    /// Runs a flow of these nodes in a row, and says what happened.
    pub(crate) async fn run(&self, nodes: &[(&str, &str)], input: Value) -> Timeline {
        let line = |text: String, line: &str| text + "    " + line + "\n";
        let node =
            |text: String, (id, body): &(&str, &str)| body.lines().fold(text + "  " + id + ":\n", line);
        let nodes_text = nodes.iter().fold(String::new(), node);
        let head = "linchpin: flow/v1\nname: test\ninputs: { q: { type: string } }\nnodes:\n";
        let row = nodes.iter().fold("start".to_owned(), |row, (id, _)| row + " -> " + id);
        self.run_flow("test", &format!("{head}{nodes_text}edges: ['{row}']\n"), input).await
    }

    pub(crate) async fn run_flow(&self, name: &str, definition: &str, input: Value) -> Timeline {
        let program = self.program(name, definition).await;
        let submission = Submission {
            place: self.place,
            program,
            source: None,
            kind: "webhook",
            received_at: self.store.now(),
            content: serde_json::json!({ "input": input }).to_string().into(),
            input,
            dedupe: None,
            files: Vec::new(),
            waits_for: None,
            filtered: false,
            until_committed: None,
            tick: None,
        };
        let run = self.engine.submit(submission).await.unwrap().run;
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

    async fn program(&self, name: &str, definition: &str) -> Arc<Program> {
        let flow = self.store.flow_draft(self.place.workspace, name, definition).await.unwrap();
        let new = NewVersion {
            flow,
            definition: definition.to_owned(),
            kinds: serde_json::Map::new(),
            note: String::new(),
            by: "t".into(),
        };
        let version = self.store.version_publish(self.place.workspace, new).await.unwrap();
        self.engine.program(self.place.workspace, version.id).await.unwrap_or_else(|error| panic!("{error}"))
    }
}

fn needs(world: &Arc<Surrounding>, model: &Arc<Model>, store: &Store, library: &Library) -> Needs {
    let policy = Policy::new("test/1").allow(vec!["127.0.0.0/8".parse().unwrap()]);
    Needs {
        directory: world.clone(),
        models: Arc::new(Shelf(Arc::clone(model))),
        secrets: Arc::new(store.clone()),
        http: Client::new(policy, Arc::new(SystemResolver::default())).unwrap(),
        library: Arc::new(library.clone()),
    }
}

/// What a step gave, and what it worked on.
pub(crate) fn succeeded(timeline: &Timeline, wanted: &str) -> (Value, Value) {
    let found = timeline.events.iter().find_map(|event| match event {
        Event::StepSucceeded { step, output, input, .. } if step.as_str() == wanted => {
            Some(((**output).clone(), input.as_deref().cloned().unwrap_or_default()))
        }
        _ => None,
    });
    found.unwrap_or_else(|| panic!("`{wanted}` did not succeed: {:?}", timeline.events))
}

/// How a step failed: its code, message, whether a retry can help, and what it worked on.
pub(crate) fn failed(timeline: &Timeline, wanted: &str) -> (String, String, bool, Value) {
    let found = timeline.events.iter().find_map(|event| match event {
        Event::StepFailed { step, error, input, .. } if step.as_str() == wanted => Some((
            error.code.clone(),
            error.message.clone(),
            error.transient,
            input.as_deref().cloned().unwrap_or_default(),
        )),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("`{wanted}` did not fail: {:?}", timeline.events))
}
