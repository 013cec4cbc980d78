//! What a signature costs.

use std::{slice, time::Duration};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{accepting, median, signature, source};
use crate::{
    connection::body,
    load::{Seen, f64_of},
    report::{Bar, Figure, ms},
    role::{Target, ask},
    subject::Subject,
};

const CONNECTIONS: usize = 32;
const SECRET: &str = "a-secret-of-the-bench-0123456789";

/// The most that the 99th percentile may be, as a multiple of that without a signature.
const MOST: f64 = 1.5;

/// A round: the same load without and with signatures, one after the other.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Round {
    unsigned: Seen,
    signed: Seen,
}

pub(super) async fn measure(
    subject: &Subject,
    (rounds, length): (usize, Duration),
) -> anyhow::Result<Vec<Round>> {
    accepting(subject).await?;
    let config = |verification: Value| json!({ "verification": verification, "reply": { "mode": "accept" } });
    let open = config(json!({ "scheme": "none" }));
    let unsigned = source(subject, "open", open, json!({ "scheme": "none" })).await?;
    let hmac = config(json!({ "scheme": "hmac", "header": "x-signature", "prefix": "sha256=" }));
    let secrets = json!({ "scheme": "hmac", "secrets": [SECRET] });
    let signed = source(subject, "signed", hmac, secrets).await?;
    let header = format!("x-signature: sha256={}", signature(SECRET, body(88).as_bytes())?);
    let mut measured = Vec::with_capacity(rounds);
    for _ in 0..rounds {
        let round = Round {
            unsigned: load(subject, &unsigned, length, &[]).await?,
            signed: load(subject, &signed, length, &["--header", &header]).await?,
        };
        println!(
            "signed       p99 {} ms, {:.0}/s; unsigned {} ms, {:.0}/s",
            ms(round.signed.p99_us),
            round.signed.rate(),
            ms(round.unsigned.p99_us),
            round.unsigned.rate()
        );
        measured.push(round);
    }
    Ok(measured)
}

async fn load(subject: &Subject, path: &str, length: Duration, more: &[&str]) -> anyhow::Result<Seen> {
    let target = Target { addresses: slice::from_ref(&subject.server.address), path, is_ours: false };
    let more = [&["--status", "202", "--keys"], more].concat();
    let seen: Seen = ask("load", &target, (CONNECTIONS, length), &more).await?;
    anyhow::ensure!(seen.refused == 0, "{} requests were refused", seen.refused);
    subject.backlog_is_gone().await?;
    Ok(seen)
}

/// The medians, one beside the other.
pub(super) fn figure(rounds: &[Round]) -> Option<Figure> {
    let p99 = |of: fn(&Round) -> &Seen| median(rounds.iter().map(|round| f64_of(of(round).p99_us)));
    let (unsigned, signed) = (p99(|round| &round.unsigned), p99(|round| &round.signed));
    (unsigned > 0.0).then(|| Figure {
        area: "signed".to_owned(),
        what: format!("p99 of `accept` with HMAC at {CONNECTIONS} connections"),
        measured: format!("{:.2} ms, {:.2} × unsigned", signed / 1e3, signed / unsigned),
        bar: Some(Bar::new("≤ 1.5 × unsigned", signed <= MOST * unsigned)),
    })
}
