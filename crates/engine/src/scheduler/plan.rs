//! What becomes of the planned times of a schedule that have come. Pure.

use std::time::Duration;

use clock::Timestamp;

use crate::{Missed, Planned, Timetable};

/// What is so late is missed: longer than a restart takes, or another node to become the scheduler.
pub(super) const MISSED_AFTER: Duration = Duration::from_secs(60);

/// The most missed ticks of a schedule that are made up for.
const MADE_UP: usize = 1_000;

/// The most planned times that are counted when they are skipped.
const COUNTED: u32 = 100_000;

/// What becomes of the planned times from where a schedule stands until now.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// Those that are skipped: how many, and the last of them.
    pub(super) skipped: Option<(u32, Timestamp)>,
    /// The first planned time that is not.
    pub(super) next: Timestamp,
}

impl Plan {
    /// Skips everything until now.
    pub(super) fn off(timetable: &Timetable, from: Timestamp, now: Timestamp) -> Option<Self> {
        Self::skip_to(timetable, from, timetable.next_after(now.max(from))?)
    }

    /// Skips what is missed and not to be made up for. `from` is a planned time that has come.
    pub(super) fn of(timetable: &Timetable, missed: Missed, from: Timestamp, now: Timestamp) -> Option<Self> {
        let recent = now.before(MISSED_AFTER);
        if from >= recent {
            return Some(Self { skipped: None, next: from });
        }
        let in_time = timetable.next_after(recent.before(Duration::from_millis(1)))?;
        let next = match missed {
            Missed::Skip => in_time,
            Missed::One if in_time <= now => in_time,
            Missed::One => timetable.last_until(now)?,
            Missed::All => {
                let before = |at: &Timestamp| timetable.last_until(at.before(Duration::from_millis(1)));
                let latest = std::iter::successors(timetable.last_until(now), before);
                latest.take(MADE_UP).take_while(|at| *at >= from).last()?
            }
        };
        Self::skip_to(timetable, from, next.max(from))
    }

    fn skip_to(timetable: &Timetable, from: Timestamp, next: Timestamp) -> Option<Self> {
        let (mut times, mut at, mut last) = (0, from, None);
        while at < next && times < COUNTED {
            last = Some(at);
            at = timetable.next_after(at)?;
            times += 1;
        }
        if times == COUNTED {
            last = timetable.last_until(next.before(Duration::from_millis(1)));
        }
        Some(Self { skipped: last.map(|last| (times, last)), next })
    }
}

/// A planned time as it is fired now.
pub(super) fn planned(at: Timestamp, now: Timestamp) -> Planned {
    Planned { at, missed: at < now.before(MISSED_AFTER) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000;
    const DAY: i64 = 24 * 60 * MINUTE;

    fn time(ms: i64) -> Timestamp {
        Timestamp::from_millis(1_767_312_000_000 + ms)
    }

    /// How many are skipped, and how many milliseconds the next is before now.
    fn plan(cron: &str, missed: Missed, from: i64, now: i64) -> (u32, i64) {
        let timetable = Timetable::parse(cron, "UTC").unwrap();
        let Plan { skipped, next } = Plan::of(&timetable, missed, time(from), time(now)).unwrap();
        (skipped.map_or(0, |(times, _)| times), time(now).as_millis() - next.as_millis())
    }

    #[test]
    fn what_comes_in_time_or_a_little_late_is_fired() {
        for missed in [Missed::Skip, Missed::One, Missed::All] {
            assert_eq!(plan("* * * * *", missed, 0, 0), (0, 0));
            assert_eq!(plan("* * * * *", missed, 0, MINUTE), (0, MINUTE));
            assert_eq!(plan("* * * * * *", missed, 0, 20_000), (0, 20_000), "each of them");
        }
    }

    #[test]
    fn what_is_missed_goes_by_the_setting() {
        // Midnight was missed by ten hours.
        let ten = 10 * 60 * MINUTE;
        assert_eq!(plan("0 0 * * *", Missed::Skip, 0, ten), (1, ten - DAY));
        assert_eq!(plan("0 0 * * *", Missed::One, 0, ten), (0, ten));
        assert_eq!(plan("0 0 * * *", Missed::All, 0, ten), (0, ten));
        // So were three days.
        let three = 3 * DAY + ten;
        assert_eq!(plan("0 0 * * *", Missed::Skip, 0, three), (4, ten - DAY));
        assert_eq!(plan("0 0 * * *", Missed::One, 0, three), (3, ten));
        assert_eq!(plan("0 0 * * *", Missed::All, 0, three), (0, three));
        // The one of this minute is the last one.
        assert_eq!(plan("* * * * *", Missed::One, 0, ten + 500), (600, 500));
        assert_eq!(plan("* * * * *", Missed::Skip, 0, ten + 500), (600, 500));
    }

    #[test]
    fn what_is_made_up_for_and_counted_has_bounds() {
        assert_eq!(plan("* * * * *", Missed::All, 0, DAY), (441, 999 * MINUTE));
        let timetable = Timetable::parse("* * * * * *", "UTC").unwrap();
        let year = Plan::off(&timetable, time(0), time(365 * DAY)).unwrap();
        assert_eq!(year.skipped, Some((COUNTED, time(365 * DAY))));
        assert_eq!(year.next, time(365 * DAY + 1000));
    }

    #[test]
    fn one_that_is_off_skips_what_has_come() {
        let timetable = Timetable::parse("* * * * *", "UTC").unwrap();
        let plan = Plan::off(&timetable, time(0), time(MINUTE + 1)).unwrap();
        assert_eq!(plan, Plan { skipped: Some((2, time(MINUTE))), next: time(2 * MINUTE) });
    }

    #[test]
    fn late_is_not_missed() {
        assert!(!planned(time(0), time(MINUTE)).missed && planned(time(0), time(MINUTE + 1)).missed);
    }
}
