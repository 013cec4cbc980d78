//! Documents by how well they answer a query.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Documents to put in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RerankRequest {
    /// The model, as the provider calls it.
    pub model: String,
    /// What is asked.
    pub query: String,
    /// The documents' texts.
    pub documents: Vec<String>,
    /// How many to return at most.
    pub top: usize,
    /// How long it may take in all.
    pub timeout: Duration,
}

/// A document's place in the order.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Ranked {
    /// Its index in [`RerankRequest::documents`].
    pub index: usize,
    /// How well it answers; higher is better, the scale is the model's.
    pub score: f32,
}
