//! Attempts of deliveries.

use std::collections::HashSet;

use tokio::try_join;

use super::{awaited, lanes};
use crate::{
    alert::SealedAlert,
    delivery::{SealedAttempt, Settle, Settled},
    postgres::{session::Session, table::Table},
    sql::{Fault, values},
};

pub(super) async fn apply(session: &Session, attempts: &[&SealedAttempt]) -> Result<Vec<Settled>, Fault> {
    if attempts.is_empty() {
        return Ok(Vec::new());
    }
    let open = open(session, attempts).await?;
    let mut outcomes = Vec::with_capacity(attempts.len());
    let (mut arrived, mut tried, mut standing) = (Table::default(), Table::default(), Table::default());
    let (mut left, mut woken, mut told) = (Table::default(), Table::default(), Table::default());
    for SealedAttempt { attempt, alerts } in attempts {
        let (delivery, number) = (attempt.delivery.number(), attempt.number);
        if !open.contains(&delivery) {
            outcomes.push(Settled::Lost);
            continue;
        }
        outcomes.push(Settled::Done);
        let (at, record) = (attempt.at, attempt.record.clone());
        if let Settle::Delivered(done) = attempt.then {
            arrived.push(values![delivery, number, done, at, record]);
        } else {
            tried.push(values![delivery, number, at, attempt.outcome.as_str(), record]);
        }
        match attempt.then {
            Settle::Delivered(_) => {}
            Settle::Retry(due_at) => standing.push(values![delivery, number, "pending", Some(due_at), true]),
            Settle::Dead { halts } => {
                standing.push(values![delivery, number, "dead", None::<clock::Timestamp>, halts]);
            }
        }
        if let Some(run) = attempt.woken() {
            woken.push(values![run.number(), at]);
        }
        if let (Some(lane), true) = (attempt.lane, attempt.then.leaves_lane()) {
            left.push(values![attempt.destination, lane, at]);
        }
        if let Some(reason) = attempt.disable {
            let sql = "UPDATE destination SET disabled_reason = ?2 WHERE id = ?1";
            session.execute(sql, values![attempt.destination, reason]).await?;
        }
        for SealedAlert { kind, at, sealed } in alerts {
            told.push(values![attempt.destination, kind.word(), *at, sealed.clone()]);
        }
    }
    let arrive = "WITH arrived AS (
                   DELETE FROM delivery_live d
                   USING unnest(?1::bigint[], ?2::bigint[], ?3::bigint[], ?4::bigint[], ?5::bytea[])
                       AS n (number, attempts, finished_at, began_at, record)
                   WHERE d.number = n.number
                   RETURNING d.number, d.id, d.origin, d.destination, d.run, d.step, n.attempts, d.created_at,
                       n.finished_at, d.sealed, n.began_at, n.record, d.replay_of)
               INSERT INTO delivery (number, id, origin, destination, run, step, attempts, created_at, finished_at, sealed,
                                     began_at, record, replay_of)
               SELECT * FROM arrived";
    let into_attempt = "INSERT INTO attempt (delivery, number, at, outcome, sealed)
               SELECT * FROM unnest(?1::bigint[], ?2::bigint[], ?3::bigint[], ?4::text[], ?5::bytea[])";
    let stand = "UPDATE delivery_live d
               SET attempts = n.attempts, status = n.status, due_at = coalesce(n.due_at, d.due_at),
                   turn = CASE n.keeps WHEN 0 THEN NULL ELSE d.turn END
               FROM unnest(?1::bigint[], ?2::bigint[], ?3::text[], ?4::bigint[], ?5::bigint[])
                   AS n (number, attempts, status, due_at, keeps)
               WHERE d.number = n.number";
    // Sent without waiting for one another.
    try_join!(
        session.insert(arrive, &arrived),
        session.insert(into_attempt, &tried),
        session.insert(stand, &standing),
    )?;
    lanes::advance(session, &left).await?;
    awaited::wake(session, &woken).await?;
    tell(session, &told).await?;
    Ok(outcomes)
}

/// Writes alerts; of two at the same time one.
async fn tell(session: &Session, told: &Table) -> Result<(), Fault> {
    let sql = "INSERT INTO alert (destination, kind, at, sealed, raised)
               SELECT n.*, 0 FROM unnest(?1::uuid[], ?2::text[], ?3::bigint[], ?4::bytea[])
                   AS n (destination, kind, at, sealed)
               ORDER BY 1, 2, 3 ON CONFLICT (destination, kind, at) DO NOTHING";
    session.insert(sql, told).await
}

/// The deliveries that are still to be settled: only by the owner of their destination, and each attempt only once.
async fn open(session: &Session, attempts: &[&SealedAttempt]) -> Result<HashSet<i64>, Fault> {
    let wanted: Table = attempts
        .iter()
        .map(|SealedAttempt { attempt, .. }| {
            values![attempt.delivery.number(), attempt.delivery, attempt.number - 1, attempt.owner]
        })
        .collect();
    let sql = "SELECT d.number
               FROM unnest(?1::bigint[], ?2::uuid[], ?3::bigint[], ?4::uuid[]) AS n (number, id, attempts, owner)
                   JOIN delivery_live d ON d.number = n.number AND d.id = n.id AND d.attempts = n.attempts
                       AND d.status = 'pending'
                   JOIN destination_lease l ON l.destination = d.destination AND l.owner = n.owner
               ORDER BY d.number FOR UPDATE OF d FOR SHARE OF l";
    Ok(session.table(sql, &wanted, |row| row.get(0)).await?.into_iter().collect())
}
