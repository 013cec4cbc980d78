//! The numbers of origins. A row of `origin` never changes, so what was read or made is known for good.

use super::session::Session;
use crate::{
    Place,
    event::NewEvent,
    origin::{Origin, Origins},
    sql::{Fault, Row, values},
};

/// The number of an event's origin, which is made when this is its first event.
pub(super) async fn number(session: &Session, known: &mut Origins, event: &NewEvent) -> Result<i64, Fault> {
    of(session, known, Origin::of(event)).await
}

/// The number of an origin, which is made when there is none yet.
pub(super) async fn of(session: &Session, known: &mut Origins, origin: Origin) -> Result<i64, Fault> {
    if let Some(number) = known.number(&origin) {
        return Ok(number);
    }
    let columns = values![
        origin.place.workspace,
        origin.place.environment,
        origin.flow,
        origin.source,
        origin.kind.as_ref()
    ];
    // The update changes nothing, but gives the number of a row that is there, another node's as well.
    let sql = "INSERT INTO origin (workspace, environment, flow, source, kind) VALUES (?1, ?2, ?3, ?4, ?5)
               ON CONFLICT (workspace, environment, flow, source, kind) DO UPDATE SET kind = excluded.kind
               RETURNING number";
    let number = session.row(sql, columns, |row| row.get(0)).await?.ok_or(NO_ORIGIN)?;
    known.add(number, origin);
    Ok(number)
}

/// What a number stands for.
pub(super) async fn get(session: &Session, known: &mut Origins, number: i64) -> Result<Origin, Fault> {
    if let Some(origin) = known.origin(number) {
        return Ok(origin.clone());
    }
    let sql = "SELECT workspace, environment, flow, source, kind FROM origin WHERE number = ?1";
    let origin = session.row(sql, values![number], read).await?.ok_or(NO_ORIGIN)?;
    known.add(number, origin.clone());
    Ok(origin)
}

const NO_ORIGIN: Fault = Fault::Column { column: 0, expected: "the number of an origin that is known" };

fn read(row: &Row<'_>) -> Result<Origin, Fault> {
    Ok(Origin {
        place: Place { workspace: row.get(0)?, environment: row.get(1)? },
        flow: row.get(2)?,
        source: row.get(3)?,
        kind: row.get::<String>(4)?.into(),
    })
}
