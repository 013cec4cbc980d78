//! How soon after its planned time a tick is an event, where many schedules tick in the same second.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, ensure};
use bench::api;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    flows,
    load::at,
    report::{Bar, Figure, ms},
    subject::Subject,
    world::World,
};

/// Schedules, each of which ticks every second, as often as is allowed.
const SCHEDULES: usize = 200;

/// The mailbox, and the destination's name.
const MAILBOX: &str = "bench-delivery";

/// How long the last tick's deliveries may take to arrive, and what is left out at the beginning: the schedules are
/// made one after another.
const MARGIN_S: u64 = 2;

/// The longest that a tick may take until it is committed and told of, in microseconds.
const LONGEST_US: u64 = 1_000_000;

/// What came of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Ticked {
    /// Seconds that were looked at, each with a tick of every schedule.
    seconds: u64,
    ticks: usize,
    /// From the planned time until the delivery arrived that was committed with the tick's event, in microseconds.
    p50_us: u64,
    p99_us: u64,
    max_us: u64,
}

/// An event is looked at from outside: its delivery leaves when it is committed, not before, and says when it was
/// planned. So the time is that of the commit and of a delivery's way.
pub(super) async fn measure(subject: &Subject, length: Duration) -> anyhow::Result<Ticked> {
    let world = World::start().await?;
    subject.destination(MAILBOX, world.address, 64).await?;
    subject.flow(flows::DELIVERY, "accept").await?;
    for nth in 0..SCHEDULES {
        schedule(subject, nth).await?;
    }
    let first = now_s() + MARGIN_S;
    let last = first + length.as_secs();
    tokio::time::sleep(Duration::from_secs(last - now_s() + MARGIN_S)).await;
    let arrivals = api::get(world.address, &format!("/arrivals/{MAILBOX}")).await?;
    let mut by_second = BTreeMap::<u64, Vec<u64>>::new();
    for (planned, at_us) in serde_json::from_str::<Vec<(u64, u64)>>(&arrivals)? {
        let planned = planned_s(planned)?;
        by_second.entry(planned).or_default().push(at_us.saturating_sub(planned * 1_000_000));
    }
    let mut took = Vec::new();
    for second in first..last {
        let ticks = by_second.remove(&second).unwrap_or_default();
        ensure!(ticks.len() == SCHEDULES, "{} of {SCHEDULES} schedules ticked at {second}", ticks.len());
        took.extend(ticks);
    }
    world.end().await?;
    took.sort_unstable();
    Ok(Ticked {
        seconds: last - first,
        ticks: took.len(),
        p50_us: at(&took, 500),
        p99_us: at(&took, 990),
        max_us: took.last().copied().unwrap_or_default(),
    })
}

/// Makes a schedule whose flow sends the planned time on, as the number `20260301083000`.
async fn schedule(subject: &Subject, nth: usize) -> anyhow::Result<()> {
    let digits = "{{ tick.at | replace('-', '') | replace(':', '') | replace('T', '') | replace('Z', '') }}";
    let schedule = json!({
        "name": format!("each second {nth}"),
        "flow": "bench-delivery",
        "kind": "schedule",
        "config": {
            "cron": "* * * * * *",
            "missed": "all",
            "input": { "query": "tick", "user_id": "clock", "page": "none", "conversation_id": digits },
        },
    });
    subject.call("POST", "/api/v1/environments/production/sources", &schedule).await.map(drop)
}

/// Seconds since 1970 of a time as `20260301083000`, in UTC.
fn planned_s(digits: u64) -> anyhow::Result<u64> {
    let time = jiff::civil::DateTime::strptime("%Y%m%d%H%M%S", digits.to_string());
    let time = time.with_context(|| format!("{digits} is no time"))?.to_zoned(jiff::tz::TimeZone::UTC)?;
    Ok(u64::try_from(time.timestamp().as_second())?)
}

fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

pub(super) fn figure(ticked: &Ticked) -> Figure {
    let Ticked { seconds, ticks, p50_us, p99_us, max_us } = ticked;
    Figure {
        area: "schedules".to_owned(),
        what: format!("{ticks} ticks of {SCHEDULES} schedules in {seconds} s: planned to delivered"),
        measured: format!("p50 {} ms, p99 {} ms, longest {} ms", ms(*p50_us), ms(*p99_us), ms(*max_us)),
        bar: Some(Bar::new("each once, ≤ 1 s", *max_us <= LONGEST_US)),
    }
}

#[cfg(test)]
mod tests {
    use super::planned_s;

    #[test]
    fn a_planned_time_is_read_from_its_digits() {
        assert_eq!(planned_s(20_260_301_083_000).unwrap(), 1_772_353_800);
        assert!(planned_s(2026).is_err());
    }
}
