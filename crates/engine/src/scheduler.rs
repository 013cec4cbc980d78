//! What is done once for all nodes: by the one that is the scheduler, as long as its lease runs.

pub(crate) mod alerts;
mod plan;
mod ticks;

#[cfg(test)]
pub(crate) use ticks::Scheduler;

use store::Store;
use tokio::{sync::watch, time::Instant};

use crate::{Engine, Shared};

/// Slices of history that are pruned at a time, each a write of a few milliseconds.
const HISTORY: u32 = 4;

/// Pruning takes the others a tenth of the time.
const SHARE: u32 = 10;

/// Tries to be the scheduler, and does its work while this node is it, until the engine stops.
pub(crate) async fn run(engine: Engine) {
    let shared = &engine.0;
    let since = watch::Sender::new(None);
    let work = async {
        let (ticks, alerts) = (since.subscribe(), since.subscribe());
        tokio::join!(own(shared, &since), ticks::run(&engine, ticks), alerts::run(&engine, alerts))
    };
    let mut stopping = shared.stopping.subscribe();
    tokio::select! {
        _ = work => {}
        _ = stopping.wait_for(|stopping| *stopping) => {}
    }
    // What is under way here may take a while yet.
    if let Err(error) = shared.store.scheduler_yield(shared.node).await {
        tracing::warn!(%error, "another node is the scheduler when this one's lease ends");
    }
}

/// Keeps the duty, or waits for it, and prunes; `since` says since when this node has it.
async fn own(shared: &Shared, since: &watch::Sender<Option<Instant>>) {
    let mut every = tokio::time::interval(shared.store.node_lease() / 3);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        every.tick().await;
        let asked_at = Instant::now();
        let is_ours = match shared.store.scheduler_own(shared.node).await {
            Ok(is_ours) => is_ours,
            Err(error) => {
                tracing::warn!(%error, "nobody knows who is the scheduler");
                continue;
            }
        };
        since.send_if_modified(|since| {
            let was_ours = since.is_some_and(|since| shared.lease.has_run_since(since));
            *since = is_ours.then_some(asked_at);
            was_ours != is_ours
        });
        if !is_ours {
            continue;
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
