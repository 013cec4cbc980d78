//! The outbox: deliveries that are due, and what is written of their attempts.

pub(crate) mod awaited;
mod history;
pub(crate) mod lane;
mod letters;
mod list;

use std::collections::{BTreeMap, HashSet};

use clock::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use history::{Attempt, Closed, DeliveryView};
pub use letters::{Letter, LetterAction, LetterSlice, Taken};
#[cfg(test)]
pub(crate) use list::{ARRIVED, CLOSED, UNSENT};
pub use list::{DeliveryFilter, DeliveryPage};

use crate::{
    DeliveryId, DestinationId, Error, EventId, NewAlert, NodeId, Place, RunId, SourceKind, Store,
    alert::SealedAlert,
    read::Reader,
    sql::{Fault, Row, Statement, values},
    write::{Outcome, Write},
};

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// It is due, or waits for its next attempt.
    Pending,
    /// It waits for an earlier one with the same order key.
    Blocked,
    /// The receiver has taken it.
    Delivered,
    /// Its attempts are used up; it is kept for replay.
    Dead,
    /// A dead letter that a person gave up.
    Discarded,
    /// A dead letter that a person edited: what was sent in its place has an id of its own.
    Replaced,
}

/// What a delivery carries, as it lies in the outbox.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// What is to be said: JSON that the destination's kind puts into its own form.
    pub body: Value,
    /// The event at its beginning.
    pub event: EventId,
    /// The run that made it.
    pub run: RunId,
    /// The W3C trace context of that run.
    pub traceparent: String,
    /// Deliveries to one destination with the same order key are sent one after another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_key: Option<String>,
    /// Values for the names in the destination's address.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, String>,
    /// Headers, where the destination takes some from its messages.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
}

/// A delivery that a step made.
#[derive(Clone, Debug)]
pub struct NewDelivery {
    /// Its id, the same on every attempt.
    pub id: DeliveryId,
    /// Where it goes.
    pub destination: DestinationId,
    /// The step that made it.
    pub step: String,
    /// A [`Message`] as JSON; sealed before it is stored.
    pub message: Vec<u8>,
    /// When it may be tried first.
    pub due_at: Timestamp,
    /// What it must keep its place in, if the order counts.
    pub lane: Option<Lane>,
    /// Whether the run waits for it.
    pub awaited: bool,
}

/// Deliveries to one destination that are sent one after another, in the order of their commits. A lane is a hash of
/// their order key: should two keys have one hash, they share a lane, which only means more order than was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Lane(i64);

/// A delivery that is to be tried now, with its message unsealed. It is a copy: the row stays due until an
/// [`AttemptCommit`] settles it, so whoever has it must not read it again as new.
#[derive(Clone, Debug)]
pub struct DueDelivery {
    /// Its id.
    pub id: DeliveryId,
    /// Where it belongs.
    pub place: Place,
    /// Where it goes.
    pub destination: DestinationId,
    /// The run that made it.
    pub run: RunId,
    /// Attempts so far.
    pub attempts: u32,
    /// When it was made.
    pub created_at: Timestamp,
    /// The lane whose head it is.
    pub lane: Option<Lane>,
    /// Whether the run waits for it.
    pub awaited: bool,
    /// Whether an alert is at its beginning: what befalls it raises no other.
    pub is_of_alert: bool,
    /// A [`Message`] as JSON.
    pub message: Vec<u8>,
}

/// How much of a destination's backlog is wanted.
#[derive(Clone, Debug, Default)]
pub struct BacklogRequest {
    /// Deliveries that the caller has already.
    pub except: HashSet<DeliveryId>,
    /// At most so many deliveries.
    pub rows: usize,
    /// No further delivery once their messages have so many bytes; the first comes whatever its size.
    pub bytes: usize,
}

/// What of a destination's deliveries is due, and when the next will be.
#[derive(Clone, Debug)]
pub struct Backlog {
    /// The earliest first, and what was replayed after all others.
    pub due: Vec<DueDelivery>,
    /// Whether more is due than was wanted.
    pub more: bool,
    /// When the first one that is not due yet will be.
    pub next: Option<Timestamp>,
}

/// One attempt and what follows from it.
#[derive(Clone, Debug)]
pub struct AttemptCommit {
    /// Which delivery.
    pub delivery: DeliveryId,
    /// The destination and the right to send to it.
    pub destination: DestinationId,
    /// The node that holds the destination.
    pub owner: NodeId,
    /// Which attempt, from 1.
    pub number: u32,
    /// When it began.
    pub at: Timestamp,
    /// `retry`, `permanent`, … for lists; of one that arrived it is `delivered` whatever stands here.
    pub outcome: String,
    /// Request, response or error, and times, as JSON; sealed before it is stored.
    pub record: Vec<u8>,
    /// What becomes of the delivery.
    pub then: Settle,
    /// The lane whose head it was.
    pub lane: Option<Lane>,
    /// The run that waits for it, if one does: it is woken when the delivery is settled.
    pub wakes: Option<RunId>,
    /// The reason why the destination is switched off with this attempt, if it is.
    pub disable: Option<&'static str>,
    /// What somebody should hear of.
    pub alerts: Vec<NewAlert>,
}

