//! How the rate grows with nodes, when what limits one is how many runs it may have under way: a model that takes its
//! time keeps each of their places.

use std::{net::SocketAddr, time::Duration};

use anyhow::ensure;
use bench::process::Process;
use serde::{Deserialize, Serialize};

use super::nodes::{Plan, knows};
use crate::{
    flows,
    limit::{Meter, Used},
    load::{Seen, at, f64_of},
    postgres::{Fsyncs, Postgres, TOLD_AFTER},
    report::{Bar, Figure},
    role::{Target, ask},
    subject::{Subject, metric},
    world::World,
};

/// How many nodes there are in turn, and what rate each number must reach, as a multiple of one node's.
const CLUSTERS: [(usize, Option<f64>); 3] = [(1, None), (2, Some(1.9)), (3, Some(2.8))];

/// How long the model takes, in milliseconds.
const THINKING_MS: u64 = 200;

/// Connections for each place of a node: enough that an event waits for each place that gets free.
const CONNECTIONS: usize = 2;

/// How often it is looked how many places are taken.
const LOOK: Duration = Duration::from_millis(100);

/// Clusters of one node and more, each on a database of its own. All are up, and one at a time is under load.
pub(super) struct Scale<'p> {
    postgres: &'p Postgres,
    world: Process,
    clusters: Vec<Nodes>,
    places: usize,
}

struct Nodes {
    first: Subject,
    others: Vec<Process>,
    /// The source's.
    path: String,
}

/// What a number of nodes did in one round.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Scaled {
    nodes: usize,
    /// Runs a second.
    rate: f64,
    /// As a multiple of what one node did in the same round.
    of_one: f64,
    /// CPU time of linchpin and of PostgreSQL for each, in microseconds.
    cpu_us: f64,
    postgres_us: f64,
    /// Fsyncs for each.
    fsyncs: f64,
    used: Used,
    #[serde(flatten)]
    seen: Seen,
}

impl<'p> Scale<'p> {
    pub(super) async fn set_up(
        plan: &Plan<'_>,
        places: usize,
        postgres: &'p Postgres,
    ) -> anyhow::Result<Self> {
        let world = World::start().await?;
        let mut clusters = Vec::new();
        for (count, _) in CLUSTERS {
            clusters.push(Nodes::set_up(plan, postgres, &world, count).await?);
        }
        Ok(Self { postgres, world, clusters, places })
    }

    /// Measures each number of nodes once.
    pub(super) async fn round(&self, length: Duration) -> anyhow::Result<Vec<Scaled>> {
        let mut round: Vec<Scaled> = Vec::new();
        for nodes in &self.clusters {
            let mut scaled = self.measure(nodes, length).await?;
            scaled.of_one = scaled.rate / round.first().map_or(scaled.rate, |one| one.rate);
            println!(
                "scale        {:<7} {:>8.0}/s {:>6.2} × one",
                counted(scaled.nodes),
                scaled.rate,
                scaled.of_one
            );
            round.push(scaled);
        }
        Ok(round)
    }

    async fn measure(&self, nodes: &Nodes, length: Duration) -> anyhow::Result<Scaled> {
        let (short, _) = self.load(nodes, length / 4).await?;
        let fsyncs = self.fsyncs(nodes).await?;
        let meter = Meter::begin(&nodes.ids(), self.world.id(), self.postgres);
        let (cpu, postgres) = (nodes.cpu(), self.postgres.cpu().all);
        let (seen, taken) = self.load(nodes, length).await?;
        let used = meter.end(seen.cpu_s);
        let us = |spent: f64| spent * 1e6 / f64_of(seen.done).max(1.0);
        let (cpu_us, postgres_us) = (us(nodes.cpu() - cpu), us(self.postgres.cpu().all - postgres));
        let fsyncs = self.fsyncs(nodes).await?.since(fsyncs);
        let places = f64_of(taken) / f64_of((self.places * nodes.count()) as u64);
        let refused = short.refused + seen.refused;
        ensure!(refused == 0, "scale: {refused} events were not answered as they must be");
        Ok(Scaled {
            nodes: nodes.count(),
            rate: seen.rate(),
            of_one: 1.0,
            cpu_us,
            postgres_us,
            fsyncs: fsyncs.count / f64_of(seen.done).max(1.0),
            used: Used { places: Some(places), fsync: fsyncs.seconds / seen.seconds, ..used },
            seen,
        })
    }

    /// Puts all nodes under load; also says how many places were taken, in the median.
    async fn load(&self, nodes: &Nodes, length: Duration) -> anyhow::Result<(Seen, u64)> {
        let addresses = nodes.addresses();
        let target = Target { addresses: &addresses, path: &nodes.path, is_ours: true };
        let connections = CONNECTIONS * self.places * addresses.len();
        let load = ask("load", &target, (connections, length), &["--status", "200"]);
        let (mut look, mut taken) = (tokio::time::interval(LOOK), Vec::new());
        tokio::pin!(load);
        let seen = loop {
            tokio::select! {
                seen = &mut load => break seen?,
                _ = look.tick() => taken.push(under_way(&addresses).await?),
            }
        };
        taken.sort_unstable();
        Ok((seen, at(&taken, 500)))
    }

