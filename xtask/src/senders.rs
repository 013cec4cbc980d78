//! Requests that senders' own libraries sign, at the real binary, and its deliveries, verified by those of receivers: tests of
//! the server that need those libraries.

use std::{fs, path::Path};

use crate::shell::{cargo, command, finish, root, run};

/// Where the libraries of senders come from.
const FOLDER: &str = "senders";

/// The test that needs Node, by its name.
const OCTOKIT: &str = "test(/^senders::.*octokit/)";

/// Installs the libraries of Python, and runs the tests that sign by them.
pub(crate) fn by_python() -> anyhow::Result<()> {
    let libraries = root().join("target/senders");
    install(&libraries)?;
    let filter = format!("test(/^senders::/) - {OCTOKIT}");
    finish(nextest(&filter).env("SENDERS_FOR_TESTS", libraries))
}

/// Installs the libraries of Node, and runs the test that signs by them.
pub(crate) fn by_node() -> anyhow::Result<()> {
    run("npm", &["ci", "--no-audit", "--no-fund"], FOLDER)?;
    finish(&mut nextest(OCTOKIT))
}

fn nextest(filter: &str) -> std::process::Command {
    let tests = ["nextest", "run", "--workspace", "--run-ignored", "only", "--filterset", filter];
    command(&cargo(), &tests, ".")
}

/// Installs what is pinned by version and hash, unless it is there already.
fn install(libraries: &Path) -> anyhow::Result<()> {
    let pinned = fs::read_to_string(root().join(FOLDER).join("requirements.txt"))?;
    let installed = libraries.join("requirements.txt");
    if fs::read_to_string(&installed).is_ok_and(|there| there == pinned) {
        return Ok(());
    }
    if libraries.exists() {
        fs::remove_dir_all(libraries)?;
    }
    let mut pip =
        command("python3", &["-m", "pip", "install", "--quiet", "--disable-pip-version-check"], FOLDER);
    // All that is needed is pinned, so that nothing has to be resolved.
    pip.args(["--no-deps", "--require-hashes", "--requirement", "requirements.txt", "--target"]);
    finish(pip.arg(libraries))?;
    Ok(fs::write(installed, pinned)?)
}
