//! Jobs: long work, leased and resumable.

use clock::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    BaseId, Error, JobId, NodeId, Page, PageRequest, Place, Store, WorkspaceId,
    sql::{Fault, Row, Sql, Statement, values},
};

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobStatus {
    /// A node will take it.
    Queued,
    /// A node works on it.
    Running,
    /// It is done.
    Succeeded,
    /// It cannot be done.
    Failed,
    /// Somebody cancelled it.
    Cancelled,
}

/// Long work.
#[derive(Clone, Debug)]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// The workspace.
    pub workspace: WorkspaceId,
    /// What kind of work: [`Job::INGEST`], …
    pub kind: String,
    /// Where it stands.
    pub status: JobStatus,
    /// What is to be done.
    pub spec: Value,
    /// How far it is: `{done, total}` and what its kind needs to go on from there, or `{}` while that is not known.
    pub progress: Value,
    /// Why it failed.
    pub error: Option<String>,
    /// The fencing token under which it is held.
    pub fence: i64,
    /// When it was queued.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Job {
    /// The kind of a job that makes a document findable: its spec is `{document, base}`.
    pub const INGEST: &'static str = "ingest";
    /// The kind of a job that replays events (replay.rs).
    pub const REPLAY: &'static str = "replay";
    /// The kind of a job that replays or discards dead letters (delivery/letters.rs).
    pub const LETTERS: &'static str = "letters";
}

const COLUMNS: &str = "id, workspace, kind, status, spec, progress, error, fence, created_at, updated_at";

