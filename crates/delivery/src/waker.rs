//! Wakes the workers: who has new work, whose settings have changed.

use std::{
    collections::{HashMap, HashSet, hash_map::Entry},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use parking_lot::Mutex;
use store::DestinationId;
use tokio::sync::Notify;

/// Tells a [`Drain`](crate::Drain) of new work. Cheap to clone; its calls never wait.
#[derive(Clone, Default)]
pub struct Waker(Arc<Board>);

/// Who works and who is wanted. Both are bounded by the number of destinations.
#[derive(Default)]
struct Board {
    workers: Mutex<Workers>,
    wanted: Notify,
    letters: Notify,
}

#[derive(Default)]
struct Workers {
    running: HashMap<DestinationId, Arc<Bell>>,
    wanted: HashSet<DestinationId>,
}

/// A worker's bell.
#[derive(Default)]
pub(crate) struct Bell {
    rung: AtomicBool,
    changed: AtomicBool,
    notify: Notify,
}

impl Waker {
    /// Deliveries to these destinations have been committed.
    pub fn notify(&self, destinations: impl IntoIterator<Item = DestinationId>) {
        let mut workers = self.0.workers.lock();
        for destination in destinations {
            self.wake(&mut workers, destination);
        }
    }

    /// A destination's settings have changed, or it was switched on or off.
    pub fn changed(&self, destination: DestinationId) {
        let mut workers = self.0.workers.lock();
        if let Some(bell) = workers.running.get(&destination) {
            bell.changed.store(true, Ordering::Relaxed);
        }
        self.wake(&mut workers, destination);
    }

    /// The settings of any destination may have changed.
    pub fn all_changed(&self) {
        let running: Vec<DestinationId> = self.0.workers.lock().running.keys().copied().collect();
        for destination in running {
            self.changed(destination);
        }
    }

    /// A job with dead letters was queued.
    pub(crate) fn letters_ordered(&self) {
        self.0.letters.notify_one();
    }

    /// Waits until one is.
    pub(crate) async fn letters_wanted(&self) {
        self.0.letters.notified().await;
    }

    /// The destinations that want a worker and have none; each gets its bell.
    pub(crate) fn take_wanted(&self) -> Vec<(DestinationId, Arc<Bell>)> {
        let mut workers = self.0.workers.lock();
        let wanted = std::mem::take(&mut workers.wanted);
        let mut started = Vec::with_capacity(wanted.len());
        for id in wanted {
            if let Entry::Vacant(vacant) = workers.running.entry(id) {
                started.push((id, Arc::clone(vacant.insert(Arc::default()))));
            }
        }
        started
    }

    /// Waits until a destination wants a worker.
    pub(crate) async fn wanted(&self) {
        self.0.wanted.notified().await;
    }

    /// A worker has ended; if its bell was rung and not heard, another is wanted.
    pub(crate) fn left(&self, id: DestinationId, bell: &Bell) {
        let mut workers = self.0.workers.lock();
        workers.running.remove(&id);
        if bell.rung.load(Ordering::Relaxed) {
            self.wake(&mut workers, id);
        }
    }

    fn wake(&self, workers: &mut Workers, id: DestinationId) {
        match workers.running.get(&id) {
            Some(bell) => {
                // Set under the lock, so that it is seen when the worker leaves.
                if !bell.rung.swap(true, Ordering::Relaxed) {
                    bell.notify.notify_one();
                }
            }
            None => {
                if workers.wanted.insert(id) {
                    self.0.wanted.notify_one();
                }
            }
        }
    }
}

impl Bell {
    /// Waits until the bell is rung.
    pub(crate) async fn rung(&self) {
        while !self.rung.swap(false, Ordering::Relaxed) {
            self.notify.notified().await;
        }
    }

    /// Whether the settings have changed since this was asked last.
    pub(crate) fn changed(&self) -> bool {
        self.changed.swap(false, Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: DestinationId = DestinationId::from_bytes([1; 16]);

    #[tokio::test]
    async fn a_destination_gets_one_worker_however_often_it_is_wanted() {
        let waker = Waker::default();
        waker.notify([A, A]);
        waker.clone().notify([A]);
        waker.wanted().await;
        let started = waker.take_wanted();
        assert_eq!(started.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [A]);
        waker.notify([A]);
        assert!(waker.take_wanted().is_empty(), "its worker's bell rings instead");
        started[0].1.rung().await;
    }

    #[tokio::test]
    async fn a_bell_that_was_not_heard_wants_another_worker() {
        let waker = Waker::default();
        waker.notify([A]);
        let (_, bell) = waker.take_wanted().remove(0);
        waker.changed(A);
        waker.left(A, &bell);
        let (_, bell) = waker.take_wanted().remove(0);
        waker.changed(A);
        bell.rung().await;
        assert!(bell.changed() && !bell.changed());
        waker.left(A, &bell);
        assert!(waker.take_wanted().is_empty());
    }
}
