//! PostgreSQL: a pool of sessions for reads and small writes, and one writer that commits in groups.
//!
//! The database may serve many nodes. Nothing is known by heart that another node could change.

mod batch;
mod connector;
mod fault;
mod maker;
mod migrate;
mod notify;
mod origins;
mod partition;
mod pool;
mod prune;
mod queue;
mod session;
mod table;
mod time;
mod transaction;
mod transfer;
mod writer;

use std::{
    sync::{Arc, atomic::AtomicU16},
    time::Duration,
};

use clock::{Clock, Timestamp};
use connector::Connector;
use fault::classify;
use notify::Notify;
#[cfg(test)]
pub(crate) use partition::TABLES;
use pool::Pool;
#[cfg(test)]
pub(crate) use session::{PLANNING, translated};
pub(crate) use session::{Session, held};
use tokio::{
    runtime::Handle,
    sync::{broadcast, oneshot},
    time::timeout,
};
use transaction::{End, Transaction};
pub(crate) use transfer::{MARK, PROGRESS, Progress, Target};
use writer::Writer;

use crate::{
    Counters, Error, Fault,
    inspect::Inspection,
    news::{Bus, News},
    read::Reader,
    retention::{Prune, PrunedSlice},
    sql::{Row, Sql, Statement, Value},
    write::{Outcome, Write},
};

/// How long after its time history may be here, where it goes by the partition.
pub(crate) const SLACK: Duration = partition::WIDTH.saturating_add(Duration::from_secs(2 * 86_400));

/// The advisory lock of writes off the hot path: "statemen" in ASCII.
const ONE_AT_A_TIME: i64 = 0x7374_6174_656d_656e;

/// How long whoever writes off the hot path waits until it is known whether that was committed: a person, or a server
/// that stops.
const SETTLED: Duration = Duration::from_secs(30);

/// The open database.
pub(crate) struct Database {
    connector: Connector,
    writer: Writer,
    notify: Arc<Notify>,
    /// Keeps this node's number.
    keeping: tokio::task::JoinHandle<()>,
    /// For reads, and for what is seldom written.
    pool: Pool,
    /// For leases, which hold nobody else up.
    leases: Pool,
    /// For this node's own lease alone: it is not lost because anything else is slow.
    beats: Pool,
}

impl Database {
    /// Connects, and brings the schema up to date.
    pub(crate) async fn open(
        url: &str,
        sessions: usize,
        clock: &Clock,
    ) -> Result<(Self, i64, Arc<AtomicU16>), Error> {
        let (connector, session) = connect(url).await?;
        migrate::run(&session).await?;
        transfer::refuse_half(&session, &connector).await?;
        transaction::forget_marks(&session).await.map_err(Error::Read)?;
        time::begin(&session, clock).await.map_err(Error::Read)?;
        let (maker, keeping) = maker::take(&connector).await.map_err(Error::Read)?;
        let last = last_number(&session).await.map_err(Error::Read)?;
        let schema = session.row("SELECT md5(current_schema())", [], |row| row.get::<String>(0)).await;
        let schema = schema.map_err(Error::Read)?.unwrap_or_default();
        let notify = Arc::new(Notify::start(&connector, format!("linchpin_{schema}")));
        let writer = Writer::start(connector.clone(), session, Arc::clone(&notify));
        let pool = |sessions| Pool::new(connector.clone(), sessions);
        let (pool, leases, beats) = (pool(sessions), pool(1), pool(1));
        Ok((Self { connector, writer, notify, keeping, pool, leases, beats }, last, maker))
    }

    /// Makes a write and waits until it is on stable storage.
    pub(crate) async fn write(&self, write: Write) -> Result<Outcome, Error> {
        // These are rare, and their futures large.
        match &write {
            Write::Statements(statements) => return Box::pin(self.statements(statements)).await,
            Write::Lease(statement) => return Box::pin(self.alone(&self.leases, statement)).await,
            Write::Blob(statement) => return Box::pin(self.alone(&self.pool, statement)).await,
            Write::Prune(slice) => return Box::pin(self.prune(slice)).await,
            _ => {}
        }
        let (answer, answered) = oneshot::channel();
        let stopped = || Error::Unavailable { reason: "the server is stopping".to_owned() };
        self.writer.send(write, answer).await.map_err(|()| stopped())?;
        answered.await.unwrap_or_else(|_| Err(stopped()))
    }

