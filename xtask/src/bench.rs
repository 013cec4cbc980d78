//! The figures to reach, measured.

use clap::Args;

use crate::shell::{cargo, command, finish, root, run, step};

#[derive(Args)]
pub(crate) struct Bench {
    /// Numbers of connections.
    #[arg(long, default_value = "1,8,32,64")]
    connections: String,
    /// How long each measurement takes, in seconds.
    #[arg(long, default_value = "5")]
    seconds: String,
    /// Only these areas: accept, run.
    #[arg(long)]
    only: Option<String>,
}

impl Bench {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        step("Build the optimised binary", || {
            run(&cargo(), &["build", "--release", "--package", "server", "--package", "bench"], ".")
        })?;
        step("Measure", || {
            let target = root().join("target/release");
            let mut bench = command(&target.join("bench").display().to_string(), &["run", "--linchpin"], ".");
            bench.arg(target.join("linchpin")).args([
                "--connections",
                &self.connections,
                "--seconds",
                &self.seconds,
            ]);
            if let Some(only) = &self.only {
                bench.args(["--only", only]);
            }
            finish(bench.arg("--out").arg(root().join("bench/results/latest.json")))
        })
    }
}
