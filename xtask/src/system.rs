//! What the system must have: says what is missing, and installs it where it may.

use std::process::Command;

use anyhow::bail;

use crate::shell::{finish, is_there};

/// Makes sure that each program is there, from the Debian packages beside it.
pub(crate) fn need(programs: &[(&str, &str)]) -> anyhow::Result<()> {
    let missing: Vec<&(&str, &str)> = programs.iter().filter(|(program, _)| !is_there(program)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let packages: Vec<&str> = missing.iter().flat_map(|(_, packages)| packages.split(' ')).collect();
    let list = packages.join(" ");
    if !is_root() || !is_there("apt-get") {
        bail!(
            "these programs are missing: {}. Install them: apt-get install {list}",
            missing.iter().map(|(program, _)| *program).collect::<Vec<_>>().join(", ")
        );
    }
    println!("installing {list}");
    finish(apt().arg("update").arg("-qq"))?;
    let install = || finish(apt().args(["install", "-y", "-qq", "--no-install-recommends"]).args(&packages));
    // An interrupted install leaves packages half configured once in a while; apt mends that itself.
    install().or_else(|_| {
        finish(apt().args(["install", "-y", "-qq", "-f"]))?;
        install()
    })
}

fn apt() -> Command {
    let mut apt = Command::new("apt-get");
    apt.env("DEBIAN_FRONTEND", "noninteractive");
    apt
}

pub(crate) fn is_root() -> bool {
    std::fs::read_to_string("/proc/self/status")
        .is_ok_and(|status| status.lines().any(|line| line.starts_with("Uid:\t0\t")))
}
