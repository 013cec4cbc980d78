//! The figures to reach, measured.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use clap::{Args, Subcommand};

use crate::{
    postgres::{Durability, Server},
    shell::{cargo, command, finish, root, run, step},
};

/// Where the optimised binaries are.
const RELEASE: &str = "target/release";

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Bench {
    #[command(subcommand)]
    part: Option<Part>,
    #[command(flatten)]
    load: Load,
}

#[derive(Subcommand)]
enum Part {
    /// PostgreSQL, installed and started for it: one node, several, and what becomes of the runs of one that dies.
    Cluster(Cluster),
    /// What sources bear: signatures, floods, challenges while the queue is full, schedules.
    Sources(Sources),
    /// What deliveries bear: the top rate, receivers that hang, are down for a while, drip or never end.
    Deliveries(Deliveries),
    /// What retrieval finds, on `XQuAD`; fails when the hybrid finds too little.
    Knowledge {
        /// The folder with `XQuAD`'s JSON files `xquad.en.json` and `xquad.zh.json`.
        #[arg(long)]
        data: PathBuf,
    },
}

#[derive(Args)]
struct Cluster {
    /// Numbers of connections to one node.
    #[arg(long, default_value = "1,32,64")]
    connections: String,
    /// How long each measurement takes, in seconds.
    #[arg(long, default_value = "5")]
    seconds: String,
    /// How often each is made; the median counts.
    #[arg(long, default_value = "3")]
    rounds: String,
    /// Runs that a node may have under way when nodes are added.
    #[arg(long, default_value = "64")]
    places: String,
    /// The lease of a node that is killed, in seconds.
    #[arg(long, default_value = "15")]
    lease: String,
    /// How often one is killed; the worst counts.
    #[arg(long, default_value = "5")]
    kills: String,
    /// Only these parts, and nothing is written: one-node, scale, takeover.
    #[arg(long)]
    only: Option<String>,
    /// A binary that is there already, instead of building one.
    #[arg(long)]
    linchpin: Option<PathBuf>,
}

#[derive(Args)]
struct Sources {
    /// How long each round takes, in seconds.
    #[arg(long, default_value = "5")]
    seconds: String,
    /// How often signed and unsigned requests take turns; the median counts.
    #[arg(long, default_value = "5")]
    rounds: String,
    /// How long the flood lasts, in seconds.
    #[arg(long, default_value = "60")]
    flood: String,
    /// How long the one of large bodies lasts, in seconds.
    #[arg(long, default_value = "30")]
    large: String,
    /// For how long schedules are looked at, in seconds.
    #[arg(long, default_value = "60")]
    ticks: String,
    /// Only these parts, and nothing is written: signed, flood, large, challenge, schedules.
    #[arg(long)]
    only: Option<String>,
    /// A binary that is there already, instead of building one.
    #[arg(long)]
    linchpin: Option<PathBuf>,
}

#[derive(Args)]
struct Deliveries {
    /// How long each round takes, in seconds.
    #[arg(long, default_value = "5")]
    seconds: String,
    /// How often each is made; the median counts.
    #[arg(long, default_value = "5")]
    rounds: String,
    /// How long the receiver is down, in seconds; 600 in the long form.
    #[arg(long, default_value = "30")]
    down: String,
    /// Events a second while a receiver hangs or is down.
    #[arg(long, default_value = "100")]
    rate: String,
    /// Only these parts, and nothing is written: top, hanging, down, drip, big.
    #[arg(long)]
    only: Option<String>,
    /// A binary that is there already, instead of building one.
    #[arg(long)]
    linchpin: Option<PathBuf>,
}

#[derive(Args)]
struct Load {
    /// Numbers of connections.
    #[arg(long, default_value = "1,8,32,64")]
    connections: String,
    /// How long each measurement takes, in seconds.
    #[arg(long, default_value = "5")]
    seconds: String,
    /// How often each is made; the median counts.
    #[arg(long, default_value = "3")]
    rounds: String,
    /// Only these areas, and nothing is written: accept, run, e2e, latency, delivery, start, memory, size.
    #[arg(long)]
    only: Option<String>,
    /// A binary that is there already, instead of building one.
    #[arg(long)]
    linchpin: Option<PathBuf>,
    /// A binary with the local models that is there already, for its size and its memory.
    #[arg(long, conflicts_with = "with_models")]
    linchpin_with_models: Option<PathBuf>,
    /// Build a binary with the local models besides: minutes of C++, needs cmake, clang and libclang-dev.
    #[arg(long)]
    with_models: bool,
}

impl Bench {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        match self.part {
            Some(Part::Cluster(cluster)) => cluster.run(),
            Some(Part::Sources(sources)) => sources.run(),
            Some(Part::Deliveries(deliveries)) => deliveries.run(),
            Some(Part::Knowledge { data }) => knowledge(&data),
            None => self.load.run(),
        }
    }
}

