//! What earlier attempts of a delivery mean for the next.

use crate::{AttemptRecord, Outcome, Parts};

/// Where a delivery stands when an attempt begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct History {
    /// Which try this is since the delivery was made, or replayed, from 1.
    pub(crate) tries: u32,
    /// Which parts have been accepted, if the message was divided.
    pub(crate) parts: Option<Parts>,
    /// The recipients of a mail that have it.
    pub(crate) told: Vec<String>,
}

impl History {
    /// Of a delivery that was never tried.
    pub(crate) const NONE: Self = Self { tries: 1, parts: None, told: Vec::new() };

    /// After an attempt. One that ended in a dead letter was replayed since, which starts the policy anew.
    pub(crate) fn after(last: &AttemptRecord) -> Self {
        let tries = if last.outcome == Outcome::Retry { last.tries.saturating_add(1) } else { 1 };
        Self { tries, parts: last.parts, told: last.told.clone() }
    }
}

/// How many of a message's parts need not be sent again: none if it is divided otherwise now, since then nobody knows
/// which text they held.
pub(crate) fn accepted(parts: Option<Parts>, total: usize) -> usize {
    parts.filter(|parts| parts.total == total).map_or(0, |parts| parts.accepted.min(total))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn last(outcome: Outcome, tries: u32, parts: Option<Parts>) -> History {
        History::after(&AttemptRecord {
            outcome,
            reason: None,
            tries,
            next_at: None,
            parts,
            told: vec!["ann@example.com".into()],
            exchanges: vec![],
        })
    }

    #[test]
    fn tries_count_on_until_a_replay() {
        assert_eq!(last(Outcome::Retry, 3, None).tries, 4);
        assert_eq!(last(Outcome::Exhausted, 10, None).tries, 1);
        assert_eq!(last(Outcome::Permanent, 2, None).tries, 1);
    }

    #[test]
    fn who_has_it_is_known_after_a_replay_too() {
        assert_eq!(last(Outcome::Exhausted, 10, None).told, ["ann@example.com"]);
        assert!(History::NONE.told.is_empty());
    }

    #[test]
    fn accepted_parts_count_while_the_message_is_divided_the_same_way() {
        let parts = last(Outcome::Retry, 1, Some(Parts { total: 3, accepted: 2 })).parts;
        assert_eq!((accepted(parts, 3), accepted(parts, 4), accepted(History::NONE.parts, 3)), (2, 0, 0));
    }
}
