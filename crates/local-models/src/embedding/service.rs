//! The embedding model as a service: a queue in front, a thread of its own behind.

use std::{path::PathBuf, sync::Arc};

use inference::{EmbedRequest, Embeddings, Error, Phase, Usage};
use tokio::{sync::oneshot, time::timeout};

use super::{
    MODEL,
    embedder::{Embedded, Embedder},
};
use crate::{
    error,
    worker::{Model, Worker, died, unavailable},
};

/// The longest text, in bytes; it keeps the thread for some seconds.
const TEXT: usize = 1024 * 1024;

/// The texts of a request go into the queue in jobs of so many bytes and texts, so that a question does not have
/// to wait for the thousand documents of the request before it.
const JOB_BYTES: usize = 16 * 1024;
const JOB_TEXTS: usize = 64;

/// The embedding model in a thread of its own.
pub(crate) struct Service {
    worker: Worker<Embedder>,
    provider: String,
}

pub(crate) struct Job {
    texts: Vec<String>,
    reply: oneshot::Sender<Result<Embedded, Arc<error::Error>>>,
}

impl Service {
    /// The model in `folder` for `provider`, with `queue` jobs waiting at most.
    pub(crate) fn new(folder: PathBuf, provider: &str, queue: usize) -> Self {
        Self {
            worker: Worker::new(folder, "local-embedding", provider, queue),
            provider: provider.to_owned(),
        }
    }

    /// Embeds the request's texts.
    pub(crate) async fn embed(&self, request: &EmbedRequest) -> Result<Embeddings, Error> {
        let provider = || self.provider.clone();
        if request.model != MODEL {
            let message = format!("it has no embedding model {:?}, but {MODEL:?}", request.model);
            return Err(Error::BadRequest { provider: provider(), message });
        }
        if let Some(text) = request.texts.iter().find(|text| text.len() > TEXT) {
            let message = format!("a text has {} bytes, and {TEXT} are the most", text.len());
            return Err(Error::ContextTooLong { provider: provider(), message });
        }
        let late = |_| Error::Timeout { provider: provider(), phase: Phase::Total, limit: request.timeout };
        timeout(request.timeout, self.embed_in_jobs(&request.texts)).await.map_err(late)?
    }

    async fn embed_in_jobs(&self, texts: &[String]) -> Result<Embeddings, Error> {
        let mut vectors = Vec::with_capacity(texts.len());
        let mut tokens = 0;
        let mut rest = texts;
        while !rest.is_empty() {
            let (texts, behind) = rest.split_at(job_length(rest));
            rest = behind;
            let (reply, answer) = oneshot::channel();
            self.worker.submit(Job { texts: texts.to_vec(), reply })?;
            let embedded = answer.await.map_err(|_| died(&self.provider))?;
            let embedded = embedded.map_err(|error| unavailable(&self.provider, error))?;
            vectors.extend(embedded.vectors);
            tokens += embedded.tokens as u64;
        }
        Ok(Embeddings { vectors, usage: Usage { input_tokens: Some(tokens), output_tokens: None } })
    }
}

impl Model for Embedder {
    type Source = PathBuf;
    type Job = Job;

    fn load(folder: &PathBuf) -> Result<Self, error::Error> {
        Self::load(folder)
    }

    fn is_abandoned(job: &Job) -> bool {
        job.reply.is_closed()
    }

    fn work(&mut self, Job { texts, reply }: Job) {
        if let Some(embedded) = self.embed_unless(&texts, &|| reply.is_closed()) {
            // Whoever has gone in the meantime needs no answer.
            let _ = reply.send(Ok(embedded));
        }
    }

    fn refuse(job: Job, error: Arc<error::Error>) {
        let _ = job.reply.send(Err(error));
    }
}

/// How many of the texts make a job: at least one.
fn job_length(texts: &[String]) -> usize {
    let mut bytes = 0;
    let fitting = texts.iter().take(JOB_TEXTS).take_while(|text| {
        bytes += text.len();
        bytes <= JOB_BYTES
    });
    fitting.count().max(1)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use inference::{Kind, Purpose};

    use super::*;

    fn service() -> Service {
        Service::new("/nowhere".into(), "local", 4)
    }

    fn request(model: &str, text: String) -> EmbedRequest {
        EmbedRequest::new(model, vec![text], Purpose::Query)
    }

    #[test]
    fn jobs_are_of_bounded_size_and_never_empty() {
        let texts = |length: usize, count| vec!["x".repeat(length); count];
        assert_eq!(job_length(&texts(1, 1000)), JOB_TEXTS);
        assert_eq!(job_length(&texts(JOB_BYTES / 2, 10)), 2);
        assert_eq!(job_length(&texts(JOB_BYTES * 9, 10)), 1);
    }

    #[tokio::test]
    async fn what_the_model_cannot_do_is_said_before_it_is_loaded() {
        let error = service().embed(&request("ada-002", "hi".into())).await.unwrap_err();
        assert_eq!(error.kind(), Kind::BadRequest);
        assert!(error.to_string().contains(MODEL), "{error}");
        let error = service().embed(&request(MODEL, "x".repeat(TEXT + 1))).await.unwrap_err();
        assert_eq!(error.kind(), Kind::ContextTooLong);
    }

    #[tokio::test]
    async fn a_model_that_is_not_there_is_unavailable_and_named() {
        let error = service().embed(&request(MODEL, "hi".into())).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Unavailable);
        assert!(error.to_string().contains("/nowhere/sp.model"), "{error}");
        assert!(!error.is_transient());
    }

    #[tokio::test(start_paused = true)]
    async fn a_model_that_takes_too_long_is_given_up_on() {
        let service = service();
        // A queue that nobody serves.
        let _jobs = service.worker.unserved();
        let request = EmbedRequest { timeout: Duration::from_secs(3), ..request(MODEL, "hi".into()) };
        let error = service.embed(&request).await.unwrap_err();
        assert!(matches!(error, Error::Timeout { phase: Phase::Total, .. }), "{error}");
    }
}
