//! What each write does in a transaction of PostgreSQL.

use faults::CrashPoint;
use flow::run::Status;

use super::{origins::Origins, queue, session::Session};
use crate::{
    RunId,
    delivery::{AttemptCommit, NewDelivery, Settle, Settled},
    event::{Admission, Admitted, Begin, DedupeClaim, NewEvent, OriginalRun},
    run::{Committed, Ending, HeldRun, RunCommit, Then, status_word},
    sql::{Fault, values},
    write::{Outcome, Write},
};

/// Applies one write. Conflicts are outcomes; an error spoils the whole batch.
pub(super) async fn apply(session: &Session, origins: &mut Origins, write: &Write) -> Result<Outcome, Fault> {
    match write {
        Write::Admit(admission) => admit(session, origins, &admission.0).await.map(Outcome::Admitted),
        Write::Commit(commit) => run_commit(session, &commit.0).await.map(Outcome::Committed),
        Write::Claim(claim) => queue::claim(session, origins, claim).await.map(Outcome::Claimed),
        Write::Attempt(attempt) => attempted(session, &attempt.0).await.map(Outcome::Attempted),
        Write::SweepClaims { limit, now } => {
            let sql = "DELETE FROM dedupe WHERE key IN
                           (SELECT key FROM dedupe WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)";
            session.execute(sql, values![*now, *limit]).await.map(|deleted| Outcome::Changed(vec![deleted]))
        }
        Write::Statements(statements) => {
            let mut changed = Vec::with_capacity(statements.len());
            for statement in statements {
                changed.push(session.execute(statement.sql.postgres(), &statement.params).await?);
            }
            Ok(Outcome::Changed(changed))
        }
    }
}

async fn admit(session: &Session, origins: &mut Origins, admission: &Admission) -> Result<Admitted, Fault> {
    let event = &admission.event;
    if let Some(claim) = &admission.dedupe
        && let Some(first) = claimed_before(session, event, claim).await?
    {
        return Ok(Admitted::Duplicate(first));
    }
    let origin = origins.number(session, event).await?;
    let record = admission.run.as_ref().and_then(OriginalRun::first_record).map(<[u8]>::to_vec);
    session
        .execute(
            "INSERT INTO event (number, id, origin, filtered, received_at, sealed, record)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            values![
                event.id.number(),
                event.id,
                origin,
                event.status == crate::EventStatus::Filtered,
                event.received_at,
                event.content.to_vec(),
                record,
            ],
        )
        .await?;
    faults::hit(CrashPoint::InsideAdmission);
    if let Some(run) = &admission.run {
        insert_run(session, event, origin, run).await?;
    }
    Ok(Admitted::New)
}

/// Claims an event's dedupe key, or says which event holds it.
async fn claimed_before(
    session: &Session,
    event: &NewEvent,
    claim: &DedupeClaim,
) -> Result<Option<crate::EventId>, Fault> {
    let Some(source) = event.source else { return Ok(None) };
    let key = crate::event::dedupe_key(source, claim);
    let sql = "INSERT INTO dedupe (key, event, expires_at) VALUES (?1, ?2, ?3)
               ON CONFLICT (key) DO UPDATE SET event = excluded.event, expires_at = excluded.expires_at
               WHERE dedupe.expires_at <= ?4";
    let params = values![key.to_vec(), event.id, claim.expires_at, event.received_at];
    if session.execute(sql, params).await? == 1 {
        return Ok(None);
    }
    session.row("SELECT event FROM dedupe WHERE key = ?1", values![key.to_vec()], |row| row.get(0)).await
}

async fn insert_run(
    session: &Session,
    event: &NewEvent,
    origin: i64,
    run: &OriginalRun,
) -> Result<(), Fault> {
    let id = event.id.original_run();
    let columns = values![id.number(), id, origin, run.version, event.received_at];
    match &run.begin {
        Begin::Queued => {
            let sql = "INSERT INTO run_queue (number, origin, version) VALUES (?1, ?2, ?3)";
            session.execute(sql, values![id.number(), origin, run.version]).await.map(drop)
        }
        Begin::Held { owner, deliveries, .. } => {
            let sql = "INSERT INTO run_live
                           (number, id, origin, version, created_at, cause, status, owner, fence, deaths)
                       VALUES (?1, ?2, ?3, ?4, ?5, 'original', 'running', ?6, 1, 0)";
            session.execute(sql, [columns, values![*owner]].concat()).await?;
            insert_deliveries(session, origin, id, deliveries).await
        }
        Begin::Finished { ending, deliveries, .. } => {
            let sql = "INSERT INTO run
                           (number, id, origin, version, created_at, cause, status, error, finished_at)
                       VALUES (?1, ?2, ?3, ?4, ?5, 'original', ?6, ?7, ?8)";
            let ended = values![status_word(ending.status), ending.error.clone(), ending.at];
            session.execute(sql, [columns, ended].concat()).await?;
            insert_deliveries(session, origin, id, deliveries).await
        }
    }
}

