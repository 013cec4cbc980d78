//! Runs as lists and traces show them, wherever they stand: queued in a lane, live, or finished.

use clock::Timestamp;
use flow::run::Status;
use rusqlite::{Connection, OptionalExtension, Row, ToSql};

use super::{Cause, Lane, lanes};
use crate::{
    EnvironmentId, Error, EventId, FlowId, Page, PageRequest, Place, RunId, Store, VersionId, WorkspaceId,
    sql::{time, word},
};

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
    /// Only those that stand so, finished or not; not looked at when `flow` is given. There is no list of those
    /// that succeeded: it would need an index that every run pays for, and finds none.
    pub status: Option<Status>,
}

const LIVE: &str =
    "id, environment, flow, version, event, cause, repeats, status, error, created_at, NULL, wake_at";
const DONE: &str =
    "id, environment, flow, version, event, cause, repeats, status, error, created_at, finished_at, NULL";
/// Of an original run that nobody has taken up: it shares its columns with its event.
const QUEUED: &str =
    "id, environment, flow, version, id, 'original', NULL, 'queued', NULL, received_at, NULL, NULL";

/// A run of a workspace, whatever its environment.
pub(crate) const IN_WORKSPACE: &str =
    "workspace = ?2 AND environment IN (SELECT e.id FROM environment e WHERE e.workspace = ?2) AND id = ?1";

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
            let mut found: Vec<RunView> = Vec::with_capacity(ids.len());
            let mut missing = ids;
            let by_id = [
                format!("SELECT {LIVE} FROM run_live WHERE {IN_WORKSPACE}"),
                format!("SELECT {DONE} FROM run WHERE {IN_WORKSPACE}"),
                format!(
                    "SELECT {QUEUED} FROM event CROSS JOIN run_queue USING (workspace, environment, flow, id)
                     WHERE {IN_WORKSPACE}"
                ),
            ];
            for sql in by_id {
                if missing.is_empty() {
                    break;
                }
                let mut query = c.prepare_cached(&sql)?;
                for id in std::mem::take(&mut missing) {
                    match query.query_row((id, workspace), view).optional()? {
                        Some(run) => found.push(run),
                        None => missing.push(id),
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
            for (columns, table) in [(LIVE, "run_live"), (DONE, "run")] {
                let sql = format!(
                    "SELECT {columns} FROM {table} WHERE event = ?1 AND cause <> 'original' AND workspace = ?2 \
                     ORDER BY id LIMIT 1000"
                );
                found.extend(collect(c, &sql, &[&event, &workspace])?);
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
            let Place { workspace, environment } = place;
            let mut items = with_rows(c, place, &filter, &page)?;
            sort(&mut items);
            if let Some(flow) = filter.flow {
                add_queued(c, &mut items, Lane { flow, environment }, (workspace, &page))?;
            } else if matches!(filter.status, None | Some(Status::Queued)) {
                for lane in lanes(c) {
                    let (lane, _) = lane?;
                    if lane.environment == environment {
                        add_queued(c, &mut items, lane, (workspace, &page))?;
                    }
                }
            }
            Ok(Page::cut(items, page.limit))
        })
        .await
    }
}

