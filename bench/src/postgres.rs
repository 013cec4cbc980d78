//! The server of PostgreSQL that is measured on: its databases, and what it spends. It is one of this machine, and
//! serves nobody else.

use std::{path::PathBuf, time::Duration};

use anyhow::{Context, ensure};
use bench::process::{parent, relatives};
use tokio_postgres::{Client, NoTls};

use crate::limit::Cpu;

/// What must be on, as it is by default: figures of a database that may forget say nothing.
const DURABLE: [&str; 3] = ["fsync", "synchronous_commit", "full_page_writes"];

/// From this version on the write-ahead log's fsyncs stand among all other input and output.
const IO_OF_WAL: u32 = 180_000;

/// How long its processes may keep to themselves what they did; they tell at the end of the next transaction.
pub(crate) const TOLD_AFTER: Duration = Duration::from_millis(1_100);

pub(crate) struct Postgres {
    client: Client,
    /// Without the name of a database.
    server: String,
    version: u32,
    /// Its first process, the parent of all others.
    postmaster: u32,
}

/// Fsyncs so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Fsyncs {
    pub(crate) count: f64,
    /// How long they took; 0 where nobody says.
    pub(crate) seconds: f64,
}

impl Fsyncs {
    pub(crate) fn since(self, before: Self) -> Self {
        Self { count: self.count - before.count, seconds: self.seconds - before.seconds }
    }
}

impl Postgres {
    /// Connects to a server of this machine.
    pub(crate) async fn connect(url: &str) -> anyhow::Result<Self> {
        let client = connect(url).await?;
        let (server, _) = url.rsplit_once('/').context("the address of PostgreSQL names no database")?;
        for setting in DURABLE {
            let value: String = client.query_one(&format!("SHOW {setting}"), &[]).await?.get(0);
            ensure!(value == "on", "`{setting}` is {value}: what was answered could be lost");
        }
        let version: String = client.query_one("SHOW server_version_num", &[]).await?.get(0);
        let backend: i32 = client.query_one("SELECT pg_backend_pid()", &[]).await?.get(0);
        let postmaster = u32::try_from(backend).ok().and_then(parent);
        let postmaster = postmaster.context("PostgreSQL's processes are not on this machine")?;
        Ok(Self { client, server: server.to_owned(), version: version.parse()?, postmaster })
    }

    /// What it calls itself: `15.14`.
    pub(crate) async fn version(&self) -> anyhow::Result<String> {
        Ok(self.client.query_one("SHOW server_version", &[]).await?.get(0))
    }

    /// The folder on the disk that is measured.
    pub(crate) async fn folder(&self) -> anyhow::Result<PathBuf> {
        let data: String = self.client.query_one("SHOW data_directory", &[]).await?.get(0);
        PathBuf::from(data).parent().map(PathBuf::from).context("the data lies nowhere")
    }

    /// Makes an empty database, whose fsyncs are timed; gives its address.
    pub(crate) async fn database(&self, name: &str) -> anyhow::Result<String> {
        self.client.batch_execute(&format!("CREATE DATABASE {name}")).await?;
        self.client.batch_execute(&format!("ALTER DATABASE {name} SET track_wal_io_timing = on")).await?;
        Ok(format!("{}/{name}", self.server))
    }

    /// CPU time so far of all its processes.
    pub(crate) fn cpu(&self) -> Cpu {
        Cpu::of_family(self.postmaster, &relatives())
    }

    /// Fsyncs so far of its write-ahead log, as far as its processes have told ([`TOLD_AFTER`]).
    pub(crate) async fn fsyncs(&self) -> anyhow::Result<Fsyncs> {
        let sql = if self.version < IO_OF_WAL {
            "SELECT wal_sync::float8, wal_sync_time FROM pg_stat_wal"
        } else {
            "SELECT sum(fsyncs)::float8, sum(fsync_time) FROM pg_stat_io WHERE object = 'wal'"
        };
        let row = self.client.query_one(sql, &[]).await?;
        let (count, ms): (f64, f64) = (row.try_get(0)?, row.try_get(1)?);
        Ok(Fsyncs { count, seconds: ms / 1000.0 })
    }
}

/// A connection, for as long as the client lives.
pub(crate) async fn connect(url: &str) -> anyhow::Result<Client> {
    // What is wrong is said without the address, which may hold a password.
    let (client, connection) =
        tokio_postgres::connect(url, NoTls).await.context("PostgreSQL cannot be reached")?;
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            eprintln!("a connection to PostgreSQL ended: {error}");
        }
    });
    Ok(client)
}
