//! One of the nodes.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use anyhow::Context;
use bench::process::{Process, free_address};
use serde_json::Value;

/// How long a node may be silent before the others take over what it holds.
pub(crate) const LEASE: &str = "5s";

/// The key that seals what is stored, which all nodes share. What this demo stores ends with it.
const KEY: &str = "ZGVtby1jbHVzdGVyLWtleS1vZi0zMi1ieXRlcy0wMDE=";

/// What a node logs when it has taken over runs of one that is gone.
const TOOK_OVER: &str = "runs that were in flight go on";

/// What all nodes have in common.
pub(crate) struct Common<'a> {
    pub(crate) linchpin: &'a Path,
    /// The folder with the models' weights.
    pub(crate) models: &'a Path,
    /// A folder, with one for each node in it.
    pub(crate) folder: &'a Path,
    /// The database.
    pub(crate) database: &'a str,
    /// Where the proxy listens.
    pub(crate) proxy: SocketAddr,
}

pub(crate) struct Node {
    pub(crate) name: String,
    pub(crate) process: Process,
    log: PathBuf,
    /// How much of the log has been read, in bytes.
    read: usize,
}

impl Node {
    pub(crate) async fn start(number: usize, common: &Common<'_>) -> anyhow::Result<Self> {
        let name = format!("node-{number}");
        let folder = common.folder.join(&name);
        std::fs::create_dir_all(&folder)?;
        let address = free_address()?;
        let settings = folder.join("settings.toml");
        std::fs::write(&settings, common.settings(address, &folder))?;
        let arguments = ["serve", "--config", &settings.display().to_string()];
        let (said, log) = (said(common.folder, number), folder.join("log"));
        let started =
            Process::start_logged(common.linchpin, &arguments, address, ("/readyz", &said, &log)).await;
        let process = started
            .with_context(|| format!("{name}: {}", std::fs::read_to_string(&log).unwrap_or_default()))?;
        Ok(Self { name, process, log, read: 0 })
    }

    /// How many runs it took over from nodes that are gone, since this was last asked.
    pub(crate) fn took_over(&mut self) -> anyhow::Result<u64> {
        let log = std::fs::read_to_string(&self.log)?;
        // What is behind the last line's end is still being written.
        let end = log.rfind('\n').map_or(0, |end| end + 1).max(self.read);
        let runs = log[self.read..end].lines().filter_map(runs_taken_over).sum();
        self.read = end;
        Ok(runs)
    }
}

/// Where a node's words go: the first one's print the link that makes the owner.
pub(crate) fn said(folder: &Path, number: usize) -> PathBuf {
    folder.join(format!("node-{number}")).join("said")
}

impl Common<'_> {
    fn settings(&self, address: SocketAddr, folder: &Path) -> String {
        let Self { database, proxy, .. } = self;
        let (data, models) = (folder.join("data").display().to_string(), self.models.display().to_string());
        format!(
            "listen = \"{address}\"
public_url = \"http://{proxy}\"
data_dir = {data:?}
models_dir = {models:?}
key = \"{KEY}\"
lease = \"{LEASE}\"
database = {{ url = {database:?} }}
log = {{ format = \"json\" }}
# The demo plays systems on this machine, which the guard refuses unless the operator allows it.
outbound = {{ allow_cidrs = [\"127.0.0.0/8\"] }}
"
        )
    }
}

fn runs_taken_over(line: &str) -> Option<u64> {
    let fields = &serde_json::from_str::<Value>(line).ok()?["fields"];
    fields["runs"].as_u64().filter(|_| fields["message"] == TOOK_OVER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_takeover_is_read_from_the_log() {
        let line =
            |message: &str| format!(r#"{{"level":"INFO","fields":{{"message":"{message}","runs":7}}}}"#);
        assert_eq!(runs_taken_over(&line(TOOK_OVER)), Some(7));
        assert_eq!(runs_taken_over(&line("ready")), None);
        assert_eq!(runs_taken_over("not JSON"), None);
    }
}
