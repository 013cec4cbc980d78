//! What deliveries bear: how fast one destination is served, what one that hangs costs the others, how soon a receiver that
//! was down has what waited for it, and what answers without an end cost.

mod down;
mod endless;
mod hanging;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use crate::{
    delivery::{self, Route},
    load::Sender,
    machine::Machine,
    report::{Figure, print_figures},
    results::{Kind, Results, today},
    stage::Stage,
    subject::{Start, Subject},
};

#[derive(Args)]
pub(crate) struct Deliveries {
    /// The optimised binary.
    #[arg(long)]
    linchpin: PathBuf,
    /// How long each round takes, in seconds.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// How often each is made; the median counts.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// How long the receiver is down, in seconds; 600 in the long form.
    #[arg(long, default_value_t = 30)]
    down: u64,
    /// Events a second while a receiver hangs or is down.
    #[arg(long, default_value_t = 100)]
    rate: u32,
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
    Top,
    Hanging,
    Down,
    Drip,
    Big,
}

/// Figures for people, and all that was seen.
type Measured = (Vec<Figure>, Value);

impl Deliveries {
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
            "SQLite with its write-ahead log and synchronous=FULL; load and receivers in processes of their own on the same \
             machine; {} rounds of {} s, {} events a second while a receiver hangs or is down, which it was for {} s.",
            self.rounds, self.seconds, self.rate, self.down
        );
        println!("{}\n{how}\n", machine.line());
        let (mut figures, mut rounds) = (Vec::new(), json!({}));
        for part in Part::value_variants() {
            if self.only.is_empty() || self.only.contains(part) {
                let name = format!("{part:?}").to_lowercase();
                let (more, seen) = self.measure(*part, &folder.path().join(&name)).await?;
                print_figures(&more);
                figures.extend(more);
                rounds[name] = seen;
            }
        }
        let Some(out) = &self.out else { return Ok(()) };
        let rows = Vec::new();
        Results { kind: Kind::Deliveries, date: today(), machine, how, rows, figures, rounds }.write(out)
    }

    /// Measures a part on servers of its own in this folder.
    async fn measure(&self, part: Part, folder: &Path) -> anyhow::Result<Measured> {
        let of = Duration::from_secs;
        match part {
            Part::Top => self.top(folder).await,
            Part::Hanging => {
                let mut seen = hanging::Runs::default();
                for round in 0..self.rounds {
                    for hangs in [false, true] {
                        let subject =
                            subject(&self.linchpin, &folder.join(format!("{round}-{hangs}"))).await?;
                        seen.add(&subject, hangs, (self.rate, of(self.seconds))).await?;
                        subject.server.end().await?;
                    }
                }
                Ok((seen.figures(), json!(seen)))
            }
            Part::Down => {
                let subject = subject(&self.linchpin, folder).await?;
                let seen = down::measure(&subject, (self.rate, of(self.down))).await?;
                subject.server.end().await?;
                Ok((down::figures(&seen), json!(seen)))
            }
            Part::Drip => {
                let subject = subject(&self.linchpin, folder).await?;
                let figure = endless::drip(&subject).await?;
                subject.server.end().await?;
                Ok((vec![figure], Value::Null))
            }
            Part::Big => {
                let subject = subject(&self.linchpin, folder).await?;
                let figure = endless::big(&subject, self.rounds).await?;
                subject.server.end().await?;
                Ok((vec![figure], Value::Null))
            }
        }
    }

    /// As `run` measures it among its areas.
    async fn top(&self, folder: &Path) -> anyhow::Result<Measured> {
        std::fs::create_dir_all(folder)?;
        let length = Duration::from_secs(self.seconds);
        let mut stage = Stage::set_up(&self.linchpin, folder, None, (&[], length, Sender::default())).await?;
        let (route, mut seen) = (Route::set_up(&stage).await?, Vec::new());
        for _ in 0..self.rounds {
            seen.push(route.measure(&mut stage, folder).await?);
        }
        stage.end().await?;
        Ok((delivery::figures(&seen), json!(seen)))
    }
}

async fn subject(linchpin: &Path, folder: &Path) -> anyhow::Result<Subject> {
    Start { linchpin, folder: folder.to_owned(), settings: String::new() }.subject().await
}
