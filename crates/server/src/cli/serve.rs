use std::io::IsTerminal;

use anyhow::Context;
use clap::Args;
use clock::{Clock, Timestamp};
use tracing_subscriber::EnvFilter;

use super::settings::Settings;
use crate::config::{Log, LogFormat};

/// Run the server.
///
/// Settings come from the file, then from the environment (`LINCHPIN_LISTEN`, `LINCHPIN_OUTBOUND__ALLOW_CIDRS`, …),
/// then from here. The first start prints a link that makes the first member.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  linchpin serve\n  linchpin serve --data-dir /var/lib/linchpin --listen 127.0.0.1:9000"
)]
pub(super) struct Serve {
    #[command(flatten)]
    settings: Settings,
    /// Stops the process dead at a crash point, for tests of what survives.
    #[arg(long, hide = true, value_name = "POINT[:NTH]")]
    crash_at: Option<String>,
    /// Puts the node's clock forward, or back, for tests of nodes that disagree about the time.
    #[arg(long, hide = true, value_name = "SECONDS", allow_negative_numbers = true)]
    clock_ahead: Option<i64>,
}

impl Serve {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let config = self.settings.load()?;
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