/// What becomes of a delivery after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settle {
    /// It arrived.
    Delivered(Timestamp),
    /// It is tried again then.
    Retry(Timestamp),
    /// It is a dead letter.
    Dead {
        /// Whether it keeps its place in its lane, so that what stands behind it waits for a person.
        halts: bool,
    },
}

impl Settle {
    /// Whether another of its lane is the first now.
    pub(crate) const fn leaves_lane(self) -> bool {
        matches!(self, Self::Delivered(_) | Self::Dead { halts: false })
    }
}

/// What came of committing an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Settled {
    Done,
    Lost,
}

/// An attempt whose record is sealed, and its alerts.
pub(crate) struct SealedAttempt {
    pub(crate) attempt: AttemptCommit,
    pub(crate) alerts: Vec<SealedAlert>,
}

impl Store {
    /// The destinations that have pending deliveries and are not switched off, with when the first is due.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn delivery_next_due(&self) -> Result<Vec<(DestinationId, Timestamp)>, Error> {
        // A loose index scan: one step of the index for each destination, however many are due.
        let sql = "WITH RECURSIVE with_work (destination) AS (
                 SELECT (SELECT destination FROM delivery_live WHERE status = 'pending' ORDER BY destination LIMIT 1)
                 UNION ALL
                 SELECT (SELECT destination FROM delivery_live
                         WHERE status = 'pending' AND destination > with_work.destination
                         ORDER BY destination LIMIT 1)
                 FROM with_work WHERE destination IS NOT NULL
             )
             SELECT w.destination,
                 (SELECT min(due_at) FROM delivery_live d
                  WHERE d.status = 'pending' AND d.destination = w.destination AND d.rank = 0),
                 (SELECT min(due_at) FROM delivery_live d
                  WHERE d.status = 'pending' AND d.destination = w.destination AND d.rank = 1)
             FROM with_work w JOIN destination t ON t.id = w.destination
             WHERE t.disabled_reason IS NULL";
        let first = |row: &Row<'_>| {
            let dues: [Option<Timestamp>; 2] = [row.get(1)?, row.get(2)?];
            Ok((row.get(0)?, dues.into_iter().flatten().min()))
        };
        let found: Vec<(DestinationId, Option<Timestamp>)> = self.rows(sql, values![], first).await?;
        Ok(found.into_iter().filter_map(|(destination, due)| Some((destination, due?))).collect())
    }

    /// The deliveries of a destination that are due by a time, the earliest first.
    ///
    /// # Errors
    /// As [`Self::delivery_backlog`].
    pub async fn delivery_due(
        &self,
        destination: DestinationId,
        by: Timestamp,
        limit: usize,
    ) -> Result<Vec<DueDelivery>, Error> {
        let wanted = BacklogRequest { rows: limit, bytes: usize::MAX, ..BacklogRequest::default() };
        self.delivery_backlog(destination, by, wanted).await.map(|backlog| backlog.due)
    }

    /// The deliveries of a destination that are due by a time, and when the one after them is. A damaged
    /// message comes empty, so that it does not stand in the way of others.
    ///
    /// # Errors
    /// When the database cannot be read or the key of a message is not known.
    pub async fn delivery_backlog(
        &self,
        destination: DestinationId,
        by: Timestamp,
        wanted: BacklogRequest,
    ) -> Result<Backlog, Error> {
        let mut backlog = self.read(move |c| backlog(c, destination, by, &wanted)).await?;
        for due in &mut backlog.due {
            due.message = match self.unseal("delivery", due.id.as_bytes(), &due.message) {
                Err(Error::Unseal {
                    source: vault::OpenError::Damaged | vault::OpenError::Tampered, ..
                }) => Vec::new(),
                opened => opened?,
            };
        }
        Ok(backlog)
    }

    /// Records an attempt and what follows. Says whether the delivery was still this node's to settle.
    ///
    /// # Errors
    /// When it cannot be put on stable storage.
    pub async fn delivery_attempted(&self, mut attempt: AttemptCommit) -> Result<bool, Error> {
        attempt.record = self.seal("attempt", &attempt_id(attempt.delivery, attempt.number), &attempt.record);
        let (woken, destination) = (attempt.woken(), attempt.destination);
        let alerts = std::mem::take(&mut attempt.alerts);
        let alerts = alerts.into_iter().map(|alert| self.seal_alert(destination, alert)).collect();
        match self.write(Write::Attempt(Box::new(SealedAttempt { attempt, alerts }))).await? {
            Outcome::Attempted(settled) => {
                self.wake(woken.filter(|_| settled == Settled::Done));
                Ok(settled == Settled::Done)
            }
            _ => Err(Error::Conflict("the attempt was not recorded")),
        }
    }

    /// Makes deliveries of a destination due that wait for another try. Those that do not wait are left as they are.
    ///
    /// # Errors
    /// When it cannot be put on stable storage.
    pub async fn delivery_hasten(
        &self,
        destination: DestinationId,
        ids: &[DeliveryId],
        now: Timestamp,
    ) -> Result<(), Error> {
        let sql = "UPDATE delivery_live SET due_at = ?4
             WHERE number = ?1 AND id = ?2 AND destination = ?3 AND status = 'pending' AND due_at > ?4";
        let hasten = |id: &DeliveryId| Statement::new(sql, values![id.number(), *id, destination, now]);
        self.change(ids.iter().map(hasten).collect()).await.map(drop)
    }

    pub(crate) fn seal_deliveries(&self, deliveries: &mut [NewDelivery]) {
        for delivery in deliveries {
            delivery.message = self.seal("delivery", delivery.id.as_bytes(), &delivery.message);
        }
    }
}