    /// Runs statements in a transaction of their own, beside others.
    async fn statements(&self, statements: &[Statement]) -> Result<Outcome, Error> {
        let session = self.pool.lend().await?;
        let done = in_turn(&session, statements).await;
        // It may take long until its end is known, and others need the place.
        drop(session);
        self.settled(done).await
    }

    /// What was done, once it is known that it was committed.
    async fn settled<T>(&self, done: Result<(T, End), Fault>) -> Result<T, Error> {
        let (done, end) = done.map_err(|fault| classify(fault, Error::Write))?;
        let Ok(settled) = timeout(SETTLED, end.settled()).await else {
            let reason = "the connection was lost while this was committed, so look first whether it was";
            return Err(Error::Unavailable { reason: reason.to_owned() });
        };
        settled.map_err(|fault| classify(fault, Error::Write))?;
        self.writer.count(1);
        Ok(done)
    }

    /// Runs a statement that is a transaction by itself.
    async fn alone(&self, pool: &Pool, statement: &Statement) -> Result<Outcome, Error> {
        let session = pool.lend().await?;
        let changed = session.execute(statement.sql.postgres(), &statement.params).await;
        self.writer.count(1);
        changed.map(|changed| Outcome::Changed(vec![changed])).map_err(|fault| classify(fault, Error::Write))
    }

    /// Deletes history beside others; whatever could begin anew in it takes turns with this.
    async fn prune(&self, slice: &Prune) -> Result<Outcome, Error> {
        let session = self.pool.lend().await?;
        let done = prune_in_turn(&session, slice).await;
        drop(session);
        self.settled(done).await.map(Outcome::Pruned)
    }

    /// Makes partitions for the time to come, and drops one in which everything ended before a time, if there is one.
    /// Says whether there may be another.
    pub(crate) async fn partitions(&self, now: Timestamp, ended_before: Timestamp) -> Result<bool, Error> {
        partition::keep(&self.connector, now, ended_before)
            .await
            .map_err(|fault| classify(fault, Error::Write))
    }

