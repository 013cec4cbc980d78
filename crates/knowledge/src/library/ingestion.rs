//! The worker that makes documents findable.

use std::{sync::Arc, time::Duration};

use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::json;
use store::{BaseId, Document, DocumentId, DocumentStatus, Job, JobStatus, NodeId};
use tokio::{
    sync::watch,
    task::{JoinHandle, JoinSet},
    time::timeout,
};

use super::{
    Library,
    document::{Hindrance, Prepared},
};
use crate::Error;

/// How long the worker rests when nothing waits: the jobs of a node that died are found then.
const REST: Duration = Duration::from_secs(15);

/// How long it rests while the database takes no writes.
const TROUBLE: Duration = Duration::from_secs(5);

/// Documents that are worked on at once, each of another base: an endpoint that hangs holds up no more than the bases
/// that it embeds.
const PLACES: usize = 4;

/// Ingests documents until it is stopped or dropped.
#[derive(Debug)]
pub struct Ingestion {
    stopping: watch::Sender<bool>,
    worker: JoinHandle<()>,
}

/// What a job is to do.
#[derive(Deserialize)]
struct Spec {
    document: DocumentId,
}

/// The places at which documents are worked on.
#[derive(Default)]
struct Bench {
    /// What is held at each.
    held: [Mutex<Option<Job>>; PLACES],
    /// Held over a claim, so that two places do not take documents of one base.
    claiming: tokio::sync::Mutex<()>,
}

impl Bench {
    /// The bases whose documents are worked on.
    fn bases(&self) -> Vec<BaseId> {
        let base = |held: &Mutex<Option<Job>>| {
            let job = held.lock();
            serde_json::from_value(job.as_ref()?.spec["base"].clone()).ok()
        };
        self.held.iter().filter_map(base).collect()
    }
}

impl Ingestion {
    pub(super) fn start(library: Library, node: NodeId) -> Self {
        let (stopping, stopped) = watch::channel(false);
        Self { stopping, worker: tokio::spawn(library.work(node, stopped)) }
    }

    /// Stops: the documents under way are given back, to be taken by another node or after the next start.
    pub async fn stop(self, patience: Duration) {
        self.stopping.send_replace(true);
        if timeout(patience, self.worker).await.is_err() {
            tracing::warn!("the ingestion of documents did not stop in time; its jobs are taken again later");
        }
    }
}

impl Library {
    async fn work(self, node: NodeId, mut stopping: watch::Receiver<bool>) {
        let bench = Arc::new(Bench::default());
        let mut hands = JoinSet::new();
        for place in 0..PLACES {
            let (library, bench) = (self.clone(), Arc::clone(&bench));
            hands.spawn(async move { library.toil(node, &bench, &bench.held[place]).await });
        }
        // Also when whoever could stop it has gone.
        let _ = stopping.wait_for(|stopping| *stopping).await;
        hands.shutdown().await;
        for job in bench.held.iter().filter_map(|held| held.lock().take()) {
            if let Err(error) = self.0.store.job_update(&job, JobStatus::Queued, &job.progress, None).await {
                tracing::warn!(job = %job.id, %error, "a job could not be given back; it is taken again later");
            }
        }
    }

    /// Does one job after another, for ever. What it holds is always seen in `held`, its place on the bench.
    async fn toil(&self, node: NodeId, bench: &Bench, held: &Mutex<Option<Job>>) {
        loop {
            let rest = match self.next(node, bench, held).await {
                Ok(Some(job)) if self.attended(&job).await => {
                    *held.lock() = None;
                    continue;
                }
                Ok(Some(_)) => TROUBLE,
                Ok(None) => REST,
                Err(error) => {
                    tracing::warn!(%error, "documents that wait to be ingested cannot be read");
                    TROUBLE
                }
            };
            // Whoever waits is woken by a timer at the latest.
            let _ = timeout(rest, self.0.work.notified()).await;
        }
    }

    /// The job that is held, or a new one of a base that nobody works on.
    async fn next(
        &self,
        node: NodeId,
        bench: &Bench,
        held: &Mutex<Option<Job>>,
    ) -> Result<Option<Job>, store::Error> {
        // A job that the database did not let end is kept and tried again.
        let kept = held.lock().clone();
        if kept.is_some() {
            return Ok(kept);
        }
        let _claiming = bench.claiming.lock().await;
        let claimed = self.0.store.job_claim_beside(node, Job::INGEST, &bench.bases()).await?;
        if claimed.is_some() {
            held.lock().clone_from(&claimed);
            // There may be one for another place.
            self.0.work.notify_one();
        }
        Ok(claimed)
    }

