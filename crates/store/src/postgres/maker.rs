//! Who this node is among those that make ids: a number that an advisory lock keeps for it as long as it is connected.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU16, Ordering},
    },
    time::Duration,
};

use tokio::task::JoinHandle;

use super::{connector::Connector, session::Session};
use crate::{Fault, id::MAKERS, sql::values};

/// How soon it is noticed that the connection was lost, and how often another number is tried for.
const PAUSE: Duration = Duration::from_secs(1);

/// Takes a number that no other node has, and keeps one until the task is stopped.
pub(super) async fn take(connector: &Connector) -> Result<(Arc<AtomicU16>, JoinHandle<()>), Fault> {
    let (session, number) = taken(connector, None).await?;
    let maker = Arc::new(AtomicU16::new(number));
    let task = tokio::spawn(keep(connector.clone(), session, Arc::clone(&maker)));
    Ok((maker, task))
}

/// The number of before, if there was one and it is free; else the next that is free after the one that was given out
/// last. So nobody new gets the number of a node that has just lost its connection and has not noticed yet.
async fn taken(connector: &Connector, before: Option<u16>) -> Result<(Session, u16), Fault> {
    let session = Session::connect(connector).await?;
    // The locks of a database are numbered; the first half of their numbers is drawn from the schema's name.
    let sql = "WITH first AS MATERIALIZED (SELECT coalesce(?2::bigint, nextval('maker')) AS number)
               SELECT n FROM (SELECT 1 + (first.number - 1 + n) % ?1::bigint AS n
                              FROM first, generate_series(0, ?1::bigint - 1) AS n OFFSET 0) AS numbers
               WHERE pg_try_advisory_lock(('x' || left(md5('maker ' || current_schema()), 8))::bit(32)::int, n::int)
               LIMIT 1";
    let wanted = values![i64::from(MAKERS), before.map(i64::from)];
    let number = session.row(sql, wanted, |row| row.get::<u32>(0)).await?;
    let number = number.and_then(|number| number.try_into().ok());
    let full = Fault::Column { column: 0, expected: "a number that none of 511 other nodes has" };
    number.map(|number| (session, number)).ok_or(full)
}

/// Takes a number again when the connection that kept this one is lost.
async fn keep(connector: Connector, mut session: Session, maker: Arc<AtomicU16>) {
    loop {
        tokio::time::sleep(PAUSE).await;
        if session.is_open() {
            continue;
        }
        match taken(&connector, Some(maker.load(Ordering::Relaxed))).await {
            Ok((other, number)) => {
                session = other;
                maker.store(number, Ordering::Relaxed);
            }
            Err(error) => tracing::warn!(%error, "this node has no number of its own to make ids with"),
        }
    }
}
