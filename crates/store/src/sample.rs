//! Samples: requests that were pinned to a source, to build fields from. They outlive the history they came from.

use clock::Timestamp;

use crate::{
    Error, SourceId, Store, WorkspaceId,
    sql::{Fault, Row, Statement, values},
};

/// The most samples of one source.
pub const SAMPLES: u32 = 20;

/// A request that was pinned to a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Its name, one of its kind in the source.
    pub name: String,
    /// The request, its secrets hidden, as JSON; sealed before it is stored.
    pub content: Vec<u8>,
    /// When it was pinned.
    pub created_at: Timestamp,
}

impl Store {
    /// Pins a sample to a source; one of the same name gives way.
    ///
    /// # Errors
    /// [`Error::Conflict`] when the source has [`SAMPLES`] others, or is gone.
    pub async fn sample_put(
        &self,
        workspace: WorkspaceId,
        source: SourceId,
        name: &str,
        content: &[u8],
    ) -> Result<(), Error> {
        let sealed = self.seal("sample", &context(source, name), content);
        let statement = Statement::new(
            "INSERT INTO sample (workspace, source, name, sealed, created_at)
             SELECT ?1, ?2, ?3, ?4, ?5 WHERE EXISTS (SELECT 1 FROM source WHERE id = ?2 AND workspace = ?1)
                 AND (SELECT count(*) FROM sample WHERE source = ?2 AND name <> ?3) < ?6
             ON CONFLICT (source, name) DO UPDATE SET sealed = ?4, created_at = ?5",
            values![workspace, source, name, sealed, self.now(), SAMPLES],
        );
        let statement =
            statement.or_conflict("the source is gone, or has 20 other samples: delete one first");
        self.change(vec![statement]).await.map(drop)
    }

    /// The samples of a source, by name.
    ///
    /// # Errors
    /// When the database cannot be read or a sample does not open.
    pub async fn sample_list(&self, workspace: WorkspaceId, source: SourceId) -> Result<Vec<Sample>, Error> {
        let sql = "SELECT name, sealed, created_at FROM sample WHERE source = ?1 AND workspace = ?2
                   ORDER BY name LIMIT 20";
        let rows: Vec<Sample> = self.rows(sql, values![source, workspace], sample).await?;
        rows.into_iter()
            .map(|mut sample| {
                sample.content = self.unseal("sample", &context(source, &sample.name), &sample.content)?;
                Ok(sample)
            })
            .collect()
    }

    /// Deletes a sample. Says whether there was one.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn sample_delete(
        &self,
        workspace: WorkspaceId,
        source: SourceId,
        name: &str,
    ) -> Result<bool, Error> {
        let sql = "DELETE FROM sample WHERE source = ?1 AND name = ?2 AND workspace = ?3";
        let statement = Statement::new(sql, values![source, name, workspace]);
        self.change(vec![statement]).await.map(|changed| changed == [1])
    }
}

/// A sample belongs to its name in its source, and opens nowhere else.
fn context(source: SourceId, name: &str) -> Vec<u8> {
    [source.as_bytes(), name.as_bytes()].concat()
}

fn sample(row: &Row) -> Result<Sample, Fault> {
    Ok(Sample { name: row.get(0)?, content: row.get(1)?, created_at: row.time(2)? })
}
