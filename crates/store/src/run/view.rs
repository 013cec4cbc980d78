//! Runs as lists and traces show them, wherever they stand: queued in a lane, live, or finished.

use super::{Cause, status_word};
use crate::{
    EnvironmentId, Error, EventId, FlowId, Page, PageRequest, Place, RunId, Store, VersionId, WorkspaceId,
    newest::{Newest, Ranges},
    origin::Scope,
    read::Reader,
    sql::{Fault, Row, values},
};
use clock::Timestamp;
use flow::run::Status;

/// How a run can stand that has not ended.
const UNFINISHED: [Status; 4] = [Status::Queued, Status::Running, Status::Waiting, Status::Parked];

/// A run as lists and traces show it, unfinished or finished. It holds no payload: those are in the event and the
/// journal.
#[derive(Clone, Debug)]
pub struct RunView {
    /// Its id.
    pub id: RunId,
    /// The environment it belongs to.
    pub environment: EnvironmentId,
    /// The flow.
    pub flow: FlowId,
    /// The version it runs.
    pub version: VersionId,
    /// Its event.
    pub event: EventId,
    /// Why it runs.
    pub cause: Cause,
    /// The run it repeats.
    pub repeats: Option<RunId>,
    /// Where it stands.
    pub status: Status,
    /// Why it failed, as JSON.
    pub error: Option<String>,
    /// When it was committed first.
    pub created_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// When it goes on by itself.
    pub wake_at: Option<Timestamp>,
}

/// Which runs a list shows.
#[derive(Clone, Debug, Default)]
pub struct RunFilter {
    /// Only those of this flow.
    pub flow: Option<FlowId>,
    /// Only those that stand so, finished or not. There is no list of those that succeeded: it would need an index
    /// that every run pays for, and finds none.
    pub status: Option<Status>,
}

/// Where a run is kept.
#[derive(Clone, Copy)]
enum Kept {
    /// In the lane of its origin: an original run that nobody has taken up shares its columns with its event.
    Queue,
    /// Among the unfinished ones.
    Live,
    /// Among the finished ones.
    Done,
}

impl Kept {
    /// The run of the number `?1`, if it is of the workspace `?2`.
    const fn row(self) -> &'static str {
        match self {
            Self::Queue => QUEUED,
            Self::Live => LIVE,
            Self::Done => DONE,
        }
    }
}

const QUEUED: &str = "SELECT r.id, o.environment, o.flow, q.version, NULL, 'original', NULL, 'queued', NULL,
         r.received_at, NULL, NULL
     FROM event r JOIN origin o ON o.number = r.origin
         JOIN run_queue q ON q.origin = r.origin AND q.number = r.number
     WHERE r.number = ?1 AND o.workspace = ?2";
const LIVE: &str =
    "SELECT r.id, o.environment, o.flow, r.version, r.event, r.cause, r.repeats, r.status, r.error,
         r.created_at, NULL, r.wake_at
     FROM run_live r JOIN origin o ON o.number = r.origin WHERE r.number = ?1 AND o.workspace = ?2";
const DONE: &str =
    "SELECT r.id, o.environment, o.flow, r.version, r.event, r.cause, r.repeats, r.status, r.error,
         r.created_at, r.finished_at, NULL
     FROM run r JOIN origin o ON o.number = r.origin WHERE r.number = ?1 AND o.workspace = ?2";

/// The run of a number that is kept there, if it is of this workspace.
fn row(c: &Reader<'_>, kept: Kept, workspace: WorkspaceId, number: i64) -> Result<Option<RunView>, Fault> {
    c.row(kept.row(), values![number, workspace], view)
}

