//! Runs: the queue of unfinished ones, the journal, the history.

use std::sync::Arc;

use clock::Timestamp;
use flow::run::Status;
use rusqlite::{Connection, OptionalExtension, Row, ToSql};
use serde::{Deserialize, Serialize};

use crate::{
    EnvironmentId, Error, EventId, FlowId, NodeId, Page, PageRequest, Place, RunId, Store, VersionId,
    WorkspaceId,
    delivery::NewDelivery,
    sql::{Statement, time, values, word},
    write::{Outcome, Write},
};

/// Why a run runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Its event came in. An event has exactly one such run.
    Original,
    /// Somebody replayed the event.
    Replay,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// A final status.
    pub status: Status,
    /// Why it failed, as JSON, when it did; shown in lists, so without payload.
    pub error: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// A run that a node holds, as its commits name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeldRun {
    /// Which run.
    pub id: RunId,
    /// Where it belongs.
    pub place: Place,
    /// Who holds it.
    pub owner: NodeId,
    /// The fencing token under which it is held.
    pub fence: i64,
}

/// A run's progress since its last commit.
#[derive(Clone, Debug)]
pub struct RunCommit {
    /// The run and the right to write to it.
    pub held: HeldRun,
    /// The place of this record in the journal, from 0.
    pub seq: u32,
    /// What has happened, JSON; sealed before it is stored. `None` when only the hold changes.
    pub record: Option<Vec<u8>>,
    /// Deliveries that the steps made.
    pub deliveries: Vec<NewDelivery>,
    /// Whether the run has come further than when its workers died: their deaths are then forgotten. Without
    /// this a long run, under way at a death now and then that it did not cause, would be tried alone and parked.
    pub absolved: bool,
    /// What becomes of the run.
    pub then: Then,
}

/// What becomes of a run after a commit.
#[derive(Clone, Debug)]
pub enum Then {
    /// The node goes on with it.
    Hold,
    /// The node lets it go: it waits, and wakes at a time if one is given.
    Release {
        /// `waiting`, `queued` or `parked`.
        status: Status,
        /// When it goes on by itself.
        wake_at: Option<Timestamp>,
    },
    /// It has ended.
    End(Ending),
}

/// What came of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Committed {
    /// It is on stable storage.
    Done,
    /// Another node holds the run now, or it has ended; nothing was written. The caller drops what it has of it.
    /// Nothing gives the run back: if a row should still name the caller's node, it stays owned until that node
    /// leaves or its lease ends.
    Lost,
}

/// A commit whose payloads are sealed: it can be tried again without being made anew. Cheap to clone.
#[derive(Clone, Debug)]
pub struct SealedCommit(pub(crate) Arc<RunCommit>);

/// A wish for runs. One that was in flight at two deaths of its worker may be what killed it: it is suspect,
/// and runs alone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClaimRuns {
    pub(crate) node: NodeId,
    pub(crate) now: Timestamp,
    pub(crate) which: Which,
}

/// Which runs are wished for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Which {
    /// At most so many that are queued or due, the suspect ones aside.
    Next(u32),
    /// One suspect run that is queued or due.
    Suspect,
    /// This one, whatever it waits for.
    One(RunId),
}

/// A run that a node has been given.
#[derive(Clone, Copy, Debug)]
pub struct ClaimedRun {
    /// The run and the right to write to it.
    pub held: HeldRun,
    /// The flow.
    pub flow: FlowId,
    /// The version it runs.
    pub version: VersionId,
    /// Its event.
    pub event: EventId,
    /// How often its worker died with it.
    pub deaths: u32,
    /// When it was committed first.
    pub created_at: Timestamp,
}

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

/// A run of a workspace, whatever its environment.
pub(crate) const IN_WORKSPACE: &str =
    "workspace = ?2 AND environment IN (SELECT e.id FROM environment e WHERE e.workspace = ?2) AND id = ?1";

impl Store {
    /// Seals a commit's payloads.
    #[must_use]
    pub fn run_seal(&self, mut commit: RunCommit) -> SealedCommit {
        let id = commit.held.id;
        commit.record = commit.record.map(|record| self.seal_record(id, commit.seq, &record));
        self.seal_deliveries(&mut commit.deliveries);
        SealedCommit(Arc::new(commit))
    }

