//! What is measured on PostgreSQL: one node beside the floor, how the rate grows with nodes, and how soon another node
//! goes on where one has died.

mod nodes;
mod scale;
mod takeover;

use std::{path::PathBuf, sync::Arc, time::Duration};

use clap::Args;
use serde_json::json;

use crate::{
    area::Area,
    load::Sender,
    machine::Machine,
    postgres::Postgres,
    report::{COLUMNS, Figure, Row, print, print_figures, quietness},
    results::{Kind, Results, today},
    stage::Stage,
};
use nodes::Plan;
use scale::{Scale, Scaled};
use takeover::Takeover;

#[derive(Args)]
pub(crate) struct Cluster {
    /// The optimised binary.
    #[arg(long)]
    linchpin: PathBuf,
    /// A private server of PostgreSQL on this machine, with its default durability.
    #[arg(long, value_name = "POSTGRES-URL")]
    database: String,
    /// Numbers of connections to one node.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 32, 64])]
    connections: Vec<usize>,
    /// How long each measurement takes, in seconds.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// How often each is made; the median counts.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Runs that a node may have under way when nodes are added.
    #[arg(long, default_value_t = 64)]
    places: usize,
    /// The lease of a node that is killed, in seconds.
    #[arg(long, default_value_t = 15)]
    lease: u64,
    /// How often one is killed; the worst counts.
    #[arg(long, default_value_t = 5)]
    kills: u32,
    /// Only these parts.
    #[arg(long, value_delimiter = ',', value_parser = clap::builder::PossibleValuesParser::new(PARTS))]
    only: Vec<String>,
    /// The folder for the results.
    #[arg(long)]
    out: Option<PathBuf>,
}

/// The parts that can be asked for.
const PARTS: [&str; 3] = ["one-node", "scale", "takeover"];

/// What one node is measured at.
const AREAS: [Area; 3] = [Area::Accept, Area::Run, Area::EndToEnd];

/// Figures, and every round of them.
#[derive(Default)]
struct Measured {
    rows: Vec<Row>,
    figures: Vec<Figure>,
    scale: Vec<Vec<Scaled>>,
    takeovers: Vec<Takeover>,
}

impl Cluster {
    pub(crate) async fn execute(self) -> anyhow::Result<()> {
        let postgres = Arc::new(Postgres::connect(&self.database).await?);
        let machine = Machine::describe(&postgres.folder().await?)?;
        let how = self.how(&postgres.version().await?);
        println!("{}\n{how}\n", machine.line());
        let mut measured = Measured::default();
        let folder = tempfile::tempdir()?;
        if self.wants("one-node") {
            self.one_node(&postgres, folder.path().join("one"), &mut measured).await?;
        }
        if self.wants("scale") {
            self.scale(&postgres, folder.path().join("scale"), &mut measured).await?;
        }
        if self.wants("takeover") {
            self.takeover(&postgres, folder.path().join("takeover"), &mut measured).await?;
        }
        if !measured.rows.is_empty() {
            println!("\nThe medians");
            print(&COLUMNS.map(str::to_owned));
            measured.rows.iter().for_each(|row| print(&row.cells()));
        }
        println!();
        print_figures(&measured.figures);
        let Some(out) = &self.out else { return Ok(()) };
        let results = Results {
            kind: Kind::Cluster,
            date: today(),
            machine,
            how,
            rows: measured.rows,
            figures: measured.figures,
            rounds: json!({ "scale": measured.scale, "takeover": measured.takeovers }),
        };
        results.write(out)
    }

    fn how(&self, version: &str) -> String {
        format!(
            "PostgreSQL {version} with its defaults (fsync, synchronous_commit and full_page_writes on) and the load on the \
             same machine; CPU time is that of linchpin + that of PostgreSQL's processes; each figure is the median of {} \
             rounds of {} s, in each of which the areas take turns after bare, and the numbers of nodes after one another. A \
             limit is the resource that was used most, with what was used of all of them.",
            self.rounds, self.seconds
        )
    }

    fn wants(&self, part: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == part)
    }

    fn length(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }

    async fn one_node(
        &self,
        postgres: &Arc<Postgres>,
        folder: PathBuf,
        measured: &mut Measured,
    ) -> anyhow::Result<()> {
        let load = (&AREAS[..], self.length(), Sender::default());
        let mut stage = Stage::set_up(&self.linchpin, &folder, Some(Arc::clone(postgres)), load).await?;
        print(&COLUMNS.map(str::to_owned));
        for &connections in &self.connections {
            measured.rows.extend(stage.rounds(&AREAS, (connections, self.rounds)).await?);
        }
        measured.figures.extend(measured.rows.iter().filter_map(Row::limit));
        measured.figures.extend(quietness(&measured.rows));
        stage.end().await
    }

    async fn scale(
        &self,
        postgres: &Arc<Postgres>,
        folder: PathBuf,
        measured: &mut Measured,
    ) -> anyhow::Result<()> {
        let plan = Plan { places: Some(self.places), ..self.plan(folder) };
        let scale = Scale::set_up(&plan, self.places, postgres).await?;
        for _ in 0..self.rounds {
            measured.scale.push(scale.round(self.length()).await?);
        }
        measured.figures.extend(scale::figures(&measured.scale, self.places));
        scale.end().await
    }

    async fn takeover(
        &self,
        postgres: &Arc<Postgres>,
        folder: PathBuf,
        measured: &mut Measured,
    ) -> anyhow::Result<()> {
        let plan = self.plan(folder);
        measured.takeovers = takeover::measure(&plan, postgres, self.kills).await?;
        measured.figures.extend(takeover::figure(&measured.takeovers, plan.lease));
        Ok(())
    }

    fn plan(&self, folder: PathBuf) -> Plan<'_> {
        let (linchpin, lease) = (self.linchpin.as_path(), Duration::from_secs(self.lease));
        Plan { linchpin, folder, places: None, lease }
    }
}