/// The run of an id, if it is of this workspace.
fn get(c: &Reader<'_>, workspace: WorkspaceId, id: RunId) -> Result<Option<RunView>, Fault> {
    for kept in [Kept::Live, Kept::Done, Kept::Queue] {
        let found = row(c, kept, workspace, id.number())?.filter(|run| run.id == id);
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

impl Store {
    /// A run of a workspace.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn run_get(&self, workspace: WorkspaceId, id: RunId) -> Result<Option<RunView>, Error> {
        Ok(self.run_get_many(workspace, vec![id]).await?.pop())
    }

    /// The runs of these ids, in no order; ids that are not runs are left out.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn run_get_many(&self, workspace: WorkspaceId, ids: Vec<RunId>) -> Result<Vec<RunView>, Error> {
        self.read(move |c| {
            let found = ids.into_iter().filter_map(|id| get(c, workspace, id).transpose());
            found.collect()
        })
        .await
    }

    /// Every run of an event: the original first, then its repeats.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn run_of_event(&self, workspace: WorkspaceId, event: EventId) -> Result<Vec<RunView>, Error> {
        self.read(move |c| {
            let mut runs: Vec<RunView> = get(c, workspace, event.original_run())?.into_iter().collect();
            let mut repeats = Vec::new();
            for (kept, sql) in [
                (Kept::Live, "SELECT number FROM run_live WHERE event = ?1 ORDER BY number LIMIT 1000"),
                (Kept::Done, "SELECT number FROM run WHERE event = ?1 ORDER BY number LIMIT 1000"),
            ] {
                for number in c.rows(sql, values![event], |row| row.get(0))? {
                    repeats.extend(row(c, kept, workspace, number)?);
                }
            }
            repeats.sort_by_key(|run| run.id);
            runs.append(&mut repeats);
            Ok(runs)
        })
        .await
    }

    /// The newest runs of an environment, unfinished ones among them.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn run_list(
        &self,
        place: Place,
        filter: RunFilter,
        page: PageRequest<RunId>,
    ) -> Result<Page<RunView>, Error> {
        let (now, scope) = (self.now(), Scope { place, flow: filter.flow, source: None });
        self.read(move |c| {
            let mut newest = Newest::new(c, scope, now, &page, RunId::number);
            if matches!(filter.status, None | Some(Status::Queued)) {
                newest.add(c, &WAITING, None, Kept::Queue)?;
            }
            for so in UNFINISHED {
                if filter.status.is_none_or(|status| status == so) {
                    newest.add(c, &UNDER_WAY, Some(status_word(so)), Kept::Live)?;
                }
            }
            match filter.status {
                None => newest.add(c, &ENDED, None, Kept::Done)?,
                Some(so) if so.is_final() => newest.add(c, &UNHAPPY, Some(status_word(so)), Kept::Done)?,
                Some(_) => {}
            }
            newest.page(c, Kept::row, view)
        })
        .await
    }
}

/// The original runs of each origin that nobody has taken up.
pub(crate) const WAITING: Ranges = Ranges { table: "run_queue", by_status: false, only: "" };

/// The unfinished runs of each origin that stand so.
pub(crate) const UNDER_WAY: Ranges = Ranges { table: "run_live", by_status: true, only: "" };

/// The finished runs of each origin.
pub(crate) const ENDED: Ranges = Ranges { table: "run", by_status: false, only: "" };

/// The finished runs of each origin that ended so, but for those that succeeded.
pub(crate) const UNHAPPY: Ranges =
    Ranges { table: "run", by_status: true, only: " AND r.status <> 'succeeded'" };

fn view(row: &Row<'_>) -> Result<RunView, Fault> {
    let id: RunId = row.get(0)?;
    Ok(RunView {
        id,
        environment: row.get(1)?,
        flow: row.get(2)?,
        version: row.get(3)?,
        event: row.get::<Option<EventId>>(4)?.unwrap_or_else(|| id.own_event()),
        cause: row.word(5)?,
        repeats: row.get(6)?,
        status: row.word(7)?,
        error: row.get(8)?,
        created_at: row.time(9)?,
        finished_at: row.get(10)?,
        wake_at: row.get(11)?,
    })
}
