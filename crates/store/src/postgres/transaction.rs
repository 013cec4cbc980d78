//! Transactions, and what became of one whose end was not heard.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use tokio_postgres::error::Severity;

use super::{connector::Connector, fault::severity, session::Session};
use crate::sql::{Fault, Value, values};

/// By what a session's transactions are known: each writes its number into the session's row of `transaction_mark`.
///
/// The database's own numbers would not do: after a crash it gives those of the transactions that were lost to
/// others.
#[derive(Default)]
pub(super) struct Mark {
    session: String,
    last: AtomicI64,
}

/// A transaction on a session; the session is spoilt when it is dropped before its end.
pub(super) struct Transaction<'s> {
    session: &'s Session,
    number: i64,
    open: bool,
}

/// What is known of the end of a transaction.
pub(super) enum End {
    /// All.
    Known,
    /// The connection was lost meanwhile, so the database must be asked.
    Unheard(Box<Question>),
}

/// What became of a transaction?
pub(super) struct Question {
    connector: Connector,
    session: String,
    number: i64,
    /// Why its end was not heard.
    fault: Fault,
}

/// The pause after the database could not be asked: it doubles up to the longest.
const PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

impl Mark {
    /// The mark of a session that has this UUID.
    pub(super) fn of(session: String) -> Self {
        Self { session, last: AtomicI64::new(0) }
    }
}

impl Session {
    pub(super) async fn begin(&self) -> Result<Transaction<'_>, Fault> {
        let number = self.mark.last.fetch_add(1, Ordering::Relaxed) + 1;
        let transaction = Transaction { session: self, number, open: true };
        let session = &self.mark.session;
        self.batch(&format!(
            "BEGIN;
             INSERT INTO transaction_mark (session, number) VALUES ('{session}', {number})
             ON CONFLICT (session) DO UPDATE SET number = excluded.number, at = excluded.at"
        ))
        .await?;
        Ok(transaction)
    }
}

impl Transaction<'_> {
    /// Ends it well, as far as that is heard.
    pub(super) async fn commit(mut self) -> Result<End, Fault> {
        match self.session.batch("COMMIT").await {
            Ok(()) => {
                self.open = false;
                Ok(End::Known)
            }
            // The database says that it undid it.
            Err(fault @ Fault::Postgres(_)) if severity(&fault) == Some(Severity::Error) => Err(fault),
            Err(fault) => {
                let (connector, session) =
                    (self.session.connector.clone(), self.session.mark.session.clone());
                Ok(End::Unheard(Box::new(Question { connector, session, number: self.number, fault })))
            }
        }
    }

    pub(super) async fn undo(mut self) -> Result<(), Fault> {
        self.session.batch("ROLLBACK").await?;
        self.open = false;
        Ok(())
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        if self.open {
            self.session.spoil();
        }
    }
}

impl End {
    /// Waits until it is known whether it was committed, however long the database cannot be asked: to say that
    /// nothing was stored would be a guess.
    pub(super) async fn settled(self) -> Result<(), Fault> {
        let Self::Unheard(question) = self else { return Ok(()) };
        let mut pause = PAUSE;
        loop {
            match question.ask().await {
                Ok(true) => return Ok(()),
                Ok(false) => return Err(question.fault),
                Err(error) => {
                    tracing::warn!(%error, "it is not known yet whether a transaction was committed");
                }
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

impl Question {
    /// Whether it was committed. The statement wants the row that the transaction has written, so it waits while that
    /// is still open in the database, and has the last word when it is not.
    async fn ask(&self) -> Result<bool, Fault> {
        let session = Session::connect(&self.connector).await?;
        let sql = "INSERT INTO transaction_mark AS m (session, number) VALUES (?1::text::uuid, 0)
                   ON CONFLICT (session) DO UPDATE SET number = m.number RETURNING number";
        let number = session.row(sql, values![self.session.as_str()], |row| row.get::<i64>(0)).await?;
        Ok(number.is_some_and(|number| number >= self.number))
    }
}

/// Forgets the marks of sessions that are long gone.
pub(super) async fn forget_marks(session: &Session) -> Result<(), Fault> {
    let sql = "DELETE FROM transaction_mark WHERE at < now() - interval '1 day'";
    session.execute(sql, [] as [Value; 0]).await.map(drop)
}
