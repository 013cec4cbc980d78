//! Claiming runs, stopping in good order.

use std::{sync::Arc, time::Duration};

use faults::CrashPoint;
use flow::run::{RunError, Status};
use store::{Beat, ClaimedRun, News, RunId, Then, VersionId};
use tokio::{
    sync::{
        OwnedSemaphorePermit,
        broadcast::{self, error::RecvError},
    },
    time::Instant,
};

use crate::{
    Engine, Error, Shared,
    execution::{Execution, persist},
    lease, scheduler,
};

/// Runs claimed in one transaction at most.
const BATCH: u32 = 64;

/// Batches for which a run that is tried alone waits while there is a backlog.
const PATIENT: u32 = 16;

/// How long the dispatcher waits before it tries again what the store refused.
const RETRY: Duration = Duration::from_secs(1);

/// How long everything else is held up at first for a run that is tried alone, and at most. Steps may
/// take an hour; what cannot begin within that time must not wait for them.
const ALONE: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(300));

/// How soon a run is tried again that needs a newer build, where no other node can have one.
const UPGRADE: Duration = Duration::from_secs(60);

/// Versions known to be another node's; with more, they are found out anew.
const UNFIT: usize = 256;

/// How soon the dispatcher looks again for what it was not given although it is due: another node is taking it, or
/// lets go of it.
const PASSED_OVER: Duration = Duration::from_millis(100);

/// How long the dispatcher sleeps at most when nothing wakes it.
const FALLBACK: Duration = Duration::from_secs(10);

impl Engine {
    /// Begins to work: takes over what was in flight when the last process ended, claims what is queued. `beat` is
    /// what the node says of itself; how many runs are under way is added.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn start(&self, beat: Beat) -> Result<(), Error> {
        let shared = &self.0;
        let asked_at = Instant::now();
        shared.store.node_beat(shared.node, &beat).await?;
        shared.lease.renew(asked_at);
        lease::take_over(shared).await?;
        let mut tasks = shared.tasks.lock();
        tasks.push(tokio::spawn(lease::keep(self.clone(), beat)));
        if !shared.store.is_alone() {
            tasks.push(tokio::spawn(lease::watch(Arc::clone(shared))));
        }
        if shared.options.max_runs > 0 {
            tasks.push(tokio::spawn(dispatch(Arc::clone(shared))));
            tasks.push(tokio::spawn(hear_woken(Arc::clone(shared), shared.store.woken())));
            tasks.extend(shared.store.news().map(|news| tokio::spawn(listen(Arc::clone(shared), news))));
        }
        if shared.options.schedules {
            tasks.push(tokio::spawn(scheduler::run(self.clone())));
        }
        Ok(())
    }

    /// Stops taking events and runs, and waits until the runs under way are done or the time is up.
    /// [`Engine::leave`] comes after it.
    pub async fn stop(&self, patience: Duration) {
        let shared = &self.0;
        shared.stopping.send_replace(true);
        let all = u32::try_from(shared.options.max_runs).unwrap_or(u32::MAX);
        let drained = tokio::time::timeout(patience, shared.permits.acquire_many(all)).await;
        if drained.is_err() {
            tracing::warn!(left = self.running(), "runs that are not done are left to the next start");
        }
    }

    /// Gives back what this node holds: runs that are not done are queued again for whoever comes next,
    /// and destinations may be sent to by others. To be called when nothing is under way any more.
    pub async fn leave(&self) {
        let shared = &self.0;
        let tasks = std::mem::take(&mut *shared.tasks.lock());
        for task in tasks {
            task.abort();
        }
        if let Err(error) = shared.store.node_leave(shared.node).await {
            tracing::warn!(%error, "the lease could not be given back; it ends by itself");
        }
    }
}

/// Looks for runs when another node says that it queued some, or may have said so unheard.
async fn listen(shared: Arc<Shared>, mut news: broadcast::Receiver<News>) {
    loop {
        match news.recv().await {
            Ok(News { anything: true, .. }) | Err(RecvError::Lagged(_)) => shared.wake_all(),
            Ok(News { runs, woken, .. }) => {
                for run in woken {
                    shared.wake(run);
                }
                if runs {
                    shared.work.notify_one();
                }
            }
            Err(RecvError::Closed) => return,
        }
    }
}

