//! What is up while load is put on an area, and how it is measured: one round at one number of connections.

use std::{path::Path, slice, sync::Arc, time::Duration};

use anyhow::{Context, ensure};
use bench::{
    api,
    process::{Process, cpu_seconds, free_address},
};
use serde_json::Value;

use crate::{
    area::Area,
    busy::Watch,
    flows,
    limit::{Meter, Used},
    load::{Seen, Sender, f64_of},
    postgres::{Fsyncs, Postgres, TOLD_AFTER},
    report::{OnPostgres, Round, Row, print_round},
    role::{Target, ask},
    subject::{Start, Subject},
    world::{self, World},
};

/// Everything that is up while load is put on it.
pub(crate) struct Stage {
    /// Where the data is, if it is not SQLite's.
    postgres: Option<Arc<Postgres>>,
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
        postgres: Option<Arc<Postgres>>,
        (areas, length, sender): (&[Area], Duration, Sender),
    ) -> anyhow::Result<Self> {
        let (database, settings) = match &postgres {
            Some(postgres) => {
                let settings = format!("database = {{ url = {:?} }}", postgres.database("linchpin").await?);
                (["--postgres".to_owned(), postgres.database("bare").await?], settings)
            }
            None => (["--database".to_owned(), folder.join("bare.db").display().to_string()], String::new()),
        };
        let bare_at = free_address()?;
        let arguments = ["bare", "--listen", &bare_at.to_string(), &database[0], &database[1]];
        let bare = Process::start(&std::env::current_exe()?, &arguments, bare_at, "/fsyncs").await?;
        let world = World::start().await?;
        let subject = Start { linchpin, folder: folder.join("subject"), settings }.subject().await?;
        let (held, paths, delivering) = (None, Vec::new(), 0);
        let mut stage = Self { postgres, bare, world, subject, held, paths, delivering, length, sender };
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

    /// All areas at one number of connections so many times, taking turns after the floor.
    pub(crate) async fn rounds(
        &mut self,
        areas: &[Area],
        (connections, rounds): (usize, usize),
    ) -> anyhow::Result<Vec<Row>> {
        let mut all: Vec<(Area, Vec<Round>)> = vec![(Area::Bare, Vec::new())];
        all.extend(areas.iter().map(|area| (*area, Vec::new())));
        for _ in 0..rounds {
            let mut floor = Round::default();
            for (area, rounds) in &mut all {
                let mut round = self.measure(*area, connections).await?;
                if *area == Area::Bare {
                    floor = round.clone();
                } else {
                    round = round.beside(&floor);
                }
                print_round(*area, connections, &round);
                rounds.push(round);
            }
        }
        Ok(all.into_iter().filter_map(|(area, rounds)| Row::of(area, connections, rounds)).collect())
    }

    /// Measures an area once.
    pub(crate) async fn measure(&mut self, area: Area, connections: usize) -> anyhow::Result<Round> {
        let fsyncs = self.fsyncs(area).await?;
        let short = self.load(area, connections, Duration::from_millis(300)).await?;
        let (server, postgres) = (self.process(area).cpu(), self.postgres_cpu());
        let watch = Watch::begin(self.cpu());
        let (seen, used) = self.watched(area, connections).await?;
        // The load ran in a process that is gone.
        let cores_elsewhere = watch.elsewhere(self.cpu() + seen.cpu_s);
        let refused = short.refused + seen.refused;
        ensure!(refused == 0, "{}: {refused} events were not answered as they must be", area.name());
        let delivered = self.settle(area, short.done + seen.done).await?;
        let events = f64_of(seen.done).max(1.0);
        let us_per_event = |cpu: f64| cpu * 1e6 / events;
        let cpu_us_per_event = us_per_event(self.process(area).cpu() - server);
        let postgres = self.postgres_cpu() - postgres;
        let fsyncs = self.fsyncs(area).await?.since(fsyncs);
        let on_postgres = used.map(|used| OnPostgres {
            cpu_us_per_event: us_per_event(postgres),
            used: Used { fsync: fsyncs.seconds / (short.seconds + seen.seconds), ..used },
        });
        Ok(Round {
            rate: seen.rate(),
            of_bare: None,
            p99_of_bare: None,
            cpu_us_per_event,
            fsyncs_per_event: fsyncs.count / f64_of(short.done + seen.done).max(1.0),
            cores_elsewhere,
            delivered,
            on_postgres,
            seen,
        })
    }

    /// The load that counts, and on PostgreSQL what it used.
    async fn watched(&self, area: Area, connections: usize) -> anyhow::Result<(Seen, Option<Used>)> {
        let begin = |postgres| Meter::begin(&[self.process(area).id()], self.world.id(), postgres);
        let meter = self.postgres.as_deref().map(begin);
        let seen = self.load(area, connections, self.length).await?;
        let used = meter.map(|meter| meter.end(seen.cpu_s));
        Ok((seen, used))
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
        let path = self.path(area)?;
        let status = area.status().to_string();
        let mut more = vec!["--status", &status, "--sender", self.sender.name()];
        if area.has_keys() {
            more.push("--keys");
        }
        let addresses = slice::from_ref(&self.process(area).address);
        let target = Target { addresses, path, is_ours: area != Area::Bare };
        ask("load", &target, (connections, duration), &more).await
    }

    fn path(&self, area: Area) -> anyhow::Result<&str> {
        let path = self.paths.iter().find(|(known, _)| *known == area);
        path.map(|(_, path)| path.as_str()).context("the area is not set up")
    }

    /// The load on the model endpoint itself, past the server.
    pub(crate) async fn model_alone(&self) -> anyhow::Result<Seen> {
        let addresses = slice::from_ref(&self.world.address);
        let target = Target { addresses, path: "/v1/chat/completions", is_ours: false };
        ask("load", &target, (1, self.length), &["--status", "200"]).await
    }

    /// CPU time so far of everything that is up for the measurement, in seconds, this process included.
    fn cpu(&self) -> f64 {
        let held = self.held.as_ref().map(|held| &held.server);
        let up = [Some(&self.bare), Some(&self.world), Some(&self.subject.server), held];
        let ours = cpu_seconds(std::process::id()).unwrap_or(0.0);
        up.into_iter().flatten().map(Process::cpu).sum::<f64>() + self.postgres_cpu() + ours
    }

    fn postgres_cpu(&self) -> f64 {
        self.postgres.as_ref().map_or(0.0, |postgres| postgres.cpu().all)
    }

    fn process(&self, area: Area) -> &Process {
        match (area, &self.held) {
            (Area::Bare, _) => &self.bare,
            (Area::AcceptHeld, Some(held)) => &held.server,
            _ => &self.subject.server,
        }
    }

    async fn fsyncs(&self, area: Area) -> anyhow::Result<Fsyncs> {
        if let Some(postgres) = &self.postgres {
            self.have_it_told(area).await?;
            return postgres.fsyncs().await;
        }
        let count = match (area, &self.held) {
            (Area::Bare, _) => api::get(self.bare.address, "/fsyncs").await?.parse()?,
            (Area::AcceptHeld, Some(held)) => held.fsyncs().await?,
            _ => self.subject.fsyncs().await?,
        };
        Ok(Fsyncs { count, seconds: 0.0 })
    }

    /// One event more, by which the process of PostgreSQL that writes tells what it has done so far.
    async fn have_it_told(&self, area: Area) -> anyhow::Result<()> {
        tokio::time::sleep(TOLD_AFTER).await;
        let status = match area {
            Area::Bare => api::call(self.bare.address, "POST", "/", &[], Some(&Value::Null)).await?.status,
            _ => self.subject.send(self.path(Area::Run)?).await?,
        };
        ensure!((200..300).contains(&status), "an event was refused: {status}");
        Ok(())
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
