//! What each write does in a transaction of SQLite.

use faults::CrashPoint;
use flow::run::Status;
use rusqlite::{Connection, OptionalExtension, params, params_from_iter};

use super::{memory::Memory, origins, prune, queue};
use crate::{
    RunId,
    alert::{self, SealedAlert},
    delivery::{
        NewDelivery, SealedAttempt, Settle, Settled,
        awaited::{WAKE, WAKE_IF_DEAD},
        lane::ADVANCE,
    },
    event::{Admission, Admitted, Begin, NewEvent, OriginalRun, dedupe_key},
    run::{Committed, Ending, HeldRun, RunCommit, Then, status_word},
    schedule::Tick,
    sql::Statement,
    write::{Outcome, Write},
};

/// Applies one write. Conflicts are outcomes; an error spoils the whole batch.
pub(super) fn apply(c: &Connection, memory: &mut Memory, write: &Write) -> rusqlite::Result<Outcome> {
    match write {
        Write::Admit(admission) => admit(c, memory, &admission.0).map(Outcome::Admitted),
        Write::Commit(commit) => run_commit(c, &commit.0).map(Outcome::Committed),
        Write::Claim(claim) => queue::claim(c, memory, claim).map(Outcome::Claimed),
        Write::Attempt(attempt) => attempted(c, attempt).map(Outcome::Attempted),
        Write::SweepClaims { limit, now } => {
            memory.claims.sweep(c, *limit, now.as_millis()).map(|deleted| Outcome::Changed(vec![deleted]))
        }
        Write::Lease(statement) | Write::Blob(statement) => {
            statements_in_turn(c, std::slice::from_ref(statement))
        }
        Write::Prune(slice) => prune::apply(c, slice).map(Outcome::Pruned),
        Write::Origin(origin) => {
            origins::of(c, &mut memory.origins, origin.clone()).map(|_| Outcome::Changed(vec![]))
        }
        Write::Statements(statements) => statements_in_turn(c, statements),
    }
}

fn admit(c: &Connection, memory: &mut Memory, admission: &Admission) -> rusqlite::Result<Admitted> {
    let event = &admission.event;
    if let Some(tick) = &admission.tick
        && !moved_on(c, tick)?
    {
        return Ok(Admitted::Passed);
    }
    if let Some(claim) = &admission.dedupe {
        let key = dedupe_key(event, claim);
        let times = (event.received_at.as_millis(), claim.expires_at.as_millis());
        if let Some(first) = memory.claims.claim(c, key, event.id, times)? {
            return Ok(Admitted::Duplicate(first));
        }
    }
    let origin = origins::number(c, &mut memory.origins, event)?;
    insert_event(c, event, origin, admission.run.as_ref().and_then(OriginalRun::first_record))?;
    insert_uses(c, admission)?;
    faults::hit(CrashPoint::InsideAdmission);
    if let Some(run) = &admission.run {
        insert_run(c, memory, event, origin, run)?;
    }
    Ok(Admitted::New)
}

/// Moves a schedule on, if it still stands at this tick.
fn moved_on(c: &Connection, tick: &Tick) -> rusqlite::Result<bool> {
    c.prepare_cached(
        "UPDATE schedule SET next_at = ?4, last_at = ?2 WHERE source = ?1 AND next_at = ?2 AND revision = ?3",
    )?
    .execute(params![tick.source, tick.at.as_millis(), tick.revision, tick.next_at.as_millis()])
    .map(|moved| moved == 1)
}

fn insert_event(
    c: &Connection,
    event: &NewEvent,
    origin: i64,
    record: Option<&[u8]>,
) -> rusqlite::Result<()> {
    c.prepare_cached(
        "INSERT INTO event (number, id, origin, filtered, received_at, sealed, record)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute(params![
        event.id.number(),
        event.id,
        origin,
        event.status == crate::EventStatus::Filtered,
        event.received_at.as_millis(),
        &event.content[..],
        record,
    ])
    .map(drop)
}

fn insert_uses(c: &Connection, admission: &Admission) -> rusqlite::Result<()> {
    let Admission { event, files, .. } = admission;
    for file in files {
        c.prepare_cached(
            "INSERT INTO blob_use (event, sha256, workspace) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
        )?
        .execute(params![event.id.number(), file.sha256, event.place.workspace])?;
    }
    Ok(())
}

