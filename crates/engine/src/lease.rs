//! Keeping this node's lease, and taking over from nodes whose lease has ended.

use std::sync::atomic::Ordering;

use store::Beat;

use crate::{Engine, Shared};

/// Renews the lease as long as the node lives, and looks after those of the others.
pub(crate) async fn keep(engine: Engine, beat: Beat) {
    let shared = &engine.0;
    let mut every = tokio::time::interval(shared.store.node_lease() / 3);
    loop {
        every.tick().await;
        let runs = u32::try_from(engine.running()).unwrap_or(u32::MAX);
        let renewed = shared.store.node_beat(shared.node, &Beat { runs, ..beat.clone() }).await;
        shared.leased.store(renewed.is_ok(), Ordering::Relaxed);
        if let Err(error) = renewed {
            tracing::warn!(%error, "the lease could not be renewed");
        }
        if !shared.store.is_alone()
            && let Err(error) = take_over(shared).await
        {
            tracing::warn!(%error, "what other nodes left behind could not be taken over");
        }
    }
}

/// Takes over the runs of nodes whose lease has ended, or of every other when nobody else can work here.
pub(crate) async fn take_over(shared: &Shared) -> Result<(), store::Error> {
    let takeover = shared.store.node_takeover(shared.node, shared.store.is_alone()).await?;
    if takeover.runs > 0 {
        tracing::info!(runs = takeover.runs, "runs that were in flight go on");
        shared.work.notify_one();
    }
    for run in takeover.parked {
        tracing::warn!(%run, "a run is parked: it was in flight each time the server died");
    }
    Ok(())
}
