//! SQLite: one writer thread that commits in groups, readers on connections of their own.
//!
//! WAL with `synchronous=FULL`: a transaction is on stable storage when its commit returns.

mod apply;
mod claims;
mod heads;
mod lane;
mod memory;
mod migrate;
mod origins;
mod prune;
mod queue;
mod transfer;
mod values;
mod writer;

use std::{
    fs::File,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use clock::Timestamp;
use parking_lot::Mutex;
use rusqlite::{Connection, OpenFlags, config::DbConfig};
use tokio::sync::{Semaphore, oneshot};

pub(crate) use transfer::{Batch, Batches, Source};
pub(crate) use values::{held, rows};
pub use writer::Counters;
use writer::Writer;

use crate::{
    Error, Fault, RefusalId,
    id::number,
    inspect::Inspection,
    read::Reader,
    transfer::served,
    write::{Outcome, Write},
};

/// The database's file in its folder.
pub(crate) const FILE: &str = "linchpin.db";

/// How long a read may take before it is stopped; no reader may hold back the checkpoint.
const READ_LIMIT: Duration = Duration::from_secs(1);

/// What the writer keeps of the database in memory, in KiB (negative says KiB to SQLite).
const WRITER_CACHE_KIB: i64 = -32_768;

/// Prepared statements that one connection keeps.
const STATEMENTS: usize = 128;

/// The open database.
pub(crate) struct Database {
    writer: Writer,
    readers: Arc<Mutex<Vec<Connection>>>,
    free_readers: Arc<Semaphore>,
    /// Held as long as the database is open, so that no other server opens it.
    _lock: File,
}

impl Database {
    /// Opens it; gives also the greatest number of a row in it.
    pub(crate) fn open(
        directory: &Path,
        max_bytes: Option<u64>,
        readers: usize,
    ) -> Result<(Self, i64), Error> {
        let failed = |reason: String| Error::Open { path: directory.display().to_string(), reason };
        std::fs::create_dir_all(directory).map_err(|error| failed(error.to_string()))?;
        let in_use = "another server has it open; stop that one, or give this one another --data-dir";
        let lock = lock(&directory.join("lock"), in_use).map_err(failed)?;
        served(directory).map_err(failed)?;
        let path = directory.join(FILE);
        let connection = connect_to_write(&path, directory, max_bytes)?;
        let readers = (0..readers.max(1))
            .map(|_| connect_to_read(&path))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| failed(error.to_string()))?;
        let free_readers = Arc::new(Semaphore::new(readers.len()));
        let memory = memory::Memory::read(&connection).map_err(|error| Error::Read(error.into()))?;
        let last = last_number(&connection).map_err(|error| Error::Read(error.into()))?;
        let writer = Writer::start(connection, memory, &path).map_err(|error| failed(error.to_string()))?;
        Ok((Self { writer, readers: Arc::new(Mutex::new(readers)), free_readers, _lock: lock }, last))
    }

    /// Hands a write to the writer and waits until it is on stable storage.
    pub(crate) async fn write(&self, write: Write) -> Result<Outcome, Error> {
        let (answer, answered) = oneshot::channel();
        let stopped = || Error::Unavailable { reason: "the server is stopping".to_owned() };
        self.writer.send(write, answer).await.map_err(|()| stopped())?;
        answered.await.unwrap_or_else(|_| Err(stopped()))
    }

    /// Reads on a connection of its own, off the async threads.
    pub(crate) async fn read<T, F>(&self, read: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Reader<'_>) -> Result<T, Fault> + Send + 'static,
    {
        let stopped = || Error::Unavailable { reason: "the server is stopping".to_owned() };
        let free = Arc::clone(&self.free_readers).acquire_owned().await.map_err(|_| stopped())?;
        let readers = Arc::clone(&self.readers);
        let reading = tokio::task::spawn_blocking(move || {
            let mut connection = readers.lock().pop()?;
            let started = Instant::now();
            // Every thousand steps of SQLite's machine is well under a millisecond.
            let limit = connection.progress_handler(1000, Some(move || started.elapsed() > READ_LIMIT));
            let result = limit.map_err(Fault::from).and_then(|()| {
                let transaction = connection.transaction()?;
                read(&Reader::Sqlite(&transaction))
            });
            // Given back here, so that a caller who stops waiting does not take it along.
            readers.lock().push(connection);
            drop(free);
            Some(result)
        });
        reading.await.ok().flatten().ok_or_else(stopped)?.map_err(Error::Read)
    }

    pub(crate) fn counters(&self) -> Counters {
        self.writer.counters()
    }

    pub(crate) async fn close(&self) {
        self.writer.close().await;
    }
}

/// Looks at the database of a folder without its lock, beside whoever has it; `look` is told the version of its schema
/// and the one that this build knows.
pub(crate) fn inspect(
    directory: &Path,
    look: impl FnOnce(&Reader<'_>, (u32, u32), Option<Timestamp>) -> Result<Inspection, Fault>,
) -> Result<Inspection, Error> {
    let failed = |reason: String| Error::Open { path: directory.display().to_string(), reason };
    let mut connection = connect_to_read(&directory.join(FILE)).map_err(|error| failed(error.to_string()))?;
    let looked = || -> Result<Inspection, Fault> {
        let transaction = connection.transaction()?;
        let versions = migrate::versions(&transaction)?;
        look(&Reader::Sqlite(&transaction), versions, None)
    };
    looked().map_err(|fault| failed(fault.to_string()))
}

/// The greatest number of all ids in the database; 0 when there is none.
fn last_number(connection: &Connection) -> rusqlite::Result<i64> {
    let numbered = "SELECT ifnull(max(number), 0) FROM (
            SELECT max(number) AS number FROM event
            UNION ALL SELECT max(number) FROM run_live
            UNION ALL SELECT max(number) FROM run
            UNION ALL SELECT max(number) FROM delivery_live
            UNION ALL SELECT max(number) FROM delivery)";
    // Of what is kept by its id the order counts as well: the newest deployment serves, the oldest refusal goes.
    let others = "SELECT max(id) FROM (
            SELECT max(id) AS id FROM deployment
            UNION ALL SELECT max(id) FROM refusal
            UNION ALL SELECT max(id) FROM job
            UNION ALL SELECT max(id) FROM document
            UNION ALL SELECT max(id) FROM flow_version)";
    let numbered: i64 = connection.query_row(numbered, [], |row| row.get(0))?;
    let other: Option<RefusalId> = connection.query_row(others, [], |row| row.get(0))?;
    Ok(numbered.max(other.map_or(0, |id| number(id.into()))))
}

