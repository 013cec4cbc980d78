//! `linchpin flow`: check, import and export flows.

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use clap::Subcommand;
use engine::Program;
use flow::{Definition, Problem, Resources};
use http::Method;
use serde_json::{Map, json};

use super::{offline, remote::Remote};

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
    /// Save a flow's file as a draft on the server, publish it, and let it serve.
    #[command(after_help = "Examples:\n  linchpin flow import flow.yaml --publish --deploy production")]
    Import {
        /// The file.
        file: PathBuf,
        /// Publish the draft as a version.
        #[arg(long)]
        publish: bool,
        /// Publish it, and let the version serve this environment.
        #[arg(long, value_name = "ENVIRONMENT")]
        deploy: Option<String>,
        /// What has changed, for people.
        #[arg(long, default_value = "")]
        note: String,
        #[command(flatten)]
        remote: Remote,
        /// Print what was done as JSON.
        #[arg(long)]
        json: bool,
    },
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
            Self::Import { file, publish, deploy, note, remote, json } => {
                let done =
                    import(&remote, &read(&file)?, publish.then_some(note.as_str()), deploy.as_deref())
                        .await?;
                if json {
                    return super::print(&done);
                }
                let mut out = std::io::stdout().lock();
                writeln!(out, "{}: saved as a draft", done["flow"].as_str().unwrap_or_default())?;
                if let Some(version) = done["version"].as_u64() {
                    writeln!(out, "published as version {version}")?;
                }
                if let Some(environment) = done["deployed"].as_str() {
                    writeln!(out, "serves {environment}")?;
                }
                Ok(())
            }
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

/// Saves a draft, and publishes and deploys it as asked.
async fn import(
    remote: &Remote,
    text: &str,
    publish: Option<&str>,
    deploy: Option<&str>,
) -> anyhow::Result<serde_json::Value> {
    let name = Definition::parse(text)?.name;
    let flow = format!("/api/v1/flows/{name}");
    remote.call(Method::PUT, &flow, Some(&json!({ "definition": text }))).await?;
    let mut done = json!({ "flow": name });
    if publish.is_none() && deploy.is_none() {
        return Ok(done);
    }
    let against = deploy.map_or_else(String::new, |environment| format!("?environment={environment}"));
    let note = json!({ "note": publish.unwrap_or_default() });
    let version = remote.call(Method::POST, &format!("{flow}/versions{against}"), Some(&note)).await?;
    done["version"] = version["number"].clone();
    if let Some(environment) = deploy {
        let body = json!({ "environment": environment, "version": version["number"] });
        remote.call(Method::POST, &format!("{flow}/deployments"), Some(&body)).await?;
        done["deployed"] = environment.into();
    }
    Ok(done)
}
