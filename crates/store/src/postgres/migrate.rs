use super::session::Session;
use crate::{Error, Fault};

/// The schema's steps, oldest first. A step that was released never changes.
const STEPS: [&str; 1] = [include_str!("../migrations/postgres/0001_first.sql")];

/// The advisory lock that one node holds while it changes the schema: "linchpin" in ASCII.
const LOCK: i64 = 0x6c69_6e63_6870_696e;

/// Brings the schema up to date, each step in a transaction of its own. Nodes that start together take turns.
pub(super) async fn run(session: &Session) -> Result<(), Error> {
    // A step over a large table takes as long as it takes, and so do the other nodes that wait for it.
    let locked =
        session.long_batch(&format!("SET statement_timeout = 0; SELECT pg_advisory_lock({LOCK})")).await;
    locked.map_err(|source| Error::Migrate { to: 0, source })?;
    let done = steps(session).await;
    let freed =
        session.batch(&format!("SELECT pg_advisory_unlock({LOCK}); SET statement_timeout = '15s'")).await;
    done.and(freed.map_err(|source| Error::Migrate { to: 0, source }))
}

/// The version of the schema, 0 when there is none, and the one that this build knows. Changes nothing.
pub(super) async fn versions(session: &Session) -> Result<(u32, u32), Fault> {
    let newest = u32::try_from(STEPS.len()).unwrap_or(u32::MAX);
    let known = "SELECT to_regclass('linchpin_schema') IS NOT NULL";
    if session.row(known, [], |row| row.get::<bool>(0)).await? != Some(true) {
        return Ok((0, newest));
    }
    let version =
        session.row("SELECT max(version) FROM linchpin_schema", [], |row| row.get::<Option<u32>>(0));
    Ok((version.await?.flatten().unwrap_or(0), newest))
}

async fn steps(session: &Session) -> Result<(), Error> {
    let known = "SELECT to_regclass('linchpin_schema') IS NOT NULL";
    if session.row(known, [], |row| row.get::<bool>(0)).await.map_err(Error::Read)? != Some(true) {
        let made = session.batch("CREATE TABLE linchpin_schema (version bigint NOT NULL PRIMARY KEY)");
        made.await.map_err(|source| Error::Migrate { to: 0, source })?;
    }
    let (version, newest) = versions(session).await.map_err(Error::Read)?;
    if version > newest {
        return Err(Error::Open {
            path: "PostgreSQL".to_owned(),
            reason: format!(
                "its schema has version {version}, this build knows {newest}; start a newer Linchpin, or restore a \
                 backup from before the upgrade"
            ),
        });
    }
    for (to, step) in (1_u32..).zip(STEPS).filter(|(to, _)| *to > version) {
        apply(session, to, step).await.map_err(|source| Error::Migrate { to, source })?;
    }
    Ok(())
}

async fn apply(session: &Session, to: u32, step: &str) -> Result<(), Fault> {
    // Whether it was committed is asked at the next start, by the version.
    session
        .long_batch(&format!("BEGIN; {step}; INSERT INTO linchpin_schema (version) VALUES ({to}); COMMIT"))
        .await
}
