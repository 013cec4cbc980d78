//! The demo: all the set-up, then the loop.

use std::env;

use clap::Args;

use crate::{
    models,
    shell::{cargo, command, finish, root, run, step},
    system,
};

#[derive(Args)]
pub(crate) struct Demo {
    /// End when every hop has happened, with exit code 0 only if all of them did.
    #[arg(long)]
    once: bool,
    /// Where the server listens.
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: String,
}

const NEEDS: [(&str, &str); 5] =
    [("gcc", "gcc"), ("python3", "python3"), ("pip3", "python3-pip"), ("node", "nodejs"), ("npm", "npm")];

impl Demo {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let remote_model = env::var_os("LINCHPIN_OPENAI_BASE_URL").is_some();
        step("What the system needs", || {
            system::need(&NEEDS)?;
            if remote_model { Ok(()) } else { system::need(&models::NEEDS) }
        })?;
        step("The models' weights", models::fetch)?;
        step("The console", console)?;
        step("The binary", || {
            let mut build = command(
                &cargo(),
                &["build", "--profile", "demo", "--package", "server", "--package", "demo"],
                ".",
            );
            finish(if remote_model { &mut build } else { build.args(["--features", "server/local-models"]) })
        })?;
        let target = root().join("target/demo");
        let mut demo = command(&target.join("demo").display().to_string(), &["--listen", &self.listen], ".");
        demo.arg("--linchpin").arg(target.join("linchpin"));
        demo.arg("--example").arg(root().join("examples/after-sales-assistant"));
        demo.arg("--models").arg(root().join("models"));
        demo.arg("--data").arg(target.join("data"));
        if self.once {
            demo.arg("--once");
        }
        println!();
        finish(&mut demo)
    }
}

/// Builds the console, unless nothing of it is newer than what was built.
fn console() -> anyhow::Result<()> {
    let built = root().join("console/dist/index.html");
    if built.exists() && newest("console/src")? <= built.metadata()?.modified()? {
        println!("built already");
        return Ok(());
    }
    run("npm", &["ci", "--no-audit", "--no-fund"], "console")?;
    run("npm", &["run", "--silent", "build"], "console")
}

/// When the newest file under a folder of the checkout was changed.
fn newest(folder: &str) -> anyhow::Result<std::time::SystemTime> {
    let mut newest = std::time::UNIX_EPOCH;
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            } else {
                newest = newest.max(entry.metadata()?.modified()?);
            }
        }
    }
    Ok(newest)
}
