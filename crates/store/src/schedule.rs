//! Schedules: sources whose events are made by the passing of time.
//!
//! Each has a row that says when it is due next. A tick moves that on in the transaction of its event, and only from
//! where it stands: so no crash loses or doubles a tick, and of two who fire the same one does.

use std::collections::HashMap;

use clock::Timestamp;

use crate::{
    Error, FlowId, Place, Source, SourceId, Store, VersionId,
    source::source_unchanged,
    sql::{Fault, Row, Statement, values},
};

/// A planned time of a schedule at which it makes an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tick {
    /// The schedule.
    pub source: SourceId,
    /// The schedule's revision, as it was read: a tick of before a change moves nothing.
    pub revision: i64,
    /// The planned time, at which the schedule stands.
    pub at: Timestamp,
    /// The planned time after it.
    pub next_at: Timestamp,
}

/// A schedule whose next planned time has come.
#[derive(Clone, Debug)]
pub struct DueSchedule {
    /// Which.
    pub source: SourceId,
    /// Where it belongs.
    pub place: Place,
    /// The flow it starts.
    pub flow: FlowId,
    /// Its name.
    pub name: String,
    /// When it ticks, as JSON.
    pub config: String,
    /// Whether it makes events.
    pub enabled: bool,
    /// The planned time that has come.
    pub next_at: Timestamp,
    /// Raised at every change of the source.
    pub revision: i64,
    /// The version that serves its flow in its environment, if one does.
    pub version: Option<VersionId>,
}

/// Where a schedule stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduleState {
    /// The next planned time.
    pub next_at: Timestamp,
    /// The planned time of its last event.
    pub last_at: Option<Timestamp>,
    /// Planned times that no event came of.
    pub skipped: i64,
    /// The last of them, and why.
    pub last_skipped: Option<(Timestamp, String)>,
    /// What was wrong with it, where the reason alone does not say.
    pub skipped_detail: Option<String>,
}

impl Store {
    /// Stores a schedule, new or changed, with its next planned time; `None` leaves that as it is.
    ///
    /// # Errors
    /// [`Error::Conflict`] when another source of the environment has its name, or a new one has no time.
    pub async fn schedule_put(&self, source: &Source, next_at: Option<Timestamp>) -> Result<(), Error> {
        self.change(vec![self.source_written(source), schedule_written(source, next_at)]).await.map(drop)
    }

    /// Like [`Store::schedule_put`], of a schedule that was read before and is as it was then.
    ///
    /// # Errors
    /// [`Error::Conflict`] with [`STALE`](crate::STALE) when it has changed since its `updated_at`.
    pub async fn schedule_change(&self, source: &Source, next_at: Option<Timestamp>) -> Result<(), Error> {
        let written = [self.source_written(source), schedule_written(source, next_at)];
        self.change([source_unchanged(source)].into_iter().chain(written).collect()).await.map(drop)
    }

    /// The schedules whose next planned time is not after this, the longest due first: so many at most, behind the
    /// one that was given last.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn schedule_due(
        &self,
        now: Timestamp,
        behind: Option<(Timestamp, SourceId)>,
        limit: u32,
    ) -> Result<Vec<DueSchedule>, Error> {
        let (at, source) =
            behind.unwrap_or((Timestamp::from_millis(i64::MIN), SourceId::from_bytes([0; 16])));
        let sql = "SELECT s.source, s.next_at, s.revision, o.workspace, o.environment, o.flow, o.name, o.config,
                       o.enabled, (SELECT d.version FROM deployment d
                                   WHERE d.workspace = o.workspace AND d.environment = o.environment AND d.flow = o.flow
                                   ORDER BY d.id DESC LIMIT 1)
                   FROM schedule s JOIN source o ON o.id = s.source
                   WHERE s.next_at <= ?1 AND (s.next_at, s.source) > (?2, ?3)
                   ORDER BY s.next_at, s.source LIMIT ?4";
        self.rows(sql, values![now, at, source, limit], due).await
    }

    /// The first planned time of all schedules after this.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn schedule_next(&self, after: Timestamp) -> Result<Option<Timestamp>, Error> {
        let sql = "SELECT next_at FROM schedule WHERE next_at > ?1 ORDER BY next_at LIMIT 1";
        self.row(sql, values![after], |row| row.get(0)).await
    }

    /// Moves a schedule on from a planned time without an event: `tick.at` and so many times in all are skipped, of
    /// which `last` is the last; `why`, and what was wrong, where that does not say it. Says whether it still stood there.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn schedule_skip(
        &self,
        tick: Tick,
        (times, last): (u32, Timestamp),
        (why, detail): (&str, Option<&str>),
    ) -> Result<bool, Error> {
        let statement = Statement::new(
            "UPDATE schedule SET next_at = ?4, skipped = skipped + ?5, skipped_at = ?6, skipped_why = ?7,
                 skipped_detail = ?8
             WHERE source = ?1 AND next_at = ?2 AND revision = ?3",
            values![tick.source, tick.at, tick.revision, tick.next_at, times, last, why, detail],
        );
        self.change(vec![statement]).await.map(|changed| changed == [1])
    }

    /// Where a schedule stands.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn schedule_state(&self, source: SourceId) -> Result<Option<ScheduleState>, Error> {
        let sql = "SELECT source, next_at, last_at, skipped, skipped_at, skipped_why, skipped_detail
                   FROM schedule WHERE source = ?1";
        Ok(self.row(sql, values![source], state).await?.map(|(_, state)| state))
    }

    /// Where the schedules of an environment stand.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn schedule_states(&self, place: Place) -> Result<HashMap<SourceId, ScheduleState>, Error> {
        let sql = "SELECT s.source, s.next_at, s.last_at, s.skipped, s.skipped_at, s.skipped_why, s.skipped_detail
                   FROM source o JOIN schedule s ON s.source = o.id WHERE o.workspace = ?1 AND o.environment = ?2";
        let rows = self.rows(sql, values![place.workspace, place.environment], state).await?;
        Ok(rows.into_iter().collect())
    }
}

fn due(row: &Row) -> Result<DueSchedule, Fault> {
    Ok(DueSchedule {
        source: row.get(0)?,
        next_at: row.time(1)?,
        revision: row.get(2)?,
        place: Place { workspace: row.get(3)?, environment: row.get(4)? },
        flow: row.get(5)?,
        name: row.get(6)?,
        config: row.get(7)?,
        enabled: row.get(8)?,
        version: row.get(9)?,
    })
}

fn state(row: &Row) -> Result<(SourceId, ScheduleState), Fault> {
    let skipped_at: Option<Timestamp> = row.get(4)?;
    let why: Option<String> = row.get(5)?;
    let state = ScheduleState {
        next_at: row.time(1)?,
        last_at: row.get(2)?,
        skipped: row.get(3)?,
        last_skipped: skipped_at.zip(why),
        skipped_detail: row.get(6)?,
    };
    Ok((row.get(0)?, state))
}

/// The statement that stores when a schedule ticks next.
fn schedule_written(source: &Source, next_at: Option<Timestamp>) -> Statement {
    let state = match next_at {
        Some(next_at) => Statement::new(
            "INSERT INTO schedule (source, next_at, revision, skipped) VALUES (?1, ?2, 1, 0)
             ON CONFLICT (source) DO UPDATE SET next_at = ?2, revision = schedule.revision + 1",
            values![source.id, next_at],
        ),
        None => Statement::new(
            "UPDATE schedule SET revision = revision + 1 WHERE source = ?1",
            values![source.id],
        ),
    };
    state.or_conflict("the schedule is gone")
}
