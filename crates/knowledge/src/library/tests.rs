use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use clock::{Clock, Random};
use inference::{EmbedRequest, Embeddings, Provider, Usage};
use parking_lot::Mutex;
use store::{Beat, Document, DocumentStatus, Job, JobStatus};
use tempfile::TempDir;
use vault::{Key, KeyRing};

use super::*;
use crate::{Mode, tokens};

const MANUAL: &str = "# Brisa\n\n## Error codes\n\nE3: the pump is blocked. Descale the machine.\n\n\
                      ## Warranty\n\nTwo years from the day of purchase.\n";

/// Vectors by the words of a text, so that texts that share words are near.
#[derive(Default)]
struct Words {
    /// How many texts were embedded.
    texts: AtomicUsize,
    calls: AtomicUsize,
    /// What the next calls do instead.
    instead: Mutex<Vec<Instead>>,
}

#[derive(Clone, Copy)]
enum Instead {
    Busy,
    Refused,
    Panic,
    Hang,
    Short,
}

#[async_trait]
impl Provider for Words {
    fn name(&self) -> &'static str {
        "words"
    }

    async fn embed(&self, request: &EmbedRequest) -> Result<Embeddings, inference::Error> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let provider = || "words".to_owned();
        let instead = self.instead.lock().pop();
        let dimensions = if request.model == "long" { 96 } else { 64 };
        let mut vectors: Vec<_> = request.texts.iter().map(|text| vector(text, dimensions)).collect();
        match instead {
            None => {}
            Some(Instead::Busy) => return Err(inference::Error::Busy { provider: provider(), waiting: 9 }),
            Some(Instead::Refused) => {
                let message = "no such model".to_owned();
                return Err(inference::Error::BadRequest { provider: provider(), message });
            }
            Some(Instead::Panic) => panic!("as asked"),
            Some(Instead::Hang) => std::future::pending().await,
            Some(Instead::Short) => drop(vectors.pop()),
        }
        self.texts.fetch_add(request.texts.len(), Ordering::SeqCst);
        Ok(Embeddings { vectors, usage: Usage::default() })
    }
}

fn vector(text: &str, dimensions: usize) -> Vec<f32> {
    let mut vector = vec![0.01; dimensions];
    tokens::for_each(text, &mut |term| {
        let hash = term.bytes().fold(7_usize, |hash, byte| hash.wrapping_mul(31).wrapping_add(byte.into()));
        vector[hash % dimensions] += 1.0;
    });
    vector
}

/// Every name is a model of the one provider, but for `gone`.
struct Shelved(Arc<Words>);

#[async_trait]
impl Embedders for Shelved {
    async fn embedder(&self, _: WorkspaceId, name: &str) -> Result<Embedder, ModelError> {
        match name {
            "gone" => Err(ModelError::Missing { name: name.to_owned() }),
            _ => Ok(Embedder { provider: self.0.clone(), model: name.to_owned() }),
        }
    }
}

struct Fixture {
    library: Library,
    store: Store,
    words: Arc<Words>,
    workspace: WorkspaceId,
    node: NodeId,
    /// How long to wait before looking again.
    look: Duration,
    _directory: TempDir,
}

impl Fixture {
    async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let random = Random::seeded(1);
        let keys = KeyRing::new(Key::generate(&random), vec![], random.clone());
        let options = store::Options::folder(directory.path());
        let store = Store::open(&options, keys, Clock::system(), Random::system()).await.unwrap();
        let workspace = store.workspace_ensure("Acme").await.unwrap();
        let node = store.ids().next();
        store.node_beat(node, &Beat::default()).await.unwrap();
        let words = Arc::<Words>::default();
        let library = Library::new(store.clone(), Arc::new(Shelved(Arc::clone(&words))), random);
        library.base_put(workspace, "manual", &Settings::default()).await.unwrap();
        Self { library, store, words, workspace, node, look: Duration::from_millis(1), _directory: directory }
    }

    fn does_instead(&self, instead: &[Instead]) {
        *self.words.instead.lock() = instead.to_vec();
    }

    async fn add(&self, base: &str, name: &str, content: &str) -> Added {
        let (name, media_type) = (name.to_owned(), "text/markdown".to_owned());
        let document = NewDocument { name, media_type, content: content.into() };
        self.library.add(self.workspace, base, document).await.unwrap()
    }

    /// Adds the document and waits until it is ready or has failed.
    async fn ingest(&self, base: &str, name: &str, content: &str) -> Document {
        let added = self.add(base, name, content).await;
        self.settled(added).await
    }

    async fn settled(&self, added: Added) -> Document {
        loop {
            let (document, _) = self.store.document_get(added.document).await.unwrap().unwrap();
            let job = self.store.job_get(added.job.unwrap()).await.unwrap().unwrap();
            let over = matches!(job.status, JobStatus::Succeeded | JobStatus::Failed);
            if document.status != DocumentStatus::Queued && over {
                return document;
            }
            tokio::time::sleep(self.look).await;
        }
    }

    async fn find(&self, text: &str) -> Vec<Passage> {
        self.ask(Question::new(vec!["manual".into()], text)).await.unwrap()
    }

    async fn ask(&self, question: Question) -> Result<Vec<Passage>, Error> {
        self.library.search(self.workspace, &question).await
    }

    fn texts(&self) -> usize {
        self.words.texts.load(Ordering::SeqCst)
    }
}

