//! How well and how fast retrieval works, on sets whose answers are known.

pub mod speed;
pub mod xquad;

#[cfg(test)]
mod tests;

/// Mean figures over questions with one relevant text each, from the first ten hits.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Figures {
    /// Normalised discounted cumulative gain: 1 if the text comes first, 1 / log₂(rank + 1) below.
    pub ndcg_10: f64,
    /// Share of questions whose text comes first.
    pub recall_1: f64,
    /// Share of questions whose text is among the ten.
    pub recall_10: f64,
    /// Mean reciprocal rank, 0 beyond the ten.
    pub mrr_10: f64,
}

impl Figures {
    /// From the rank (from 1) of each question's text, `None` where it was not found.
    pub fn of(ranks: &[Option<u32>]) -> Self {
        let found = || ranks.iter().flatten().filter(|rank| **rank <= 10).map(|rank| f64::from(*rank));
        #[expect(clippy::cast_precision_loss, reason = "a number of questions")]
        let mean = |sum: f64| if ranks.is_empty() { 0.0 } else { sum / ranks.len() as f64 };
        Self {
            ndcg_10: mean(found().map(|rank| 1.0 / (rank + 1.0).log2()).sum()),
            recall_1: mean(found().filter(|rank| *rank < 2.0).map(|_| 1.0).sum()),
            recall_10: mean(found().map(|_| 1.0).sum()),
            mrr_10: mean(found().map(|rank| 1.0 / rank).sum()),
        }
    }
}
