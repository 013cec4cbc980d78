//! Runs: the queue of unfinished ones, the journal, the history.

mod view;

use std::sync::Arc;

use clock::Timestamp;
use flow::run::Status;
use serde::{Deserialize, Serialize};

#[cfg(test)]
pub(crate) use view::{ENDED, UNDER_WAY, UNHAPPY, WAITING};
pub use view::{RunFilter, RunView};

use crate::{
    EnvironmentId, Error, EventId, FlowId, News, NodeId, Place, RunId, Store, VersionId, WorkspaceId,
    delivery::NewDelivery,
    sql::{Sql, Statement, values},
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

/// One more run of an event that is stored already: a replay.
#[derive(Clone, Copy, Debug)]
pub struct Repeat {
    /// Its id.
    pub id: RunId,
    /// The event.
    pub event: EventId,
    /// The environment it runs in, if that is not the event's own; see [`Store::origin_ensure`].
    pub elsewhere: Option<EnvironmentId>,
    /// The version it runs.
    pub version: VersionId,
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
    /// The node lets it go: it waits, and wakes at a time if one is given, or when what it waits for comes; at once if
    /// that came while it was held.
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
#[derive(Clone, Debug)]
pub(crate) struct ClaimRuns {
    pub(crate) node: NodeId,
    pub(crate) now: Timestamp,
    pub(crate) which: Which,
    /// Versions that the node cannot run: those are left to other nodes, where there can be any.
    pub(crate) unfit: Vec<VersionId>,
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
    pub async fn run_repeat(&self, workspace: WorkspaceId, run: Repeat) -> Result<(), Error> {
        let statement = self.repeat(workspace, &run).or_conflict("there is no such event");
        self.change(vec![statement]).await?;
        self.tell(News { runs: true, ..News::default() });
        Ok(())
    }

    /// Changes no row when there is no such event.
    pub(crate) fn repeat(&self, workspace: WorkspaceId, run: &Repeat) -> Statement {
        Statement::new(
            "INSERT INTO run_live
                 (number, id, origin, version, event, cause, repeats, status, owner, fence, deaths, wake_at, created_at)
             SELECT ?1, ?2, o.number, ?3, e.id, 'replay', e.id, 'queued', NULL, 1, 0, NULL, ?4
             FROM event e JOIN origin p ON p.number = e.origin
                 JOIN origin o ON o.workspace = p.workspace AND o.environment = coalesce(?5, p.environment)
                     AND o.flow = p.flow AND o.kind = p.kind AND o.source IS NOT DISTINCT FROM p.source
             WHERE e.number = ?6 AND e.id = ?7 AND p.workspace = ?8",
            values![
                run.id.number(),
                run.id,
                run.version,
                self.now(),
                run.elsewhere,
                run.event.number(),
                run.event,
                workspace,
            ],
        )
    }

    /// Gives a node up to `limit` runs that are queued or due, oldest first. Suspect ones stay: only
    /// [`Store::run_claim_suspect`] gives them. Those of `unfit` versions, which the node cannot run, are left to
    /// other nodes, where there can be any.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn run_claim(
        &self,
        node: NodeId,
        limit: u32,
        unfit: Vec<VersionId>,
    ) -> Result<Vec<ClaimedRun>, Error> {
        self.claim(node, Which::Next(limit), unfit).await
    }

    /// Whether a run is queued or due that may be what killed its worker, those of `unfit` versions aside.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn run_has_suspect(&self, unfit: Vec<VersionId>) -> Result<bool, Error> {
        let params = values![self.now(), uuids(&unfit)];
        self.row(SUSPECT, params, |_| Ok(())).await.map(|found| found.is_some())
    }

    /// Gives a node one run that is queued or due and may be what killed its worker: the one that did so
    /// least often, then the oldest. The node runs nothing else meanwhile. What only waits for its turn is
    /// nobody's, so that it does not count as in flight when the worker dies.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn run_claim_suspect(
        &self,
        node: NodeId,
        unfit: Vec<VersionId>,
    ) -> Result<Option<ClaimedRun>, Error> {
        self.claim(node, Which::Suspect, unfit).await.map(|runs| runs.into_iter().next())
    }

    /// Gives a node one run that nobody holds, whatever it waits for; parked ones too.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn run_claim_one(&self, node: NodeId, id: RunId) -> Result<Option<ClaimedRun>, Error> {
        self.claim(node, Which::One(id), Vec::new()).await.map(|runs| runs.into_iter().next())
    }

    async fn claim(
        &self,
        node: NodeId,
        which: Which,
        unfit: Vec<VersionId>,
    ) -> Result<Vec<ClaimedRun>, Error> {
        match self.write(Write::Claim(ClaimRuns { node, now: self.now(), which, unfit })).await? {
            Outcome::Claimed(runs) => Ok(runs),
            _ => Err(Error::Conflict("no run was claimed")),
        }
    }

    /// When the next run is due that nobody holds, those of `unfit` versions aside; 0 when one is queued. There may be
    /// one after a claim that gave none: it passes over what another node is taking, which may let go of it.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn run_next_due(&self, unfit: Vec<VersionId>) -> Result<Option<Timestamp>, Error> {
        self.row(NEXT_DUE, values![uuids(&unfit)], |row| row.time(0)).await
    }

    /// A run's journal from the first record on, each as JSON.
    ///
    /// # Errors
    /// When the database cannot be read or a record does not open.
    pub async fn run_journal(&self, id: RunId) -> Result<Vec<Vec<u8>>, Error> {
        let sealed: Vec<(u32, Vec<u8>)> = self
            .rows(
                "SELECT 0 AS seq, record FROM event WHERE number = ?1 AND id = ?2 AND record IS NOT NULL
                     UNION ALL SELECT seq, sealed FROM journal WHERE run = ?1 ORDER BY seq",
                values![id.number(), id],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .await?;
        sealed
            .into_iter()
            .map(|(seq, sealed)| self.unseal("journal", &journal_id(id, seq), &sealed))
            .collect()
    }

    pub(crate) fn seal_record(&self, run: RunId, seq: u32, record: &[u8]) -> Vec<u8> {
        self.seal("journal", &journal_id(run, seq), record)
    }
}

