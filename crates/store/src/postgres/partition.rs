//! History in partitions, by the number of its rows and so by their time: what has expired is dropped whole, and its
//! disk is free at once.
//!
//! Every number has a place, whatever a clock says. The last partition has no end; before its time comes it gets one,
//! and another without end begins after it. The first partition has no beginning. It takes what outlives its own: of a
//! trace that is unfinished, or reaches into a younger partition, nothing is dropped.
//!
//! The tables are seen to one after the other, so now and then their partitions end at different numbers. What is
//! dropped reaches up to a number at which a partition of every table ends.

mod entangled;

use std::{collections::BTreeSet, time::Duration};

use clock::Timestamp;
use tokio_postgres::error::SqlState;

use entangled::Entangled;

use super::{connector::Connector, last_number, prune_in_turn, session::Session, table::Table, turn};
use crate::{
    EventId, Fault, RunId,
    id::{first_number, millis},
    retention::{DAY, Prune, SLICE},
    sql::{Row, values},
};

/// The time of one partition. What may meet all of history is planned for each partition and locks it: at 30 days these
/// are about eight. Narrower ones would free the disk little sooner.
pub(super) const WIDTH: Duration = Duration::from_secs(7 * 86_400);

/// How long before its time the last partition gets an end: as long as it is empty, that takes no time.
const AHEAD: Duration = Duration::from_secs(2 * 86_400);

/// How many weeks there are from the greatest number to the end of a partition that gets it late. From when it begins to
/// prove that it can have that end until it has it, it takes nothing beyond.
const ROOM: i64 = 2;

/// How long the other sessions may be held up while a lock is waited for, and by one statement under it; then it is
/// tried another time.
const PATIENCE: &str = "SET LOCAL lock_timeout = '200ms'; SET LOCAL statement_timeout = '2s'";

/// How many traces may outlive their partition: they are moved while nobody else can write.
const KEPT: usize = 5_000;

/// The advisory lock of who works on the partitions of a schema begins with this: "particle" in ASCII.
const LOCK: i64 = 0x7061_7274_6963_6c65;

/// The partitioned tables, and by which column.
pub(crate) const TABLES: [(&str, &str); 6] = [
    ("event", "number"),
    ("blob_use", "event"),
    ("run", "number"),
    ("journal", "run"),
    ("delivery", "number"),
    ("attempt", "delivery"),
];

/// A partition and the numbers that it holds: from the one on, up to the other.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Partition {
    name: String,
    from: Option<i64>,
    to: Option<i64>,
}

/// Makes partitions for the time to come, and drops the oldest when everything of its time ended before
/// `ended_before`. Says whether the next may be dropped as well. When somebody else holds a lock, all of this is left
/// to another time.
pub(super) async fn keep(
    connector: &Connector,
    now: Timestamp,
    ended_before: Timestamp,
) -> Result<bool, Fault> {
    let session = Session::connect(connector).await?;
    // How much of a table some numbers are makes all the difference to what is asked here.
    session.batch("SET plan_cache_mode = force_custom_plan").await?;
    let lock = "SELECT pg_try_advisory_lock(hashtextextended(current_schema(), ?1))";
    if session.row(lock, values![LOCK], |row| row.get::<bool>(0)).await? != Some(true) {
        return Ok(false);
    }
    let kept = async {
        let last = last_number(&session).await?;
        for (table, key) in TABLES {
            close(&session, (table, key), now, last).await?;
        }
        drop_oldest(&session, ended_before).await
    };
    let kept = kept.await;
    // The server would notice some time later that nobody is there any more.
    let undo = if kept.is_ok() { "" } else { "ROLLBACK; " };
    let freed = session.batch(&format!("{undo}SELECT pg_advisory_unlock_all()")).await;
    match kept {
        Err(fault) if is_locked(&fault) => {
            tracing::debug!("the tables of history are busy; their partitions are seen to later");
            Ok(false)
        }
        kept => kept.and_then(|more| freed.map(|()| more)),
    }
}

