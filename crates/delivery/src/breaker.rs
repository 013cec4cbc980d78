//! A destination's breaker: after so many failures in a row nothing is sent for a while, then one delivery is tried.
//!
//! A receiver that is down is not hammered, and the deliveries' tries are not used up on it. What waits is
//! sent when the breaker closes.

use std::time::Duration;

use clock::Timestamp;
use flow::Span;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{AlertCause, AlertKind, NewAlert};

/// When a receiver counts as down, and for how long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Policy {
    /// After so many failed attempts in a row nothing is sent for a while: 1 to 1,000; 0 for never. An answer below
    /// 500 is none.
    #[schemars(range(max = FAILURES))]
    pub(crate) failures: u32,
    /// For how long at first: 100 ms to 1 h. Then one delivery is tried; should it fail, the pause is doubled.
    pub(crate) pause: Span,
    /// The longest pause: up to 1 h.
    pub(crate) longest: Span,
}

const FAILURES: u32 = 1_000;
const SHORTEST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(3600);

impl Default for Policy {
    fn default() -> Self {
        Self { failures: 10, pause: Span::from_secs(5), longest: Span::from_secs(60) }
    }
}

impl Policy {
    /// What is wrong with it: the field and why.
    pub(crate) fn check(&self) -> Result<(), (&'static str, String)> {
        let (pause, longest) = (self.pause.as_duration(), self.longest.as_duration());
        if self.failures > FAILURES {
            Err(("breaker.failures", format!("{} is not from 0 to {FAILURES}.", self.failures)))
        } else if !(SHORTEST..=LONGEST).contains(&pause) {
            Err(("breaker.pause", format!("{} is not from 100ms to 1h.", self.pause)))
        } else if !(pause..=LONGEST).contains(&longest) {
            Err(("breaker.longest", format!("{} is not from the first pause to 1h.", self.longest)))
        } else {
            Ok(())
        }
    }

    fn pause_after(&self, openings: u32) -> Duration {
        let doubled = self.pause.as_duration().saturating_mul(2_u32.saturating_pow(openings.min(20)));
        doubled.min(self.longest.as_duration())
    }
}

/// What an attempt says of its receiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Health {
    /// It answers.
    Alive,
    /// It does not, or that it cannot.
    Failing(AlertCause),
    /// Nothing: it was not asked.
    Unknown,
}

/// How much may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Allowed {
    /// As much as the destination takes.
    All,
    /// One delivery, to see whether it arrives.
    One,
    /// Nothing until then.
    NothingUntil(Timestamp),
}

/// A destination's breaker, as its worker keeps it.
#[derive(Debug, Default)]
pub(crate) struct Breaker {
    policy: Policy,
    /// Failures in a row while it is closed.
    failures: u32,
    open: Option<store::Breaker>,
    /// Whether it stands otherwise than it is stored.
    unsaved: bool,
    /// What is to be told of that.
    untold: Option<NewAlert>,
}

impl Breaker {
    /// Takes over settings that were read, and how the breaker is stored: a person may have closed it.
    pub(crate) fn adopt(&mut self, policy: Policy, stored: Option<store::Breaker>) {
        self.policy = policy;
        if self.unsaved {
            return;
        }
        if self.open.is_some() && stored.is_none() {
            self.failures = 0;
        }
        self.open = stored;
    }

    pub(crate) fn allows(&self, now: Timestamp) -> Allowed {
        match &self.open {
            None => Allowed::All,
            Some(open) if now < open.until => Allowed::NothingUntil(open.until),
            Some(_) => Allowed::One,
        }
    }

