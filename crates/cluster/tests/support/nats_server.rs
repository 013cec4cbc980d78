//! A server of NATS in a process of its own, on a port of this machine that is the same after a restart.

use std::{
    net::{Ipv4Addr, TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use tempfile::TempDir;

/// How long it may take to start.
const PATIENCE: Duration = Duration::from_secs(20);

/// A server that runs, or did. Dropping it kills it.
pub(crate) struct NatsServer {
    port: u16,
    home: TempDir,
    child: Option<Child>,
}

impl NatsServer {
    /// Starts one that lets everybody in.
    pub(crate) fn start() -> Self {
        Self::configured("")
    }

    /// Starts one with these settings besides.
    pub(crate) fn configured(settings: &str) -> Self {
        let mut server = Self::absent(settings);
        server.run();
        server
    }

    /// One that does not run yet.
    pub(crate) fn absent(settings: &str) -> Self {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let home = tempfile::tempdir().unwrap();
        let config = format!("listen: \"127.0.0.1:{port}\"\n{settings}");
        std::fs::write(home.path().join("nats.conf"), config).unwrap();
        Self { port, home, child: None }
    }

    /// Starts it, again where it was, and waits until it listens.
    pub(crate) fn run(&mut self) {
        // Debian puts it where not everybody looks.
        let path = format!("{}:/usr/sbin", std::env::var("PATH").unwrap_or_default());
        let log = std::fs::File::create(self.home.path().join("log")).unwrap();
        let child = Command::new("nats-server")
            .arg("-c")
            .arg(self.home.path().join("nats.conf"))
            .env("PATH", path)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn();
        let mut child = child.expect("nats-server is installed (Debian: nats-server)");
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_err() {
            let lives = child.try_wait().unwrap().is_none() && Instant::now() < deadline;
            assert!(lives, "nats-server does not run; its log: {}", self.log());
            std::thread::sleep(Duration::from_millis(5));
        }
        self.child = Some(child);
    }

    /// Kills it.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// What it has logged since it was started last.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.home.path().join("log")).unwrap()
    }

    /// Its address.
    pub(crate) fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }
}

impl Drop for NatsServer {
    fn drop(&mut self) {
        self.kill();
    }
}
