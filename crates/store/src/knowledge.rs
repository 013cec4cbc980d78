//! Knowledge bases, documents and chunks. The search index is made from these rows.

use clock::Timestamp;
use rusqlite::{OptionalExtension, Row};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{
    BaseId, DocumentId, Error, JobId, Store, WorkspaceId,
    sql::{Statement, json, time, values, word},
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

/// A chunk with its embedding.
#[derive(Clone, Debug, PartialEq)]
pub struct Chunk {
    /// The document it is from.
    pub document: DocumentId,
    /// Its place among the document's chunks, from 0.
    pub ordinal: u32,
    /// Its text.
    pub text: String,
    /// The headings above it.
    pub heading: Value,
    /// Where in the document it stands.
    pub place: Value,
    /// Its embedding.
    pub embedding: Vec<f32>,
}

const DOCUMENT: &str = "id, base, name, media_type, size, status, error, chunks, updated_at";

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
        let name = name.to_owned();
        self.read(move |c| {
            let mut query = c.prepare_cached(
                "SELECT id, name, config FROM knowledge_base WHERE workspace = ?1 AND name = ?2",
            )?;
            query.query_row((workspace, name), base).optional()
        })
        .await
    }

    /// The knowledge bases of a workspace, by name.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn base_list(&self, workspace: WorkspaceId) -> Result<Vec<Base>, Error> {
        self.read(move |c| {
            let mut query = c.prepare_cached(
                "SELECT id, name, config FROM knowledge_base WHERE workspace = ?1 ORDER BY name",
            )?;
            query.query_map([workspace], base)?.collect()
        })
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
        let queue =
            self.job_insert(workspace, job, "ingest", &serde_json::json!({ "document": id, "base": base }));
        self.change(vec![put, queue]).await?;
        Ok((id, Some(job)))
    }

    async fn document_named(
        &self,
        base: BaseId,
        name: &str,
    ) -> Result<Option<(DocumentId, [u8; 32], DocumentStatus)>, Error> {
        let name = name.to_owned();
        self.read(move |c| {
            let mut query =
                c.prepare_cached("SELECT id, hash, status FROM document WHERE base = ?1 AND name = ?2")?;
            query.query_row((base, name), |row| Ok((row.get(0)?, row.get(1)?, word(row, 2)?))).optional()
        })
        .await
    }

    /// The documents of a base, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn document_list(&self, workspace: WorkspaceId, base: BaseId) -> Result<Vec<Document>, Error> {
        self.read(move |c| {
            let sql = format!(
                "SELECT {DOCUMENT} FROM document WHERE workspace = ?1 AND base = ?2 ORDER BY id LIMIT 10000"
            );
            c.prepare_cached(&sql)?.query_map((workspace, base), document)?.collect()
        })
        .await
    }

    /// A document with its content.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn document_get(&self, id: DocumentId) -> Result<Option<(Document, Vec<u8>)>, Error> {
        self.read(move |c| {
            let sql = format!("SELECT {DOCUMENT}, content FROM document WHERE id = ?1");
            c.prepare_cached(&sql)?.query_row([id], |row| Ok((document(row)?, row.get(9)?))).optional()
        })
        .await
    }

    /// Replaces a document's chunks and says that it is ready, in one transaction.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn document_chunks(
        &self,
        workspace: WorkspaceId,
        base: BaseId,
        document: DocumentId,
        chunks: &[Chunk],
    ) -> Result<(), Error> {
        let count = u32::try_from(chunks.len()).unwrap_or(u32::MAX);
        let mut statements = vec![Statement::new("DELETE FROM chunk WHERE document = ?1", values![document])];
        statements.extend(chunks.iter().map(|chunk| {
            Statement::new(
                "INSERT INTO chunk (workspace, document, ordinal, base, text, heading, place, embedding)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                values![
                    workspace,
                    document,
                    chunk.ordinal,
                    base,
                    chunk.text.as_str(),
                    &chunk.heading,
                    &chunk.place,
                    chunk.embedding.iter().flat_map(|f| f.to_le_bytes()).collect::<Vec<u8>>()
                ],
            )
        }));
        statements.push(Statement::new(
            "UPDATE document SET status = 'ready', error = NULL, chunks = ?2, updated_at = ?3 WHERE id = ?1",
            values![document, count, self.now()],
        ));
        self.change(statements).await.map(drop)
    }

    /// Says that a document could not be read.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn document_failed(&self, document: DocumentId, error: &str) -> Result<(), Error> {
        let statement = Statement::new(
            "UPDATE document SET status = 'failed', error = ?2, updated_at = ?3 WHERE id = ?1",
            values![document, error, self.now()],
        );
        self.change(vec![statement]).await.map(drop)
    }

    /// A part of a base's chunks, in the order of documents, after the given place; for the index.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn chunk_list(
        &self,
        base: BaseId,
        after: Option<(DocumentId, u32)>,
        limit: usize,
    ) -> Result<Vec<Chunk>, Error> {
        let (document, ordinal) = after
            .map_or((DocumentId::from_bytes([0; 16]), -1), |(document, ordinal)| {
                (document, i64::from(ordinal))
            });
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.read(move |c| {
            let mut query = c.prepare_cached(
                "SELECT document, ordinal, text, heading, place, embedding FROM chunk
                 WHERE base = ?1 AND (document, ordinal) > (?2, ?3) ORDER BY document, ordinal LIMIT ?4",
            )?;
            query.query_map((base, document, ordinal, limit), chunk)?.collect()
        })
        .await
    }
}

fn base(row: &Row) -> rusqlite::Result<Base> {
    Ok(Base { id: row.get(0)?, name: row.get(1)?, config: json(row, 2)? })
}

fn document(row: &Row) -> rusqlite::Result<Document> {
    Ok(Document {
        id: row.get(0)?,
        base: row.get(1)?,
        name: row.get(2)?,
        media_type: row.get(3)?,
        size: row.get(4)?,
        status: word(row, 5)?,
        error: row.get(6)?,
        chunks: row.get(7)?,
        updated_at: time(row, 8)?,
    })
}

fn chunk(row: &Row) -> rusqlite::Result<Chunk> {
    let bytes = row.get_ref(5)?.as_blob()?;
    let embedding = bytes.chunks_exact(4).filter_map(|b| b.try_into().ok()).map(f32::from_le_bytes).collect();
    Ok(Chunk {
        document: row.get(0)?,
        ordinal: row.get(1)?,
        text: row.get(2)?,
        heading: json(row, 3)?,
        place: json(row, 4)?,
        embedding,
    })
}
