//! `linchpin flow`: check, import and export flows.

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use clap::Subcommand;
use engine::Program;
use flow::{Problem, Resources};
use http::Method;
use serde_json::{Map, json};

use super::{import::Import, offline, remote::Remote};

/// Flows.
#[derive(Subcommand)]
pub(super) enum Flow {
    /// Check a flow's file without a server.
    ///
    /// Names of destinations, knowledge bases, models, variables and secrets are not checked here: the server
    /// checks them when the flow is published.
    #[command(
        after_help = "Examples:\n  linchpin flow validate flow.yaml\n  linchpin flow validate --json flow.yaml"
    )]
    Validate {
        /// The file.
        file: PathBuf,
        /// Print the problems as JSON.
        #[arg(long)]
        json: bool,
    },
    Import(Import),
    /// Write a flow's YAML, as it was written.
    #[command(
        after_help = "Examples:\n  linchpin flow export after-sales-assistant > flow.yaml\n  linchpin flow export after-sales-assistant --version 3"
    )]
    Export {
        /// The flow's name.
        name: String,
        /// The version; the draft when none is given.
        #[arg(long)]
        version: Option<u32>,
        #[command(flatten)]
        remote: Remote,
    },
}

impl Flow {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Validate { file, json } => validate(&file, json),
            Self::Import(import) => import.run().await,
            Self::Export { name, version, remote } => {
                let (path, field) = match version {
                    Some(version) => (format!("/api/v1/flows/{name}/versions/{version}"), "definition"),
                    None => (format!("/api/v1/flows/{name}"), "draft"),
                };
                let found = remote.call(Method::GET, &path, None).await?;
                let text = found[field].as_str().context("the server sent no text")?;
                std::io::stdout().lock().write_all(text.as_bytes())?;
                Ok(())
            }
        }
    }
}

fn read(file: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))
}

fn validate(file: &Path, as_json: bool) -> anyhow::Result<()> {
    let checked = Program::compile(&read(file)?, &Map::new(), &offline::registry()?, &Resources::default());
    let problems: Vec<Problem> = checked.err().unwrap_or_default();
    if as_json {
        super::print(&json!({ "valid": problems.is_empty(), "problems": problems }))?;
    }
    if problems.is_empty() {
        if !as_json {
            writeln!(std::io::stdout().lock(), "{}: valid", file.display())?;
        }
        return Ok(());
    }
    let said = problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n  ");
    bail!("{} has {} problems:\n  {said}", file.display(), problems.len())
}
