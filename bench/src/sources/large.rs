//! What becomes of a server that is sent more large bodies than it may hold, many of them slowly.

use std::{slice, time::Duration};

use anyhow::ensure;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::time::Instant;

use super::{
    accepting,
    flood::{events, steady, watched},
    source,
};
use crate::{
    heavy::{Group, Weighed},
    report::{Bar, Figure, ms},
    role::{Target, ask},
    subject::{LOOKS, Subject},
};

/// Connections that send large bodies as fast as they can, that send them slowly, and that send small ones.
const CONNECTIONS: [usize; 3] = [200, 200, 8];

/// How large a large body is: as large as a source takes by default. All at once are several times the room.
const BYTES: usize = 1 << 20;

/// The longest time without a small request that is taken, in microseconds.
const LONGEST_US: u64 = 1_000_000;

/// What came of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Large {
    seen: Weighed,
    /// Resident memory before, and at each second, in bytes.
    idle: u64,
    memory: Vec<u64>,
    /// How long after its end everything accepted had run.
    behind_ms: u64,
    /// Of the events that were answered with 202, those that the server has and that ran.
    kept: usize,
}

pub(super) async fn measure(subject: &Subject, length: Duration) -> anyhow::Result<Large> {
    accepting(subject).await?;
    let config = json!({ "verification": { "scheme": "token" }, "reply": { "mode": "accept" } });
    let large = source(subject, "large", config, Subject::secrets()).await?;
    let idle = subject.server.memory()?.0;
    let target = Target { addresses: slice::from_ref(&subject.server.address), path: &large, is_ours: true };
    let [fast, slow, small] = CONNECTIONS;
    let (slow, small, bytes) = (slow.to_string(), small.to_string(), BYTES.to_string());
    let more = ["--slow", &slow, "--small", &small, "--bytes", &bytes];
    let load = ask::<Weighed>("heavy", &target, (fast, length), &more);
    let (seen, memory) = tokio::join!(load, watched(subject, length));
    let (seen, memory) = (seen?, memory?);
    let ended = Instant::now();
    for status in ["queued", "running"] {
        let gone = subject.are_gone(status, LOOKS).await?;
        ensure!(gone, "runs are still {status} half a minute after the flood");
    }
    let behind_ms = u64::try_from(ended.elapsed().as_millis())?;
    let known = events(subject).await?;
    let kept = seen.taken().filter(|event| known.contains(*event)).count();
    Ok(Large { seen, idle, memory, behind_ms, kept })
}

impl Weighed {
    /// Every event that was answered with 202.
    fn taken(&self) -> impl Iterator<Item = &String> {
        [&self.fast, &self.slow, &self.small].into_iter().flat_map(|group| &group.taken)
    }
}

pub(super) fn figures(large: &Large) -> Vec<Figure> {
    let Large { seen, idle, memory, behind_ms, kept } = large;
    let figure =
        |what: String, measured: String, bar| Figure { area: "large".to_owned(), what, measured, bar };
    let [fast, slow, _] = CONNECTIONS;
    let taken = seen.taken().count();
    let told = |Group { taken, shed, broken, p50_us, p99_us, .. }: &Group| {
        let (count, p50, p99) = (taken.len(), ms(*p50_us), ms(*p99_us));
        format!("{count} taken (p50 {p50} ms, p99 {p99} ms), {shed} told to come back, {broken} broken off")
    };
    let shed = seen.fast.shed + seen.slow.shed;
    let (memory, bar) = steady(memory);
    vec![
        figure(
            format!("bodies of 1 MiB on {fast} connections"),
            told(&seen.fast),
            Some(Bar::new("some are shed", shed > 0)),
        ),
        figure(format!("the same, sent slowly, on {slow}"), told(&seen.slow), None),
        figure(
            "small bodies between, and the longest time without one".to_owned(),
            format!("{}; {} ms", told(&seen.small), ms(seen.small.longest_without_us)),
            Some(Bar::new("≤ 1 s", seen.small.longest_without_us <= LONGEST_US)),
        ),
        figure(format!("memory, {:.0} MB before", super::mb(*idle)), memory, Some(bar)),
        figure(
            "events that ran, of all that were answered with 2xx".to_owned(),
            format!("{kept} of {taken}, {behind_ms} ms after the end"),
            Some(Bar::new("all", *kept == taken)),
        ),
    ]
}
