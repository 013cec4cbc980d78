//! The figures to reach, measured.

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::{Args, Subcommand};

use crate::shell::{cargo, command, finish, root, run, step};

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
    /// What retrieval finds, on `XQuAD`; fails when the hybrid finds too little.
    Knowledge {
        /// The folder with `XQuAD`'s JSON files `xquad.en.json` and `xquad.zh.json`.
        #[arg(long)]
        data: PathBuf,
    },
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

impl Load {
    fn run(self) -> anyhow::Result<()> {
        let with_models = self.with_models()?;
        let linchpin = self.linchpin()?;
        step("Measure", || {
            // On the checkout's own disk: what is temporary may lie in memory, where an fsync costs nothing.
            let mut bench =
                command(&harness(), &["run", "--folder", "target/bench", "--models", "models"], ".");
            bench.arg("--linchpin").arg(&linchpin).args(["--connections", &self.connections]);
            bench.args(["--seconds", &self.seconds, "--rounds", &self.rounds]);
            if let Some(with_models) = &with_models {
                bench.arg("--linchpin-with-models").arg(with_models);
            }
            match &self.only {
                Some(only) => bench.args(["--only", only]),
                None => bench.args(["--out", "bench/results"]),
            };
            finish(&mut bench)
        })
    }

    /// The optimised binary, and the harness beside it.
    fn linchpin(&self) -> anyhow::Result<PathBuf> {
        if let Some(linchpin) = &self.linchpin {
            step("Build the harness", || run(&cargo(), &["build", "--release", "--package", "bench"], "."))?;
            return Ok(std::path::absolute(linchpin)?);
        }
        step("Build the optimised binary", || {
            run(&cargo(), &["build", "--release", "--package", "server", "--package", "bench"], ".")
        })?;
        Ok(root().join(RELEASE).join("linchpin"))
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

fn harness() -> String {
    root().join(RELEASE).join("bench").display().to_string()
}
