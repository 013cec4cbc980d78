//! What became of deliveries: messages, attempts.

use clock::Timestamp;
use serde::{Deserialize, Serialize};

use super::{DeliveryState, attempt_id};
use crate::{
    DeliveryId, DestinationId, EnvironmentId, Error, RunId, Store, WorkspaceId,
    read::Reader,
    sql::{Fault, Row, values},
};

/// A delivery as lists and traces show it.
#[derive(Clone, Debug)]
pub struct DeliveryView {
    /// Its id.
    pub id: DeliveryId,
    /// The environment it belongs to.
    pub environment: EnvironmentId,
    /// Where it goes.
    pub destination: DestinationId,
    /// The run that made it.
    pub run: RunId,
    /// The step that made it.
    pub step: String,
    /// Where it stands.
    pub state: DeliveryState,
    /// Attempts so far.
    pub attempts: u32,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it arrived, when a person was done with it, or when the last attempt of a dead one began.
    pub finished_at: Option<Timestamp>,
    /// When the next attempt is due.
    pub due_at: Option<Timestamp>,
    /// The dead letter that was edited into this one.
    pub replay_of: Option<DeliveryId>,
    /// How a person was done with it, if it was a dead letter that is discarded or replaced.
    pub closed: Option<Closed>,
}

/// How a person was done with a dead letter, at its `finished_at`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closed {
    /// Who.
    pub by: String,
    /// What was sent in its place, if it was edited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced_by: Option<DeliveryId>,
}

/// An attempt as traces show it.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// From 1.
    pub number: u32,
    /// When it began.
    pub at: Timestamp,
    /// `delivered`, `retry`, `permanent`, …
    pub outcome: String,
    /// Request, response or error, and times, as JSON.
    pub record: Vec<u8>,
}

/// Where a delivery is kept.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    /// Among those that are due, waiting or dead.
    Live,
    /// Among those that arrived, or that a person was done with.
    Done,
}

impl Kept {
    /// The delivery of the number `?1`, if it is of the workspace `?2`.
    pub(super) const fn row(self) -> &'static str {
        match self {
            Self::Live => LIVE,
            Self::Done => DONE,
        }
    }
}

const LIVE: &str = "SELECT d.id, o.environment, d.destination, d.run, d.step, d.status, d.attempts, d.created_at,
         CASE d.status WHEN 'dead' THEN (SELECT max(a.at) FROM attempt a WHERE a.delivery = d.number) END, d.due_at,
         d.replay_of, NULL
     FROM delivery_live d JOIN origin o ON o.number = d.origin WHERE d.number = ?1 AND o.workspace = ?2";
const DONE: &str =
    "SELECT d.id, o.environment, d.destination, d.run, d.step, coalesce(d.status, 'delivered'), d.attempts,
         d.created_at, d.finished_at, NULL, d.replay_of, d.closed
     FROM delivery d JOIN origin o ON o.number = d.origin WHERE d.number = ?1 AND o.workspace = ?2";

/// The delivery of a number that is kept there, if it is of this workspace.
fn row(
    c: &Reader<'_>,
    kept: Kept,
    workspace: WorkspaceId,
    number: i64,
) -> Result<Option<DeliveryView>, Fault> {
    c.row(kept.row(), values![number, workspace], view)
}

