//! A server of PostgreSQL that a test may break: it is nobody else's, and forgets nothing that it said was safe.

use std::{
    net::TcpListener,
    path::PathBuf,
    process::{Command, Stdio},
};

use tempfile::TempDir;

/// The server. Dropping it stops it and deletes what it stored.
pub(crate) struct Postgres {
    folder: TempDir,
    port: u16,
}

impl Postgres {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let postgres = Self { folder, port };
        if rustix::process::geteuid().is_root() {
            finish(Command::new("chown").arg("postgres").arg(postgres.folder.path()));
        }
        let init =
            ["--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"];
        finish(program("initdb").arg("-D").arg(postgres.data()).args(init));
        finish(&mut postgres.control("start", "fast"));
        postgres
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// How it is reached.
    pub(crate) fn url(&self) -> String {
        format!("postgres://postgres@{}/postgres", self.address())
    }

    /// Starts it anew; returns when it can be used again. In the mode `immediate` its processes end as in a crash, in
    /// the mode `fast` what is under way is undone first.
    pub(crate) async fn restart(&self, mode: &str) {
        let restart = tokio::process::Command::from(self.control("restart", mode)).status().await;
        assert!(restart.unwrap().success());
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn control(&self, act: &str, mode: &str) -> Command {
        let folder = self.folder.path();
        let options = format!(
            "-p {} -c listen_addresses=127.0.0.1 -c unix_socket_directories={} -c fsync=on",
            self.port,
            folder.display()
        );
        let mut control = program("pg_ctl");
        control.args([act, "-w", "-s", "-m", mode, "-o", &options]);
        control.arg("-D").arg(self.data()).arg("-l").arg(folder.join("log"));
        control
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        finish(&mut self.control("stop", "immediate"));
    }
}

/// A program of the server, run by a user that is not root: it refuses to be.
fn program(name: &str) -> Command {
    // Debian keeps them beside the path, by version.
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let programs = versions.map(|version| version.unwrap().path().join("bin").join(name));
    let program = programs.filter(|program| program.is_file()).max().unwrap_or_else(|| name.into());
    let mut command = if rustix::process::geteuid().is_root() {
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--"]).arg(program);
        command
    } else {
        Command::new(program)
    };
    // What it starts would keep a pipe open.
    command.current_dir("/").stdin(Stdio::null()).stdout(Stdio::null());
    command
}

fn finish(command: &mut Command) {
    assert!(command.status().unwrap().success(), "{command:?}");
}
