//! What is done once for all nodes: by the one that is the scheduler, as long as its lease runs.

use std::sync::Arc;

use store::Store;
use tokio::time::Instant;

use crate::Shared;

/// Slices of history that are pruned at a time, each a write of a few milliseconds.
const HISTORY: u32 = 4;

/// Pruning takes the others a tenth of the time.
const SHARE: u32 = 10;

/// Tries to be the scheduler, and does its work while this node is it.
pub(crate) async fn run(shared: Arc<Shared>) {
    let mut every = tokio::time::interval(shared.store.node_lease() / 3);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        every.tick().await;
        match shared.store.scheduler_own(shared.node).await {
            Ok(true) => {}
            Ok(false) => continue,
            Err(error) => {
                tracing::warn!(%error, "nobody knows who is the scheduler");
                continue;
            }
        }
        let until = Instant::now() + every.period();
        if let Err(error) = prune(&shared.store, until).await {
            tracing::warn!(%error, "what has expired could not be pruned");
        }
    }
}

/// Prunes until there is nothing left to prune, or the time is up: what comes in goes in time however much it is.
async fn prune(store: &Store, until: Instant) -> Result<(), store::Error> {
    store.prune_expired(500).await?;
    store.prune_claims().await?;
    loop {
        let begun = Instant::now();
        if !store.prune_history(HISTORY).await?.more || Instant::now() >= until {
            return Ok(());
        }
        tokio::time::sleep(begun.elapsed() * (SHARE - 1)).await;
    }
}
