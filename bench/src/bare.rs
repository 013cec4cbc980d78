//! The floor that the disk and the HTTP stack set.

use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::StatusCode,
    routing::{get, post},
};
use clap::Args;
use rusqlite::{Connection, params};
use tokio::{
    net::TcpListener,
    sync::{mpsc, oneshot},
};

/// Writes in one transaction at most, as in the server.
const BATCH: usize = 512;

#[derive(Args)]
pub(crate) struct Bare {
    /// Where to listen.
    #[arg(long)]
    listen: SocketAddr,
    /// The database file.
    #[arg(long)]
    database: PathBuf,
}

type Row = (Bytes, oneshot::Sender<()>);

#[derive(Clone)]
struct Floor {
    queue: mpsc::Sender<Row>,
    transactions: Arc<AtomicU64>,
}

impl Bare {
    pub(crate) async fn serve(self) -> anyhow::Result<()> {
        let connection = Connection::open(&self.database)?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "full")?;
        connection.execute_batch("CREATE TABLE row (id INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT")?;
        let (queue, rows) = mpsc::channel(4096);
        let transactions = Arc::<AtomicU64>::default();
        let counted = Arc::clone(&transactions);
        thread::spawn(move || write(connection, rows, &counted));
        let router = Router::new()
            .route("/", post(take))
            .route(
                "/fsyncs",
                get(|State(floor): State<Floor>| async move {
                    floor.transactions.load(Ordering::Relaxed).to_string()
                }),
            )
            .with_state(Floor { queue, transactions });
        axum::serve(TcpListener::bind(self.listen).await?, router).await?;
        Ok(())
    }
}

async fn take(State(floor): State<Floor>, body: Bytes) -> StatusCode {
    let (done, committed) = oneshot::channel();
    if floor.queue.send((body, done)).await.is_ok() && committed.await.is_ok() {
        StatusCode::ACCEPTED
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    }
}

fn write(mut connection: Connection, mut rows: mpsc::Receiver<Row>, transactions: &AtomicU64) {
    let mut batch: Vec<Row> = Vec::with_capacity(BATCH);
    while rows.blocking_recv_many(&mut batch, BATCH) > 0 {
        let written = commit(&mut connection, &batch);
        if let Err(error) = written {
            eprintln!("the floor cannot write: {error}");
            return;
        }
        transactions.fetch_add(1, Ordering::Relaxed);
        for (_, done) in batch.drain(..) {
            // The load may have ended.
            let _ = done.send(());
        }
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
