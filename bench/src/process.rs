//! Processes under test: starting, measuring, ending them.

use std::{
    net::{SocketAddr, TcpListener},
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use tokio::{
    net::TcpStream,
    process::{Child, Command},
};

/// A child that ends with this value.
#[derive(Debug)]
pub struct Process {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    /// From exec until it answered.
    pub started_in: Duration,
}

impl Process {
    /// Starts a program that listens on an address, and waits until `path` answers 2xx.
    ///
    /// # Errors
    /// When it does not.
    pub async fn start(
        program: &Path,
        arguments: &[&str],
        address: SocketAddr,
        path: &str,
    ) -> anyhow::Result<Self> {
        Self::spawn(program, arguments, address, (path, Stdio::null(), Stdio::inherit())).await
    }

    /// The same, with what it prints in a file.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn start_saying(
        program: &Path,
        arguments: &[&str],
        address: SocketAddr,
        (path, said): (&str, &Path),
    ) -> anyhow::Result<Self> {
        let said = std::fs::File::create(said)?.into();
        Self::spawn(program, arguments, address, (path, said, Stdio::inherit())).await
    }

    /// The same, with its log in a file too.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn start_logged(
        program: &Path,
        arguments: &[&str],
        address: SocketAddr,
        (path, said, log): (&str, &Path, &Path),
    ) -> anyhow::Result<Self> {
        let (said, log) = (std::fs::File::create(said)?.into(), std::fs::File::create(log)?.into());
        Self::spawn(program, arguments, address, (path, said, log)).await
    }

    async fn spawn(
        program: &Path,
        arguments: &[&str],
        address: SocketAddr,
        (path, said, log): (&str, Stdio, Stdio),
    ) -> anyhow::Result<Self> {
        let began = Instant::now();
        let child = Command::new(program)
            .args(arguments)
            .stdout(said)
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("{} cannot be started", program.display()))?;
        let mut process = Self { child, address, started_in: Duration::ZERO };
        loop {
            if answers(address, path).await {
                process.started_in = began.elapsed();
                return Ok(process);
            }
            if let Some(status) = process.child.try_wait()? {
                bail!("{} ended at once: {status}", program.display());
            }
            if began.elapsed() > Duration::from_secs(20) {
                bail!("{} does not answer on {address}", program.display());
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id().unwrap_or(0)
    }

    /// CPU time so far, in seconds.
    pub fn cpu(&self) -> f64 {
        cpu_seconds(self.id()).unwrap_or(0.0)
    }

    /// Resident memory, in bytes: now and at its height.
    ///
    /// # Errors
    /// When the process is gone.
    pub fn memory(&self) -> anyhow::Result<(u64, u64)> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id()))?;
        let field = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name));
            let kib =
                line.and_then(|line| line.split_whitespace().nth(1)).and_then(|kib| kib.parse::<u64>().ok());
            kib.map_or(0, |kib| kib << 10)
        };
        Ok((field("VmRSS:"), field("VmHWM:")))
    }

    /// Ends it at once.
    ///
    /// # Errors
    /// When the system refuses.
    pub async fn end(mut self) -> anyhow::Result<()> {
        self.child.kill().await?;
        Ok(())
    }
}

async fn answers(address: SocketAddr, path: &str) -> bool {
    if TcpStream::connect(address).await.is_err() {
        return false;
    }
    crate::api::get(address, path).await.is_ok()
}

/// A port that is free now.
///
/// # Errors
/// When there is none.
pub fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

/// A process' CPU time from `/proc/{pid}/stat`: fields 14 and 15, in ticks of 10 ms.
pub fn cpu_seconds(pid: u32) -> Option<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split(' ').collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<u32>().ok());
    Some((f64::from(ticks(11)?) + f64::from(ticks(12)?)) / 100.0)
}
