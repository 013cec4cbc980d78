//! Group commit: many callers, one transaction, each told when its own write is durable.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc::TrySendError,
    },
    thread,
};

use parking_lot::Mutex;
use rusqlite::{Connection, ErrorCode, TransactionBehavior};
use tokio::sync::{mpsc, oneshot};

use super::{apply::apply, memory::Memory};
use crate::{
    Error,
    write::{Outcome, Write},
};

/// Writes that may wait; beyond it callers wait for a place.
const QUEUE: usize = 4096;

/// Writes in one transaction at most, so that one commit stays in the milliseconds.
pub(super) const BATCH: usize = 512;

/// When the WAL holds this many pages, it is copied back into the database.
const CHECKPOINT_PAGES: i64 = 4_000;

type Answer = oneshot::Sender<Result<Outcome, Error>>;

/// What came of the writes of one transaction, on the way to those who wait for it.
type Answers = Vec<(Answer, Result<Outcome, Error>)>;

/// Transactions whose answers may be on their way.
const ANSWERING: usize = 64;

enum Message {
    Write(Box<Write>, Answer),
    Close(oneshot::Sender<()>),
}

/// The writer's side that callers see.
pub(super) struct Writer {
    queue: mpsc::Sender<Message>,
    counted: Arc<Counted>,
    threads: Mutex<Vec<thread::JoinHandle<()>>>,
    /// Ends when all callers are told and the writer has ended.
    telling: Mutex<Option<tokio::task::JoinHandle<()>>>,
}

#[derive(Default)]
struct Counted {
    transactions: AtomicU64,
    writes: AtomicU64,
    checkpoints: AtomicU64,
}

/// What the writer has done since it began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Transactions committed; each is one fsync of the WAL.
    pub transactions: u64,
    /// Writes in them.
    pub writes: u64,
    /// Times the WAL was copied back; each costs two fsyncs more.
    pub checkpoints: u64,
}

impl Writer {
    pub(super) fn start(connection: Connection, memory: Memory, path: &Path) -> std::io::Result<Self> {
        let (queue, messages) = mpsc::channel(QUEUE);
        let counted = Arc::<Counted>::default();
        let (wake, woken) = std::sync::mpsc::sync_channel(1);
        let (answers, answered) = mpsc::channel(ANSWERING);
        let telling = Mutex::new(Some(tokio::spawn(tell(answered))));
        let checkpointing = Arc::<AtomicBool>::default();
        let busy = Arc::clone(&checkpointing);
        let second = super::connect(path, rusqlite::OpenFlags::default()).map_err(std::io::Error::other)?;
        let checkpointer = thread::Builder::new()
            .name("checkpoint".to_owned())
            .spawn(move || checkpoint(&second, &woken, &busy))?;
        let writing =
            Loop { connection, memory, answers, counted: Arc::clone(&counted), wake, checkpointing };
        let writer = thread::Builder::new().name("writer".to_owned()).spawn(move || writing.run(messages))?;
        Ok(Self { queue, counted, threads: Mutex::new(vec![writer, checkpointer]), telling })
    }

    pub(super) async fn send(&self, write: Write, answer: Answer) -> Result<(), ()> {
        self.queue.send(Message::Write(Box::new(write), answer)).await.map_err(|_| ())
    }

    pub(super) fn counters(&self) -> Counters {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counters {
            transactions: load(&self.counted.transactions),
            writes: load(&self.counted.writes),
            checkpoints: load(&self.counted.checkpoints),
        }
    }

    pub(super) async fn close(&self) {
        let (closed, wait) = oneshot::channel();
        if self.queue.send(Message::Close(closed)).await.is_ok() {
            // The thread ends after it answers; there is nothing to learn from a lost answer.
            let _ = wait.await;
        }
        let threads = std::mem::take(&mut *self.threads.lock());
        let joined =
            tokio::task::spawn_blocking(move || threads.into_iter().try_for_each(thread::JoinHandle::join));
        if !matches!(joined.await, Ok(Ok(()))) {
            tracing::error!("a thread of the database ended by a panic");
        }
        let telling = self.telling.lock().take();
        if let Some(telling) = telling
            && telling.await.is_err()
        {
            tracing::error!("the task that tells callers what came of their writes ended by a panic");
        }
    }
}

/// Tells the callers. One of them alone is woken from the writer's thread in no time; a whole transaction of them
/// would keep it, each by a lock that the async threads want as well. From a task each is a push to its own queue.
async fn tell(mut answered: mpsc::Receiver<Answers>) {
    while let Some(answers) = answered.recv().await {
        for (answer, outcome) in answers {
            // A caller that no longer waits has been cancelled; its write counts all the same.
            let _ = answer.send(outcome);
        }
    }
}

/// The writer thread.
struct Loop {
    connection: Connection,
    memory: Memory,
    answers: mpsc::Sender<Answers>,
    counted: Arc<Counted>,
    wake: std::sync::mpsc::SyncSender<()>,
    /// Whether the checkpoint thread is at work.
    checkpointing: Arc<AtomicBool>,
}

