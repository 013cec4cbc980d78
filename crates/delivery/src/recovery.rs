//! What failed while its receiver was down comes forward when that is back.
//!
//! The wait for a try grows with every failure. When the receiver is back it may have hours to go, and whatever stands
//! behind it in its lane waits as well. So, once the breaker closes, each delivery that is answered brings one of those
//! forward: as fast as the receiver takes them, and no faster than it answers. Whatever fails by its own fault is so
//! tried once more for an outage, not in a row with others like it, which would open the breaker again.
//! What failed before the worker began, as before a restart, is not known here and comes at its own time.

use std::collections::{HashSet, VecDeque};

use store::DeliveryId;

/// The most deliveries that are remembered; any more come at their own time.
const MOST: usize = 4096;

/// The deliveries that an outage put off, as far as this worker has seen them fail.
#[derive(Debug, Default)]
pub(crate) struct Recovery {
    /// Those that failed since the receiver answered last.
    failed: VecDeque<DeliveryId>,
    /// Those of an outage that is over, the first that failed first.
    waiting: VecDeque<DeliveryId>,
    /// How many of these may come forward now.
    turns: usize,
    /// Those that came forward and have not been tried since.
    forward: HashSet<DeliveryId>,
}

impl Recovery {
    /// One failed, and its receiver did not say when to come again.
    pub(crate) fn failed(&mut self, id: DeliveryId) {
        // Brought forward and failed again: it has had its turn.
        if !self.forward.remove(&id) && self.failed.len() < MOST {
            self.failed.push_back(id);
        }
    }

    /// One was answered for good.
    pub(crate) fn answered(&mut self, id: DeliveryId) {
        self.forward.remove(&id);
        self.failed.retain(|failed| *failed != id);
        self.waiting.retain(|waiting| *waiting != id);
        self.turn();
    }

    /// The receiver answers although no outage was known: what failed before did so by itself.
    pub(crate) fn clear(&mut self) {
        self.failed.clear();
    }

    /// The breaker has closed: the first comes forward.
    pub(crate) fn begin(&mut self) {
        let room = MOST.saturating_sub(self.waiting.len());
        self.failed.truncate(room);
        self.waiting.append(&mut self.failed);
        self.turn();
    }

    /// Those that may come forward now.
    pub(crate) fn next(&self) -> Vec<DeliveryId> {
        self.waiting.iter().take(self.turns).copied().collect()
    }

    /// Whether there are any.
    pub(crate) fn has_next(&self) -> bool {
        self.turns > 0
    }

    /// They have come forward.
    pub(crate) fn came(&mut self, ids: Vec<DeliveryId>) {
        self.waiting.drain(..ids.len().min(self.waiting.len()));
        self.turns = 0;
        self.forward.extend(ids);
    }

    fn turn(&mut self) {
        self.turns = (self.turns + 1).min(self.waiting.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(nth: u8) -> DeliveryId {
        DeliveryId::from_bytes([nth; 16])
    }

    /// One that saw so many fail, and the receiver come back with another.
    fn after(failures: u8) -> Recovery {
        let mut recovery = Recovery::default();
        (0..failures).for_each(|nth| recovery.failed(id(nth)));
        assert!(!recovery.has_next(), "the receiver is not back");
        recovery.begin();
        recovery
    }

    #[test]
    fn each_that_is_answered_brings_one_forward() {
        let mut recovery = after(4);
        assert_eq!(recovery.next(), [id(0)]);
        recovery.came(vec![id(0)]);
        assert!(!recovery.has_next());
        recovery.answered(id(0));
        recovery.answered(id(9));
        assert_eq!(recovery.next(), [id(1), id(2)]);
        recovery.came(vec![id(1), id(2)]);
        recovery.answered(id(3));
        assert!(!recovery.has_next(), "the last came by itself");
    }

    #[test]
    fn one_that_fails_again_has_had_its_turn() {
        let mut recovery = after(2);
        recovery.came(recovery.next());
        recovery.failed(id(0));
        recovery.begin();
        assert_eq!(recovery.next(), [id(1)]);
        recovery.came(recovery.next());
        recovery.failed(id(1));
        recovery.begin();
        assert!(!recovery.has_next());
        recovery.failed(id(0));
        recovery.begin();
        assert_eq!(recovery.next(), [id(0)], "that was another outage");
    }

    #[test]
    fn what_fails_while_the_receiver_answers_is_no_outage() {
        let mut recovery = Recovery::default();
        recovery.failed(id(0));
        recovery.clear();
        recovery.begin();
        assert!(!recovery.has_next());
    }

    #[test]
    fn no_more_are_remembered_than_there_is_room_for() {
        let mut recovery = Recovery::default();
        for _ in 0..2 {
            (0..2 * MOST).for_each(|_| recovery.failed(id(1)));
            recovery.begin();
        }
        assert_eq!((recovery.waiting.len(), recovery.failed.len()), (MOST, 0));
    }
}