    /// Takes note of an attempt, of a delivery that an alert made or another. Says whether the breaker stands otherwise
    /// now.
    ///
    /// An opening that a delivery of an alert brings about is told to nobody, and neither is its end: an alert about
    /// alerts that do not arrive would not arrive either, and go on for ever.
    pub(crate) fn note(&mut self, health: Health, is_of_alert: bool, now: Timestamp) -> bool {
        let tries = self.allows(now);
        let changed = match (health, tries) {
            // Begun before it opened, or nothing to learn from.
            (_, Allowed::NothingUntil(_)) | (Health::Unknown, _) => false,
            (Health::Alive, _) => {
                self.failures = 0;
                self.close(now)
            }
            (Health::Failing(cause), Allowed::One) => self.open_for(cause, is_of_alert, now),
            (Health::Failing(cause), Allowed::All) => {
                self.failures = self.failures.saturating_add(1);
                self.policy.failures > 0
                    && self.failures >= self.policy.failures
                    && self.open_for(cause, is_of_alert, now)
            }
        };
        self.unsaved |= changed;
        changed
    }

    /// How it stands, if it is open.
    pub(crate) fn open(&self) -> Option<&store::Breaker> {
        self.open.as_ref()
    }

    /// Whether it stands otherwise than it is stored.
    pub(crate) fn is_unsaved(&self) -> bool {
        self.unsaved
    }

    /// What is to be told of how it stands, once that is stored.
    pub(crate) fn untold(&self) -> Option<&NewAlert> {
        self.untold.as_ref()
    }

    pub(crate) fn saved(&mut self) {
        self.unsaved = false;
        self.untold = None;
    }

    fn close(&mut self, now: Timestamp) -> bool {
        let Some(open) = self.open.take() else { return false };
        let cause = AlertCause { reason: open.reason, code: String::new() };
        self.tell(!open.is_quiet, NewAlert { kind: AlertKind::BreakerClosed, at: now, cause });
        true
    }

    fn open_for(&mut self, cause: AlertCause, is_of_alert: bool, now: Timestamp) -> bool {
        let reason = cause.reason.clone();
        let (opened_at, openings, is_quiet) = if let Some(open) = &self.open {
            (open.opened_at, open.openings, open.is_quiet)
        } else {
            self.tell(!is_of_alert, NewAlert { kind: AlertKind::BreakerOpened, at: now, cause });
            (now, 0, is_of_alert)
        };
        let until = now.after(self.policy.pause_after(openings));
        self.open = Some(store::Breaker { opened_at, until, openings: openings + 1, reason, is_quiet });
        true
    }

    fn tell(&mut self, is_told: bool, alert: NewAlert) {
        self.untold = is_told.then_some(alert);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(0).after(Duration::from_secs(seconds))
    }

    fn failing() -> Health {
        Health::Failing(cause())
    }

    fn cause() -> AlertCause {
        AlertCause { reason: "it answered 503".into(), code: "503".into() }
    }

    fn note(breaker: &mut Breaker, health: Health, seconds: u64) -> bool {
        breaker.note(health, false, at(seconds))
    }

    fn of(failures: u32) -> Breaker {
        let mut breaker = Breaker::default();
        breaker.adopt(Policy { failures, ..Policy::default() }, None);
        breaker
    }

    #[test]
    fn opens_after_failures_in_a_row_and_closes_when_one_arrives() {
        let mut breaker = of(3);
        assert!(!note(&mut breaker, failing(), 0) && !note(&mut breaker, failing(), 0));
        assert!(!note(&mut breaker, Health::Alive, 0), "an answer between begins anew");
        assert!(!note(&mut breaker, failing(), 0) && !note(&mut breaker, Health::Unknown, 0));
        assert!(!note(&mut breaker, failing(), 0) && note(&mut breaker, failing(), 0));
        assert_eq!(breaker.allows(at(4)), Allowed::NothingUntil(at(5)));
        assert!(!note(&mut breaker, Health::Alive, 4) && !note(&mut breaker, failing(), 4), "begun before");
        assert_eq!(breaker.allows(at(5)), Allowed::One);
        assert!(note(&mut breaker, Health::Alive, 5));
        assert_eq!((breaker.allows(at(5)), breaker.open()), (Allowed::All, None));
    }

