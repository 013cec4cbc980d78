//! When a call that did not begin is tried again.

use std::{sync::Arc, time::Duration};

use crate::error::Error;

/// A source of chance: gives numbers from 0 to 1. Passed in, so that tests own it.
pub type Jitter = Arc<dyn Fn() -> f64 + Send + Sync>;

/// When a call that did not begin is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// Tries in all, the first included.
    pub attempts: u32,
    /// The pause after the first try; it doubles with each.
    pub base: Duration,
    /// The longest such pause.
    pub cap: Duration,
    /// The longest wait that a provider may ask for. If it asks for more, the call fails at once and the error
    /// carries the wait: coming back earlier would be refused again.
    pub patience: Duration,
}

impl Default for Retry {
    /// Three tries, 0.5 s and 1 s apart, and up to 20 s if the provider asks for it.
    fn default() -> Self {
        Self {
            attempts: 3,
            base: Duration::from_millis(500),
            cap: Duration::from_secs(8),
            patience: Duration::from_secs(20),
        }
    }
}

impl Retry {
    /// The pause before the next try, after `tries` tries of which the last failed with `error`; `None` if
    /// there is none. `chance`, from 0 to 1, spreads the pauses of many callers over the upper half of the
    /// pause, or over a tenth beyond what the provider asks for.
    pub fn pause(&self, tries: u32, error: &Error, chance: f64) -> Option<Duration> {
        if tries >= self.attempts || !repeatable(error) {
            return None;
        }
        let chance = chance.clamp(0.0, 1.0);
        match error.retry_after() {
            Some(wait) if wait > self.patience => None,
            Some(wait) => Some(wait.mul_f64(1.0 + chance / 10.0)),
            None => {
                let doubled = self.base.saturating_mul(1 << tries.saturating_sub(1).min(20));
                Some(doubled.min(self.cap).mul_f64(0.5 + chance / 2.0))
            }
        }
    }
}

/// A time-out is not repeated: the caller's patience is spent, and the provider may be at work still.
fn repeatable(error: &Error) -> bool {
    match error {
        Error::RateLimited { .. } | Error::Overloaded { .. } => true,
        Error::Unreachable { source, .. } => source.is_transient(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limited(retry_after: Option<Duration>) -> Error {
        Error::RateLimited { provider: "p".into(), message: "slow".into(), retry_after }
    }

    #[test]
    fn pauses_double_up_to_the_cap_and_end() {
        let retry = Retry { attempts: 6, cap: Duration::from_secs(3), ..Retry::default() };
        let pauses: Vec<_> = (1..=6).map(|tries| retry.pause(tries, &limited(None), 1.0)).collect();
        let expected = [500, 1000, 2000, 3000, 3000].map(|millis| Some(Duration::from_millis(millis)));
        assert_eq!(pauses[..5], expected);
        assert_eq!(pauses[5], None);
        assert_eq!(retry.pause(1, &limited(None), 0.0), Some(Duration::from_millis(250)));
    }

    #[test]
    fn the_provider_is_obeyed_within_the_patience() {
        let retry = Retry::default();
        let asked = |seconds| retry.pause(1, &limited(Some(Duration::from_secs(seconds))), 0.0);
        assert_eq!(asked(7), Some(Duration::from_secs(7)));
        assert_eq!(asked(20), Some(Duration::from_secs(20)));
        assert_eq!(asked(21), None);
    }

    #[test]
    fn what_would_fail_again_is_not_repeated() {
        let refused = Error::BadRequest { provider: "p".into(), message: "no".into() };
        assert_eq!(Retry::default().pause(1, &refused, 0.5), None);
        let timeout = Error::Timeout {
            provider: "p".into(),
            phase: crate::Phase::FirstToken,
            limit: Duration::from_secs(1),
        };
        assert_eq!(Retry::default().pause(1, &timeout, 0.5), None);
    }
}
