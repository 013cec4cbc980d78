mod finding;
mod here;
mod reach;

use std::{io::Write, time::Duration};

use anyhow::bail;
use clap::Args;
use clock::Random;
use flow::Span;
use store::{Inspection, Presence};

use self::finding::{Finding, Status};
use super::settings::Settings;
use crate::config::Config;

/// Check an installation: its folder, database, key and addresses, and whether each destination can be reached.
///
/// It reads the settings as `serve` does, changes nothing, and works beside a server that runs. To each destination it
/// connects as a delivery would and hangs up before anything is asked for. Of what fails it says what to do; then it
/// exits with 1.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  linchpin doctor --config /etc/linchpin.toml\n  linchpin doctor --data-dir /var/lib/linchpin --json"
)]
pub(super) struct Doctor {
    #[command(flatten)]
    settings: Settings,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// How long each connection may take.
    #[arg(long, value_name = "TIME", default_value = "5s")]
    timeout: Span,
}

/// The most time for one connection, so that a run of this command has an end.
const LONGEST: Duration = Duration::from_secs(60);

impl Doctor {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let limit = self.timeout.as_duration().min(LONGEST);
        let findings = match self.settings.load() {
            Ok(config) => examine(&config, limit).await,
            Err(error) => vec![
                Finding::failed("configuration", format!("{error:#}"))
                    .mend("correct the setting; nothing else was checked"),
            ],
        };
        let failed = findings.iter().filter(|finding| finding.status == Status::Failed).count();
        if self.json {
            let document = serde_json::json!({ "ok": failed == 0, "checks": findings });
            super::print(&document)?;
        } else {
            let mut out = anstream::stdout().lock();
            findings.iter().try_for_each(|finding| writeln!(out, "{finding}"))?;
        }
        match failed {
            0 => Ok(()),
            1 => bail!("one check failed"),
            _ => bail!("{failed} checks failed"),
        }
    }
}

/// Checks all there is, in the order in which it is to be mended.
async fn examine(config: &Config, limit: Duration) -> Vec<Finding> {
    let mut findings = vec![Finding::ok("configuration", "it can be read")];
    let presence = store::presence(&config.data_dir);
    findings.extend(here::folder(config, &presence));
    let location = config.store().location;
    let is_fresh = config.database.url.is_none() && matches!(presence, Ok(Presence::Fresh));
    // A server that hangs is as good as none; it has more time than a destination, as several hosts may be asked.
    let looked =
        if is_fresh { None } else { Some(tokio::time::timeout(LONGEST, Inspection::of(&location)).await) };
    let inspection = match looked {
        None => {
            findings.push(Finding::ok("database", "there is none yet; the first start makes it"));
            None
        }
        Some(looked) => {
            let (finding, inspection) = here::database(looked.ok());
            findings.push(finding);
            inspection
        }
    };
    let keys = config.known_keys(&Random::system());
    findings.push(here::key(&keys, inspection.as_ref()));
    findings.push(here::clock(config, inspection.as_ref()));
    findings.push(here::listen(config, limit).await);
    findings.extend(reach::everything(config, inspection.as_ref(), keys.ok().flatten(), limit).await);
    findings
}
