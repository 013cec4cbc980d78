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

/// What is taken over, and what is logged then.
const KINDS: [(&str, &str); 2] = [
    ("runs", "runs that were in flight go on"),
    // After a node that left in good order as well.
    ("deliveries", "deliveries of another node go on here"),
];

/// How long it took each time, from the beginning of the silence, for each kind.
#[derive(Default)]
pub(crate) struct Takeovers([Vec<Duration>; KINDS.len()]);

impl Silence {
    pub(crate) fn of(node: usize) -> Self {
        Self { node, begun: Clock::system().now() }
    }
}

impl Takeovers {
    /// Reads the first takeover after each silence. There is none after one whose node held nothing.
    pub(crate) fn read(&mut self, cluster: &Cluster<'_>, silences: &[Silence]) {
        for (all, (_, said)) in self.0.iter_mut().zip(KINDS) {
            let nodes = cluster.nodes.iter().enumerate();
            let told: Vec<(usize, Timestamp)> =
                nodes.flat_map(|(nth, node)| takeovers(nth, &node.log(), said)).collect();
            for Silence { node, begun } in silences {
                let after = told.iter().filter(|(by, _)| by != node).map(|(_, at)| begun.until(*at));
                // What comes sooner is of another silence, and so is what comes later.
                all.extend(after.filter(|after| (LEASE / 2..4 * LEASE).contains(after)).min());
            }
            all.sort_unstable();
        }
    }
}

/// When a node took over, by its log.
fn takeovers(node: usize, log: &str, said: &str) -> Vec<(usize, Timestamp)> {
    let lines = log.lines().filter(|line| line.contains(said));
    let at = |line: &str| line.split(' ').next().unwrap().parse::<jiff::Timestamp>().unwrap();
    lines.map(|line| (node, Timestamp::from_millis(at(line).as_millisecond()))).collect()
}

impl fmt::Display for Takeovers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "takeovers, of a lease of {LEASE:?}:")?;
        for (all, (kind, _)) in self.0.iter().zip(KINDS) {
            let (Some(first), Some(last)) = (all.first(), all.last()) else {
                write!(f, " no {kind};")?;
                continue;
            };
            let (count, middle) = (all.len(), all[all.len() / 2]);
            write!(f, " {kind} {count} times after {first:?} to {last:?}, median {middle:?};")?;
        }
        Ok(())
    }
}
