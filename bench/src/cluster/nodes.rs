//! Several nodes on one database.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::bail;
use bench::process::Process;

use crate::subject::{LOOK, LOOKS, Start, Subject};

/// The key that seals what is stored, which all nodes of a database share. What is stored here ends with the bench.
const KEY: &str = "YmVuY2gtY2x1c3Rlci1rZXktb2YtMzItYnl0ZXMtMDE=";

/// How nodes are started.
pub(super) struct Plan<'a> {
    pub(super) linchpin: &'a Path,
    /// A folder, with one for each node in it.
    pub(super) folder: PathBuf,
    /// Runs that a node may have under way, if it is not as many as by default.
    pub(super) places: Option<usize>,
    pub(super) lease: Duration,
}

impl Plan<'_> {
    /// The first node of an empty database, with an owner.
    pub(super) async fn first(&self, database: &str, name: &str) -> anyhow::Result<Subject> {
        self.node(database, name).subject().await
    }

    /// Another node of a database.
    pub(super) async fn another(&self, database: &str, name: &str) -> anyhow::Result<Process> {
        self.node(database, name).process().await
    }

    fn node(&self, database: &str, name: &str) -> Start<'_> {
        let lease = self.lease.as_secs();
        let engine =
            self.places.map_or_else(String::new, |places| format!("engine = {{ max_runs = {places} }}"));
        let settings =
            format!("key = \"{KEY}\"\nlease = \"{lease}s\"\ndatabase = {{ url = {database:?} }}\n{engine}");
        Start { linchpin: self.linchpin, folder: self.folder.join(name), settings }
    }
}

/// Waits until a node knows a source that was made at another, by an event of that source.
pub(super) async fn knows(node: SocketAddr, path: &str) -> anyhow::Result<()> {
    for _ in 0..LOOKS {
        if (200..300).contains(&Subject::send_to(node, path).await?) {
            return Ok(());
        }
        tokio::time::sleep(LOOK).await;
    }
    bail!("a node does not hear what is set at another")
}
