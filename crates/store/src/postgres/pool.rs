//! Sessions that are lent out, at most so many at once, and used again.

use std::{ops::Deref, sync::Arc};

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{connector::Connector, fault::UNREACHABLE, session::Session};
use crate::Error;

/// Sessions to be lent.
pub(super) struct Pool {
    connector: Connector,
    free: Arc<Mutex<Vec<Arc<Session>>>>,
    places: Arc<Semaphore>,
}

/// A session that goes back when it is dropped, if it can be used again.
pub(super) struct Lent {
    session: Arc<Session>,
    free: Arc<Mutex<Vec<Arc<Session>>>>,
    _place: OwnedSemaphorePermit,
}

impl Pool {
    pub(super) fn new(connector: Connector, places: usize) -> Self {
        Self { connector, free: Arc::default(), places: Arc::new(Semaphore::new(places.max(1))) }
    }

    /// Lends a session, when one is free or may be opened.
    pub(super) async fn lend(&self) -> Result<Lent, Error> {
        let unavailable = |reason: &str| Error::Unavailable { reason: reason.to_owned() };
        let place = Arc::clone(&self.places).acquire_owned().await;
        let place = place.map_err(|_| unavailable("the server is stopping"))?;
        let free = std::iter::from_fn(|| self.free.lock().pop()).find(|session| session.is_open());
        let session = if let Some(session) = free {
            session
        } else {
            let connected = Session::connect(&self.connector).await;
            Arc::new(connected.map_err(|_| unavailable(UNREACHABLE))?)
        };
        Ok(Lent { session, free: Arc::clone(&self.free), _place: place })
    }

    pub(super) fn close(&self) {
        self.places.close();
        self.free.lock().clear();
    }
}

impl Deref for Lent {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.session
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        // Who panicked may have left a transaction open.
        if self.session.is_open() && !std::thread::panicking() {
            self.free.lock().push(Arc::clone(&self.session));
        }
    }
}
