//! Moving an installation from SQLite to PostgreSQL; needs `POSTGRES_FOR_TESTS`.

mod installation;

use clock::Random;
use vault::Secret;

use super::fixture::{Fixture, first, open, schema};
use crate::transfer::Limits;
use crate::*;

/// A schema to move to, if there is a server for tests.
macro_rules! target_or_skip {
    () => {
        match schema().await {
            Some(schema) => Secret::from(schema),
            None => {
                eprintln!("skipped: POSTGRES_FOR_TESTS names no server to move to");
                return;
            }
        }
    };
}

/// A filled folder that no server has open, and what was read of it.
async fn closed() -> (Fixture, installation::Claimed, Vec<String>) {
    let mut f = Fixture::in_folder().await;
    let claimed = f.fill().await;
    let all = installation::all(&f.store, f.place).await;
    close(&mut f).await;
    (f, claimed, all)
}

async fn close(f: &mut Fixture) {
    f.store.close().await;
    let elsewhere = tempfile::tempdir().unwrap();
    f.store = open(&Options::folder(elsewhere.path())).await;
}

async fn opened(f: &Fixture, to: &Secret, purpose: Purpose) -> Result<Transfer, Error> {
    let mut transfer = Transfer::open(f.folder(), to, purpose, &Random::system()).await?;
    transfer.limits = Limits { rows: 2, bytes: 1 << 20 };
    Ok(transfer)
}

async fn refused(f: &Fixture, to: &Secret, purpose: Purpose) -> String {
    opened(f, to, purpose).await.err().unwrap().to_string()
}

/// Copies so many batches at most.
async fn copy(transfer: &mut Transfer, batches: usize) -> usize {
    let mut copied = 0;
    while copied < batches && transfer.copy().await.unwrap().is_some() {
        copied += 1;
    }
    copied
}

/// The tables that differ.
async fn differing(transfer: &mut Transfer) -> Vec<Comparison> {
    let mut differing = Vec::new();
    while let Some(comparison) = transfer.compare().await.unwrap() {
        assert!(comparison.source.rows > 0, "the fixture fills every table that is moved: {comparison:?}");
        differing.extend(Some(comparison).filter(|comparison| !comparison.agrees()));
    }
    differing
}

fn at(to: &Secret) -> Options {
    Options::at(Location::Postgres(to.clone()))
}

