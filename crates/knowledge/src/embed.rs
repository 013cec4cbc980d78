//! The boundary to embedding models. The crate knows no provider; whoever wires it adapts one.

use std::error::Error as StdError;

/// What the vectors are for. Some models prefix or encode the two differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// A chunk that will be searched.
    Document,
    /// A question that searches.
    Query,
}

/// Turns texts into vectors of one length.
#[async_trait::async_trait]
pub trait Embed: Send + Sync {
    /// One vector for each text, in order, all of the same dimensions. They need not be normalised.
    async fn embed(&self, texts: &[String], purpose: Purpose) -> Result<Vec<Vec<f32>>, EmbedError>;
}

/// Why a model gave no vectors. The cause is the provider's own error.
#[derive(Debug, thiserror::Error)]
#[error("the embedding model did not answer")]
pub struct EmbedError(#[source] pub Box<dyn StdError + Send + Sync>);