/// Takes the lock that says which process has the folder open. `in_use` is what is said when another has it.
fn lock(path: &Path, in_use: &str) -> Result<File, String> {
    let file =
        File::options().create(true).truncate(false).write(true).open(path).map_err(|e| e.to_string())?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(in_use.to_owned()),
        Err(std::fs::TryLockError::Error(error)) => Err(error.to_string()),
    }
}

/// A connection that writes, to a database whose schema it has brought up to date.
fn connect_to_write(path: &Path, directory: &Path, max_bytes: Option<u64>) -> Result<Connection, Error> {
    let failed = |error: rusqlite::Error| Error::Open {
        path: directory.display().to_string(),
        reason: error.to_string(),
    };
    let mut connection = connect(path, OpenFlags::default()).map_err(failed)?;
    prepare_writer(&connection, max_bytes).map_err(failed)?;
    migrate::run(&mut connection)?;
    Ok(connection)
}

/// A connection that only reads.
fn connect_to_read(path: &Path) -> rusqlite::Result<Connection> {
    connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)
}

fn connect(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(Duration::from_secs(10))?;
    // One plan for each statement, whatever is bound to it. Without this SQLite compiles a statement anew
    // each time when a partial index might fit what is bound.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(connection)
}

fn prepare_writer(connection: &Connection, max_bytes: Option<u64>) -> rusqlite::Result<()> {
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    // Checkpoints run on a thread of their own.
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    connection.pragma_update(None, "temp_store", "memory")?;
    connection.pragma_update(None, "cache_size", WRITER_CACHE_KIB)?;
    if let Some(bytes) = max_bytes {
        let page: i64 = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
        let pages = i64::try_from(bytes).unwrap_or(i64::MAX) / page;
        connection.pragma_update(None, "max_page_count", pages)?;
    }
    Ok(())
}
