//! What load is put on, and how it is measured: one round at one number of connections.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context, ensure};
use bench::{
    api,
    process::{Process, cpu_seconds, free_address},
};
use serde::de::DeserializeOwned;
use tokio::process::Command;

use crate::{
    busy::Watch,
    flows,
    load::{Seen, Sender},
    report::Round,
    subject::{Start, Subject},
    world,
};

/// What load is put on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Area {
    /// The floor.
    Bare,
    /// Events are kept and run.
    Accept,
    /// Events are kept while the workers are held.
    AcceptHeld,
    /// Three pure steps are waited for.
    Run,
    /// The same with a dedupe key for each event.
    RunDedupe,
    /// A model call and a delivery besides.
    EndToEnd,
}

impl Area {
    /// All that are measured beside the floor, in this order.
    pub(crate) const ALL: [Self; 5] =
        [Self::Accept, Self::AcceptHeld, Self::Run, Self::RunDedupe, Self::EndToEnd];

    /// How the table calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Bare => "bare",
            Self::Accept => "accept",
            Self::AcceptHeld => "accept-held",
            Self::Run => "run",
            Self::RunDedupe => "run+dedupe",
            Self::EndToEnd => "e2e",
        }
    }

    /// The area of the figures to reach that it belongs to.
    pub(crate) fn group(self) -> &'static str {
        match self {
            Self::Bare => "bare",
            Self::Accept | Self::AcceptHeld => "accept",
            Self::Run | Self::RunDedupe => "run",
            Self::EndToEnd => "e2e",
        }
    }

    fn has_keys(self) -> bool {
        matches!(self, Self::Accept | Self::AcceptHeld | Self::RunDedupe)
    }

    fn status(self) -> u16 {
        if matches!(self, Self::Run | Self::RunDedupe | Self::EndToEnd) { 200 } else { 202 }
    }
}

/// Everything that is up while load is put on it.
pub(crate) struct Stage {
    /// This program, whose roles run in processes of their own.
    me: PathBuf,
    bare: Process,
    pub(crate) world: Process,
    pub(crate) subject: Subject,
    /// A server whose only worker is kept.
    held: Option<Subject>,
    /// The sources' paths.
    paths: Vec<(Area, String)>,
    /// Events so far that each make a delivery.
    delivering: u64,
    length: Duration,
    sender: Sender,
}

impl Stage {
    /// Starts everything and makes what the areas need.
    pub(crate) async fn set_up(
        linchpin: &Path,
        folder: &Path,
        (areas, length, sender): (&[Area], Duration, Sender),
    ) -> anyhow::Result<Self> {
        let me = std::env::current_exe()?;
        let (bare_at, world_at) = (free_address()?, free_address()?);
        let database = folder.join("bare.db").display().to_string();
        let arguments = ["bare", "--listen", &bare_at.to_string(), "--database", &database];
        let bare = Process::start(&me, &arguments, bare_at, "/fsyncs").await?;
        let world =
            Process::start(&me, &["world", "--listen", &world_at.to_string()], world_at, "/counts/e2e")
                .await?;
        let start = Start { linchpin, folder: folder.join("subject"), settings: String::new() };
        let subject = start.subject().await?;
        let mut stage =
            Self { me, bare, world, subject, held: None, paths: Vec::new(), delivering: 0, length, sender };
        stage.deploy().await?;
        if areas.contains(&Area::AcceptHeld) {
            stage.hold(linchpin, folder).await?;
        }
        Ok(stage)
    }

    async fn deploy(&mut self) -> anyhow::Result<()> {
        let world = self.world.address;
        self.subject.model("bench", &format!("http://{world}/v1")).await?;
        self.subject.destination("bench-e2e", world, 32).await?;
        let accept = self.subject.flow(flows::ACCEPT, "accept").await?;
        let run = self.subject.flow(flows::RUN, "wait").await?;
        let end_to_end = self.subject.flow(flows::END_TO_END, "wait").await?;
        self.paths.extend([
            (Area::Bare, "/".to_owned()),
            (Area::Accept, accept),
            (Area::Run, run.clone()),
            (Area::RunDedupe, run),
            (Area::EndToEnd, end_to_end),
        ]);
        Ok(())
    }

    async fn hold(&mut self, linchpin: &Path, folder: &Path) -> anyhow::Result<()> {
        let settings = "[engine]\nmax_runs = 1\n".to_owned();
        let held = Start { linchpin, folder: folder.join("held"), settings }.subject().await?;
        held.model("held", &format!("http://{}/held/v1", self.world.address)).await?;
        self.paths.push((Area::AcceptHeld, held.flow(flows::ACCEPT, "accept").await?));
        held.hold().await?;
        self.held = Some(held);
        Ok(())
    }