fn insert_run(
    c: &Connection,
    memory: &mut Memory,
    event: &NewEvent,
    origin: i64,
    run: &OriginalRun,
) -> rusqlite::Result<()> {
    let id = event.id.original_run();
    match &run.begin {
        Begin::Queued => queue::add(c, &mut memory.heads, (origin, id), run.version),
        Begin::Held { owner, deliveries, .. } => {
            c.prepare_cached(
                "INSERT INTO run_live
                     (number, id, origin, version, cause, status, owner, fence, deaths, created_at)
                 VALUES (?1, ?2, ?3, ?4, 'original', 'running', ?5, 1, 0, ?6)",
            )?
            .execute(params![
                id.number(),
                id,
                origin,
                run.version,
                owner,
                event.received_at.as_millis(),
            ])?;
            insert_deliveries(c, origin, id, deliveries)
        }
        Begin::Finished { ending, deliveries, .. } => {
            c.prepare_cached(
                "INSERT INTO run
                     (number, id, origin, version, cause, status, error, created_at, finished_at)
                 VALUES (?1, ?2, ?3, ?4, 'original', ?5, ?6, ?7, ?8)",
            )?
            .execute(params![
                id.number(),
                id,
                origin,
                run.version,
                status_word(ending.status),
                ending.error,
                event.received_at.as_millis(),
                ending.at.as_millis(),
            ])?;
            insert_deliveries(c, origin, id, deliveries)
        }
    }
}

fn insert_record(c: &Connection, (run, seq): (RunId, u32), record: &[u8]) -> rusqlite::Result<()> {
    c.prepare_cached("INSERT INTO journal (run, seq, sealed) VALUES (?1, ?2, ?3)")?
        .execute(params![run.number(), seq, record])
        .map(drop)
}

fn insert_deliveries(
    c: &Connection,
    origin: i64,
    run: RunId,
    deliveries: &[NewDelivery],
) -> rusqlite::Result<()> {
    if deliveries.is_empty() {
        return Ok(());
    }
    // One whose destination was deleted meanwhile is a dead letter: nobody would ever send it.
    let mut insert = c.prepare_cached(
        "INSERT INTO delivery_live
             (number, id, origin, destination, run, step, status, attempts, lane, turn, wakes, due_at, created_at,
              sealed)
         SELECT ?1, ?2, ?3, ?4, ?5, ?6,
             CASE WHEN there.id IS NULL THEN 'dead' WHEN last.turn IS NULL THEN 'pending' ELSE 'blocked' END,
             0, ?9, CASE WHEN there.id IS NOT NULL AND ?9 IS NOT NULL THEN coalesce(last.turn, 0) + 1 END, ?10, ?7, ?7, ?8
         FROM (SELECT max(turn) AS turn FROM delivery_live
               WHERE destination = ?4 AND lane = ?9 AND turn IS NOT NULL) last
             LEFT JOIN destination there ON there.id = ?4",
    )?;
    for delivery in deliveries {
        insert.execute(params![
            delivery.id.number(),
            delivery.id,
            origin,
            delivery.destination,
            run,
            delivery.step,
            delivery.due_at.as_millis(),
            delivery.message,
            delivery.lane,
            delivery.wakes(run),
        ])?;
        if let Some(waiting) = delivery.wakes(run) {
            c.prepare_cached(WAKE_IF_DEAD)?.execute(params![
                waiting,
                delivery.due_at.as_millis(),
                delivery.id.number()
            ])?;
        }
    }
    Ok(())
}

fn run_commit(c: &Connection, commit: &RunCommit) -> rusqlite::Result<Committed> {
    let held = &commit.held;
    let Some(origin) = origin_if_held(c, held)? else { return Ok(Committed::Lost) };
    match &commit.then {
        Then::Hold => {}
        Then::Release { status, wake_at } => {
            release(c, held.id, *status, wake_at.map(clock::Timestamp::as_millis))?;
        }
        Then::End(ending) => end(c, held.id, ending)?,
    }
    if let Some(record) = &commit.record {
        insert_record(c, (held.id, commit.seq), record)?;
    }
    insert_deliveries(c, origin, held.id, &commit.deliveries)?;
    if commit.absolved {
        c.prepare_cached("UPDATE run_live SET deaths = 0 WHERE number = ?1")?.execute([held.id.number()])?;
    }
    if matches!(commit.then, Then::End(_)) {
        faults::hit(CrashPoint::InsideRunEnd);
    }
    Ok(Committed::Done)
}

/// A run's origin, if it is held by this node under this fence.
fn origin_if_held(c: &Connection, held: &HeldRun) -> rusqlite::Result<Option<i64>> {
    c.prepare_cached("SELECT origin FROM run_live WHERE number = ?1 AND owner = ?2 AND fence = ?3")?
        .query_row(params![held.id.number(), held.owner, held.fence], |row| row.get(0))
        .optional()
}

fn release(c: &Connection, id: RunId, status: Status, wake_at: Option<i64>) -> rusqlite::Result<()> {
    // What came while it was held still wakes one that waits.
    c.prepare_cached(
        "UPDATE run_live SET owner = NULL, status = ?2,
             wake_at = CASE ?2 WHEN 'waiting' THEN min(coalesce(wake_at, ?3), coalesce(?3, wake_at)) ELSE ?3 END
         WHERE number = ?1",
    )?
    .execute(params![id.number(), status_word(status), wake_at])
    .map(drop)
}

