//! Refused requests, as far as they are kept.

use std::collections::BTreeSet;

use clock::Timestamp;

use crate::{
    Error, EventId, Page, PageRequest, Place, RefusalId, SourceId, Store, WorkspaceId,
    sql::{Fault, Row, Sql, Statement, Value, values},
};

/// A refused request that is about to be recorded.
#[derive(Clone, Debug)]
pub struct NewRefusal {
    /// The refusal, as lists show it.
    pub refusal: Refusal,
    /// Peer, headers, body as far as kept, and the answer, as JSON; sealed before it is stored.
    pub content: Vec<u8>,
    /// What `content` hides of the request and it needs to be judged again, as JSON; sealed before it is stored, and
    /// shown to nobody. `None` when the request was not kept whole.
    pub original: Option<Vec<u8>>,
}

/// A refused request. Lists are made of it, so what came with it is read for one at a time.
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
    /// Whether it was kept whole, so that it can be replayed.
    pub is_whole: bool,
    /// The event that a replay of it became.
    pub replayed_as: Option<EventId>,
}

const COLUMNS: &str = "id, workspace, environment, source, code, status, received_at, original IS NOT NULL,
    replayed_as";

/// Refused requests that are kept of each source; older ones go.
pub const REFUSALS_KEPT: u32 = 1_000;

impl Store {
    /// Records refused requests. Of each source only the newest [`REFUSALS_KEPT`] stay: whoever knows a
    /// source's address can have requests refused at will, and must not fill the disk with them.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn refusal_add(&self, refusals: Vec<NewRefusal>) -> Result<(), Error> {
        let statement = |NewRefusal { refusal, content, original }: NewRefusal| {
            let sealed = self.seal("refusal", refusal.id.as_bytes(), &content);
            let original =
                original.map(|original| self.seal("refusal_original", refusal.id.as_bytes(), &original));
            Statement::new(
                "INSERT INTO refusal
                     (workspace, environment, id, source, code, status, received_at, sealed, original)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                values![
                    refusal.place.workspace,
                    refusal.place.environment,
                    refusal.id,
                    refusal.source,
                    refusal.code,
                    refusal.status,
                    refusal.received_at,
                    sealed,
                    original
                ],
            )
        };
        let sources: BTreeSet<SourceId> = refusals.iter().map(|new| new.refusal.source).collect();
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
    /// When the database cannot be read.
    pub async fn refusal_list(
        &self,
        place: Place,
        source: Option<SourceId>,
        page: PageRequest<RefusalId>,
    ) -> Result<Page<Refusal>, Error> {
        let before = page.before.unwrap_or(RefusalId::from_bytes([0xFF; 16]));
        let mut params = values![place.workspace, place.environment, before, page.fetch()];
        let sql = if source.is_some() { OF_SOURCE } else { OF_ALL };
        params.extend(source.map(Value::from));
        Ok(Page::cut(self.rows(sql, params, view).await?, page.limit))
    }

    /// A refused request of a workspace.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn refusal_get(&self, workspace: WorkspaceId, id: RefusalId) -> Result<Option<Refusal>, Error> {
        let sql = format!("SELECT {COLUMNS} FROM refusal WHERE id = ?1 AND workspace = ?2");
        self.row(sql, values![id, workspace], view).await
    }

    /// What is shown of a refused request and its answer.
    ///
    /// # Errors
    /// When the database cannot be read or the record does not open.
    pub async fn refusal_content(
        &self,
        workspace: WorkspaceId,
        id: RefusalId,
    ) -> Result<Option<Vec<u8>>, Error> {
        let sql = "SELECT sealed FROM refusal WHERE id = ?1 AND workspace = ?2";
        let sealed: Option<Vec<u8>> = self.row(sql, values![id, workspace], |row| row.get(0)).await?;
        sealed.map(|sealed| self.unseal("refusal", id.as_bytes(), &sealed)).transpose()
    }

    /// What a refused request hides and needs to be judged again; `None` when it was not kept whole.
    ///
    /// # Errors
    /// When the database cannot be read or the record does not open.
    pub async fn refusal_original(
        &self,
        workspace: WorkspaceId,
        id: RefusalId,
    ) -> Result<Option<Vec<u8>>, Error> {
        let sql = "SELECT original FROM refusal WHERE id = ?1 AND workspace = ?2";
        let sealed: Option<Option<Vec<u8>>> = self.row(sql, values![id, workspace], |row| row.get(0)).await?;
        sealed.flatten().map(|sealed| self.unseal("refusal_original", id.as_bytes(), &sealed)).transpose()
    }

    /// Marks a refused request as replayed.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn refusal_replayed(
        &self,
        workspace: WorkspaceId,
        id: RefusalId,
        event: EventId,
    ) -> Result<(), Error> {
        let sql = "UPDATE refusal SET replayed_as = ?3 WHERE id = ?1 AND workspace = ?2";
        self.change(vec![Statement::new(sql, values![id, workspace, event])]).await.map(drop)
    }
}

fn view(row: &Row) -> Result<Refusal, Fault> {
    Ok(Refusal {
        id: row.get(0)?,
        place: Place { workspace: row.get(1)?, environment: row.get(2)? },
        source: row.get(3)?,
        code: row.get(4)?,
        status: row.get(5)?,
        received_at: row.time(6)?,
        is_whole: row.get(7)?,
        replayed_as: row.get(8)?,
    })
}

/// The refused requests of an environment before one, newest first. PostgreSQL is asked by a range of the whole index,
/// as for other lists (newest.rs).
const OF_ALL: Sql = Sql::Each {
    sqlite: "SELECT id, workspace, environment, source, code, status, received_at, original IS NOT NULL,
                 replayed_as FROM refusal
             WHERE workspace = ?1 AND environment = ?2 AND id < ?3 ORDER BY id DESC LIMIT ?4",
    postgres: "SELECT id, workspace, environment, source, code, status, received_at, original IS NOT NULL,
                 replayed_as FROM refusal
               WHERE (workspace, environment, id) < (?1, ?2, ?3) AND (workspace, environment) >= (?1, ?2)
               ORDER BY workspace DESC, environment DESC, id DESC LIMIT ?4",
};

/// Those of one source. Of its workspace a source knows all by itself; a plus keeps a column out of the choice of the
/// index.
const OF_SOURCE: Sql = Sql::Each {
    sqlite: "SELECT id, workspace, environment, source, code, status, received_at, original IS NOT NULL,
                 replayed_as FROM refusal
             WHERE source = ?5 AND id < ?3 AND +workspace = ?1 AND +environment = ?2 ORDER BY id DESC LIMIT ?4",
    postgres: "SELECT id, workspace, environment, source, code, status, received_at, original IS NOT NULL,
                 replayed_as FROM refusal
               WHERE (source, id) < (?5, ?3) AND source >= ?5 AND workspace = ?1 AND environment = ?2
               ORDER BY source DESC, id DESC LIMIT ?4",
};
