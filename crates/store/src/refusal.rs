//! Refused requests, as far as they are kept.

use clock::Timestamp;
use rusqlite::Row;

use crate::{
    Error, Page, PageRequest, Place, RefusalId, SourceId, Store,
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

impl Store {
    /// Records refused requests.
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
        self.change(refusals.into_iter().map(statement).collect()).await.map(drop)
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
                let of_source = "SELECT id, source, code, status, received_at, sealed FROM refusal
                     WHERE source = ?5 AND id < ?3 AND workspace = ?1 AND environment = ?2 ORDER BY id DESC LIMIT ?4";
                let of_all = "SELECT id, source, code, status, received_at, sealed FROM refusal
                     WHERE workspace = ?1 AND environment = ?2 AND id < ?3 AND ?5 IS NULL ORDER BY id DESC LIMIT ?4";
                let row = |row: &Row| {
                    Ok(Refusal {
                        id: row.get(0)?,
                        place,
                        source: row.get(1)?,
                        code: row.get(2)?,
                        status: row.get(3)?,
                        received_at: time(row, 4)?,
                        content: row.get(5)?,
                    })
                };
                let mut query = c.prepare_cached(if source.is_some() { of_source } else { of_all })?;
                query.query_map((place.workspace, place.environment, before, fetch, source), row)?.collect()
            })
            .await?;
        let open = |mut refusal: Refusal| {
            refusal.content = self.unseal("refusal", refusal.id.as_bytes(), &refusal.content)?;
            Ok(refusal)
        };
        Ok(Page::cut(rows.into_iter().map(open).collect::<Result<_, Error>>()?, limit))
    }
}