    /// Does a job, and says whether it is done with.
    async fn attended(&self, job: &Job) -> bool {
        let Err(error) = self.attend(job).await else { return true };
        tracing::warn!(job = %job.id, %error, "a document cannot be ingested now");
        if matches!(error, store::Error::Unavailable { .. }) {
            return false;
        }
        // Whatever is wrong with these rows will not change; others are not to wait behind it.
        let said = Error::from(error).chain();
        self.end(job, JobStatus::Failed, Some(&said)).await.is_ok()
    }

    /// Does a job in a task of its own, so that a panic is that document's failure and not the worker's end. An
    /// error says that the database did not do what it must.
    async fn attend(&self, job: &Job) -> Result<(), store::Error> {
        let (library, copy) = (self.clone(), job.clone());
        // Dropping the set ends the task.
        let mut task = JoinSet::new();
        task.spawn(async move { library.ingest(&copy).await });
        match task.join_next().await {
            Some(Ok(ended)) => ended,
            Some(Err(panicked)) => {
                tracing::error!(job = %job.id, %panicked, "the ingestion of a document ended by a panic");
                let error = Error::Interrupted(panicked);
                match self.document_of(job).await? {
                    Some((document, _)) => self.fail(job, &document, &error).await,
                    None => self.end(job, JobStatus::Failed, Some(&error.chain())).await,
                }
            }
            None => Ok(()),
        }
    }

    async fn ingest(&self, job: &Job) -> Result<(), store::Error> {
        let Some((document, content)) = self.document_of(job).await? else {
            // It was deleted meanwhile.
            return self.end(job, JobStatus::Succeeded, None).await;
        };
        // An earlier job may have taken the document as it is now.
        match document.status {
            DocumentStatus::Queued => {}
            DocumentStatus::Ready => return self.end(job, JobStatus::Succeeded, None).await,
            DocumentStatus::Failed => {
                return self.end(job, JobStatus::Failed, document.error.as_deref()).await;
            }
        }
        match self.prepare(job, &document, content).await {
            Ok(prepared) => self.finish(job, &document, prepared).await,
            Err(Hindrance::Lost) => Ok(()),
            // What the database does not take now it may take later.
            Err(Hindrance::Failed(Error::Store(error @ store::Error::Unavailable { .. }))) => Err(error),
            Err(Hindrance::Failed(error)) => self.fail(job, &document, &error).await,
        }
    }

    async fn document_of(&self, job: &Job) -> Result<Option<(Document, Vec<u8>)>, store::Error> {
        match serde_json::from_value(job.spec.clone()) {
            Ok(Spec { document }) => self.0.store.document_get(document).await,
            Err(_) => Ok(None),
        }
    }

    async fn finish(&self, job: &Job, document: &Document, prepared: Prepared) -> Result<(), store::Error> {
        let Prepared { model, chunks } = prepared;
        let (place, chunks) = (self.shelf(document.base), Arc::new(chunks));
        let commit = self.0.store.document_chunks(job, document, &model, &chunks);
        match place.put(document.id, (&model, &chunks), commit).await {
            Ok(true) => {
                self.tell(document.base, document.id);
                Ok(())
            }
            // The document has changed since it was read; a later job takes it as it is now.
            Ok(false) => self.end(job, JobStatus::Succeeded, None).await,
            Err(error @ store::Error::Unavailable { .. }) => Err(error),
            Err(error) => self.fail(job, document, &error.into()).await,
        }
    }

    /// Says why a document is not findable.
    async fn fail(&self, job: &Job, document: &Document, error: &Error) -> Result<(), store::Error> {
        let reason = error.chain();
        if self.0.store.document_failed(job, document, &reason).await? {
            return Ok(());
        }
        self.end(job, JobStatus::Failed, Some(&reason)).await
    }

    /// Ends a job that has nothing to say of its document. It changes nothing if another node holds it now.
    async fn end(&self, job: &Job, status: JobStatus, error: Option<&str>) -> Result<(), store::Error> {
        self.0.store.job_update(job, status, &json!({}), error).await.map(drop)
    }
}
