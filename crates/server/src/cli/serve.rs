use std::{io::IsTerminal, net::SocketAddr, path::PathBuf};

use anyhow::Context;
use clap::Args;
use clock::{Clock, Timestamp};
use ipnet::IpNet;
use serde::{Serialize, Serializer};
use tracing_subscriber::EnvFilter;

use crate::{
    config::{Config, Log, LogFormat},
    roles::Roles,
};

/// Run the server.
///
/// Settings come from the file, then from the environment (`LINCHPIN_LISTEN`, `LINCHPIN_OUTBOUND__ALLOW_CIDRS`, …),
/// then from here. The first start prints a link that makes the first member.
#[derive(Args, Serialize)]
#[command(
    after_help = "Examples:\n  linchpin serve\n  linchpin serve --data-dir /var/lib/linchpin --listen 127.0.0.1:9000"
)]
pub(super) struct Serve {
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
    /// Stops the process dead at a crash point, for tests of what survives.
    #[arg(long, hide = true, value_name = "POINT[:NTH]")]
    #[serde(skip)]
    crash_at: Option<String>,
    /// Puts the node's clock forward, or back, for tests of nodes that disagree about the time.
    #[arg(long, hide = true, value_name = "SECONDS", allow_negative_numbers = true)]
    #[serde(skip)]
    clock_ahead: Option<i64>,
}

impl Serve {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let mut config = Config::load(self.config.as_deref(), &self)?;
        config.outbound.allow_cidrs.extend(&self.allow_cidrs);
        start_log(&config.log)?;
        if let Some(armed) = &self.crash_at {
            let (name, nth) = armed.split_once(':').unwrap_or((armed, "1"));
            let point = faults::CrashPoint::named(name)
                .with_context(|| format!("there is no crash point `{name}`"))?;
            faults::arm(point, nth.parse().context("the number after the crash point is wrong")?);
        }
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(workers()).enable_all().build()?;
        runtime.block_on(crate::serve::serve(config, clock(self.clock_ahead)))
    }
}

/// The system's clock; for tests it may be off.
fn clock(ahead: Option<i64>) -> Clock {
    let clock = Clock::system();
    if let Some(seconds) = ahead {
        let off = clock.now().as_millis().saturating_add(seconds.saturating_mul(1000));
        clock.follow(Timestamp::from_millis(off));
    }
    clock
}

/// The database's address, as the configuration has it.
#[expect(clippy::ref_option, reason = "as serde calls it")]
fn as_database<S: Serializer>(url: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map([("url", url)])
}

/// Async threads: one core is left to the database's writer, if there are several. With a thread more than there
/// are cores, those that wake each other take turns, and cost more in being woken than they get done.
fn workers() -> usize {
    std::thread::available_parallelism().map_or(1, |cores| cores.get().saturating_sub(1).max(1))
}

fn start_log(log: &Log) -> anyhow::Result<()> {
    // What the client of NATS has to say is said once by those who use it, and not at each attempt.
    let filter =
        EnvFilter::try_new(format!("async_nats=off,{}", log.filter)).context("`log.filter` is wrong")?;
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match log.format {
        // Colours are for people at a terminal; in a file they are noise.
        LogFormat::Text => subscriber.with_ansi(std::io::stderr().is_terminal()).with_target(false).init(),
        LogFormat::Json => subscriber.json().init(),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        serve: Serve,
    }

    #[test]
    fn a_database_of_the_command_line_is_the_configurations() {
        let line = ["serve", "--database", "postgres://ann:secret@here/linchpin", "--roles", "gateway"];
        let config = Config::load(None, &Line::parse_from(line).serve).unwrap();
        let url = config.database.url.unwrap();
        assert_eq!(url.expose(), "postgres://ann:secret@here/linchpin");
        assert!(!config.roles.has(crate::roles::Role::Console));
    }
}
