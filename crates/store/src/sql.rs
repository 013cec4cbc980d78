//! Statements as values, and how their parameters and rows are read.

use clock::Timestamp;
use rusqlite::{
    Row, ToSql,
    types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, Value, ValueRef},
};
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use crate::id::{
    ApiKeyId, BaseId, DeliveryId, DeploymentId, DestinationId, DocumentId, EnvironmentId, EventId, FlowId,
    JobId, MemberId, ModelId, NodeId, ProviderId, RefusalId, RunId, SourceId, VersionId, WorkspaceId,
};

/// One statement of a write, with its parameters.
#[derive(Clone, Debug)]
pub(crate) struct Statement {
    pub(crate) sql: &'static str,
    pub(crate) params: Vec<Value>,
    /// What is said when it changes no row: then the whole write is undone.
    pub(crate) must_change: Option<&'static str>,
}

impl Statement {
    pub(crate) fn new(sql: &'static str, params: Vec<Value>) -> Self {
        Self { sql, params, must_change: None }
    }

    /// The write is undone, with this to say, when the statement changes no row.
    pub(crate) fn or_conflict(mut self, said: &'static str) -> Self {
        self.must_change = Some(said);
        self
    }
}

/// Parameters as owned values.
macro_rules! values {
    ($($value:expr),* $(,)?) => { vec![$($crate::sql::owned($value)),*] };
}
pub(crate) use values;

/// A parameter as an owned value.
pub(crate) fn owned<T: Into<Parameter>>(value: T) -> Value {
    value.into().0
}

/// What becomes a parameter.
pub(crate) struct Parameter(Value);

macro_rules! parameters {
    ($($from:ty => |$value:ident| $to:expr;)*) => {$(
        impl From<$from> for Parameter {
            fn from($value: $from) -> Self {
                Self($to)
            }
        }
    )*};
}

parameters! {
    i64 => |v| Value::Integer(v);
    u32 => |v| Value::Integer(i64::from(v));
    bool => |v| Value::Integer(i64::from(v));
    &str => |v| Value::Text(v.to_owned());
    String => |v| Value::Text(v);
    Vec<u8> => |v| Value::Blob(v);
    [u8; 32] => |v| Value::Blob(v.to_vec());
    Timestamp => |v| Value::Integer(v.as_millis());
    &Json => |v| Value::Text(v.to_string());
}

impl<T: Into<Parameter>> From<Option<T>> for Parameter {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self(Value::Null), Into::into)
    }
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

        impl From<$id> for Parameter {
            fn from(id: $id) -> Self {
                Self(Value::Blob(id.as_bytes().to_vec()))
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

/// A time in a column.
pub(crate) struct At(pub(crate) Timestamp);

impl FromSql for At {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_i64().map(|ms| Self(Timestamp::from_millis(ms)))
    }
}

/// A time from a column.
pub(crate) fn time(row: &Row, column: usize) -> rusqlite::Result<Timestamp> {
    row.get::<_, At>(column).map(|at| at.0)
}

/// A word from a column, such as a status, by its serde name.
pub(crate) fn word<T: DeserializeOwned>(row: &Row, column: usize) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    serde_json::from_value(Json::String(text)).map_err(|error| malformed(column, error))
}

/// JSON from a text column.
pub(crate) fn json<T: DeserializeOwned>(row: &Row, column: usize) -> rusqlite::Result<T> {
    let text = row.get_ref(column)?.as_str().map_err(|error| malformed(column, error))?;
    serde_json::from_str(text).map_err(|error| malformed(column, error))
}

fn malformed(column: usize, error: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    let error = FromSqlError::Other(Box::new(error));
    rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, Box::new(error))
}
