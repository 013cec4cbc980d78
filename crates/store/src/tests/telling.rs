//! What a node has to tell while it cannot be told.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
};
use tokio_postgres::config::{Config, Host};

use super::fixture::{open, schema};
use crate::*;

/// A way to the database that can be shut for those who come anew.
#[derive(Default)]
struct Door {
    shut: AtomicBool,
    turned_away: AtomicUsize,
}

impl Door {
    /// Builds one before a database; gives the address through it.
    async fn before(url: &str) -> (Arc<Self>, String) {
        let config: Config = url.parse().unwrap();
        let [Host::Tcp(host)] = config.get_hosts() else { panic!("{url}") };
        let server = format!("{host}:{}", config.get_ports()[0]);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let through = url.replace(&server, &listener.local_addr().unwrap().to_string());
        let door = Arc::<Self>::default();
        let kept = Arc::clone(&door);
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                if kept.shut.load(Ordering::SeqCst) {
                    kept.turned_away.fetch_add(1, Ordering::SeqCst);
                    continue;
                }
                let server = server.clone();
                tokio::spawn(async move {
                    let mut server = TcpStream::connect(server).await.unwrap();
                    copy_bidirectional(&mut client, &mut server).await
                });
            }
        });
        (door, through)
    }
}

#[tokio::test]
async fn what_cannot_be_told_at_once_is_told_later() {
    let Some(url) = schema().await else { return };
    let (door, through) = Door::before(&url).await;
    let one = open(&Options::at(Location::Postgres(through.into()))).await;
    assert!(one.news().unwrap().recv().await.unwrap().anything, "it listens");
    let two = open(&Options::at(Location::Postgres(url.into()))).await;
    let mut news = two.news().unwrap();
    assert!(news.recv().await.unwrap().anything, "the other listens");
    door.shut.store(true, Ordering::SeqCst);
    one.tell(News { configuration: true, ..News::default() });
    let tried = async {
        while door.turned_away.load(Ordering::SeqCst) == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), tried).await.expect("it is tried");
    one.tell(News { runs: true, ..News::default() });
    door.shut.store(false, Ordering::SeqCst);
    let told = tokio::time::timeout(Duration::from_secs(10), news.recv()).await.expect("it is told").unwrap();
    assert_eq!(told, News { configuration: true, runs: true, ..News::default() });
}