fn end(c: &Connection, id: RunId, ending: &Ending) -> rusqlite::Result<()> {
    c.prepare_cached(
        "INSERT INTO run
             (number, id, origin, version, event, cause, repeats, status, error, created_at, finished_at)
         SELECT number, id, origin, version, event, cause, repeats, ?2, ?3, created_at, ?4
         FROM run_live WHERE number = ?1",
    )?
    .execute(params![id.number(), status_word(ending.status), ending.error, ending.at.as_millis()])?;
    c.prepare_cached("DELETE FROM run_live WHERE number = ?1")?.execute([id.number()]).map(drop)
}

fn attempted(c: &Connection, sealed: &SealedAttempt) -> rusqlite::Result<Settled> {
    let attempt = &sealed.attempt;
    let delivery = attempt.delivery.number();
    // Only the owner of the destination may settle its deliveries, and each attempt only once.
    let open = c
        .prepare_cached(
            "SELECT 1 FROM delivery_live d
             WHERE d.number = ?1 AND d.id = ?2 AND d.status = 'pending' AND d.attempts = ?3
               AND EXISTS (SELECT 1 FROM destination_lease l WHERE l.destination = d.destination AND l.owner = ?4)",
        )?
        .exists(params![delivery, attempt.delivery, attempt.number - 1, attempt.owner])?;
    if !open {
        return Ok(Settled::Lost);
    }
    let (at, record) = (attempt.at.as_millis(), &attempt.record);
    if let Settle::Delivered(done) = attempt.then {
        c.prepare_cached(
            "INSERT INTO delivery
                 (number, id, origin, destination, run, step, attempts, created_at, finished_at, sealed, began_at, record,
                  replay_of)
             SELECT number, id, origin, destination, run, step, ?2, created_at, ?3, sealed, ?4, ?5, replay_of
             FROM delivery_live WHERE number = ?1",
        )?
        .execute(params![delivery, attempt.number, done.as_millis(), at, record])?;
        c.prepare_cached("DELETE FROM delivery_live WHERE number = ?1")?.execute([delivery])?;
    } else {
        c.prepare_cached(
            "INSERT INTO attempt (delivery, number, at, outcome, sealed) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![delivery, attempt.number, at, attempt.outcome, record])?;
    }
    match attempt.then {
        Settle::Delivered(_) => {}
        Settle::Retry(due_at) => {
            c.prepare_cached("UPDATE delivery_live SET attempts = ?2, due_at = ?3 WHERE number = ?1")?
                .execute(params![delivery, attempt.number, due_at.as_millis()])?;
        }
        Settle::Dead { halts } => {
            c.prepare_cached(
                "UPDATE delivery_live SET attempts = ?2, status = 'dead', turn = CASE WHEN ?3 THEN turn END
                 WHERE number = ?1",
            )?
            .execute(params![delivery, attempt.number, halts])?;
        }
    }
    if let Some(run) = attempt.woken() {
        c.prepare_cached(WAKE)?.execute(params![run.number(), at])?;
    }
    if let (Some(lane), true) = (attempt.lane, attempt.then.leaves_lane()) {
        c.prepare_cached(ADVANCE)?.execute(params![attempt.destination, lane, at])?;
    }
    if let Some(reason) = attempt.disable {
        c.prepare_cached("UPDATE destination SET disabled_reason = ?2 WHERE id = ?1")?
            .execute(params![attempt.destination, reason])?;
    }
    for SealedAlert { kind, at, sealed } in &sealed.alerts {
        c.prepare_cached(alert::INSERT)?.execute(params![
            attempt.destination,
            kind.word(),
            at.as_millis(),
            sealed
        ])?;
    }
    Ok(Settled::Done)
}

/// Runs statements in a savepoint of their own, which is undone when one of them finds a conflict.
fn statements_in_turn(c: &Connection, statements: &[Statement]) -> rusqlite::Result<Outcome> {
    c.prepare_cached("SAVEPOINT write")?.execute([])?;
    let mut changed = Vec::with_capacity(statements.len());
    for statement in statements {
        let rows = c.prepare_cached(statement.sql.sqlite())?.execute(params_from_iter(&statement.params))?;
        if let (0, Some(said)) = (rows, statement.must_change) {
            c.prepare_cached("ROLLBACK TO write")?.execute([])?;
            c.prepare_cached("RELEASE write")?.execute([])?;
            return Ok(Outcome::Conflict(said));
        }
        changed.push(rows);
    }
    c.prepare_cached("RELEASE write")?.execute([])?;
    Ok(Outcome::Changed(changed))
}
