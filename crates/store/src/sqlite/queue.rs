//! The queue of runs: where one waits for its turn, and how a node comes to hold it.

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::{
    NodeId, Place, RunId, VersionId,
    event::NewEvent,
    run::{ClaimRuns, ClaimedRun, HeldRun, Lane, Which, lanes},
};

/// What being taken up makes of a run that has a row.
const TAKEN: &str = "SET owner = ?1, status = 'running', fence = fence + 1, wake_at = NULL, error = NULL";

const COLUMNS: &str = "workspace, environment, id, fence, flow, version, event, deaths, created_at";

/// A run that waits: in a lane, or in a row of its own.
type Waiting = (RunId, Option<Lane>);

/// Puts an event's original run at the end of its lane.
pub(super) fn add(c: &Connection, event: &NewEvent, version: VersionId) -> rusqlite::Result<()> {
    let Place { workspace, environment } = event.place;
    c.prepare_cached(
        "INSERT INTO run_queue (flow, environment, id, workspace, version) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![event.flow, environment, event.id, workspace, version])
    .map(drop)
}

/// Gives a node the runs that it wishes for, as far as there are such.
pub(super) fn claim(c: &Connection, claim: &ClaimRuns) -> rusqlite::Result<Vec<ClaimedRun>> {
    match claim.which {
        Which::Next(limit) => next(c, claim, limit),
        Which::Suspect => suspect(c, claim),
        Which::One(id) => one(c, claim.node, id).map(|run| run.into_iter().collect()),
    }
}

/// What is due, then what has waited longest.
fn next(c: &Connection, claim: &ClaimRuns, limit: u32) -> rusqlite::Result<Vec<ClaimedRun>> {
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
    let left = limit.saturating_sub(u32::try_from(runs.len()).unwrap_or(u32::MAX));
    for (id, lane) in oldest(c, left)? {
        runs.extend(match lane {
            Some(lane) => take_queued(c, claim.node, lane, id)?,
            None => take_live(c, claim.node, id)?,
        });
    }
    Ok(runs)
}

/// The oldest runs that are queued, in lanes and in rows of their own, the suspect ones aside.
fn oldest(c: &Connection, limit: u32) -> rusqlite::Result<Vec<Waiting>> {
    if limit == 0 {
        return Ok(Vec::new());
    }
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut found: Vec<Waiting> = c
        .prepare_cached(
            "SELECT id FROM run_live WHERE owner IS NULL AND status = 'queued' AND deaths < 2 ORDER BY id LIMIT ?1",
        )?
        .query_map([limit], |row| Ok((row.get(0)?, None)))?
        .collect::<Result<_, _>>()?;
    let mut heads = c.prepare_cached(
        "SELECT id FROM run_queue WHERE flow = ?1 AND environment = ?2 AND id < ?3 ORDER BY id LIMIT ?4",
    )?;
    for lane in lanes(c) {
        let lane = lane?;
        // When there are enough, only what is older than the youngest of them counts.
        let youngest = found.get(most - 1).map_or(RunId::from_bytes([0xFF; 16]), |(id, _)| *id);
        for id in heads.query_map(params![lane.flow, lane.environment, youngest, limit], |row| row.get(0))? {
            found.push((id?, Some(lane)));
        }
        found.sort_by_key(|(id, _)| *id);
        found.truncate(most);
    }
    Ok(found)
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

fn one(c: &Connection, node: NodeId, id: RunId) -> rusqlite::Result<Option<ClaimedRun>> {
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
    lane.map_or(Ok(None), |lane| take_queued(c, node, lane, id))
}

/// Takes a run that has a row, if it is nobody's.
fn take_live(c: &Connection, node: NodeId, id: RunId) -> rusqlite::Result<Option<ClaimedRun>> {
    let sql = format!("UPDATE run_live {TAKEN} WHERE id = ?2 AND owner IS NULL RETURNING {COLUMNS}");
    c.prepare_cached(&sql)?.query_row(params![node, id], |row| claimed(row, node)).optional()
}

/// Takes an original run out of its lane, if it is there: from now on it has a row. Its fence is raised by that,
/// as at every change of owner.
fn take_queued(c: &Connection, node: NodeId, lane: Lane, id: RunId) -> rusqlite::Result<Option<ClaimedRun>> {
    let sql = format!(
        "INSERT INTO run_live
             (workspace, environment, id, flow, version, event, cause, repeats, status, owner, fence, deaths, wake_at, created_at)
         SELECT workspace, environment, id, flow, version, id, 'original', NULL, 'running', ?1, 2, 0, NULL, received_at
         FROM run_queue CROSS JOIN event USING (workspace, environment, flow, id)
         WHERE flow = ?2 AND environment = ?3 AND id = ?4
         RETURNING {COLUMNS}"
    );
    let place = (lane.flow, lane.environment, id);
    let run = c
        .prepare_cached(&sql)?
        .query_row(params![node, place.0, place.1, place.2], |row| claimed(row, node))
        .optional()?;
    if run.is_some() {
        c.prepare_cached("DELETE FROM run_queue WHERE flow = ?1 AND environment = ?2 AND id = ?3")?
            .execute(place)?;
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