impl Loop {
    fn run(mut self, mut messages: mpsc::Receiver<Message>) {
        let mut batch = Vec::with_capacity(BATCH);
        let mut pending = Vec::with_capacity(BATCH);
        while messages.blocking_recv_many(&mut pending, BATCH) > 0 {
            let mut closing = None;
            for message in pending.drain(..) {
                match message {
                    Message::Write(write, answer) => batch.push((write, answer)),
                    Message::Close(closed) => {
                        messages.close();
                        closing = Some(closed);
                    }
                }
            }
            self.commit(&mut batch);
            if let Some(closed) = closing {
                // Whoever asked may have gone; the writer ends all the same.
                let _ = closed.send(());
            }
        }
    }

    fn commit(&mut self, batch: &mut Vec<(Box<Write>, Answer)>) {
        if batch.is_empty() {
            return;
        }
        let outcomes = self.transact(batch.iter().map(|(write, _)| &**write));
        match outcomes {
            Ok(outcomes) => {
                self.counted.writes.fetch_add(batch.len() as u64, Ordering::Relaxed);
                let outcomes = outcomes.into_iter().map(Ok);
                self.answer(batch.drain(..).map(|(_, answer)| answer).zip(outcomes).collect());
            }
            // One write may have spoilt the batch: each alone shows which.
            Err(_) if batch.len() > 1 => {
                for single in batch.drain(..) {
                    self.commit(&mut vec![single]);
                }
            }
            Err(error) => {
                if let Some((_, answer)) = batch.pop() {
                    self.answer(vec![(answer, Err(classify(error)))]);
                }
            }
        }
    }

    fn answer(&self, answers: Answers) {
        // Without its runtime the process is ending, and nobody waits any more.
        let _ = self.answers.blocking_send(answers);
    }

    fn transact<'w>(&mut self, writes: impl Iterator<Item = &'w Write>) -> rusqlite::Result<Vec<Outcome>> {
        let Self { connection, memory, .. } = self;
        match transact(connection, memory, writes) {
            Ok(outcomes) => {
                memory.committed();
                if self.counted.transactions.fetch_add(1, Ordering::Relaxed).is_multiple_of(16) {
                    self.checkpoint_if_due();
                }
                Ok(outcomes)
            }
            Err(error) => {
                memory.undone();
                Err(error)
            }
        }
    }

    /// The checkpoint thread copies most pages back while writes go on. Only the writer, between two
    /// transactions, can copy the last ones, after which SQLite begins the WAL anew; so it does not
    /// grow for ever. What is left for the writer is at most what came in during the last pass of the
    /// thread. A passive checkpoint never waits for anybody.
    fn checkpoint_if_due(&self) {
        if self.checkpointing.load(Ordering::Acquire) {
            return;
        }
        let Ok((in_wal, copied)) = wal(&self.connection, "PRAGMA wal_checkpoint(NOOP)") else { return };
        if in_wal < CHECKPOINT_PAGES {
            return;
        }
        if copied < in_wal - in_wal / 4 {
            self.checkpointing.store(true, Ordering::Release);
            // Full: the thread has been woken already.
            if let Err(TrySendError::Disconnected(())) = self.wake.try_send(()) {
                self.checkpointing.store(false, Ordering::Release);
                tracing::error!("the thread that copies the log back has ended; the writer does its work");
                if let Err(error) = wal(&self.connection, "PRAGMA wal_checkpoint(PASSIVE)") {
                    tracing::warn!(%error, "a checkpoint failed");
                }
            }
        } else if wal(&self.connection, "PRAGMA wal_checkpoint(PASSIVE)").is_ok_and(|(all, done)| all == done)
        {
            self.counted.checkpoints.fetch_add(1, Ordering::Relaxed);
        }
    }
}

fn transact<'w>(
    connection: &mut Connection,
    memory: &mut Memory,
    writes: impl Iterator<Item = &'w Write>,
) -> rusqlite::Result<Vec<Outcome>> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let outcomes = writes.map(|write| apply(&transaction, memory, write)).collect::<Result<Vec<_>, _>>()?;
    memory.claims.finish(&transaction)?;
    transaction.commit()?;
    Ok(outcomes)
}

/// Runs a checkpoint; gives the pages in the WAL and how many of them are copied back.
fn wal(connection: &Connection, pragma: &'static str) -> rusqlite::Result<(i64, i64)> {
    connection.prepare_cached(pragma)?.query_row([], |row| Ok((row.get(1)?, row.get(2)?)))
}

fn checkpoint(connection: &Connection, woken: &std::sync::mpsc::Receiver<()>, busy: &AtomicBool) {
    while woken.recv().is_ok() {
        if let Err(error) = wal(connection, "PRAGMA wal_checkpoint(PASSIVE)") {
            tracing::warn!(%error, "a checkpoint failed");
        }
        busy.store(false, Ordering::Release);
    }
}

/// Whether the database as a whole cannot take writes, or this one write is wrong.
fn classify(error: rusqlite::Error) -> Error {
    let unavailable = |reason: &str| Error::Unavailable { reason: reason.to_owned() };
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => unavailable("the disk, or the space allowed for it, is full"),
        Some(ErrorCode::SystemIoFailure | ErrorCode::CannotOpen | ErrorCode::ReadOnly) => {
            unavailable("the disk refuses to be written")
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::OutOfMemory) => {
            unavailable("the database is busy")
        }
        _ => Error::Write(error.into()),
    }
}
