//! The requests that chance makes up, at length.

use clap::Args;

use crate::{
    shell::{cargo, command, finish, step},
    test,
};

#[derive(Args)]
pub(crate) struct Fuzz {
    /// How many requests are sent.
    #[arg(long, default_value_t = 1_000_000)]
    requests: u64,
    /// By which chance: the `SEED_FOR_TESTS` that an earlier run printed.
    #[arg(long)]
    seed: Option<u64>,
}

impl Fuzz {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        step("What the system needs", test::need_nextest)?;
        step("What is answered", || {
            let tests = ["nextest", "run", "--workspace", "--no-capture", "--filterset"];
            let mut tests = command(&cargo(), &tests, ".");
            tests
                .arg("package(server) and test(/^fuzzed::/)")
                .env("REQUESTS_FOR_TESTS", self.requests.to_string());
            if let Some(seed) = self.seed {
                tests.env("SEED_FOR_TESTS", seed.to_string());
            }
            finish(&mut tests)
        })
    }
}
