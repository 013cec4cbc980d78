//! Starts everything, measures in rounds, prints the table.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use clap::Args;
use serde_json::json;

use crate::{
    area::Area,
    delivery::{self, Route},
    footprint,
    latency::{self, Latency},
    load::Sender,
    machine::Machine,
    report::{Bar, COLUMNS, Figure, PEERS, Row, print, print_figures, quietness},
    results::{Kind, Results, today},
    stage::Stage,
};

#[derive(Args)]
pub(crate) struct Run {
    /// The optimised binary.
    #[arg(long)]
    linchpin: PathBuf,
    /// One that was built with the local models, for its size and its memory.
    #[arg(long)]
    linchpin_with_models: Option<PathBuf>,
    /// The folder with the models' weights.
    #[arg(long, default_value = "models")]
    models: PathBuf,
    /// Numbers of connections.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 8, 32, 64])]
    connections: Vec<usize>,
    /// How long each measurement takes, in seconds.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// How often each is made; the median counts.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Only these areas.
    #[arg(long, value_delimiter = ',', value_parser = clap::builder::PossibleValuesParser::new(AREAS))]
    only: Vec<String>,
    /// What the load under which the areas are measured is made with.
    #[arg(long, value_enum, default_value_t)]
    sender: Sender,
    /// A folder on the disk that is to be measured; something temporary when it is not set.
    #[arg(long)]
    folder: Option<PathBuf>,
    /// The folder for the results.
    #[arg(long)]
    out: Option<PathBuf>,
}

/// The areas that can be asked for.
const AREAS: [&str; 8] = ["accept", "run", "e2e", "latency", "delivery", "start", "memory", "size"];

/// Figures, and every round of them.
#[derive(Default)]
struct Measured {
    rows: Vec<Row>,
    figures: Vec<Figure>,
    latency: Vec<Latency>,
    delivery: Vec<delivery::Delivery>,
}

impl Run {
    pub(crate) async fn execute(self) -> anyhow::Result<()> {
        let folder = match &self.folder {
            Some(folder) => {
                std::fs::create_dir_all(folder)?;
                tempfile::tempdir_in(folder)?
            }
            None => tempfile::tempdir()?,
        };
        let machine = Machine::describe(folder.path())?;
        println!("{}\n{}\n", machine.line(), self.how());
        let mut measured = Measured::default();
        self.beside_load(folder.path(), &mut measured).await?;
        self.under_load(folder.path(), &mut measured).await?;
        println!("\nThe medians");
        print(&COLUMNS.map(str::to_owned));
        measured.rows.iter().for_each(|row| print(&row.cells()));
        println!();
        print_figures(&measured.figures);
        println!("\n{PEERS}");
        let Some(out) = &self.out else { return Ok(()) };
        let results = Results {
            kind: Kind::Load,
            date: today(),
            machine,
            how: self.how(),
            rows: measured.rows,
            figures: measured.figures,
            rounds: json!({ "latency": measured.latency, "delivery": measured.delivery }),
        };
        results.write(out)
    }

    fn how(&self) -> String {
        format!(
            "SQLite with its write-ahead log and synchronous=FULL; the load ({}) in a process of its own on the same \
             machine; each figure is the median by rate of {} rounds of {} s, in each of which the areas take turns after \
             bare.",
            match self.sender {
                Sender::Sockets => "bare sockets",
                Sender::Client => "an ordinary HTTP client",
            },
            self.rounds,
            self.seconds
        )
    }

    fn wants(&self, area: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == area)
    }

    /// What is measured while nothing else is up.
    async fn beside_load(&self, folder: &Path, measured: &mut Measured) -> anyhow::Result<()> {
        let with_models = self.linchpin_with_models.as_ref();
        if self.wants("start") {
            measured.figures.push(footprint::start(&self.linchpin, folder).await?);
        }
        if self.wants("memory") {
            measured.figures.push(footprint::idle(&self.linchpin, folder).await?);
            let models = with_models.map(PathBuf::as_path);
            measured.figures.push(footprint::with_models(models, &self.models, folder).await?);
        }
        if self.wants("size") {
            measured.figures.extend(footprint::size(&self.linchpin, with_models)?);
        }
        Ok(())
    }

    async fn under_load(&self, folder: &Path, measured: &mut Measured) -> anyhow::Result<()> {
        let areas: Vec<Area> = Area::ALL.into_iter().filter(|area| self.wants(area.group())).collect();
        let (has_latency, has_delivery) = (self.wants("latency"), self.wants("delivery"));
        if areas.is_empty() && !has_latency && !has_delivery {
            measured.figures.extend(self.wants("memory").then(footprint::not_loaded));
            return Ok(());
        }
        let length = Duration::from_secs(self.seconds);
        let mut stage = Stage::set_up(&self.linchpin, folder, None, (&areas, length, self.sender)).await?;
        print(&COLUMNS.map(str::to_owned));
        if !areas.is_empty() {
            for &connections in &self.connections {
                measured.rows.extend(stage.rounds(&areas, (connections, self.rounds)).await?);
            }
        }
        if has_latency {
            for _ in 0..self.rounds {
                measured.latency.push(Latency::measure(&mut stage).await?);
            }
            measured.figures.extend(latency::figures(&measured.latency));
        }
        if has_delivery {
            let route = Route::set_up(&stage).await?;
            for _ in 0..self.rounds {
                measured.delivery.push(route.measure(&mut stage, folder).await?);
            }
            measured.figures.extend(delivery::figures(&measured.delivery));
        }
        if self.wants("memory") {
            let most = self.connections.iter().max().filter(|_| !areas.is_empty());
            measured.figures.push(match most {
                Some(most) => footprint::loaded(&stage.subject, *most)?,
                None => footprint::not_loaded(),
            });
        }
        measured.figures.extend(arrived(&measured.rows));
        measured.figures.extend(quietness(&measured.rows));
        measured.figures.sort_by_key(|figure| AREAS.iter().position(|area| *area == figure.area));
        stage.end().await
    }
}

/// That every delivery of the load arrived; the harness fails where one did not.
fn arrived(rows: &[Row]) -> Option<Figure> {
    let delivered = rows.iter().flat_map(|row| &row.rounds).filter_map(|round| round.delivered).max()?;
    Some(Figure {
        area: "e2e".to_owned(),
        what: "deliveries that arrived, of all events".to_owned(),
        measured: format!("{delivered} of {delivered}"),
        bar: Some(Bar::new("all", true)),
    })
}
