//! The drain: one worker for each destination that has work, and who starts them.

use std::{ops::Deref, sync::Arc, time::Duration};

use clock::{Clock, Random};
use store::{News, NodeId, Store};
use tokio::{
    sync::{
        broadcast::{self, error::RecvError},
        watch,
    },
    task::{JoinHandle, JoinSet},
    time::{Instant, sleep_until, timeout},
};

use crate::{Settled, Tripped, Waker, credential::Tokens, worker::Worker};

/// How often the outbox is looked through for work that nobody was woken for, such as another node's. It is besides when
/// another node's lease ends.
const LOOK: Duration = Duration::from_secs(10);

/// Clocks are not that exact: so much later a lease has ended for everybody.
const MOMENT: Duration = Duration::from_millis(20);

/// How soon it is looked through again when it could not be read.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Attempts that a slow listener may lag behind; beyond it, it loses the oldest.
const SETTLED: usize = 1024;

/// The same of breakers.
const TRIPPED: usize = 256;

/// What a drain works with.
#[derive(Clone)]
pub struct Surroundings {
    /// The outbox.
    pub store: Store,
    /// Makes the calls.
    pub client: outbound::Client,
    /// Tells the time.
    pub clock: Clock,
    /// Varies the retries.
    pub random: Random,
    /// The node that owns destinations; its lease is kept by whoever runs it.
    pub node: NodeId,
    /// Told of every attempt that is recorded here, and how long it took.
    pub measure: Measure,
}

/// Takes note of an attempt; it must not wait for anything.
pub type Measure = Arc<dyn Fn(&Settled, Duration) + Send + Sync>;

/// What the workers share.
pub(crate) struct Around {
    surroundings: Surroundings,
    pub(crate) settled: broadcast::Sender<Settled>,
    /// Told whenever destinations that another node had may be free.
    pub(crate) freed: watch::Sender<()>,
    /// What receivers are shown that somebody had to be asked for.
    pub(crate) tokens: Tokens,
    /// Tells of destinations whose breaker opened or closed.
    pub(crate) tripped: broadcast::Sender<Tripped>,
    /// When this drain began: what was sent just before is not known to it.
    pub(crate) began: Instant,
    stopped: watch::Receiver<bool>,
}

/// Drains the outbox until it is stopped. Dropping it abandons what is under way, as a crash would.
pub struct Drain {
    waker: Waker,
    around: Arc<Around>,
    stop: watch::Sender<bool>,
    supervisor: JoinHandle<()>,
}

impl Drain {
    /// Starts to drain, with what is due already. It runs on the tokio runtime that this is called on.
    pub fn start(surroundings: Surroundings) -> Self {
        let (settled, _) = broadcast::channel(SETTLED);
        let (tripped, _) = broadcast::channel(TRIPPED);
        let (stop, stopped) = watch::channel(false);
        let around = Arc::new(Around {
            surroundings,
            settled,
            freed: watch::Sender::new(()),
            tokens: Tokens::default(),
            tripped,
            began: Instant::now(),
            stopped: stopped.clone(),
        });
        let waker = Waker::default();
        let supervisor = Supervisor { around: Arc::clone(&around), waker: waker.clone(), stopped };
        Self { waker, around, stop, supervisor: tokio::spawn(supervisor.run()) }
    }

    /// Tells this drain of new work.
    pub fn waker(&self) -> Waker {
        self.waker.clone()
    }

    /// Tells of every attempt recorded from now on. A receiver that lags loses the oldest.
    pub fn settled(&self) -> broadcast::Receiver<Settled> {
        self.around.settled.subscribe()
    }

    /// Tells of every breaker that opens or closes from now on. A receiver that lags loses the oldest.
    pub fn tripped(&self) -> broadcast::Receiver<Tripped> {
        self.around.tripped.subscribe()
    }

    /// Takes no new deliveries and waits until those under way are recorded, at most so long; what is left then
    /// is abandoned. Says whether nothing was.
    pub async fn stop(mut self, within: Duration) -> bool {
        self.stop.send_replace(true);
        if timeout(within, &mut self.supervisor).await.is_ok() {
            return true;
        }
        self.supervisor.abort();
        // It ends by being cancelled, which is what was asked for.
        let _ = (&mut self.supervisor).await;
        false
    }
}

impl Drop for Drain {
    fn drop(&mut self) {
        self.supervisor.abort();
    }
}

impl Around {
    /// Waits for something as long as the drain runs. Says whether it came.
    pub(crate) async fn unless_stopped(&self, awaited: impl Future<Output = ()>) -> bool {
        let mut stopped = self.stopped.clone();
        tokio::select! {
            biased;
            () = stop(&mut stopped) => false,
            () = awaited => true,
        }
    }
}

impl Deref for Around {
    type Target = Surroundings;

    fn deref(&self) -> &Surroundings {
        &self.surroundings
    }
}

/// What other nodes tell of their work; never anything where this one is alone.
async fn hear(news: &mut Option<broadcast::Receiver<News>>) -> News {
    match news {
        Some(from) => match from.recv().await {
            Ok(heard) => heard,
            Err(RecvError::Lagged(_)) => News { anything: true, ..News::default() },
            Err(RecvError::Closed) => std::future::pending().await,
        },
        None => std::future::pending().await,
    }
}

/// Starts the workers.
struct Supervisor {
    around: Arc<Around>,
    waker: Waker,
    stopped: watch::Receiver<bool>,
}

impl Supervisor {
    async fn run(self) {
        let mut workers = JoinSet::new();
        let mut look_at = Instant::now();
        let mut stopped = self.stopped.clone();
        let mut news = self.around.store.news();
        loop {
            tokio::select! {
                biased;
                () = stop(&mut stopped) => break,
                () = self.waker.wanted() => {}
                heard = hear(&mut news) => match heard {
                    News { anything: true, .. } => look_at = Instant::now(),
                    News { destinations, .. } => self.waker.notify(destinations),
                },
                () = sleep_until(look_at) => look_at = Instant::now() + self.look().await,
                Some(ended) = workers.join_next() => report(ended),
            }
            for (id, bell) in self.waker.take_wanted() {
                let worker = Worker::new(id, Arc::clone(&self.around), (self.waker.clone(), bell));
                workers.spawn(worker.run(self.stopped.clone()));
            }
        }
        while let Some(ended) = workers.join_next().await {
            report(ended);
        }
    }

    /// Wakes every destination that has something due now or soon, and those that another node had. Says when to look
    /// again.
    async fn look(&self) -> Duration {
        match self.look_through().await {
            Ok(pause) => pause,
            Err(error) => {
                tracing::warn!(%error, "the outbox could not be read");
                LOOK_AGAIN
            }
        }
    }

    async fn look_through(&self) -> Result<Duration, store::Error> {
        let Surroundings { store, clock, node, .. } = &**self.around;
        let due = store.delivery_next_due().await?;
        let soon = clock.now().after(LOOK);
        self.waker.notify(due.into_iter().filter(|(_, at)| *at <= soon).map(|(id, _)| id));
        self.around.freed.send_replace(());
        // A lease that is not known yet ends later than that.
        let latest = LOOK.min(store.node_lease());
        let ends = store.node_next_lease_end(*node).await?;
        Ok(ends.map_or(latest, |ends| latest.min(clock.now().until(ends) + MOMENT)))
    }
}

/// Waits until the drain is stopped, or gone.
pub(crate) async fn stop(stopped: &mut watch::Receiver<bool>) {
    // Without its sender the drain is gone.
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

fn report(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a destination's worker ended by a panic");
    }
}
