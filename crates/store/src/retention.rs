//! How long history is kept.
//!
//! An event goes with all that came of it: its runs and replays with their journals, their deliveries with their
//! attempts. It goes when the last of this ended longer ago than its environment keeps history. While any of it is
//! unfinished, and a dead letter is, all of it stays; so nobody ever meets a half of it.
//!
//! On PostgreSQL most of it goes with its partition (postgres/partition.rs), some days after its time.
//!
//! What events had in common, the contents of files, goes a day after the last that used it (blob.rs).
//!
//! A pass looks at what is old enough by its number, the oldest of each origin first. It is made in slices, each a
//! write of a few milliseconds; where it stands is known in memory, and a restart begins anew.

use std::{collections::VecDeque, time::Duration};

use clock::Timestamp;

use crate::{
    Database, Error, Place, RefusalId, Store, blob,
    id::{first_id, first_number},
    sql::{Row, Sql, Statement, values},
    write::{Outcome, Write},
};

/// How many events, or refused requests, are looked at in one write at most.
pub(crate) const SLICE: u32 = 256;

/// How long it takes from the end of a pass to the next.
const PAUSE: Duration = Duration::from_secs(600);

pub(crate) const DAY: Duration = Duration::from_secs(86_400);

/// What a round of pruning did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Events that are gone, with all that came of them.
    pub events: usize,
    /// Whether the pass is not at its end: the next round has work at once.
    pub more: bool,
}

/// Events to delete, with all that came of them, as far as that ended before a time.
pub(crate) struct Prune {
    /// Their numbers.
    pub(crate) events: Vec<i64>,
    pub(crate) ended_before: Timestamp,
}

/// What came of it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PrunedSlice {
    /// How many of the events were looked at, from the first on; the others are for another write.
    pub(crate) seen: usize,
    /// How many of these were deleted.
    pub(crate) deleted: usize,
}

/// Whether all that came of the event `e` ended before the time of `n`. An original run has its event's number and id.
pub(crate) const HAS_ENDED: &str =
    "NOT EXISTS (SELECT 1 FROM run_queue q WHERE q.origin = e.origin AND q.number = e.number)
     AND NOT EXISTS (SELECT 1 FROM run_live r WHERE r.number = e.number)
     AND NOT EXISTS (SELECT 1 FROM run_live r WHERE r.event = e.id)
     AND NOT EXISTS (SELECT 1 FROM delivery_live d WHERE d.run = e.id)
     AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.run = e.id AND d.finished_at >= n.ended_before)
     AND NOT EXISTS (SELECT 1 FROM run r WHERE r.number = e.number AND r.finished_at >= n.ended_before)
     AND NOT EXISTS (SELECT 1 FROM run r WHERE r.event = e.id AND r.finished_at >= n.ended_before)
     AND NOT EXISTS (SELECT 1 FROM run r JOIN delivery_live d ON d.run = r.id WHERE r.event = e.id)
     AND NOT EXISTS (SELECT 1 FROM run r JOIN delivery d ON d.run = r.id
                     WHERE r.event = e.id AND d.finished_at >= n.ended_before)";

/// Where a pass stands.
#[derive(Default)]
pub(crate) struct Pass {
    /// What is still to be looked at.
    pieces: VecDeque<Piece>,
    /// When the next one may begin, once this is empty.
    next: Timestamp,
}

/// A part of a pass.
#[derive(Clone, Copy, Debug)]
enum Piece {
    /// The events of an origin with a number after the one and before the other.
    Events { origin: i64, after: i64, before: i64, ended_before: Timestamp },
    /// The refused requests of an environment before one.
    Refusals { place: Place, before: RefusalId },
    /// The contents of files after one that were last given before a time.
    Blobs { after: blob::Place, before: Timestamp },
    /// Of the folder with contents one part.
    Folder { part: u8 },
    /// The partitions in which everything ended before a time, where there are partitions.
    Partitions { ended_before: Timestamp },
}

