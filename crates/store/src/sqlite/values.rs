//! How ids and parameters become values of SQLite, and rows are read.

use rusqlite::{
    Connection, ToSql,
    types::{FromSql, FromSqlResult, ToSqlOutput, ValueRef},
};

use crate::delivery::Lane;
use crate::id::{
    ApiKeyId, BaseId, DeliveryId, DeploymentId, DestinationId, DocumentId, EnvironmentId, EventId, FlowId,
    JobId, MemberId, ModelId, NodeId, ProviderId, RefusalId, RunId, SourceId, VersionId, WorkspaceId,
};
use crate::sql::{Fault, Held, Row, Value};

impl ToSql for Lane {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(self.hash()))
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Integer(value) => ValueRef::Integer(*value),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
            Self::Id(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

/// Reads what a statement gives, at most so many rows.
pub(crate) fn rows<T>(
    c: &Connection,
    sql: &str,
    params: &[Value],
    most: usize,
    mut read: impl FnMut(&Row<'_>) -> Result<T, Fault>,
) -> Result<Vec<T>, Fault> {
    let mut query = c.prepare_cached(sql)?;
    let mut rows = query.query(rusqlite::params_from_iter(params))?;
    let mut found = Vec::new();
    while found.len() < most
        && let Some(row) = rows.next()?
    {
        found.push(read(&Row::Sqlite(row))?);
    }
    Ok(found)
}

/// What a column holds.
pub(crate) fn held<'r>(row: &'r rusqlite::Row<'_>, column: usize) -> Result<Held<'r>, Fault> {
    Ok(match row.get_ref(column)? {
        ValueRef::Null => Held::Null,
        ValueRef::Integer(value) => Held::Integer(value),
        ValueRef::Text(text) => std::str::from_utf8(text).map_or(Held::Foreign, Held::Text),
        ValueRef::Blob(bytes) => Held::Bytes(bytes),
        ValueRef::Real(_) => Held::Foreign,
    })
}

macro_rules! id_columns {
    ($($id:ty),*) => {$(
        impl ToSql for $id {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(ToSqlOutput::Borrowed(ValueRef::Blob(self.as_bytes())))
            }
        }

        impl FromSql for $id {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                <[u8; 16]>::column_result(value).map(Self::from_bytes)
            }
        }
    )*};
}

id_columns!(
    ApiKeyId,
    BaseId,
    DeliveryId,
    DeploymentId,
    DestinationId,
    DocumentId,
    EnvironmentId,
    EventId,
    FlowId,
    JobId,
    MemberId,
    ModelId,
    NodeId,
    ProviderId,
    RefusalId,
    RunId,
    SourceId,
    VersionId,
    WorkspaceId
);
