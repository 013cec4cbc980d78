//! The floor's writer on SQLite: one connection on a thread of its own.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use rusqlite::{Connection, params};
use tokio::sync::mpsc;

use super::{Row, tell};

/// Writes in one transaction at most, as in the server.
const BATCH: usize = 512;

pub(super) fn start(
    file: &Path,
    rows: mpsc::Receiver<Row>,
    transactions: Arc<AtomicU64>,
) -> anyhow::Result<()> {
    let connection = Connection::open(file)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.execute_batch("CREATE TABLE row (id INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT")?;
    thread::spawn(move || write(connection, rows, &transactions));
    Ok(())
}

fn write(mut connection: Connection, mut rows: mpsc::Receiver<Row>, transactions: &AtomicU64) {
    let mut batch: Vec<Row> = Vec::with_capacity(BATCH);
    while rows.blocking_recv_many(&mut batch, BATCH) > 0 {
        if let Err(error) = commit(&mut connection, &batch) {
            eprintln!("the floor cannot write: {error}");
            return;
        }
        transactions.fetch_add(1, Ordering::Relaxed);
        tell(batch.drain(..));
    }
}

fn commit(connection: &mut Connection, batch: &[Row]) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    {
        let mut insert = transaction.prepare_cached("INSERT INTO row (body) VALUES (?1)")?;
        for (body, _) in batch {
            insert.execute(params![&body[..]])?;
        }
    }
    transaction.commit()
}