async fn insert_deliveries(
    session: &Session,
    origin: i64,
    run: RunId,
    deliveries: &[NewDelivery],
) -> Result<(), Fault> {
    // One whose destination was deleted meanwhile is a dead letter: nobody would ever send it. The lock lets nobody
    // delete it until this is committed.
    let sql = "INSERT INTO delivery_live
                   (number, id, origin, destination, run, step, status, attempts, due_at, created_at, sealed)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6,
                       CASE WHEN EXISTS (SELECT 1 FROM destination WHERE id = ?4 FOR SHARE)
                            THEN 'pending' ELSE 'dead' END,
                       0, ?7, ?7, ?8)";
    for delivery in deliveries {
        let columns = values![
            delivery.id.number(),
            delivery.id,
            origin,
            delivery.destination,
            run,
            delivery.step.as_str(),
            delivery.due_at,
            delivery.message.clone(),
        ];
        session.execute(sql, columns).await?;
    }
    Ok(())
}

async fn run_commit(session: &Session, commit: &RunCommit) -> Result<Committed, Fault> {
    let held = &commit.held;
    let Some(origin) = origin_if_held(session, held).await? else { return Ok(Committed::Lost) };
    match &commit.then {
        Then::Hold => {}
        Then::Release { status, wake_at } => release(session, held.id, *status, *wake_at).await?,
        Then::End(ending) => end(session, held.id, ending).await?,
    }
    if let Some(record) = &commit.record {
        let sql = "INSERT INTO journal (run, seq, sealed) VALUES (?1, ?2, ?3)";
        session.execute(sql, values![held.id.number(), commit.seq, record.clone()]).await?;
    }
    insert_deliveries(session, origin, held.id, &commit.deliveries).await?;
    if commit.absolved {
        let sql = "UPDATE run_live SET deaths = 0 WHERE number = ?1";
        session.execute(sql, values![held.id.number()]).await?;
    }
    if matches!(commit.then, Then::End(_)) {
        faults::hit(CrashPoint::InsideRunEnd);
    }
    Ok(Committed::Done)
}

/// A run's origin, if it is held by this node under this fence. Nobody can take it until this is committed.
async fn origin_if_held(session: &Session, held: &HeldRun) -> Result<Option<i64>, Fault> {
    let sql = "SELECT origin FROM run_live WHERE number = ?1 AND owner = ?2 AND fence = ?3 FOR UPDATE";
    session.row(sql, values![held.id.number(), held.owner, held.fence], |row| row.get(0)).await
}

async fn release(
    session: &Session,
    id: RunId,
    status: Status,
    wake_at: Option<clock::Timestamp>,
) -> Result<(), Fault> {
    let sql = "UPDATE run_live SET owner = NULL, status = ?2, wake_at = ?3 WHERE number = ?1";
    session.execute(sql, values![id.number(), status_word(status), wake_at]).await.map(drop)
}

async fn end(session: &Session, id: RunId, ending: &Ending) -> Result<(), Fault> {
    let sql = "WITH ended AS (DELETE FROM run_live WHERE number = ?1 RETURNING *)
               INSERT INTO run
                   (number, id, origin, version, event, cause, repeats, status, error, created_at, finished_at)
               SELECT number, id, origin, version, event, cause, repeats, ?2, ?3, created_at, ?4 FROM ended";
    let ended = values![id.number(), status_word(ending.status), ending.error.clone(), ending.at];
    session.execute(sql, ended).await.map(drop)
}

async fn attempted(session: &Session, attempt: &AttemptCommit) -> Result<Settled, Fault> {
    let delivery = attempt.delivery.number();
    // Only the owner of the destination may settle its deliveries, and each attempt only once.
    let sql = "SELECT 1 FROM delivery_live d JOIN destination_lease l ON l.destination = d.destination
               WHERE d.number = ?1 AND d.id = ?2 AND d.status = 'pending' AND d.attempts = ?3 AND l.owner = ?4
               FOR UPDATE OF d FOR SHARE OF l";
    let mine = values![delivery, attempt.delivery, attempt.number - 1, attempt.owner];
    if session.row(sql, mine, |_| Ok(())).await?.is_none() {
        return Ok(Settled::Lost);
    }
    let (number, at, record) = (attempt.number, attempt.at, attempt.record.clone());
    if let Settle::Delivered(done) = attempt.then {
        let sql = "WITH arrived AS (DELETE FROM delivery_live WHERE number = ?1 RETURNING *)
                   INSERT INTO delivery (number, id, origin, destination, run, step, attempts, created_at,
                                         finished_at, sealed, began_at, record)
                   SELECT number, id, origin, destination, run, step, ?2, created_at, ?3, sealed, ?4, ?5 FROM arrived";
        session.execute(sql, values![delivery, number, done, at, record]).await?;
    } else {
        let sql = "INSERT INTO attempt (delivery, number, at, outcome, sealed) VALUES (?1, ?2, ?3, ?4, ?5)";
        session.execute(sql, values![delivery, number, at, attempt.outcome.as_str(), record]).await?;
    }
    match attempt.then {
        Settle::Delivered(_) => {}
        Settle::Retry(due_at) => {
            let sql = "UPDATE delivery_live SET attempts = ?2, due_at = ?3 WHERE number = ?1";
            session.execute(sql, values![delivery, number, due_at]).await?;
        }
        Settle::Dead => {
            let sql = "UPDATE delivery_live SET attempts = ?2, status = 'dead' WHERE number = ?1";
            session.execute(sql, values![delivery, number]).await?;
        }
    }
    if let Some(reason) = attempt.disable {
        let sql = "UPDATE destination SET disabled_reason = ?2 WHERE id = ?1";
        session.execute(sql, values![attempt.destination, reason]).await?;
    }
    Ok(Settled::Done)
}
