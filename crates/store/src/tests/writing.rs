//! The writer: groups, a full disk, a folder that is open elsewhere.

use std::sync::Arc;

use clock::{Clock, Random};
use vault::{Key, KeyRing};

use super::fixture::{Fixture, first, new, open, small};
use crate::sql::{Statement, values};
use crate::*;

#[tokio::test]
async fn two_servers_cannot_open_one_folder() {
    let directory = tempfile::tempdir().unwrap();
    let options = Options::folder(directory.path());
    let _first = open(&options).await;
    let random = Random::system();
    let keys = KeyRing::new(Key::generate(&random), vec![], random.clone());
    let second = Store::open(&options, keys, Clock::system(), random).await;
    assert!(second.err().unwrap().to_string().contains("another server has it open"));
}

#[tokio::test]
async fn one_wrong_write_does_not_fail_its_neighbours() {
    let f = Arc::new(Fixture::new().await);
    let twin = f.admission(None, Begin::Queued);
    f.store.event_admit(twin.clone()).await.unwrap();
    let tasks: Vec<_> = (0..40)
        .map(|n| {
            let f = Arc::clone(&f);
            // Every fourth repeats an id that is there already, which no caller should do.
            let admission = if n % 4 == 0 { twin.clone() } else { f.admission(None, Begin::Queued) };
            tokio::spawn(async move { f.store.event_admit(admission).await.is_ok() })
        })
        .collect();
    let mut stored = 0;
    for task in tasks {
        stored += usize::from(task.await.unwrap());
    }
    assert_eq!(stored, 30);
    let list = f.store.event_list(f.place, EventFilter::default(), first()).await.unwrap();
    assert_eq!(list.items.len(), 31);
}

#[tokio::test]
async fn a_full_database_refuses_and_keeps_what_it_has() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&small(&directory)).await;
    let workspace = store.workspace_ensure("Acme").await.unwrap();
    let environment = store.environment_list(workspace).await.unwrap()[0].id;
    let place = Place { workspace, environment };
    let refusal = |n: u8| Refusal {
        id: store.ids().next(),
        place,
        source: SourceId::from_bytes([n; 16]),
        code: "x".into(),
        status: 401,
        received_at: store.now(),
        is_whole: false,
        replayed_as: None,
    };
    let mut stored = 0;
    let error = loop {
        match store
            .refusal_add(vec![NewRefusal { content: vec![stored; 20_000], ..new(refusal(stored)) }])
            .await
        {
            Ok(()) => stored += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(&error, Error::Unavailable { reason } if reason.contains("full")), "{error:?}");
    assert_eq!(store.refusal_list(place, None, first()).await.unwrap().items.len(), usize::from(stored));
    let delete = "DELETE FROM refusal";
    store.change(vec![Statement::new(delete, values![])]).await.unwrap();
    store.refusal_add(vec![new(refusal(0))]).await.unwrap();
}

#[tokio::test]
async fn groups_share_their_fsync() {
    let f = Arc::new(Fixture::new().await);
    let before = f.store.writes();
    let tasks: Vec<_> = (0..200)
        .map(|_| {
            let f = Arc::clone(&f);
            tokio::spawn(async move { f.queued().await })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let after = f.store.writes();
    assert_eq!(after.writes - before.writes, 200);
    assert!(after.transactions - before.transactions < 100, "{before:?} {after:?}");
}
