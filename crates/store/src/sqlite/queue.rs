//! The queue of runs: where one waits for its turn, and how a node comes to hold it.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{heads::Heads, memory::Memory, origins};
use crate::{
    NodeId, RunId, VersionId,
    origin::Origins,
    run::{ClaimRuns, ClaimedRun, HeldRun, Which},
};

/// What being taken up makes of a run that has a row.
const TAKEN: &str = "SET owner = ?1, status = 'running', fence = fence + 1, wake_at = NULL, error = NULL";

const COLUMNS: &str = "origin, id, fence, version, event, deaths, created_at";

/// Puts an event's original run into its lane.
pub(super) fn add(
    c: &Connection,
    heads: &mut Heads,
    (lane, id): (i64, RunId),
    version: VersionId,
) -> rusqlite::Result<()> {
    c.prepare_cached("INSERT INTO run_queue (origin, number, version) VALUES (?1, ?2, ?3)")?
        .execute(params![lane, id.number(), version])?;
    heads.added(lane, id.number());
    Ok(())
}

/// Gives a node the runs that it wishes for, as far as there are such.
pub(super) fn claim(
    c: &Connection,
    memory: &mut Memory,
    claim: &ClaimRuns,
) -> rusqlite::Result<Vec<ClaimedRun>> {
    match claim.which {
        Which::Next(limit) => next(c, memory, claim, limit),
        Which::Suspect => suspect(c, &memory.origins, claim),
        Which::One(id) => one(c, memory, claim.node, id).map(|run| run.into_iter().collect()),
    }
}

/// What is due, then what has waited longest, in a lane or in a row of its own.
fn next(
    c: &Connection,
    memory: &mut Memory,
    claim: &ClaimRuns,
    limit: u32,
) -> rusqlite::Result<Vec<ClaimedRun>> {
    let due = format!(
        "UPDATE run_live {TAKEN} WHERE number IN
             (SELECT number FROM run_live WHERE wake_at <= ?2 AND owner IS NULL AND deaths < 2
              ORDER BY wake_at LIMIT ?3)
         RETURNING {COLUMNS}"
    );
    let known = &memory.origins;
    let mut runs: Vec<ClaimedRun> = c
        .prepare_cached(&due)?
        .query_map(params![claim.node, claim.now.as_millis(), limit], |row| claimed(row, known, claim.node))?
        .collect::<Result<_, _>>()?;
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    if runs.len() >= most {
        return Ok(runs);
    }
    let mut rows = queued_rows(c, limit)?.into_iter().peekable();
    while runs.len() < most {
        let head = memory.heads.first(c)?;
        let row = rows.next_if(|number| head.is_none_or(|(oldest, _)| *number < oldest));
        runs.extend(match (row, head) {
            (Some(number), _) => take_live(c, &memory.origins, claim.node, number)?,
            (None, Some((number, lane))) => take_queued(c, memory, claim.node, (number, lane))?,
            (None, None) => break,
        });
    }
    Ok(runs)
}

/// The oldest runs that are queued in rows of their own, the suspect ones aside.
fn queued_rows(c: &Connection, limit: u32) -> rusqlite::Result<Vec<i64>> {
    c.prepare_cached(
        "SELECT number FROM run_live WHERE owner IS NULL AND status = 'queued' AND deaths < 2
         ORDER BY number LIMIT ?1",
    )?
    .query_map([limit], |row| row.get(0))?
    .collect()
}

fn suspect(c: &Connection, known: &Origins, claim: &ClaimRuns) -> rusqlite::Result<Vec<ClaimedRun>> {
    let sql = format!(
        "UPDATE run_live {TAKEN} WHERE number =
             (SELECT number FROM run_live
              WHERE deaths >= 2 AND owner IS NULL AND (status = 'queued' OR wake_at <= ?2)
              ORDER BY deaths, number LIMIT 1)
         RETURNING {COLUMNS}"
    );
    c.prepare_cached(&sql)?
        .query_map(params![claim.node, claim.now.as_millis()], |row| claimed(row, known, claim.node))?
        .collect()
}

fn one(c: &Connection, memory: &mut Memory, node: NodeId, id: RunId) -> rusqlite::Result<Option<ClaimedRun>> {
    // Anybody may ask for any id: another may have its number.
    let known = c
        .prepare_cached("SELECT 1 FROM run_live WHERE number = ?1 AND id = ?2")?
        .exists(params![id.number(), id])?;
    if known {
        return take_live(c, &memory.origins, node, id.number());
    }
    // Which lane it would wait in is known by its event.
    let lane = c
        .prepare_cached("SELECT origin FROM event WHERE number = ?1 AND id = ?2")?
        .query_row(params![id.number(), id], |row| row.get(0))
        .optional()?;
    lane.map_or(Ok(None), |lane| take_queued(c, memory, node, (id.number(), lane)))
}

/// Takes a run that has a row, if it is nobody's.
fn take_live(
    c: &Connection,
    known: &Origins,
    node: NodeId,
    number: i64,
) -> rusqlite::Result<Option<ClaimedRun>> {
    let sql = format!("UPDATE run_live {TAKEN} WHERE number = ?2 AND owner IS NULL RETURNING {COLUMNS}");
    c.prepare_cached(&sql)?.query_row(params![node, number], |row| claimed(row, known, node)).optional()
}

/// Takes an original run out of its lane, if it is there: from now on it has a row. Its fence is raised by that,
/// as at every change of owner.
fn take_queued(
    c: &Connection,
    memory: &mut Memory,
    node: NodeId,
    (number, lane): (i64, i64),
) -> rusqlite::Result<Option<ClaimedRun>> {
    let sql = format!(
        "INSERT INTO run_live (number, id, origin, version, cause, status, owner, fence, deaths, created_at)
         SELECT e.number, e.id, e.origin, q.version, 'original', 'running', ?1, 2, 0, e.received_at
         FROM run_queue q CROSS JOIN event e ON e.number = q.number
         WHERE q.origin = ?2 AND q.number = ?3
         RETURNING {COLUMNS}"
    );
    let known = &memory.origins;
    let run = c
        .prepare_cached(&sql)?
        .query_row(params![node, lane, number], |row| claimed(row, known, node))
        .optional()?;
    let left = c
        .prepare_cached("DELETE FROM run_queue WHERE origin = ?1 AND number = ?2")?
        .execute((lane, number))?;
    memory.heads.removed(c, lane, number)?;
    // Left in its lane, it would stand before all others for ever.
    if run.is_none() && left > 0 {
        let origin = origins::get(&memory.origins, lane)?;
        tracing::error!(
            run = RunId::beginning(number),
            flow = %origin.flow,
            environment = %origin.place.environment,
            "a queued run was dropped, since its event is gone from the database: it cannot be run any more; \
             if it is wanted, restore a backup that has the event, or have its sender send it again"
        );
    }
    Ok(run)
}

fn claimed(row: &Row, known: &Origins, node: NodeId) -> rusqlite::Result<ClaimedRun> {
    let origin = origins::get(known, row.get(0)?)?;
    let id: RunId = row.get(1)?;
    Ok(ClaimedRun {
        held: HeldRun { place: origin.place, id, owner: node, fence: row.get(2)? },
        flow: origin.flow,
        version: row.get(3)?,
        event: row.get::<_, Option<_>>(4)?.unwrap_or_else(|| id.own_event()),
        deaths: row.get(5)?,
        created_at: clock::Timestamp::from_millis(row.get(6)?),
    })
}
