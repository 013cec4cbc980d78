//! The database's time, by which all nodes count: a lease that one node wrote is judged by another.
//!
//! A node's clock is set by it with each beat, and goes on by the machine's steady clock meanwhile. So nothing depends
//! on what the system's clock shows, nor on its being set.

use std::time::{Duration, Instant};

use clock::{Clock, Timestamp};

use super::session::Session;
use crate::Fault;

/// An answer that took longer tells too little of the time.
const PROMPT: Duration = Duration::from_secs(1);

/// How far a system's clock may be off before its operator hears of it.
const NOTABLE: Duration = Duration::from_secs(5);

/// Sets a clock by the database's for the first time.
pub(super) async fn begin(session: &Session, clock: &Clock) -> Result<(), Fault> {
    let (now, _) = ask(session).await?;
    let here = clock.now();
    let off = here.until(now).max(now.until(here));
    if off > NOTABLE {
        let way = if here > now { "ahead of" } else { "behind" };
        tracing::warn!(
            off_ms = off.as_millis(),
            "this machine's clock is {way} the database's, which counts"
        );
    }
    clock.follow(now);
    Ok(())
}

/// The database's time.
pub(super) async fn now(session: &Session) -> Result<Timestamp, Fault> {
    Ok(ask(session).await?.0)
}

/// Corrects a clock, unless the answer took so long that it would rather be spoilt.
pub(super) async fn follow(session: &Session, clock: &Clock) -> Result<(), Fault> {
    let (now, took) = ask(session).await?;
    if took <= PROMPT {
        clock.follow(now);
    }
    Ok(())
}

/// The database's time now, and how long it took to learn it: it was read half way.
async fn ask(session: &Session) -> Result<(Timestamp, Duration), Fault> {
    let asked = Instant::now();
    let sql = "SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint";
    let then = session.row(sql, [], |row| row.time(0)).await?;
    let took = asked.elapsed();
    let then = then.ok_or(Fault::Column { column: 0, expected: "the time" })?;
    Ok((then.after(took / 2), took))
}
