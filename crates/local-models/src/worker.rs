//! A model in a thread of its own, behind a bounded queue.

use std::{
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use inference::Error;
use tokio::sync::mpsc::{self, error::TrySendError};

use crate::error;

/// What a worker runs. It lives in the worker's thread alone.
pub(crate) trait Model: Sized + 'static {
    /// What it needs to be loaded.
    type Source: Clone + Send + 'static;
    /// What it is asked to do, with a way to reply.
    type Job: Send + 'static;

    /// Loads the model.
    fn load(source: &Self::Source) -> Result<Self, error::Error>;
    /// Whether nobody waits for the job any more.
    fn is_abandoned(job: &Self::Job) -> bool;
    /// Does the job and replies.
    fn work(&mut self, job: Self::Job);
    /// Replies that the model cannot be loaded.
    fn refuse(job: Self::Job, error: Arc<error::Error>);
}

/// A model's thread, started with the first job and again should it die; the model is loaded with the first
/// job too. A model that cannot be loaded is tried again with the next job, since its files may have come.
pub(crate) struct Worker<M: Model> {
    source: M::Source,
    /// The thread's name, and the provider's.
    names: (&'static str, String),
    queue: usize,
    jobs: Mutex<Option<mpsc::Sender<M::Job>>>,
}

impl<M: Model> Worker<M> {
    /// A worker named `thread` for `provider` in whose queue `queue` jobs may wait.
    pub(crate) fn new(source: M::Source, thread: &'static str, provider: &str, queue: usize) -> Self {
        let queue = queue.clamp(1, 1 << 16);
        Self { source, names: (thread, provider.to_owned()), queue, jobs: Mutex::default() }
    }

    /// Puts a job into the queue, or says at once that it is full.
    pub(crate) fn submit(&self, job: M::Job) -> Result<(), Error> {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        let sender = match jobs.take().filter(|sender| !sender.is_closed()) {
            Some(sender) => sender,
            None => self.start()?,
        };
        let sent = jobs.insert(sender).try_send(job);
        let provider = self.names.1.clone();
        sent.map_err(|error| match error {
            TrySendError::Full(_) => Error::Busy { provider, waiting: self.queue },
            TrySendError::Closed(_) => died(&provider),
        })
    }

    /// Replaces the thread by nobody, for tests of waiting.
    #[cfg(test)]
    pub(crate) fn unserved(&self) -> mpsc::Receiver<M::Job> {
        let (sender, receiver) = mpsc::channel(self.queue);
        *self.jobs.lock().unwrap() = Some(sender);
        receiver
    }

    fn start(&self) -> Result<mpsc::Sender<M::Job>, Error> {
        let (sender, receiver) = mpsc::channel(self.queue);
        let source = self.source.clone();
        let run = move || serve::<M>(&source, receiver);
        thread::Builder::new()
            .name(self.names.0.to_owned())
            .spawn(run)
            .map_err(|source| unavailable(&self.names.1, Arc::new(error::Error::Thread { source })))?;
        Ok(sender)
    }
}

/// The error of a call whose model could not be loaded.
pub(crate) fn unavailable(provider: &str, error: Arc<error::Error>) -> Error {
    Error::Unavailable { provider: provider.to_owned(), reason: error.to_string(), source: Some(error) }
}

/// The error of a call whose job was lost with its thread.
pub(crate) fn died(provider: &str) -> Error {
    let reason = "the model's thread ended unexpectedly; it starts again with the next call".to_owned();
    Error::Unavailable { provider: provider.to_owned(), reason, source: None }
}

fn serve<M: Model>(source: &M::Source, mut jobs: mpsc::Receiver<M::Job>) {
    let mut loaded: Option<M> = None;
    while let Some(job) = jobs.blocking_recv() {
        if M::is_abandoned(&job) {
            continue;
        }
        match loaded.take().map_or_else(|| M::load(source), Ok) {
            Ok(model) => loaded.insert(model).work(job),
            Err(error) => {
                tracing::warn!(%error, "a local model cannot be loaded");
                M::refuse(job, Arc::new(error));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use inference::Kind;
    use tokio::sync::oneshot;

    use super::*;

    /// Doubles numbers; its first load fails, and 13 kills it.
    struct Doubler;

    type Reply = oneshot::Sender<Result<u32, Arc<error::Error>>>;

    impl Model for Doubler {
        type Source = Arc<AtomicUsize>;
        type Job = (u32, Reply);

        fn load(loads: &Self::Source) -> Result<Self, error::Error> {
            match loads.fetch_add(1, Ordering::SeqCst) {
                0 => Err(error::Error::Damaged { path: "model".into(), reason: "not there yet".into() }),
                _ => Ok(Self),
            }
        }

        fn is_abandoned(job: &Self::Job) -> bool {
            job.1.is_closed()
        }

        fn work(&mut self, (number, reply): Self::Job) {
            assert_ne!(number, 13, "unlucky");
            let _ = reply.send(Ok(number * 2));
        }

        fn refuse(job: Self::Job, error: Arc<error::Error>) {
            let _ = job.1.send(Err(error));
        }
    }

    fn worker() -> (Worker<Doubler>, Arc<AtomicUsize>) {
        let loads = Arc::new(AtomicUsize::new(0));
        (Worker::new(Arc::clone(&loads), "doubler", "local", 2), loads)
    }

    async fn ask(worker: &Worker<Doubler>, number: u32) -> Option<Result<u32, String>> {
        let (reply, answer) = oneshot::channel();
        worker.submit((number, reply)).unwrap();
        Some(answer.await.ok()?.map_err(|error| error.to_string()))
    }

    #[tokio::test]
    async fn a_model_is_loaded_once_and_tried_again_after_failing() {
        let (worker, loads) = worker();
        assert!(ask(&worker, 1).await.unwrap().unwrap_err().contains("not there yet"));
        assert_eq!(ask(&worker, 1).await, Some(Ok(2)));
        assert_eq!(ask(&worker, 2).await, Some(Ok(4)));
        assert_eq!(loads.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn a_thread_that_dies_starts_again() {
        let (worker, loads) = worker();
        loads.store(1, Ordering::SeqCst);
        assert_eq!(ask(&worker, 13).await, None);
        // The channel closes a moment after the reply is dropped.
        while !worker.jobs.lock().unwrap().as_ref().unwrap().is_closed() {
            tokio::task::yield_now().await;
        }
        assert_eq!(ask(&worker, 3).await, Some(Ok(6)));
    }

    #[tokio::test]
    async fn a_full_queue_says_so_and_abandoned_jobs_leave_it() {
        let (worker, _) = worker();
        // A channel without a thread behind it.
        let mut receiver = worker.unserved();
        let job = || (1, oneshot::channel().0);
        worker.submit(job()).unwrap();
        worker.submit(job()).unwrap();
        let error = worker.submit(job()).unwrap_err();
        assert_eq!(error.kind(), Kind::Overloaded);
        assert!(Doubler::is_abandoned(&receiver.recv().await.unwrap()));
        worker.submit(job()).unwrap();
    }
}
