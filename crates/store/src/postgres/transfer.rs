//! The schema that takes what is moved.

use std::{collections::HashMap, pin::pin};

use futures_util::StreamExt;
use tokio_postgres::error::SqlState;
use uuid::Uuid;

use super::{connect, connector::Connector, migrate, session::Session};
use crate::{
    Error, Fault,
    sql::{Value, values},
    sqlite::Batch,
    transfer::{Column, Move, Purpose, Sum, Table, is_moved, quoted, row},
};

/// The table that says that something was moved here: one row.
pub(crate) const MARK: &str = "linchpin_transfer";

/// The table that says how far each table is.
pub(crate) const PROGRESS: &str = "linchpin_transfer_table";

/// The schema, which one transfer at a time writes to.
pub(crate) struct Target {
    session: Session,
    /// How messages call it.
    name: String,
}

/// A transfer that was begun.
pub(crate) struct Begun {
    /// The id of what is moved.
    pub(crate) source: Uuid,
    pub(crate) finished: bool,
}

/// How far a table is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Progress {
    /// The key of the last row that is here; nothing before the first.
    pub(crate) last: Option<Vec<u8>>,
    /// The rows that are here.
    pub(crate) sum: Sum,
}

impl Progress {
    /// How far it is with a batch more.
    pub(crate) fn with(&self, batch: &Batch) -> Self {
        let mut sum = self.sum;
        sum.join(&batch.sum);
        Self { last: Some(batch.last.clone()), sum }
    }
}

impl Target {
    /// Connects, and unless it is only to be compared brings the schema up to date; gives also what was begun here.
    pub(crate) async fn open(url: &str, purpose: Purpose) -> Result<(Self, Option<Begun>), Error> {
        let (connector, session) = connect(url).await?;
        let target = Self { session, name: connector.name() };
        target.alone().await?;
        let begun = begun(&target.session).await.map_err(Error::Read)?;
        let serves = begun.as_ref().is_some_and(|begun| begun.finished);
        if purpose != Purpose::Compare && !serves {
            migrate::run(&target.session).await?;
        }
        // A table is copied out as one statement, however long that takes.
        target.session.batch("SET statement_timeout = 0").await.map_err(Error::Write)?;
        Ok((target, begun))
    }

    pub(crate) fn failed(&self, reason: &str) -> Error {
        Error::Open { path: self.name.clone(), reason: reason.to_owned() }
    }

