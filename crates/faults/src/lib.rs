//! The places where tests stop the process dead, as a power cut would.
//!
//! Every crash point of the product is listed in [`CrashPoint`]. A debug build can arm one; when
//! it is hit for the given time, the process aborts. Release builds carry nothing of this.

use std::sync::atomic::{AtomicU32, Ordering};

/// A place where a crash must lose nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum CrashPoint {
    /// A request is judged, nothing is written.
    BeforeAdmission = 1,
    /// The files of an event are stored, the event is not.
    AfterFiles,
    /// The event is in the transaction, which is not committed.
    InsideAdmission,
    /// The event is committed, the sender has no answer yet.
    AfterAdmission,
    /// A run is claimed, none of its steps has begun.
    AfterClaim,
    /// A recorded or effectful step has given its result, which is not committed.
    BeforeStepCommit,
    /// A step's result is committed, nothing after it has begun.
    AfterStepCommit,
    /// A run's end is in the transaction, which is not committed.
    InsideRunEnd,
    /// A run's end is committed, nobody has been told.
    AfterRunEnd,
    /// A delivery is claimed, nothing is sent.
    BeforeAttempt,
    /// The receiver has answered, the attempt is not committed.
    AfterAttempt,
    /// The attempt is committed.
    AfterAttemptCommit,
}

impl CrashPoint {
    /// Every crash point, for the test that hits each.
    pub const ALL: [Self; 12] = [
        Self::BeforeAdmission,
        Self::AfterFiles,
        Self::InsideAdmission,
        Self::AfterAdmission,
        Self::AfterClaim,
        Self::BeforeStepCommit,
        Self::AfterStepCommit,
        Self::InsideRunEnd,
        Self::AfterRunEnd,
        Self::BeforeAttempt,
        Self::AfterAttempt,
        Self::AfterAttemptCommit,
    ];

    /// The crash point of this name, as `{:?}` writes it.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|point| format!("{point:?}") == name)
    }
}

static ARMED: AtomicU32 = AtomicU32::new(0);
static LEFT: AtomicU32 = AtomicU32::new(0);

/// Arms a point: the process aborts when it is hit for the `nth` time (from 1).
pub fn arm(point: CrashPoint, nth: u32) {
    LEFT.store(nth.max(1), Ordering::SeqCst);
    ARMED.store(point as u32, Ordering::SeqCst);
}

/// Marks a crash point in the code.
#[inline]
pub fn hit(point: CrashPoint) {
    if cfg!(debug_assertions)
        && ARMED.load(Ordering::Relaxed) == point as u32
        && LEFT.fetch_sub(1, Ordering::SeqCst) == 1
    {
        std::process::abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_point_is_listed_and_has_a_name() {
        for (at, point) in CrashPoint::ALL.into_iter().enumerate() {
            assert_eq!(point as usize, at + 1);
            assert_eq!(CrashPoint::named(&format!("{point:?}")), Some(point));
        }
    }
}
