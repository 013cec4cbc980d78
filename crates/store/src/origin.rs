//! What many events have in common.

use std::borrow::Cow;

use rusqlite::{Connection, Row, ToSql};

use crate::{FlowId, Place, SourceId, WorkspaceId};

/// Where events belong and the way they came, which the rows of events and runs hold as one number.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Origin {
    pub(crate) place: Place,
    pub(crate) flow: FlowId,
    pub(crate) source: Option<SourceId>,
    pub(crate) kind: Cow<'static, str>,
}

impl Origin {
    /// Reads the columns `workspace, environment, flow, source, kind` from the first on.
    pub(crate) fn read(row: &Row, first: usize) -> rusqlite::Result<Self> {
        Ok(Self {
            place: Place { workspace: row.get(first)?, environment: row.get(first + 1)? },
            flow: row.get(first + 2)?,
            source: row.get(first + 3)?,
            kind: row.get::<_, String>(first + 4)?.into(),
        })
    }
}

/// The origins of an environment.
pub(crate) fn of_place(c: &Connection, place: Place) -> rusqlite::Result<Vec<i64>> {
    numbers(
        c,
        "SELECT number FROM origin WHERE workspace = ?1 AND environment = ?2",
        &[&place.workspace, &place.environment],
    )
}

/// The origins of a flow in an environment.
pub(crate) fn of_flow(c: &Connection, place: Place, flow: FlowId) -> rusqlite::Result<Vec<i64>> {
    numbers(
        c,
        "SELECT number FROM origin WHERE workspace = ?1 AND environment = ?2 AND flow = ?3",
        &[&place.workspace, &place.environment, &flow],
    )
}

/// The origins of a source of a workspace.
pub(crate) fn of_source(
    c: &Connection,
    workspace: WorkspaceId,
    source: SourceId,
) -> rusqlite::Result<Vec<i64>> {
    numbers(c, "SELECT number FROM origin WHERE source = ?1 AND workspace = ?2", &[&source, &workspace])
}

fn numbers(c: &Connection, sql: &str, params: &[&dyn ToSql]) -> rusqlite::Result<Vec<i64>> {
    c.prepare_cached(sql)?.query_map(params, |row| row.get(0))?.collect()
}
