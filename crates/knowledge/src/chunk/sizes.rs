//! How large chunks shall be.

use super::measure::WEIGHT_PER_TOKEN;
use crate::Error;

/// Sizes of chunks in estimated tokens ([`super::tokens`]); they fit each other by construction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    target: usize,
    max: usize,
    overlap: usize,
}

impl Default for Sizes {
    /// 256 tokens, at most 512, with an overlap of up to 32: about a Chinese page's third.
    fn default() -> Self {
        Self { target: 256, max: 512, overlap: 32 }
    }
}

impl Sizes {
    /// The least maximum: below it a chunk says nothing by itself.
    pub const MAX_MIN: usize = 16;

    /// `target` is where gathering stops, `max` what no chunk exceeds, `overlap` how much of the
    /// sentences before is repeated where a paragraph is broken.
    pub fn new(target: usize, max: usize, overlap: usize) -> Result<Self, Error> {
        let refuse = |reason| Err(Error::ChunkSizes { reason });
        if max < Self::MAX_MIN {
            refuse("the maximum must be at least 16 tokens")
        } else if target == 0 || target > max {
            refuse("the target must be between 1 and the maximum")
        } else if overlap * 2 > target {
            refuse("the overlap must be at most half of the target")
        } else {
            Ok(Self { target, max, overlap })
        }
    }

    /// Most tokens of a chunk.
    pub fn max(self) -> usize {
        self.max
    }

    pub(super) fn target_weight(self) -> usize {
        self.target.saturating_mul(WEIGHT_PER_TOKEN)
    }

    pub(super) fn max_weight(self) -> usize {
        self.max.saturating_mul(WEIGHT_PER_TOKEN)
    }

    pub(super) fn overlap_weight(self) -> usize {
        self.overlap.saturating_mul(WEIGHT_PER_TOKEN)
    }
}
