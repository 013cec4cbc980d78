//! The fault tests, at length.

use clap::{Args, Subcommand};

use crate::{
    postgres,
    shell::{cargo, command, finish, step},
    system, test,
};

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Faults {
    #[command(subcommand)]
    part: Option<Part>,
    /// How many minutes the cluster is shaken.
    #[arg(long, default_value_t = 10)]
    minutes: u64,
    /// By which chance: the `SEED_FOR_TESTS` that an earlier run printed.
    #[arg(long)]
    seed: Option<u64>,
}

#[derive(Subcommand)]
enum Part {
    /// A server that is killed again and again while a burst of deliveries goes out.
    Deliveries {
        /// How often it is killed.
        #[arg(long, default_value_t = 20)]
        times: usize,
        /// How many deliveries the burst has.
        #[arg(long, default_value_t = 10_000)]
        deliveries: usize,
    },
}

impl Faults {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        if let Some(Part::Deliveries { times, deliveries }) = self.part {
            return burst(times, deliveries);
        }
        step("What the system needs", || {
            system::need(&[("nats-server", "nats-server")])?;
            test::need_nextest()
        })?;
        step("What survives", || {
            let postgres = postgres::Server::start(postgres::Durability::None)?;
            // What it prints is what one wants to see, so one test at a time.
            let tests = ["nextest", "run", "--workspace", "--no-capture", "--filterset"];
            let mut tests = command(&cargo(), &tests, ".");
            tests.arg("binary_id(server::faults)").env("POSTGRES_FOR_TESTS", &postgres.url);
            tests.env("STORM_FOR_TESTS", self.minutes.to_string());
            if let Some(seed) = self.seed {
                tests.env("SEED_FOR_TESTS", seed.to_string());
            }
            finish(&mut tests)
        })
    }
}

/// On SQLite, in a folder of its own.
fn burst(kills: usize, deliveries: usize) -> anyhow::Result<()> {
    step("What the system needs", test::need_nextest)?;
    step("A burst of deliveries", || {
        let tests = ["nextest", "run", "--package", "server", "--no-capture", "--filterset"];
        let mut tests = command(&cargo(), &tests, ".");
        tests.arg("binary_id(server::faults) & test(burst)");
        finish(tests.env("BURST_FOR_TESTS", format!("{kills},{deliveries}")))
    })
}
