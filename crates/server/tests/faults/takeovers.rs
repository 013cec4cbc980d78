//! How soon others take over what a silent node held, by what they log. It is told, not judged: the machine is shared.

use std::{fmt, time::Duration};

use clock::{Clock, Timestamp};

use crate::cluster::{Cluster, LEASE};

/// A node that says nothing from now on, for longer than its lease.
#[derive(Clone, Copy)]
pub(crate) struct Silence {
    node: usize,
    begun: Timestamp,
}

/// How long it took each time, from the beginning of the silence.
#[derive(Default)]
pub(crate) struct Takeovers(Vec<Duration>);

impl Silence {
    pub(crate) fn of(node: usize) -> Self {
        Self { node, begun: Clock::system().now() }
    }
}

impl Takeovers {
    /// Reads the first takeover after each silence. There is none after one whose node held no run.
    pub(crate) fn read(&mut self, cluster: &Cluster<'_>, silences: &[Silence]) {
        let told: Vec<(usize, Timestamp)> =
            cluster.nodes.iter().enumerate().flat_map(|(nth, node)| takeovers(nth, &node.log())).collect();
        for Silence { node, begun } in silences {
            let after = told.iter().filter(|(by, _)| by != node).map(|(_, at)| begun.until(*at));
            // What comes sooner is of another silence, and so is what comes later.
            self.0.extend(after.filter(|after| (LEASE / 2..4 * LEASE).contains(after)).min());
        }
        self.0.sort_unstable();
    }
}

/// When a node took over, by its log.
fn takeovers(node: usize, log: &str) -> Vec<(usize, Timestamp)> {
    let lines = log.lines().filter(|line| line.contains("runs that were in flight go on"));
    let at = |line: &str| line.split(' ').next().unwrap().parse::<jiff::Timestamp>().unwrap();
    lines.map(|line| (node, Timestamp::from_millis(at(line).as_millisecond()))).collect()
}

impl fmt::Display for Takeovers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(all) = self;
        let (Some(first), Some(last)) = (all.first(), all.last()) else { return write!(f, "no takeover") };
        let middle = all[all.len() / 2];
        write!(
            f,
            "{} takeovers after {first:?} to {last:?}, median {middle:?}, of a lease of {LEASE:?}",
            all.len()
        )
    }
}
