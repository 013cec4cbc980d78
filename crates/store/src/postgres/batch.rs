//! A transaction of many callers: each kind of write is a few statements, however many writes there are.
//!
//! Writes of one batch do not wait for one another: who sent one has no answer yet. So the order of kinds is free;
//! rows are locked in the order of their keys, so that nodes do not stand in each other's way.

mod admissions;
mod attempts;
mod awaited;
mod commits;
mod lanes;

use super::{origins, queue, session::Session, table::Table};
use crate::{
    RunId,
    delivery::NewDelivery,
    origin::Origins,
    sql::{Fault, values},
    write::{Outcome, Write},
};

/// Applies the writes; gives what came of each, in their order. Conflicts are outcomes; an error spoils all.
pub(super) async fn apply(
    session: &Session,
    origins: &mut Origins,
    writes: &[&Write],
) -> Result<Vec<Outcome>, Fault> {
    let mut outcomes: Vec<Option<Outcome>> = writes.iter().map(|_| None).collect();
    let mut settle = |at: usize, outcome: Outcome| {
        if let Some(place) = outcomes.get_mut(at) {
            *place = Some(outcome);
        }
    };
    let (mut admitted, mut committed, mut attempted) = (Vec::new(), Vec::new(), Vec::new());
    let (mut at_admission, mut at_commit, mut at_attempt) = (Vec::new(), Vec::new(), Vec::new());
    for (at, write) in writes.iter().enumerate() {
        match write {
            Write::Admit(admission) => {
                admitted.push(&admission.0);
                at_admission.push(at);
            }
            Write::Commit(commit) => {
                committed.push(&*commit.0);
                at_commit.push(at);
            }
            Write::Attempt(attempt) => {
                attempted.push(&**attempt);
                at_attempt.push(at);
            }
            Write::Claim(_)
            | Write::SweepClaims { .. }
            | Write::Lease(_)
            | Write::Blob(_)
            | Write::Prune(_)
            | Write::Origin(_)
            | Write::Statements(_) => {}
        }
    }
    let attempts: Vec<_> = attempted.iter().map(|attempt| &attempt.attempt).collect();
    lanes::lock(session, &admitted, &committed, &attempts).await?;
    awaited::lock(session, &committed, &attempts).await?;
    let mut outbox = Outbox::default();
    let admitted = admissions::apply(session, origins, &admitted, &mut outbox).await?;
    let committed = commits::apply(session, &committed, &mut outbox).await?;
    outbox.insert(session).await?;
    let attempted = attempts::apply(session, &attempted).await?;
    at_admission.into_iter().zip(admitted).for_each(|(at, said)| settle(at, Outcome::Admitted(said)));
    at_commit.into_iter().zip(committed).for_each(|(at, said)| settle(at, Outcome::Committed(said)));
    at_attempt.into_iter().zip(attempted).for_each(|(at, said)| settle(at, Outcome::Attempted(said)));
    for (at, write) in writes.iter().enumerate() {
        match write {
            Write::Claim(claim) => settle(at, Outcome::Claimed(queue::claim(session, origins, claim).await?)),
            Write::SweepClaims { limit, now } => {
                let sql = "DELETE FROM dedupe WHERE key = ANY(ARRAY(
                               SELECT key FROM dedupe WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2))";
                settle(at, Outcome::Changed(vec![session.execute(sql, values![*now, *limit]).await?]));
            }
            Write::Origin(origin) => {
                origins::of(session, origins, origin.clone()).await?;
                settle(at, Outcome::Changed(vec![]));
            }
            // Applied above, or in transactions of their own.
            Write::Admit(_)
            | Write::Commit(_)
            | Write::Attempt(_)
            | Write::Lease(_)
            | Write::Blob(_)
            | Write::Prune(_)
            | Write::Statements(_) => {}
        }
    }
    Ok(outcomes
        .into_iter()
        .map(|outcome| outcome.unwrap_or(Outcome::Conflict("nothing was written")))
        .collect())
}

/// The deliveries that the batch adds.
#[derive(Default)]
struct Outbox {
    free: Table,
    /// Those whose order counts, in the order of the batch.
    in_lanes: Table,
    /// Those that their run waits for, and that run.
    awaited: Table,
}

impl Outbox {
    fn add(&mut self, origin: i64, run: RunId, deliveries: &[NewDelivery]) {
        for delivery in deliveries {
            let mut row = values![
                delivery.id.number(),
                delivery.id,
                origin,
                delivery.destination,
                run,
                delivery.step.as_str(),
                delivery.due_at,
                delivery.message.clone(),
                delivery.wakes(run),
            ];
            if let Some(waiting) = delivery.wakes(run) {
                self.awaited.push(values![delivery.id.number(), waiting]);
            }
            match delivery.lane {
                None => self.free.push(row),
                Some(lane) => {
                    row.push(lane.into());
                    self.in_lanes.push(row);
                }
            }
        }
    }

    /// One whose destination was deleted meanwhile is a dead letter: nobody would ever send it. The lock lets nobody
    /// delete it until this is committed.
    async fn insert(&self, session: &Session) -> Result<(), Fault> {
        let sql = "WITH new AS (SELECT * FROM unnest(?1::bigint[], ?2::uuid[], ?3::bigint[], ?4::uuid[], ?5::uuid[],
                            ?6::text[], ?7::bigint[], ?8::bytea[], ?9::bigint[])
                       AS new (number, id, origin, destination, run, step, due_at, sealed, wakes)),
                   there AS (SELECT id FROM destination WHERE id IN (SELECT destination FROM new) ORDER BY id FOR SHARE)
                   INSERT INTO delivery_live
                       (number, id, origin, destination, run, step, status, attempts, wakes, due_at, created_at, sealed)
                   SELECT number, id, origin, destination, run, step,
                       CASE WHEN destination IN (SELECT id FROM there) THEN 'pending' ELSE 'dead' END,
                       0, wakes, due_at, due_at, sealed
                   FROM new";
        session.insert(sql, &self.free).await?;
        lanes::join(session, &self.in_lanes).await?;
        awaited::wake_by_dead(session, &self.awaited).await
    }
}
