//! The binary, in a process of its own.

use std::{
    path::Path,
    process::{ExitStatus, Stdio},
    sync::Arc,
    time::Duration,
};

use parking_lot::Mutex;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    process::{Child, Command},
    task::JoinHandle,
};

use super::within;

/// How long the process may take to start, to stop, or to fail.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where a server's database is, when it is not in its folder.
const DATABASE: &str = "LINCHPIN_DATABASE__URL";

/// A data folder, and a schema of its own on a server of PostgreSQL, if there is one. The folder goes when the last of
/// its users does.
#[derive(Clone)]
pub(crate) struct Home {
    folder: Arc<TempDir>,
    database: Option<String>,
}

/// A server that is to be started.
pub(crate) struct Launch {
    home: Home,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
}

/// A server that runs. Dropping it kills it.
pub(crate) struct Server {
    /// Where it is, without a slash at the end.
    pub(crate) url: String,
    home: Home,
    child: Child,
    out: Written,
    log: Written,
}

/// What a process has written so far.
struct Written {
    text: Arc<Mutex<String>>,
    /// Ends with the writer.
    reading: JoinHandle<()>,
}

impl Home {
    /// On the server that `POSTGRES_FOR_TESTS` names, if it does.
    pub(crate) fn new() -> Self {
        Self::on(std::env::var("POSTGRES_FOR_TESTS").ok().as_deref())
    }

    /// On this server of PostgreSQL.
    pub(crate) fn on(server: Option<&str>) -> Self {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let name = folder.path().file_name().unwrap().to_str().unwrap();
        let schema = name.bytes().fold("home_".to_owned(), |all, byte| format!("{all}{byte:02x}"));
        let database = server.map(|server| format!("{server}?options=-csearch_path%3D{schema}"));
        let home = Self { folder, database };
        if home.database.is_some() {
            home.psql(&format!("CREATE SCHEMA {schema}"));
        }
        home
    }

    /// The address of its schema.
    pub(crate) fn database(&self) -> Option<String> {
        self.database.clone()
    }

    /// Runs a statement in its schema, and gives what that gives.
    pub(crate) fn psql(&self, sql: &str) -> String {
        let database = self.database().unwrap();
        let done =
            std::process::Command::new("psql").args([database.as_str(), "-qAtc", sql]).output().unwrap();
        assert!(done.status.success(), "{sql}: {done:?}");
        String::from_utf8(done.stdout).unwrap().trim().to_owned()
    }

    /// Whether its data is on PostgreSQL, and not in the folder.
    pub(crate) fn is_on_postgres() -> bool {
        std::env::var_os("POSTGRES_FOR_TESTS").is_some()
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A server of this folder that listens where it finds a place and may call this machine.
    pub(crate) fn serve(&self) -> Launch {
        self.guarded().arguments(&["--allow-cidr", "127.0.0.0/8"])
    }

    /// The same, but as guarded as it is by default.
    pub(crate) fn guarded(&self) -> Launch {
        let data = self.path().join("data");
        let launch = Launch { home: self.clone(), arguments: Vec::new(), environment: Vec::new() };
        let launch = launch
            .variable("LINCHPIN_LISTEN", "127.0.0.1:0")
            .variable("LINCHPIN_DATA_DIR", data.to_str().unwrap());
        match &self.database {
            // A node that was killed is waited for until its lease is over.
            Some(url) => launch.variable("LINCHPIN_LEASE", "1s").variable(DATABASE, url),
            None => launch,
        }
    }
}

impl Launch {
    /// On SQLite in its folder in any case.
    #[must_use]
    pub(crate) fn in_folder(mut self) -> Self {
        self.environment.retain(|(name, _)| name != DATABASE);
        self
    }

    #[must_use]
    pub(crate) fn arguments(mut self, arguments: &[&str]) -> Self {
        self.arguments.extend(arguments.iter().map(ToString::to_string));
        self
    }

