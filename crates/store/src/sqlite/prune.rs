//! History that has expired is deleted, event by event.

use std::time::{Duration, Instant};

use rusqlite::{Connection, OptionalExtension, params};

use crate::{
    EventId, RunId,
    retention::{HAS_ENDED, Prune, PrunedSlice},
};

/// How long the writer is kept from others; one event is looked at whatever it takes.
const PATIENCE: Duration = Duration::from_millis(3);

/// Deletes what has ended of these events, as many as there is time for.
pub(super) fn apply(c: &Connection, prune: &Prune) -> rusqlite::Result<PrunedSlice> {
    let ended = format!(
        "SELECT e.id FROM (SELECT ?1 AS number, ?2 AS ended_before) n JOIN event e ON e.number = n.number
         WHERE {HAS_ENDED}"
    );
    let begun = Instant::now();
    let mut slice = PrunedSlice::default();
    for event in &prune.events {
        if slice.seen > 0 && begun.elapsed() > PATIENCE {
            break;
        }
        slice.seen += 1;
        let id = c
            .prepare_cached(&ended)?
            .query_row(params![event, prune.ended_before.as_millis()], |row| row.get(0))
            .optional()?;
        if let Some(id) = id {
            delete(c, id)?;
            slice.deleted += 1;
        }
    }
    Ok(slice)
}

/// Deletes an event and all that came of it.
fn delete(c: &Connection, event: EventId) -> rusqlite::Result<()> {
    let repeats: Vec<RunId> = c
        .prepare_cached("SELECT id FROM run WHERE event = ?1")?
        .query_map([event], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for run in repeats.into_iter().chain([event.original_run()]) {
        c.prepare_cached(
            "DELETE FROM attempt WHERE delivery IN (SELECT number FROM delivery WHERE run = ?1)",
        )?
        .execute([run])?;
        c.prepare_cached("DELETE FROM delivery WHERE run = ?1")?.execute([run])?;
        c.prepare_cached("DELETE FROM journal WHERE run = ?1")?.execute([run.number()])?;
        c.prepare_cached("DELETE FROM run WHERE number = ?1")?.execute([run.number()])?;
    }
    c.prepare_cached("DELETE FROM blob_use WHERE event = ?1")?.execute([event.number()])?;
    c.prepare_cached("DELETE FROM event WHERE number = ?1")?.execute([event.number()]).map(drop)
}
