//! Keeps under a limit instead of hitting it.

use std::{collections::VecDeque, time::Duration};

use parking_lot::Mutex;
use tokio::time::{Instant, sleep_until};

use crate::kind::Window;

/// When calls to one destination may be made: at most so many in every span of each window's length.
///
/// The times of the last calls are remembered, as many as the largest window allows, so a bound holds for spans that begin
/// anywhere; a bucket that fills up steadily would let through nearly twice as much in some.
pub(crate) struct Pacer(Mutex<Pace>);

struct Pace {
    windows: Vec<Window>,
    /// When the last calls were made, the newest last.
    calls: VecDeque<Instant>,
    /// Calls in the first span after this are spread evenly: what was sent just before is not known here.
    even_from: Option<Instant>,
    /// Nothing is called before this, since the receiver asked for it.
    asked: Option<Instant>,
}

impl Pacer {
    /// Of a destination that somebody else may have sent to just now, or nobody.
    pub(crate) fn new(windows: &[Window], after_another: bool) -> Self {
        let even_from = after_another.then(Instant::now);
        Self(Mutex::new(Pace { windows: windows.to_vec(), calls: VecDeque::new(), even_from, asked: None }))
    }

    /// Other limits hold from now on, and count what was called before.
    pub(crate) fn change(&self, windows: &[Window]) {
        self.0.lock().windows = windows.to_vec();
    }

    /// Takes the right to a call now, or says when there will be one.
    pub(crate) fn take(&self) -> Result<(), Instant> {
        let (mut pace, now) = (self.0.lock(), Instant::now());
        match pace.next(now) {
            Some(at) if at > now => Err(at),
            _ => {
                pace.called(now);
                Ok(())
            }
        }
    }

    /// Waits for the right to a call.
    pub(crate) async fn turn(&self) {
        while let Err(at) = self.take() {
            sleep_until(at).await;
        }
    }

    /// Nothing is called for so long.
    pub(crate) fn rest(&self, wait: Duration) {
        let (mut pace, until) = (self.0.lock(), Instant::now() + wait);
        pace.asked = pace.asked.max(Some(until));
    }
}

impl Pace {
    /// The earliest time of a call, if it is not any.
    fn next(&self, now: Instant) -> Option<Instant> {
        let free = |window: &Window| {
            let first = self.calls.len().checked_sub(window.most()).and_then(|at| self.calls.get(at));
            let free = first.map(|first| *first + window.within);
            let spread = self.even_from.filter(|from| now < *from + window.within).and(self.calls.back());
            free.max(spread.map(|last| *last + window.within / window.calls.max(1)))
        };
        self.windows.iter().map(free).max().flatten().max(self.asked)
    }

    fn called(&mut self, now: Instant) {
        let kept = self.windows.iter().map(Window::most).max().unwrap_or(0);
        if kept > 0 {
            self.calls.push_back(now);
        }
        while self.calls.len() > kept {
            self.calls.pop_front();
        }
    }
}

impl Window {
    fn most(&self) -> usize {
        usize::try_from(self.calls).unwrap_or(usize::MAX).max(1)
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    const MINUTE: Window = Window { calls: 3, within: Duration::from_secs(60) };
    const SECOND: Window = Window { calls: 2, within: Duration::from_secs(1) };

    async fn seconds(seconds: u64) {
        advance(Duration::from_secs(seconds)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn no_span_holds_more_calls_than_the_window_allows() {
        let pacer = Pacer::new(&[MINUTE, SECOND], false);
        let (begun, mut calls) = (Instant::now(), Vec::new());
        for nth in 0_u64..40 {
            // Bursts and pauses of every length.
            advance(Duration::from_millis(nth * 977 % 3_100)).await;
            pacer.turn().await;
            calls.push(Instant::now());
        }
        for window in [MINUTE, SECOND] {
            for pair in calls.windows(window.most() + 1) {
                assert!(pair[window.most()] - pair[0] >= window.within, "{window:?}");
            }
        }
        let least = Duration::from_secs(60 * (40 / 3 - 1));
        assert!(begun.elapsed() < least * 2, "it waits no longer than it must: {:?}", begun.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn who_takes_over_spreads_the_first_calls() {
        let pacer = Pacer::new(&[MINUTE], true);
        let begun = Instant::now();
        pacer.turn().await;
        pacer.turn().await;
        assert_eq!(begun.elapsed(), Duration::from_secs(20));
        seconds(100).await;
        let begun = Instant::now();
        pacer.turn().await;
        pacer.turn().await;
        assert_eq!(begun.elapsed(), Duration::ZERO, "what was before is out of the window");
    }

    #[tokio::test(start_paused = true)]
    async fn a_change_counts_what_was_called_before() {
        let pacer = Pacer::new(&[MINUTE], false);
        for _ in 0..3 {
            pacer.turn().await;
            seconds(1).await;
        }
        let wide = Window { calls: 4, within: Duration::from_secs(10) };
        pacer.change(&[wide]);
        assert!(pacer.take().is_ok());
        assert_eq!(pacer.take(), Err(Instant::now() + Duration::from_secs(7)));
        pacer.change(&[]);
        assert!(pacer.take().is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn what_the_receiver_asks_for_holds_for_all() {
        let pacer = Pacer::new(&[], false);
        pacer.rest(Duration::from_secs(5));
        pacer.rest(Duration::from_secs(1));
        let begun = Instant::now();
        pacer.turn().await;
        assert_eq!(begun.elapsed(), Duration::from_secs(5));
    }
}
