//! Reads: one statement, or several that see the same state.

use tokio::runtime::Handle;

use crate::{
    Database, Error, Store,
    sql::{Fault, Row, Sql, Value},
};

/// A connection in a transaction that only reads: what is read belongs together, so a row that moves between two
/// tables is in one of them.
pub(crate) enum Reader<'c> {
    Sqlite(&'c rusqlite::Connection),
    /// With the runtime that waits for the answers.
    Postgres(&'c crate::postgres::Session, Handle),
}

impl Reader<'_> {
    /// A statement as this database takes it.
    pub(crate) fn text<'s>(&self, sql: &'s Sql) -> &'s str {
        match self {
            Self::Sqlite(_) => sql.sqlite(),
            Self::Postgres(..) => sql.postgres(),
        }
    }

    /// What a statement gives.
    pub(crate) fn rows<T>(
        &self,
        sql: &str,
        params: impl AsRef<[Value]>,
        read: impl FnMut(&Row<'_>) -> Result<T, Fault>,
    ) -> Result<Vec<T>, Fault> {
        match self {
            Self::Sqlite(c) => crate::sqlite::rows(c, sql, params.as_ref(), usize::MAX, read),
            Self::Postgres(session, runtime) => runtime.block_on(session.rows(sql, params, read)),
        }
    }

    /// What each of these statements gives, one after the other. Over a network they are sent at once.
    pub(crate) fn all<'q, T>(
        &self,
        asked: impl IntoIterator<Item = (&'q str, Vec<Value>)>,
        mut read: impl FnMut(&Row<'_>) -> Result<T, Fault>,
    ) -> Result<Vec<T>, Fault> {
        let asked = asked.into_iter();
        match self {
            Self::Sqlite(_) => {
                let mut found = Vec::with_capacity(asked.size_hint().0);
                for (sql, params) in asked {
                    found.extend(self.rows(sql, params, &mut read)?);
                }
                Ok(found)
            }
            Self::Postgres(session, runtime) => {
                let asked: Vec<_> = asked.collect();
                let rows = runtime.block_on(session.all(&asked))?;
                rows.iter().map(|row| read(&Row::Postgres(row))).collect()
            }
        }
    }

    /// What a statement gives for each of these sets of parameters, one after the other.
    pub(crate) fn each<T>(
        &self,
        sql: &str,
        params: impl IntoIterator<Item = Vec<Value>>,
        read: impl FnMut(&Row<'_>) -> Result<T, Fault>,
    ) -> Result<Vec<T>, Fault> {
        self.all(params.into_iter().map(|params| (sql, params)), read)
    }

    /// The first of it.
    pub(crate) fn row<T>(
        &self,
        sql: &str,
        params: impl AsRef<[Value]>,
        read: impl FnMut(&Row<'_>) -> Result<T, Fault>,
    ) -> Result<Option<T>, Fault> {
        match self {
            Self::Sqlite(c) => {
                crate::sqlite::rows(c, sql, params.as_ref(), 1, read).map(|mut rows| rows.pop())
            }
            Self::Postgres(..) => self.rows(sql, params, read).map(|rows| rows.into_iter().next()),
        }
    }
}

impl Store {
    /// Reads off the async threads, by statements that see the same state.
    pub(crate) async fn read<T, F>(&self, read: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Reader<'_>) -> Result<T, Fault> + Send + 'static,
    {
        match &*self.database {
            Database::Sqlite(database) => database.read(read).await,
            Database::Postgres(database) => database.read(read).await,
        }
    }

    /// What one statement gives.
    pub(crate) async fn rows<T: Send + 'static>(
        &self,
        sql: impl Into<Sql>,
        params: Vec<Value>,
        row: impl FnMut(&Row<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> Result<Vec<T>, Error> {
        let sql = sql.into();
        match &*self.database {
            Database::Sqlite(database) => database.read(move |c| c.rows(sql.sqlite(), params, row)).await,
            Database::Postgres(database) => database.rows(&sql, &params, row).await,
        }
    }

    /// The first of what one statement gives.
    pub(crate) async fn row<T: Send + 'static>(
        &self,
        sql: impl Into<Sql>,
        params: Vec<Value>,
        row: impl FnMut(&Row<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> Result<Option<T>, Error> {
        let sql = sql.into();
        match &*self.database {
            Database::Sqlite(database) => database.read(move |c| c.row(sql.sqlite(), params, row)).await,
            Database::Postgres(database) => {
                database.rows(&sql, &params, row).await.map(|rows| rows.into_iter().next())
            }
        }
    }
}