/// Lets runs go on that were woken by what this node wrote.
async fn hear_woken(shared: Arc<Shared>, mut woken: broadcast::Receiver<RunId>) {
    loop {
        match woken.recv().await {
            Ok(run) => shared.wake(run),
            Err(RecvError::Lagged(_)) => shared.wake_all(),
            Err(RecvError::Closed) => return,
        }
    }
}

async fn dispatch(shared: Arc<Shared>) {
    let mut stopping = shared.stopping.subscribe();
    tokio::select! {
        () = claim_for_ever(&shared) => {}
        _ = stopping.wait_for(|stopping| *stopping) => {}
    }
}

async fn claim_for_ever(shared: &Arc<Shared>) {
    let mut alone = Alone { patience: ALONE.0, not_before: Instant::now() };
    for batch in 1_u32.. {
        let Ok(permit) = Arc::clone(&shared.permits).acquire_owned().await else { return };
        let mut permits = vec![permit];
        while permits.len() < BATCH as usize
            && let Ok(permit) = Arc::clone(&shared.permits).try_acquire_owned()
        {
            permits.push(permit);
        }
        let limit = u32::try_from(permits.len()).unwrap_or(1);
        // What a node holds whose lease has ended, others take over at once.
        shared.lease.running().await;
        let asked_at = Instant::now();
        let claimed = match shared.store.run_claim(shared.node, limit, shared.unfit()).await {
            Ok(claimed) => claimed,
            Err(error) => {
                tracing::warn!(%error, "runs could not be claimed");
                drop(permits);
                tokio::time::sleep(RETRY).await;
                continue;
            }
        };
        let is_idle = claimed.is_empty();
        if !is_idle {
            faults::hit(CrashPoint::AfterClaim);
        }
        for (run, permit) in claimed.into_iter().zip(permits) {
            tokio::spawn(take_up(Arc::clone(shared), (run, asked_at), permit));
        }
        if !is_idle && !batch.is_multiple_of(PATIENT) {
            continue;
        }
        let tried = alone.attempt(shared).await;
        if is_idle && !tried {
            let wait = time_to_next(shared).await.min(alone.wait());
            tokio::select! {
                () = shared.work.notified() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }
}

/// Runs that may be what killed their worker: each is tried while nothing else is under way, for it must
/// not take others along again.
struct Alone {
    /// How long everything else may be held up for the next one.
    patience: Duration,
    /// When the next one may be tried.
    not_before: Instant,
}

impl Alone {
    /// If there is such a run, waits until nothing else is under way and lets it run. Says whether it did.
    async fn attempt(&mut self, shared: &Arc<Shared>) -> bool {
        if Instant::now() < self.not_before {
            return false;
        }
        match self.claim(shared).await {
            Ok(Some((run, all))) => {
                tokio::spawn(take_up(Arc::clone(shared), run, all));
                true
            }
            Ok(None) => false,
            Err(error) => {
                tracing::warn!(%error, "runs that are tried alone could not be claimed");
                self.not_before = Instant::now() + RETRY;
                false
            }
        }
    }

    async fn claim(
        &mut self,
        shared: &Arc<Shared>,
    ) -> Result<Option<((ClaimedRun, Instant), OwnedSemaphorePermit)>, store::Error> {
        if !shared.store.run_has_suspect(shared.unfit()).await? {
            return Ok(None);
        }
        let all = u32::try_from(shared.options.max_runs).unwrap_or(u32::MAX);
        let quiet = Arc::clone(&shared.permits).acquire_many_owned(all);
        let Ok(quiet) = tokio::time::timeout(self.patience, quiet).await else {
            tracing::warn!(
                waited = ?self.patience,
                "a run that is to be tried alone lets the others go on: some of them take long"
            );
            // The others get ten times what they were held up for.
            self.not_before = Instant::now() + self.patience * 10;
            self.patience = (self.patience * 2).min(ALONE.1);
            return Ok(None);
        };
        self.patience = ALONE.0;
        let Ok(all) = quiet else { return Ok(None) };
        shared.lease.running().await;
        let asked_at = Instant::now();
        let suspect = shared.store.run_claim_suspect(shared.node, shared.unfit()).await?;
        faults::hit(CrashPoint::AfterClaim);
        Ok(suspect.map(|run| ((run, asked_at), all)))
    }

    /// How long until the next one may be tried, if one could not be.
    fn wait(&self) -> Duration {
        match self.not_before.saturating_duration_since(Instant::now()) {
            Duration::ZERO => FALLBACK,
            wait => wait,
        }
    }
}

async fn time_to_next(shared: &Shared) -> Duration {
    match shared.store.run_next_due(shared.unfit()).await {
        Ok(Some(due)) => match shared.clock.now().until(due) {
            Duration::ZERO => PASSED_OVER,
            wait => wait.min(FALLBACK),
        },
        Ok(None) => FALLBACK,
        Err(error) => {
            tracing::warn!(%error, "the next timer could not be read");
            Duration::from_secs(1)
        }
    }
}

/// Goes on with a claimed run.
async fn take_up(shared: Arc<Shared>, claimed: (ClaimedRun, Instant), permit: OwnedSemaphorePermit) {
    go_on(shared, claimed, Some(permit), |_| {}).await;
}

/// Cancels a claimed run. Says whether it could be taken up for that.
pub(crate) async fn cancel_claimed(shared: Arc<Shared>, claimed: (ClaimedRun, Instant), by: &str) -> bool {
    go_on(shared, claimed, None, |execution| execution.cancel(by)).await
}

/// Goes on with a run that was claimed, and with when that was asked for.
pub(crate) async fn go_on(
    shared: Arc<Shared>,
    (claimed, asked_at): (ClaimedRun, Instant),
    permit: Option<OwnedSemaphorePermit>,
    first: impl FnOnce(&mut Execution),
) -> bool {
    let run = claimed.held.id;
    let controlled = shared.hub.enter(run);
    match Execution::resume(Arc::clone(&shared), (claimed, asked_at), permit).await {
        Ok(mut execution) => {
            first(&mut execution);
            execution.drive(controlled).await;
            true
        }
        Err(error) => {
            give_up(&shared, claimed, &error).await;
            // Whoever waits for it looks at its row now.
            shared.hub.leave(&controlled);
            false
        }
    }
}

impl Shared {
    /// What a run waits for has come. If it is not under way here, it is due.
    fn wake(&self, run: RunId) {
        if !self.hub.wake(run) {
            self.work.notify_one();
        }
    }

    /// The same of any.
    fn wake_all(&self) {
        self.hub.wake_all();
        self.work.notify_one();
    }

    /// The versions whose runs are left to other nodes.
    fn unfit(&self) -> Vec<VersionId> {
        self.unfit.lock().iter().copied().collect()
    }

    /// A run whose kinds this build lacks goes back to where another node finds it; where there can be none, it waits
    /// for a newer build.
    fn leave_to_others(&self, version: VersionId) -> Then {
        let mut unfit = self.unfit.lock();
        if unfit.len() >= UNFIT {
            unfit.clear();
        }
        unfit.insert(version);
        if self.store.is_alone() {
            Then::Release { status: Status::Waiting, wake_at: Some(self.clock.now().after(UPGRADE)) }
        } else {
            Then::Release { status: Status::Queued, wake_at: None }
        }
    }
}

/// A run that cannot be taken up fails, with the reason; when the store is the reason, or a build that is too old, it is
/// left for later.
async fn give_up(shared: &Shared, claimed: ClaimedRun, error: &Error) {
    tracing::error!(run = %claimed.held.id, error = error as &dyn std::error::Error, "a run cannot go on");
    let now = shared.clock.now();
    let then = match error {
        Error::Lacks { version, .. } => shared.leave_to_others(*version),
        Error::Store(store::Error::Unavailable { .. } | store::Error::Read(_)) | Error::Stopping => {
            Then::Release { status: Status::Waiting, wake_at: Some(now.after(RETRY)) }
        }
        _ => {
            let error = RunError { step: None, code: "cannot_resume".to_owned(), message: error.to_string() };
            let error = serde_json::to_string(&error).ok();
            Then::End(store::Ending { status: Status::Failed, error, at: now })
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
    persist(shared, commit).await;
}
