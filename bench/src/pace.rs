//! The load at a rate: an event every so often, and how long after its acceptance its delivery arrived.

use std::{
    collections::HashMap,
    net::SocketAddr,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::ensure;
use bench::api;
use clap::Args;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::{
    connection::{Connection, body},
    load::at,
    world,
};

#[derive(Args, Clone)]
pub(crate) struct Pace {
    /// The server.
    #[arg(long)]
    address: SocketAddr,
    /// The path to post to.
    #[arg(long)]
    path: String,
    /// Further headers, `name: value`.
    #[arg(long = "header")]
    headers: Vec<String>,
    /// How many connections take turns.
    #[arg(long)]
    connections: u32,
    /// For how long, in milliseconds.
    #[arg(long)]
    duration_ms: u64,
    /// Events a second.
    #[arg(long)]
    rate: f64,
    /// Where the deliveries arrive.
    #[arg(long)]
    world: SocketAddr,
    /// The mailboxes they arrive in, each event in each; they are emptied first.
    #[arg(long = "mailbox", required = true)]
    mailboxes: Vec<String>,
}

/// What the paced load saw.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Paced {
    /// When the first event was due, in microseconds since 1970.
    #[serde(default)]
    pub(crate) begun_us: u64,
    /// Events accepted, each of which was delivered.
    pub(crate) done: u64,
    /// In how many seconds.
    pub(crate) seconds: f64,
    /// From the answer to the sender until the message arrived, in microseconds; 0 where it arrived first.
    pub(crate) p50_us: u64,
    /// The 99th percentile.
    pub(crate) p99_us: u64,
}

impl Pace {
    pub(crate) async fn print(self) -> anyhow::Result<()> {
        println!("{}", serde_json::to_string(&self.run().await?)?);
        Ok(())
    }

    async fn run(self) -> anyhow::Result<Paced> {
        for mailbox in &self.mailboxes {
            world::open(self.world, mailbox).await?;
        }
        let (begun, begun_us) = (Instant::now(), now_us());
        let tasks: Vec<_> =
            (0..self.connections).map(|turn| tokio::spawn(self.clone().connection(turn, begun))).collect();
        let mut answered = Vec::new();
        for task in tasks {
            answered.extend(task.await??);
        }
        let seconds = begun.elapsed().as_secs_f64();
        let (done, mut took) = (answered.len() as u64, Vec::new());
        for mailbox in &self.mailboxes {
            world::arrived(self.world, mailbox, done).await?;
            took.extend(between(&answered, &arrivals(self.world, mailbox).await?)?);
        }
        took.sort_unstable();
        Ok(Paced { begun_us, done, seconds, p50_us: at(&took, 500), p99_us: at(&took, 990) })
    }

    /// Posts every n-th event at its time, or at once when that has passed; gives when each was answered.
    async fn connection(self, turn: u32, begun: Instant) -> anyhow::Result<Vec<(u64, u64)>> {
        let mut connection = Connection::open(self.address, &self.path, &self.headers).await?;
        let every = Duration::from_secs_f64(1.0 / self.rate.max(1.0));
        let end = begun + Duration::from_millis(self.duration_ms);
        let mut answered = Vec::new();
        for number in (turn..).step_by(self.connections.max(1) as usize) {
            let due = begun + every * number;
            if due >= end {
                break;
            }
            tokio::time::sleep_until(due).await;
            let status = connection.post(None, &body(u64::from(number))).await?;
            ensure!(status == 202, "an event was answered with {status}");
            answered.push((u64::from(number), now_us()));
        }
        Ok(answered)
    }
}

/// The numbers that arrived in a mailbox, in their order, each with when.
pub(crate) async fn arrivals(world: SocketAddr, mailbox: &str) -> anyhow::Result<Vec<(u64, u64)>> {
    Ok(serde_json::from_str(&api::get(world, &format!("/arrivals/{mailbox}")).await?)?)
}

/// Microseconds since 1970: one clock for every process of the machine.
pub(crate) fn now_us() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

/// How long after its answer each event's delivery arrived first.
fn between(answered: &[(u64, u64)], arrivals: &[(u64, u64)]) -> anyhow::Result<Vec<u64>> {
    let mut first = HashMap::new();
    for (number, at) in arrivals {
        first.entry(number).or_insert(at);
    }
    let took = answered.iter().filter_map(|(number, at)| Some(first.get(number)?.saturating_sub(*at)));
    let took: Vec<u64> = took.collect();
    ensure!(took.len() == answered.len(), "{} of {} deliveries arrived", took.len(), answered.len());
    Ok(took)
}

#[cfg(test)]
mod tests {
    use super::between;

    #[test]
    fn the_first_arrival_counts_and_each_must_be_there() {
        let took = between(&[(0, 100), (1, 100)], &[(1, 90), (0, 130), (0, 150)]).unwrap();
        assert_eq!(took, [30, 0]);
        assert!(between(&[(0, 100), (2, 100)], &[(0, 130)]).is_err());
    }
}