/// Gives the last partition of a table an end, if its time is near, and lets another without end begin after it. The
/// end is after the `last` number of all, so no row is moved, and no row has to be read while nobody can work.
async fn close(
    session: &Session,
    (table, key): (&str, &str),
    now: Timestamp,
    last: i64,
) -> Result<(), Fault> {
    let Some(open) = partitions(session, table).await?.pop() else { return Ok(()) };
    let (open, from, near) = (open.name, open.from.unwrap_or(0), first_number(now.after(AHEAD)));
    if from > near {
        return Ok(());
    }
    let width = i64::try_from(WIDTH.as_millis()).unwrap_or(i64::MAX);
    let week = millis(near.max(last)).div_euclid(width) * width;
    // Nobody may have seen to it for long. Then it holds rows, and takes more while this is done.
    let is_late = last >= from;
    let end = Timestamp::from_millis(week + if is_late { ROOM } else { 1 } * width);
    let (to, next) = (first_number(end), format!("{table}_{}", date(session, end).await?));
    if is_late {
        prove(session, &open, &format!("{key} >= {from} AND {key} < {to}")).await?;
    }
    let transaction = session.begin().await?;
    session
        .batch(&format!(
            "{PATIENCE};
             CREATE TABLE {next} (LIKE {table} INCLUDING ALL);
             LOCK TABLE ONLY {table} IN ACCESS EXCLUSIVE MODE;
             ALTER TABLE {table} DETACH PARTITION {open};
             ALTER TABLE {table} ATTACH PARTITION {open} FOR VALUES FROM ({from}) TO ({to});
             ALTER TABLE {table} ATTACH PARTITION {next} FOR VALUES FROM ({to}) TO (MAXVALUE);
             ALTER TABLE {open} DROP CONSTRAINT IF EXISTS {open}_until"
        ))
        .await?;
    transaction.commit().await?.settled().await
}

/// Lets a partition prove, while others work, that all its rows are such: so it is not read through when it is given
/// these bounds, while nobody can work.
async fn prove(session: &Session, partition: &str, rows: &str) -> Result<(), Fault> {
    let transaction = session.begin().await?;
    session
        .batch(&format!(
            "{PATIENCE};
             ALTER TABLE {partition} DROP CONSTRAINT IF EXISTS {partition}_until,
                 ADD CONSTRAINT {partition}_until CHECK ({rows}) NOT VALID"
        ))
        .await?;
    transaction.commit().await?.settled().await?;
    let transaction = session.begin().await?;
    let validate = format!("ALTER TABLE {partition} VALIDATE CONSTRAINT {partition}_until");
    session.long_batch(&format!("{PATIENCE}; SET LOCAL statement_timeout = 0; {validate}")).await?;
    transaction.commit().await?.settled().await
}

/// Drops the oldest partitions of every table, if they have expired. Says whether something was done.
async fn drop_oldest(session: &Session, ended_before: Timestamp) -> Result<bool, Fault> {
    let Some((from, to)) = oldest(session).await? else { return Ok(false) };
    // What took longer than a day to end is known by an index; all else of this time has ended as well.
    if to > first_number(ended_before.before(DAY)) {
        return Ok(false);
    }
    let Entangled { events, is_all } = entangled::events(session, (from, to), ended_before).await?;
    let mut deleted = 0;
    for events in events.chunks(SLICE as usize) {
        let events = events.iter().map(|event| event.number()).collect();
        let (pruned, end) = prune_in_turn(session, &Prune { events, ended_before }).await?;
        end.settled().await?;
        deleted += pruned.deleted;
    }
    if is_all && events.len() - deleted <= KEPT {
        for (table, key) in TABLES {
            prove(session, &format!("{table}_kept"), &format!("{key} < {to}")).await?;
        }
        return replace(session, (from, to), ended_before).await;
    }
    if deleted == 0 {
        tracing::info!(
            more_than = KEPT,
            "a partition of history is not dropped: too much in it is unfinished"
        );
    }
    Ok(deleted > 0)
}

/// The numbers from the end of `kept` up to the first at which a partition of every table ends.
async fn oldest(session: &Session) -> Result<Option<(i64, i64)>, Fault> {
    let (mut from, mut common) = (None, None);
    for (table, _) in TABLES {
        let mut ends = partitions(session, table).await?.into_iter().map(|partition| partition.to);
        from = ends.next().flatten();
        let ends: BTreeSet<i64> = ends.flatten().collect();
        common = Some(common.map_or_else(|| ends.clone(), |common: BTreeSet<i64>| &common & &ends));
    }
    Ok(from.zip(common.unwrap_or_default().first().copied()))
}

