//! The floor's writer on PostgreSQL: one connection, one statement for all that waits, which is a transaction by
//! itself, into a table without key or index.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use tokio::sync::mpsc;
use tokio_postgres::{Client, Statement};

use super::{Row, tell};
use crate::postgres::connect;

/// Writes in one transaction at most, as in the server.
const BATCH: usize = 256;

pub(super) async fn start(
    url: &str,
    rows: mpsc::Receiver<Row>,
    transactions: Arc<AtomicU64>,
) -> anyhow::Result<()> {
    let client = connect(url).await?;
    client.batch_execute("CREATE TABLE bare (body bytea NOT NULL)").await?;
    let insert = client.prepare("INSERT INTO bare (body) SELECT unnest($1::bytea[])").await?;
    tokio::spawn(async move {
        if let Err(error) = write(client, insert, rows, &transactions).await {
            eprintln!("the floor cannot write: {error}");
        }
    });
    Ok(())
}

async fn write(
    client: Client,
    insert: Statement,
    mut rows: mpsc::Receiver<Row>,
    transactions: &AtomicU64,
) -> Result<(), tokio_postgres::Error> {
    let mut batch: Vec<Row> = Vec::with_capacity(BATCH);
    while rows.recv_many(&mut batch, BATCH).await > 0 {
        let bodies: Vec<&[u8]> = batch.iter().map(|(body, _)| &body[..]).collect();
        client.execute(&insert, &[&bodies]).await?;
        transactions.fetch_add(1, Ordering::Relaxed);
        tell(batch.drain(..));
    }
    Ok(())
}
