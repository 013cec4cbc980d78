//! Accepted requests.

use std::collections::{BTreeMap, HashMap, HashSet};

use faults::CrashPoint;
use tokio::try_join;

use super::Outbox;
use crate::{
    EventId, EventStatus,
    event::{Admission, Admitted, Begin, OriginalRun, dedupe_key},
    origin::Origins,
    postgres::{origins, session::Session, table::Table},
    run::status_word,
    sql::{Fault, Row, values},
};

type Key = [u8; 16];

pub(super) async fn apply(
    session: &Session,
    origins: &mut Origins,
    admissions: &[&Admission],
    outbox: &mut Outbox,
) -> Result<Vec<Admitted>, Fault> {
    if admissions.is_empty() {
        return Ok(Vec::new());
    }
    let ticks = moved_on(session, admissions).await?;
    let holders = claim(session, admissions).await?;
    let mut outcomes = Vec::with_capacity(admissions.len());
    let (mut events, mut queued, mut held, mut finished) =
        (Table::default(), Table::default(), Table::default(), Table::default());
    for admission in admissions {
        let event = &admission.event;
        if admission.tick.is_some() && !ticks.contains(&event.id) {
            outcomes.push(Admitted::Passed);
            continue;
        }
        let holder = key(admission).and_then(|key| holders.get(&key)).filter(|holder| **holder != event.id);
        if let Some(first) = holder {
            outcomes.push(Admitted::Duplicate(*first));
            continue;
        }
        outcomes.push(Admitted::New);
        let origin = origins::number(session, origins, event).await?;
        let record = admission.run.as_ref().and_then(OriginalRun::first_record).map(<[u8]>::to_vec);
        events.push(values![
            event.id.number(),
            event.id,
            origin,
            event.status == EventStatus::Filtered,
            event.received_at,
            event.content.to_vec(),
            record,
        ]);
        let Some(run) = &admission.run else { continue };
        let id = event.id.original_run();
        let columns = values![id.number(), id, origin, run.version, event.received_at];
        match &run.begin {
            Begin::Queued => queued.push(values![id.number(), origin, run.version]),
            Begin::Held { owner, deliveries, .. } => {
                held.push([columns, values![*owner]].concat());
                outbox.add(origin, id, deliveries);
            }
            Begin::Finished { ending, deliveries, .. } => {
                let ended = values![status_word(ending.status), ending.error.clone(), ending.at];
                finished.push([columns, ended].concat());
                outbox.add(origin, id, deliveries);
            }
        }
    }
    let uses = uses(admissions, &outcomes);
    // Sent without waiting for one another.
    try_join!(
        session.insert(INTO_EVENT, &events),
        session.insert(INTO_QUEUE, &queued),
        session.insert(INTO_LIVE, &held),
        session.insert(INTO_ENDED, &finished),
        session.insert(INTO_USES, &uses),
    )?;
    events.each_row(|| faults::hit(CrashPoint::InsideAdmission));
    Ok(outcomes)
}

const INTO_EVENT: &str = "INSERT INTO event (number, id, origin, filtered, received_at, sealed, record)
     SELECT * FROM unnest(?1::bigint[], ?2::uuid[], ?3::bigint[], ?4::bigint[], ?5::bigint[], ?6::bytea[], ?7::bytea[])";

const INTO_QUEUE: &str = "INSERT INTO run_queue (number, origin, version)
     SELECT * FROM unnest(?1::bigint[], ?2::bigint[], ?3::uuid[])";

const INTO_LIVE: &str =
    "INSERT INTO run_live (number, id, origin, version, created_at, owner, cause, status, fence, deaths)
     SELECT *, 'original', 'running', 1, 0
     FROM unnest(?1::bigint[], ?2::uuid[], ?3::bigint[], ?4::uuid[], ?5::bigint[], ?6::uuid[])";

const INTO_ENDED: &str = "INSERT INTO run (number, id, origin, version, created_at, status, error, finished_at, cause)
     SELECT *, 'original'
     FROM unnest(?1::bigint[], ?2::uuid[], ?3::bigint[], ?4::uuid[], ?5::bigint[], ?6::text[], ?7::text[], ?8::bigint[])";

