//! A private server of PostgreSQL for tests: its own folder, a free port of this machine, gone with its owner.

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::Context;

use crate::{
    shell::{finish, is_there},
    system,
};

/// A server that runs. Dropping it stops it and deletes what it stored.
pub(crate) struct Server {
    folder: PathBuf,
    /// How it is reached.
    pub(crate) url: String,
}

impl Server {
    /// Starts one, after installing what it needs. It keeps nothing safe from a power cut, as no test needs it to.
    pub(crate) fn start() -> anyhow::Result<Self> {
        if programs().is_none() {
            system::need(&[("postgres", "postgresql")]).or_else(|error| programs().map(drop).ok_or(error))?;
        }
        system::need(&[("psql", "postgresql-client")])?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let folder = std::env::temp_dir().join(format!("linchpin-postgres-{port}"));
        std::fs::create_dir(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
        let server = Self { folder, url: format!("postgres://postgres@127.0.0.1:{port}/postgres") };
        let folder = &server.folder;
        if system::is_root() {
            // It refuses to run as root.
            finish(Command::new("chown").arg("postgres").arg(folder))?;
        }
        let data = folder.join("data");
        let init =
            ["--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"];
        finish(as_nobody("initdb")?.arg("-D").arg(&data).args(init).stdout(Stdio::null()))?;
        let options = format!(
            "-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={} -c fsync=off -c max_connections=500",
            folder.display()
        );
        let log = folder.join("log");
        let mut start = as_nobody("pg_ctl")?;
        start.args(["start", "-w", "-s", "-D"]).arg(&data).arg("-l").arg(&log).arg("-o").arg(options);
        finish(start.stdin(Stdio::null()).stdout(Stdio::null()))
            .with_context(|| std::fs::read_to_string(&log).unwrap_or_default())?;
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let stopped = as_nobody("pg_ctl").and_then(|mut stop| {
            finish(stop.args(["stop", "-s", "-m", "immediate", "-D"]).arg(self.folder.join("data")))
        });
        if let Err(error) = stopped {
            eprintln!("PostgreSQL was not stopped: {error:#}");
        }
        if let Err(error) = std::fs::remove_dir_all(&self.folder) {
            eprintln!("{} was not deleted: {error}", self.folder.display());
        }
    }
}

/// Where Debian keeps the server's programs: beside the path, by version.
fn programs() -> Option<PathBuf> {
    let mut versions: Vec<PathBuf> =
        std::fs::read_dir("/usr/lib/postgresql").ok()?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    versions.sort_by_key(|path| path.file_name().and_then(|name| name.to_str()?.parse::<u32>().ok()));
    versions.into_iter().rev().map(|path| path.join("bin")).find(|bin| bin.join("initdb").is_file())
}

/// A program of the server, run by a user that is not root.
fn as_nobody(program: &str) -> anyhow::Result<Command> {
    let program = match programs() {
        Some(bin) => bin.join(program),
        None if is_there(program) => Path::new(program).to_owned(),
        None => anyhow::bail!("`{program}` is missing; install PostgreSQL 15 or newer"),
    };
    let mut command = if system::is_root() {
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--"]).arg(program);
        command
    } else {
        Command::new(program)
    };
    command.current_dir("/");
    Ok(command)
}
