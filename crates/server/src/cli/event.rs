//! `linchpin event`: replay.

use std::io::Write;

use clap::{Subcommand, ValueEnum};
use http::Method;
use serde_json::json;

use super::remote::Remote;

/// Events.
#[derive(Subcommand)]
pub(super) enum Event {
    /// Run an event again, in a run of its own.
    #[command(
        after_help = "Examples:\n  linchpin event replay evt_01h455vb4pex5vsknk084sn02q\n  linchpin event replay evt_01h455vb4pex5vsknk084sn02q --version deployed\n  linchpin event replay evt_01h455vb4pex5vsknk084sn02q --version draft"
    )]
    Replay {
        /// The event's id.
        id: String,
        /// On which version of its flow.
        #[arg(long, value_enum, default_value_t = OnVersion::Ran)]
        version: OnVersion,
        #[command(flatten)]
        remote: Remote,
        /// Print the answer as JSON.
        #[arg(long)]
        json: bool,
    },
}

/// A version to replay on.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum OnVersion {
    /// The one that ran the event.
    Ran,
    /// The one that serves the environment now.
    Deployed,
    /// The flow's draft, in the environment `test`.
    Draft,
}

impl Event {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let Self::Replay { id, version, remote, json } = self;
        let word = match version {
            OnVersion::Ran => "ran",
            OnVersion::Deployed => "deployed",
            OnVersion::Draft => "draft",
        };
        let path = format!("/api/v1/events/{id}/replay");
        let answer = remote.call(Method::POST, &path, Some(&json!({ "version": word }))).await?;
        if json {
            return super::print(&answer);
        }
        writeln!(std::io::stdout().lock(), "{}", answer["run_id"].as_str().unwrap_or_default())?;
        Ok(())
    }
}
