//! The demo: all the set-up, then the loop.

use std::env;

use anyhow::Context;
use clap::Args;

use crate::{
    models,
    postgres::{Durability, Server},
    shell::{cargo, command, finish, root, run, step},
    system,
};

#[derive(Args)]
pub(crate) struct Demo {
    /// End when every hop has happened, with exit code 0 only if all of them did.
    #[arg(long)]
    once: bool,
    /// Show three nodes on PostgreSQL behind a proxy, and that nothing is lost when one of them is killed.
    #[arg(long)]
    cluster: bool,
    /// Where the server, or the proxy before the nodes, listens.
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: String,
}

const NEEDS: [(&str, &str); 5] =
    [("gcc", "gcc"), ("python3", "python3"), ("pip3", "python3-pip"), ("node", "nodejs"), ("npm", "npm")];

impl Demo {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        // The nodes of a cluster ask a stand-in.
        let inside = !self.cluster && env::var_os("LINCHPIN_OPENAI_BASE_URL").is_none();
        step("What the system needs", || {
            system::need(&NEEDS)?;
            if inside { system::need(&models::NEEDS) } else { Ok(()) }
        })?;
        step("The models' weights", models::fetch)?;
        step("The console", console)?;
        step("The binary", || {
            let mut build = command(
                &cargo(),
                &["build", "--profile", "demo", "--package", "server", "--package", "demo"],
                ".",
            );
            finish(if inside { build.args(["--features", "server/local-models"]) } else { &mut build })
        })?;
        let postgres = self.cluster.then(|| step("PostgreSQL", || Server::start(Durability::Full)));
        self.show(postgres.transpose()?.as_ref())
    }

    /// Shows what was built, on one node or on several.
    fn show(&self, postgres: Option<&Server>) -> anyhow::Result<()> {
        let target = root().join("target/demo");
        let mut demo = command(&target.join("demo").display().to_string(), &["--listen", &self.listen], ".");
        demo.arg("--linchpin").arg(target.join("linchpin"));
        demo.arg("--example").arg(root().join("examples/after-sales-assistant"));
        demo.arg("--models").arg(root().join("models"));
        demo.arg("--data").arg(target.join(if self.cluster { "cluster" } else { "data" }));
        if let Some(postgres) = postgres {
            demo.args(["--cluster", &postgres.url]);
        }
        if self.once {
            demo.arg("--once");
        }
        println!();
        finish(&mut demo)
    }
}

/// What the console is made from.
const CONSOLE: [&str; 6] = [
    "console/src",
    "console/index.html",
    "console/package.json",
    "console/package-lock.json",
    "console/tsconfig.json",
    "console/vite.config.ts",
];

/// Builds the console, unless nothing of it is newer than what was built.
fn console() -> anyhow::Result<()> {
    let built = root().join("console/dist/index.html");
    if built.exists() && newest(&CONSOLE)? <= built.metadata()?.modified()? {
        println!("built already");
        return Ok(());
    }
    run("npm", &["ci", "--no-audit", "--no-fund"], "console")?;
    run("npm", &["run", "--silent", "build"], "console")
}

/// When the newest of these files of the checkout, or of those under these folders, was changed.
fn newest(paths: &[&str]) -> anyhow::Result<std::time::SystemTime> {
    let mut newest = std::time::UNIX_EPOCH;
    let mut paths: Vec<_> = paths.iter().map(|path| root().join(path)).collect();
    while let Some(path) = paths.pop() {
        let found = path.metadata().with_context(|| format!("{} cannot be read", path.display()))?;
        if found.is_dir() {
            for entry in std::fs::read_dir(path)? {
                paths.push(entry?.path());
            }
        } else {
            newest = newest.max(found.modified()?);
        }
    }
    Ok(newest)
}
