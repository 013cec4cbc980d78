//! Knowledge bases and documents.

use clock::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{
    BaseId, Chunk, DocumentId, Error, Job, JobId, Store, WorkspaceId, chunk,
    sql::{Fault, Row, Statement, values},
};

/// A knowledge base.
#[derive(Clone, Debug)]
pub struct Base {
    /// Its id.
    pub id: BaseId,
    /// How flows call it.
    pub name: String,
    /// Embedding model, chunking and retrieval settings as JSON.
    pub config: Value,
}

/// Where a document stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentStatus {
    /// It waits to be chunked and embedded.
    Queued,
    /// It can be found.
    Ready,
    /// It could not be read.
    Failed,
}

/// A document as lists show it.
#[derive(Clone, Debug)]
pub struct Document {
    /// Its id.
    pub id: DocumentId,
    /// The base it is in.
    pub base: BaseId,
    /// Its file name.
    pub name: String,
    /// Its media type.
    pub media_type: String,
    /// Its length in bytes.
    pub size: i64,
    /// Where it stands.
    pub status: DocumentStatus,
    /// Why it failed.
    pub error: Option<String>,
    /// How many chunks it has.
    pub chunks: u32,
    /// The model that embedded them, as the ingestion named it; empty before that.
    pub model: String,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A document that comes in.
#[derive(Clone, Debug)]
pub struct NewDocument {
    /// Its file name; a document of the same name is replaced.
    pub name: String,
    /// Its media type.
    pub media_type: String,
    /// Its bytes.
    pub content: Vec<u8>,
}

/// Chunks written in one transaction: some milliseconds, so that other writers do not wait for long.
const SLICE: usize = 500;

const DOCUMENT: &str = "id, base, name, media_type, size, status, error, chunks, model, updated_at";

/// What is said when a write was made for a document that is no longer as it was, or a job that is held by
/// another node.
const SUPERSEDED: &str = "the document has changed meanwhile, or its job is held by another node";

impl Store {
    /// Makes a knowledge base, or changes the config of the one of this name. Gives its id.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn base_put(
        &self,
        workspace: WorkspaceId,
        name: &str,
        config: &Value,
    ) -> Result<BaseId, Error> {
        let statement = Statement::new(
            "INSERT INTO knowledge_base (workspace, id, name, config, created_at) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (workspace, name) DO UPDATE SET config = ?4",
            values![workspace, self.ids.next::<BaseId>(), name, config, self.now()],
        );
        self.change(vec![statement]).await?;
        let base = self.base_named(workspace, name).await?;
        base.map(|base| base.id).ok_or(Error::Conflict("the knowledge base was deleted while it was saved"))
    }

