//! The generic cell rate algorithm (ITU-T I.371), a token bucket in one number: the theoretical
//! arrival time of the next request if all came at the rate. Time is passed in, so the state needs no
//! clock. Requests that are judged at once may read the clock in one order and come here in the other,
//! so a bucket's time never goes back; a clock that was put back empties a bucket at the worst.

use std::time::Duration;

use clock::Timestamp;

use crate::Rate;

const MS: u64 = 1_000_000;

/// How far apart the times of requests that are judged at once may be. Beyond it the clock was put back.
const GRACE: u64 = 1_000 * MS;

/// What is known of a bucket, in nanoseconds; the default is a full one.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct State {
    /// The theoretical arrival time of the next request.
    arrival: u64,
    /// The latest time at which a request was judged.
    latest: u64,
}

/// One rate in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gcra {
    /// The time in which one request is refilled.
    interval: u64,
    /// How far ahead of now the theoretical arrival time may be for a request to be let through.
    tolerance: u64,
}

impl Gcra {
    pub(crate) fn new(rate: Rate) -> Self {
        let interval = (rate.per.as_millis() * MS / u64::from(rate.requests.get())).max(1);
        // The clock counts milliseconds: a bucket must hold what refills between two of its ticks.
        let burst = u64::from(rate.burst.unwrap_or(rate.requests).get()).max(2 * MS / interval);
        Self { interval, tolerance: interval.saturating_mul(burst.saturating_sub(1)) }
    }

    /// Counts one more request in a bucket.
    ///
    /// # Errors
    /// How long until one may come. After a clock was put back, the bucket refills from then on.
    pub(crate) fn take(self, state: &mut State, now: Timestamp) -> Result<(), Duration> {
        let now = state.at(now);
        let furthest = now.saturating_add(self.tolerance).saturating_add(self.interval);
        state.arrival = state.arrival.min(furthest);
        let wait = state.arrival.saturating_sub(self.tolerance).saturating_sub(now);
        if wait > 0 {
            return Err(Duration::from_nanos(wait));
        }
        state.arrival = now.max(state.arrival).saturating_add(self.interval);
        Ok(())
    }
}

impl State {
    /// The bucket's time at a reading of the clock.
    fn at(&mut self, now: Timestamp) -> u64 {
        let now = u64::try_from(now.as_millis()).unwrap_or(0).saturating_mul(MS);
        let was_put_back = self.latest > now.saturating_add(GRACE);
        self.latest = if was_put_back { now } else { self.latest.max(now) };
        self.latest
    }

    /// Tells fuller buckets from emptier ones: the fuller, the less.
    pub(crate) const fn emptiness(self) -> u64 {
        self.arrival
    }
}

#[cfg(test)]
mod tests {
    use flow::Span;
    use proptest::prelude::*;

    use super::*;

    fn rate(requests: u32, per_s: u64, burst: Option<u32>) -> Gcra {
        let burst = burst.map(|burst| burst.try_into().unwrap());
        Gcra::new(Rate { requests: requests.try_into().unwrap(), per: Span::from_secs(per_s), burst })
    }

    const fn at(ms: i64) -> Timestamp {
        Timestamp::from_millis(1_700_000_000_000 + ms)
    }

    /// How many of `tries` at one moment are let through.
    fn passed(gcra: Gcra, state: &mut State, now: Timestamp, tries: usize) -> usize {
        (0..tries).filter(|_| gcra.take(state, now).is_ok()).count()
    }

    #[test]
    fn a_burst_passes_and_then_the_rate() {
        let (gcra, mut state) = (rate(60, 60, Some(3)), State::default());
        assert_eq!(passed(gcra, &mut state, at(0), 10), 3);
        assert_eq!(gcra.take(&mut state, at(400)), Err(Duration::from_millis(600)));
        assert_eq!(passed(gcra, &mut state, at(1_000), 10), 1);
        assert_eq!(passed(gcra, &mut state, at(3_500), 10), 2);
        assert_eq!(passed(gcra, &mut state, at(1_000_000), 10), 3);
    }

    #[test]
    fn a_clock_put_back_empties_the_bucket_and_no_more() {
        let (gcra, mut state) = (rate(1, 1, Some(5)), State::default());
        assert_eq!(passed(gcra, &mut state, at(3_600_000), 5), 5);
        let wait = gcra.take(&mut state, at(0)).unwrap_err();
        assert!(wait <= Duration::from_secs(1), "{wait:?}");
        assert_eq!(passed(gcra, &mut state, at(1_000), 5), 1);
        let mut ahead = State { arrival: u64::MAX, latest: u64::MAX };
        assert!(gcra.take(&mut ahead, Timestamp::from_millis(i64::MIN)).is_err());
        assert!(gcra.take(&mut State::default(), Timestamp::from_millis(i64::MAX)).is_ok());
    }

    #[test]
    fn a_fast_rate_is_not_held_to_the_clocks_ticks() {
        let (gcra, mut state) = (rate(1_000_000, 1, Some(1)), State::default());
        let all: usize = (0..100).map(|ms| passed(gcra, &mut state, at(ms), 2_000)).sum();
        assert!((100_000..=102_000).contains(&all), "{all}");
    }

    #[test]
    fn two_readings_of_the_clock_in_reverse_order_refuse_nobody() {
        // One request in a millisecond, two at once: whoever reads 9 ms and comes after 10 ms is in time.
        let (gcra, mut state) = (rate(1_000, 1, Some(2)), State::default());
        for ms in [0, 1, 2, 4, 3, 5, 7, 6, 8, 10, 9] {
            assert_eq!(gcra.take(&mut state, at(ms)), Ok(()), "{ms} ms");
        }
        let (slow, mut state) = (rate(1, 1, Some(1)), State::default());
        assert_eq!(slow.take(&mut state, at(1_000)), Ok(()));
        assert_eq!(slow.take(&mut state, at(999)), Err(Duration::from_secs(1)), "nor lets it more through");
    }

    proptest! {
        #[test]
        fn never_lets_more_through_than_burst_and_rate(
            requests in 1_u32..50, per_s in 1_u64..10, burst in 1_u32..20,
            requests_after in prop::collection::vec((0_i64..3_000, 0_i64..900), 1..200),
        ) {
            let gcra = rate(requests, per_s, Some(burst));
            let (mut state, mut now, mut all) = (State::default(), 0, 0_u64);
            for (pause, late) in requests_after {
                now += pause;
                all += passed(gcra, &mut state, at(now), 3) as u64;
                all += passed(gcra, &mut state, at(now - late), 3) as u64;
            }
            let refilled = u64::try_from(now).unwrap() * u64::from(requests) / (per_s * 1_000);
            prop_assert!(all <= u64::from(burst) + refilled + 1, "{all}");
        }
    }
}
