//! The queue of runs: where one waits for its turn, and how a node comes to hold it.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::heads::Heads;
use crate::{
    NodeId, Place, RunId, VersionId,
    event::NewEvent,
    run::{ClaimRuns, ClaimedRun, HeldRun, Lane, Which},
};

/// What being taken up makes of a run that has a row.
const TAKEN: &str = "SET owner = ?1, status = 'running', fence = fence + 1, wake_at = NULL, error = NULL";

const COLUMNS: &str = "workspace, environment, id, fence, flow, version, event, deaths, created_at";

/// Puts an event's original run into its lane.
pub(super) fn add(
    c: &Connection,
    heads: &mut Heads,
    event: &NewEvent,
    version: VersionId,
) -> rusqlite::Result<()> {
    let Place { workspace, environment } = event.place;
    c.prepare_cached(
        "INSERT INTO run_queue (flow, environment, id, workspace, version) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![event.flow, environment, event.id, workspace, version])?;
    heads.added(Lane { flow: event.flow, environment }, event.id.original_run());
    Ok(())
}

/// Gives a node the runs that it wishes for, as far as there are such.
pub(super) fn claim(
    c: &Connection,
    heads: &mut Heads,
    claim: &ClaimRuns,
) -> rusqlite::Result<Vec<ClaimedRun>> {
    match claim.which {
        Which::Next(limit) => next(c, heads, claim, limit),
        Which::Suspect => suspect(c, claim),
        Which::One(id) => one(c, heads, claim.node, id).map(|run| run.into_iter().collect()),
    }
}

/// What is due, then what has waited longest, in a lane or in a row of its own.
fn next(
    c: &Connection,
    heads: &mut Heads,
    claim: &ClaimRuns,
    limit: u32,
) -> rusqlite::Result<Vec<ClaimedRun>> {
    let due = format!(
        "UPDATE run_live {TAKEN} WHERE id IN
             (SELECT id FROM run_live WHERE wake_at <= ?2 AND owner IS NULL AND deaths < 2
              ORDER BY wake_at LIMIT ?3)
         RETURNING {COLUMNS}"
    );
    let mut runs: Vec<ClaimedRun> = c
        .prepare_cached(&due)?
        .query_map(params![claim.node, claim.now.as_millis(), limit], |row| claimed(row, claim.node))?
        .collect::<Result<_, _>>()?;
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    if runs.len() >= most {
        return Ok(runs);
    }
    let mut rows = queued_rows(c, limit)?.into_iter().peekable();
    while runs.len() < most {
        let head = heads.first(c)?;
        let row = rows.next_if(|id| head.is_none_or(|(oldest, _)| *id < oldest));
        runs.extend(match (row, head) {
            (Some(id), _) => take_live(c, claim.node, id)?,
            (None, Some((id, lane))) => take_queued(c, heads, claim.node, (id, lane))?,
            (None, None) => break,
        });
    }
    Ok(runs)
}

/// The oldest runs that are queued in rows of their own, the suspect ones aside.
fn queued_rows(c: &Connection, limit: u32) -> rusqlite::Result<Vec<RunId>> {
    c.prepare_cached(
        "SELECT id FROM run_live WHERE owner IS NULL AND status = 'queued' AND deaths < 2 ORDER BY id LIMIT ?1",
    )?
    .query_map([limit], |row| row.get(0))?
    .collect()
}

fn suspect(c: &Connection, claim: &ClaimRuns) -> rusqlite::Result<Vec<ClaimedRun>> {
    let sql = format!(
        "UPDATE run_live {TAKEN} WHERE id =
             (SELECT id FROM run_live
              WHERE deaths >= 2 AND owner IS NULL AND (status = 'queued' OR wake_at <= ?2)
              ORDER BY deaths, id LIMIT 1)
         RETURNING {COLUMNS}"
    );
    c.prepare_cached(&sql)?
        .query_map(params![claim.node, claim.now.as_millis()], |row| claimed(row, claim.node))?
        .collect()
}

fn one(c: &Connection, heads: &mut Heads, node: NodeId, id: RunId) -> rusqlite::Result<Option<ClaimedRun>> {
    if let Some(run) = take_live(c, node, id)? {
        return Ok(Some(run));
    }
    // Which lane it would wait in is known by its event; of environments there are few.
    let lane = c
        .prepare_cached(
            "SELECT event.flow, event.environment FROM environment CROSS JOIN event
                 ON event.workspace = environment.workspace AND event.environment = environment.id
             WHERE event.id = ?1",
        )?
        .query_row([id], |row| Ok(Lane { flow: row.get(0)?, environment: row.get(1)? }))
        .optional()?;
    lane.map_or(Ok(None), |lane| take_queued(c, heads, node, (id, lane)))
}

/// Takes a run that has a row, if it is nobody's.
fn take_live(c: &Connection, node: NodeId, id: RunId) -> rusqlite::Result<Option<ClaimedRun>> {
    let sql = format!("UPDATE run_live {TAKEN} WHERE id = ?2 AND owner IS NULL RETURNING {COLUMNS}");
    c.prepare_cached(&sql)?.query_row(params![node, id], |row| claimed(row, node)).optional()
}

/// Takes an original run out of its lane, if it is there: from now on it has a row. Its fence is raised by that,
/// as at every change of owner.
fn take_queued(
    c: &Connection,
    heads: &mut Heads,
    node: NodeId,
    (id, lane): (RunId, Lane),
) -> rusqlite::Result<Option<ClaimedRun>> {
    let sql = format!(
        "INSERT INTO run_live
             (workspace, environment, id, flow, version, event, cause, repeats, status, owner, fence, deaths, wake_at, created_at)
         SELECT workspace, environment, id, flow, version, id, 'original', NULL, 'running', ?1, 2, 0, NULL, received_at
         FROM run_queue CROSS JOIN event USING (workspace, environment, flow, id)
         WHERE flow = ?2 AND environment = ?3 AND id = ?4
         RETURNING {COLUMNS}"
    );
    let run = c
        .prepare_cached(&sql)?
        .query_row(params![node, lane.flow, lane.environment, id], |row| claimed(row, node))
        .optional()?;
    let left = c
        .prepare_cached("DELETE FROM run_queue WHERE flow = ?1 AND environment = ?2 AND id = ?3")?
        .execute((lane.flow, lane.environment, id))?;
    heads.removed(c, lane, id)?;
    // Left in its lane, it would stand before all others for ever.
    if run.is_none() && left > 0 {
        tracing::error!(
            run = %id,
            "a queued run was dropped, since its event is gone from the database: it cannot be run any more; \
             if it is wanted, restore a backup that has the event, or have its sender send it again"
        );
    }
    Ok(run)
}

fn claimed(row: &Row, node: NodeId) -> rusqlite::Result<ClaimedRun> {
    Ok(ClaimedRun {
        held: HeldRun {
            place: Place { workspace: row.get(0)?, environment: row.get(1)? },
            id: row.get(2)?,
            owner: node,
            fence: row.get(3)?,
        },
        flow: row.get(4)?,
        version: row.get(5)?,
        event: row.get(6)?,
        deaths: row.get(7)?,
        created_at: crate::sql::time(row, 8)?,
    })
}
