//! Lanes: deliveries that are sent one after another, whatever becomes of each.
//!
//! A delivery that joins a lane gets the turn after the last one there, in its own transaction. The first is pending, the
//! others are blocked, so what looks for work does not meet them. When the first leaves (it arrived, or it died
//! and the destination skips such), the next becomes pending in the same transaction. A dead one that halts its lane
//! keeps its turn, and nothing behind it moves until a person replays it, which puts it last.
//!
//! On PostgreSQL who changes a lane holds its lock until the commit, so turns are in the order of commits. SQLite has one
//! writer.

use clock::Timestamp;
use sha2::{Digest, Sha256};

use super::{Lane, letters::NO_LETTER};
use crate::{
    DeliveryId, DestinationId,
    sql::{Column, Held, Sql, Statement, Value, values},
};

/// The first of a lane becomes pending, unless it is dead or is so already. Of each of `?1` destination, `?2` lane;
/// `?3` is when it is due.
pub(crate) const ADVANCE: &str = "UPDATE delivery_live SET status = 'pending', due_at = ?3
     WHERE status = 'blocked' AND number =
         (SELECT number FROM delivery_live WHERE destination = ?1 AND lane = ?2 AND turn IS NOT NULL ORDER BY turn LIMIT 1)";

/// Locks a lane until the transaction ends, where others write beside it. The lock is a schema's own.
pub(super) const LOCK: Sql = Sql::Each {
    sqlite: "UPDATE destination SET name = name WHERE id = ?1 AND ?2 IS NULL",
    postgres: "SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || (?1::uuid)::text, ?2::bigint))",
};

/// A dead letter goes to the end of its lane.
const REJOIN: &str = "UPDATE delivery_live SET status = 'blocked', due_at = ?3, rank = ?6,
         turn = (SELECT coalesce(max(l.turn), 0) + 1 FROM delivery_live l
                 WHERE l.destination = ?4 AND l.lane = ?5 AND l.turn IS NOT NULL)
     WHERE number = ?1 AND id = ?2 AND status = 'dead' AND EXISTS (SELECT 1 FROM destination t WHERE t.id = ?4)";

impl Lane {
    /// The lane of an order key.
    pub fn of(key: &str) -> Self {
        let hash = Sha256::digest(key);
        Self(hash.iter().take(8).fold(0, |lane, byte| lane << 8 | i64::from(*byte)))
    }

    pub(crate) const fn hash(self) -> i64 {
        self.0
    }
}

/// The writes by which a dead letter joins its lane again, at its end.
pub(super) fn rejoin(
    (destination, lane): (DestinationId, Lane),
    id: DeliveryId,
    (now, rank): (Timestamp, i64),
) -> Vec<Statement> {
    vec![
        Statement::new(LOCK, values![destination, lane]),
        Statement::new(REJOIN, values![id.number(), id, now, destination, lane, rank]).or_conflict(NO_LETTER),
        Statement::new(ADVANCE, values![destination, lane, now]),
    ]
}

impl From<Lane> for Value {
    fn from(lane: Lane) -> Self {
        Self::Integer(lane.hash())
    }
}

impl Column for Lane {
    const WHAT: &'static str = "a lane";

    fn read(value: Held<'_>) -> Option<Self> {
        i64::read(value).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lane_is_the_same_on_every_node_and_after_every_start() {
        assert_eq!(Lane::of("order 1042"), Lane::of("order 1042"));
        assert_ne!(Lane::of("order 1042"), Lane::of("order 1043"));
        assert_eq!(Lane::of(""), Lane(i64::from_be_bytes([0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14])));
    }
}