/// A run that is queued or due and may be what killed its worker. Where there is one node, nothing is left to others.
const SUSPECT: Sql = Sql::Each {
    sqlite:
        "SELECT 1 FROM run_live
             WHERE deaths >= 2 AND owner IS NULL AND (status = 'queued' OR wake_at <= ?1) AND ?2 = ?2 LIMIT 1",
    postgres: "SELECT 1 FROM run_live
               WHERE deaths >= 2 AND owner IS NULL AND (status = 'queued' OR wake_at <= ?1)
                 AND version <> ALL(?2::text::uuid[]) LIMIT 1",
};

/// When the next run wakes, or 0 when one is queued. Where there is one node, nothing is left to others.
const NEXT_DUE: Sql = Sql::Each {
    sqlite: "SELECT 0 FROM run_queue WHERE origin >= 0 AND ?1 = ?1
             UNION ALL SELECT 0 FROM run_live WHERE owner IS NULL AND status = 'queued' AND deaths < 2
             UNION ALL SELECT * FROM (SELECT wake_at FROM run_live
                                      WHERE wake_at IS NOT NULL AND owner IS NULL AND deaths < 2
                                      ORDER BY wake_at LIMIT 1)
             LIMIT 1",
    postgres: "SELECT 0::bigint FROM run_queue WHERE version <> ALL(?1::text::uuid[])
               UNION ALL SELECT 0 FROM run_live
                   WHERE owner IS NULL AND status = 'queued' AND deaths < 2 AND version <> ALL(?1::text::uuid[])
               UNION ALL (SELECT wake_at FROM run_live
                          WHERE wake_at IS NOT NULL AND owner IS NULL AND deaths < 2 AND version <> ALL(?1::text::uuid[])
                          ORDER BY wake_at LIMIT 1)
               LIMIT 1",
};

/// Versions as PostgreSQL writes an array.
pub(crate) fn uuids(versions: &[VersionId]) -> String {
    let texts: Vec<String> = versions.iter().map(|version| uuid::Uuid::from(*version).to_string()).collect();
    format!("{{{}}}", texts.join(","))
}

/// The word a status is stored as.
pub(crate) const fn status_word(status: Status) -> &'static str {
    match status {
        Status::Queued => "queued",
        Status::Running => "running",
        Status::Waiting => "waiting",
        Status::Succeeded => "succeeded",
        Status::Failed => "failed",
        Status::Cancelled => "cancelled",
        Status::Parked => "parked",
    }
}

/// A journal record belongs to its place in its run, and opens nowhere else.
fn journal_id(run: RunId, seq: u32) -> [u8; 20] {
    let mut id = [0; 20];
    id[..16].copy_from_slice(run.as_bytes());
    id[16..].copy_from_slice(&seq.to_be_bytes());
    id
}
