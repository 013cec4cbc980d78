//! Two scores of each candidate → one.

use super::{Hit, Mode, Parts};
use crate::{ChunkId, DocumentId};

/// A chunk that either kind of search found.
#[derive(Debug)]
pub(crate) struct Candidate {
    pub(crate) chunk: ChunkId,
    pub(crate) document: DocumentId,
    /// It is in the question's language.
    pub(crate) speaks: bool,
    /// BM25, 0 where no word is shared.
    pub(crate) keyword: f32,
    /// Cosine similarity, where there is a vector.
    pub(crate) vector: Option<f32>,
}

/// What one index found.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) candidates: Vec<Candidate>,
    /// The least similarity of all allowed vectors.
    pub(crate) lowest: Option<f32>,
}

/// Hits in no order. Candidates without any score are none.
pub(super) fn join(mode: Mode, found: Vec<Found>) -> Vec<Hit> {
    let lowest = found.iter().filter_map(|found| found.lowest).reduce(f32::min);
    let candidates: Vec<Candidate> = found.into_iter().flat_map(|found| found.candidates).collect();
    let normal = normalised(&candidates, lowest);
    let ranks = match mode {
        Mode::ReciprocalRank { k, .. } => Some(reciprocal_ranks(&candidates, k)),
        _ => None,
    };
    // Where nothing has a vector, keywords are all there is.
    let mode =
        if candidates.iter().all(|candidate| candidate.vector.is_none()) { Mode::Keyword } else { mode };
    let hits = candidates.iter().zip(normal).enumerate().filter_map(|(index, (candidate, normal))| {
        let (keyword, vector) = ranks.as_ref().and_then(|ranks| ranks.get(index)).copied().unwrap_or(normal);
        let score = match mode {
            Mode::Keyword => (candidate.keyword > 0.0).then_some(normal.0),
            Mode::Vector => candidate.vector.map(|_| normal.1),
            Mode::Hybrid { keyword_weight } | Mode::ReciprocalRank { keyword_weight, .. } => {
                let share = keyword_weight.clamp(0.0, 1.0);
                // In another language, words can only add to what the vector says.
                let keyword = if candidate.speaks { keyword } else { keyword.max(vector) };
                Some(share * keyword + (1.0 - share) * vector)
            }
        };
        score.map(|score| hit(candidate, normal, score))
    });
    hits.collect()
}

fn hit(candidate: &Candidate, (keyword, vector): (f32, f32), score: f32) -> Hit {
    let found = candidate.keyword > 0.0;
    Hit {
        chunk: candidate.chunk,
        document: candidate.document,
        score,
        parts: Parts {
            keyword: found.then_some(candidate.keyword),
            keyword_normalised: found.then_some(keyword),
            vector: candidate.vector,
            vector_normalised: candidate.vector.map(|_| vector),
            same_language: candidate.speaks,
        },
    }
}

/// Keyword and vector scores, each 0 to 1. The least keyword score is 0, that of any chunk that
/// shares no word; the least similarity is that of all that were allowed, not only of candidates.
fn normalised(candidates: &[Candidate], lowest: Option<f32>) -> Vec<(f32, f32)> {
    let most = candidates.iter().map(|c| c.keyword).fold(0.0, f32::max);
    let highest = candidates.iter().filter_map(|c| c.vector).reduce(f32::max);
    let lowest = lowest.or(highest).unwrap_or_default();
    let range = highest.unwrap_or_default() - lowest;
    let vector =
        |similarity: f32| if range > 0.0 { ((similarity - lowest) / range).clamp(0.0, 1.0) } else { 1.0 };
    let keyword = |score: f32| if most > 0.0 { score / most } else { 0.0 };
    candidates.iter().map(|c| (keyword(c.keyword), c.vector.map_or(0.0, vector))).collect()
}

/// `(k + 1) / (k + rank)` in each list, so that the first of both has 1; 0 outside a list.
fn reciprocal_ranks(candidates: &[Candidate], k: u16) -> Vec<(f32, f32)> {
    let keyword = ranked(candidates, k, |c| (c.keyword > 0.0).then_some(c.keyword));
    let vector = ranked(candidates, k, |c| c.vector);
    keyword.into_iter().zip(vector).collect()
}

fn ranked(candidates: &[Candidate], k: u16, score: impl Fn(&Candidate) -> Option<f32>) -> Vec<f32> {
    let mut order: Vec<(f32, ChunkId, usize)> = candidates
        .iter()
        .enumerate()
        .filter_map(|(index, candidate)| Some((score(candidate)?, candidate.chunk, index)))
        .collect();
    order.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    let mut ranks = vec![0.0; candidates.len()];
    for ((_, _, index), rank) in order.into_iter().zip(1u16..) {
        if let Some(place) = ranks.get_mut(index) {
            *place = (f32::from(k) + 1.0) / (f32::from(k) + f32::from(rank));
        }
    }
    ranks
}