impl Store {
    /// Deletes history that has expired, in at most so many slices, each a write of a few milliseconds. A pass over
    /// all of it begins some minutes after the end of the last one, and goes on with each call.
    ///
    /// # Errors
    /// When the database cannot be read or written; the next call begins a pass anew.
    pub async fn prune_history(&self, slices: u32) -> Result<Pruned, Error> {
        let mut pass = std::mem::take(&mut *self.pruning.lock());
        let mut pruned = Pruned::default();
        if pass.pieces.is_empty() {
            if self.now() < pass.next {
                *self.pruning.lock() = pass;
                return Ok(pruned);
            }
            pass.pieces = self.pieces().await?;
        }
        for _ in 0..slices {
            let Some(piece) = pass.pieces.pop_front() else { break };
            let (rest, events) = self.prune_slice(piece).await?;
            pass.pieces.extend(rest);
            pruned.events += events;
        }
        pruned.more = !pass.pieces.is_empty();
        if !pruned.more {
            pass.next = self.now().after(PAUSE);
        }
        *self.pruning.lock() = pass;
        Ok(pruned)
    }

    /// What a pass has to look at.
    async fn pieces(&self) -> Result<VecDeque<Piece>, Error> {
        let environments = self
            .rows("SELECT workspace, id, retention_days FROM environment ORDER BY id", values![], |row| {
                Ok((Place { workspace: row.get(0)?, environment: row.get(1)? }, row.get::<u32>(2)?))
            })
            .await?;
        let longest = environments.iter().map(|(_, days)| *days).max().unwrap_or_default();
        let ended_before = self.now().before(DAY * longest);
        let mut pieces = VecDeque::from([Piece::Partitions { ended_before }]);
        for (place, days) in environments {
            let ended_before = self.now().before(DAY * days);
            pieces.push_back(Piece::Refusals { place, before: first_id(ended_before).into() });
            // What is kept longest goes by the partition; here goes what outlived its own.
            let slack = if days == longest { self.slack() } else { Duration::ZERO };
            let ended_before = ended_before.before(slack);
            let before = first_number(ended_before);
            let origins = self
                .rows(WITH_OLD, values![place.workspace, place.environment, before], |row| row.get(0))
                .await?
                .into_iter();
            pieces.extend(origins.map(|origin| Piece::Events { origin, after: -1, before, ended_before }));
        }
        // What has lost its last use by this pass goes with it.
        let before = self.now().before(DAY);
        pieces.push_back(Piece::Blobs { after: blob::FIRST, before });
        pieces.push_back(Piece::Folder { part: self.part() });
        Ok(pieces)
    }

    /// The part of the folder with contents that is looked at now: each pass another one.
    fn part(&self) -> u8 {
        let passes =
            self.now().as_millis().unsigned_abs() / u64::try_from(PAUSE.as_millis()).unwrap_or(u64::MAX);
        passes.to_le_bytes()[0]
    }

    /// Prunes the beginning of a piece; gives what is left of it, and how many events are gone.
    async fn prune_slice(&self, piece: Piece) -> Result<(Option<Piece>, usize), Error> {
        match piece {
            Piece::Refusals { place, before } => {
                let deleted = self.prune_refusals(place, before).await?;
                Ok(((deleted == SLICE as usize).then_some(piece), 0))
            }
            Piece::Blobs { after, before } => {
                let rest = self.prune_blobs(after, before).await?;
                Ok((rest.map(|after| Piece::Blobs { after, before }), 0))
            }
            Piece::Folder { part } => {
                self.sweep_blobs(part).await?;
                Ok((None, 0))
            }
            Piece::Partitions { ended_before } => {
                let more = self.partitions(ended_before).await;
                Ok((more.then_some(piece), 0))
            }
            Piece::Events { origin, after, before, ended_before } => {
                let number = |row: &Row<'_>| row.get::<i64>(0);
                let events = self.rows(OLDEST, values![origin, after, before, SLICE], number).await?;
                let slice = self.prune_events(events.clone(), ended_before).await?;
                let is_done = events.len() < SLICE as usize && slice.seen == events.len();
                let after = events.get(..slice.seen).and_then(<[i64]>::last).copied().unwrap_or(after);
                let rest = Piece::Events { origin, after, before, ended_before };
                Ok(((!is_done).then_some(rest), slice.deleted))
            }
        }
    }