/// The contents of files that new events use.
fn uses(admissions: &[&Admission], outcomes: &[Admitted]) -> Table {
    let new = admissions.iter().zip(outcomes).filter(|(_, outcome)| **outcome == Admitted::New);
    let files =
        new.flat_map(|(admission, _)| admission.files.iter().map(move |file| (&admission.event, file)));
    files.map(|(event, file)| values![event.id.number(), file.sha256, event.place.workspace]).collect()
}

const INTO_USES: &str = "INSERT INTO blob_use (event, sha256, workspace)
     SELECT * FROM unnest(?1::bigint[], ?2::bytea[], ?3::uuid[]) ON CONFLICT DO NOTHING";
/// Moves on the schedules that still stand at the ticks of these events; gives those events. Of two with the same tick
/// the first has it.
async fn moved_on(session: &Session, admissions: &[&Admission]) -> Result<HashSet<EventId>, Fault> {
    let mut wanted = BTreeMap::new();
    for admission in admissions {
        if let Some(tick) = &admission.tick {
            wanted.entry(tick.source).or_insert((tick, admission.event.id));
        }
    }
    let ticks: Table = wanted
        .values()
        .map(|(tick, event)| values![tick.source, tick.at, tick.revision, tick.next_at, *event])
        .collect();
    // Rows are locked by the first statement, in the order of their keys, so the second one waits for nobody.
    let at = "SELECT s.source
              FROM unnest(?1::uuid[], ?2::bigint[], ?3::bigint[], ?4::bigint[], ?5::uuid[])
                  AS n (source, at, revision, next_at, event)
                  JOIN schedule s ON s.source = n.source AND s.next_at = n.at AND s.revision = n.revision
              ORDER BY s.source FOR UPDATE OF s";
    session.insert(at, &ticks).await?;
    let on = "UPDATE schedule s SET next_at = n.next_at, last_at = n.at
              FROM unnest(?1::uuid[], ?2::bigint[], ?3::bigint[], ?4::bigint[], ?5::uuid[])
                  AS n (source, at, revision, next_at, event)
              WHERE s.source = n.source AND s.next_at = n.at AND s.revision = n.revision
              RETURNING n.event";
    Ok(session.table(on, &ticks, |row| row.get(0)).await?.into_iter().collect())
}

fn key(admission: &Admission) -> Option<Key> {
    Some(dedupe_key(&admission.event, admission.dedupe.as_ref()?))
}

/// Claims the dedupe keys; says which event holds each. Of two with the same key the first claims it.
async fn claim(session: &Session, admissions: &[&Admission]) -> Result<HashMap<Key, EventId>, Fault> {
    // By key, which is the order in which rows are locked.
    let mut wanted = BTreeMap::new();
    let mut now = clock::Timestamp::from_millis(0);
    for admission in admissions {
        if let (Some(key), Some(claim)) = (key(admission), &admission.dedupe) {
            wanted.entry(key).or_insert((admission.event.id, claim.expires_at));
            now = now.max(admission.event.received_at);
        }
    }
    let claims: Table = wanted
        .iter()
        .map(|(key, (event, expires_at))| values![key.to_vec(), *event, *expires_at, now])
        .collect();
    // What the claim did not change is held by an event of before.
    let sql = "WITH wanted AS (SELECT * FROM unnest(?1::uuid[], ?2::uuid[], ?3::bigint[], ?4::bigint[])
                   AS wanted (key, event, expires_at, now)),
               claimed AS (
                   INSERT INTO dedupe AS d (key, event, expires_at)
                   SELECT key, event, expires_at FROM wanted ORDER BY key
                   ON CONFLICT (key) DO UPDATE SET event = excluded.event, expires_at = excluded.expires_at
                   WHERE d.expires_at <= (SELECT max(now) FROM wanted)
                   RETURNING key, event)
               SELECT key, event FROM claimed";
    let holder = |row: &Row<'_>| Ok((row.get::<Key>(0)?, row.get::<EventId>(1)?));
    let mut holders: HashMap<Key, EventId> = session.table(sql, &claims, holder).await?.into_iter().collect();
    let lost: Table =
        wanted.keys().filter(|key| !holders.contains_key(*key)).map(|key| values![key.to_vec()]).collect();
    let sql = "SELECT key, event FROM dedupe WHERE key = ANY(?1::uuid[])";
    holders.extend(session.table(sql, &lost, holder).await?);
    Ok(holders)
}
