//! What every database shares: statements as values, their parameters, and how rows are read.

use std::borrow::Cow;

use clock::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use crate::id::{
    ApiKeyId, BaseId, DeliveryId, DeploymentId, DestinationId, DocumentId, EnvironmentId, EventId, FlowId,
    JobId, MemberId, ModelId, NodeId, ProviderId, RefusalId, RunId, SourceId, VersionId, WorkspaceId,
};

/// What a database said when it refused, or what is wrong with what it gave.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// SQLite refused.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// PostgreSQL refused, or the connection was lost.
    #[error(transparent)]
    Postgres(#[from] tokio_postgres::Error),
    /// PostgreSQL cannot be connected to.
    #[error("{0}")]
    Unreachable(String),
    /// PostgreSQL said nothing for so long.
    #[error("the database has given no answer for {0:?}")]
    Silent(std::time::Duration),
    /// A column does not hold what it should.
    #[error("column {column} does not hold {expected}")]
    Column {
        /// Its place in the row, from 0.
        column: usize,
        /// What should be there.
        expected: &'static str,
    },
}

/// A parameter of a statement.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Null,
    Integer(i64),
    Text(String),
    Bytes(Vec<u8>),
    Id([u8; 16]),
}

/// One statement of a write, with its parameters.
#[derive(Clone, Debug)]
pub(crate) struct Statement {
    pub(crate) sql: Sql,
    pub(crate) params: Vec<Value>,
    /// What is said when it changes no row: then the whole write is undone.
    pub(crate) must_change: Option<&'static str>,
}

impl Statement {
    pub(crate) fn new(sql: impl Into<Sql>, params: Vec<Value>) -> Self {
        Self { sql: sql.into(), params, must_change: None }
    }

    /// The write is undone, with this to say, when the statement changes no row.
    pub(crate) fn or_conflict(mut self, said: &'static str) -> Self {
        self.must_change = Some(said);
        self
    }
}

/// What [`Error::Conflict`](crate::Error::Conflict) says of what was changed after it was read.
pub const STALE: &str = "somebody else has changed it meanwhile";

/// Parameters as owned values.
macro_rules! values {
    ($($value:expr),* $(,)?) => { vec![$($crate::sql::Value::from($value)),*] };
}
pub(crate) use values;

macro_rules! parameters {
    ($($from:ty => |$value:ident| $to:expr;)*) => {$(
        impl From<$from> for Value {
            fn from($value: $from) -> Self {
                $to
            }
        }
    )*};
}

parameters! {
    i64 => |v| Self::Integer(v);
    u32 => |v| Self::Integer(i64::from(v));
    bool => |v| Self::Integer(i64::from(v));
    &str => |v| Self::Text(v.to_owned());
    String => |v| Self::Text(v);
    Vec<u8> => |v| Self::Bytes(v);
    [u8; 32] => |v| Self::Bytes(v.to_vec());
    Timestamp => |v| Self::Integer(v.as_millis());
    &Json => |v| Self::Text(v.to_string());
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// What a column of a row holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Held<'r> {
    Null,
    Integer(i64),
    Text(&'r str),
    Bytes(&'r [u8]),
    /// Something that nothing stored here is: a fraction, text that is no UTF-8.
    Foreign,
}

impl<'r> Held<'r> {
    fn integer(self) -> Option<i64> {
        if let Self::Integer(value) = self { Some(value) } else { None }
    }

    fn text(self) -> Option<&'r str> {
        if let Self::Text(value) = self { Some(value) } else { None }
    }

    fn bytes(self) -> Option<&'r [u8]> {
        if let Self::Bytes(value) = self { Some(value) } else { None }
    }
}

/// A row of an answer.
pub(crate) enum Row<'r> {
    Sqlite(&'r rusqlite::Row<'r>),
    Postgres(&'r tokio_postgres::Row),
}

impl Row<'_> {
    /// What a column holds.
    pub(crate) fn get<T: Column>(&self, column: usize) -> Result<T, Fault> {
        let held = match self {
            Self::Sqlite(row) => crate::sqlite::held(row, column)?,
            Self::Postgres(row) => crate::postgres::held(row, column)?,
        };
        T::read(held).ok_or(Fault::Column { column, expected: T::WHAT })
    }

    /// A time from a column.
    pub(crate) fn time(&self, column: usize) -> Result<Timestamp, Fault> {
        self.get(column)
    }

    /// A word from a column, such as a status, by its serde name.
    pub(crate) fn word<T: DeserializeOwned>(&self, column: usize) -> Result<T, Fault> {
        let text: String = self.get(column)?;
        serde_json::from_value(Json::String(text))
            .map_err(|_| Fault::Column { column, expected: "a known word" })
    }

    /// JSON from a column of text.
    pub(crate) fn json<T: DeserializeOwned>(&self, column: usize) -> Result<T, Fault> {
        let text: String = self.get(column)?;
        serde_json::from_str(&text).map_err(|_| Fault::Column { column, expected: "the JSON it should" })
    }
}

/// What a column can hold.
pub(crate) trait Column: Sized {
    /// What it is, for messages.
    const WHAT: &'static str;

    /// Nothing when there is something else.
    fn read(value: Held<'_>) -> Option<Self>;
}

macro_rules! columns {
    ($($type:ty, $what:literal, |$value:ident| $read:expr;)*) => {$(
        impl Column for $type {
            const WHAT: &'static str = $what;

            fn read($value: Held<'_>) -> Option<Self> {
                $read
            }
        }
    )*};
}

columns! {
    i64, "a whole number", |value| value.integer();
    u32, "a whole number in range", |value| value.integer()?.try_into().ok();
    bool, "true or false", |value| Some(value.integer()? != 0);
    String, "text", |value| value.text().map(str::to_owned);
    Vec<u8>, "bytes", |value| value.bytes().map(<[u8]>::to_vec);
    [u8; 32], "32 bytes", |value| value.bytes()?.try_into().ok();
    [u8; 16], "16 bytes", |value| value.bytes()?.try_into().ok();
    Timestamp, "a time", |value| value.integer().map(Timestamp::from_millis);
}

impl<T: Column> Column for Option<T> {
    const WHAT: &'static str = T::WHAT;

    fn read(value: Held<'_>) -> Option<Self> {
        if value == Held::Null { Some(None) } else { T::read(value).map(Some) }
    }
}

macro_rules! id_columns {
    ($($id:ty),*) => {$(
        impl From<$id> for Value {
            fn from(id: $id) -> Self {
                Self::Id(*id.as_bytes())
            }
        }

        columns! { $id, "an id", |value| value.bytes()?.try_into().ok().map(Self::from_bytes); }
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

/// The text of a statement, in SQLite's dialect where both databases take the same: its parameters are `?1`, `?2`, …
#[derive(Clone, Debug)]
pub(crate) enum Sql {
    Shared(Cow<'static, str>),
    /// Where the dialects differ.
    Each {
        sqlite: &'static str,
        postgres: &'static str,
    },
}

impl Sql {
    pub(crate) fn sqlite(&self) -> &str {
        match self {
            Self::Shared(sql) => sql,
            Self::Each { sqlite, .. } => sqlite,
        }
    }

    pub(crate) fn postgres(&self) -> &str {
        match self {
            Self::Shared(sql) => sql,
            Self::Each { postgres, .. } => postgres,
        }
    }
}

impl From<&'static str> for Sql {
    fn from(sql: &'static str) -> Self {
        Self::Shared(sql.into())
    }
}

impl From<String> for Sql {
    fn from(sql: String) -> Self {
        Self::Shared(sql.into())
    }
}
