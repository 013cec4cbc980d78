//! Time and chance, passed in so that tests own them.
//!
//! [`Clock`] tells the time and [`Random`] draws; the production ones ask the system, those of
//! tests follow tokio's pausable time and a seed.

use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use rand::{Rng, RngExt, SeedableRng, rngs::StdRng};
use serde::{Deserialize, Serialize};

/// Milliseconds since 1970, UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The time so many milliseconds after 1970 began.
    pub const fn from_millis(ms: i64) -> Self {
        Self(ms)
    }

    /// Milliseconds since 1970.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970.
    pub const fn as_secs(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// This time and so much more.
    #[must_use]
    pub fn after(self, span: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)))
    }

    /// This time less so much.
    #[must_use]
    pub fn before(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)))
    }

    /// How long from this time until a later one; nothing if that is past.
    pub fn until(self, later: Self) -> Duration {
        Duration::from_millis(u64::try_from(later.0.saturating_sub(self.0)).unwrap_or(0))
    }
}

/// No clock is followed.
const UNSET: i64 = i64::MIN;

/// Tells the time. Cheap to clone.
#[derive(Clone)]
pub struct Clock(Arc<Source>);

enum Source {
    /// The system's clock, or another clock's time that goes on by the machine's steady one.
    System {
        started: Instant,
        /// What that clock showed when `started` was, in milliseconds; `UNSET` when none is followed.
        followed_ms: AtomicI64,
    },
    /// Follows tokio's clock, which tests pause and advance, from a given time on.
    Tokio { base: Timestamp, started: tokio::time::Instant, skew_ms: AtomicI64 },
}

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self(Arc::new(Source::System { started: Instant::now(), followed_ms: AtomicI64::new(UNSET) }))
    }

    /// A clock for tests: it shows `base` now and goes with tokio's (pausable) time.
    pub fn virtual_from(base: Timestamp) -> Self {
        let started = tokio::time::Instant::now();
        Self(Arc::new(Source::Tokio { base, started, skew_ms: AtomicI64::new(0) }))
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        match &*self.0 {
            Source::System { started, followed_ms } => match followed_ms.load(Ordering::Relaxed) {
                UNSET => {
                    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
                }
                followed => Timestamp(followed).after(started.elapsed()),
            },
            Source::Tokio { base, started, skew_ms } => {
                Timestamp(base.after(started.elapsed()).0 + skew_ms.load(Ordering::Relaxed))
            }
        }
    }

    /// Shows another clock's time from now on, which is this now. It goes on with the machine's steady clock, whatever
    /// becomes of the system's; to be called now and then, since two clocks never run alike.
    pub fn follow(&self, now: Timestamp) {
        match &*self.0 {
            Source::System { started, followed_ms } => {
                let elapsed = i64::try_from(started.elapsed().as_millis()).unwrap_or(i64::MAX);
                followed_ms.store(now.0.saturating_sub(elapsed), Ordering::Relaxed);
            }
            // A test's time is the test's.
            Source::Tokio { .. } => {}
        }
    }

    /// Puts a test's clock forward or back; the system's clock stays as it is.
    pub fn skew(&self, by_ms: i64) {
        if let Source::Tokio { skew_ms, .. } = &*self.0 {
            skew_ms.fetch_add(by_ms, Ordering::Relaxed);
        }
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Clock({:?})", self.now())
    }
}

/// Draws. Cheap to clone.
#[derive(Clone)]
pub struct Random(Option<Arc<Mutex<StdRng>>>);

impl Random {
    /// The operating system's entropy, by a cryptographic generator of each thread.
    pub fn system() -> Self {
        Self(None)
    }

    /// A generator for tests that always draws the same.
    pub fn seeded(seed: u64) -> Self {
        Self(Some(Arc::new(Mutex::new(StdRng::seed_from_u64(seed)))))
    }

    /// Fills a buffer.
    pub fn fill(&self, buffer: &mut [u8]) {
        match &self.0 {
            None => rand::rng().fill_bytes(buffer),
            Some(seeded) => seeded.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(buffer),
        }
    }

    /// So many random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// The span, shortened or lengthened by at most the fraction (0.2 for ±20 %).
    #[must_use]
    pub fn jitter(&self, span: Duration, fraction: f64) -> Duration {
        let factor = match &self.0 {
            None => rand::rng().random_range(-fraction..=fraction),
            Some(seeded) => {
                seeded.lock().unwrap_or_else(PoisonError::into_inner).random_range(-fraction..=fraction)
            }
        };
        span.mul_f64((1.0 + factor).max(0.0))
    }
}

impl fmt::Debug for Random {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Random")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_tests_clock_goes_with_tokios_time() {
        let clock = Clock::virtual_from(Timestamp::from_millis(1_000));
        tokio::time::advance(Duration::from_secs(60)).await;
        assert_eq!(clock.now(), Timestamp::from_millis(61_000));
        clock.skew(-3_600_000);
        assert_eq!(clock.now(), Timestamp::from_millis(61_000 - 3_600_000));
    }

    #[test]
    fn a_clock_shows_the_time_of_one_that_it_follows() {
        let clock = Clock::system();
        let hour = Duration::from_secs(3_600);
        let ahead = clock.now().after(hour);
        clock.clone().follow(ahead);
        assert!(clock.now() >= ahead && clock.now() < ahead.after(hour));
        let behind = Timestamp::from_millis(1_000);
        clock.follow(behind);
        assert!(clock.now() >= behind && clock.now() < behind.after(hour));
    }

    #[test]
    fn spans_between_times() {
        let (a, b) = (Timestamp::from_millis(-1), Timestamp::from_millis(1_500));
        assert_eq!(a.until(b), Duration::from_millis(1_501));
        assert_eq!(b.until(a), Duration::ZERO);
        assert_eq!((a.as_secs(), b.as_secs()), (-1, 1));
        assert_eq!(b.after(Duration::MAX).as_millis(), i64::MAX);
    }

    #[test]
    fn draws_repeat_with_the_seed_and_jitter_stays_in_its_bounds() {
        assert_eq!(Random::seeded(1).bytes::<16>(), Random::seeded(1).bytes::<16>());
        assert_ne!(Random::system().bytes::<16>(), Random::system().bytes::<16>());
        let random = Random::seeded(2);
        for _ in 0..100 {
            let drawn = random.jitter(Duration::from_secs(10), 0.2);
            assert!((8.0..=12.0).contains(&drawn.as_secs_f64()), "{drawn:?}");
        }
    }
}