impl Store {
    /// A delivery of a workspace.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn delivery_get(
        &self,
        workspace: WorkspaceId,
        id: DeliveryId,
    ) -> Result<Option<DeliveryView>, Error> {
        self.read(move |c| get(c, workspace, id)).await
    }

    /// A delivery's message as JSON.
    ///
    /// # Errors
    /// When the database cannot be read or the message does not open.
    pub async fn delivery_message(
        &self,
        workspace: WorkspaceId,
        id: DeliveryId,
    ) -> Result<Option<Vec<u8>>, Error> {
        let sealed: Option<Vec<u8>> = self
            .read(move |c| {
                if get(c, workspace, id)?.is_none() {
                    return Ok(None);
                }
                let sql = "SELECT sealed FROM delivery_live WHERE number = ?1
                           UNION ALL SELECT sealed FROM delivery WHERE number = ?1";
                c.row(sql, values![id.number()], |row| row.get(0))
            })
            .await?;
        sealed.map(|sealed| self.unseal("delivery", id.as_bytes(), &sealed)).transpose()
    }

    /// The deliveries that these runs made, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn delivery_of_runs(
        &self,
        workspace: WorkspaceId,
        runs: Vec<RunId>,
    ) -> Result<Vec<DeliveryView>, Error> {
        self.read(move |c| of_runs(c, workspace, &runs)).await
    }

    /// The deliveries that these runs made, oldest first, each with its attempts so far: both as they stood at one
    /// moment.
    ///
    /// # Errors
    /// When the database cannot be read or a record does not open.
    pub async fn delivery_histories(
        &self,
        workspace: WorkspaceId,
        runs: Vec<RunId>,
    ) -> Result<Vec<(DeliveryView, Vec<Attempt>)>, Error> {
        let read = self.read(move |c| {
            let views = of_runs(c, workspace, &runs)?.into_iter();
            views.map(|view| attempts(c, view.id).map(|attempts| (view, attempts))).collect()
        });
        let histories: Vec<(DeliveryView, Vec<Attempt>)> = read.await?;
        histories.into_iter().map(|history| self.open_history(history)).collect()
    }

    /// A delivery with its attempts so far, oldest first: both as they stood at one moment.
    ///
    /// # Errors
    /// When the database cannot be read or a record does not open.
    pub async fn delivery_history(
        &self,
        workspace: WorkspaceId,
        id: DeliveryId,
    ) -> Result<Option<(DeliveryView, Vec<Attempt>)>, Error> {
        let read = self.read(move |c| {
            let view = get(c, workspace, id)?;
            view.map(|view| attempts(c, id).map(|attempts| (view, attempts))).transpose()
        });
        read.await?.map(|history| self.open_history(history)).transpose()
    }

    pub(super) fn open_history(
        &self,
        (view, mut attempts): (DeliveryView, Vec<Attempt>),
    ) -> Result<(DeliveryView, Vec<Attempt>), Error> {
        for attempt in &mut attempts {
            attempt.record = self.unseal("attempt", &attempt_id(view.id, attempt.number), &attempt.record)?;
        }
        Ok((view, attempts))
    }

    /// The newest attempt of a delivery.
    ///
    /// # Errors
    /// When the database cannot be read or the record does not open.
    pub async fn delivery_last_attempt(
        &self,
        workspace: WorkspaceId,
        id: DeliveryId,
    ) -> Result<Option<Attempt>, Error> {
        Ok(self.delivery_outcome(workspace, id).await?.and_then(|(_, newest)| newest))
    }
}

fn of_runs(c: &Reader<'_>, workspace: WorkspaceId, runs: &[RunId]) -> Result<Vec<DeliveryView>, Fault> {
    let mut found = Vec::new();
    for (kept, sql) in [
        (Kept::Live, "SELECT number FROM delivery_live WHERE run = ?1 ORDER BY number"),
        (Kept::Done, "SELECT number FROM delivery WHERE run = ?1 ORDER BY number"),
    ] {
        let numbers: Vec<i64> = c.each(sql, runs.iter().map(|run| values![*run]), |row| row.get(0))?;
        found.extend(c.each(
            kept.row(),
            numbers.into_iter().map(|number| values![number, workspace]),
            view,
        )?);
    }
    found.sort_by_key(|delivery: &DeliveryView| delivery.id);
    Ok(found)
}

/// The newest attempt of a delivery, sealed.
pub(super) fn newest(c: &Reader<'_>, id: DeliveryId) -> Result<Option<Attempt>, Fault> {
    c.row(&format!("{ATTEMPTS} DESC LIMIT 1"), values![id.number()], attempt)
}

pub(super) fn attempts(c: &Reader<'_>, id: DeliveryId) -> Result<Vec<Attempt>, Fault> {
    c.rows(ATTEMPTS, values![id.number()], attempt)
}

/// The delivery of an id, if it is of this workspace.
pub(super) fn get(
    c: &Reader<'_>,
    workspace: WorkspaceId,
    id: DeliveryId,
) -> Result<Option<DeliveryView>, Fault> {
    for kept in [Kept::Live, Kept::Done] {
        let found = row(c, kept, workspace, id.number())?.filter(|delivery| delivery.id == id);
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// The attempts of a delivery, oldest first: those after which it went on, then the one that arrived.
const ATTEMPTS: &str = "SELECT number, at, outcome, sealed FROM attempt WHERE delivery = ?1
     UNION ALL SELECT attempts, began_at, 'delivered', record FROM delivery WHERE number = ?1 AND status IS NULL
     ORDER BY 1";

fn attempt(row: &Row<'_>) -> Result<Attempt, Fault> {
    Ok(Attempt { number: row.get(0)?, at: row.time(1)?, outcome: row.get(2)?, record: row.get(3)? })
}

pub(super) fn view(row: &Row<'_>) -> Result<DeliveryView, Fault> {
    Ok(DeliveryView {
        id: row.get(0)?,
        environment: row.get(1)?,
        destination: row.get(2)?,
        run: row.get(3)?,
        step: row.get(4)?,
        state: row.word(5)?,
        attempts: row.get(6)?,
        created_at: row.time(7)?,
        finished_at: row.get(8)?,
        due_at: row.get(9)?,
        replay_of: row.get(10)?,
        closed: row.get::<Option<String>>(11)?.and_then(|json| serde_json::from_str(&json).ok()),
    })
}
