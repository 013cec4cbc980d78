//! How soon a sender's challenge is answered while the queue is full.

use std::{
    slice,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use anyhow::ensure;
use bench::api;
use serde_json::json;

use super::{accepting, signature, source};
use crate::{
    load::{Seen, at},
    report::{Bar, Figure, ms},
    role::{Target, ask},
    subject::Subject,
    world::World,
};

const CONNECTIONS: usize = 64;
const SECRET: &str = "slack-secret-of-the-bench-012345";

/// The longest that an answer may take, in microseconds.
const LONGEST_US: u64 = 50_000;

/// The only worker of a server can be kept.
pub(super) const SETTINGS: &str = "[engine]\nmax_runs = 1\n";

/// Asks again and again while the only worker is kept and the load fills the queue.
pub(super) async fn measure(subject: &Subject, length: Duration) -> anyhow::Result<Figure> {
    let world = World::start().await?;
    subject.model("held", &format!("http://{}/held/v1", world.address)).await?;
    let filled = accepting(subject).await?;
    let config = json!({ "verification": { "scheme": "slack" }, "reply": { "mode": "accept" } });
    let secrets = json!({ "scheme": "slack", "signing_secrets": [SECRET] });
    let slack = source(subject, "slack", config, secrets).await?;
    subject.hold().await?;
    let target = Target { addresses: slice::from_ref(&subject.server.address), path: &filled, is_ours: true };
    let load = ask::<Seen>("load", &target, (CONNECTIONS, length), &["--status", "202", "--keys"]);
    let (seen, took) = tokio::join!(load, asked(subject, &slack, length));
    let (seen, mut took) = (seen?, took?);
    ensure!(seen.refused == 0, "{} requests were refused", seen.refused);
    world.end().await?;
    took.sort_unstable();
    let longest = took.last().copied().unwrap_or(u64::MAX);
    Ok(Figure {
        area: "challenge".to_owned(),
        what: format!("{} challenges while {:.0} events a second came and none ran", took.len(), seen.rate()),
        measured: format!(
            "p50 {} ms, p99 {} ms, longest {} ms",
            ms(at(&took, 500)),
            ms(at(&took, 990)),
            ms(longest)
        ),
        bar: Some(Bar::new("≤ 50 ms", longest <= LONGEST_US)),
    })
}

/// Challenges one after another until the time is up; how long each took, in microseconds.
async fn asked(subject: &Subject, path: &str, length: Duration) -> anyhow::Result<Vec<u64>> {
    let (until, mut took) = (Instant::now() + length, Vec::new());
    while Instant::now() < until {
        let body =
            json!({ "type": "url_verification", "token": "x", "challenge": format!("c{}", took.len()) });
        let at_s = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let signed = signature(SECRET, format!("v0:{at_s}:{body}").as_bytes())?;
        let headers =
            [format!("x-slack-request-timestamp: {at_s}"), format!("x-slack-signature: v0={signed}")];
        let began = Instant::now();
        let answer = api::call(subject.server.address, "POST", path, &headers, Some(&body)).await?;
        took.push(u64::try_from(began.elapsed().as_micros())?);
        let challenge = format!("c{}", took.len() - 1);
        ensure!(answer.status == 200 && answer.body.contains(&challenge), "{answer:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Ok(took)
}
