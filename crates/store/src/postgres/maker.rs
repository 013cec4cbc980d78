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

/// The first half of the locks' keys: "lpid" in ASCII. The second is the number.
const LOCKS: i64 = 0x6c70_6964;

/// How soon it is noticed that the connection was lost, and how often another number is tried for.
const PAUSE: Duration = Duration::from_secs(1);

/// Takes a number that no other node has, and keeps one until the task is stopped.
pub(super) async fn take(connector: &Connector) -> Result<(Arc<AtomicU16>, JoinHandle<()>), Fault> {
    let (session, number) = taken(connector).await?;
    let maker = Arc::new(AtomicU16::new(number));
    let task = tokio::spawn(keep(connector.clone(), session, Arc::clone(&maker)));
    Ok((maker, task))
}

async fn taken(connector: &Connector) -> Result<(Session, u16), Fault> {
    let session = Session::connect(connector).await?;
    let sql = "SELECT n FROM generate_series(1, ?2::bigint) AS n
               WHERE pg_try_advisory_lock(?1::bigint::int, n::int) LIMIT 1";
    let number = session.row(sql, values![LOCKS, i64::from(MAKERS)], |row| row.get::<u32>(0)).await?;
    let number = number.and_then(|number| number.try_into().ok());
    let full = Fault::Column { column: 0, expected: "a number that none of 511 other nodes has" };
    number.map(|number| (session, number)).ok_or(full)
}

/// Takes another number when the connection that kept this one is lost.
async fn keep(connector: Connector, mut session: Session, maker: Arc<AtomicU16>) {
    loop {
        tokio::time::sleep(PAUSE).await;
        if session.is_open() {
            continue;
        }
        match taken(&connector).await {
            Ok((other, number)) => {
                session = other;
                maker.store(number, Ordering::Relaxed);
            }
            Err(error) => tracing::warn!(%error, "this node has no number of its own to make ids with"),
        }
    }
}
