use rusqlite::{Connection, TransactionBehavior};

use crate::Error;

/// The schema's steps, oldest first. A step that was released never changes.
const STEPS: [&str; 1] = [include_str!("../migrations/sqlite/0001_first.sql")];

/// The version of a database's schema, and the one that this build knows.
pub(super) fn versions(connection: &Connection) -> rusqlite::Result<(u32, u32)> {
    let version = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    Ok((version, u32::try_from(STEPS.len()).unwrap_or(u32::MAX)))
}

/// Brings the schema up to date, each step in a transaction of its own.
pub(super) fn run(connection: &mut Connection) -> Result<(), Error> {
    let (version, newest) = versions(connection).map_err(|error| Error::Read(error.into()))?;
    if version > newest {
        return Err(Error::Open {
            path: connection.path().unwrap_or_default().to_owned(),
            reason: format!(
                "its schema has version {version}, this build knows {newest}; start a newer Linchpin, or restore a \
                 backup from before the upgrade"
            ),
        });
    }
    for (to, step) in (1_u32..).zip(STEPS).filter(|(to, _)| *to > version) {
        let failed = |source: rusqlite::Error| Error::Migrate { to, source: source.into() };
        let transaction =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        transaction.execute_batch(step).map_err(failed)?;
        transaction.pragma_update(None, "user_version", to).map_err(failed)?;
        transaction.commit().map_err(failed)?;
    }
    Ok(())
}
