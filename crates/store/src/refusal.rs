//! Refused requests, as far as they are kept.

use std::collections::BTreeSet;

use clock::Timestamp;
use rusqlite::{OptionalExtension, Row};

use crate::{
    Error, Page, PageRequest, Place, RefusalId, SourceId, Store, WorkspaceId,
    sql::{Statement, time, values},
};

/// A refused request.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// Its id.
    pub id: RefusalId,
    /// Where its source belongs.
    pub place: Place,
    /// The source that refused it.
    pub source: SourceId,
    /// Why: `signature_invalid`, `field_invalid`, …
    pub code: String,
    /// The HTTP status it got.
    pub status: u32,
    /// When it came.
    pub received_at: Timestamp,
    /// Peer, headers, body as far as kept, and the answer, as JSON; sealed before it is stored.
    pub content: Vec<u8>,
}

/// Refused requests that are kept of each source; older ones go.
pub const REFUSALS_KEPT: u32 = 1_000;

impl Store {
    /// Records refused requests. Of each source only the newest [`REFUSALS_KEPT`] stay: whoever knows a
    /// source's address can have requests refused at will, and must not fill the disk with them.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn refusal_add(&self, refusals: Vec<Refusal>) -> Result<(), Error> {
        let statement = |refusal: Refusal| {
            let sealed = self.seal("refusal", refusal.id.as_bytes(), &refusal.content);
            Statement::new(
                "INSERT INTO refusal (workspace, environment, id, source, code, status, received_at, sealed)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                values![
                    refusal.place.workspace,
                    refusal.place.environment,
                    refusal.id,
                    refusal.source,
                    refusal.code,
                    refusal.status,
                    refusal.received_at,
                    sealed
                ],
            )
        };
        let sources: BTreeSet<SourceId> = refusals.iter().map(|refusal| refusal.source).collect();
        let bound = |source: SourceId| {
            Statement::new(
                "DELETE FROM refusal WHERE source = ?1 AND id <=
                     (SELECT id FROM refusal WHERE source = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
                values![source, REFUSALS_KEPT],
            )
        };
        let statements = refusals.into_iter().map(statement).chain(sources.into_iter().map(bound));
        self.change(statements.collect()).await.map(drop)
    }

    /// The newest refused requests of an environment, or of one source.
    ///
    /// # Errors
    /// When the database cannot be read or a record does not open.
    pub async fn refusal_list(
        &self,
        place: Place,
        source: Option<SourceId>,
        page: PageRequest<RefusalId>,
    ) -> Result<Page<Refusal>, Error> {
        let (limit, fetch) = (page.limit, page.fetch());
        let rows: Vec<Refusal> = self
            .read(move |c| {
                let before = page.before.unwrap_or(RefusalId::from_bytes([0xFF; 16]));
                // A plus keeps a column out of the choice of the index, which else is the one of all sources.
                let of_source = "SELECT id, workspace, environment, source, code, status, received_at, sealed FROM refusal
                     WHERE source = ?5 AND id < ?3 AND +workspace = ?1 AND +environment = ?2 ORDER BY id DESC LIMIT ?4";
                let of_all = "SELECT id, workspace, environment, source, code, status, received_at, sealed FROM refusal
                     WHERE workspace = ?1 AND environment = ?2 AND id < ?3 AND ?5 IS NULL ORDER BY id DESC LIMIT ?4";
                let mut query = c.prepare_cached(if source.is_some() { of_source } else { of_all })?;
                query.query_map((place.workspace, place.environment, before, fetch, source), view)?.collect()
            })
            .await?;
        let rows = rows.into_iter().map(|refusal| self.open_refusal(refusal));
        Ok(Page::cut(rows.collect::<Result<_, Error>>()?, limit))
    }

    /// A refused request of a workspace.
    ///
    /// # Errors
    /// When the database cannot be read or the record does not open.
    pub async fn refusal_get(&self, workspace: WorkspaceId, id: RefusalId) -> Result<Option<Refusal>, Error> {
        let found = self.read(move |c| {
            let mut query = c.prepare_cached(
                "SELECT id, workspace, environment, source, code, status, received_at, sealed FROM refusal
                 WHERE id = ?1 AND workspace = ?2",
            )?;
            query.query_row((id, workspace), view).optional()
        });
        found.await?.map(|refusal| self.open_refusal(refusal)).transpose()
    }

    fn open_refusal(&self, mut refusal: Refusal) -> Result<Refusal, Error> {
        refusal.content = self.unseal("refusal", refusal.id.as_bytes(), &refusal.content)?;
        Ok(refusal)
    }
}

fn view(row: &Row) -> rusqlite::Result<Refusal> {
    Ok(Refusal {
        id: row.get(0)?,
        place: Place { workspace: row.get(1)?, environment: row.get(2)? },
        source: row.get(3)?,
        code: row.get(4)?,
        status: row.get(5)?,
        received_at: time(row, 6)?,
        content: row.get(7)?,
    })
}
