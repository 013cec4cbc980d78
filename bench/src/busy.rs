//! How busy the machine was with other things while something was measured.
//!
//! The machine may be shared. A figure that was measured while others took a good part of it says little, and
//! must not look like one that was not.

use std::{fs, time::Instant};

/// The machine's CPU time so far, in seconds of a core.
#[derive(Clone, Copy, Debug, Default)]
struct Spent {
    /// Everything but idling and waiting for a disk.
    busy: f64,
    /// What the host gave to others.
    stolen: f64,
}

/// A watch over some time.
pub(crate) struct Watch {
    began: Instant,
    before: Spent,
    ours: f64,
}

impl Watch {
    /// Begins; `ours` is the CPU time so far of what is measured, in seconds.
    pub(crate) fn begin(ours: f64) -> Self {
        Self { began: Instant::now(), before: Spent::read(), ours }
    }

    /// The cores that others kept from us meanwhile, on average: other processes, and the host.
    pub(crate) fn elsewhere(&self, ours: f64) -> f64 {
        let now = Spent::read();
        let others = (now.busy - self.before.busy) - (ours - self.ours);
        let stolen = now.stolen - self.before.stolen;
        (others.max(0.0) + stolen) / self.began.elapsed().as_secs_f64().max(f64::MIN_POSITIVE)
    }
}

impl Spent {
    fn read() -> Self {
        Self::parse(&fs::read_to_string("/proc/stat").unwrap_or_default())
    }

    /// From the first line of `/proc/stat`: user, nice, system, idle, iowait, irq, softirq, steal, in ticks of 10 ms.
    fn parse(stat: &str) -> Self {
        let line = stat.lines().next().unwrap_or_default();
        let ticks: Vec<f64> = line.split_whitespace().skip(1).map_while(|field| field.parse().ok()).collect();
        let at = |place: usize| ticks.get(place).copied().unwrap_or(0.0) / 100.0;
        Self { busy: at(0) + at(1) + at(2) + at(5) + at(6), stolen: at(7) }
    }
}

#[cfg(test)]
mod tests {
    use super::Spent;

    #[test]
    fn idling_and_waiting_are_not_work() {
        let spent = Spent::parse("cpu  100 200 300 9999 8888 10 20 700 0 0\ncpu0 1 2 3 4\n");
        assert!((spent.busy - 6.3).abs() < 1e-9 && (spent.stolen - 7.0).abs() < 1e-9, "{spent:?}");
    }
}