#[tokio::test]
async fn a_document_goes_in_and_its_passages_come_out() {
    let f = Fixture::new().await;
    assert!(f.find("pump").await.is_empty(), "the base is empty");
    let _ingestion = f.library.start(f.node);
    let added = f.add("manual", "brisa.md", MANUAL).await;
    let document = f.settled(added).await;
    assert_eq!((document.status, document.chunks), (DocumentStatus::Ready, 2));
    let job = f.store.job_get(added.job.unwrap()).await.unwrap().unwrap();
    assert_eq!(job.progress, serde_json::json!({ "done": 2, "total": 2 }));
    let found = f.find("What does E3 mean, is the pump blocked?").await;
    let best = &found[0];
    assert_eq!((best.base.as_str(), best.name.as_str(), best.ordinal), ("manual", "brisa.md", 0));
    assert_eq!(best.headings, ["Brisa", "Error codes"]);
    assert!(best.text.starts_with("E3: the pump") && best.lines.is_some() && best.score > 0.9, "{best:?}");
    assert!(f.find("  ").await.is_empty(), "nothing is asked");
}

#[tokio::test]
async fn an_index_follows_what_is_added_replaced_and_removed() {
    let f = Fixture::new().await;
    let _ingestion = f.library.start(f.node);
    f.ingest("manual", "a.md", MANUAL).await;
    assert_eq!(f.find("warranty").await[0].text, "Two years from the day of purchase.");
    f.ingest("manual", "b.md", "## Descaling\n\nUse citric acid.").await;
    let found = f.find("citric acid").await;
    assert_eq!(found[0].name, "b.md");
    f.ingest("manual", "b.md", "## Descaling\n\nUse the tablets.").await;
    assert_eq!(f.find("tablets").await[0].text, "Use the tablets.");
    assert!(f.find("citric").await.iter().all(|passage| !passage.text.contains("citric")));
    assert!(f.library.remove(f.workspace, found[0].document).await.unwrap());
    assert!(f.find("tablets").await.iter().all(|passage| passage.name != "b.md"));
    assert!(!f.library.remove(f.workspace, found[0].document).await.unwrap());

    // Another library over the same rows answers the same.
    let embedders = Arc::new(Shelved(Arc::clone(&f.words)));
    let fresh = Library::new(f.store.clone(), embedders, Random::seeded(2));
    let question = Question::new(vec!["manual".into()], "warranty");
    assert_eq!(fresh.search(f.workspace, &question).await.unwrap(), f.find("warranty").await);
}

#[tokio::test]
async fn what_is_embedded_is_not_embedded_again() {
    let f = Fixture::new().await;
    let _ingestion = f.library.start(f.node);
    f.ingest("manual", "a.md", MANUAL).await;
    assert_eq!(f.texts(), 2);
    assert_eq!(f.add("manual", "a.md", MANUAL).await.job, None, "the same document");
    let twin = f.ingest("manual", "twin.md", MANUAL).await;
    assert_eq!((twin.status, f.texts()), (DocumentStatus::Ready, 2), "the same content");
    f.ingest("manual", "a.md", &MANUAL.replace("Two years", "Three years")).await;
    assert_eq!(f.texts(), 3, "only the chunk that has changed");
}

#[tokio::test]
async fn the_job_of_a_node_that_died_is_taken_over() {
    let f = Fixture::new().await;
    let added = f.add("manual", "a.md", MANUAL).await;
    let gone = f.store.ids().next();
    assert_eq!(f.store.job_claim(gone, Job::INGEST).await.unwrap().unwrap().status, JobStatus::Running);
    let _ingestion = f.library.start(f.node);
    assert_eq!(f.settled(added).await.status, DocumentStatus::Ready);
}

