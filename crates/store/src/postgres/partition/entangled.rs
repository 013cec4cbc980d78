//! Which events must be looked at one by one before a partition is dropped.

use std::collections::{BTreeSet, HashMap};

use clock::Timestamp;

use crate::{
    EventId, Fault, RunId,
    id::{first_id, millis},
    postgres::{session::Session, table::Table},
    sql::values,
};

/// How many rows are read at most: an event may have several.
const ROWS: usize = 20_000;

/// Some events or all.
pub(super) struct Entangled {
    pub(super) events: Vec<EventId>,
    /// Whether there are no others.
    pub(super) is_all: bool,
}

/// The events of which something is among the numbers of a partition, while something else is not, is unfinished, or
/// ended after a time more than a day after it began.
pub(super) async fn events(
    session: &Session,
    (from, to): (i64, i64),
    ended_before: Timestamp,
) -> Result<Entangled, Fault> {
    let [first, last] =
        [from, to].map(|number| EventId::from(first_id(Timestamp::from_millis(millis(number)))));
    let limit = i64::try_from(ROWS).unwrap_or(i64::MAX);
    let bounds = values![from, to, first, last, ended_before, limit];
    let rows: Vec<Option<RunId>> = session.rows(ENTANGLED, bounds, |row| row.get(0)).await?;
    let is_all = rows.len() < ROWS;
    let runs: BTreeSet<RunId> = rows.into_iter().flatten().collect();
    // The id of an original run is its event's.
    let numbers = Table::column(runs.iter().map(|run| run.number()));
    let repeats = "SELECT id, event FROM run WHERE number = ANY(?1::bigint[]) AND event IS NOT NULL
         UNION ALL SELECT id, event FROM run_live WHERE number = ANY(?1::bigint[]) AND event IS NOT NULL";
    let repeats: Vec<(RunId, EventId)> =
        session.table(repeats, &numbers, |row| Ok((row.get(0)?, row.get(1)?))).await?;
    let repeats: HashMap<RunId, EventId> = repeats.into_iter().collect();
    let events = runs.into_iter().map(|run| repeats.get(&run).copied().unwrap_or_else(|| run.own_event()));
    Ok(Entangled { events: events.collect::<BTreeSet<_>>().into_iter().collect(), is_all })
}

/// Ids of runs or their events. The numbers of the partition are those from `?1` to `?2`, which ids from `?3` to `?4`
/// have. Each part is a range of an index that holds little else.
const ENTANGLED: &str = "SELECT id FROM run_live WHERE number >= ?1 AND number < ?2
     UNION ALL SELECT event FROM run_live WHERE event >= ?3 AND event < ?4
     UNION ALL SELECT (SELECT e.id FROM event e WHERE e.number = q.number) FROM run_queue q
         WHERE q.number >= ?1 AND q.number < ?2
     UNION ALL SELECT run FROM delivery_live WHERE number >= ?1 AND number < ?2
     UNION ALL SELECT run FROM delivery_live WHERE run >= ?3 AND run < ?4
     UNION ALL SELECT id FROM run WHERE number >= ?1 AND number < ?2
         AND finished_at >= (number >> 21) + 86400000 AND finished_at >= ?5
     UNION ALL SELECT run FROM delivery WHERE number >= ?1 AND number < ?2
         AND finished_at >= (number >> 21) + 86400000 AND finished_at >= ?5
     UNION ALL SELECT event FROM run WHERE event >= ?3 AND event < ?4 AND number < ?1
     UNION ALL SELECT event FROM run WHERE event >= ?3 AND event < ?4 AND number >= ?2
     UNION ALL SELECT event FROM run WHERE number >= ?1 AND number < ?2 AND event < ?3
     UNION ALL SELECT event FROM run WHERE number >= ?1 AND number < ?2 AND event >= ?4
     UNION ALL SELECT run FROM delivery WHERE run >= ?3 AND run < ?4 AND number < ?1
     UNION ALL SELECT run FROM delivery WHERE run >= ?3 AND run < ?4 AND number >= ?2
     UNION ALL SELECT run FROM delivery WHERE number >= ?1 AND number < ?2 AND run < ?3
     UNION ALL SELECT run FROM delivery WHERE number >= ?1 AND number < ?2 AND run >= ?4
     LIMIT ?6";
