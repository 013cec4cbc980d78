//! A private server of PostgreSQL: its own folder, a free port of this machine, gone with its owner.

use std::{
    fs,
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
};

use anyhow::Context;
use signal_hook::{consts::SIGINT, flag};

use crate::{
    certificates,
    shell::{finish, is_there},
    system,
};

/// A server that runs. Dropping it stops it and deletes what it stored.
pub(crate) struct Server {
    folder: PathBuf,
    /// How it is reached.
    pub(crate) url: String,
    port: u16,
}

/// What a server keeps safe from a power cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Durability {
    /// Nothing, as no test needs it to.
    None,
    /// All that was committed, by PostgreSQL's own defaults.
    Full,
}

impl Durability {
    /// Where the server's folder lies, and what it is told.
    fn settings(self) -> (PathBuf, &'static str) {
        match self {
            Self::None => (std::env::temp_dir(), "-c fsync=off"),
            // On a disk, as what lies there outlives a restart. What is temporary may lie in memory.
            Self::Full => (PathBuf::from("/var/tmp"), ""),
        }
    }
}

/// Who may come to a server with TLS: one user by a certificate, one by a password, one without TLS alone, and the
/// others by TLS alone.
const BY_TLS: &str = "hostssl all certified 127.0.0.1/32 cert
hostssl all sworn 127.0.0.1/32 scram-sha-256
hostnossl all plain 127.0.0.1/32 trust
hostssl all plain 127.0.0.1/32 reject
hostssl all all 127.0.0.1/32 trust
";

impl Server {
    /// Starts one, after installing what it needs.
    pub(crate) fn start(durability: Durability) -> anyhow::Result<Self> {
        let server = Self::made(durability)?;
        server.run(durability, "")?;
        Ok(server)
    }

    /// Starts one with TLS, for tests. Its address names the file of its authority; a user's certificate lies beside that.
    pub(crate) fn start_with_tls() -> anyhow::Result<Self> {
        let mut server = Self::made(Durability::None)?;
        let folder = server.folder.display();
        certificates::write(&server.folder, "certified")?;
        fs::write(server.folder.join("data/pg_hba.conf"), BY_TLS)?;
        let key = server.folder.join("server.key");
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600))?;
        if system::is_root() {
            finish(Command::new("chown").arg("postgres").arg(&key))?;
        }
        let settings = format!(
            "-c ssl=on -c ssl_ca_file={folder}/authority.crt -c ssl_cert_file={folder}/server.crt \
             -c ssl_key_file={folder}/server.key"
        );
        server.run(Durability::None, &settings)?;
        server.url = format!(
            "postgres://postgres@localhost:{}/postgres?sslrootcert={folder}/authority.crt",
            server.port
        );
        Ok(server)
    }

    /// Makes what a server stores, after installing what it needs.
    fn made(durability: Durability) -> anyhow::Result<Self> {
        if programs().is_none() {
            system::need(&[("postgres", "postgresql")]).or_else(|error| programs().map(drop).ok_or(error))?;
        }
        system::need(&[("psql", "postgresql-client")])?;
        // Ctrl+C ends what a chore has started, and so the chore; this process must live on to end the server.
        flag::register(SIGINT, Arc::default())?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let (place, _) = durability.settings();
        let folder = place.join(format!("linchpin-postgres-{port}"));
        fs::create_dir(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
        let server = Self { folder, url: format!("postgres://postgres@127.0.0.1:{port}/postgres"), port };
        let folder = &server.folder;
        if system::is_root() {
            // It refuses to run as root.
            finish(Command::new("chown").arg("postgres").arg(folder))?;
        }
        let data = folder.join("data");
        let init =
            ["--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"];
        finish(as_nobody("initdb")?.arg("-D").arg(&data).args(init).stdout(Stdio::null()))?;
        Ok(server)
    }

    fn run(&self, durability: Durability, settings: &str) -> anyhow::Result<()> {
        let Self { folder, port, .. } = self;
        let (_, kept) = durability.settings();
        let options = format!(
            "-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={} -c max_connections=500 {kept} \
             {settings}",
            folder.display()
        );
        let (data, log) = (folder.join("data"), folder.join("log"));
        let mut start = as_nobody("pg_ctl")?;
        start.args(["start", "-w", "-s", "-D"]).arg(&data).arg("-l").arg(&log).arg("-o").arg(options);
        finish(start.stdin(Stdio::null()).stdout(Stdio::null()))
            .with_context(|| fs::read_to_string(&log).unwrap_or_default())
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
        if let Err(error) = fs::remove_dir_all(&self.folder) {
            eprintln!("{} was not deleted: {error}", self.folder.display());
        }
    }
}

/// Where Debian keeps the server's programs: beside the path, by version.
fn programs() -> Option<PathBuf> {
    let mut versions: Vec<PathBuf> =
        fs::read_dir("/usr/lib/postgresql").ok()?.filter_map(|entry| Some(entry.ok()?.path())).collect();
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
