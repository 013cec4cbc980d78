//! What becomes of a server that is sent ten times what it may take.
//!
//! A source with a rate limit is sent far more than that. Whatever is answered with 2xx must have run in the end, and the
//! server's memory must stay what it is.

use std::{collections::HashSet, slice, time::Duration};

use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{accepting, mb, source};
use crate::{
    load::{Seen, f64_of},
    report::{Bar, Figure},
    role::{Target, ask},
    subject::{LOOKS, Subject},
};

/// Connections of each flood: ten times those under which the server is measured.
const CONNECTIONS: usize = 640;

/// How long the rate that it bears is measured.
const SHORT: Duration = Duration::from_secs(3);

/// When memory counts as what a flood needs.
const SETTLED: Duration = Duration::from_secs(10);

/// The most that it may have grown to by the end, as a multiple.
const GROWN: f64 = 1.15;

/// What came of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Flood {
    /// What the source may take in a second.
    limit: u32,
    seen: Seen,
    /// Resident memory at each second, in bytes.
    memory: Vec<u64>,
    /// How long after its end everything accepted had run.
    behind_ms: u64,
    /// Events that the server has, of all that it accepted.
    events: u64,
    accepted: u64,
}

pub(super) async fn measure(subject: &Subject, length: Duration) -> anyhow::Result<Flood> {
    let unlimited = accepting(subject).await?;
    let target =
        Target { addresses: slice::from_ref(&subject.server.address), path: &unlimited, is_ours: true };
    let borne: Seen = ask("load", &target, (64, SHORT), &["--status", "202", "--keys"]).await?;
    subject.backlog_is_gone().await?;
    let limit = u32::try_from(borne.done / SHORT.as_secs() / 10)?.max(1);
    println!("flood        {:.0}/s are borne; a source may take a tenth, {limit}/s", borne.rate());
    let config = json!({
        "verification": { "scheme": "token" },
        "reply": { "mode": "accept" },
        "limits": { "source_rate": { "requests": limit } },
    });
    let limited = source(subject, "limited", config, Subject::secrets()).await?;
    let target = Target { path: &limited, ..target };
    let load = ask::<Seen>("load", &target, (CONNECTIONS, length), &["--status", "202", "--keys"]);
    let (seen, memory) = tokio::join!(load, watched(subject, length));
    let (seen, memory) = (seen?, memory?);
    let ended = Instant::now();
    for status in ["queued", "running"] {
        let gone = subject.are_gone(status, LOOKS).await?;
        ensure!(gone, "runs are still {status} half a minute after the flood");
    }
    let behind_ms = u64::try_from(ended.elapsed().as_millis())?;
    let (events, accepted) = (events(subject).await?.len() as u64, borne.done + seen.done);
    Ok(Flood { limit, seen, memory, behind_ms, events, accepted })
}

/// Resident memory at each second.
pub(super) async fn watched(subject: &Subject, length: Duration) -> anyhow::Result<Vec<u64>> {
    let (until, mut memory) = (Instant::now() + length, Vec::new());
    let mut every = tokio::time::interval(Duration::from_secs(1));
    while Instant::now() < until {
        every.tick().await;
        memory.push(subject.server.memory()?.0);
    }
    Ok(memory)
}

/// The events that the server has, each with its run ended well.
pub(super) async fn events(subject: &Subject) -> anyhow::Result<HashSet<String>> {
    let (mut ids, mut before) = (HashSet::new(), String::new());
    loop {
        let path = format!("/api/v1/environments/production/events?limit=200{before}");
        let page = subject.call("GET", &path, &Value::Null).await?;
        for event in page["items"].as_array().context("no list")? {
            ensure!(event["status"] == "succeeded", "an event did not run: {event}");
            ids.insert(event["id"].as_str().context("no id")?.to_owned());
        }
        let Some(next) = page["next"].as_str() else { return Ok(ids) };
        before = format!("&before={next}");
    }
}

/// Whether memory stays what it is once it has settled; what to say of it.
pub(super) fn steady(memory: &[u64]) -> (String, Bar) {
    let settled = memory.get(usize::try_from(SETTLED.as_secs()).unwrap_or_default());
    let settled = mb(settled.or(memory.last()).copied().unwrap_or_default());
    let most = mb(memory.iter().copied().max().unwrap_or_default());
    let said = format!("{settled:.0} MB after {} s, {most:.0} MB at most", SETTLED.as_secs());
    (said, Bar::new("flat (≤ 1.15 ×)", most <= GROWN * settled))
}

pub(super) fn figures(flood: &Flood) -> Vec<Figure> {
    let Flood { limit, seen, memory, behind_ms, events, accepted } = flood;
    let offered = f64_of(seen.done + seen.refused) / seen.seconds.max(1.0);
    let (memory, flat) = steady(memory);
    let figure = |what: String, measured: String, bar| Figure {
        area: "flood".to_owned(),
        what,
        measured,
        bar: Some(bar),
    };
    let times = offered / f64::from(*limit);
    vec![
        figure(
            format!("offered to a source that may take {limit}/s, on {CONNECTIONS} connections"),
            format!(
                "{offered:.0}/s, {times:.1} × the limit; {} accepted, {} refused",
                seen.done, seen.refused
            ),
            Bar::new("≥ 10 × the limit", times >= 10.0),
        ),
        figure("memory".to_owned(), memory, flat),
        figure(
            "events that ran, of all that were answered with 2xx".to_owned(),
            format!("{events} of {accepted}, {behind_ms} ms after the end"),
            Bar::new("all", events == accepted),
        ),
    ]
}
