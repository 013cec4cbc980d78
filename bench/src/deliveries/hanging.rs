//! What nine destinations feel of a tenth that takes everything and never answers.

use std::{slice, time::Duration};

use serde::Serialize;
use serde_json::json;

use crate::{
    flows,
    pace::Paced,
    report::{Bar, Figure, ms},
    role::{Target, ask},
    subject::Subject,
    world::{self, Mood, World},
};

/// Connections of the load.
const CONNECTIONS: usize = 20;

/// The destinations whose deliveries are looked at, and the one that hangs.
const OTHERS: [&str; 9] =
    ["bench-0", "bench-1", "bench-2", "bench-3", "bench-4", "bench-5", "bench-6", "bench-7", "bench-8"];
const HANGING: &str = "bench-hanging";

/// What was seen, run by run, in turns.
#[derive(Debug, Default, Serialize)]
pub(super) struct Runs {
    without: Vec<Paced>,
    with: Vec<Paced>,
}

impl Runs {
    /// Measures once on a fresh server.
    pub(super) async fn add(
        &mut self,
        subject: &Subject,
        hangs: bool,
        (rate, length): (u32, Duration),
    ) -> anyhow::Result<()> {
        let world = World::start().await?;
        for name in OTHERS {
            subject.destination(name, world.address, 32).await?;
        }
        // Without a breaker: what the worst costs, all its places taken all the time.
        let settings = json!({ "concurrency": 32, "retry": "none", "breaker": { "failures": 0 } });
        subject.destination_with(HANGING, world.address, settings).await?;
        let destinations: Vec<(&str, bool)> =
            OTHERS.into_iter().chain([HANGING]).map(|name| (name, false)).collect();
        let path = subject.flow(&flows::delivering(&destinations), "accept").await?;
        world::set(world.address, HANGING, if hangs { Mood::Hang } else { Mood::Up }).await?;
        let addresses = slice::from_ref(&subject.server.address);
        let target = Target { addresses, path: &path, is_ours: true };
        let (rate, address) = (rate.to_string(), world.address.to_string());
        let mut more = vec!["--rate", &rate, "--world", &address];
        more.extend(OTHERS.iter().flat_map(|name| ["--mailbox", name]));
        let seen = ask("pace", &target, (CONNECTIONS, length), &more).await?;
        if hangs { &mut self.with } else { &mut self.without }.push(seen);
        world.end().await
    }

    pub(super) fn figures(&self) -> Vec<Figure> {
        let figure = |name: &str, of: fn(&Paced) -> u64| {
            let sorted = |runs: &[Paced]| {
                let mut all: Vec<u64> = runs.iter().map(of).collect();
                all.sort_unstable();
                all
            };
            let (without, with) = (sorted(&self.without), sorted(&self.with));
            let middle = |all: &[u64]| all.get(all.len().saturating_sub(1) / 2).copied().unwrap_or_default();
            let least = without.first().copied().unwrap_or_default();
            let most = without.last().copied().unwrap_or_default();
            Figure {
                area: "hanging".to_owned(),
                what: format!("nine destinations beside one that hangs: {name}"),
                measured: format!(
                    "{} ms; without it {} ms ({} to {} in {} runs)",
                    ms(middle(&with)),
                    ms(middle(&without)),
                    ms(least),
                    ms(most),
                    without.len()
                ),
                bar: Some(Bar::new("within what runs without it differ by", middle(&with) <= most)),
            }
        };
        vec![figure("p50", |run| run.p50_us), figure("p99", |run| run.p99_us)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_beside_a_hanging_one_is_held_against_the_spread_without() {
        let run = |p50_us| Paced { p50_us, p99_us: 9_000, ..Paced::default() };
        let of = |with: [u64; 3]| Runs {
            without: [1_000, 3_000, 2_000].map(run).into(),
            with: with.map(run).into(),
        };
        let met = |runs: &Runs| runs.figures()[0].bar.as_ref().and_then(|bar| bar.met);
        let runs = of([2_900, 1_000, 9_000]);
        assert_eq!(runs.figures()[0].measured, "2.90 ms; without it 2.00 ms (1.00 to 3.00 in 3 runs)");
        assert_eq!((met(&runs), met(&of([3_100, 3_200, 1]))), (Some(true), Some(false)));
    }
}
