//! The numbers of origins, which the writer knows by heart: it alone makes them.

use rusqlite::{Connection, params};

use crate::{
    Place,
    event::NewEvent,
    origin::{Origin, Origins},
};

/// Reads them all.
pub(super) fn read(c: &Connection) -> rusqlite::Result<Origins> {
    let mut query = c.prepare("SELECT number, workspace, environment, flow, source, kind FROM origin")?;
    let mut rows = query.query([])?;
    let mut known = Origins::default();
    while let Some(row) = rows.next()? {
        let origin = Origin {
            place: Place { workspace: row.get(1)?, environment: row.get(2)? },
            flow: row.get(3)?,
            source: row.get(4)?,
            kind: row.get::<_, String>(5)?.into(),
        };
        known.add(row.get(0)?, origin);
    }
    known.committed();
    Ok(known)
}

/// The number of an event's origin, which is made when this is its first event.
pub(super) fn number(c: &Connection, known: &mut Origins, event: &NewEvent) -> rusqlite::Result<i64> {
    of(c, known, Origin::of(event))
}

/// The number of an origin, which is made when there is none yet.
pub(super) fn of(c: &Connection, known: &mut Origins, origin: Origin) -> rusqlite::Result<i64> {
    if let Some(number) = known.number(&origin) {
        return Ok(number);
    }
    let number = c
        .prepare_cached(
            "INSERT INTO origin (workspace, environment, flow, source, kind) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .insert(params![
            origin.place.workspace,
            origin.place.environment,
            origin.flow,
            origin.source,
            origin.kind
        ])?;
    known.add(number, origin);
    Ok(number)
}

/// What a number stands for.
pub(super) fn get(known: &Origins, number: i64) -> rusqlite::Result<&Origin> {
    let missing = || {
        let reason = format!("the database has no origin {number}").into();
        rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Integer, reason)
    };
    known.origin(number).ok_or_else(missing)
}