    /// Measures an area once.
    pub(crate) async fn measure(&mut self, area: Area, connections: usize) -> anyhow::Result<Round> {
        let short = self.load(area, connections, Duration::from_millis(300)).await?;
        let (cpu, fsyncs) = (self.process(area).cpu(), self.fsyncs(area).await?);
        let watch = Watch::begin(self.cpu());
        let seen = self.load(area, connections, self.length).await?;
        // The load ran in a process that is gone.
        let cores_elsewhere = watch.elsewhere(self.cpu() + seen.cpu_s);
        let refused = short.refused + seen.refused;
        ensure!(refused == 0, "{}: {refused} events were not answered as they must be", area.name());
        let delivered = self.settle(area, short.done + seen.done).await?;
        let events = f64_of(seen.done).max(1.0);
        Ok(Round {
            rate: seen.rate(),
            of_bare: None,
            p99_of_bare: None,
            cpu_us_per_event: (self.process(area).cpu() - cpu) * 1e6 / events,
            fsyncs_per_event: (self.fsyncs(area).await? - fsyncs) / events,
            cores_elsewhere,
            delivered,
            seen,
        })
    }

    /// Waits until what the load set off is done, and fails if it is not all done. Says how much was delivered.
    async fn settle(&mut self, area: Area, events: u64) -> anyhow::Result<Option<u64>> {
        match (area, &self.held) {
            (Area::Accept, _) => self.subject.backlog_is_gone().await?,
            (Area::AcceptHeld, Some(held)) => {
                let under_way = held.metric("linchpin_runs_under_way").await?;
                ensure!((under_way - 1.0).abs() < 0.1, "the worker was not held all the time");
            }
            (Area::EndToEnd, _) => {
                self.delivering += events;
                let counts = world::arrived(self.world.address, "bench-e2e", self.delivering).await?;
                return Ok(Some(counts.messages));
            }
            _ => {}
        }
        Ok(None)
    }

    /// Runs the load in a process of its own.
    async fn load(&self, area: Area, connections: usize, duration: Duration) -> anyhow::Result<Seen> {
        let path = self.paths.iter().find(|(known, _)| *known == area).context("the area is not set up")?;
        let status = area.status().to_string();
        let mut more = vec!["--status", &status, "--sender", self.sender.name()];
        if area.has_keys() {
            more.push("--keys");
        }
        let target = Target { process: self.process(area), path: &path.1, is_ours: area != Area::Bare };
        self.ask("load", &target, (connections, duration), &more).await
    }

    /// The load on the model endpoint itself, past the server.
    pub(crate) async fn model_alone(&self) -> anyhow::Result<Seen> {
        let target = Target { process: &self.world, path: "/v1/chat/completions", is_ours: false };
        self.ask("load", &target, (1, self.length), &["--status", "200"]).await
    }

    /// Runs a role of this program that puts load on something, and reads what it saw.
    pub(crate) async fn ask<T: DeserializeOwned>(
        &self,
        role: &str,
        target: &Target<'_>,
        (connections, duration): (usize, Duration),
        more: &[&str],
    ) -> anyhow::Result<T> {
        let mut command = Command::new(&self.me);
        command.args([role, "--address", &target.process.address.to_string(), "--path", target.path]);
        command.args(["--connections", &connections.to_string()]);
        command.args(["--duration-ms", &duration.as_millis().to_string()]).args(more);
        for header in Subject::sender().into_iter().filter(|_| target.is_ours) {
            command.args(["--header", &header]);
        }
        let output = command.stderr(Stdio::inherit()).output().await?;
        ensure!(output.status.success(), "the load on {} failed: {}", target.path, output.status);
        serde_json::from_slice(&output.stdout).context("the load said nothing")
    }

    /// CPU time so far of everything that is up for the measurement, in seconds, this process included.
    fn cpu(&self) -> f64 {
        let held = self.held.as_ref().map(|held| &held.server);
        let up = [Some(&self.bare), Some(&self.world), Some(&self.subject.server), held];
        let ours = cpu_seconds(std::process::id()).unwrap_or(0.0);
        up.into_iter().flatten().map(Process::cpu).sum::<f64>() + ours
    }

    fn process(&self, area: Area) -> &Process {
        match (area, &self.held) {
            (Area::Bare, _) => &self.bare,
            (Area::AcceptHeld, Some(held)) => &held.server,
            _ => &self.subject.server,
        }
    }

    async fn fsyncs(&self, area: Area) -> anyhow::Result<f64> {
        match (area, &self.held) {
            (Area::Bare, _) => Ok(api::get(self.bare.address, "/fsyncs").await?.parse()?),
            (Area::AcceptHeld, Some(held)) => held.fsyncs().await,
            _ => self.subject.fsyncs().await,
        }
    }

    /// How long one measurement takes.
    pub(crate) fn length(&self) -> Duration {
        self.length
    }

    /// Ends everything.
    pub(crate) async fn end(self) -> anyhow::Result<()> {
        if let Some(held) = self.held {
            held.server.end().await?;
        }
        self.subject.server.end().await?;
        self.world.end().await?;
        self.bare.end().await
    }
}

/// Where load goes.
pub(crate) struct Target<'a> {
    pub(crate) process: &'a Process,
    pub(crate) path: &'a str,
    /// Whether it is a source, which wants the token.
    pub(crate) is_ours: bool,
}

#[expect(clippy::cast_precision_loss, reason = "counts of a benchmark")]
pub(crate) fn f64_of(count: u64) -> f64 {
    count as f64
}
