//! Asking a role of this program that puts load on something. It runs in a process of its own.

use std::{net::SocketAddr, process::Stdio, time::Duration};

use anyhow::{Context, ensure};
use serde::de::DeserializeOwned;
use tokio::process::Command;

use crate::subject::Subject;

/// How long a role may go on beyond its time, until what it waits for has come.
const PATIENCE: Duration = Duration::from_secs(120);

/// Where load goes.
pub(crate) struct Target<'a> {
    /// The servers, among which the connections are divided.
    pub(crate) addresses: &'a [SocketAddr],
    pub(crate) path: &'a str,
    /// Whether it is a source, which wants the token.
    pub(crate) is_ours: bool,
}

/// Runs a role and reads what it saw.
pub(crate) async fn ask<T: DeserializeOwned>(
    role: &str,
    target: &Target<'_>,
    (connections, duration): (usize, Duration),
    more: &[&str],
) -> anyhow::Result<T> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args([role, "--path", target.path, "--connections", &connections.to_string()]);
    command.args(["--duration-ms", &duration.as_millis().to_string()]).args(more);
    for address in target.addresses {
        command.args(["--address", &address.to_string()]);
    }
    for header in Subject::sender().into_iter().filter(|_| target.is_ours) {
        command.args(["--header", &header]);
    }
    let output = command.stderr(Stdio::inherit()).kill_on_drop(true).output();
    let output = tokio::time::timeout(duration + PATIENCE, output).await;
    let output = output.with_context(|| format!("the load on {} does not end", target.path))??;
    ensure!(output.status.success(), "the load on {} failed: {}", target.path, output.status);
    serde_json::from_slice(&output.stdout).context("the load said nothing")
}
