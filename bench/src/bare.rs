//! The floor that the disk and the HTTP stack set.
//!
//! It is a fast one: one row without key or index through a writer like the server's, 62,000 to 73,000 rows a second at 64
//! connections. The same handler through an async driver, with a unique key and an index as a queue would need them, reached
//! 10,000 to 20,000 in the same minutes. So a share of it is a share of what the machine can do at all.

mod postgres;
mod sqlite;

use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use anyhow::bail;
use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::StatusCode,
    routing::{get, post},
};
use clap::Args;
use tokio::{
    net::TcpListener,
    sync::{mpsc, oneshot},
};

/// Rows that may wait; beyond it callers wait for a place.
const QUEUE: usize = 4096;

#[derive(Args)]
pub(crate) struct Bare {
    /// Where to listen.
    #[arg(long)]
    listen: SocketAddr,
    /// The database file of SQLite.
    #[arg(long, required_unless_present = "postgres")]
    database: Option<PathBuf>,
    /// The database of PostgreSQL.
    #[arg(long, conflicts_with = "database")]
    postgres: Option<String>,
}

/// A row, and who is told once it is on stable storage.
type Row = (Bytes, oneshot::Sender<()>);

#[derive(Clone)]
struct Floor {
    queue: mpsc::Sender<Row>,
    transactions: Arc<AtomicU64>,
}

impl Bare {
    pub(crate) async fn serve(self) -> anyhow::Result<()> {
        let (queue, rows) = mpsc::channel(QUEUE);
        let transactions = Arc::<AtomicU64>::default();
        match (&self.database, &self.postgres) {
            (Some(file), _) => sqlite::start(file, rows, Arc::clone(&transactions))?,
            (None, Some(url)) => postgres::start(url, rows, Arc::clone(&transactions)).await?,
            (None, None) => bail!("there is no database to write to"),
        }
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

/// Tells everybody whose row is on stable storage.
fn tell(batch: impl IntoIterator<Item = Row>) {
    for (_, done) in batch {
        // The load may have ended.
        let _ = done.send(());
    }
}
