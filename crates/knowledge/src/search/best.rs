//! The best few of many, in memory for those few.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use crate::index::Slot;

/// Keeps the `count` highest scores that are pushed; of equals, the lower slots.
pub(crate) struct Best {
    count: usize,
    /// The worst of the kept is on top.
    heap: BinaryHeap<Reverse<Scored>>,
}

struct Scored(f32, Slot);

impl Best {
    pub(crate) fn new(count: usize) -> Self {
        Self { count, heap: BinaryHeap::new() }
    }

    pub(crate) fn push(&mut self, slot: Slot, score: f32) {
        if self.heap.len() < self.count {
            self.heap.push(Reverse(Scored(score, slot)));
        } else if let Some(mut worst) = self.heap.peek_mut() {
            let new = Scored(score, slot);
            if new > worst.0 {
                *worst = Reverse(new);
            }
        }
    }

    /// Best first.
    pub(crate) fn into_sorted(self) -> Vec<(Slot, f32)> {
        self.heap.into_sorted_vec().into_iter().map(|Reverse(Scored(score, slot))| (slot, score)).collect()
    }
}

impl Ord for Scored {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0).then_with(|| other.1.cmp(&self.1))
    }
}

impl PartialOrd for Scored {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Scored {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Scored {}

#[cfg(test)]
mod tests {
    use super::Best;

    #[test]
    fn keeps_the_best_and_of_equals_the_lower_slots() {
        let mut best = Best::new(3);
        for (slot, score) in [(0, 0.1), (1, 0.9), (2, 0.5), (3, 0.9), (4, 0.5), (5, -1.0)] {
            best.push(slot, score);
        }
        assert_eq!(best.into_sorted(), [(1, 0.9), (3, 0.9), (2, 0.5)]);
        let mut none = Best::new(0);
        none.push(1, 1.0);
        assert!(none.into_sorted().is_empty());
    }
}
