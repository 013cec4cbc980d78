//! Claiming runs, keeping the lease, stopping in good order.

use std::{sync::Arc, time::Duration};

use faults::CrashPoint;
use store::{ClaimedRun, Store};
use tokio::sync::OwnedSemaphorePermit;

use crate::{Engine, Error, Shared, execution::Execution};

/// Runs claimed in one transaction at most.
const BATCH: u32 = 64;

/// Batches for which a run that is tried alone waits while there is a backlog.
const PATIENT: u32 = 16;

/// How long the dispatcher sleeps at most when nothing wakes it.
const FALLBACK: Duration = Duration::from_secs(30);

impl Engine {
    /// Begins to work: takes over what was in flight when the last process ended, claims what is queued.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn start(&self, name: &str, version: &str) -> Result<(), Error> {
        let shared = &self.0;
        shared.store.node_beat(shared.node, name, version).await?;
        // The lock on the data directory says that no other process works here.
        let takeover = shared.store.node_takeover(shared.node, true).await?;
        if takeover.runs > 0 {
            tracing::info!(runs = takeover.runs, "runs that were in flight go on");
        }
        for run in takeover.parked {
            tracing::warn!(%run, "a run is parked: it was in flight each time the server died");
        }
        let dispatcher = tokio::spawn(dispatch(Arc::clone(shared)));
        let keeper = tokio::spawn(keep_lease(Arc::clone(shared), name.to_owned(), version.to_owned()));
        shared.tasks.lock().extend([dispatcher, keeper]);
        Ok(())
    }

    /// Stops taking events and runs, and waits until the runs under way are done or the time is up.
    /// Those that are not done are queued again for whoever comes next.
    pub async fn stop(&self, patience: Duration) {
        let shared = &self.0;
        shared.stopping.send_replace(true);
        let all = u32::try_from(shared.options.max_runs.get()).unwrap_or(u32::MAX);
        let drained = tokio::time::timeout(patience, shared.permits.acquire_many(all)).await;
        if drained.is_err() {
            tracing::warn!(left = self.running(), "runs that are not done are left to the next start");
        }
        let tasks = std::mem::take(&mut *shared.tasks.lock());
        for task in tasks {
            task.abort();
        }
        if let Err(error) = shared.store.node_leave(shared.node).await {
            tracing::warn!(%error, "the lease could not be given back; it ends by itself");
        }
    }
}

async fn keep_lease(shared: Arc<Shared>, name: String, version: String) {
    let mut beat = tokio::time::interval(Store::node_lease() / 3);
    loop {
        beat.tick().await;
        if let Err(error) = shared.store.node_beat(shared.node, &name, &version).await {
            tracing::warn!(%error, "the lease could not be renewed");
        }
        if let Err(error) = prune(&shared.store).await {
            tracing::warn!(%error, "what has expired could not be pruned");
        }
    }
}

async fn prune(store: &Store) -> Result<(), store::Error> {
    store.prune_expired(500).await?;
    store.prune_claims().await.map(drop)
}

async fn dispatch(shared: Arc<Shared>) {
    let mut stopping = shared.stopping.subscribe();
    for batch in 1_u32.. {
        let permit = tokio::select! {
            permit = Arc::clone(&shared.permits).acquire_owned() => permit,
            _ = stopping.wait_for(|stopping| *stopping) => return,
        };
        let Ok(permit) = permit else { return };
        let mut permits = vec![permit];
        while permits.len() < BATCH as usize
            && let Ok(permit) = Arc::clone(&shared.permits).try_acquire_owned()
        {
            permits.push(permit);
        }
        let limit = u32::try_from(permits.len()).unwrap_or(1);
        let claimed = shared.store.run_claim(shared.node, limit).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "runs could not be claimed");
            Vec::new()
        });
        let is_idle = claimed.is_empty();
        if !is_idle {
            faults::hit(CrashPoint::AfterClaim);
        }
        for (run, permit) in claimed.into_iter().zip(permits) {
            tokio::spawn(take_up(Arc::clone(&shared), run, permit));
        }
        if !is_idle && !batch.is_multiple_of(PATIENT) {
            continue;
        }
        let tried = tokio::select! {
            tried = try_alone(&shared) => tried,
            _ = stopping.wait_for(|stopping| *stopping) => return,
        };
        if is_idle && !tried {
            let wait = time_to_next(&shared).await;
            tokio::select! {
                () = shared.work.notified() => {}
                () = tokio::time::sleep(wait) => {}
                _ = stopping.wait_for(|stopping| *stopping) => return,
            }
        }
    }
}

/// If there is a run that may be what killed its worker, waits until nothing else is under way and lets
/// it run alone: it must not take others along again. Says whether there was one.
async fn try_alone(shared: &Arc<Shared>) -> bool {
    let claimed = async {
        if !shared.store.run_has_suspect().await? {
            return Ok(None);
        }
        let all = u32::try_from(shared.options.max_runs.get()).unwrap_or(u32::MAX);
        let Ok(all) = Arc::clone(&shared.permits).acquire_many_owned(all).await else { return Ok(None) };
        let suspect = shared.store.run_claim_suspect(shared.node).await?;
        faults::hit(CrashPoint::AfterClaim);
        Ok::<_, store::Error>(suspect.map(|run| (run, all)))
    };
    match claimed.await {
        Ok(Some((run, all))) => {
            tokio::spawn(take_up(Arc::clone(shared), run, all));
            true
        }
        Ok(None) => false,
        Err(error) => {
            tracing::warn!(%error, "runs that are tried alone could not be claimed");
            false
        }
    }
}

async fn time_to_next(shared: &Shared) -> Duration {
    match shared.store.run_next_due().await {
        Ok(Some(due)) => shared.clock.now().until(due).min(FALLBACK),
        Ok(None) => FALLBACK,
        Err(error) => {
            tracing::warn!(%error, "the next timer could not be read");
            Duration::from_secs(1)
        }
    }
}

/// Goes on with a claimed run.
async fn take_up(shared: Arc<Shared>, claimed: ClaimedRun, permit: OwnedSemaphorePermit) {
    let run = claimed.held.id;
    let controlled = shared.hub.enter(run);
    match Execution::resume(Arc::clone(&shared), claimed, permit).await {
        Ok(execution) => execution.drive(controlled).await,
        Err(error) => {
            shared.hub.leave(run);
            give_up(&shared, claimed, &error).await;
        }
    }
}

/// A run that cannot be taken up fails, with the reason; when the store is the reason, it is left for later.
async fn give_up(shared: &Shared, claimed: ClaimedRun, error: &Error) {
    tracing::error!(run = %claimed.held.id, error = error as &dyn std::error::Error, "a run cannot go on");
    let then = match error {
        Error::Store(store::Error::Unavailable { .. } | store::Error::Read(_)) | Error::Stopping => {
            store::Then::Release { status: flow::run::Status::Queued, wake_at: None }
        }
        _ => {
            let said = serde_json::json!({ "code": "cannot_resume", "message": error.to_string() });
            let at = shared.clock.now();
            store::Then::End(store::Ending {
                status: flow::run::Status::Failed,
                error: Some(said.to_string()),
                at,
            })
        }
    };
    let commit = store::RunCommit {
        held: claimed.held,
        seq: 0,
        record: None,
        deliveries: Vec::new(),
        absolved: false,
        then,
    };
    let sealed = shared.store.run_seal(commit);
    if let Err(error) = shared.store.run_commit(&sealed).await {
        tracing::error!(run = %claimed.held.id, %error, "the run stays with this node until it stops");
    }
}
