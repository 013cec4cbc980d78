//! What is asked, and how.

use serde::{Deserialize, Serialize};

use super::Filter;

/// A question.
#[derive(Debug, Clone)]
pub struct Query {
    /// Its words. At most 256 different ones count for keyword search.
    pub text: String,
    /// Its embedding with [`crate::Purpose::Query`]. Without one, hybrid modes fall back to keywords
    /// and [`Mode::Vector`] is an error.
    pub vector: Option<Vec<f32>>,
    /// How to rank.
    pub mode: Mode,
    /// Most hits.
    pub top_k: usize,
    /// Least [`super::Hit::score`]. Scores are relative to the best of the same question; where an
    /// absolute measure is needed, look at [`super::Parts::vector`].
    pub threshold: Option<f32>,
    /// Which documents to search.
    pub filter: Filter,
}

impl Query {
    /// A hybrid question for five hits among all documents.
    pub fn new(text: impl Into<String>, vector: Option<Vec<f32>>) -> Self {
        Self {
            text: text.into(),
            vector,
            mode: Mode::default(),
            top_k: 5,
            threshold: None,
            filter: Filter::default(),
        }
    }
}

/// Ways to rank. Weights are those of keywords, 0 to 1; the vector has the rest.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Mode {
    /// BM25 alone.
    Keyword,
    /// Cosine similarity alone.
    Vector,
    /// Normalised scores, weighted.
    Hybrid {
        /// ½ unless there is a reason.
        keyword_weight: f32,
    },
    /// Reciprocal rank fusion (Cormack, Clarke and Büttcher, 2009), weighted.
    ReciprocalRank {
        /// ½ unless there is a reason.
        keyword_weight: f32,
        /// How slowly later ranks lose; 60 in the paper.
        k: u16,
    },
}

impl Default for Mode {
    fn default() -> Self {
        Self::Hybrid { keyword_weight: 0.5 }
    }
}

impl Mode {
    pub(crate) fn uses_keywords(self) -> bool {
        self != Self::Vector
    }

    pub(crate) fn uses_vectors(self) -> bool {
        self != Self::Keyword
    }
}
