//! The settings that are given at the command line.

use std::{net::SocketAddr, path::PathBuf};

use clap::Args;
use ipnet::IpNet;
use serde::{Serialize, Serializer};

use crate::{config::Config, roles::Roles};

/// What the command line says, and which file says more.
#[derive(Args, Serialize)]
pub(super) struct Settings {
    /// A TOML file with settings.
    #[arg(long, value_name = "FILE")]
    #[serde(skip)]
    config: Option<PathBuf>,
    /// Where to listen.
    #[arg(long, value_name = "ADDRESS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    listen: Option<SocketAddr>,
    /// The address that senders and browsers use.
    #[arg(long, value_name = "URL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    public_url: Option<String>,
    /// The folder for the database and the key.
    #[arg(long, value_name = "DIR")]
    #[serde(skip_serializing_if = "Option::is_none")]
    data_dir: Option<PathBuf>,
    /// A server of PostgreSQL, in place of SQLite in the data folder; TLS by `?sslmode=…` as in libpq.
    #[arg(long, value_name = "POSTGRES-URL")]
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_database")]
    database: Option<String>,
    /// What this node does, of gateway, worker, delivery, scheduler and console; all by default.
    #[arg(long, value_name = "ROLES")]
    #[serde(skip_serializing_if = "Option::is_none")]
    roles: Option<Roles>,
    /// The folder with the weights of the models in the process.
    #[arg(long, value_name = "DIR")]
    #[serde(skip_serializing_if = "Option::is_none")]
    models_dir: Option<PathBuf>,
    /// A private network that destinations and HTTP steps may lie in; may be repeated.
    #[arg(long = "allow-cidr", value_name = "CIDR")]
    #[serde(skip)]
    allow_cidrs: Vec<IpNet>,
}

impl Settings {
    /// The whole configuration: the file, then the environment, then the command line.
    pub(super) fn load(&self) -> anyhow::Result<Config> {
        let mut config = Config::load(self.config.as_deref(), self)?;
        config.outbound.allow_cidrs.extend(&self.allow_cidrs);
        Ok(config)
    }
}

/// The database's address, as the configuration has it.
#[expect(clippy::ref_option, reason = "as serde calls it")]
fn as_database<S: Serializer>(url: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map([("url", url)])
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        settings: Settings,
    }

    #[test]
    fn a_database_of_the_command_line_is_the_configurations() {
        let line = ["serve", "--database", "postgres://ann:secret@here/linchpin", "--roles", "gateway"];
        let config = Line::parse_from(line).settings.load().unwrap();
        let url = config.database.url.unwrap();
        assert_eq!(url.expose(), "postgres://ann:secret@here/linchpin");
        assert!(!config.roles.has(crate::roles::Role::Console));
    }
}