fn knowledge(data: &Path) -> anyhow::Result<()> {
    let data = std::path::absolute(data)?;
    step("Build the harness", || run(&cargo(), &["build", "--release", "--package", "bench"], "."))?;
    step("Measure", || {
        let mut bench =
            command(&harness(), &["knowledge", "--models", "models", "--out", "bench/results"], ".");
        finish(bench.arg("--data").arg(data))
    })
}

impl Cluster {
    fn run(self) -> anyhow::Result<()> {
        let linchpin = linchpin(self.linchpin.as_deref())?;
        let postgres = step("PostgreSQL", || Server::start(Durability::Full))?;
        step("Measure", || {
            let mut bench = command(&harness(), &["cluster", "--database", &postgres.url], ".");
            bench.arg("--linchpin").arg(&linchpin).args(["--connections", &self.connections]);
            bench.args(["--seconds", &self.seconds, "--rounds", &self.rounds, "--places", &self.places]);
            bench.args(["--lease", &self.lease, "--kills", &self.kills]);
            finish(written(&mut bench, self.only.as_deref()))
        })
    }
}

impl Sources {
    fn run(self) -> anyhow::Result<()> {
        let linchpin = linchpin(self.linchpin.as_deref())?;
        step("Measure", || {
            let mut bench = command(&harness(), &["sources", "--folder", "target/bench"], ".");
            bench.arg("--linchpin").arg(&linchpin).args(["--seconds", &self.seconds]);
            bench.args(["--rounds", &self.rounds, "--flood", &self.flood]);
            bench.args(["--large", &self.large, "--ticks", &self.ticks]);
            finish(written(&mut bench, self.only.as_deref()))
        })
    }
}

impl Deliveries {
    fn run(self) -> anyhow::Result<()> {
        let linchpin = linchpin(self.linchpin.as_deref())?;
        step("Measure", || {
            let mut bench = command(&harness(), &["deliveries", "--folder", "target/bench"], ".");
            bench.arg("--linchpin").arg(&linchpin).args(["--seconds", &self.seconds]);
            bench.args(["--rounds", &self.rounds, "--down", &self.down, "--rate", &self.rate]);
            finish(written(&mut bench, self.only.as_deref()))
        })
    }
}

impl Load {
    fn run(self) -> anyhow::Result<()> {
        let with_models = self.with_models()?;
        let linchpin = linchpin(self.linchpin.as_deref())?;
        step("Measure", || {
            // On the checkout's own disk: what is temporary may lie in memory, where an fsync costs nothing.
            let mut bench =
                command(&harness(), &["run", "--folder", "target/bench", "--models", "models"], ".");
            bench.arg("--linchpin").arg(&linchpin).args(["--connections", &self.connections]);
            bench.args(["--seconds", &self.seconds, "--rounds", &self.rounds]);
            if let Some(with_models) = &with_models {
                bench.arg("--linchpin-with-models").arg(with_models);
            }
            finish(written(&mut bench, self.only.as_deref()))
        })
    }

    /// The binary with local models, if there is to be one. It is built first and put aside, since the other
    /// one takes its name.
    fn with_models(&self) -> anyhow::Result<Option<PathBuf>> {
        if let Some(linchpin) = &self.linchpin_with_models {
            return Ok(Some(std::path::absolute(linchpin)?));
        }
        if !self.with_models {
            return Ok(None);
        }
        step("Build the optimised binary with local models", || {
            let features = ["--features", "server/local-models"];
            run(&cargo(), &[&["build", "--release", "--package", "server"], &features[..]].concat(), ".")
        })?;
        let aside = root().join(RELEASE).join("linchpin-with-models");
        fs::copy(root().join(RELEASE).join("linchpin"), &aside)?;
        Ok(Some(aside))
    }
}

/// The optimised binary, and the harness beside it; the harness alone when there is a binary already.
fn linchpin(there: Option<&Path>) -> anyhow::Result<PathBuf> {
    if let Some(linchpin) = there {
        step("Build the harness", || run(&cargo(), &["build", "--release", "--package", "bench"], "."))?;
        return Ok(std::path::absolute(linchpin)?);
    }
    step("Build the optimised binary", || {
        run(&cargo(), &["build", "--release", "--package", "server", "--package", "bench"], ".")
    })?;
    Ok(root().join(RELEASE).join("linchpin"))
}

/// Asks for some parts, or for all and to have them written down.
fn written<'c>(bench: &'c mut Command, only: Option<&str>) -> &'c mut Command {
    match only {
        Some(only) => bench.args(["--only", only]),
        None => bench.args(["--out", "bench/results"]),
    }
}

fn harness() -> String {
    root().join(RELEASE).join("bench").display().to_string()
}