fn attempt_id(delivery: DeliveryId, number: u32) -> [u8; 20] {
    let mut id = [0; 20];
    id[..16].copy_from_slice(delivery.as_bytes());
    id[16..].copy_from_slice(&number.to_be_bytes());
    id
}

/// What is sent first, and what only when nothing of that is due.
const RANKS: [i64; 2] = [0, 1];

/// How many rows of the index are read at once.
const PIECE: i64 = 512;

/// How many deliveries are read whole at once.
const PORTION: usize = 32;

const DUE: &str =
    "SELECT d.id, o.workspace, o.environment, d.run, d.attempts, d.created_at, d.lane, d.wakes, d.sealed, o.kind
     FROM delivery_live d JOIN origin o ON o.number = d.origin WHERE d.number = ?1";

fn view(row: &Row<'_>, destination: DestinationId) -> Result<DueDelivery, Fault> {
    Ok(DueDelivery {
        id: row.get(0)?,
        place: Place { workspace: row.get(1)?, environment: row.get(2)? },
        destination,
        run: row.get(3)?,
        attempts: row.get(4)?,
        created_at: row.time(5)?,
        lane: row.get(6)?,
        awaited: row.get::<Option<i64>>(7)?.is_some(),
        is_of_alert: row.get::<String>(9)? == SourceKind::Alert.word(),
        message: row.get(8)?,
    })
}

fn backlog(
    c: &Reader<'_>,
    destination: DestinationId,
    by: Timestamp,
    wanted: &BacklogRequest,
) -> Result<Backlog, Fault> {
    let except: HashSet<i64> = wanted.except.iter().map(|id| id.number()).collect();
    let mut backlog = Backlog { due: Vec::new(), more: false, next: None };
    let mut bytes = 0;
    for rank in RANKS {
        let (mut after, mut read) = ((i64::MIN, i64::MIN), PIECE);
        while read == PIECE {
            // The index alone tells which are due; only what the caller lacks is read whole.
            let due: Vec<(i64, i64)> = c.rows(
                "SELECT due_at, number FROM delivery_live
                 WHERE status = 'pending' AND destination = ?1 AND rank = ?2 AND (due_at, number) > (?3, ?4)
                   AND due_at <= ?5
                 ORDER BY due_at, number LIMIT ?6",
                values![destination, rank, after.0, after.1, by, PIECE],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )?;
            read = i64::try_from(due.len()).unwrap_or(PIECE);
            after = due.last().copied().unwrap_or(after);
            let lacking: Vec<i64> =
                due.into_iter().map(|(_, number)| number).filter(|number| !except.contains(number)).collect();
            for portion in lacking.chunks(PORTION) {
                for due in
                    c.each(DUE, portion.iter().map(|number| values![*number]), |row| view(row, destination))?
                {
                    if backlog.due.len() >= wanted.rows || bytes >= wanted.bytes {
                        backlog.more = true;
                        return Ok(backlog);
                    }
                    bytes += due.message.len();
                    backlog.due.push(due);
                }
            }
        }
    }
    let next = "SELECT min(due_at) FROM delivery_live
                WHERE status = 'pending' AND destination = ?1 AND rank = ?2 AND due_at > ?3";
    let nexts: Vec<Option<Timestamp>> =
        c.each(next, RANKS.iter().map(|rank| values![destination, *rank, by]), |row| row.get(0))?;
    backlog.next = nexts.into_iter().flatten().min();
    Ok(backlog)
}