    /// Fsyncs so far, after one event more at each node, by which the process of PostgreSQL that writes for it tells.
    async fn fsyncs(&self, nodes: &Nodes) -> anyhow::Result<Fsyncs> {
        tokio::time::sleep(TOLD_AFTER).await;
        for node in nodes.addresses() {
            let status = Subject::send_to(node, &nodes.path).await?;
            ensure!(status == 200, "scale: an event was answered with {status}");
        }
        self.postgres.fsyncs().await
    }

    pub(super) async fn end(self) -> anyhow::Result<()> {
        for Nodes { first, others, .. } in self.clusters {
            first.server.end().await?;
            for node in others {
                node.end().await?;
            }
        }
        self.world.end().await
    }
}

/// Runs that are under way on some nodes.
async fn under_way(nodes: &[SocketAddr]) -> anyhow::Result<u64> {
    let mut all = 0.0;
    for node in nodes {
        all += metric(*node, "linchpin_runs_under_way").await?;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small count")]
    Ok(all as u64)
}

impl Nodes {
    async fn set_up(
        plan: &Plan<'_>,
        postgres: &Postgres,
        world: &Process,
        count: usize,
    ) -> anyhow::Result<Self> {
        let database = postgres.database(&format!("scale_{count}")).await?;
        let first = plan.first(&database, &format!("{count}-1")).await?;
        first.model("slow", &format!("http://{}/after/{THINKING_MS}/v1", world.address)).await?;
        let path = first.flow(flows::SLOW, "wait").await?;
        let mut others = Vec::new();
        for number in 2..=count {
            let node = plan.another(&database, &format!("{count}-{number}")).await?;
            knows(node.address, &path).await?;
            others.push(node);
        }
        Ok(Self { first, others, path })
    }

    fn all(&self) -> impl Iterator<Item = &Process> {
        std::iter::once(&self.first.server).chain(&self.others)
    }

    fn count(&self) -> usize {
        self.all().count()
    }

    fn addresses(&self) -> Vec<SocketAddr> {
        self.all().map(|node| node.address).collect()
    }

    fn ids(&self) -> Vec<u32> {
        self.all().map(Process::id).collect()
    }

    fn cpu(&self) -> f64 {
        self.all().map(Process::cpu).sum()
    }
}

/// The figures of each number of nodes: of the round whose multiple of one node's rate is the median.
pub(super) fn figures(rounds: &[Vec<Scaled>], places: usize) -> Vec<Figure> {
    let figure =
        |what: String, measured: String, bar| Figure { area: "scale".to_owned(), what, measured, bar };
    let mut figures = Vec::new();
    for (place, (count, least)) in CLUSTERS.into_iter().enumerate() {
        let mut all: Vec<&Scaled> = rounds.iter().filter_map(|round| round.get(place)).collect();
        // One node is always once itself.
        all.sort_by(|a, b| a.of_one.total_cmp(&b.of_one).then(a.rate.total_cmp(&b.rate)));
        let Some(Scaled { rate, of_one, cpu_us, postgres_us, fsyncs, used, .. }) =
            all.get(all.len().saturating_sub(1) / 2)
        else {
            continue;
        };
        let rounded = (of_one * 100.0).round() / 100.0;
        figures.push(figure(
            format!("{} with {places} places each, a model of {THINKING_MS} ms", counted(count)),
            format!(
                "{rate:.0}/s, {rounded:.2} × one; {cpu_us:.0} + {postgres_us:.0} µs CPU, {fsyncs:.2} fsyncs"
            ),
            least.map(|least| Bar::new(format!("≥ {least} × one"), *of_one >= least)),
        ));
        figures.push(figure(format!("the limit of {}", counted(count)), used.line(), None));
    }
    figures
}

fn counted(count: usize) -> String {
    if count == 1 { "1 node".to_owned() } else { format!("{count} nodes") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scaled(nodes: usize, of_one: f64) -> Scaled {
        let (used, seen) = (Used { places: Some(0.98), ..Used::default() }, Seen::default());
        Scaled {
            nodes,
            rate: 300.0 * of_one,
            of_one,
            cpu_us: 500.0,
            postgres_us: 300.0,
            fsyncs: 2.0,
            used,
            seen,
        }
    }

    #[test]
    fn the_median_multiple_is_judged_and_its_limit_is_named() {
        let round = |two, three| vec![scaled(1, 1.0), scaled(2, two), scaled(3, three)];
        let figures = figures(&[round(1.8, 2.9), round(1.95, 2.7), round(1.96, 2.75)], 64);
        let judged: Vec<String> = figures.iter().map(|figure| Bar::shown(figure.bar.as_ref())).collect();
        assert_eq!(judged, ["–", "–", "≥ 1.9 × one: met", "–", "≥ 2.8 × one: MISSED", "–"]);
        assert_eq!(figures[2].measured, "585/s, 1.95 × one; 500 + 300 µs CPU, 2.00 fsyncs");
        assert!(figures[5].measured.starts_with("the places for runs, 98 %"), "{}", figures[5].measured);
    }
}
