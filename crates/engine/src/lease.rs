//! Keeping this node's lease, and taking over from nodes whose lease has ended.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use store::Beat;
use tokio::{sync::watch, time::Instant};

use crate::{Engine, Shared};

/// Clocks are not that exact.
const MOMENT: Duration = Duration::from_millis(20);

/// This node's lease as far as it can tell by itself: by the machine's steady clock, which goes on while the process
/// stands still or the database cannot be reached.
pub(crate) struct Lease {
    length: Duration,
    renewed: watch::Sender<Renewed>,
}

struct Renewed {
    /// When it was asked for that was granted last.
    last: Instant,
    /// Since when there has been no gap.
    since: Instant,
}

impl Lease {
    /// One that runs from now.
    pub(crate) fn new(length: Duration) -> Self {
        let now = Instant::now();
        Self { length, renewed: watch::Sender::new(Renewed { last: now, since: now }) }
    }

    /// It was renewed, and that had been asked for then.
    pub(crate) fn renew(&self, asked_at: Instant) {
        self.renewed.send_modify(|renewed| {
            if asked_at >= renewed.last + self.length {
                renewed.since = asked_at;
            }
            renewed.last = asked_at;
        });
    }

    /// Whether it runs: then nobody else has what this node holds.
    pub(crate) fn runs(&self) -> bool {
        self.renewed.borrow().last.elapsed() < self.length
    }

    /// Whether it has run ever since then: what was this node's is so still.
    pub(crate) fn has_run_since(&self, then: Instant) -> bool {
        self.runs() && self.renewed.borrow().since <= then
    }

    /// Waits until it runs.
    pub(crate) async fn running(&self) {
        // The other half is held here, so there is an end to this only when it runs.
        let _ = self.renewed.subscribe().wait_for(|renewed| renewed.last.elapsed() < self.length).await;
    }

    /// Whether every node that lives has had the time to renew its own since the database can be reached.
    fn tells_of_others(&self) -> bool {
        self.runs() && self.renewed.borrow().since.elapsed() >= self.length
    }
}

/// Renews the lease as long as the node lives: three times in its length, and more often when that fails.
pub(crate) async fn keep(engine: Engine, beat: Beat) {
    let shared = &engine.0;
    let length = shared.store.node_lease();
    loop {
        let asked_at = Instant::now();
        let runs = u32::try_from(engine.running()).unwrap_or(u32::MAX);
        let renewed = shared.store.node_beat(shared.node, &Beat { runs, ..beat.clone() }).await;
        shared.leased.store(renewed.is_ok(), Ordering::Relaxed);
        let pause = match renewed {
            Ok(()) => {
                shared.lease.renew(asked_at);
                length / 3
            }
            Err(error) => {
                tracing::warn!(%error, "the lease could not be renewed");
                length / 15
            }
        };
        tokio::time::sleep_until(asked_at + pause).await;
    }
}

/// Looks after the leases of the others: as often as they are renewed, and when the next one ends.
pub(crate) async fn watch(shared: Arc<Shared>) {
    let beat = shared.store.node_lease() / 3;
    loop {
        let ends = shared.store.node_next_lease_end(shared.node).await;
        let ends = ends.ok().flatten().map(|ends| shared.clock.now().until(ends) + MOMENT);
        tokio::time::sleep(ends.map_or(beat, |ends| ends.min(beat))).await;
        if let Err(error) = take_over(&shared).await {
            tracing::warn!(%error, "what other nodes left behind could not be taken over");
        }
    }
}

/// Takes over the runs of nodes whose lease has ended, or of every other when nobody else can work here. A lease that
/// ended while nobody could reach the database says nothing of its node.
pub(crate) async fn take_over(shared: &Shared) -> Result<(), store::Error> {
    let alone = shared.store.is_alone();
    if !alone && !shared.lease.tells_of_others() {
        return Ok(());
    }
    let takeover = shared.store.node_takeover(shared.node, alone).await?;
    if takeover.runs > 0 {
        tracing::info!(runs = takeover.runs, "runs that were in flight go on");
        shared.work.notify_one();
    }
    for run in takeover.parked {
        tracing::warn!(%run, "a run is parked: it was in flight each time the server died");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LENGTH: Duration = Duration::from_secs(15);

    #[tokio::test(start_paused = true)]
    async fn a_lease_runs_as_long_as_it_is_renewed() {
        let lease = Lease::new(LENGTH);
        for _ in 0..10 {
            assert!(lease.runs());
            tokio::time::advance(LENGTH / 3).await;
            lease.renew(Instant::now());
        }
        let asked_at = Instant::now();
        tokio::time::advance(LENGTH).await;
        assert!(!lease.runs());
        lease.renew(asked_at);
        assert!(!lease.runs(), "the answer came too late");
        let before = Instant::now();
        tokio::time::advance(LENGTH / 3).await;
        lease.renew(Instant::now());
        lease.running().await;
        assert!(lease.has_run_since(Instant::now()) && !lease.has_run_since(before), "there was a gap");
    }

    #[tokio::test(start_paused = true)]
    async fn others_are_judged_when_they_had_the_time_to_renew_theirs() {
        let lease = Lease::new(LENGTH);
        assert!(!lease.tells_of_others());
        for gap in [LENGTH / 3, LENGTH, 10 * LENGTH] {
            tokio::time::advance(gap).await;
            lease.renew(Instant::now());
            assert!(!lease.tells_of_others());
        }
        for third in 1..=3 {
            tokio::time::advance(LENGTH / 3).await;
            lease.renew(Instant::now());
            assert_eq!(lease.tells_of_others(), third == 3);
        }
        tokio::time::advance(LENGTH).await;
        assert!(!lease.tells_of_others(), "who knows whether the database can be reached");
    }
}
