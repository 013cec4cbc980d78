//! The queue of runs: how a node comes to hold one. Rows that another node is taking are passed over, not waited for.

use super::{origins, session::Session, table::Table};
use crate::{
    EventId, NodeId, RunId, VersionId,
    origin::Origins,
    run::{ClaimRuns, ClaimedRun, HeldRun, Which, uuids},
    sql::{Fault, Row, Value, values},
};

/// Takes runs whose rows are locked: each node with a number.
const TAKE: &str = "UPDATE run_live r
     SET owner = n.node, status = 'running', fence = r.fence + 1, wake_at = NULL, error = NULL
     FROM unnest(?1::uuid[], ?2::bigint[]) AS n (node, number)
     WHERE r.number = n.number
     RETURNING r.origin, r.id, r.fence, r.version, r.event, r.deaths, r.created_at";

/// Takes original runs out of the queue. Their fence is raised by that, as at every change of owner.
const TAKE_QUEUED: &str = "WITH taken AS (
         DELETE FROM run_queue q USING unnest(?1::uuid[], ?2::bigint[]) AS n (node, number)
         WHERE q.number = n.number
         RETURNING q.number, q.version, n.node)
     INSERT INTO run_live (number, id, origin, version, cause, status, owner, fence, deaths, created_at)
     SELECT e.number, e.id, e.origin, t.version, 'original', 'running', t.node, 2, 0, e.received_at
     FROM taken t JOIN event e ON e.number = t.number
     RETURNING origin, id, fence, version, event, deaths, created_at";

/// Runs to take, by their numbers; their rows are locked.
#[derive(Default)]
struct Wished {
    live: Vec<i64>,
    queued: Vec<i64>,
}

/// Gives a node the runs that it wishes for, as far as there are such.
pub(super) async fn claim(
    session: &Session,
    origins: &mut Origins,
    claim: &ClaimRuns,
) -> Result<Vec<ClaimedRun>, Fault> {
    let mut found = Vec::new();
    let mut which = claim.which;
    loop {
        let Wished { live, queued } = wished(session, claim, which).await?;
        let (wanted, before) = (live.len() + queued.len(), found.len());
        let with_node = |numbers: &[i64]| -> Table {
            numbers.iter().map(|number| values![claim.node, *number]).collect()
        };
        found.extend(session.table(TAKE, &with_node(&live), Taken::read).await?);
        let taken = session.table(TAKE_QUEUED, &with_node(&queued), Taken::read).await?;
        for number in queued {
            if !taken.iter().any(|taken| taken.id.number() == number) {
                tracing::error!(
                    run = RunId::beginning(number),
                    "a queued run was dropped, since its event is gone from the database: it cannot be run any more; \
                     if it is wanted, restore a backup that has the event, or have its sender send it again"
                );
            }
        }
        found.extend(taken);
        // Those that were dropped do not stand in the way of others.
        let dropped = wanted - (found.len() - before);
        match which {
            Which::Next(_) if dropped > 0 => which = Which::Next(u32::try_from(dropped).unwrap_or(u32::MAX)),
            _ => break,
        }
    }
    let mut runs = Vec::with_capacity(found.len());
    for taken in found {
        runs.push(taken.claimed(session, origins, claim.node).await?);
    }
    // The oldest begin first.
    runs.sort_unstable_by_key(|run| run.held.id.number());
    Ok(runs)
}

/// The runs to take, locked. Those of versions that this node cannot run are left to others.
async fn wished(session: &Session, claim: &ClaimRuns, which: Which) -> Result<Wished, Fault> {
    let numbers = async |sql, params: Vec<Value>| session.rows(sql, params, |row| row.get::<i64>(0)).await;
    let unfit = uuids(&claim.unfit);
    match which {
        Which::Next(limit) => {
            let due = "SELECT number FROM run_live
                       WHERE wake_at <= ?1 AND owner IS NULL AND deaths < 2 AND version <> ALL(?3::text::uuid[])
                       ORDER BY wake_at LIMIT ?2 FOR UPDATE SKIP LOCKED";
            let mut wished = Wished {
                live: numbers(due, values![claim.now, limit, unfit.clone()]).await?,
                queued: Vec::new(),
            };
            let rest = usize::try_from(limit).unwrap_or(usize::MAX).saturating_sub(wished.live.len());
            if rest > 0 {
                let most = i64::try_from(rest).unwrap_or(i64::MAX);
                let again = "SELECT number FROM run_live
                             WHERE owner IS NULL AND status = 'queued' AND deaths < 2
                               AND version <> ALL(?2::text::uuid[])
                             ORDER BY number LIMIT ?1 FOR UPDATE SKIP LOCKED";
                let again = numbers(again, values![most, unfit.clone()]).await?;
                let queued = "SELECT number FROM run_queue WHERE version <> ALL(?2::text::uuid[])
                              ORDER BY number LIMIT ?1 FOR UPDATE SKIP LOCKED";
                let queued = numbers(queued, values![most, unfit]).await?;
                // The oldest of both.
                let mut both: Vec<(i64, bool)> = again.into_iter().map(|number| (number, true)).collect();
                both.extend(queued.into_iter().map(|number| (number, false)));
                both.sort_unstable();
                for (number, is_live) in both.into_iter().take(rest) {
                    if is_live { &mut wished.live } else { &mut wished.queued }.push(number);
                }
            }
            Ok(wished)
        }
        Which::Suspect => {
            let suspect = "SELECT number FROM run_live
                           WHERE deaths >= 2 AND owner IS NULL AND (status = 'queued' OR wake_at <= ?1)
                             AND version <> ALL(?2::text::uuid[])
                           ORDER BY deaths, number LIMIT 1 FOR UPDATE SKIP LOCKED";
            Ok(Wished { live: numbers(suspect, values![claim.now, unfit]).await?, queued: Vec::new() })
        }
        Which::One(id) => one(session, id).await,
    }
}

async fn one(session: &Session, id: RunId) -> Result<Wished, Fault> {
    // Anybody may ask for any id: another may have its number.
    let known = "SELECT owner FROM run_live WHERE number = ?1 AND id = ?2 FOR UPDATE";
    let owner = session.row(known, values![id.number(), id], |row| row.get::<Option<NodeId>>(0)).await?;
    if let Some(owner) = owner {
        let free = owner.is_none().then(|| id.number());
        return Ok(Wished { live: free.into_iter().collect(), queued: Vec::new() });
    }
    let queued = "SELECT q.number FROM run_queue q JOIN event e ON e.number = q.number
                  WHERE q.number = ?1 AND e.id = ?2 FOR UPDATE OF q";
    let queued = session.rows(queued, values![id.number(), id], |row| row.get(0)).await?;
    Ok(Wished { live: Vec::new(), queued })
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
