//! How soon another node goes on with what a dead one had in flight. A node is killed while each of some runs waits for
//! the model; the takeover is over when each has asked the model again.

use std::{net::SocketAddr, time::Duration};

use anyhow::{Context, bail, ensure};
use bench::process::Process;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::task::JoinSet;

use super::nodes::{Plan, knows};
use crate::{
    flows,
    pace::now_us,
    postgres::Postgres,
    report::{Bar, Figure},
    subject::{LOOK, Subject},
    world::{self, World, slow_mailbox},
};

/// How long the model takes, in milliseconds: longer than it takes to send the events and to kill the node.
const THINKING_MS: u64 = 3_000;

/// Runs in flight on the node that is killed.
const RUNS: u64 = 32;

/// How long a takeover may take beyond the lease until it counts as one that never comes, and how long anything else may.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a takeover may take beyond the lease.
const SLACK: Duration = Duration::from_secs(1);

/// One node's death.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Takeover {
    /// From the kill until another node had begun the first of its runs, in seconds.
    first_s: f64,
    /// Until it had begun all of them.
    all_s: f64,
}

/// The node that lives on, the outside world, and where the events go.
struct Setting {
    lives: Subject,
    world: Process,
    path: String,
}

/// Kills so many nodes, one after the other.
pub(super) async fn measure(
    plan: &Plan<'_>,
    postgres: &Postgres,
    kills: u32,
) -> anyhow::Result<Vec<Takeover>> {
    let database = postgres.database("takeover").await?;
    let (world, lives) = (World::start().await?, plan.first(&database, "lives").await?);
    lives.model("slow", &format!("http://{}/after/{THINKING_MS}/v1", world.address)).await?;
    let path = lives.flow(flows::SLOW, "accept").await?;
    let setting = Setting { lives, world, path };
    let mut takeovers = Vec::new();
    for kill in 0..kills {
        let dies = plan.another(&database, &format!("dies-{kill}")).await?;
        knows(dies.address, &setting.path).await?;
        setting.quiet().await?;
        // A node renews its lease three times while it runs: each dies at another moment between two renewals.
        let between = plan.lease / 3;
        tokio::time::sleep(between * kill / kills).await;
        let takeover = setting.kill(dies, plan.lease).await?;
        println!("takeover     {RUNS} runs, all begun again elsewhere after {:.1} s", takeover.all_s);
        takeovers.push(takeover);
    }
    setting.lives.server.end().await?;
    setting.world.end().await?;
    Ok(takeovers)
}

impl Setting {
    async fn kill(&self, dies: Process, lease: Duration) -> anyhow::Result<Takeover> {
        let (world, calls) = (self.world.address, slow_mailbox(THINKING_MS));
        world::open(world, &calls).await?;
        fill(dies.address, &self.path).await?;
        self.called(&calls, PATIENCE).await.context("the runs that are to be in flight")?;
        let killed_us = now_us();
        dies.end().await?;
        // Nobody calls before the lease has ended.
        world::open(world, &calls).await?;
        let counts = self.called(&calls, lease + PATIENCE).await.context("the runs of the node that died")?;
        self.quiet().await?;
        self.succeeded().await?;
        let seconds = |at_us: u64| Duration::from_micros(at_us.saturating_sub(killed_us)).as_secs_f64();
        Ok(Takeover { first_s: seconds(counts.first_us), all_s: seconds(counts.last_us) })
    }

    /// Waits until the model was called for each run.
    async fn called(&self, calls: &str, patience: Duration) -> anyhow::Result<world::Counts> {
        let since = tokio::time::Instant::now();
        loop {
            let counts = world::counts(self.world.address, calls).await?;
            if counts.requests >= RUNS {
                return Ok(counts);
            }
            if since.elapsed() > patience {
                bail!("the model was called for {} of {RUNS} within {patience:?}", counts.requests);
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Waits until no run is under way, or waits to be.
    async fn quiet(&self) -> anyhow::Result<()> {
        let since = tokio::time::Instant::now();
        for status in ["queued", "running"] {
            let path = format!("/api/v1/environments/production/runs?status={status}&limit=1");
            while self.lives.call("GET", &path, &Value::Null).await?["items"] != Value::Array(Vec::new()) {
                ensure!(since.elapsed() < PATIENCE, "runs are still {status} after {PATIENCE:?}");
                tokio::time::sleep(LOOK).await;
            }
        }
        Ok(())
    }

    /// That the newest runs, which were in flight at the kill, all came to a good end.
    async fn succeeded(&self) -> anyhow::Result<()> {
        let path = format!("/api/v1/environments/production/events?limit={RUNS}");
        let newest = self.lives.call("GET", &path, &Value::Null).await?;
        let all = newest["items"].as_array().map(Vec::as_slice).unwrap_or_default();
        let succeeded = all.iter().filter(|event| event["status"] == "succeeded").count();
        ensure!(succeeded as u64 == RUNS, "{succeeded} of {RUNS} runs of the dead node succeeded: {newest}");
        Ok(())
    }
}

/// Sends the events that are to be in flight.
async fn fill(node: SocketAddr, path: &str) -> anyhow::Result<()> {
    let mut sending = JoinSet::new();
    for _ in 0..RUNS {
        let path = path.to_owned();
        sending.spawn(async move { Subject::send_to(node, &path).await });
    }
    while let Some(sent) = sending.join_next().await {
        let status = sent??;
        ensure!(status == 202, "an event was answered with {status}");
    }
    Ok(())
}

/// The figure: the worst is judged. None when no node was killed.
pub(super) fn figure(takeovers: &[Takeover], lease: Duration) -> Option<Figure> {
    let mut all: Vec<f64> = takeovers.iter().map(|takeover| takeover.all_s).collect();
    all.sort_by(f64::total_cmp);
    let (median, worst) = (all.get(all.len().saturating_sub(1) / 2)?, all.last()?);
    let most = (lease + SLACK).as_secs_f64();
    Some(Figure {
        area: "takeover".to_owned(),
        what: format!("{RUNS} runs of a node that is killed, lease {} s", lease.as_secs()),
        measured: format!("median {median:.1} s, worst {worst:.1} s of {}", all.len()),
        bar: Some(Bar::new(format!("≤ {most:.0} s (lease + 1 s)"), *worst <= most)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_takeover_is_judged() {
        let judged = |seconds: &[f64]| {
            let takeovers: Vec<_> =
                seconds.iter().map(|all_s| Takeover { first_s: 0.1, all_s: *all_s }).collect();
            figure(&takeovers, Duration::from_secs(15))
        };
        let met = judged(&[14.0, 16.0, 11.0]).unwrap();
        assert_eq!(
            (met.measured.as_str(), Bar::shown(met.bar.as_ref()).as_str()),
            ("median 14.0 s, worst 16.0 s of 3", "≤ 16 s (lease + 1 s): met")
        );
        assert_eq!(Bar::shown(judged(&[12.0, 16.1]).unwrap().bar.as_ref()), "≤ 16 s (lease + 1 s): MISSED");
        assert_eq!(judged(&[]), None);
    }
}
