//! Sources: what makes events: inbound endpoints, schedules, and alerts.

use clock::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Error, FlowId, Place, SourceId, Store, WorkspaceId,
    sql::{Fault, Row, STALE, Statement, values},
};

/// What makes a source's events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceKind {
    /// Requests to its URL.
    #[default]
    Webhook,
    /// The passing of time: see [`Store::schedule_put`].
    Schedule,
    /// What befalls the destinations of its environment: see [`Store::alert_pending`].
    Alert,
}

/// An inbound endpoint, a schedule, or what alerts go to.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its id, which is part of its URL.
    pub id: SourceId,
    /// Where it belongs.
    pub place: Place,
    /// The flow it starts.
    pub flow: FlowId,
    /// What makes its events; never changes.
    pub kind: SourceKind,
    /// Its name in lists.
    pub name: String,
    /// Its settings as JSON, without secrets: verification, fields, limits and reply; when it ticks; which alerts it takes.
    pub config: String,
    /// Its secrets as JSON; sealed where it is stored.
    pub secrets: Vec<u8>,
    /// Whether it makes events.
    pub enabled: bool,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

const COLUMNS: &str = "id, workspace, environment, flow, kind, name, config, sealed, enabled, updated_at";

impl Store {
    /// Stores a source that is no schedule, new or changed.
    ///
    /// # Errors
    /// [`Error::Conflict`] when another source of the environment has its name.
    pub async fn source_put(&self, source: &Source) -> Result<(), Error> {
        self.change(vec![self.source_written(source)]).await.map(drop)
    }

    /// Like [`Store::source_put`], of a source that was read before and is as it was then.
    ///
    /// # Errors
    /// [`Error::Conflict`] with [`STALE`] when it has changed since its `updated_at`.
    pub async fn source_change(&self, source: &Source) -> Result<(), Error> {
        self.change(vec![source_unchanged(source), self.source_written(source)]).await.map(drop)
    }

    /// The statement that stores a source. Each change has a time of its own, by which it is told from others.
    pub(crate) fn source_written(&self, source: &Source) -> Statement {
        let sealed = self.seal("source", source.id.as_bytes(), &source.secrets);
        let statement = Statement::new(
            "INSERT INTO source (workspace, environment, id, flow, name, config, sealed, enabled, created_at, updated_at, kind)
             SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9, ?10
             WHERE NOT EXISTS (SELECT 1 FROM source WHERE workspace = ?1 AND environment = ?2 AND name = ?5 AND id <> ?3)
             ON CONFLICT (id) DO UPDATE SET flow = ?4, name = ?5, config = ?6, sealed = ?7, enabled = ?8,
                 updated_at = CASE WHEN ?9 > source.updated_at THEN ?9 ELSE source.updated_at + 1 END",
            values![
                source.place.workspace,
                source.place.environment,
                source.id,
                source.flow,
                source.name.as_str(),
                source.config.as_str(),
                sealed,
                source.enabled,
                self.now(),
                source.kind.word(),
            ],
        );
        statement.or_conflict("another source of this environment has that name")
    }

    /// A source, whatever its workspace: its id is its own permission.
    ///
    /// # Errors
    /// When the database cannot be read or the secrets do not open.
    pub async fn source_get(&self, id: SourceId) -> Result<Option<Source>, Error> {
        let row = self.row(format!("SELECT {COLUMNS} FROM source WHERE id = ?1"), values![id], source);
        row.await?.map(|source| self.open_source(source)).transpose()
    }

    /// The sources of an environment, by name.
    ///
    /// # Errors
    /// When the database cannot be read or the secrets do not open.
    pub async fn source_list(&self, place: Place) -> Result<Vec<Source>, Error> {
        let rows: Vec<Source> = self
            .rows(
                format!(
                    "SELECT {COLUMNS} FROM source WHERE workspace = ?1 AND environment = ?2 ORDER BY name"
                ),
                values![place.workspace, place.environment],
                source,
            )
            .await?;
        rows.into_iter().map(|source| self.open_source(source)).collect()
    }

    /// Deletes a source with its samples. Says whether there was one.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn source_delete(&self, workspace: WorkspaceId, id: SourceId) -> Result<bool, Error> {
        let statements = vec![
            Statement::new(
                "DELETE FROM schedule WHERE source IN (SELECT id FROM source WHERE id = ?1 AND workspace = ?2)",
                values![id, workspace],
            ),
            Statement::new("DELETE FROM sample WHERE source = ?1 AND workspace = ?2", values![id, workspace]),
            Statement::new("DELETE FROM source WHERE id = ?1 AND workspace = ?2", values![id, workspace]),
        ];
        self.change(statements).await.map(|changed| changed.last() == Some(&1))
    }

    fn open_source(&self, mut source: Source) -> Result<Source, Error> {
        source.secrets = self.unseal("source", source.id.as_bytes(), &source.secrets)?;
        Ok(source)
    }
}

impl SourceKind {
    /// As the database has it.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Schedule => "schedule",
            Self::Alert => "alert",
        }
    }
}

/// The statement that finds a source as it was when it was read.
pub(crate) fn source_unchanged(source: &Source) -> Statement {
    let statement = Statement::new(
        "UPDATE source SET updated_at = updated_at WHERE id = ?1 AND updated_at = ?2",
        values![source.id, source.updated_at],
    );
    statement.or_conflict(STALE)
}

fn source(row: &Row) -> Result<Source, Fault> {
    Ok(Source {
        id: row.get(0)?,
        place: Place { workspace: row.get(1)?, environment: row.get(2)? },
        flow: row.get(3)?,
        kind: row.word(4)?,
        name: row.get(5)?,
        config: row.get(6)?,
        secrets: row.get(7)?,
        enabled: row.get(8)?,
        updated_at: row.time(9)?,
    })
}
