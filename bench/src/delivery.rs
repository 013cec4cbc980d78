//! How fast one destination is served.
//!
//! A backlog is accepted while the destination is switched off, and then drained as fast as it goes. After
//! that, at half of that rate, the time from each event's acceptance to its arrival is measured.

use std::path::Path;

use anyhow::ensure;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    area::Area,
    flows,
    load::{Seen, f64_of},
    machine::fsync_p50_us,
    pace::Paced,
    report::{Bar, Figure, ms},
    role::{Target, ask},
    stage::Stage,
    world,
};

/// Deliveries in flight, and connections of the load.
const IN_FLIGHT: u16 = 32;

/// The mailbox, and the destination's name.
const NAME: &str = "bench-delivery";

/// What is enough, whatever the machine's floor.
const ENOUGH: f64 = 3_000.0;

/// One round.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Delivery {
    /// Deliveries in the backlog, each of which arrived.
    backlog: u64,
    /// Deliveries a second, from the first arrival to the last.
    rate: f64,
    /// The server's CPU time for each, in microseconds.
    cpu_us: f64,
    /// Fsyncs for each.
    fsyncs: f64,
    /// The floor at as many connections, a second.
    bare: f64,
    /// How long an fsync took just before, in microseconds: the median.
    fsync_us: u64,
    /// At half of the rate.
    paced: Paced,
}

/// A source whose events make deliveries to one destination.
pub(crate) struct Route {
    source: String,
    destination: String,
}

impl Route {
    pub(crate) async fn set_up(stage: &Stage) -> anyhow::Result<Self> {
        let destination = stage.subject.destination(NAME, stage.world.address, IN_FLIGHT).await?;
        Ok(Self { source: stage.subject.flow(flows::DELIVERY, "accept").await?, destination })
    }

    /// Measures once.
    pub(crate) async fn measure(&self, stage: &mut Stage, folder: &Path) -> anyhow::Result<Delivery> {
        let bare = stage.measure(Area::Bare, usize::from(IN_FLIGHT)).await?.rate;
        let world = stage.world.address;
        stage.subject.switch_off((&self.destination, NAME), world, &self.source).await?;
        let addresses = [stage.subject.server.address];
        let target = Target { addresses: &addresses, path: &self.source, is_ours: true };
        let length = (usize::from(IN_FLIGHT), stage.length());
        let accepted: Seen = ask("load", &target, length, &["--status", "202"]).await?;
        ensure!(accepted.refused == 0, "delivery: {} events were refused", accepted.refused);
        let before = world::counts(world, NAME).await?.messages;
        ensure!(before == 0, "{before} deliveries went to a destination that is switched off");

        let (cpu, fsyncs) = (stage.subject.server.cpu(), stage.subject.fsyncs().await?);
        let enable = format!("/api/v1/destinations/{}/enable", self.destination);
        stage.subject.call("POST", &enable, &Value::Null).await?;
        let counts = world::arrived(world, NAME, accepted.done).await?;
        let deliveries = f64_of(counts.messages);
        let rate = deliveries * 1e6 / f64_of(counts.last_us.saturating_sub(counts.first_us).max(1));
        let cpu_us = (stage.subject.server.cpu() - cpu) * 1e6 / deliveries;
        let fsyncs = (stage.subject.fsyncs().await? - fsyncs) / deliveries;

        let fsync_us = fsync_p50_us(folder)?;
        let half = format!("{}", rate / 2.0);
        let world = world.to_string();
        let more = ["--rate", &half, "--world", &world, "--mailbox", NAME];
        let paced = ask("pace", &target, length, &more).await?;
        Ok(Delivery { backlog: counts.messages, rate, cpu_us, fsyncs, bare, fsync_us, paced })
    }
}

/// The figures of the round whose rate is the median.
pub(crate) fn figures(rounds: &[Delivery]) -> Vec<Figure> {
    let mut sorted: Vec<&Delivery> = rounds.iter().collect();
    sorted.sort_by(|a, b| a.rate.total_cmp(&b.rate));
    let Some(round) = sorted.get(sorted.len().saturating_sub(1) / 2) else { return Vec::new() };
    let Delivery { backlog, rate, cpu_us, fsyncs, bare, fsync_us, paced } = round;
    let figure = |what: String, measured, bar| Figure { area: "delivery".to_owned(), what, measured, bar };
    let least = ENOUGH.min(0.5 * bare);
    let most_us = 2 * fsync_us + 1_000;
    let paced_rate = f64_of(paced.done) / paced.seconds.max(f64::MIN_POSITIVE);
    vec![
        figure(
            format!("a backlog of {backlog} to one destination, 32 in flight"),
            format!("{rate:.0}/s; {fsyncs:.3} fsyncs, {cpu_us:.0} µs CPU"),
            Some(Bar::new(format!("≥ {least:.0}/s"), *rate >= least)),
        ),
        figure(
            format!("accepted to received, at {paced_rate:.0}/s"),
            format!("p50 {} ms, p99 {} ms", ms(paced.p50_us), ms(paced.p99_us)),
            Some(Bar::new(format!("p50 ≤ {} ms (2 fsyncs + 1 ms)", ms(most_us)), paced.p50_us <= most_us)),
        ),
    ]
}
