//! Every test, from a clean checkout.

use clap::Args;

use crate::{
    codegen, models, postgres, senders,
    shell::{cargo, command, finish, is_there, root, run, step},
    system, tidy,
};

#[derive(Args)]
pub(crate) struct Test {
    /// Leave out what needs a browser or Node.
    #[arg(long)]
    rust_only: bool,
}

/// Programs and the Debian packages they come from.
const RUST_NEEDS: [(&str, &str); 4] =
    [("gcc", "gcc"), ("python3", "python3"), ("pip3", "python3-pip"), ("nats-server", "nats-server")];
const WEB_NEEDS: [(&str, &str); 3] = [("node", "nodejs"), ("npm", "npm"), ("chromium", "chromium")];

impl Test {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        step("What the system needs", || {
            system::need(&RUST_NEEDS)?;
            if !self.rust_only {
                system::need(&WEB_NEEDS)?;
            }
            need_nextest()
        })?;
        step("The models' weights", models::fetch)?;
        step("Form (rustfmt)", || run(&cargo(), &["fmt", "--all", "--check"], "."))?;
        step("House rules (tidy)", tidy::run)?;
        step("Lints (clippy)", || {
            run(&cargo(), &["clippy", "--quiet", "--all-targets", "--", "-D", "warnings"], ".")
        })?;
        step("Rust tests (nextest)", || {
            let mut nextest = command(&cargo(), &["nextest", "run", "--workspace"], ".");
            finish(nextest.env("LINCHPIN_MODELS_DIR", root().join("models")))
        })?;
        step("The store, the cluster and the server on PostgreSQL", || {
            let postgres = postgres::Server::start(postgres::Durability::None)?;
            let by_tls = postgres::Server::start_with_tls()?;
            // They wait for servers more than they work. Not every crash point again: each death costs a lease.
            // The whole workspace, as before: a part of it would be built with other features, and so anew.
            let tests = ["nextest", "run", "--workspace", "--test-threads", "4", "--filterset"];
            let mut tests = command(&cargo(), &tests, ".");
            tests.arg("(package(store) + package(cluster) + package(server)) - test(points::)");
            tests.env("POSTGRES_FOR_TESTS", &postgres.url).env("POSTGRES_TLS_FOR_TESTS", &by_tls.url);
            finish(tests.env("KILLS_FOR_TESTS", "4"))
        })?;
        step("Senders, by their own libraries (Python)", senders::by_python)?;
        // C++, and minutes to build: everyday tests leave it off.
        step("The chat model in the process", || {
            system::need(&models::NEEDS)?;
            let mut chat = command(
                &cargo(),
                &["nextest", "run", "--package", "local-models", "--features", "chat"],
                ".",
            );
            finish(chat.env("LINCHPIN_MODELS_DIR", root().join("models")))
        })?;
        step("Examples in the documentation (doctests)", || {
            run(&cargo(), &["test", "--quiet", "--doc"], ".")
        })?;
        step("What is generated (codegen --check)", || codegen::run(true))?;
        if self.rust_only {
            return Ok(());
        }
        web()
    }
}

/// Installs what runs the tests, if it is not there.
pub(crate) fn need_nextest() -> anyhow::Result<()> {
    if is_there("cargo-nextest") {
        return Ok(());
    }
    run(&cargo(), &["install", "--locked", "cargo-nextest"], ".")
}

/// The console, and the whole in a browser.
fn web() -> anyhow::Result<()> {
    anyhow::ensure!(
        root().join("console/package.json").exists(),
        "console/package.json is missing, so nothing of the console would be tested; check it out, or leave it out \
         with --rust-only"
    );
    step("Console: packages", || run("npm", &["ci", "--no-audit", "--no-fund"], "console"))?;
    step("Console: generated client", || {
        run("npm", &["run", "--silent", "codegen", "--", "--check"], "console")
    })?;
    for script in ["lint", "typecheck", "test", "build"] {
        step(&format!("Console: {script}"), || run("npm", &["run", "--silent", script], "console"))?;
    }
    step("Senders, by their own libraries (Node)", senders::by_node)?;
    step("Browser: packages", || run("npm", &["ci", "--no-audit", "--no-fund"], "e2e"))?;
    step("Browser: the server with the console in it", || {
        run(&cargo(), &["build", "--package", "server"], ".")
    })?;
    step("Browser: end to end", || run("node", &["run.mjs"], "e2e"))
}