#[tokio::test(start_paused = true)]
async fn a_model_that_is_busy_is_asked_again_and_in_the_end_given_up_on() {
    let f = Fixture { look: Duration::from_secs(1), ..Fixture::new().await };
    let _ingestion = f.library.start(f.node);
    f.does_instead(&[Instead::Busy; 3]);
    assert_eq!(f.ingest("manual", "a.md", MANUAL).await.status, DocumentStatus::Ready);
    assert_eq!(f.words.calls.load(Ordering::SeqCst), 4);
    f.does_instead(&[Instead::Busy; 4]);
    let document = f.ingest("manual", "b.md", "Something else.").await;
    assert_eq!(document.status, DocumentStatus::Failed);
    let said = document.error.unwrap();
    assert!(said.contains("add it again") && said.contains("9 calls waiting"), "{said}");
    assert_eq!(f.ingest("manual", "b.md", "Something else.").await.status, DocumentStatus::Ready);
}

#[tokio::test]
async fn what_cannot_be_ingested_fails_with_its_reason_and_holds_nobody_up() {
    let f = Fixture::new().await;
    let _ingestion = f.library.start(f.node);
    let failed = async |name: &str, content: &str, instead: &[Instead]| {
        f.does_instead(instead);
        let document = f.ingest("manual", name, content).await;
        assert_eq!(document.status, DocumentStatus::Failed, "{name}");
        document.error.unwrap()
    };
    let said = failed("refused.md", "one", &[Instead::Refused]).await;
    assert!(said.contains("no such model"), "{said}");
    let said = failed("panic.md", "two", &[Instead::Panic]).await;
    assert!(said.contains("log says more"), "{said}");
    let said = failed("short.md", "three", &[Instead::Short]).await;
    assert!(said.contains("a vector for each text"), "{said}");
    let said = failed("binary.txt", "\u{0}\u{1}\u{2}\u{3}\u{0}\u{0}", &[]).await;
    assert!(said.contains("not text"), "{said}");
    let said = failed("empty.md", " \n", &[]).await;
    assert!(said.contains("no text"), "{said}");
    assert_eq!(f.ingest("manual", "good.md", MANUAL).await.status, DocumentStatus::Ready);
}

#[tokio::test]
async fn a_stop_gives_the_document_back() {
    let f = Fixture::new().await;
    f.does_instead(&[Instead::Hang]);
    let ingestion = f.library.start(f.node);
    let added = f.add("manual", "a.md", MANUAL).await;
    while f.words.calls.load(Ordering::SeqCst) == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    ingestion.stop(Duration::from_secs(20)).await;
    let job = f.store.job_get(added.job.unwrap()).await.unwrap().unwrap();
    assert_eq!(job.status, JobStatus::Queued);
    let _again = f.library.start(f.node);
    assert_eq!(f.settled(added).await.status, DocumentStatus::Ready);
}

#[tokio::test]
async fn bases_go_on_side_by_side_and_a_stop_gives_all_of_their_documents_back() {
    let f = Fixture::new().await;
    f.library.base_put(f.workspace, "faq", &Settings::default()).await.unwrap();
    f.does_instead(&[Instead::Hang; 2]);
    let ingestion = f.library.start(f.node);
    let hanging = [f.add("manual", "a.md", "one").await, f.add("faq", "b.md", "two").await];
    while f.words.calls.load(Ordering::SeqCst) < 2 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let behind = f.add("faq", "c.md", "three").await;
    f.library.base_put(f.workspace, "other", &Settings::default()).await.unwrap();
    assert_eq!(f.ingest("other", "d.md", "four").await.status, DocumentStatus::Ready);
    let open = f.store.job_open(f.workspace, Job::INGEST).await.unwrap();
    let shown: Vec<_> = open.iter().map(|job| (Some(job.id), job.status)).collect();
    let [first, second] = hanging.map(|added| (added.job, JobStatus::Running));
    assert_eq!(shown, [first, second, (behind.job, JobStatus::Queued)], "a base's documents go one by one");
    ingestion.stop(Duration::from_secs(20)).await;
    let open = f.store.job_open(f.workspace, Job::INGEST).await.unwrap();
    assert!(open.len() == 3 && open.iter().all(|job| job.status == JobStatus::Queued), "{open:?}");
}

