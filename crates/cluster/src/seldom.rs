//! What is logged once in a while, however often it happens.

use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// Lets something that may happen all the time be logged once a minute.
#[derive(Debug, Default)]
pub(crate) struct Seldom(Mutex<Option<Instant>>);

const A_MINUTE: Duration = Duration::from_secs(60);

impl Seldom {
    /// Whether a minute has passed since this was last true.
    pub(crate) fn is_due(&self) -> bool {
        let mut last = self.0.lock();
        let due = last.is_none_or(|last| last.elapsed() >= A_MINUTE);
        if due {
            *last = Some(Instant::now());
        }
        due
    }
}
