//! History that has expired is deleted, many events at once.

use super::{session::Session, table::Table};
use crate::{
    EventId, RunId,
    retention::{HAS_ENDED, Prune, PrunedSlice},
    sql::{Fault, values},
};

/// Deletes what has ended of these events, with all that came of it. Nothing in it must begin anew meanwhile.
pub(super) async fn apply(session: &Session, prune: &Prune) -> Result<PrunedSlice, Fault> {
    let events: Table = prune.events.iter().map(|event| values![*event, prune.ended_before]).collect();
    let ended = format!(
        "SELECT e.id FROM unnest(?1::bigint[], ?2::bigint[]) AS n (number, ended_before)
             JOIN event e ON e.number = n.number
         WHERE {HAS_ENDED}"
    );
    let ended: Vec<EventId> = session.table(&ended, &events, |row| row.get(0)).await?;
    let repeats = "SELECT id FROM run WHERE event = ANY(?1::uuid[])";
    let repeats: Vec<RunId> =
        session.table(repeats, &Table::column(ended.iter().copied()), |row| row.get(0)).await?;
    let runs: Vec<RunId> = ended.iter().map(|event| event.original_run()).chain(repeats).collect();
    let (ids, numbers) =
        (Table::column(runs.iter().copied()), Table::column(runs.iter().map(|run| run.number())));
    let deliveries = "DELETE FROM delivery WHERE run = ANY(?1::uuid[]) RETURNING number";
    let deliveries: Vec<i64> = session.table(deliveries, &ids, |row| row.get(0)).await?;
    let events = Table::column(ended.iter().map(|event| event.number()));
    for (sql, gone) in [
        ("DELETE FROM attempt WHERE delivery = ANY(?1::bigint[])", &Table::column(deliveries)),
        ("DELETE FROM journal WHERE run = ANY(?1::bigint[])", &numbers),
        ("DELETE FROM run WHERE number = ANY(?1::bigint[])", &numbers),
        ("DELETE FROM blob_use WHERE event = ANY(?1::bigint[])", &events),
        ("DELETE FROM event WHERE number = ANY(?1::bigint[])", &events),
    ] {
        session.insert(sql, gone).await?;
    }
    Ok(PrunedSlice { seen: prune.events.len(), deleted: ended.len() })
}