    #[must_use]
    pub(crate) fn variable(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Starts it and waits until it listens; gives what it wrote when it ends instead.
    pub(crate) async fn try_start(self) -> Result<Server, Ended> {
        let (mut child, out, mut log) = self.spawn();
        let ready = within(PATIENCE, "the server is ready, or has ended", async || {
            match (log.ready_at(), child.try_wait().unwrap()) {
                (Some(url), _) => Some(Ok(url)),
                (None, Some(status)) => Some(Err(status)),
                (None, None) => None,
            }
        });
        match ready.await {
            Ok(url) => Ok(Server { url, home: self.home, child, out, log }),
            Err(status) => {
                log.end().await;
                Err(Ended { status, said: log.text() })
            }
        }
    }

    /// Starts it and waits until it listens.
    pub(crate) async fn start(self) -> Server {
        self.try_start().await.unwrap_or_else(|ended| panic!("the server did not start: {ended:?}"))
    }

    /// Runs a server that must not start.
    pub(crate) async fn fail(self) -> Ended {
        match self.try_start().await {
            Err(ended) => ended,
            Ok(server) => panic!("the server started: {}", server.log()),
        }
    }

    fn spawn(&self) -> (Child, Written, Written) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_linchpin"));
        command.arg("serve").args(&self.arguments);
        command.env_clear().env("NO_COLOR", "1").envs(self.environment.iter().cloned());
        command.current_dir(self.home.path()).kill_on_drop(true);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let out = Written::of(child.stdout.take().unwrap());
        let log = Written::of(child.stderr.take().unwrap());
        (child, out, log)
    }
}

/// A process that has ended, and what it wrote to its standard error.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) said: String,
}

impl Server {
    /// A server with nothing in it yet.
    pub(crate) async fn fresh() -> Self {
        Home::new().serve().start().await
    }

    pub(crate) fn home(&self) -> &Home {
        &self.home
    }

    /// What it has logged so far.
    pub(crate) fn log(&self) -> String {
        self.log.text()
    }

    /// What it has written to its standard output so far.
    pub(crate) fn out(&self) -> String {
        self.out.text()
    }

    /// The token of the link that a fresh install prints.
    pub(crate) async fn link_token(&self) -> String {
        within(PATIENCE, "the first link is printed", async || {
            let out = self.out();
            let (_, rest) = out.split_once("/setup#token=")?;
            rest.split_once('\n').map(|(token, _)| token.to_owned())
        })
        .await
    }

    /// Asks it to stop in good order.
    pub(crate) fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// Stops it where it is, until it is resumed.
    pub(crate) fn pause(&self) {
        self.signal(Signal::STOP);
    }

    pub(crate) fn resume(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.child.id().unwrap()).unwrap();
        kill_process(Pid::from_raw(id).unwrap(), signal).unwrap();
    }

    /// Whether it has ended.
    pub(crate) fn has_ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    /// Waits until it has ended.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        let ended = tokio::time::timeout(PATIENCE, self.child.wait()).await;
        let status =
            ended.unwrap_or_else(|_| panic!("the server does not end; its log: {}", self.log.text()));
        self.log.end().await;
        status.unwrap()
    }

    /// Kills it, as the kernel does when it needs the memory, and waits until it is gone.
    pub(crate) async fn kill(mut self) {
        self.die().await;
    }

    /// The same, and what it has logged can still be read.
    pub(crate) async fn die(&mut self) {
        self.child.start_kill().unwrap();
        self.ended().await;
    }
}

impl Written {
    /// Collects what comes until the writer ends.
    fn of(reader: impl AsyncRead + Unpin + Send + 'static) -> Self {
        let text = Arc::<Mutex<String>>::default();
        let into = Arc::clone(&text);
        let reading = tokio::spawn(async move {
            let mut lines = BufReader::new(reader).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                let mut text = into.lock();
                text.push_str(&line);
                text.push('\n');
            }
        });
        Self { text, reading }
    }

    fn text(&self) -> String {
        self.text.lock().clone()
    }

    /// Waits until all is read of a writer that has ended.
    async fn end(&mut self) {
        if !self.reading.is_finished() {
            tokio::time::timeout(PATIENCE, &mut self.reading).await.unwrap().unwrap();
        }
    }

    fn ready_at(&self) -> Option<String> {
        let text = self.text.lock();
        let (_, rest) = text.split_once("ready url=")?;
        Some(rest.split_whitespace().next()?.to_owned())
    }
}
