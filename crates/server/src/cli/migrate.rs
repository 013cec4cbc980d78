//! `linchpin migrate`: an installation moves from SQLite to PostgreSQL.

use std::{
    io::Write,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::ensure;
use clap::{Args, CommandFactory, error::ErrorKind};
use clock::Random;
use store::{Before, Comparison, Purpose, Transfer};
use vault::Secret;

/// Move an installation from SQLite to PostgreSQL.
///
/// Stop the server first; its folder stays as it is. The database must be empty. When this is stopped at any moment,
/// the same command goes on where it stood. At the end both sides are read anew and compared, table by table. Until all is
/// there no server opens the database, and afterwards none opens the folder.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  linchpin migrate --from sqlite:data --to postgres://user:password@host/database\n  linchpin migrate --from sqlite:data --to postgres://user:password@host/database --verify-only"
)]
pub(super) struct Migrate {
    /// The folder that holds the installation.
    #[arg(long, value_name = "sqlite:DIR", value_parser = folder)]
    from: PathBuf,
    /// The database that takes it; the server may be 15 or newer. In the environment nobody sees its password.
    #[arg(long, value_name = "postgres:URL", env = "LINCHPIN_DATABASE__URL", hide_env_values = true)]
    to: Secret,
    /// Compare what was moved, and change nothing.
    #[arg(long, conflicts_with = "restart")]
    verify_only: bool,
    /// Throw away what an unfinished migration has brought into the database, and begin anew.
    #[arg(long)]
    restart: bool,
}

/// How often a table that takes long says how far it is.
const EVERY: Duration = Duration::from_secs(5);

/// Of fewer rows it tells nothing how many came in a second.
const TELLING: u64 = 1_000;

impl Migrate {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let Some(to) = database(&self.to) else {
            // Not by the parser of the argument: that one would show what was given, and so the password.
            let said = "`--to` is postgres:URL, as in postgres://user:password@host/database\n";
            super::Arguments::command().error(ErrorKind::ValueValidation, said).exit();
        };
        let purpose = match (self.verify_only, self.restart) {
            (true, _) => Purpose::Compare,
            (_, true) => Purpose::Restart,
            _ => Purpose::Copy,
        };
        let mut transfer = Transfer::open(&self.from, &to, purpose, &Random::system()).await?;
        if purpose != Purpose::Compare {
            match transfer.before() {
                Before::Nothing => {}
                Before::Begun => {
                    eprintln!("an earlier migration was stopped; this one goes on where it stood");
                }
                Before::Finished => {
                    return Ok(say("It was moved before. --verify-only compares what is there.\n")?);
                }
            }
            copy(&mut transfer).await?;
        }
        let differing = compare(&mut transfer).await?;
        ensure!(
            differing.is_empty(),
            "what is in the database differs from what is in the folder, in `{}`: {}",
            differing.join("`, `"),
            if transfer.before() == Before::Finished {
                "a server may have changed it since it was moved"
            } else {
                "no server opens the database so; go on without --verify-only, or begin anew with --restart"
            }
        );
        if purpose == Purpose::Compare {
            return Ok(());
        }
        transfer.finish().await?;
        Ok(say(&farewell(&self.from))?)
    }
}

fn folder(text: &str) -> Result<PathBuf, &'static str> {
    match text.strip_prefix("sqlite:") {
        Some(folder) if !folder.is_empty() => Ok(folder.into()),
        _ => Err("it is sqlite:DIR, as in sqlite:data"),
    }
}

fn database(text: &Secret) -> Option<Secret> {
    let text = text.expose();
    let url = text.strip_prefix("postgres:").filter(|url| !url.starts_with("//")).unwrap_or(text);
    ["postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme)).then(|| url.into())
}

/// Copies all, and says a line for each table.
async fn copy(transfer: &mut Transfer) -> anyhow::Result<()> {
    let (mut began, mut said, mut added) = (Instant::now(), Instant::now(), 0);
    while let Some(copied) = transfer.copy().await? {
        added += copied.added;
        if !copied.complete && said.elapsed() < EVERY {
            continue;
        }
        if copied.rows > 0 {
            let so_far = if copied.complete { "" } else { " so far" };
            let rate = u128::from(added) * 1000 / began.elapsed().as_millis().max(1);
            let rate = if added >= TELLING { format!(", {rate} a second") } else { String::new() };
            let rows = if copied.rows == 1 { "row" } else { "rows" };
            eprintln!("{:<20} {:>12} {rows}{so_far}{rate}", copied.table, copied.rows);
        }
        said = Instant::now();
        if copied.complete {
            (began, added) = (Instant::now(), 0);
        }
    }
    Ok(())
}

/// Compares all tables, and prints a line for each; gives those that differ.
async fn compare(transfer: &mut Transfer) -> anyhow::Result<Vec<String>> {
    say(&format!("{:<20} {:>12} {:>12}  {:<16}\n", "table", "SQLite", "PostgreSQL", "checksum"))?;
    let mut differing = Vec::new();
    while let Some(found) = transfer.compare().await? {
        let Comparison { table, source, target, copied } = &found;
        let verdict = match (source == target, source == copied) {
            (true, true) => "the same".to_owned(),
            (true, false) => "the same, but the folder was changed since".to_owned(),
            (false, true) => format!("DIFFERS: {target:.16}"),
            (false, false) => format!("DIFFERS: {target:.16}; the folder was changed since"),
        };
        say(&format!("{table:<20} {:>12} {:>12}  {source:.16} {verdict}\n", source.rows, target.rows))?;
        differing.extend((!found.agrees()).then(|| table.clone()));
    }
    Ok(differing)
}

/// What is to be done next.
fn farewell(from: &Path) -> String {
    let key = from.join("key");
    let key = if key.is_file() {
        format!("a copy of {} in the data folder of each, or what it holds as LINCHPIN_KEY", key.display())
    } else {
        "the one that its server had, as LINCHPIN_KEY".to_owned()
    };
    format!(
        "Everything has arrived. Start the nodes with --database and with the key of this installation: {key}.\n\
         {} is as it was, but no server opens it any more.\n",
        from.display()
    )
}

fn say(text: &str) -> std::io::Result<()> {
    std::io::stdout().lock().write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_are_named_by_their_kind() {
        assert_eq!(folder("sqlite:data"), Ok("data".into()));
        assert_eq!(folder("sqlite:/var/lib/a b"), Ok("/var/lib/a b".into()));
        for wrong in ["data", "sqlite:", "postgres://host/db"] {
            assert!(folder(wrong).is_err(), "{wrong}");
        }
        let to = |text: &str| database(&text.into()).map(|url| url.expose().to_owned());
        for right in ["postgres://u:p@h/d", "postgres:postgres://u:p@h/d"] {
            assert_eq!(to(right).as_deref(), Some("postgres://u:p@h/d"));
        }
        assert_eq!(to("postgres:postgresql://h/d").as_deref(), Some("postgresql://h/d"));
        for wrong in ["data", "sqlite:data", "postgres:", "postgres:h/d", "https://h/d"] {
            assert_eq!(to(wrong), None, "{wrong}");
        }
    }
}
