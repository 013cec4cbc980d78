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

/// A part of a step's output.
pub(super) type Wanted = (NodeIndex, Part);

/// Alternatives beyond so many are not looked at together.
const ALTERNATIVES: usize = 4;

/// Whether `reader` (or the flow's outputs, for `None`) may run although none of these parts is there:
/// each step was skipped, left by the other port, or is not done.
///
/// The answer may be yes where two conditions that exclude each other make it no: then the
/// expression says what to use, and never does.
pub(super) fn may_be_missing(subject: &Subject, wanted: &[Wanted], reader: Option<NodeIndex>) -> bool {
    let wanted = wanted.get(wanted.len().saturating_sub(ALTERNATIVES)..).unwrap_or_default();
    let joins_early = reader.is_some_and(|reader| joins_early(subject, reader));
    let absences: Vec<Vec<Absence>> =
        wanted.iter().map(|(maker, part)| absences(subject, *maker, *part, joins_early)).collect();
    let cases = absences.iter().map(Vec::len).product();
    (0..cases).any(|case| {
        let mut rest: usize = case;
        let mut supposed = Supposed::new(subject);
        wanted.iter().zip(&absences).all(|((maker, part), ways)| {
            let way = ways[rest % ways.len()];
            rest /= ways.len();
            supposed.suppose(*maker, *part, way)
        }) && reader.is_none_or(|reader| supposed.may_reach(reader))
    })
}

/// Why a part of a step's output is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Absence {
    /// The step is skipped.
    Skipped,
    /// It leaves by a port on which the part is not there.
    LeftOtherwise,
    /// A join that does not wait lets the reader run before the step is done.
    NotDone,
}

fn absences(subject: &Subject, maker: NodeIndex, part: Part, joins_early: bool) -> Vec<Absence> {
    let branches = subject.written(maker).on_failure == OnFailure::Branch;
    let mut ways = vec![Absence::Skipped];
    if branches || part == Part::Error {
        ways.push(Absence::LeftOtherwise);
    }
    if joins_early {
        ways.push(Absence::NotDone);
    }
    ways
}

fn joins_early(subject: &Subject, reader: NodeIndex) -> bool {
    let upstream = subject.graph.upstream(reader);
    let is_early = |node: NodeIndex| {
        subject.graph.join(node) == Join::First && (node == reader || upstream[node.position()])
    };
    subject.graph.nodes().any(is_early)
}

/// What follows from supposing that steps are absent.
struct Supposed<'a> {
    subject: &'a Subject<'a>,
    skipped: Vec<bool>,
    /// Edges that are not taken.
    dead: Vec<bool>,
}

impl<'a> Supposed<'a> {
    fn new(subject: &'a Subject<'a>) -> Self {
        let graph = subject.graph;
        Self { subject, skipped: vec![false; graph.len()], dead: vec![false; graph.edges().len()] }
    }

    /// Adds a supposition; says whether a run can be so.
    fn suppose(&mut self, maker: NodeIndex, part: Part, way: Absence) -> bool {
        let graph = self.subject.graph;
        match way {
            Absence::Skipped => self.skip(maker),
            Absence::LeftOtherwise => {
                for edge in graph.outgoing(maker) {
                    let gives_part = (&*graph.edge(*edge).port == PORT_FAILED) == (part == Part::Error);
                    self.dead[edge.position()] |= gives_part;
                }
                self.exists_a_way_out(maker) || self.skip(maker)
            }
            Absence::NotDone => {
                for edge in graph.outgoing(maker) {
                    self.dead[edge.position()] = true;
                }
                true
            }
        }
    }

    /// Follows what a skipped step forces upstream: the steps before it left by other ports, or were
    /// skipped as well. Says whether that can be, which ends at the flow's start.
    fn skip(&mut self, node: NodeIndex) -> bool {
        let graph = self.subject.graph;
        let mut forced = vec![node];
        while let Some(node) = forced.pop() {
            if std::mem::replace(&mut self.skipped[node.position()], true) {
                continue;
            }
            for edge in graph.incoming(node) {
                self.dead[edge.position()] = true;
                let Some(from) = graph.edge(*edge).from else { return false };
                if !self.exists_a_way_out(from) {
                    forced.push(from);
                }
            }
        }
        true
    }

    /// Whether there is a port by which a step may have left: one of which no edge is dead.
    fn exists_a_way_out(&self, node: NodeIndex) -> bool {
        let graph = self.subject.graph;
        ports(self.subject, node).iter().any(|port| {
            graph
                .outgoing(node)
                .iter()
                .all(|edge| !self.dead[edge.position()] || *graph.edge(*edge).port != **port)
        })
    }

    fn may_reach(&self, reader: NodeIndex) -> bool {
        let graph = self.subject.graph;
        let is_open = |edge: EdgeIndex| {
            let skipped = |from: NodeIndex| self.skipped[from.position()];
            !self.dead[edge.position()] && !graph.edge(edge).from.is_some_and(skipped)
        };
        graph.reachable(is_open)[reader.position()]
    }
}
