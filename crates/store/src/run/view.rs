//! Runs as lists and traces show them, wherever they stand: queued in a lane, live, or finished.

use super::{Cause, status_word};
use crate::{
    EnvironmentId, Error, EventId, FlowId, Page, PageRequest, Place, RunId, Store, VersionId, WorkspaceId,
    newest::Newest,
    origin,
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
    let sql = match kept {
        Kept::Queue => QUEUED,
        Kept::Live => LIVE,
        Kept::Done => DONE,
    };
    c.row(sql, values![number, workspace], view)
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
            let mut found = Vec::with_capacity(ids.len());
            for id in ids {
                for kept in [Kept::Live, Kept::Done, Kept::Queue] {
                    if let Some(run) = row(c, kept, workspace, id.number())?.filter(|run| run.id == id) {
                        found.push(run);
                        break;
                    }
                }
            }
            Ok(found)
        })
        .await
    }

    /// Every run of an event: the original first, then its repeats.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn run_of_event(&self, workspace: WorkspaceId, event: EventId) -> Result<Vec<RunView>, Error> {
        let mut runs: Vec<RunView> =
            self.run_get(workspace, event.original_run()).await?.into_iter().collect();
        let repeats = self.read(move |c| {
            let mut found = Vec::new();
            for (kept, sql) in [
                (Kept::Live, "SELECT number FROM run_live WHERE event = ?1 ORDER BY number LIMIT 1000"),
                (Kept::Done, "SELECT number FROM run WHERE event = ?1 ORDER BY number LIMIT 1000"),
            ] {
                for number in c.rows(sql, values![event], |row| row.get(0))? {
                    found.extend(row(c, kept, workspace, number)?);
                }
            }
            Ok(found)
        });
        runs.extend(repeats.await?);
        runs.sort_by_key(|run| (run.cause != Cause::Original, run.id));
        // One that ended between the two reads is in both.
        runs.dedup_by_key(|run| run.id);
        Ok(runs)
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
        self.read(move |c| {
            let origins = match filter.flow {
                Some(flow) => origin::of_flow(c, place, flow),
                None => origin::of_place(c, place),
            }?;
            let mut newest = Newest::new(&page, RunId::number);
            for origin in origins {
                add(c, &mut newest, origin, filter.status)?;
            }
            let found = newest.found().into_iter();
            let items = found.filter_map(|(number, kept)| row(c, kept, place.workspace, number).transpose());
            Ok(Page::cut(items.collect::<Result<_, _>>()?, page.limit))
        })
        .await
    }
}

/// Puts the runs of an origin into a list, those that stand so.
fn add(c: &Reader<'_>, newest: &mut Newest<Kept>, origin: i64, status: Option<Status>) -> Result<(), Fault> {
    if matches!(status, None | Some(Status::Queued)) {
        let sql = "SELECT number FROM run_queue WHERE origin = ?4 AND number < ?1 AND number > ?2
                   ORDER BY number DESC LIMIT ?3";
        newest.add(c, sql, values![origin], Kept::Queue)?;
    }
    if status.is_none() {
        let sql = "SELECT number FROM run WHERE origin = ?4 AND number < ?1 AND number > ?2
                   ORDER BY number DESC LIMIT ?3";
        newest.add(c, sql, values![origin], Kept::Done)?;
    }
    for word in UNFINISHED.iter().filter(|unfinished| status.is_none_or(|status| status == **unfinished)) {
        let sql =
            "SELECT number FROM run_live WHERE origin = ?4 AND status = ?5 AND number < ?1 AND number > ?2
                   ORDER BY number DESC LIMIT ?3";
        newest.add(c, sql, values![origin, status_word(*word)], Kept::Live)?;
    }
    if let Some(status) = status.filter(|status| status.is_final()) {
        let sql = "SELECT number FROM run WHERE origin = ?4 AND status = ?5 AND status <> 'succeeded' AND number < ?1
                       AND number > ?2
                   ORDER BY number DESC LIMIT ?3";
        newest.add(c, sql, values![origin, status_word(status)], Kept::Done)?;
    }
    Ok(())
}

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