    #[test]
    fn the_pause_doubles_up_to_the_longest() {
        let mut breaker = of(1);
        let mut now = 0;
        for pause in [5, 10, 20, 40, 60, 60] {
            assert!(note(&mut breaker, failing(), now));
            assert_eq!(breaker.allows(at(now)), Allowed::NothingUntil(at(now + pause)));
            now += pause;
        }
        let open = breaker.open().unwrap();
        assert_eq!((open.opened_at, open.openings), (at(0), 6), "it has been open since the first failure");
    }

    #[test]
    fn a_person_closes_it_and_failures_count_anew() {
        let mut breaker = of(2);
        assert!(!note(&mut breaker, failing(), 0) && note(&mut breaker, failing(), 0));
        breaker.adopt(Policy::default(), None);
        assert!(breaker.open().is_some(), "what is not stored yet is not undone by what is");
        breaker.saved();
        breaker.adopt(Policy { failures: 2, ..Policy::default() }, None);
        assert_eq!(breaker.allows(at(0)), Allowed::All);
        assert!(!note(&mut breaker, failing(), 0) && note(&mut breaker, failing(), 0));
    }

    #[test]
    fn an_opening_and_its_end_are_told_once_and_failed_trials_are_not() {
        let mut breaker = of(1);
        note(&mut breaker, failing(), 0);
        let opened = NewAlert { kind: AlertKind::BreakerOpened, at: at(0), cause: cause() };
        assert_eq!(breaker.untold(), Some(&opened));
        breaker.saved();
        assert!(note(&mut breaker, failing(), 5) && breaker.untold().is_none(), "it has been open all along");
        breaker.saved();
        note(&mut breaker, Health::Alive, 15);
        let untold = breaker.untold().unwrap();
        assert_eq!((untold.kind, untold.at), (AlertKind::BreakerClosed, at(15)));
        breaker.saved();
        assert_eq!(breaker.untold(), None);
    }

    #[test]
    fn an_opening_by_an_alerts_own_delivery_is_told_to_nobody_and_neither_is_its_end() {
        let mut breaker = of(1);
        assert!(breaker.note(failing(), true, at(0)) && breaker.untold().is_none());
        breaker.saved();
        let stored = breaker.open().cloned();
        let mut after_restart = of(1);
        after_restart.adopt(Policy::default(), stored);
        assert!(note(&mut after_restart, failing(), 5) && after_restart.untold().is_none());
        assert!(note(&mut after_restart, Health::Alive, 15) && after_restart.untold().is_none());
    }

    #[test]
    fn an_alert_that_does_not_arrive_does_not_hide_how_an_opening_ends() {
        let mut breaker = of(1);
        note(&mut breaker, failing(), 0);
        breaker.saved();
        assert!(breaker.note(failing(), true, at(5)), "an alert's delivery was tried");
        assert!(breaker.note(Health::Alive, true, at(15)));
        assert_eq!(breaker.untold().map(|alert| alert.kind), Some(AlertKind::BreakerClosed));
    }

    #[test]
    fn never_when_that_is_wanted() {
        let mut breaker = of(0);
        assert!((0..5_000).all(|_| !note(&mut breaker, failing(), 0)));
    }

    #[test]
    fn settings_that_make_no_sense_are_refused() {
        let policy = |failures, pause, longest| Policy {
            failures,
            pause: Span::from_secs(pause),
            longest: Span::from_secs(longest),
        };
        assert!(policy(10, 5, 60).check().is_ok() && policy(0, 3600, 3600).check().is_ok());
        for (field, wrong) in [
            ("breaker.failures", policy(1001, 5, 60)),
            ("breaker.pause", policy(1, 0, 60)),
            ("breaker.longest", policy(1, 60, 5)),
            ("breaker.longest", policy(1, 60, 3601)),
        ] {
            assert_eq!(wrong.check().unwrap_err().0, field);
        }
    }
}