/// Drops the partitions of these numbers; what outlives them goes to `kept`, which reaches up to their end from now on.
async fn replace(session: &Session, (from, to): (i64, i64), ended_before: Timestamp) -> Result<bool, Fault> {
    // Nothing that has ended is replayed meanwhile.
    let transaction = turn(session).await?;
    session.batch(PATIENCE).await?;
    let Entangled { events, is_all } = entangled::events(session, (from, to), ended_before).await?;
    if !is_all || events.len() > KEPT {
        transaction.undo().await?;
        return Ok(false);
    }
    let names = TABLES.map(|(table, _)| table).join(", ONLY ");
    session.batch(&format!("LOCK TABLE ONLY {names} IN ACCESS EXCLUSIVE MODE")).await?;
    for (table, _) in TABLES {
        session.batch(&format!("ALTER TABLE {table} DETACH PARTITION {table}_kept")).await?;
    }
    rescue(session, &events, to).await?;
    for (table, _) in TABLES {
        let gone = partitions(session, table).await?.into_iter();
        let gone = gone.filter(|partition| partition.to.is_some_and(|end| end <= to));
        let gone: Vec<String> = gone.map(|partition| partition.name).collect();
        session
            .batch(&format!(
                "DROP TABLE {};
                 ALTER TABLE {table} ATTACH PARTITION {table}_kept FOR VALUES FROM (MINVALUE) TO ({to})",
                gone.join(", "),
            ))
            .await?;
    }
    transaction.commit().await?.settled().await?;
    tracing::info!(kept = events.len(), "a partition of history was dropped");
    Ok(true)
}

/// Copies what belongs to these events, and has a number before this, to `kept`, which is apart from the tables now.
async fn rescue(session: &Session, events: &[EventId], to: i64) -> Result<(), Fault> {
    let repeats = "SELECT id FROM run WHERE event = ANY(?1::uuid[])
                   UNION ALL SELECT id FROM run_kept WHERE event = ANY(?1::uuid[])
                   UNION ALL SELECT id FROM run_live WHERE event = ANY(?1::uuid[])";
    let repeats: Vec<RunId> =
        session.table(repeats, &Table::column(events.iter().copied()), |row| row.get(0)).await?;
    let runs: Vec<RunId> = events.iter().map(|event| event.original_run()).chain(repeats).collect();
    let deliveries = "SELECT number FROM delivery WHERE run = ANY(?1::uuid[])
                      UNION ALL SELECT number FROM delivery_live WHERE run = ANY(?1::uuid[])";
    let deliveries: Vec<i64> =
        session.table(deliveries, &Table::column(runs.iter().copied()), |row| row.get(0)).await?;
    let before = |number: &i64| *number < to;
    let runs = Table::column(runs.iter().map(|run| run.number()).filter(before));
    let deliveries = Table::column(deliveries.into_iter().filter(before));
    for (sql, whose) in [
        ("INSERT INTO event_kept SELECT * FROM event WHERE number = ANY(?1::bigint[])", &runs),
        ("INSERT INTO blob_use_kept SELECT * FROM blob_use WHERE event = ANY(?1::bigint[])", &runs),
        ("INSERT INTO run_kept SELECT * FROM run WHERE number = ANY(?1::bigint[])", &runs),
        ("INSERT INTO journal_kept SELECT * FROM journal WHERE run = ANY(?1::bigint[])", &runs),
        ("INSERT INTO delivery_kept SELECT * FROM delivery WHERE number = ANY(?1::bigint[])", &deliveries),
        ("INSERT INTO attempt_kept SELECT * FROM attempt WHERE delivery = ANY(?1::bigint[])", &deliveries),
    ] {
        session.insert(sql, whose).await?;
    }
    Ok(())
}

/// The partitions of a table, in order.
async fn partitions(session: &Session, table: &str) -> Result<Vec<Partition>, Fault> {
    let sql = r"SELECT c.relname::text,
                    substring(pg_get_expr(c.relpartbound, c.oid) FROM 'FROM \(''(\d+)''\)')::bigint AS begins,
                    substring(pg_get_expr(c.relpartbound, c.oid) FROM 'TO \(''(\d+)''\)')::bigint AS ends
                FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
                WHERE i.inhparent = ?1::text::regclass ORDER BY begins NULLS FIRST";
    let partition = |row: &Row<'_>| Ok(Partition { name: row.get(0)?, from: row.get(1)?, to: row.get(2)? });
    session.rows(sql, values![table], partition).await
}

/// A day, as the names of partitions have it.
async fn date(session: &Session, day: Timestamp) -> Result<String, Fault> {
    let sql = "SELECT to_char(to_timestamp(?1::bigint / 1000) AT TIME ZONE 'UTC', 'YYYYMMDD')";
    let date = session.row(sql, values![day], |row| row.get(0)).await?;
    date.ok_or(Fault::Column { column: 0, expected: "a day" })
}

fn is_locked(fault: &Fault) -> bool {
    let Fault::Postgres(error) = fault else { return false };
    error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE)
}
