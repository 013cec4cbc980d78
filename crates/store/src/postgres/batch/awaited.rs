//! Runs that wait for deliveries. See [`crate::delivery::awaited`].

use std::collections::BTreeSet;

use crate::{
    RunId,
    delivery::AttemptCommit,
    postgres::{session::Session, table::Table},
    run::RunCommit,
    sql::{Fault, values},
};

/// Locks the runs that the batch commits and those that it wakes, in the order of their numbers: a node that commits
/// one and wakes another does not stand in the way of one that does so the other way round.
pub(super) async fn lock(
    session: &Session,
    commits: &[&RunCommit],
    attempts: &[&AttemptCommit],
) -> Result<(), Fault> {
    let mut runs: BTreeSet<i64> =
        attempts.iter().filter_map(|attempt| attempt.woken()).map(RunId::number).collect();
    if runs.is_empty() {
        return Ok(());
    }
    runs.extend(commits.iter().map(|commit| commit.held.id.number()));
    let sql = "SELECT number FROM run_live WHERE number = ANY(?1::bigint[]) ORDER BY number FOR UPDATE";
    session.insert(sql, &runs.into_iter().map(|run| values![run]).collect()).await
}

/// Those runs are due, of each its number and when.
pub(super) async fn wake(session: &Session, woken: &Table) -> Result<(), Fault> {
    let sql = "UPDATE run_live r SET wake_at = CASE WHEN r.status IN ('running', 'waiting') THEN n.at ELSE r.wake_at END
               FROM unnest(?1::bigint[], ?2::bigint[]) AS n (number, at)
               WHERE r.number = n.number";
    session.insert(sql, woken).await
}

/// Those runs are due whose delivery can be sent to nobody, of each the delivery and the run.
pub(super) async fn wake_by_dead(session: &Session, awaited: &Table) -> Result<(), Fault> {
    let sql = "UPDATE run_live r SET wake_at = CASE WHEN r.status IN ('running', 'waiting') THEN d.due_at ELSE r.wake_at END
               FROM unnest(?1::bigint[], ?2::bigint[]) AS n (delivery, run)
                   JOIN delivery_live d ON d.number = n.delivery AND d.status = 'dead'
               WHERE r.number = n.run";
    session.insert(sql, awaited).await
}
