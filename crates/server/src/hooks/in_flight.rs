//! A bound on what requests hold in memory before their events are committed.
//!
//! Bytes of bodies count as they come, not as they are announced: whoever promises much and sends little holds little.
//! A body that would not fit is refused before it is read, and one for which the room runs out while it is read, then.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use crate::config::Limits;

/// The bound and what is taken of it.
#[derive(Debug)]
pub(crate) struct InFlight {
    bytes: Bounded,
    requests: Bounded,
}

/// A sum with a bound.
#[derive(Debug)]
struct Bounded {
    taken: AtomicU64,
    most: u64,
}

/// What one request holds, until it is dropped.
#[derive(Debug)]
pub(super) struct Share {
    all: Arc<InFlight>,
    bytes: u64,
    requests: u64,
}

/// There is no room: which bound it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Full {
    Bytes,
    Requests,
}

impl InFlight {
    pub(crate) fn new(limits: &Limits) -> Arc<Self> {
        let (bytes, requests) = (limits.in_flight_bytes.0, limits.in_flight_requests.get().into());
        Arc::new(Self { bytes: Bounded::new(bytes), requests: Bounded::new(requests) })
    }

    /// Bytes of bodies, and requests that wait for their commit.
    pub(crate) fn taken(&self) -> (u64, u64) {
        (self.bytes.taken.load(Relaxed), self.requests.taken.load(Relaxed))
    }

    /// The share of a request whose body is to be read, which takes nothing yet.
    ///
    /// # Errors
    /// When there is no room for a body of the announced size now, or for another commit.
    pub(super) fn enter(self: &Arc<Self>, announced: u64) -> Result<Share, Full> {
        if !self.bytes.has_room(announced) {
            return Err(Full::Bytes);
        }
        if !self.requests.has_room(1) {
            return Err(Full::Requests);
        }
        Ok(Share { all: Arc::clone(self), bytes: 0, requests: 0 })
    }
}

impl Share {
    /// Takes room for a piece of the body that has come.
    pub(super) fn add(&mut self, bytes: usize) -> Result<(), Full> {
        let bytes = bytes as u64;
        self.all.bytes.take(bytes).then(|| self.bytes += bytes).ok_or(Full::Bytes)
    }

    /// Takes a place among those that wait for their commit.
    pub(super) fn wait_for_commit(&mut self) -> Result<(), Full> {
        self.all.requests.take(1).then(|| self.requests += 1).ok_or(Full::Requests)
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.all.bytes.taken.fetch_sub(self.bytes, Relaxed);
        self.all.requests.taken.fetch_sub(self.requests, Relaxed);
    }
}

impl Full {
    /// The word for it in metrics.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Bytes => "bytes",
            Self::Requests => "requests",
        }
    }
}

impl Bounded {
    const fn new(most: u64) -> Self {
        Self { taken: AtomicU64::new(0), most }
    }

    fn has_room(&self, more: u64) -> bool {
        self.taken.load(Relaxed).saturating_add(more) <= self.most
    }

    fn take(&self, more: u64) -> bool {
        let sum = |taken: u64| taken.checked_add(more).filter(|sum| *sum <= self.most);
        self.taken.fetch_update(Relaxed, Relaxed, sum).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use flow::ByteSize;

    use super::*;

    fn bound(bytes: u64, requests: u32) -> Arc<InFlight> {
        let in_flight_requests = requests.try_into().unwrap();
        InFlight::new(&Limits { in_flight_bytes: ByteSize(bytes), in_flight_requests })
    }

    #[test]
    fn what_has_come_counts_and_what_is_promised_does_not() {
        let all = bound(100, 10);
        let mut one = all.enter(90).unwrap();
        let mut two = all.enter(90).unwrap();
        assert_eq!(all.taken(), (0, 0), "nothing has come");
        one.add(60).unwrap();
        two.add(40).unwrap();
        assert_eq!(two.add(1), Err(Full::Bytes));
        assert_eq!(all.enter(1).unwrap_err(), Full::Bytes);
        assert!(all.enter(0).is_ok());
        drop(one);
        assert_eq!(all.taken(), (40, 0));
        two.add(60).unwrap();
        assert_eq!(all.enter(101).unwrap_err(), Full::Bytes, "what never fits is not read at all");
    }

    #[test]
    fn so_many_wait_for_their_commit() {
        let all = bound(100, 2);
        let mut shares: Vec<_> = (0..3).map(|_| all.enter(1).unwrap()).collect();
        let entered: Vec<_> = shares.iter_mut().map(Share::wait_for_commit).collect();
        assert_eq!(entered, [Ok(()), Ok(()), Err(Full::Requests)]);
        assert_eq!(all.enter(1).unwrap_err(), Full::Requests);
        shares.truncate(1);
        assert!(all.enter(1).unwrap().wait_for_commit().is_ok());
        drop(shares);
        assert_eq!(all.taken(), (0, 0));
    }
}
