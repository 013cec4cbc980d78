//! Questions and hits, and how the two kinds of search are joined.
//!
//! Keyword scores mean something only among chunks in the question's language. There, both kinds of
//! score are normalised (best 1, least 0) and joined by weight. A chunk in another language is
//! ranked by its vector alone, on the same scale: its vector score stands in for the keyword score
//! it cannot have. Only where it shares words with the question all the same (codes, numbers, names
//! in Latin letters) and they say more than its vector, they count.
//!
//! Measured on `XQuAD`, normalised scores find more than reciprocal ranks or either kind alone, within
//! one language and across two (see [`crate::evaluate`]).

mod best;
mod filter;
mod fuse;
mod query;

#[cfg(test)]
mod tests;

pub(crate) use best::Best;
pub use filter::{Condition, Filter};
pub(crate) use fuse::{Candidate, Found};
pub use query::{Mode, Query};

use crate::keyword::Terms;
use crate::{ChunkId, DocumentId, Error, Index};

/// How many candidates each kind of search hands to the join, at least.
const DEPTH_MIN: usize = 256;
/// And for each hit that is wanted.
const DEPTH_PER_HIT: usize = 4;

/// A chunk that answers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hit {
    /// The chunk.
    pub chunk: ChunkId,
    /// Its document.
    pub document: DocumentId,
    /// What hits are ordered by, 0 to 1; relative to the best that the question found.
    pub score: f32,
    /// How the score came about.
    pub parts: Parts,
}

/// The scores behind a score.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Parts {
    /// BM25; `None` if no word is shared or keywords were not asked.
    pub keyword: Option<f32>,
    /// The same, 0 to 1 among all that were found.
    pub keyword_normalised: Option<f32>,
    /// Cosine similarity, −1 to 1: the one absolute measure of how near a chunk is.
    pub vector: Option<f32>,
    /// The same, 0 to 1 among all that were allowed.
    pub vector_normalised: Option<f32>,
    /// Whether the chunk is in the question's language, so that its keyword score counted fully.
    pub same_language: bool,
}

/// The best hits of several knowledge bases together, best first; of equal scores the older id. The
/// bases must share one embedding model if the question has a vector.
pub fn across(indexes: &[&Index], query: &Query) -> Result<Vec<Hit>, Error> {
    if query.mode == Mode::Vector && query.vector.is_none() {
        return Err(Error::VectorMissing);
    }
    let terms = if query.mode.uses_keywords() { Terms::of_question(&query.text) } else { Terms::default() };
    let depth = query.top_k.saturating_mul(DEPTH_PER_HIT).max(DEPTH_MIN);
    let found =
        indexes.iter().map(|index| index.candidates(query, &terms, depth)).collect::<Result<Vec<_>, _>>()?;
    let mut hits = fuse::join(query.mode, found);
    hits.retain(|hit| query.threshold.is_none_or(|threshold| hit.score >= threshold));
    hits.sort_unstable_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.chunk.cmp(&b.chunk)));
    hits.truncate(query.top_k);
    Ok(hits)
}
