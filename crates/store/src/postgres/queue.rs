//! The queue of runs: how a node comes to hold one. Rows that another node is taking are passed over, not waited for.

use super::{origins, session::Session};
use crate::{
    EventId, NodeId, RunId, VersionId,
    origin::Origins,
    run::{ClaimRuns, ClaimedRun, HeldRun, Which},
    sql::{Fault, Row, Value, values},
};

/// Takes the runs of these rows, each of which is locked.
const TAKE: &str = "UPDATE run_live
     SET owner = ?1, status = 'running', fence = fence + 1, wake_at = NULL, error = NULL
     WHERE number = ?2
     RETURNING origin, id, fence, version, event, deaths, created_at";

/// Takes an original run out of the queue. Its fence is raised by that, as at every change of owner.
const TAKE_QUEUED: &str = "WITH taken AS (DELETE FROM run_queue WHERE number = ?2 RETURNING number, version)
     INSERT INTO run_live (number, id, origin, version, cause, status, owner, fence, deaths, created_at)
     SELECT e.number, e.id, e.origin, t.version, 'original', 'running', ?1, 2, 0, e.received_at
     FROM taken t JOIN event e ON e.number = t.number
     RETURNING origin, id, fence, version, event, deaths, created_at";

/// Gives a node the runs that it wishes for, as far as there are such.
pub(super) async fn claim(
    session: &Session,
    origins: &mut Origins,
    claim: &ClaimRuns,
) -> Result<Vec<ClaimedRun>, Fault> {
    let node = claim.node;
    let mut found = Vec::new();
    let mut which = claim.which;
    loop {
        let wished = wished(session, claim.now, which).await?;
        let all = wished.len();
        let before = found.len();
        for (number, sql) in wished {
            if let Some(taken) = session.row(sql, values![node, number], Taken::read).await? {
                found.push(taken);
            } else {
                tracing::error!(
                    run = RunId::beginning(number),
                    "a queued run was dropped, since its event is gone from the database: it cannot be run any more; \
                     if it is wanted, restore a backup that has the event, or have its sender send it again"
                );
            }
        }
        // Those that were dropped do not stand in the way of others.
        let dropped = all - (found.len() - before);
        match which {
            Which::Next(_) if dropped > 0 => which = Which::Next(u32::try_from(dropped).unwrap_or(u32::MAX)),
            _ => break,
        }
    }
    let mut runs = Vec::with_capacity(found.len());
    for taken in found {
        runs.push(taken.claimed(session, origins, node).await?);
    }
    Ok(runs)
}

/// The runs to take, locked, each with the statement that takes it.
async fn wished(
    session: &Session,
    now: clock::Timestamp,
    which: Which,
) -> Result<Vec<(i64, &'static str)>, Fault> {
    let live = async |sql, params: Vec<Value>| -> Result<Vec<(i64, &'static str)>, Fault> {
        session.rows(sql, params, |row| Ok((row.get(0)?, TAKE))).await
    };
    match which {
        Which::Next(limit) => {
            let mut runs = live(
                "SELECT number FROM run_live WHERE wake_at <= ?1 AND owner IS NULL AND deaths < 2
                 ORDER BY wake_at LIMIT ?2 FOR UPDATE SKIP LOCKED",
                values![now, limit],
            )
            .await?;
            let rest = i64::from(limit) - i64::try_from(runs.len()).unwrap_or(i64::MAX);
            if rest > 0 {
                let mut waiting = live(
                    "SELECT number FROM run_live WHERE owner IS NULL AND status = 'queued' AND deaths < 2
                     ORDER BY number LIMIT ?1 FOR UPDATE SKIP LOCKED",
                    values![rest],
                )
                .await?;
                let queued = "SELECT number FROM run_queue ORDER BY number LIMIT ?1 FOR UPDATE SKIP LOCKED";
                waiting
                    .extend(session.rows(queued, values![rest], |row| Ok((row.get(0)?, TAKE_QUEUED))).await?);
                waiting.sort_unstable_by_key(|(number, _)| *number);
                waiting.truncate(usize::try_from(rest).unwrap_or(usize::MAX));
                runs.extend(waiting);
            }
            Ok(runs)
        }
        Which::Suspect => {
            live(
                "SELECT number FROM run_live
                 WHERE deaths >= 2 AND owner IS NULL AND (status = 'queued' OR wake_at <= ?1)
                 ORDER BY deaths, number LIMIT 1 FOR UPDATE SKIP LOCKED",
                values![now],
            )
            .await
        }
        Which::One(id) => one(session, id).await,
    }
}

async fn one(session: &Session, id: RunId) -> Result<Vec<(i64, &'static str)>, Fault> {
    // Anybody may ask for any id: another may have its number.
    let known = "SELECT owner FROM run_live WHERE number = ?1 AND id = ?2 FOR UPDATE";
    let owner = session.row(known, values![id.number(), id], |row| row.get::<Option<NodeId>>(0)).await?;
    if let Some(owner) = owner {
        return Ok(if owner.is_none() { vec![(id.number(), TAKE)] } else { vec![] });
    }
    let queued = "SELECT q.number FROM run_queue q JOIN event e ON e.number = q.number
                  WHERE q.number = ?1 AND e.id = ?2 FOR UPDATE OF q";
    session.rows(queued, values![id.number(), id], |row| Ok((row.get(0)?, TAKE_QUEUED))).await
}

/// A run that was taken.
struct Taken {
    origin: i64,
    id: RunId,
    fence: i64,
    version: VersionId,
    event: Option<EventId>,
    deaths: u32,
    created_at: clock::Timestamp,
}

impl Taken {
    fn read(row: &Row<'_>) -> Result<Self, Fault> {
        Ok(Self {
            origin: row.get(0)?,
            id: row.get(1)?,
            fence: row.get(2)?,
            version: row.get(3)?,
            event: row.get(4)?,
            deaths: row.get(5)?,
            created_at: row.time(6)?,
        })
    }

    async fn claimed(
        self,
        session: &Session,
        origins: &mut Origins,
        node: NodeId,
    ) -> Result<ClaimedRun, Fault> {
        let origin = origins::get(session, origins, self.origin).await?;
        Ok(ClaimedRun {
            held: HeldRun { place: origin.place, id: self.id, owner: node, fence: self.fence },
            flow: origin.flow,
            version: self.version,
            event: self.event.unwrap_or_else(|| self.id.own_event()),
            deaths: self.deaths,
            created_at: self.created_at,
        })
    }
}
