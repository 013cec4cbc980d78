//! The store's news over NATS, and without it. Only where several nodes can be: on PostgreSQL.

use std::collections::BTreeSet;

use clock::{Clock, Random};
use cluster::{Nats, carry_news};
use store::{DestinationId, Location, News, Options, Store};
use tokio::sync::broadcast;

use crate::{PATIENCE, carrier, keys, nats_server::NatsServer, node, raw, until};

/// Makes a schema on the server that `POSTGRES_FOR_TESTS` names, and gives its address with it.
fn schema() -> Option<String> {
    let server = std::env::var("POSTGRES_FOR_TESTS").ok()?;
    let name = format!("bus_{:x}", u128::from_be_bytes(Random::system().bytes()));
    let sql = format!("CREATE SCHEMA {name}");
    let made = std::process::Command::new("psql").args([&server, "-qc", &sql]).status().unwrap();
    assert!(made.success(), "{sql}");
    Some(format!("{server}?options=-csearch_path%3D{name}"))
}

/// A store of that database whose news NATS carries.
async fn store(database: &str, server: &NatsServer) -> (Store, Nats) {
    let options = Options::at(Location::Postgres(database.into()));
    let store = Store::open(&options, keys(1), Clock::system(), Random::system()).await.unwrap();
    let nats = node(&server.url()).await;
    carry_news(&nats, &store).await.unwrap();
    (store, nats)
}

/// News of a destination that nothing else tells of.
fn work(number: u8) -> News {
    News { destinations: BTreeSet::from([DestinationId::from_bytes([number; 16])]), ..News::default() }
}

async fn hear(news: &mut broadcast::Receiver<News>) -> News {
    tokio::time::timeout(PATIENCE, news.recv()).await.expect("something is told").unwrap()
}

/// What is heard before the last of it.
async fn before(news: &mut broadcast::Receiver<News>, last: &News) -> Vec<News> {
    let mut before = Vec::new();
    loop {
        match hear(news).await {
            heard if heard == *last => return before,
            heard => before.push(heard),
        }
    }
}

#[tokio::test]
async fn work_is_told_over_nats_while_it_is_there_and_through_the_database_otherwise() {
    let Some(database) = schema() else { return };
    let mut server = NatsServer::start();
    let (here, by) = store(&database, &server).await;
    let (there, to) = store(&database, &server).await;
    let (mut heard_here, mut heard) = (here.news().unwrap(), there.news().unwrap());
    until("both are connected", || by.is_connected() && to.is_connected()).await;
    let (_carrier, mut carried) = carrier(&server.url(), "linchpin.here.news").await;
    let (configuration, anything) =
        (News { configuration: true, ..News::default() }, News { anything: true, ..News::default() });
    // By the database, and by NATS.
    for _ in 0..2 {
        before(&mut heard, &anything).await;
    }

    here.tell(work(1));
    here.tell(configuration.clone());
    before(&mut heard, &configuration).await;
    here.tell(work(2));
    before(&mut heard, &work(2)).await;
    for _ in 0..2 {
        raw(&mut carried).await;
    }

    server.kill();
    until("both know", || !by.is_connected() && !to.is_connected()).await;
    here.tell(work(3));
    assert_eq!(before(&mut heard, &work(3)).await, []);

    server.run();
    until("both are connected", || by.is_connected() && to.is_connected()).await;
    assert_eq!(before(&mut heard, &anything).await, []);
    here.tell(work(4));
    assert_eq!(before(&mut heard, &work(4)).await, [], "the gap is told once");
    // Nobody heard itself.
    while let Ok(heard) = heard_here.try_recv() {
        assert!(heard.anything, "{heard:?}");
    }
    here.close().await;
    there.close().await;
}