impl Store {
    /// Queues a job.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn job_add(&self, workspace: WorkspaceId, kind: &str, spec: &Value) -> Result<JobId, Error> {
        let id: JobId = self.ids.next();
        self.change(vec![self.job_insert(workspace, id, kind, spec)]).await?;
        Ok(id)
    }

    pub(crate) fn job_insert(
        &self,
        workspace: WorkspaceId,
        id: JobId,
        kind: &str,
        spec: &Value,
    ) -> Statement {
        Statement::new(
            "INSERT INTO job (workspace, id, kind, status, spec, progress, error, owner, fence, created_at, updated_at)
             VALUES (?1, ?2, ?3, 'queued', ?4, '{}', NULL, NULL, 0, ?5, ?5)",
            values![workspace, id, kind, spec, self.now()],
        )
    }

    /// Gives a node the oldest job of a kind that is queued, or whose node is gone.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn job_claim(&self, node: NodeId, kind: &'static str) -> Result<Option<Job>, Error> {
        self.job_claim_beside(node, kind, &[]).await
    }

    /// As [`Store::job_claim`], but passes over the jobs for these bases: those whose spec names one as `base`.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn job_claim_beside(
        &self,
        node: NodeId,
        kind: &'static str,
        bases: &[BaseId],
    ) -> Result<Option<Job>, Error> {
        let (now, bases) = (self.now(), serde_json::json!(bases).to_string());
        let sql = Sql::Each {
            sqlite: "SELECT id, fence FROM job WHERE status IN ('queued', 'running') AND kind = ?3
                 AND (status = 'queued' OR owner <> ?1
                     AND NOT EXISTS (SELECT 1 FROM node WHERE node.id = job.owner AND node.lease_until > ?2))
                 AND coalesce(spec ->> 'base', '') NOT IN (SELECT value FROM json_each(?4))
                 ORDER BY id LIMIT 1",
            postgres: "SELECT id, fence FROM job WHERE status IN ('queued', 'running') AND kind = ?3
                 AND (status = 'queued' OR owner <> ?1
                     AND NOT EXISTS (SELECT 1 FROM node WHERE node.id = job.owner AND node.lease_until > ?2))
                 AND coalesce(spec::json ->> 'base', '') NOT IN (SELECT json_array_elements_text(?4::text::json))
                 ORDER BY id LIMIT 1",
        };
        let candidate = self.row(sql, values![node, now.as_millis(), kind, bases], |row: &Row| {
            Ok((row.get::<JobId>(0)?, row.get::<i64>(1)?))
        });
        let Some((id, fence)) = candidate.await? else { return Ok(None) };
        let claim = Statement::new(
            "UPDATE job SET status = 'running', owner = ?1, fence = fence + 1, updated_at = ?4 WHERE id = ?2 AND fence = ?3",
            values![node, id, fence, now],
        );
        if self.change(vec![claim]).await? != [1] {
            return Ok(None);
        }
        self.job_get(id).await
    }

    /// A job.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn job_get(&self, id: JobId) -> Result<Option<Job>, Error> {
        self.row(format!("SELECT {COLUMNS} FROM job WHERE id = ?1"), values![id], view).await
    }

    /// What is done with many events or dead letters of an environment, newest first. The specs say with which, as `filter`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn job_bulk(&self, place: Place, page: PageRequest<JobId>) -> Result<Page<Job>, Error> {
        let before = page.before.unwrap_or(JobId::from_bytes([0xFF; 16]));
        // As the spec has it.
        let environment = place.environment.to_string();
        let params = values![place.workspace, before, environment, page.fetch()];
        Ok(Page::cut(self.rows(BULK, params, view).await?, page.limit))
    }

    /// The jobs of a kind that are queued or running, in the order in which they are taken, 10,000 at most.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn job_open(&self, workspace: WorkspaceId, kind: &'static str) -> Result<Vec<Job>, Error> {
        self.rows(format!(
                "SELECT {COLUMNS} FROM job WHERE status IN ('queued', 'running') AND workspace = ?1 AND kind = ?2
                 ORDER BY id LIMIT 10000"
            ), values![workspace, kind], view)
        .await
    }

    /// Cancels a job of a kind that has not ended. Says whether there was one; its node sees it at its next commit.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn job_cancel(
        &self,
        workspace: WorkspaceId,
        id: JobId,
        kind: &'static str,
    ) -> Result<bool, Error> {
        let statement = Statement::new(
            "UPDATE job SET status = 'cancelled', updated_at = ?1
             WHERE id = ?2 AND workspace = ?3 AND kind = ?4 AND status IN ('queued', 'running')",
            values![self.now(), id, workspace, kind],
        );
        self.change(vec![statement]).await.map(|changed| changed == [1])
    }

    /// Records how far a job is, and that it is done or has failed. Says whether it was still held.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn job_update(
        &self,
        held: &Job,
        status: JobStatus,
        progress: &Value,
        error: Option<&str>,
    ) -> Result<bool, Error> {
        let statement = self.job_progress(held, status, progress, error);
        self.change(vec![statement]).await.map(|changed| changed == [1])
    }

    /// Gives a job back, as far as it is, to be taken up again.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn job_release(&self, held: &Job) -> Result<(), Error> {
        let statement = Statement::new(
            "UPDATE job SET status = 'queued', updated_at = ?1 WHERE id = ?2 AND fence = ?3 AND status = 'running'",
            values![self.now(), held.id, held.fence],
        );
        self.change(vec![statement]).await.map(drop)
    }

    /// Changes a job that is held, and no row when it is not any more.
    pub(crate) fn job_progress(
        &self,
        held: &Job,
        status: JobStatus,
        progress: &Value,
        error: Option<&str>,
    ) -> Statement {
        let word = serde_json::json!(status);
        Statement::new(
            "UPDATE job SET status = ?1, progress = ?2, error = ?3, updated_at = ?4
             WHERE id = ?5 AND fence = ?6 AND status = 'running'",
            values![word.as_str(), progress, error, self.now(), held.id, held.fence],
        )
    }
}

const BULK: Sql = Sql::Each {
    sqlite:
        "SELECT id, workspace, kind, status, spec, progress, error, fence, created_at, updated_at FROM job
         WHERE workspace = ?1 AND kind IN ('replay', 'letters') AND id < ?2
             AND spec -> 'filter' -> 'place' ->> 'environment' = ?3
         ORDER BY id DESC LIMIT ?4",
    postgres:
        "SELECT id, workspace, kind, status, spec, progress, error, fence, created_at, updated_at FROM job
         WHERE workspace = ?1 AND kind IN ('replay', 'letters') AND id < ?2
             AND spec::json -> 'filter' -> 'place' ->> 'environment' = ?3
         ORDER BY id DESC LIMIT ?4",
};

fn view(row: &Row) -> Result<Job, Fault> {
    Ok(Job {
        id: row.get(0)?,
        workspace: row.get(1)?,
        kind: row.get(2)?,
        status: row.word(3)?,
        spec: row.json(4)?,
        progress: row.json(5)?,
        error: row.get(6)?,
        fence: row.get(7)?,
        created_at: row.time(8)?,
        updated_at: row.time(9)?,
    })
}
