//! Progress of runs.

use std::collections::HashMap;

use faults::CrashPoint;
use tokio::try_join;

use super::Outbox;
use crate::{
    postgres::{session::Session, table::Table},
    run::{Committed, RunCommit, Then, status_word},
    sql::{Fault, values},
};

pub(super) async fn apply(
    session: &Session,
    commits: &[&RunCommit],
    outbox: &mut Outbox,
) -> Result<Vec<Committed>, Fault> {
    if commits.is_empty() {
        return Ok(Vec::new());
    }
    let held = held(session, commits).await?;
    let mut outcomes = Vec::with_capacity(commits.len());
    let (mut journal, mut released, mut ended, mut absolved) =
        (Table::default(), Table::default(), Table::default(), Vec::new());
    for commit in commits {
        let (run, number) = (commit.held.id, commit.held.id.number());
        let Some(origin) = held.get(&number) else {
            outcomes.push(Committed::Lost);
            continue;
        };
        outcomes.push(Committed::Done);
        if let Some(record) = &commit.record {
            journal.push(values![number, commit.seq, record.clone()]);
        }
        outbox.add(*origin, run, &commit.deliveries);
        match &commit.then {
            Then::Hold if commit.absolved => absolved.push(number),
            Then::Hold => {}
            Then::Release { status, wake_at } => {
                released.push(values![number, status_word(*status), *wake_at, commit.absolved]);
            }
            Then::End(ending) => {
                let how = values![number, status_word(ending.status), ending.error.clone(), ending.at];
                ended.push(how);
            }
        }
    }
    let into_journal = "INSERT INTO journal (run, seq, sealed) SELECT * FROM unnest(?1::bigint[], ?2::bigint[], ?3::bytea[])";
    let absolve = "UPDATE run_live SET deaths = 0 WHERE number = ANY(?1::bigint[])";
    let release = "UPDATE run_live r
               SET owner = NULL, status = n.status,
                   wake_at = CASE n.status WHEN 'waiting' THEN least(r.wake_at, n.wake_at) ELSE n.wake_at END,
                   deaths = CASE n.absolved WHEN 0 THEN r.deaths ELSE 0 END
               FROM unnest(?1::bigint[], ?2::text[], ?3::bigint[], ?4::bigint[])
                   AS n (number, status, wake_at, absolved)
               WHERE r.number = n.number";
    let end = "WITH ended AS (
                   DELETE FROM run_live r
                   USING unnest(?1::bigint[], ?2::text[], ?3::text[], ?4::bigint[])
                       AS n (number, status, error, finished_at)
                   WHERE r.number = n.number
                   RETURNING r.number, r.id, r.origin, r.version, r.event, r.cause, r.repeats, n.status, n.error,
                       r.created_at, n.finished_at)
               INSERT INTO run
                   (number, id, origin, version, event, cause, repeats, status, error, created_at, finished_at)
               SELECT * FROM ended";
    // Sent without waiting for one another.
    let absolved = Table::column(absolved);
    try_join!(
        session.insert(into_journal, &journal),
        session.insert(absolve, &absolved),
        session.insert(release, &released),
        session.insert(end, &ended),
    )?;
    ended.each_row(|| faults::hit(CrashPoint::InsideRunEnd));
    Ok(outcomes)
}

/// The runs that are held by who wants to commit, each with its origin. Nobody can take them until this is committed.
async fn held(session: &Session, commits: &[&RunCommit]) -> Result<HashMap<i64, i64>, Fault> {
    let wanted: Table = commits
        .iter()
        .map(|commit| values![commit.held.id.number(), commit.held.owner, commit.held.fence])
        .collect();
    let sql = "SELECT r.number, r.origin
               FROM unnest(?1::bigint[], ?2::uuid[], ?3::bigint[]) AS n (number, owner, fence)
                   JOIN run_live r ON r.number = n.number AND r.owner = n.owner AND r.fence = n.fence
               ORDER BY r.number FOR UPDATE OF r";
    Ok(session.table(sql, &wanted, |row| Ok((row.get(0)?, row.get(1)?))).await?.into_iter().collect())
}
