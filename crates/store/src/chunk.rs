//! Chunks: what documents are cut into. The search index is made from these rows.

use serde_json::Value;

use crate::{
    BaseId, Document, DocumentId, Error, Store, WorkspaceId,
    sql::{Fault, Row, Sql, Statement, values},
};

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
    /// Its embedding; empty where it has none.
    pub embedding: Vec<f32>,
}

/// A chunk as it is cited.
#[derive(Clone, Debug, PartialEq)]
pub struct Excerpt {
    /// The base it is in.
    pub base: BaseId,
    /// The document it is from.
    pub document: DocumentId,
    /// The document's file name.
    pub name: String,
    /// Its place among the document's chunks, from 0.
    pub ordinal: u32,
    /// Its text.
    pub text: String,
    /// The headings above it.
    pub heading: Value,
    /// Where in the document it stands.
    pub place: Value,
}

impl Store {
    /// A part of a base's chunks, in the order of documents, after the given place; for the index. Chunks that
    /// another model than `model` has embedded come without their embedding.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn chunk_list(
        &self,
        base: BaseId,
        model: &str,
        after: Option<(DocumentId, u32)>,
        limit: usize,
    ) -> Result<Vec<Chunk>, Error> {
        let (document, ordinal) = after
            .map_or((DocumentId::from_bytes([0; 16]), -1), |(document, ordinal)| {
                (document, i64::from(ordinal))
            });
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.rows(OF_BASE, values![base, document, ordinal, limit, model], chunk).await
    }

    /// The chunks of a document, in order; the vectors of another model than this are left out. None when it is gone or
    /// not ready.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn chunk_of_document(&self, document: DocumentId, model: &str) -> Result<Vec<Chunk>, Error> {
        self.rows(
            "SELECT c.document, c.ordinal, c.text, c.heading, c.place,
                 substr(c.embedding, 1, CASE WHEN d.model = ?2 THEN length(c.embedding) ELSE 0 END)
             FROM chunk c JOIN document d ON d.id = c.document
             WHERE c.document = ?1 AND c.ordinal < d.chunks ORDER BY c.ordinal",
            values![document, model],
            chunk,
        )
        .await
    }

    /// The chunks that `model` has embedded already and that a document may consist of: those it had before,
    /// and those of the base's documents with the same content.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn chunk_embedded(&self, document: &Document, model: &str) -> Result<Vec<Chunk>, Error> {
        let (id, base, model) = (document.id, document.base, model.to_owned());
        self.rows(
            "SELECT c.document, c.ordinal, c.text, c.heading, c.place, c.embedding
                 FROM document d JOIN chunk c ON c.document = d.id
                 WHERE d.base = ?1 AND d.model = ?2 AND c.ordinal < d.chunks
                   AND (d.id = ?3 OR d.hash = (SELECT hash FROM document WHERE id = ?3))",
            values![base, model, id],
            chunk,
        )
        .await
    }

    /// The chunks at these places, as they are cited; those that are gone are left out.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn chunk_cite(&self, places: Vec<(DocumentId, u32)>) -> Result<Vec<Excerpt>, Error> {
        self.read(move |c| {
            let sql = "SELECT c.base, c.document, d.name, c.ordinal, c.text, c.heading, c.place
                       FROM chunk c JOIN document d ON d.id = c.document WHERE c.document = ?1 AND c.ordinal = ?2";
            let cited = places.into_iter().map(|(document, ordinal)| values![document, ordinal]);
            c.each(sql, cited, excerpt)
        })
        .await
    }
}

/// The chunks of a base after one. PostgreSQL is asked by a range of the whole index, as for lists (newest.rs).
const OF_BASE: Sql = Sql::Each {
    sqlite: "SELECT c.document, c.ordinal, c.text, c.heading, c.place,
                 substr(c.embedding, 1, CASE WHEN d.model = ?5 THEN length(c.embedding) ELSE 0 END)
             FROM chunk c JOIN document d ON d.id = c.document
             WHERE c.base = ?1 AND (c.document, c.ordinal) > (?2, ?3) AND c.ordinal < d.chunks
             ORDER BY c.document, c.ordinal LIMIT ?4",
    postgres: "SELECT c.document, c.ordinal, c.text, c.heading, c.place,
                   substr(c.embedding, 1, CASE WHEN d.model = ?5 THEN length(c.embedding) ELSE 0 END)
               FROM chunk c JOIN document d ON d.id = c.document
               WHERE (c.base, c.document, c.ordinal) > (?1, ?2, ?3) AND c.base <= ?1 AND c.ordinal < d.chunks
               ORDER BY c.base, c.document, c.ordinal LIMIT ?4",
};

pub(crate) fn insert(workspace: WorkspaceId, document: &Document, chunk: &Chunk) -> Statement {
    Statement::new(
        "INSERT INTO chunk (workspace, document, ordinal, base, text, heading, place, embedding)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        values![
            workspace,
            document.id,
            chunk.ordinal,
            document.base,
            chunk.text.as_str(),
            &chunk.heading,
            &chunk.place,
            chunk.embedding.iter().flat_map(|f| f.to_le_bytes()).collect::<Vec<u8>>()
        ],
    )
}

fn excerpt(row: &Row) -> Result<Excerpt, Fault> {
    Ok(Excerpt {
        base: row.get(0)?,
        document: row.get(1)?,
        name: row.get(2)?,
        ordinal: row.get(3)?,
        text: row.get(4)?,
        heading: row.json(5)?,
        place: row.json(6)?,
    })
}

fn chunk(row: &Row) -> Result<Chunk, Fault> {
    let bytes: Vec<u8> = row.get(5)?;
    let embedding = bytes.chunks_exact(4).filter_map(|b| b.try_into().ok()).map(f32::from_le_bytes).collect();
    Ok(Chunk {
        document: row.get(0)?,
        ordinal: row.get(1)?,
        text: row.get(2)?,
        heading: row.json(3)?,
        place: row.json(4)?,
        embedding,
    })
}