    /// Waits until no other transfer is at work here. One that was killed is, until the database notices.
    async fn alone(&self) -> Result<(), Error> {
        let lock = "SET lock_timeout = '10s';
                    SELECT pg_advisory_lock(hashtextextended('linchpin transfer ' || current_schema(), 0));
                    SET lock_timeout = 0";
        self.session.batch(lock).await.map_err(|fault| match &fault {
            Fault::Postgres(error) if error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE) => {
                self.failed("another migration is at work in it; wait for it, or stop it")
            }
            _ => Error::Write(fault),
        })
    }

    /// What the database says of its tables.
    pub(crate) async fn tables(&self) -> Result<Vec<Table>, Error> {
        let sql = "SELECT t.relname::text, c.attname::text, format_type(c.atttypid, c.atttypmod),
                       pg_get_serial_sequence(quote_ident(t.relname), c.attname) IS NOT NULL
                   FROM pg_class t JOIN pg_attribute c ON c.attrelid = t.oid AND c.attnum > 0 AND NOT c.attisdropped
                   WHERE t.relnamespace = current_schema()::regnamespace AND t.relkind IN ('r', 'p')
                       AND NOT t.relispartition
                   ORDER BY t.relname, c.attnum";
        let columns = self.session.rows(sql, [], |row| {
            let (name, kind, counted) = (row.get(1)?, row.get(2)?, row.get(3)?);
            Ok((row.get(0)?, Column { name, kind, key: 0, counted }))
        });
        columns.await.map(Table::collect).map_err(Error::Read)
    }

    /// Marks the schema, which must be empty, as one that something is moved to.
    pub(crate) async fn begin(&self, source: Uuid) -> Result<(), Error> {
        let filled = self.filled().await?;
        if !filled.is_empty() {
            let tables = filled.join("`, `");
            return Err(self.failed(&format!(
                "it is not empty, but has rows in `{tables}`; give an empty database or schema"
            )));
        }
        let marks = format!(
            "CREATE TABLE {MARK} (
                 source uuid NOT NULL PRIMARY KEY,
                 began_at timestamptz NOT NULL DEFAULT now(),
                 finished_at timestamptz
             );
             CREATE TABLE {PROGRESS} (
                 name text NOT NULL PRIMARY KEY,
                 last bytea NOT NULL, -- the key of the last row
                 rows bigint NOT NULL,
                 checksum bytea NOT NULL
             );
             INSERT INTO {MARK} (source) VALUES ('{source}')"
        );
        self.at_once(&marks).await
    }

    /// The tables that have rows, those aside that nothing is moved to.
    async fn filled(&self) -> Result<Vec<String>, Error> {
        let mut filled = Vec::new();
        for table in self.tables().await?.into_iter().filter(is_moved) {
            let sql = format!("SELECT 1::bigint FROM {} LIMIT 1", quoted(&table.name));
            let row = self.session.row(&sql, [], |row| row.get::<i64>(0)).await.map_err(Error::Read)?;
            filled.extend(row.map(|_| table.name));
        }
        Ok(filled)
    }

    /// Empties the schema of what an unfinished transfer has brought, if there was one.
    pub(crate) async fn clear(&self, tables: &[Move]) -> Result<(), Error> {
        if begun(&self.session).await.map_err(Error::Read)?.is_none() {
            return Ok(());
        }
        let tables = tables.iter().map(|table| quoted(&table.name)).collect::<Vec<_>>().join(", ");
        self.at_once(&format!("TRUNCATE {tables}; DROP TABLE {MARK}, {PROGRESS}")).await
    }

    /// Runs statements in a transaction.
    async fn at_once(&self, sql: &str) -> Result<(), Error> {
        let run = async {
            let transaction = self.session.begin().await?;
            self.session.long_batch(sql).await?;
            transaction.commit().await?.settled().await
        };
        run.await.map_err(Error::Write)
    }

    /// How far the tables are.
    pub(crate) async fn progress(&self) -> Result<HashMap<String, Progress>, Error> {
        let sql = format!("SELECT name, last, rows, checksum FROM {PROGRESS}");
        let rows = self.session.rows(&sql, [], |row| {
            let sum = Sum { rows: row.get::<i64>(2)?.cast_unsigned(), checksum: row.get(3)? };
            Ok((row.get(0)?, Progress { last: Some(row.get(1)?), sum }))
        });
        Ok(rows.await.map_err(Error::Read)?.into_iter().collect())
    }

    /// Writes a batch, and how far its table is with it.
    pub(crate) async fn write(&self, table: &Move, batch: Batch, progress: &Progress) -> Result<(), Error> {
        let copy = format!("COPY {} ({}) FROM STDIN (FORMAT binary)", quoted(&table.name), table.all_names());
        let note = format!(
            "INSERT INTO {PROGRESS} (name, last, rows, checksum) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (name) DO UPDATE SET last = ?2, rows = ?3, checksum = ?4"
        );
        let Progress { last, sum } = progress.clone();
        let note_values =
            values![table.name.as_str(), last, sum.rows.cast_signed(), Value::from(sum.checksum)];
        let write = async {
            let transaction = self.session.begin().await?;
            self.session.copy_in(&copy, batch.data).await?;
            self.session.execute(&note, note_values).await?;
            transaction.commit().await?.settled().await
        };
        write.await.map_err(Error::Write)
    }

    /// All rows of a table are here.
    pub(crate) async fn complete(&self, table: &Move) -> Result<(), Error> {
        let name = quoted(&table.name);
        for column in &table.counted {
            // What is counted goes on after the last; without rows this changes nothing.
            let sql = format!(
                "SELECT setval(pg_get_serial_sequence(?1::text, ?2::text), (SELECT max({}) FROM {name}))",
                quoted(column)
            );
            let names = values![name.as_str(), column.as_str()];
            self.session.execute(&sql, names).await.map_err(Error::Write)?;
        }
        // Until the database does so by itself, it would not know how large the table is.
        self.session.long_batch(&format!("ANALYZE {name}")).await.map_err(Error::Write)
    }

    /// Sums up a table.
    pub(crate) async fn sum(&self, table: &Move) -> Result<Sum, Error> {
        let copy = format!(
            "COPY (SELECT {} FROM {}) TO STDOUT (FORMAT binary)",
            table.all_names(),
            quoted(&table.name)
        );
        let sum = async {
            let mut rows = pin!(self.session.copy_out(&copy).await?);
            let mut sum = Sum::default();
            while let Some(message) = rows.next().await.transpose()? {
                if let Some(row) = row(&message) {
                    sum.add(row);
                }
            }
            Ok(sum)
        };
        sum.await.map_err(Error::Read)
    }

    /// The transfer is done.
    pub(crate) async fn finish(&self) -> Result<(), Error> {
        let sql = format!("UPDATE {MARK} SET finished_at = now()");
        self.session.batch(&sql).await.map_err(Error::Write)
    }
}

const HALF: &str = "only a part of an installation is in it, since its migration has not ended; run the same \
                    `linchpin migrate` again, which goes on where it stopped";

/// Refuses a schema that half an installation was moved to.
pub(super) async fn refuse_half(session: &Session, connector: &Connector) -> Result<(), Error> {
    match begun(session).await.map_err(Error::Read)? {
        Some(Begun { finished: false, .. }) => {
            Err(Error::Open { path: connector.name(), reason: HALF.to_owned() })
        }
        _ => Ok(()),
    }
}

async fn begun(session: &Session) -> Result<Option<Begun>, Fault> {
    let known = format!("SELECT to_regclass('{MARK}') IS NOT NULL");
    if session.row(&known, [], |row| row.get::<bool>(0)).await? != Some(true) {
        return Ok(None);
    }
    let sql = format!("SELECT source, finished_at IS NOT NULL FROM {MARK}");
    let begun = session
        .row(&sql, [], |row| Ok(Begun { source: Uuid::from_bytes(row.get(0)?), finished: row.get(1)? }));
    begun.await
}