    /// Reads off the async threads, by statements that see the same state.
    pub(crate) async fn read<T, F>(&self, read: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Reader<'_>) -> Result<T, Fault> + Send + 'static,
    {
        let session = self.pool.lend().await?;
        let runtime = Handle::current();
        let reading = tokio::task::spawn_blocking(move || {
            let begun = runtime.block_on(session.batch("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"));
            let result = begun.and_then(|()| read(&Reader::Postgres(&session, runtime.clone())));
            if runtime.block_on(session.batch("COMMIT")).is_err() {
                session.spoil();
            }
            result
        });
        let stopped = |_| Error::Unavailable { reason: "the server is stopping".to_owned() };
        reading.await.map_err(stopped)?.map_err(|fault| classify(fault, Error::Read))
    }

    /// What one statement gives.
    pub(crate) async fn rows<T>(
        &self,
        sql: &Sql,
        params: &[Value],
        row: impl FnMut(&Row<'_>) -> Result<T, Fault>,
    ) -> Result<Vec<T>, Error> {
        let session = self.pool.lend().await?;
        let rows = session.rows(sql.postgres(), params, row).await;
        rows.map_err(|fault| classify(fault, Error::Read))
    }

    /// Corrects a clock by the database's and runs the statement that it gives then, by which this node renews its
    /// lease. A connection that does not answer in time is not waited for, but replaced.
    pub(crate) async fn beat(
        &self,
        clock: &Clock,
        statement: impl FnOnce() -> Statement,
        within: Duration,
    ) -> Result<(), Error> {
        let late = || Error::Unavailable { reason: "the database did not answer in time".to_owned() };
        let session = timeout(within, self.beats.lend()).await.map_err(|_| late())??;
        let renewed = timeout(within, async {
            time::follow(&session, clock).await?;
            let statement = statement();
            session.execute(statement.sql.postgres(), &statement.params).await
        });
        let Ok(renewed) = renewed.await else {
            session.spoil();
            return Err(late());
        };
        self.writer.count(1);
        renewed.map(drop).map_err(|fault| classify(fault, Error::Write))
    }

    /// Tells the other nodes.
    pub(crate) fn tell(&self, news: News) {
        self.notify.tell(news);
    }

    /// Lets a bus carry what it can.
    pub(crate) fn tell_by(&self, bus: Arc<dyn Bus>) {
        self.notify.tell_by(bus);
    }

    /// Takes in what a bus has brought.
    pub(crate) fn hear(&self, news: News) {
        self.notify.hear(news);
    }

    /// What other nodes tell, from now on.
    pub(crate) fn news(&self) -> broadcast::Receiver<News> {
        self.notify.heard()
    }

    pub(crate) fn counters(&self) -> Counters {
        self.writer.counters()
    }

    pub(crate) async fn close(&self) {
        self.writer.close().await;
        self.notify.stop().await;
        self.keeping.abort();
        self.pool.close();
        self.leases.close();
        self.beats.close();
    }
}

/// Connects.
async fn connect(url: &str) -> Result<(Connector, Session), Error> {
    let connector = Connector::new(url)?;
    match Session::connect(&connector).await {
        Ok(session) => Ok((connector, session)),
        Err(fault) => Err(Error::Open { path: connector.name(), reason: fault.to_string() }),
    }
}

/// Looks at the database in a transaction that can change nothing; `look` is told the version of its schema, the one that
/// this build knows, and its time.
pub(crate) async fn inspect<F>(url: &str, look: F) -> Result<Inspection, Error>
where
    F: FnOnce(&Reader<'_>, (u32, u32), Option<Timestamp>) -> Result<Inspection, Fault> + Send + 'static,
{
    let (connector, session) = connect(url).await?;
    transfer::refuse_half(&session, &connector).await?;
    session.batch("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await.map_err(Error::Read)?;
    let versions = migrate::versions(&session).await.map_err(Error::Read)?;
    let time = time::now(&session).await.map_err(Error::Read)?;
    let runtime = Handle::current();
    let looking =
        tokio::task::spawn_blocking(move || look(&Reader::Postgres(&session, runtime), versions, Some(time)));
    let broken = |_| Error::Unavailable { reason: "the look at it broke off".to_owned() };
    looking.await.map_err(broken)?.map_err(Error::Read)
}

/// Begins a transaction of those that come one after the other, whatever node they come from: what they check stays so
/// until they are done.
async fn turn(session: &Session) -> Result<Transaction<'_>, Fault> {
    let transaction = session.begin().await?;
    session.batch(&format!("SELECT pg_advisory_xact_lock({ONE_AT_A_TIME})")).await?;
    Ok(transaction)
}

async fn prune_in_turn(session: &Session, slice: &Prune) -> Result<(PrunedSlice, End), Fault> {
    let transaction = turn(session).await?;
    let pruned = prune::apply(session, slice).await?;
    Ok((pruned, transaction.commit().await?))
}

/// Runs statements in a transaction, which is undone when one of them finds a conflict.
async fn in_turn(session: &Session, statements: &[Statement]) -> Result<(Outcome, End), Fault> {
    let transaction = turn(session).await?;
    let mut changed = Vec::with_capacity(statements.len());
    for statement in statements {
        let rows = session.execute(statement.sql.postgres(), &statement.params).await?;
        if let (0, Some(said)) = (rows, statement.must_change) {
            transaction.undo().await?;
            return Ok((Outcome::Conflict(said), End::Known));
        }
        changed.push(rows);
    }
    let end = transaction.commit().await?;
    Ok((Outcome::Changed(changed), end))
}

/// The greatest number of all ids in the database; 0 when there is none.
async fn last_number(session: &Session) -> Result<i64, Fault> {
    let numbered = "SELECT coalesce(max(number), 0) FROM (
            SELECT max(number) AS number FROM event
            UNION ALL SELECT max(number) FROM run_live
            UNION ALL SELECT max(number) FROM run
            UNION ALL SELECT max(number) FROM delivery_live
            UNION ALL SELECT max(number) FROM delivery) AS numbers";
    let others = "SELECT id FROM (
            (SELECT id FROM deployment ORDER BY id DESC LIMIT 1)
            UNION ALL (SELECT id FROM refusal ORDER BY id DESC LIMIT 1)
            UNION ALL (SELECT id FROM job ORDER BY id DESC LIMIT 1)
            UNION ALL (SELECT id FROM document ORDER BY id DESC LIMIT 1)
            UNION ALL (SELECT id FROM flow_version ORDER BY id DESC LIMIT 1)) AS ids
        ORDER BY id DESC LIMIT 1";
    let numbered: Vec<i64> = session.rows(numbered, [], |row| row.get(0)).await?;
    let others = session.rows(others, [], |row| row.get::<crate::RefusalId>(0)).await?;
    let others = others.into_iter().map(|id| crate::id::number(id.into()));
    Ok(numbered.into_iter().chain(others).max().unwrap_or(0))
}
