//! Where embedding models come from, and how they are asked.

use std::{sync::Arc, time::Duration};

use clock::Random;
use inference::{EmbedRequest, Provider, Purpose};
use store::WorkspaceId;

use crate::vector::has_direction;

/// Pauses before a document's texts are embedded again. A provider tries a few times by itself, within seconds;
/// these bridge what lasts longer.
const PAUSES: [Duration; 3] = [Duration::from_secs(3), Duration::from_secs(15), Duration::from_secs(60)];

/// The longest that a provider may ask to wait.
const LONGEST_PAUSE: Duration = Duration::from_secs(180);

/// How long a question may take to be embedded.
const QUESTION: Duration = Duration::from_secs(30);

/// How long a batch of a document's texts may take.
const BATCH: Duration = Duration::from_secs(120);

/// Finds embedding models.
#[async_trait::async_trait]
pub trait Embedders: Send + Sync + 'static {
    /// The embedding model of a name in a workspace.
    async fn embedder(&self, workspace: WorkspaceId, name: &str) -> Result<Embedder, ModelError>;
}

/// An embedding model.
#[derive(Clone)]
pub struct Embedder {
    /// Who runs it.
    pub provider: Arc<dyn Provider>,
    /// What the provider calls it.
    pub model: String,
}

/// Why a model cannot be had by its name.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// There is none of this name.
    #[error("there is no model `{name}`; add it to the workspace's models, or name another")]
    Missing {
        /// The name that was given.
        name: String,
    },
    /// It does something else.
    #[error("the model `{name}` is for {purpose}; name one that is for {wanted}")]
    WrongPurpose {
        /// Its name.
        name: String,
        /// What it is for: `chat`, `embedding`, `rerank`.
        purpose: String,
        /// What it was wanted for.
        wanted: &'static str,
    },
    /// Its provider is gone or not set up.
    #[error("the model `{name}` cannot be used: {reason}")]
    Provider {
        /// The model's name.
        name: String,
        /// What is missing and what to do. No secrets.
        reason: String,
    },
    /// The models could not be looked up.
    #[error("the workspace's models cannot be read now; try again")]
    Lookup(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Embedder {
    /// Tells the vectors of different models apart.
    pub(super) fn identity(&self) -> String {
        format!("{}/{}", self.provider.name(), self.model)
    }

    /// The vector of a question.
    pub(super) async fn question(&self, text: &str) -> Result<Vec<f32>, inference::Error> {
        let request = self.request(vec![text.to_owned()], Purpose::Query, QUESTION);
        let mut vectors = self.embed(&request).await?;
        vectors.pop().ok_or_else(|| self.malformed("there is no vector"))
    }

    /// The vectors of some of a document's texts; when that fails for now, it is tried again a few times.
    pub(super) async fn document(
        &self,
        texts: Vec<String>,
        random: &Random,
    ) -> Result<Vec<Vec<f32>>, inference::Error> {
        let request = self.request(texts, Purpose::Document, BATCH);
        for planned in PAUSES {
            let error = match self.embed(&request).await {
                Err(error) if error.is_transient() => error,
                ended => return ended,
            };
            let asked = error.retry_after().unwrap_or_default().min(LONGEST_PAUSE);
            let pause = random.jitter(planned, 0.2).max(asked);
            tracing::warn!(model = self.model, %error, ?pause, "a document is embedded again after a pause");
            tokio::time::sleep(pause).await;
        }
        self.embed(&request).await
    }

    fn request(&self, texts: Vec<String>, purpose: Purpose, timeout: Duration) -> EmbedRequest {
        EmbedRequest { timeout, ..EmbedRequest::new(self.model.as_str(), texts, purpose) }
    }

    /// Vectors fit to be searched: one for each text, of one length, each with a direction.
    async fn embed(&self, request: &EmbedRequest) -> Result<Vec<Vec<f32>>, inference::Error> {
        let vectors = self.provider.embed(request).await?.vectors;
        let length = vectors.first().map_or(0, Vec::len);
        if vectors.len() != request.texts.len() {
            Err(self.malformed("it does not have a vector for each text"))
        } else if vectors.iter().any(|vector| vector.len() != length) {
            Err(self.malformed("its vectors are of different lengths"))
        } else if !vectors.iter().all(|vector| has_direction(vector)) {
            Err(self.malformed("a vector is not finite, or nothing but zeros"))
        } else {
            Ok(vectors)
        }
    }

    fn malformed(&self, reason: &str) -> inference::Error {
        let provider = self.provider.name().to_owned();
        inference::Error::Malformed { provider, reason: reason.to_owned() }
    }
}