    /// Commits a run's progress.
    ///
    /// # Errors
    /// When it cannot be put on stable storage; then nothing of it is kept, and the same commit may be
    /// tried again.
    pub async fn run_commit(&self, commit: &SealedCommit) -> Result<Committed, Error> {
        match self.write(Write::Commit(commit.clone())).await? {
            Outcome::Committed(committed) => Ok(committed),
            _ => Err(Error::Conflict("the run was not committed")),
        }
    }

    /// Queues one more run of an event that is stored already.
    ///
    /// # Errors
    /// [`Error::Conflict`] when the workspace has no such event.
    pub async fn run_queue(&self, place: Place, event: EventId, run: crate::NewRun) -> Result<(), Error> {
        let statement = Statement::new(
            "INSERT INTO run_live
                 (workspace, environment, id, flow, version, event, cause, repeats, status, owner, fence, deaths, wake_at, created_at)
             SELECT ?1, ?2, ?3, flow, ?4, id, ?5, ?6, 'queued', NULL, 1, 0, NULL, ?7 FROM event
             WHERE workspace = ?1 AND environment = ?2 AND id = ?8",
            values![
                place.workspace,
                place.environment,
                run.id,
                run.version,
                serde_json::json!(run.cause).as_str(),
                run.repeats,
                self.now(),
                event
            ],
        );
        self.change(vec![statement.or_conflict("there is no such event")]).await.map(drop)
    }

