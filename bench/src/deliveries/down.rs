//! How soon a receiver that was down for a while has what waited for it, and in which order.

use std::{
    collections::{BTreeMap, HashMap},
    slice,
    time::Duration,
};

use serde::Serialize;
use serde_json::json;
use tokio::time::sleep;

use crate::{
    flows,
    load::f64_of,
    pace::{Paced, arrivals, now_us},
    report::{Bar, Figure},
    role::{Target, ask},
    subject::Subject,
    world::{self, Mood, World},
};

/// Connections of the load. Events of one key, a hundred apart, come on one of them, so they are accepted in turn.
const CONNECTIONS: usize = 20;

/// One destination without an order, and one with.
const PLAIN: &str = "bench-down";
const ORDERED: &str = "bench-down-ordered";

/// How long the receiver is up at first.
const BEFORE: Duration = Duration::from_secs(5);

/// How long the load goes on when it is up again: a breaker looks once a minute at least.
const AFTER: Duration = Duration::from_secs(10);
const LOOK: Duration = Duration::from_secs(60);

/// How much faster than it comes what waited must go.
const RECOVERY: f64 = 2.0;

/// What was seen.
#[derive(Debug, Serialize)]
pub(super) struct Down {
    seconds: u64,
    /// Events accepted, each of which was delivered twice: to either destination.
    events: u64,
    rate: u32,
    plain: Recovered,
    ordered: Recovered,
    /// Deliveries that came after a later one of their key.
    out_of_order: usize,
}

/// How one destination got what waited.
#[derive(Debug, Default, PartialEq, Serialize)]
struct Recovered {
    /// How long after the receiver was back the first came, in seconds.
    first_s: f64,
    /// How long after it was back the last came of what was accepted before.
    all_s: f64,
    /// How many came until then.
    came: u64,
}

pub(super) async fn measure(subject: &Subject, (rate, down): (u32, Duration)) -> anyhow::Result<Down> {
    let world = World::start().await?;
    for name in [PLAIN, ORDERED] {
        subject.destination_with(name, world.address, json!({ "concurrency": 32 })).await?;
    }
    let path = subject.flow(&flows::delivering(&[(PLAIN, false), (ORDERED, true)]), "accept").await?;
    let target = Target { addresses: slice::from_ref(&subject.server.address), path: &path, is_ours: true };
    let (per_s, address) = (rate.to_string(), world.address.to_string());
    let more = ["--rate", &per_s, "--world", &address, "--mailbox", PLAIN, "--mailbox", ORDERED];
    let length = BEFORE + down + down.min(LOOK) + AFTER;
    let load = ask::<Paced>("pace", &target, (CONNECTIONS, length), &more);
    let outage = async {
        sleep(BEFORE).await;
        for name in [PLAIN, ORDERED] {
            world::set(world.address, name, Mood::Down).await?;
        }
        sleep(down).await;
        for name in [PLAIN, ORDERED] {
            world::set(world.address, name, Mood::Up).await?;
        }
        anyhow::Ok(now_us())
    };
    let (paced, back_us) = tokio::try_join!(load, outage)?;
    let waited = back_us.saturating_sub(paced.begun_us) * u64::from(rate) / 1_000_000;
    let plain = arrivals(world.address, PLAIN).await?;
    let ordered = arrivals(world.address, ORDERED).await?;
    world.end().await?;
    Ok(Down {
        seconds: down.as_secs(),
        events: paced.done,
        rate,
        plain: Recovered::of(&plain, (back_us, waited)),
        ordered: Recovered::of(&ordered, (back_us, waited)),
        out_of_order: out_of_order(&ordered),
    })
}

impl Recovered {
    /// From what arrived, when the receiver was back and the number of the first event since then.
    fn of(arrivals: &[(u64, u64)], (back_us, waited): (u64, u64)) -> Self {
        let mut first = HashMap::new();
        for (number, at) in arrivals {
            first.entry(*number).or_insert(*at);
        }
        let since = |at: u64| f64_of(at.saturating_sub(back_us)) / 1e6;
        let after = || first.iter().filter(|(_, at)| **at >= back_us);
        let last =
            after().filter(|(number, _)| **number < waited).map(|(_, at)| *at).max().unwrap_or(back_us);
        Self {
            first_s: since(after().map(|(_, at)| *at).min().unwrap_or(back_us)),
            all_s: since(last),
            came: after().filter(|(_, at)| **at <= last).count() as u64,
        }
    }

    /// Deliveries a second until the receiver had all that waited: from the first on, and from when it was back.
    fn rates(&self) -> [f64; 2] {
        [self.all_s - self.first_s, self.all_s].map(|seconds| f64_of(self.came) / seconds.max(0.001))
    }
}

/// How many came after a later one of their key, the last two digits.
fn out_of_order(arrivals: &[(u64, u64)]) -> usize {
    let mut last = BTreeMap::new();
    let mut late = 0;
    for (number, _) in arrivals {
        let digits = number.to_string();
        let key = digits.get(digits.len().saturating_sub(2)..).unwrap_or_default().to_owned();
        let last = last.entry(key).or_insert(*number);
        late += usize::from(number < last);
        *last = (*last).max(*number);
    }
    late
}

pub(super) fn figures(seen: &Down) -> Vec<Figure> {
    let Down { seconds, events, rate, plain, ordered, out_of_order } = seen;
    let figure = |what: String, measured: String, bar| Figure {
        area: "down".to_owned(),
        what,
        measured,
        bar: Some(bar),
    };
    let recovered = |name: &str, of: &Recovered| {
        let [times, with_wait] = of.rates().map(|came| came / f64::from(*rate));
        let measured = format!(
            "{times:.1} × arrival once it was found back, after {:.1} s; {with_wait:.1} × with that wait; all after {:.1} s",
            of.first_s, of.all_s
        );
        let what = format!("recovery after {seconds} s down, {rate}/s coming, {name}");
        figure(what, measured, Bar::new(format!("≥ {RECOVERY} × arrival"), times >= RECOVERY))
    };
    vec![
        recovered("no order", plain),
        recovered("100 order keys", ordered),
        figure(
            "deliveries that arrived, of all events".to_owned(),
            // The load fails where one is missing.
            format!("{events} of {events} at either"),
            Bar::new("all", true),
        ),
        figure(
            "deliveries out of their key's order".to_owned(),
            out_of_order.to_string(),
            Bar::new("0", *out_of_order == 0),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recovery_ends_with_the_last_that_waited() {
        let back = 10_000_000;
        let arrivals = [
            (0, 1),
            (2, back + 2_000_000),
            (4, back + 2_500_000),
            (1, back + 4_000_000),
            (5, back + 9_000_000),
        ];
        let recovered = Recovered::of(&arrivals, (back, 4));
        assert_eq!(recovered, Recovered { first_s: 2.0, all_s: 4.0, came: 3 });
        assert!((recovered.rates()[0] - 1.5).abs() + (recovered.rates()[1] - 0.75).abs() < 1e-9);
    }

    #[test]
    fn order_counts_within_a_key() {
        assert_eq!(out_of_order(&[(7, 0), (112, 0), (12, 0), (107, 0), (112, 0)]), 1);
    }
}
