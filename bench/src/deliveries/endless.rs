//! What answers cost that do not end: some that drip, some of a gigabyte.

use std::time::Duration;

use anyhow::{bail, ensure};
use bench::process::Process;
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::{
    flows,
    report::{Bar, Figure},
    subject::{LOOK, Subject},
    world::{self, Counts, Mood, World},
};

/// How long a delivery may take, and how much longer it may be seen to from outside.
const TIMEOUT: Duration = Duration::from_secs(1);
const SLACK: Duration = Duration::from_millis(250);

/// Answers that drip, four at once.
const DRIPPING: u64 = 16;

/// Deliveries before memory is looked at, so that all is there that they need.
const WARM: u64 = 50;

/// What an answer may cost in memory.
const COST: u64 = 1 << 20;

/// How long what is waited for may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// One mailbox, and what sends there.
struct Line<'a> {
    subject: &'a Subject,
    world: Process,
    source: String,
}

const NAME: &str = "bench-endless";

/// How long slow receivers keep a place among those under way.
pub(super) async fn drip(subject: &Subject) -> anyhow::Result<Figure> {
    let line = Line::set_up(subject, 4).await?;
    world::set(line.world.address, NAME, Mood::Drip).await?;
    line.send(DRIPPING).await?;
    let counts = line.until("every answer is given up", |counts| counts.ended >= DRIPPING).await?;
    line.world.end().await?;
    let longest = Duration::from_micros(counts.longest_us);
    Ok(Figure {
        area: "drip".to_owned(),
        what: format!("{DRIPPING} answers that drip, {} s each at most", TIMEOUT.as_secs()),
        measured: format!("all given up, the longest after {:.3} s", longest.as_secs_f64()),
        bar: Some(Bar::new(
            format!("≤ {:.2} s, as the receiver sees it", (TIMEOUT + SLACK).as_secs_f64()),
            longest <= TIMEOUT + SLACK,
        )),
    })
}

/// What an answer of a gigabyte costs; the most of some.
pub(super) async fn big(subject: &Subject, rounds: usize) -> anyhow::Result<Figure> {
    let line = Line::set_up(subject, 1).await?;
    line.send(WARM).await?;
    line.until("the first deliveries arrive", |counts| counts.messages >= WARM).await?;
    world::set(line.world.address, NAME, Mood::Flood).await?;
    let (mut most, mut sent) = (0, 0);
    for ended in 1..=rounds as u64 {
        subject.server.forget_height()?;
        let (before, _) = subject.server.memory()?;
        line.send(1).await?;
        let counts = line.until("the answer ends", |counts| counts.ended >= ended).await?;
        most = most.max(subject.server.memory()?.1.saturating_sub(before));
        sent = counts.most_bytes;
    }
    line.world.end().await?;
    Ok(Figure {
        area: "big".to_owned(),
        what: format!("memory for an answer of 1 GB, the most of {rounds}"),
        measured: format!("{} KiB; {} KiB of it went out", most >> 10, sent >> 10),
        bar: Some(Bar::new("< 1 MiB", most < COST)),
    })
}

impl<'a> Line<'a> {
    async fn set_up(subject: &'a Subject, concurrency: u16) -> anyhow::Result<Self> {
        let world = World::start().await?;
        let settings = json!({
            "concurrency": concurrency, "timeout": format!("{}s", TIMEOUT.as_secs()),
            "retry": "none", "breaker": { "failures": 0 },
        });
        subject.destination_with(NAME, world.address, settings).await?;
        let source = subject.flow(&flows::delivering(&[(NAME, false)]), "accept").await?;
        Ok(Self { subject, world, source })
    }

    async fn send(&self, events: u64) -> anyhow::Result<()> {
        for _ in 0..events {
            ensure!(self.subject.send(&self.source).await? == 202, "an event was refused");
        }
        Ok(())
    }

    async fn until(&self, what: &str, is_so: impl Fn(&Counts) -> bool) -> anyhow::Result<Counts> {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            let counts = world::counts(self.world.address, NAME).await?;
            if is_so(&counts) {
                return Ok(counts);
            }
            sleep(LOOK).await;
        }
        bail!("this did not happen within {PATIENCE:?}: {what}")
    }
}