    /// Sees to the partitions of history, where there are some: those of the time to come, and one in which everything
    /// ended before a time. Says whether there may be another such. What goes wrong is tried again in the next pass.
    async fn partitions(&self, ended_before: Timestamp) -> bool {
        let Database::Postgres(database) = &*self.database else { return false };
        match database.partitions(self.now(), ended_before).await {
            Ok(more) => more,
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "the partitions of history could not be seen to"
                );
                false
            }
        }
    }

    /// How long after its time history may be there that goes by the partition.
    fn slack(&self) -> Duration {
        match &*self.database {
            Database::Sqlite(_) => Duration::ZERO,
            Database::Postgres(_) => crate::postgres::SLACK,
        }
    }

    async fn prune_events(&self, events: Vec<i64>, ended_before: Timestamp) -> Result<PrunedSlice, Error> {
        if events.is_empty() {
            return Ok(PrunedSlice::default());
        }
        match self.write(Write::Prune(Prune { events, ended_before })).await? {
            Outcome::Pruned(slice) => Ok(slice),
            _ => Err(Error::Conflict("nothing was pruned")),
        }
    }

    async fn prune_refusals(&self, place: Place, before: RefusalId) -> Result<usize, Error> {
        let oldest = values![place.workspace, place.environment, before, SLICE];
        let statement = Statement::new(OLDEST_REFUSALS, oldest);
        Ok(self.change(vec![statement]).await?.first().copied().unwrap_or(0))
    }
}

/// The origins of an environment with an event before a number: one seek for each. PostgreSQL is asked by a range of
/// the whole index: asked for the least number of an origin it may go through those of all others.
const WITH_OLD: Sql = Sql::Each {
    sqlite: "SELECT o.number FROM origin o WHERE o.workspace = ?1 AND o.environment = ?2
                 AND EXISTS (SELECT 1 FROM event e WHERE e.origin = o.number AND e.number < ?3)",
    postgres: "SELECT o.number FROM origin o WHERE o.workspace = ?1 AND o.environment = ?2
                   AND (SELECT 1 FROM event e WHERE (e.origin, e.number) < (o.number, ?3) AND e.origin >= o.number
                        ORDER BY e.origin, e.number LIMIT 1) IS NOT NULL",
};

/// The events of an origin between two numbers, oldest first.
pub(crate) const OLDEST: Sql = Sql::Each {
    sqlite: "SELECT number FROM event WHERE origin = ?1 AND number > ?2 AND number < ?3 ORDER BY number LIMIT ?4",
    postgres: "SELECT number FROM event WHERE (origin, number) > (?1, ?2) AND (origin, number) < (?1, ?3)
               ORDER BY origin, number LIMIT ?4",
};

/// Deletes the refused requests of an environment before one, oldest first.
const OLDEST_REFUSALS: Sql = Sql::Each {
    sqlite: "DELETE FROM refusal WHERE id IN
                 (SELECT id FROM refusal WHERE workspace = ?1 AND environment = ?2 AND id < ?3 ORDER BY id LIMIT ?4)",
    postgres: "DELETE FROM refusal WHERE id = ANY(ARRAY(
                   SELECT id FROM refusal
                   WHERE (workspace, environment, id) < (?1, ?2, ?3) AND (workspace, environment) >= (?1, ?2)
                   ORDER BY workspace, environment, id LIMIT ?4))",
};
