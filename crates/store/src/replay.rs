//! Replays in bulk: which events, slice by slice in the order in which they came, and the commit of a job's next runs.

use clock::Timestamp;
use flow::run::Status;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Error, EventView, FlowId, Job, JobStatus, News, Place, Repeat, SourceId, Store, VersionId,
    id::first_number,
    origin::Origin,
    read::Reader,
    retention::OLDEST,
    sql::{Fault, Row, Statement, values},
    write::Write,
};

/// Which events are replayed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReplayFilter {
    /// Where they belong.
    pub place: Place,
    /// Only those of this flow.
    pub flow: Option<FlowId>,
    /// Only those of this source.
    pub source: Option<SourceId>,
    /// Only those that stand so.
    pub standing: Option<Standing>,
    /// Only those that came at this time or later.
    pub from: Timestamp,
    /// Only those that came before this time.
    pub to: Timestamp,
}

/// Where an event stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// The source's filter held it back.
    Filtered,
    /// Its original run stands so.
    #[serde(untagged)]
    Run(Status),
}

/// An event that may be replayed.
#[derive(Clone, Debug)]
pub struct Replayable {
    /// The event.
    pub event: EventView,
    /// The version that ran it; `None` for a filtered one.
    pub version: Option<VersionId>,
    /// How far a job is that has replayed it and all before it.
    pub position: i64,
}

/// Some events in the order in which they came.
#[derive(Clone, Debug)]
pub struct Slice {
    /// Those that fit the filter.
    pub events: Vec<Replayable>,
    /// How far a job is that has replayed all of them.
    pub position: i64,
    /// Whether there are none behind it.
    pub is_last: bool,
}

impl Store {
    /// The next events behind a position, -1 at first: `limit` of them are looked at, those that fit are given.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn replay_slice(&self, filter: ReplayFilter, after: i64, limit: usize) -> Result<Slice, Error> {
        self.read(move |c| slice(c, &filter, after, limit)).await
    }

    /// Commits the next runs of a replay job together with how far it is then: they begin exactly once, whatever
    /// happens to the node. An event that is gone meanwhile is passed over. Says whether the job was still held.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn replay_commit(
        &self,
        held: &Job,
        (status, progress): (JobStatus, &Value),
        runs: &[Repeat],
    ) -> Result<bool, Error> {
        let step = self.job_progress(held, status, progress, None).or_conflict(LOST);
        let repeats = runs.iter().map(|run| self.repeat(held.workspace, run));
        let statements: Vec<Statement> = [step].into_iter().chain(repeats).collect();
        match self.change(statements).await {
            Ok(_) => {}
            Err(Error::Conflict(LOST)) => return Ok(false),
            Err(error) => return Err(error),
        }
        if !runs.is_empty() {
            self.tell(News { runs: true, ..News::default() });
        }
        Ok(true)
    }

    /// Makes it possible for repeats of an event to run in another environment.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn origin_ensure(&self, place: Place, event: &EventView) -> Result<(), Error> {
        let (flow, source, kind) = (event.flow, event.source, event.kind.clone().into());
        self.write(Write::Origin(Origin { place, flow, source, kind })).await.map(drop)
    }
}

const LOST: &str = "the job is not held any more";

fn slice(c: &Reader<'_>, filter: &ReplayFilter, after: i64, limit: usize) -> Result<Slice, Fault> {
    let origins =
        "SELECT number FROM origin WHERE workspace = ?1 AND environment = ?2 AND (flow = ?3 OR ?3 IS NULL)
                       AND (source = ?4 OR ?4 IS NULL)";
    let ReplayFilter { place, flow, source, .. } = *filter;
    let scope = values![place.workspace, place.environment, flow, source];
    let origins: Vec<i64> = c.rows(origins, scope, |row| row.get(0))?;
    let (after, before) = (after.max(first_number(filter.from) - 1), first_number(filter.to));
    let most = i64::try_from(limit).unwrap_or(i64::MAX);
    let oldest = match c {
        Reader::Sqlite(_) => OLDEST.sqlite(),
        Reader::Postgres(..) => OLDEST.postgres(),
    };
    let asked = origins.into_iter().map(|origin| values![origin, after, before, most]);
    let mut numbers: Vec<i64> = c.each(oldest, asked, |row| row.get(0))?;
    numbers.sort_unstable();
    let is_last = numbers.len() < limit;
    numbers.truncate(limit);
    let position = numbers.last().copied().unwrap_or(after);
    let asked = numbers.iter().map(|number| values![*number]);
    let mut events = c.each(ROW, asked, replayable)?;
    events.retain(|(_, standing)| filter.standing.is_none_or(|wanted| wanted == *standing));
    let events = events.into_iter().map(|(event, _)| event).collect();
    Ok(Slice { events, position, is_last })
}

/// The event of the number `?1` and where it stands: an original run has its event's number.
const ROW: &str = "SELECT e.id, o.environment, o.flow, o.source, o.kind, e.filtered, e.received_at,
         coalesce(r.status, l.status, 'queued'), coalesce(r.version, l.version, q.version), e.number
     FROM event e JOIN origin o ON o.number = e.origin
         LEFT JOIN run r ON r.number = ?1
         LEFT JOIN run_live l ON l.number = ?1
         LEFT JOIN run_queue q ON q.origin = e.origin AND q.number = ?1
     WHERE e.number = ?1";

fn replayable(row: &Row<'_>) -> Result<(Replayable, Standing), Fault> {
    let event = crate::event::view(row)?;
    let filtered = event.status == crate::EventStatus::Filtered;
    let standing = if filtered { Standing::Filtered } else { Standing::Run(row.word(7)?) };
    Ok((Replayable { event, version: row.get(8)?, position: row.get(9)? }, standing))
}
