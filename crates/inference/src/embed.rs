//! Texts to vectors.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::chat::Usage;

/// Texts to turn into vectors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmbedRequest {
    /// The model, as the provider calls it.
    pub model: String,
    /// The texts; any number, the provider splits them as it must.
    pub texts: Vec<String>,
    /// What the vectors are for.
    pub purpose: Purpose,
    /// How long it may take in all.
    pub timeout: Duration,
}

/// What vectors are for; some models tell questions and documents apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// To search with.
    Query,
    /// To be found.
    Document,
}

/// Vectors of texts.
#[derive(Debug, Clone, PartialEq)]
pub struct Embeddings {
    /// One for each text, in order; all finite and of one length, though not always of length 1.
    pub vectors: Vec<Vec<f32>>,
    /// What it cost in tokens.
    pub usage: Usage,
}

impl EmbedRequest {
    /// A request to embed `texts` within 60 s.
    pub fn new(model: impl Into<String>, texts: Vec<String>, purpose: Purpose) -> Self {
        Self { model: model.into(), texts, purpose, timeout: Duration::from_secs(60) }
    }
}
