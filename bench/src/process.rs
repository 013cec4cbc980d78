//! Processes under test: starting, measuring, ending them.

use std::{
    collections::HashMap,
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

    /// Lets the height of its resident memory count from now.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn forget_height(&self) -> anyhow::Result<()> {
        std::fs::write(format!("/proc/{}/clear_refs", self.id()), "5").context("the height of memory stays")
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

/// A process among all of the machine.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Relative {
    /// Its id.
    pub id: u32,
    /// The id of the process that started it.
    pub parent: u32,
    /// Its CPU time so far, in seconds.
    pub own_s: f64,
    /// That of its children that have ended.
    pub ended_children_s: f64,
}

/// All processes of the machine.
pub fn relatives() -> Vec<Relative> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| read(&entry.path())).collect()
}

/// The process that started a process.
pub fn parent(id: u32) -> Option<u32> {
    read(Path::new(&format!("/proc/{id}"))).map(|one| one.parent)
}

/// CPU time so far of a process, in seconds.
pub fn cpu_seconds(id: u32) -> Option<f64> {
    read(Path::new(&format!("/proc/{id}"))).map(|one| one.own_s)
}

/// CPU time so far of each thread of a process that has not ended, in seconds.
pub fn threads(id: u32) -> HashMap<u32, f64> {
    let entries = std::fs::read_dir(format!("/proc/{id}/task")).into_iter().flatten().flatten();
    entries.filter_map(|entry| read(&entry.path())).map(|one| (one.id, one.own_s)).collect()
}

/// From a folder's `stat`: fields 1 and 4, and 14 to 17 in ticks of 10 ms. The name behind the first may hold anything.
fn read(folder: &Path) -> Option<Relative> {
    let stat = std::fs::read_to_string(folder.join("stat")).ok()?;
    let (id, _) = stat.split_once(' ')?;
    let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split(' ').collect();
    let number = |field: usize| fields.get(field - 3).and_then(|field| field.parse::<u32>().ok());
    let seconds = |user, system| Some((f64::from(number(user)?) + f64::from(number(system)?)) / 100.0);
    Some(Relative {
        id: id.parse().ok()?,
        parent: number(4)?,
        own_s: seconds(14, 15)?,
        ended_children_s: seconds(16, 17)?,
    })
}