/// Runs statements on the target.
async fn change(to: &Secret, sql: &str) {
    let (client, connection) = tokio_postgres::connect(to.expose(), tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    client.batch_execute(sql).await.unwrap();
}

#[tokio::test]
async fn everything_arrives_and_reads_the_same_and_goes_on() {
    let to = target_or_skip!();
    let (f, claimed, all) = closed().await;
    let mut transfer = opened(&f, &to, Purpose::Copy).await.unwrap();
    assert_eq!(transfer.before(), Before::Nothing);
    assert!(copy(&mut transfer, usize::MAX).await > 60);
    assert_eq!(differing(&mut transfer).await, []);
    transfer.finish().await.unwrap();

    let store = open(&at(&to)).await;
    store.keys_check().await.unwrap();
    assert_eq!(installation::all(&store, f.place).await, all);
    assert_eq!(store.workspace_ensure("Other").await.unwrap(), f.place.workspace);
    // What is new comes after what was moved, also where the database counts.
    let mut new = f.admission(None, Begin::Queued);
    new.event.id = store.ids().next();
    new.event.source = None;
    let id = new.event.id;
    assert_eq!(store.event_admit(new).await.unwrap(), Admitted::New);
    let newest = store.event_list(f.place, EventFilter::default(), first()).await.unwrap().items;
    assert_eq!((newest[0].id, newest.len()), (id, 6));
    for (key, event) in [(1, claimed.in_index), (2, claimed.in_log)] {
        let again = f.admission(Some(key), Begin::Queued);
        assert_eq!(store.event_admit(again).await.unwrap(), Admitted::Duplicate(event), "{key}");
    }
    // The first node takes over what the old one held.
    let node: NodeId = store.ids().next();
    store.node_beat(node, &Beat::default()).await.unwrap();
    let takeover = store.node_takeover(node, store.is_alone()).await.unwrap();
    assert_eq!((takeover.runs, takeover.parked), (1, vec![]));
    let taken = store.run_claim(node, 50, vec![]).await.unwrap();
    let deaths: Vec<u32> = taken.iter().map(|run| run.deaths).collect();
    assert_eq!(deaths, [0, 1, 0, 0, 0], "of five the second was held");
    assert_eq!(store.job_open(f.place.workspace, Job::INGEST).await.unwrap().len(), 1);
    assert!(store.job_claim(node, Job::INGEST).await.unwrap().is_some(), "its node is gone");
    let destination = store.destination_list(f.place).await.unwrap()[0].id;
    assert!(store.destination_own(f.place.workspace, destination, node).await.unwrap());
}

#[tokio::test]
async fn what_was_stopped_goes_on_and_is_served_by_nobody_meanwhile() {
    let to = target_or_skip!();
    let (f, _, all) = closed().await;
    let (mut stops, mut before) = (0, Before::Nothing);
    loop {
        let mut transfer = opened(&f, &to, Purpose::Copy).await.unwrap();
        assert_eq!(transfer.before(), before);
        stops += 1;
        before = Before::Begun;
        let some = 7 * stops;
        if copy(&mut transfer, some).await < some {
            break;
        }
        drop(transfer);
        let random = Random::seeded(1);
        let keys = vault::KeyRing::new(vault::Key::generate(&random), vec![], random.clone());
        let served = Store::open(&at(&to), keys, clock::Clock::system(), random).await;
        let said = served.err().unwrap().to_string();
        assert!(said.contains("only a part") && said.contains("linchpin migrate"), "{said}");
    }
    assert!(stops > 4, "it was stopped {stops} times");
    let mut transfer = opened(&f, &to, Purpose::Copy).await.unwrap();
    assert_eq!(differing(&mut transfer).await, []);
    transfer.finish().await.unwrap();

    let mut again = opened(&f, &to, Purpose::Copy).await.unwrap();
    assert_eq!((again.before(), again.copy().await.unwrap()), (Before::Finished, None));
    assert_eq!(differing(&mut again).await, []);
    drop(again);
    assert_eq!(installation::all(&open(&at(&to)).await, f.place).await, all);
    // A server does not open the folder any more.
    let folder = Options::folder(f.folder());
    let random = Random::seeded(1);
    let keys = vault::KeyRing::new(vault::Key::generate(&random), vec![], random.clone());
    let served = Store::open(&folder, keys, clock::Clock::system(), random).await;
    assert!(served.err().unwrap().to_string().contains("moved to PostgreSQL"));
    std::fs::remove_file(f.folder().join("moved")).unwrap();
    assert_eq!(installation::all(&open(&folder).await, f.place).await, all);
}

#[tokio::test]
async fn what_differs_is_found() {
    let to = target_or_skip!();
    let (f, ..) = closed().await;
    let mut transfer = opened(&f, &to, Purpose::Copy).await.unwrap();
    copy(&mut transfer, usize::MAX).await;
    change(
        &to,
        "UPDATE chunk SET text = text || '.' WHERE ordinal = 1;
         DELETE FROM variable WHERE name = 'A';
         UPDATE run_live SET owner = NULL WHERE owner IS NOT NULL;
         INSERT INTO node VALUES (gen_random_uuid(), 'a', 'b', '[]', NULL, 0, 1, 1, 1)",
    )
    .await;
    drop(transfer);
    let mut transfer = opened(&f, &to, Purpose::Compare).await.unwrap();
    let found = differing(&mut transfer).await;
    let tables: Vec<_> = found.iter().map(|found| (found.table.as_str(), found.target.rows)).collect();
    assert_eq!(tables, [("chunk", 3), ("run_live", 2), ("variable", 2)]);
    assert!(found.iter().all(|found| found.source == found.copied && found.source != found.target));
}

#[tokio::test]
async fn a_folder_that_was_served_meanwhile_is_moved_from_the_start() {
    let to = target_or_skip!();
    let (mut f, ..) = closed().await;
    let mut transfer = opened(&f, &to, Purpose::Copy).await.unwrap();
    copy(&mut transfer, 40).await;
    drop(transfer);
    f.store = open(&Options::folder(f.folder())).await;
    let said = refused(&f, &to, Purpose::Copy).await;
    assert!(said.contains("a server has it open"), "{said}");
    f.queued().await;
    let all = installation::all(&f.store, f.place).await;
    close(&mut f).await;
    for purpose in [Purpose::Copy, Purpose::Compare] {
        let said = refused(&f, &to, purpose).await;
        assert!(said.contains("a server ran on it") && said.contains("--restart"), "{said}");
    }
    let mut transfer = opened(&f, &to, Purpose::Restart).await.unwrap();
    assert_eq!(transfer.before(), Before::Nothing);
    copy(&mut transfer, usize::MAX).await;
    assert_eq!(differing(&mut transfer).await, []);
    transfer.finish().await.unwrap();
    assert_eq!(installation::all(&open(&at(&to)).await, f.place).await, all);
    let mut again = opened(&f, &to, Purpose::Restart).await.unwrap();
    assert_eq!(
        (again.before(), again.copy().await.unwrap()),
        (Before::Finished, None),
        "it is not thrown away"
    );
}

#[tokio::test]
async fn a_target_with_anything_else_in_it_is_refused() {
    let to = target_or_skip!();
    let (f, ..) = closed().await;
    let said = refused(&f, &to, Purpose::Compare).await;
    assert!(said.contains("nothing was moved into it"), "{said}");
    change(&to, "CREATE TABLE invoice (id bigint)").await;
    let said = refused(&f, &to, Purpose::Copy).await;
    assert!(said.contains("`invoice`"), "{said}");
    change(&to, "DROP TABLE invoice").await;
    let served = open(&at(&to)).await;
    served.workspace_ensure("Other").await.unwrap();
    served.close().await;
    for purpose in [Purpose::Copy, Purpose::Restart] {
        let said = refused(&f, &to, purpose).await;
        assert!(said.contains("not empty") && said.contains("`environment`, `workspace`"), "{said}");
    }
    assert!(!f.folder().join("moved").exists());

    let to = target_or_skip!();
    let (other, ..) = closed().await;
    copy(&mut opened(&other, &to, Purpose::Copy).await.unwrap(), 40).await;
    for purpose in [Purpose::Copy, Purpose::Compare] {
        let said = refused(&f, &to, purpose).await;
        assert!(said.contains("another folder"), "{said}");
    }
    let mut transfer = opened(&other, &to, Purpose::Copy).await.unwrap();
    copy(&mut transfer, usize::MAX).await;
    transfer.finish().await.unwrap();
    for purpose in [Purpose::Copy, Purpose::Restart, Purpose::Compare] {
        let said = refused(&f, &to, purpose).await;
        assert!(said.contains("another folder"), "{said}");
    }
}

#[tokio::test]
async fn a_row_that_postgresql_cannot_hold_is_named() {
    let to = target_or_skip!();
    let (mut f, ..) = closed().await;
    f.store = open(&Options::folder(f.folder())).await;
    let flow = f.store.flow_draft(f.place.workspace, "strange", "a\0b").await.unwrap();
    close(&mut f).await;
    let mut transfer = opened(&f, &to, Purpose::Copy).await.unwrap();
    let said = loop {
        if let Err(error) = transfer.copy().await {
            break error.to_string();
        }
    };
    let id = uuid::Uuid::from(flow).simple().to_string();
    assert!([id.as_str(), "`flow`", "`draft`", "NUL"].iter().all(|word| said.contains(word)), "{said}");
}
