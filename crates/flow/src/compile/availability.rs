//! Whether a step's output is sure to be there when another step runs.

use super::{Subject, nodes::ports};
use crate::{EdgeIndex, Join, NodeIndex, OnFailure, PORT_FAILED};

/// What part of a step's output an expression wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// A field that the step gives when it succeeds.
    Output,
    /// `error`, which it gives when it leaves by `failed`.
    Error,
}

/// Whether `reader` (or the flow's outputs, for `None`) may run although the part of `maker`'s
/// output is not there: the step was skipped, left by the other port, or is not done.
///
/// The answer may be yes where two conditions that exclude each other make it no: then the
/// expression says what to use, and never does.
pub(super) fn may_be_missing(
    subject: &Subject,
    maker: NodeIndex,
    part: Part,
    reader: Option<NodeIndex>,
) -> bool {
    may_be_skipped(subject, maker, reader)
        || may_leave_otherwise(subject, maker, part, reader)
        || may_come_first(subject, maker, reader)
}

/// Supposes that `maker` is skipped, follows what that forces upstream, and asks whether the
/// reader can still be reached.
fn may_be_skipped(subject: &Subject, maker: NodeIndex, reader: Option<NodeIndex>) -> bool {
    let graph = subject.graph;
    let mut skipped = vec![false; graph.len()];
    let mut dead = vec![false; graph.edges().len()];
    let mut forced = vec![maker];
    skipped[maker.position()] = true;
    while let Some(node) = forced.pop() {
        for edge in graph.incoming(node) {
            dead[edge.position()] = true;
            let Some(from) = graph.edge(*edge).from else { return false };
            // With another port to leave by, the step before may have run; else it was skipped too.
            if ports(subject, from).len() == 1 && !std::mem::replace(&mut skipped[from.position()], true) {
                forced.push(from);
            }
        }
    }
    let is_open = |edge: EdgeIndex| {
        !dead[edge.position()] && graph.edge(edge).from.is_none_or(|from| !skipped[from.position()])
    };
    reader.is_none_or(|reader| graph.reachable(is_open)[reader.position()])
}

/// Supposes that `maker` leaves by a port on which the part is not there.
fn may_leave_otherwise(subject: &Subject, maker: NodeIndex, part: Part, reader: Option<NodeIndex>) -> bool {
    let branches = subject.written(maker).on_failure == OnFailure::Branch;
    if part == Part::Output && !branches {
        return false;
    }
    let graph = subject.graph;
    let gives_part = |edge: EdgeIndex| {
        let edge = graph.edge(edge);
        edge.from == Some(maker) && (&*edge.port == PORT_FAILED) == (part == Part::Error)
    };
    reader.is_none_or(|reader| graph.reachable(|edge| !gives_part(edge))[reader.position()])
}

/// Whether a join that does not wait lets the reader run before `maker` is done.
fn may_come_first(subject: &Subject, maker: NodeIndex, reader: Option<NodeIndex>) -> bool {
    let Some(reader) = reader else { return false };
    let graph = subject.graph;
    let upstream = graph.upstream(reader);
    let joins_early =
        |node: NodeIndex| graph.join(node) == Join::First && (node == reader || upstream[node.position()]);
    graph.nodes().any(joins_early)
        && graph.reachable(|edge| graph.edge(edge).from != Some(maker))[reader.position()]
}
