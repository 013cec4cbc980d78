//! What many events have in common.

use std::borrow::Cow;

use crate::{
    FlowId, Place, SourceId, WorkspaceId,
    read::Reader,
    sql::{Fault, values},
};

/// Where events belong and the way they came, which the rows of events and runs hold as one number.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Origin {
    pub(crate) place: Place,
    pub(crate) flow: FlowId,
    pub(crate) source: Option<SourceId>,
    pub(crate) kind: Cow<'static, str>,
}

/// The origins of an environment.
pub(crate) fn of_place(c: &Reader<'_>, place: Place) -> Result<Vec<i64>, Fault> {
    let sql = "SELECT number FROM origin WHERE workspace = ?1 AND environment = ?2";
    c.rows(sql, values![place.workspace, place.environment], |row| row.get(0))
}

/// The origins of a flow in an environment.
pub(crate) fn of_flow(c: &Reader<'_>, place: Place, flow: FlowId) -> Result<Vec<i64>, Fault> {
    let sql = "SELECT number FROM origin WHERE workspace = ?1 AND environment = ?2 AND flow = ?3";
    c.rows(sql, values![place.workspace, place.environment, flow], |row| row.get(0))
}

/// The origins of a source of a workspace.
pub(crate) fn of_source(c: &Reader<'_>, workspace: WorkspaceId, source: SourceId) -> Result<Vec<i64>, Fault> {
    let sql = "SELECT number FROM origin WHERE source = ?1 AND workspace = ?2";
    c.rows(sql, values![source, workspace], |row| row.get(0))
}