    /// Gives a node up to `limit` runs that are queued or due, oldest first. Suspect ones stay: only
    /// [`Store::run_claim_suspect`] gives them.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn run_claim(&self, node: NodeId, limit: u32) -> Result<Vec<ClaimedRun>, Error> {
        self.claim(node, Which::Next(limit)).await
    }

    /// Whether a run is queued or due that may be what killed its worker.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn run_has_suspect(&self) -> Result<bool, Error> {
        let now = self.now().as_millis();
        self.read(move |c| {
            let mut query = c.prepare_cached(
                "SELECT 1 FROM run_live WHERE deaths >= 2 AND owner IS NULL AND (status = 'queued' OR wake_at <= ?1)",
            )?;
            query.exists([now])
        })
        .await
    }

    /// Gives a node one run that is queued or due and may be what killed its worker: the one that did so
    /// least often, then the oldest. The node runs nothing else meanwhile. What only waits for its turn is
    /// nobody's, so that it does not count as in flight when the worker dies.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn run_claim_suspect(&self, node: NodeId) -> Result<Option<ClaimedRun>, Error> {
        self.claim(node, Which::Suspect).await.map(|runs| runs.into_iter().next())
    }

    /// Gives a node one run that nobody holds, whatever it waits for; parked ones too.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn run_claim_one(&self, node: NodeId, id: RunId) -> Result<Option<ClaimedRun>, Error> {
        self.claim(node, Which::One(id)).await.map(|runs| runs.into_iter().next())
    }

    async fn claim(&self, node: NodeId, which: Which) -> Result<Vec<ClaimedRun>, Error> {
        match self.write(Write::Claim(ClaimRuns { node, now: self.now(), which })).await? {
            Outcome::Claimed(runs) => Ok(runs),
            _ => Err(Error::Conflict("no run was claimed")),
        }
    }

    /// When the next waiting run is due.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn run_next_due(&self) -> Result<Option<Timestamp>, Error> {
        self.read(|c| {
            let mut query = c.prepare_cached(
                "SELECT wake_at FROM run_live WHERE wake_at IS NOT NULL AND deaths < 2 ORDER BY wake_at LIMIT 1",
            )?;
            query.query_row([], |row| time(row, 0)).optional()
        })
        .await
    }

    /// A run's journal from the first record on, each as JSON.
    ///
    /// # Errors
    /// When the database cannot be read or a record does not open.
    pub async fn run_journal(&self, place: Place, id: RunId) -> Result<Vec<Vec<u8>>, Error> {
        let sealed: Vec<(u32, Vec<u8>)> = self
            .read(move |c| {
                let mut query = c.prepare_cached(
                    "SELECT 0 AS seq, record FROM event
                     WHERE workspace = ?1 AND environment = ?2 AND id = ?3 AND record IS NOT NULL
                     UNION ALL SELECT seq, sealed FROM journal WHERE run = ?3 ORDER BY seq",
                )?;
                query
                    .query_map((place.workspace, place.environment, id), |row| {
                        Ok((row.get(0)?, row.get(1)?))
                    })?
                    .collect()
            })
            .await?;
        sealed
            .into_iter()
            .map(|(seq, sealed)| self.unseal("journal", &journal_id(id, seq), &sealed))
            .collect()
    }

    /// A run of a workspace.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn run_get(&self, workspace: WorkspaceId, id: RunId) -> Result<Option<RunView>, Error> {
        self.read(move |c| {
            let find = |columns: &str, table: &str| {
                let sql = format!("SELECT {columns} FROM {table} WHERE {IN_WORKSPACE}");
                c.prepare_cached(&sql)?.query_row((id, workspace), view).optional()
            };
            // In this order: a run that ends between the two is found in the second.
            Ok(match find(LIVE, "run_live")? {
                Some(run) => Some(run),
                None => find(DONE, "run")?,
            })
        })
        .await
    }

    /// The runs of these ids, in no order; ids that are not runs are left out.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn run_get_many(&self, workspace: WorkspaceId, ids: Vec<RunId>) -> Result<Vec<RunView>, Error> {
        self.read(move |c| {
            let mut found: Vec<RunView> = Vec::with_capacity(ids.len());
            let mut missing = ids;
            for (columns, table) in [(LIVE, "run_live"), (DONE, "run")] {
                let sql = format!("SELECT {columns} FROM {table} WHERE {IN_WORKSPACE}");
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
            let before = page.before.unwrap_or(RunId::from_bytes([0xFF; 16]));
            let status = filter.status.map(|status| serde_json::json!(status));
            let status = status.as_ref().and_then(|word| word.as_str()).unwrap_or_default();
            let (clause, params): (&str, Vec<&dyn ToSql>) = match (&filter.flow, filter.status) {
                (Some(flow), _) => (
                    "flow = ?1 AND environment = ?2 AND id < ?3 AND workspace = ?5",
                    vec![flow, &place.environment, &before],
                ),
                // The last two terms say to SQLite that its partial indexes hold all there is.
                (None, Some(_)) => (
                    "workspace = ?1 AND environment = ?2 AND id < ?3 AND status = ?5 AND status <> 'succeeded' \
                     AND status <> 'running'",
                    vec![&place.workspace, &place.environment, &before],
                ),
                (None, None) => (
                    "workspace = ?1 AND environment = ?2 AND id < ?3 AND ?5 IS NOT NULL",
                    vec![&place.workspace, &place.environment, &before],
                ),
            };
            let fetch = page.fetch();
            let mut params = params;
            params.push(&fetch);
            if filter.flow.is_some() { params.push(&place.workspace) } else { params.push(&status) }
            let mut items = Vec::new();
            if (filter.flow, filter.status) == (None, Some(Status::Running)) {
                // Only what a node holds is running: that is little, and sorted without an index of its own.
                let sql = format!(
                    "SELECT {LIVE} FROM run_live INDEXED BY run_owner WHERE owner IS NOT NULL AND workspace = ?1 \
                     AND environment = ?2 AND id < ?3 AND status = ?5 ORDER BY id DESC LIMIT ?4"
                );
                items = collect(c, &sql, &params)?;
            } else {
                for (columns, table) in [(LIVE, "run_live"), (DONE, "run")] {
                    let sql = format!("SELECT {columns} FROM {table} WHERE {clause} ORDER BY id DESC LIMIT ?4");
                    items.extend(collect(c, &sql, &params)?);
                }
            }
            items.sort_by_key(|run: &RunView| std::cmp::Reverse(run.id));
            Ok(Page::cut(items, page.limit))
        })
        .await
    }

    pub(crate) fn seal_record(&self, run: RunId, seq: u32, record: &[u8]) -> Vec<u8> {
        self.seal("journal", &journal_id(run, seq), record)
    }
}

/// A journal record belongs to its place in its run, and opens nowhere else.
fn journal_id(run: RunId, seq: u32) -> [u8; 20] {
    let mut id = [0; 20];
    id[..16].copy_from_slice(run.as_bytes());
    id[16..].copy_from_slice(&seq.to_be_bytes());
    id
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