    /// The knowledge base of a name.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn base_named(&self, workspace: WorkspaceId, name: &str) -> Result<Option<Base>, Error> {
        self.row(
            "SELECT id, name, config FROM knowledge_base WHERE workspace = ?1 AND name = ?2",
            values![workspace, name],
            base,
        )
        .await
    }

    /// Changes a base's config and queues all of its documents again, in one transaction.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn base_reingest(
        &self,
        workspace: WorkspaceId,
        base: BaseId,
        config: &Value,
    ) -> Result<(), Error> {
        let documents: Vec<DocumentId> = self
            .rows(
                "SELECT id FROM document WHERE workspace = ?1 AND base = ?2 ORDER BY id",
                values![workspace, base],
                |row| row.get(0),
            )
            .await?;
        let change = Statement::new(
            "UPDATE knowledge_base SET config = ?1 WHERE id = ?2 AND workspace = ?3",
            values![config, base, workspace],
        );
        let mut statements = vec![change];
        for document in documents {
            statements.push(Statement::new(
                "UPDATE document SET status = 'queued', error = NULL, updated_at = ?2 WHERE id = ?1",
                values![document, self.now()],
            ));
            statements.push(self.ingestion(workspace, self.ids.next(), document, base));
        }
        self.change(statements).await.map(drop)
    }

    /// The knowledge bases of a workspace, by name.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn base_list(&self, workspace: WorkspaceId) -> Result<Vec<Base>, Error> {
        self.rows(
            "SELECT id, name, config FROM knowledge_base WHERE workspace = ?1 ORDER BY name",
            values![workspace],
            base,
        )
        .await
    }

    /// Stores a document and queues its ingestion, in one transaction. A document of the same name and
    /// content stays as it is; `None` says so.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn document_put(
        &self,
        workspace: WorkspaceId,
        base: BaseId,
        new: NewDocument,
    ) -> Result<(DocumentId, Option<JobId>), Error> {
        let hash: [u8; 32] = Sha256::digest(&new.content).into();
        let known = self.document_named(base, &new.name).await?;
        if let Some((id, known_hash, status)) = &known
            && known_hash == &hash
            && *status != DocumentStatus::Failed
        {
            return Ok((*id, None));
        }
        let id = known.map_or_else(|| self.ids.next(), |(id, _, _)| id);
        let job: JobId = self.ids.next();
        let size = i64::try_from(new.content.len()).unwrap_or(i64::MAX);
        let put = Statement::new(
            "INSERT INTO document
                 (workspace, id, base, name, media_type, hash, size, status, error, chunks, content, created_at, updated_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'queued', NULL, 0, ?8, ?9, ?9)
             ON CONFLICT (base, name) DO UPDATE SET
                 media_type = ?5, hash = ?6, size = ?7, status = 'queued', error = NULL, content = ?8, updated_at = ?9",
            values![workspace, id, base, new.name, new.media_type, hash, size, new.content, self.now()],
        );
        self.change(vec![put, self.ingestion(workspace, job, id, base)]).await?;
        Ok((id, Some(job)))
    }

    fn ingestion(&self, workspace: WorkspaceId, job: JobId, document: DocumentId, base: BaseId) -> Statement {
        let spec = serde_json::json!({ "document": document, "base": base });
        self.job_insert(workspace, job, Job::INGEST, &spec)
    }

    async fn document_named(
        &self,
        base: BaseId,
        name: &str,
    ) -> Result<Option<(DocumentId, [u8; 32], DocumentStatus)>, Error> {
        self.row(
            "SELECT id, hash, status FROM document WHERE base = ?1 AND name = ?2",
            values![base, name],
            |row| Ok((row.get(0)?, row.get(1)?, row.word(2)?)),
        )
        .await
    }

    /// The documents of a base, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn document_list(&self, workspace: WorkspaceId, base: BaseId) -> Result<Vec<Document>, Error> {
        self.rows(
            format!(
                "SELECT {DOCUMENT} FROM document WHERE workspace = ?1 AND base = ?2 ORDER BY id LIMIT 10000"
            ),
            values![workspace, base],
            document,
        )
        .await
    }

    /// A document with its content.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn document_get(&self, id: DocumentId) -> Result<Option<(Document, Vec<u8>)>, Error> {
        self.row(format!("SELECT {DOCUMENT}, content FROM document WHERE id = ?1"), values![id], |row| {
            Ok((document(row)?, row.get(10)?))
        })
        .await
    }

    /// Deletes a document with its chunks; gives the base it was in.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn document_delete(
        &self,
        workspace: WorkspaceId,
        document: DocumentId,
    ) -> Result<Option<BaseId>, Error> {
        let found = self.row(
            "SELECT base FROM document WHERE id = ?1 AND workspace = ?2",
            values![document, workspace],
            |row| row.get(0),
        );
        let Some(base) = found.await? else { return Ok(None) };
        let statements = vec![
            Statement::new("DELETE FROM chunk WHERE document = ?1", values![document]),
            Statement::new("DELETE FROM document WHERE id = ?1", values![document]),
        ];
        self.change(statements).await?;
        Ok(Some(base))
    }

    /// Ends a document's ingestion: puts these chunks, embedded by `model`, in the place of what it had, and
    /// says that it is ready and the job done. Chunks are seen by [`Store::chunk_list`] when the last is
    /// written. Nothing is said to be ready when the document has changed since it was read, or the job is
    /// held by another node; `false` tells so.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn document_chunks(
        &self,
        held: &Job,
        document: &Document,
        model: &str,
        chunks: &[Chunk],
    ) -> Result<bool, Error> {
        let count = u32::try_from(chunks.len()).unwrap_or(u32::MAX);
        let mut statements = vec![
            Statement::new("DELETE FROM chunk WHERE document = ?1", values![document.id]),
            Statement::new("UPDATE document SET chunks = 0 WHERE id = ?1", values![document.id]),
        ];
        for chunk in chunks {
            if statements.len() >= SLICE && !self.change_held(held, document, &mut statements).await? {
                return Ok(false);
            }
            statements.push(chunk::insert(held.workspace, document, chunk));
        }
        statements.push(Statement::new(
            "UPDATE document SET status = 'ready', error = NULL, chunks = ?2, model = ?3, updated_at = ?4
             WHERE id = ?1",
            values![document.id, count, model, self.now()],
        ));
        statements.push(Statement::new(
            "UPDATE job SET status = 'succeeded', progress = ?2, updated_at = ?3 WHERE id = ?1",
            values![held.id, &serde_json::json!({ "done": count, "total": count }), self.now()],
        ));
        self.change_held(held, document, &mut statements).await
    }

    /// Ends a document's ingestion: it could not be read or embedded, for this reason. What it had before stays.
    /// `false` when the document has changed since it was read, or the job is held by another node.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn document_failed(&self, held: &Job, document: &Document, error: &str) -> Result<bool, Error> {
        let mut statements = vec![
            Statement::new(
                "UPDATE document SET status = 'failed', error = ?2, updated_at = ?3 WHERE id = ?1",
                values![document.id, error, self.now()],
            ),
            Statement::new(
                "UPDATE job SET status = 'failed', error = ?2, updated_at = ?3 WHERE id = ?1",
                values![held.id, error, self.now()],
            ),
        ];
        self.change_held(held, document, &mut statements).await
    }

    /// Makes these changes if the job is still held and the document still as it was read.
    async fn change_held(
        &self,
        held: &Job,
        document: &Document,
        statements: &mut Vec<Statement>,
    ) -> Result<bool, Error> {
        let mut write = vec![
            Statement::new(
                "UPDATE job SET updated_at = ?3 WHERE id = ?1 AND fence = ?2 AND status = 'running'",
                values![held.id, held.fence, self.now()],
            )
            .or_conflict(SUPERSEDED),
            Statement::new(
                "UPDATE document SET updated_at = ?2 WHERE id = ?1 AND updated_at = ?2 AND status = 'queued'",
                values![document.id, document.updated_at],
            )
            .or_conflict(SUPERSEDED),
        ];
        write.append(statements);
        match self.change(write).await {
            Ok(_) => Ok(true),
            Err(Error::Conflict(SUPERSEDED)) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

fn base(row: &Row) -> Result<Base, Fault> {
    Ok(Base { id: row.get(0)?, name: row.get(1)?, config: row.json(2)? })
}

fn document(row: &Row) -> Result<Document, Fault> {
    Ok(Document {
        id: row.get(0)?,
        base: row.get(1)?,
        name: row.get(2)?,
        media_type: row.get(3)?,
        size: row.get(4)?,
        status: row.word(5)?,
        error: row.get(6)?,
        chunks: row.get(7)?,
        model: row.get(8)?,
        updated_at: row.time(9)?,
    })
}
