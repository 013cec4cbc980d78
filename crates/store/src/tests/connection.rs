//! The connection to the database is lost, at moments that matter.

use std::time::Duration;

use super::{
    fixture::Fixture,
    proxy::{Line, Proxy},
};
use crate::*;

/// Waits until a condition holds.
async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let waited = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(tokio::time::timeout(Duration::from_secs(20), waited).await.is_ok(), "{what}");
}

/// A node whose line can break, and what looks at the database beside it. Nothing where there is no line.
async fn broken() -> Option<(Fixture, Store, Proxy)> {
    let f = Fixture::new().await;
    let (store, proxy) = f.second_by_a_line().await?;
    Some((f, store, proxy))
}

#[tokio::test]
async fn a_node_that_lost_its_line_keeps_its_number_and_nobody_new_gets_it() {
    let Some((f, store, proxy)) = broken().await else { return };
    let maker = |store: &Store| store.ids().next::<EventId>().number() & 511;
    let before = maker(&store);
    proxy.turn(Line::Cut);
    for _ in 0..3 {
        let new = f.second().await;
        assert_ne!(maker(&new), before);
        new.close().await;
    }
    proxy.turn(Line::Open);
    until("it keeps a number again", async || {
        let sql = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2
                   AND classid = ('x' || left(md5('maker ' || current_schema()), 8))::bit(32)::bigint::oid";
        // The new nodes have closed their stores.
        f.store.row(sql, vec![], |row| row.get::<i64>(0)).await.unwrap() == Some(2)
    })
    .await;
    assert_eq!(maker(&store), before);
}
