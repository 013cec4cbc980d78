//! One connection, its prepared statements, and what becomes of parameters and columns on it.

use std::{
    collections::HashMap,
    pin::pin,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use bytes::{BufMut, Bytes, BytesMut};
use futures_util::{SinkExt, future::try_join_all};
use parking_lot::Mutex;
use tokio::{task::AbortHandle, time::timeout};
use tokio_postgres::{
    Client, CopyOutStream, SimpleQueryMessage, Statement,
    types::{FromSql, IsNull, ToSql, Type, to_sql_checked},
};

use super::{
    connector::{ASKED, Connector, STILL_THERE},
    table::Table,
    transaction::Mark,
};
use crate::sql::{Fault, Held, Row, Value};

/// A connection to the database.
pub(crate) struct Session {
    pub(super) connector: Connector,
    client: Client,
    connection: AbortHandle,
    statements: Mutex<HashMap<String, Statement>>,
    /// By which its transactions are known.
    pub(super) mark: Mark,
    /// It is not known where it stands: what is sent next could be part of a transaction that was left open.
    spoilt: AtomicBool,
}

/// How long a statement may take.
const STATEMENT: Duration = Duration::from_secs(15);

/// How long a transaction may be idle: no longer does a node that has stopped in the midst of one hold up the others,
/// who have more left of their leases than this.
const IDLE: Duration = Duration::from_secs(5);

/// How statements are planned: once each, whatever is bound to it, and by an index. Else a plan that was made while a
/// table was small would stay while it grows, and one with a value that is rare for one where it is not. The plans are
/// looked at by a test.
pub(crate) const PLANNING: &str = "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET enable_incremental_sort = off; SET jit = off";

/// How long an answer may take. The server answers sooner, so the line is silent or its other end is gone.
const ANSWER: Duration = Duration::from_secs(20);

impl Session {
    pub(super) async fn connect(connector: &Connector) -> Result<Self, Fault> {
        let (client, connection) = connector.connect().await?;
        let connection = tokio::spawn(async move {
            // Whoever uses the session is told as well.
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection to the database ended");
            }
        });
        let mut session = Self {
            connector: connector.clone(),
            client,
            connection: connection.abort_handle(),
            statements: Mutex::default(),
            mark: Mark::default(),
            spoilt: AtomicBool::new(true),
        };
        let answers = session.answered(session.client.simple_query(&first_words())).await?;
        session.mark = Mark::of(first(&answers)?);
        session.spoilt = AtomicBool::new(false);
        Ok(session)
    }

    /// Whether it can be used again.
    pub(super) fn is_open(&self) -> bool {
        !self.client.is_closed() && !self.spoilt.load(Ordering::Relaxed)
    }

    /// Says that it must not be used again, for what was begun on it did not end.
    pub(super) fn spoil(&self) {
        self.spoilt.store(true, Ordering::Relaxed);
    }

    /// Runs statements without parameters.
    pub(super) async fn batch(&self, sql: &str) -> Result<(), Fault> {
        self.answered(self.client.batch_execute(sql)).await
    }

    /// The same, however long it takes.
    pub(super) async fn long_batch(&self, sql: &str) -> Result<(), Fault> {
        Ok(self.client.batch_execute(sql).await?)
    }

    /// Waits for an answer, but not for ever: a line that breaks without a word looks like a slow one.
    async fn answered<T>(
        &self,
        answer: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T, Fault> {
        let Ok(answer) = timeout(ANSWER, answer).await else {
            self.spoil();
            return Err(Fault::Silent(ANSWER));
        };
        Ok(answer?)
    }

    /// What a statement gives.
    pub(crate) async fn rows<T>(
        &self,
        sql: &str,
        params: impl AsRef<[Value]>,
        mut read: impl FnMut(&Row<'_>) -> Result<T, Fault>,
    ) -> Result<Vec<T>, Fault> {
        let statement = self.statement(sql).await?;
        let rows = self.answered(self.client.query(&statement, &bound(params.as_ref()))).await?;
        rows.iter().map(|row| read(&Row::Postgres(row))).collect()
    }

    /// What these statements give, in their order. They are sent without waiting for one another.
    pub(crate) async fn all(&self, asked: &[(&str, Vec<Value>)]) -> Result<Vec<tokio_postgres::Row>, Fault> {
        for (sql, _) in asked {
            self.statement(sql).await?;
        }
        let asked = asked.iter().map(async |(sql, params)| {
            let statement = self.statement(sql).await?;
            self.answered(self.client.query(&statement, &bound(params))).await
        });
        Ok(try_join_all(asked).await?.into_iter().flatten().collect())
    }

    /// The first of what a statement gives.
    pub(super) async fn row<T>(
        &self,
        sql: &str,
        params: impl AsRef<[Value]>,
        read: impl FnMut(&Row<'_>) -> Result<T, Fault>,
    ) -> Result<Option<T>, Fault> {
        Ok(self.rows(sql, params, read).await?.into_iter().next())
    }

    /// How many rows a statement changed.
    pub(super) async fn execute(&self, sql: &str, params: impl AsRef<[Value]>) -> Result<usize, Fault> {
        let statement = self.statement(sql).await?;
        let changed = self.answered(self.client.execute(&statement, &bound(params.as_ref()))).await?;
        Ok(usize::try_from(changed).unwrap_or(usize::MAX))
    }

    /// Runs a statement whose parameters are the columns of a table, if it has rows.
    pub(super) async fn insert(&self, sql: &str, table: &Table) -> Result<(), Fault> {
        self.table(sql, table, |_| Ok(())).await.map(drop)
    }

    /// What such a statement gives.
    pub(super) async fn table<T>(
        &self,
        sql: &str,
        table: &Table,
        mut read: impl FnMut(&Row<'_>) -> Result<T, Fault>,
    ) -> Result<Vec<T>, Fault> {
        if table.is_empty() {
            return Ok(Vec::new());
        }
        let statement = self.statement(sql).await?;
        let columns: Vec<&(dyn ToSql + Sync)> =
            table.columns().iter().map(|column| column as &(dyn ToSql + Sync)).collect();
        let rows = self.answered(self.client.query(&statement, &columns)).await?;
        rows.iter().map(|row| read(&Row::Postgres(row))).collect()
    }

    /// Copies rows into a table: `data` is a whole file of COPY's binary format. Gives how many there were.
    pub(super) async fn copy_in(&self, sql: &str, data: Bytes) -> Result<u64, Fault> {
        let statement = self.statement(sql).await?;
        let mut sink = pin!(self.client.copy_in(&statement).await?);
        sink.send(data).await?;
        Ok(sink.finish().await?)
    }

    /// What a COPY gives, a row at a time.
    pub(super) async fn copy_out(&self, sql: &str) -> Result<CopyOutStream, Fault> {
        let statement = self.statement(sql).await?;
        Ok(self.client.copy_out(&statement).await?)
    }

    async fn statement(&self, sql: &str) -> Result<Statement, Fault> {
        if let Some(statement) = self.statements.lock().get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.answered(self.client.prepare(&translated(sql))).await?;
        self.statements.lock().insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // It would wait for answers that nobody wants any more.
        if self.spoilt.load(Ordering::Relaxed) {
            self.connection.abort();
        }
    }
}

/// What is said first on a connection. It gives a name for it.
fn first_words() -> String {
    let (limit, idle) = (STATEMENT.as_millis(), IDLE.as_millis());
    let (still_there, asked) = (STILL_THERE.as_secs(), ASKED);
    format!(
        "SET statement_timeout = {limit};
         SET idle_in_transaction_session_timeout = {idle};
         SET tcp_keepalives_idle = {still_there};
         SET tcp_keepalives_interval = {still_there};
         SET tcp_keepalives_count = {asked};
         {PLANNING};
         SELECT gen_random_uuid()"
    )
}

/// The only value that a simple query gave.
fn first(answers: &[SimpleQueryMessage]) -> Result<String, Fault> {
    let value = answers.iter().find_map(|answer| match answer {
        SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    });
    value.ok_or(Fault::Column { column: 0, expected: "a value" })
}

fn bound(params: &[Value]) -> Vec<&(dyn ToSql + Sync)> {
    params.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}

/// A statement in the other dialect: its parameters are `$1`, and a plus that keeps a column out of the choice of an
/// index has no meaning.
pub(crate) fn translated(sql: &str) -> String {
    let mut text = String::with_capacity(sql.len());
    let mut quoted = false;
    let mut letters = sql.chars().peekable();
    while let Some(letter) = letters.next() {
        quoted ^= letter == '\'';
        let next = letters.peek().copied().unwrap_or(' ');
        match letter {
            '?' if !quoted && next.is_ascii_digit() => text.push('$'),
            '+' if !quoted && next.is_ascii_lowercase() => {}
            other => text.push(other),
        }
    }
    text
}

impl ToSql for Value {
    fn to_sql(
        &self,
        to: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Null => return Ok(IsNull::Yes),
            Self::Integer(value) => match *to {
                Type::INT8 => out.put_i64(*value),
                Type::INT4 => out.put_i32(i32::try_from(*value)?),
                Type::INT2 => out.put_i16(i16::try_from(*value)?),
                Type::BOOL => out.put_u8(u8::from(*value != 0)),
                ref other => return Err(format!("a whole number cannot be {other}").into()),
            },
            Self::Text(text) => out.put_slice(text.as_bytes()),
            Self::Bytes(bytes) => out.put_slice(bytes),
            Self::Id(bytes) => out.put_slice(bytes),
        }
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// The bytes of a column, whatever its type.
struct Raw<'r>(&'r [u8]);

impl<'r> FromSql<'r> for Raw<'r> {
    fn from_sql(_: &Type, raw: &'r [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(raw))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// What a column holds.
pub(crate) fn held(row: &tokio_postgres::Row, column: usize) -> Result<Held<'_>, Fault> {
    let Some(Raw(bytes)) = row.try_get(column)? else { return Ok(Held::Null) };
    let kind = row.columns().get(column).map_or(&Type::BYTEA, tokio_postgres::Column::type_);
    let integer = match *kind {
        Type::INT8 => bytes.try_into().ok().map(i64::from_be_bytes),
        Type::INT4 => bytes.try_into().ok().map(|bytes| i32::from_be_bytes(bytes).into()),
        Type::INT2 => bytes.try_into().ok().map(|bytes| i16::from_be_bytes(bytes).into()),
        Type::BOOL => bytes.first().map(|byte| i64::from(*byte)),
        Type::TEXT | Type::VARCHAR => {
            return Ok(std::str::from_utf8(bytes).map_or(Held::Foreign, Held::Text));
        }
        Type::BYTEA | Type::UUID => return Ok(Held::Bytes(bytes)),
        _ => None,
    };
    Ok(integer.map_or(Held::Foreign, Held::Integer))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_and_pluses_are_translated_and_texts_are_not() {
        let sql = "SELECT a + 1, '?1 +b' FROM t WHERE x = ?12 AND +y = ?2 AND c >= fence + 1";
        let expected = "SELECT a + 1, '?1 +b' FROM t WHERE x = $12 AND y = $2 AND c >= fence + 1";
        assert_eq!(translated(sql), expected);
    }
}
