//! How many calls a provider takes at once, and how many may wait.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::Error;

/// Lets a number of calls through at once and a number wait, first come first served; whoever comes after is
/// told at once instead of waiting for ever.
#[derive(Debug, Clone)]
pub struct Gate {
    /// Calls that run or wait.
    places: Arc<Semaphore>,
    running: Arc<Semaphore>,
    waiting: usize,
}

/// A place at a [`Gate`], free again when dropped.
#[derive(Debug)]
pub struct Place {
    _running: OwnedSemaphorePermit,
    _place: OwnedSemaphorePermit,
}

impl Gate {
    /// A gate for `running` calls at once (at least one) and `waiting` behind them.
    pub fn new(running: usize, waiting: usize) -> Self {
        let running = running.clamp(1, Semaphore::MAX_PERMITS / 2);
        let waiting = waiting.min(Semaphore::MAX_PERMITS / 2);
        Self {
            places: Arc::new(Semaphore::new(running + waiting)),
            running: Arc::new(Semaphore::new(running)),
            waiting,
        }
    }

    /// Waits for a place, or says that too many wait already. `provider` is for the message.
    pub async fn enter(&self, provider: &str) -> Result<Place, Error> {
        let busy = || Error::Busy { provider: provider.to_owned(), waiting: self.waiting };
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| busy())?;
        // Never closed, so this fails only in theory.
        let running = Arc::clone(&self.running).acquire_owned().await.map_err(|_| busy())?;
        Ok(Place { _running: running, _place: place })
    }
}

#[cfg(test)]
mod tests {
    use tokio_test_free::poll_once;

    use super::*;

    /// Polls a future once, to see whether it waits.
    mod tokio_test_free {
        use std::{
            pin::Pin,
            task::{Context, Poll, Waker},
        };

        pub(super) fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
            future.poll(&mut Context::from_waker(Waker::noop()))
        }
    }

    #[tokio::test]
    async fn calls_run_wait_and_are_turned_away() {
        let gate = Gate::new(1, 1);
        let first = gate.enter("p").await.unwrap();
        let mut second = Box::pin(gate.enter("p"));
        assert!(poll_once(second.as_mut()).is_pending());
        let third = gate.enter("p").await.unwrap_err();
        assert!(matches!(third, Error::Busy { waiting: 1, .. }) && third.is_transient());
        drop(first);
        let second = second.await.unwrap();
        drop(second);
        gate.enter("p").await.unwrap();
    }

    #[tokio::test]
    async fn one_that_stops_waiting_frees_its_place() {
        let gate = Gate::new(1, 1);
        let _first = gate.enter("p").await.unwrap();
        let mut second = Box::pin(gate.enter("p"));
        assert!(poll_once(second.as_mut()).is_pending());
        drop(second);
        let mut third = Box::pin(gate.enter("p"));
        assert!(poll_once(third.as_mut()).is_pending(), "it waits and is not turned away");
    }
}
