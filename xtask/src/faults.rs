//! The fault tests, at length.

use clap::Args;

use crate::{
    postgres,
    shell::{cargo, command, finish, step},
    system, test,
};

#[derive(Args)]
pub(crate) struct Faults {
    /// How many minutes the cluster is shaken.
    #[arg(long, default_value_t = 10)]
    minutes: u64,
    /// By which chance: the `SEED_FOR_TESTS` that an earlier run printed.
    #[arg(long)]
    seed: Option<u64>,
}

impl Faults {
    pub(crate) fn run(self) -> anyhow::Result<()> {
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
