//! Group commit: many callers, one transaction, each told when its own write is durable.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use parking_lot::Mutex;
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinSet,
    time::timeout,
};

use super::{
    batch,
    connector::Connector,
    fault::{classify, is_lost, stood_in_the_way, unavailable},
    notify::Notify,
    session::Session,
    transaction::End,
};
use crate::{
    Counters, Error, Fault,
    delivery::{NewDelivery, Settled},
    event::{Admitted, Begin},
    news::News,
    origin::Origins,
    run::{Committed, Then},
    write::{Outcome, Write},
};

/// Writes that may wait; beyond it callers wait for a place.
const QUEUE: usize = 4096;

/// Writes in one transaction at most.
const BATCH: usize = 256;

/// How long the writer waits before it ends until it is known whether its last transactions were committed. One whose
/// connection was lost is ended by the database in half of that.
const LAST: Duration = Duration::from_secs(10);

/// How often a transaction is tried that another one stood in the way of.
const TRIES: u32 = 5;

type Answer = oneshot::Sender<Result<Outcome, Error>>;

/// The writer's side that callers see.
pub(super) struct Writer {
    queue: Mutex<Option<mpsc::Sender<(Write, Answer)>>>,
    counted: Arc<Counted>,
    task: Mutex<Option<tokio::task::JoinHandle<()>>>,
}

/// Writes of one transaction, each with whom to tell what came of it.
type Batch = Vec<(Write, Answer)>;

#[derive(Default)]
struct Counted {
    transactions: AtomicU64,
    writes: AtomicU64,
}

impl Writer {
    pub(super) fn start(connector: Connector, session: Session, notify: Arc<Notify>) -> Self {
        let (queue, writes) = mpsc::channel(QUEUE);
        let counted = Arc::<Counted>::default();
        let writing = Loop {
            connector,
            session: Some(session),
            origins: Origins::default(),
            told: Told { counted: Arc::clone(&counted), notify },
            unsettled: JoinSet::new(),
        };
        let task = Mutex::new(Some(tokio::spawn(writing.run(writes))));
        Self { queue: Mutex::new(Some(queue)), counted, task }
    }

    pub(super) async fn send(&self, write: Write, answer: Answer) -> Result<(), ()> {
        let queue = self.queue.lock().clone();
        queue.ok_or(())?.send((write, answer)).await.map_err(|_| ())
    }

    /// A transaction was committed beside the writer, with so many writes.
    pub(super) fn count(&self, writes: u64) {
        self.counted.transactions.fetch_add(1, Ordering::Relaxed);
        self.counted.writes.fetch_add(writes, Ordering::Relaxed);
    }

    pub(super) fn counters(&self) -> Counters {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counters {
            transactions: load(&self.counted.transactions),
            writes: load(&self.counted.writes),
            checkpoints: 0,
        }
    }

    pub(super) async fn close(&self) {
        // The task ends when it has answered what is in the queue.
        drop(self.queue.lock().take());
        let task = self.task.lock().take();
        if let Some(task) = task
            && task.await.is_err()
        {
            tracing::error!("the task that writes to the database ended by a panic");
        }
    }
}

struct Loop {
    connector: Connector,
    /// Nothing after it was lost.
    session: Option<Session>,
    origins: Origins,
    told: Told,
    /// Transactions of which it is not known yet whether they were committed. Others do not wait for them.
    unsettled: JoinSet<()>,
}

/// Who is told of what was written.
#[derive(Clone)]
struct Told {
    counted: Arc<Counted>,
    notify: Arc<Notify>,
}

impl Loop {
    async fn run(mut self, mut queue: mpsc::Receiver<(Write, Answer)>) {
        let mut batch = Vec::with_capacity(BATCH);
        while queue.recv_many(&mut batch, BATCH).await > 0 {
            self.commit(std::mem::take(&mut batch)).await;
            while self.unsettled.try_join_next().is_some() {}
        }
        let settled = async { while self.unsettled.join_next().await.is_some() {} };
        if timeout(LAST, settled).await.is_err() {
            tracing::warn!("it is not known whether the last transactions were committed");
        }
    }