/// The runs of a page that have rows of their own, live or finished, each kind newest first.
fn with_rows(
    c: &Connection,
    Place { workspace, environment }: Place,
    filter: &RunFilter,
    page: &PageRequest<RunId>,
) -> rusqlite::Result<Vec<RunView>> {
    let (before, fetch) = (before(page), page.fetch());
    if let (None, Some(status)) = (filter.flow, filter.status) {
        let word = serde_json::json!(status);
        let word = word.as_str().unwrap_or_default();
        // One table has them all, and one index of it nothing else: without its name SQLite would rather read the
        // whole history by its key.
        let sql = match status {
            Status::Running => format!(
                "SELECT {LIVE} FROM run_live INDEXED BY run_owner WHERE owner IS NOT NULL AND workspace = ?1 \
                 AND environment = ?2 AND id < ?3 AND status = ?5 ORDER BY id DESC LIMIT ?4"
            ),
            status if status.is_final() => format!(
                "SELECT {DONE} FROM run INDEXED BY run_unhappy WHERE workspace = ?1 AND environment = ?2 AND id < ?3 \
                 AND status = ?5 AND status <> 'succeeded' ORDER BY id DESC LIMIT ?4"
            ),
            _ => format!(
                "SELECT {LIVE} FROM run_live INDEXED BY run_resting WHERE workspace = ?1 AND environment = ?2 AND id < ?3 \
                 AND status = ?5 AND status <> 'running' ORDER BY id DESC LIMIT ?4"
            ),
        };
        return collect(c, &sql, &[&workspace, &environment, &before, &fetch, &word]);
    }
    let (clause, first): (&str, &dyn ToSql) = match &filter.flow {
        // The plus keeps the workspace out of the choice of the index, which else is the key: the whole history.
        Some(flow) => ("flow = ?1 AND environment = ?2 AND id < ?3 AND +workspace = ?5", flow),
        None => ("workspace = ?1 AND environment = ?2 AND id < ?3 AND ?5 IS NOT NULL", &workspace),
    };
    let mut items = Vec::new();
    for (columns, table) in [(LIVE, "run_live"), (DONE, "run")] {
        let sql = format!("SELECT {columns} FROM {table} WHERE {clause} ORDER BY id DESC LIMIT ?4");
        items.extend(collect(c, &sql, &[first, &environment, &before, &fetch, &workspace])?);
    }
    Ok(items)
}

/// Puts what waits in a lane into a list that is newest first, and cuts it to what the page needs.
fn add_queued(
    c: &Connection,
    items: &mut Vec<RunView>,
    lane: Lane,
    (workspace, page): (WorkspaceId, &PageRequest<RunId>),
) -> rusqlite::Result<()> {
    // When there are enough, only what is newer than the oldest of them counts.
    let oldest = items.get(page.limit).map_or(RunId::from_bytes([0; 16]), |run| run.id);
    let sql = format!(
        "SELECT {QUEUED} FROM run_queue CROSS JOIN event USING (workspace, environment, flow, id)
         WHERE flow = ?1 AND environment = ?2 AND id < ?3 AND id > ?6 AND workspace = ?5 ORDER BY id DESC LIMIT ?4"
    );
    let params: [&dyn ToSql; 6] =
        [&lane.flow, &lane.environment, &before(page), &page.fetch(), &workspace, &oldest];
    items.extend(collect(c, &sql, &params)?);
    sort(items);
    items.truncate(page.limit.saturating_add(1));
    Ok(())
}

fn before(page: &PageRequest<RunId>) -> RunId {
    page.before.unwrap_or(RunId::from_bytes([0xFF; 16]))
}

fn sort(items: &mut [RunView]) {
    items.sort_by_key(|run| std::cmp::Reverse(run.id));
}

fn collect(connection: &Connection, sql: &str, params: &[&dyn ToSql]) -> rusqlite::Result<Vec<RunView>> {
    connection.prepare_cached(sql)?.query_map(params, view)?.collect()
}

fn view(row: &Row) -> rusqlite::Result<RunView> {
    let at = |column| row.get::<_, Option<i64>>(column).map(|ms| ms.map(Timestamp::from_millis));
    Ok(RunView {
        id: row.get(0)?,
        environment: row.get(1)?,
        flow: row.get(2)?,
        version: row.get(3)?,
        event: row.get(4)?,
        cause: word(row, 5)?,
        repeats: row.get(6)?,
        status: word(row, 7)?,
        error: row.get(8)?,
        created_at: time(row, 9)?,
        finished_at: at(10)?,
        wake_at: at(11)?,
    })
}
