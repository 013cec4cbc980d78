//! Deliveries whose order counts. See [`crate::delivery::lane`].

use std::collections::BTreeSet;

use crate::{
    DestinationId, Lane,
    delivery::{AttemptCommit, NewDelivery},
    event::{Admission, Begin},
    postgres::{session::Session, table::Table},
    run::RunCommit,
    sql::{Fault, values},
};

/// Locks every lane that the batch changes, in one order for all nodes, before any row is locked: until the batch is
/// committed nobody else joins one, or moves it on.
pub(super) async fn lock(
    session: &Session,
    admissions: &[&Admission],
    commits: &[&RunCommit],
    attempts: &[&AttemptCommit],
) -> Result<(), Fault> {
    let made = admissions.iter().flat_map(|admission| made(admission));
    let made = made.chain(commits.iter().flat_map(|commit| &commit.deliveries));
    let joined = made.filter_map(|delivery| Some((delivery.destination, delivery.lane?)));
    let left = attempts.iter().filter_map(|attempt| Some((attempt.destination, attempt.lane?)));
    let lanes: BTreeSet<(DestinationId, Lane)> = joined.chain(left).collect();
    if lanes.is_empty() {
        return Ok(());
    }
    let lanes: Table = lanes.into_iter().map(|(destination, lane)| values![destination, lane]).collect();
    let sql = "SELECT pg_advisory_xact_lock(key) FROM (
                   SELECT DISTINCT hashtextextended(current_schema() || destination::text, lane) AS key
                   FROM unnest(?1::uuid[], ?2::bigint[]) AS n (destination, lane) ORDER BY key) AS lanes";
    session.insert(sql, &lanes).await
}

/// Puts deliveries at the ends of their lanes, in their order.
pub(super) async fn join(session: &Session, deliveries: &Table) -> Result<(), Fault> {
    let sql = "WITH new AS (SELECT * FROM unnest(?1::bigint[], ?2::uuid[], ?3::bigint[], ?4::uuid[], ?5::uuid[],
                        ?6::text[], ?7::bigint[], ?8::bytea[], ?9::bigint[], ?10::bigint[])
                   WITH ORDINALITY
                       AS new (number, id, origin, destination, run, step, due_at, sealed, wakes, lane, place)),
               there AS (SELECT id FROM destination WHERE id IN (SELECT destination FROM new) ORDER BY id FOR SHARE),
               placed AS (SELECT new.*, new.destination IN (SELECT id FROM there) AS goes,
                       coalesce((SELECT max(l.turn) FROM delivery_live l
                                 WHERE l.destination = new.destination AND l.lane = new.lane AND l.turn IS NOT NULL), 0)
                           AS last,
                       row_number() OVER (PARTITION BY new.destination, new.lane ORDER BY new.place) AS nth
                   FROM new)
               INSERT INTO delivery_live
                   (number, id, origin, destination, run, step, status, attempts, lane, turn, wakes, due_at, created_at, sealed)
               SELECT number, id, origin, destination, run, step,
                   CASE WHEN NOT goes THEN 'dead' WHEN last + nth = 1 THEN 'pending' ELSE 'blocked' END,
                   0, lane, CASE WHEN goes THEN last + nth END, wakes, due_at, due_at, sealed
               FROM placed";
    session.insert(sql, deliveries).await
}

/// Lets the next of each lane be sent, whose first one has left.
pub(super) async fn advance(session: &Session, left: &Table) -> Result<(), Fault> {
    let sql = "UPDATE delivery_live d SET status = 'pending', due_at = n.due_at
               FROM unnest(?1::uuid[], ?2::bigint[], ?3::bigint[]) AS n (destination, lane, due_at)
                   CROSS JOIN LATERAL
                   (SELECT l.number, l.status FROM delivery_live l
                    WHERE l.destination = n.destination AND l.lane = n.lane AND l.turn IS NOT NULL
                    ORDER BY l.turn LIMIT 1) AS first
               WHERE d.number = first.number AND first.status = 'blocked'";
    session.insert(sql, left).await
}

fn made(admission: &Admission) -> &[NewDelivery] {
    match admission.run.as_ref().map(|run| &run.begin) {
        Some(Begin::Held { deliveries, .. } | Begin::Finished { deliveries, .. }) => deliveries,
        Some(Begin::Queued) | None => &[],
    }
}