#[tokio::test]
async fn a_base_with_another_model_embeds_its_documents_again() {
    let f = Fixture::new().await;
    let ingestion = f.library.start(f.node);
    f.ingest("manual", "a.md", MANUAL).await;
    assert!(f.find("pump").await[0].parts.vector.is_some());
    ingestion.stop(Duration::from_secs(20)).await;
    let settings = Settings { embedding_model: "long".into(), ..Settings::default() };
    let base = f.library.base_put(f.workspace, "manual", &settings).await.unwrap();
    let found = f.find("pump").await;
    assert!(found[0].text.contains("pump") && found[0].parts.vector.is_none(), "by keywords meanwhile");
    let _again = f.library.start(f.node);
    loop {
        let documents = f.store.document_list(f.workspace, base).await.unwrap();
        if documents[0].model == "words/long" && f.find("pump").await[0].parts.vector.is_some() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(f.texts(), 2 + 2 + f.words.calls.load(Ordering::SeqCst) - 2, "each question is one text");
    let before = f.words.calls.load(Ordering::SeqCst);
    f.library.base_put(f.workspace, "manual", &settings).await.unwrap();
    assert!(f.store.job_claim(f.node, Job::INGEST).await.unwrap().is_none(), "nothing has changed");
    assert_eq!(f.words.calls.load(Ordering::SeqCst), before);
}

#[tokio::test]
async fn several_bases_are_searched_together_if_they_can_be_compared() {
    let f = Fixture::new().await;
    let _ingestion = f.library.start(f.node);
    f.library.base_put(f.workspace, "faq", &Settings::default()).await.unwrap();
    let other = Settings { embedding_model: "long".into(), ..Settings::default() };
    f.library.base_put(f.workspace, "other", &other).await.unwrap();
    f.ingest("manual", "a.md", MANUAL).await;
    f.ingest("faq", "faq.md", "The pump hums for a minute. That is normal.").await;
    f.ingest("other", "o.md", "A pump for bicycles.").await;
    let bases = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let found = f.ask(Question::new(bases(&["manual", "faq", "faq"]), "pump")).await.unwrap();
    assert_eq!(found.iter().filter(|passage| passage.base == "faq").count(), 1);
    assert!(found.iter().any(|passage| passage.base == "manual"));
    let question = Question::new(bases(&["manual", "other"]), "pump");
    let said = f.ask(question.clone()).await.unwrap_err();
    assert!(matches!(said, Error::DifferentModels { .. }) && !said.is_transient(), "{said}");
    let by_words = f.ask(Question { mode: Mode::Keyword, top_k: 2, ..question }).await.unwrap();
    assert_eq!(by_words.len(), 2);
    let said = f.ask(Question::new(bases(&["nowhere"]), "pump")).await.unwrap_err().to_string();
    assert!(said.contains("`nowhere`"), "{said}");
}

#[tokio::test]
async fn keywords_need_no_model() {
    let f = Fixture::new().await;
    let settings = Settings { embedding_model: "gone".into(), ..Settings::default() };
    let _ingestion = f.library.start(f.node);
    f.ingest("manual", "a.md", MANUAL).await;
    f.library.base_put(f.workspace, "manual", &settings).await.unwrap();
    let question = Question::new(vec!["manual".into()], "warranty");
    let said = f.ask(question.clone()).await.unwrap_err().chain();
    assert!(said.contains("`gone`"), "{said}");
    let found = f.ask(Question { mode: Mode::Keyword, ..question }).await.unwrap();
    assert!(found[0].headings.contains(&"Warranty".to_owned()));
}

#[tokio::test]
async fn a_failed_embedding_of_a_question_says_whether_to_try_again() {
    let f = Fixture::new().await;
    f.does_instead(&[Instead::Busy, Instead::Refused]);
    let question = Question::new(vec!["manual".into()], "pump");
    assert!(!f.ask(question.clone()).await.unwrap_err().is_transient());
    assert!(f.ask(question).await.unwrap_err().is_transient());
}

#[tokio::test]
async fn what_cannot_be_taken_in_is_refused_at_the_door() {
    let f = Fixture::new().await;
    let document = |name: &str| NewDocument {
        name: name.into(),
        media_type: "application/octet-stream".into(),
        content: b"x".to_vec(),
    };
    let said = f.library.add(f.workspace, "manual", document("a.pdf")).await.unwrap_err();
    assert!(matches!(said, Error::Unsupported { .. }), "{said}");
    let said = f.library.add(f.workspace, "nowhere", document("a.md")).await.unwrap_err();
    assert!(matches!(said, Error::BaseMissing { .. }), "{said}");
    let said = f.library.add(f.workspace, "manual", document(" ")).await.unwrap_err();
    assert!(matches!(said, Error::Name { .. }), "{said}");
    let chunking = Chunking { max_tokens: 3, ..Chunking::default() };
    let settings = Settings { chunking, ..Settings::default() };
    assert!(f.library.base_put(f.workspace, "small", &settings).await.is_err());
}

#[test]
fn settings_have_a_default_for_everything() {
    let settings: Settings = serde_json::from_str("{}").unwrap();
    assert_eq!((&settings, settings.embedding_model.as_str()), (&Settings::default(), "default-embedding"));
    let json = r#"{ "chunking": { "by": { "separator": "---" }, "target_tokens": 20 } }"#;
    let settings: Settings = serde_json::from_str(json).unwrap();
    assert_eq!(settings.chunking.by, Cut::Separator("---".into()));
    assert!(serde_json::from_str::<Settings>(r#"{ "chunkin": {} }"#).is_err());
}
