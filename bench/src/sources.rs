//! What sources bear: what a signature costs, what becomes of a server that is sent ten times what it may take, and how
//! soon a challenge is answered while the queue is full.

mod challenge;
mod flood;
mod signed;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context;
use clap::Args;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::{
    flows,
    machine::Machine,
    report::print_figures,
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
    /// Only these parts.
    #[arg(long, value_delimiter = ',', value_parser = clap::builder::PossibleValuesParser::new(PARTS))]
    only: Vec<String>,
    /// A folder on the disk that is to be measured; something temporary when it is not set.
    #[arg(long)]
    folder: Option<PathBuf>,
    /// The folder for the results.
    #[arg(long)]
    out: Option<PathBuf>,
}

/// The parts that can be asked for.
const PARTS: [&str; 3] = ["signed", "flood", "challenge"];

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
             same machine; signed and unsigned requests took turns {} times for {} s, the flood lasted {} s.",
            self.rounds, self.seconds, self.flood
        );
        println!("{}\n{how}\n", machine.line());
        let (mut figures, mut rounds) = (Vec::new(), json!({}));
        if self.wants("signed") {
            let subject = self.subject(&folder.path().join("signed")).await?;
            let measured =
                signed::measure(&subject, (self.rounds, Duration::from_secs(self.seconds))).await?;
            subject.server.end().await?;
            figures.extend(signed::figure(&measured));
            rounds["signed"] = json!(measured);
        }
        if self.wants("flood") {
            let subject = self.subject(&folder.path().join("flood")).await?;
            let flooded = flood::measure(&subject, Duration::from_secs(self.flood)).await?;
            subject.server.end().await?;
            figures.extend(flood::figures(&flooded));
            rounds["flood"] = json!(flooded);
        }
        if self.wants("challenge") {
            let folder = folder.path().join("challenge");
            figures
                .push(challenge::measure(&self.linchpin, folder, Duration::from_secs(self.seconds)).await?);
        }
        print_figures(&figures);
        let Some(out) = &self.out else { return Ok(()) };
        let results =
            Results { kind: Kind::Sources, date: today(), machine, how, rows: Vec::new(), figures, rounds };
        results.write(out)
    }

    fn wants(&self, part: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == part)
    }

    async fn subject(&self, folder: &Path) -> anyhow::Result<Subject> {
        let start = Start { linchpin: &self.linchpin, folder: folder.to_owned(), settings: String::new() };
        start.subject().await
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
