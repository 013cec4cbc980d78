//! What sources bear: what a signature costs, what becomes of a server that is sent ten times what it may take or more
//! large bodies than it may hold, how soon a challenge is answered while the queue is full, and how punctual schedules are.

mod challenge;
mod flood;
mod large;
mod schedules;
mod signed;

use std::{path::PathBuf, time::Duration};

use anyhow::Context;
use clap::{Args, ValueEnum};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::{
    flows,
    machine::Machine,
    report::{Figure, print_figures},
    results::{Kind, Results, today},
    subject::{Start, Subject},
};

#[derive(Args)]
pub(crate) struct Sources {
    /// The optimised binary.
    #[arg(long)]
    linchpin: PathBuf,
    /// How long each round takes, in seconds.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// How often signed and unsigned requests take turns; the median counts.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// How long the flood lasts, in seconds.
    #[arg(long, default_value_t = 60)]
    flood: u64,
    /// How long the one of large bodies lasts, in seconds.
    #[arg(long, default_value_t = 30)]
    large: u64,
    /// For how long schedules are looked at, in seconds.
    #[arg(long, default_value_t = 60)]
    ticks: u64,
    /// Only these parts.
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Part>,
    /// A folder on the disk that is to be measured; something temporary when it is not set.
    #[arg(long)]
    folder: Option<PathBuf>,
    /// The folder for the results.
    #[arg(long)]
    out: Option<PathBuf>,
}

/// What can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    Signed,
    Flood,
    Large,
    Challenge,
    Schedules,
}

/// Figures for people, and all that was seen.
type Measured = (Vec<Figure>, Value);

impl Sources {
    pub(crate) async fn execute(self) -> anyhow::Result<()> {
        let folder = match &self.folder {
            Some(folder) => {
                std::fs::create_dir_all(folder)?;
                tempfile::tempdir_in(folder)?
            }
            None => tempfile::tempdir()?,
        };
        let machine = Machine::describe(folder.path())?;
        let how = format!(
            "SQLite with its write-ahead log and synchronous=FULL; the load on bare sockets in a process of its own on the \
             same machine; signed and unsigned requests took turns {} times for {} s, the flood lasted {} s, that of large \
             bodies {} s; schedules were looked at for {} s.",
            self.rounds, self.seconds, self.flood, self.large, self.ticks
        );
        println!("{}\n{how}\n", machine.line());
        let (mut figures, mut rounds) = (Vec::new(), json!({}));
        for part in Part::value_variants() {
            if self.only.is_empty() || self.only.contains(part) {
                let name = format!("{part:?}").to_lowercase();
                let (more, seen) = self.measure(*part, folder.path().join(&name)).await?;
                figures.extend(more);
                rounds[name] = seen;
            }
        }
        print_figures(&figures);
        let Some(out) = &self.out else { return Ok(()) };
        let results =
            Results { kind: Kind::Sources, date: today(), machine, how, rows: Vec::new(), figures, rounds };
        results.write(out)
    }

    /// Measures a part on a server of its own in this folder.
    async fn measure(&self, part: Part, folder: PathBuf) -> anyhow::Result<Measured> {
        let of = Duration::from_secs;
        let subject = self.subject(part, folder).await?;
        let measured = match part {
            Part::Challenge => (vec![challenge::measure(&subject, of(self.seconds)).await?], Value::Null),
            Part::Signed => {
                let seen = signed::measure(&subject, (self.rounds, of(self.seconds))).await?;
                (signed::figure(&seen).into_iter().collect(), json!(seen))
            }
            Part::Flood => {
                let seen = flood::measure(&subject, of(self.flood)).await?;
                (flood::figures(&seen), json!(seen))
            }
            Part::Large => {
                let seen = large::measure(&subject, of(self.large)).await?;
                (large::figures(&seen), json!(seen))
            }
            Part::Schedules => {
                let seen = schedules::measure(&subject, of(self.ticks)).await?;
                (vec![schedules::figure(&seen)], json!(seen))
            }
        };
        subject.server.end().await?;
        Ok(measured)
    }

    async fn subject(&self, part: Part, folder: PathBuf) -> anyhow::Result<Subject> {
        let settings = if part == Part::Challenge { challenge::SETTINGS } else { "" };
        Start { linchpin: &self.linchpin, folder, settings: settings.to_owned() }.subject().await
    }
}

/// Makes another source of the flow that keeps its events and does nearly nothing; gives its path. The flow itself must
/// be there.
async fn source(subject: &Subject, name: &str, config: Value, secrets: Value) -> anyhow::Result<String> {
    let source = json!({ "name": name, "flow": "bench-accept", "config": config, "secrets": secrets });
    let made = subject.call("POST", "/api/v1/environments/production/sources", &source).await?;
    let id = made["id"].as_str().context("the source has no id")?;
    Ok(format!("/hooks/{id}"))
}

/// Deploys that flow; gives the path of its source.
async fn accepting(subject: &Subject) -> anyhow::Result<String> {
    subject.flow(flows::ACCEPT, "accept").await
}

/// HMAC-SHA256 in hex.
fn signature(secret: &str, signed: &[u8]) -> anyhow::Result<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes())?;
    mac.update(signed);
    Ok(hex::encode(mac.finalize().into_bytes()))
}

/// The value in the middle.
fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len().saturating_sub(1) / 2).copied().unwrap_or_default()
}

/// Megabytes.
#[expect(clippy::cast_precision_loss, reason = "a size to print")]
fn mb(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