    async fn commit(&mut self, batch: Batch) {
        let writes: Vec<&Write> = batch.iter().map(|(write, _)| write).collect();
        match self.transact(&writes).await {
            Ok((outcomes, End::Known)) => self.told.written(batch, outcomes),
            Ok((outcomes, end)) => {
                let told = self.told.clone();
                self.unsettled.spawn(async move {
                    match end.settled().await {
                        Ok(()) => told.written(batch, outcomes),
                        Err(fault) => refuse(batch, &fault),
                    }
                });
            }
            Err(fault) if is_lost(&fault) => refuse(batch, &fault),
            // One write may have spoilt the batch: each alone shows which.
            Err(_) if batch.len() > 1 => {
                for single in batch {
                    Box::pin(self.commit(vec![single])).await;
                }
            }
            Err(fault) => {
                let error = classify(fault, Error::Write);
                if let Some((_, answer)) = batch.into_iter().next() {
                    let _ = answer.send(Err(error));
                }
            }
        }
    }

    /// Applies writes in one transaction; again from the start when another transaction stood in the way.
    async fn transact(&mut self, writes: &[&Write]) -> Result<(Vec<Outcome>, End), Fault> {
        let mut tries = 1;
        loop {
            let session = match self.session.take().filter(Session::is_open) {
                Some(session) => session,
                None => Session::connect(&self.connector).await?,
            };
            let done = attempt(&session, &mut self.origins, writes).await;
            // One whose transaction did not end is not used again.
            self.session = Some(session);
            match done {
                Ok((outcomes, End::Known)) => {
                    self.origins.committed();
                    return Ok((outcomes, End::Known));
                }
                Ok(unheard) => {
                    self.origins.undone();
                    return Ok(unheard);
                }
                Err(fault) => {
                    self.origins.undone();
                    if tries == TRIES || !stood_in_the_way(&fault) {
                        return Err(fault);
                    }
                    tries += 1;
                }
            }
        }
    }
}

impl Told {
    /// Tells callers and other nodes of a transaction that is on stable storage.
    fn written(&self, batch: Batch, outcomes: Vec<Outcome>) {
        self.counted.transactions.fetch_add(1, Ordering::Relaxed);
        self.counted.writes.fetch_add(outcomes.len() as u64, Ordering::Relaxed);
        self.notify.tell(news(&batch, &outcomes));
        for ((_, answer), outcome) in batch.into_iter().zip(outcomes) {
            // A caller that no longer waits has been cancelled; its write counts all the same.
            let _ = answer.send(Ok(outcome));
        }
    }
}

/// Tells callers that nothing was written, since the database is not there.
fn refuse(batch: Batch, fault: &Fault) {
    tracing::warn!(
        error = fault as &dyn std::error::Error,
        writes = batch.len(),
        "nothing can be written now"
    );
    let reason = unavailable(fault).unwrap_or("the database takes no work now");
    for (_, answer) in batch {
        let _ = answer.send(Err(Error::Unavailable { reason: reason.to_owned() }));
    }
}

/// What other nodes want to know of a transaction. Runs and destinations that this node holds concern nobody else.
fn news(batch: &Batch, outcomes: &[Outcome]) -> News {
    let mut news = News::default();
    let mut add = |deliveries: &[NewDelivery]| {
        let destinations = deliveries.iter().map(|delivery| delivery.destination).collect();
        news.join(News { destinations, ..News::default() });
    };
    let (mut runs, mut woken) = (false, BTreeSet::new());
    for ((write, _), outcome) in batch.iter().zip(outcomes) {
        match (write, outcome) {
            (Write::Admit(admission), Outcome::Admitted(Admitted::New)) => {
                match admission.0.run.as_ref().map(|run| &run.begin) {
                    Some(Begin::Queued) => runs = true,
                    Some(Begin::Held { deliveries, .. } | Begin::Finished { deliveries, .. }) => {
                        add(deliveries);
                    }
                    None => {}
                }
            }
            (Write::Commit(commit), Outcome::Committed(Committed::Done)) => {
                runs |= matches!(commit.0.then, Then::Release { .. });
                add(&commit.0.deliveries);
            }
            (Write::Attempt(attempt), Outcome::Attempted(Settled::Done)) => {
                woken.extend(attempt.attempt.woken());
            }
            _ => {}
        }
    }
    news.join(News { runs: runs || !woken.is_empty(), woken, ..News::default() });
    news
}

async fn attempt(
    session: &Session,
    origins: &mut Origins,
    writes: &[&Write],
) -> Result<(Vec<Outcome>, End), Fault> {
    let transaction = session.begin().await?;
    let outcomes = batch::apply(session, origins, writes).await?;
    let end = transaction.commit().await?;
    Ok((outcomes, end))
}
