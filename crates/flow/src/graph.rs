//! The shape of a flow: nodes, edges and ports, without what the nodes do.

use std::collections::HashMap;

use crate::{NodeId, Problem, problem::did_you_mean};

/// The port that a step takes when it succeeds and its kind has no ports of its own.
pub const PORT_NEXT: &str = "next";

/// The port that a step with `on_failure: branch` takes when its tries are used up.
pub const PORT_FAILED: &str = "failed";

/// The most nodes of one flow.
const MAX_NODES: usize = 2_000;

/// A node's position in its graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeIndex(u32);

/// An edge's position in its graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EdgeIndex(u32);

/// One edge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Where it comes from; `None` is the start.
    pub from: Option<NodeIndex>,
    /// The port it leaves by.
    pub port: Box<str>,
    /// Where it leads.
    pub to: NodeIndex,
}

/// When a node with several incoming edges runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Join {
    /// When every edge that can still be taken has been, and at least one was.
    #[default]
    All,
    /// As soon as the first edge is taken.
    First,
}

#[derive(Clone, Debug)]
struct Vertex {
    id: NodeId,
    incoming: Vec<EdgeIndex>,
    outgoing: Vec<EdgeIndex>,
    join: Join,
}

/// A directed graph without cycles, in which every node can be reached from the start.
#[derive(Clone, Debug)]
pub struct Graph {
    vertices: Vec<Vertex>,
    edges: Vec<Edge>,
    starting: Vec<EdgeIndex>,
    by_id: HashMap<NodeId, NodeIndex>,
}

impl NodeIndex {
    /// The node at a position.
    #[expect(clippy::cast_possible_truncation, reason = "a graph has at most MAX_NODES nodes")]
    pub(crate) const fn at(position: usize) -> Self {
        Self(position as u32)
    }

    /// The position, for a vector beside the graph.
    pub const fn position(self) -> usize {
        self.0 as usize
    }
}

impl EdgeIndex {
    #[expect(clippy::cast_possible_truncation, reason = "edges are bounded by the text's length")]
    const fn at(position: usize) -> Self {
        Self(position as u32)
    }

    /// The position, for a vector beside the graph.
    pub const fn position(self) -> usize {
        self.0 as usize
    }
}

impl Graph {
    /// Builds the graph from node ids and edge lines.
    ///
    /// # Errors
    /// Every problem: a name that is not known, an edge that is written wrong, a cycle, a node
    /// that nothing leads to.
    pub(crate) fn build(ids: &[NodeId], lines: &[String]) -> Result<Self, Vec<Problem>> {
        if ids.len() > MAX_NODES {
            let reason = format!("a flow has at most {MAX_NODES} nodes; this one has {}", ids.len());
            return Err(vec![Problem::flow("nodes", "too_many_nodes", reason)]);
        }
        let vertex =
            |id: &NodeId| Vertex { id: id.clone(), incoming: vec![], outgoing: vec![], join: Join::All };
        let by_id = ids.iter().enumerate().map(|(at, id)| (id.clone(), NodeIndex::at(at))).collect();
        let mut graph =
            Self { vertices: ids.iter().map(vertex).collect(), edges: vec![], starting: vec![], by_id };
        let mut problems = Vec::new();
        for (at, line) in lines.iter().enumerate() {
            if let Err(problem) = graph.add_line(line, &format!("edges[{at}]")) {
                problems.push(problem);
            }
        }
        if problems.is_empty() {
            problems.extend(graph.unreached());
            problems.extend(graph.cycle());
        }
        if problems.is_empty() { Ok(graph) } else { Err(problems) }
    }

    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.vertices.len()
    }

    /// Whether there is no node.
    pub fn is_empty(&self) -> bool {
        self.vertices.is_empty()
    }

    /// Every node.
    pub fn nodes(&self) -> impl ExactSizeIterator<Item = NodeIndex> + use<> {
        (0..self.vertices.len()).map(NodeIndex::at)
    }

    /// Every edge, in the order of its writing.
    pub fn edges(&self) -> &[Edge] {
        &self.edges
    }

    /// The node of this id.
    pub fn find(&self, id: &str) -> Option<NodeIndex> {
        self.by_id.get(id).copied()
    }

    /// A node's id.
    ///
    /// # Panics
    /// For an index of another graph.
    pub fn id(&self, node: NodeIndex) -> &NodeId {
        &self.vertices[node.position()].id
    }

    /// The edge at an index.
    ///
    /// # Panics
    /// For an index of another graph.
    pub fn edge(&self, edge: EdgeIndex) -> &Edge {
        &self.edges[edge.position()]
    }

    /// The edges that lead to a node.
    pub fn incoming(&self, node: NodeIndex) -> &[EdgeIndex] {
        &self.vertices[node.position()].incoming
    }

    /// The edges that leave a node.
    pub fn outgoing(&self, node: NodeIndex) -> &[EdgeIndex] {
        &self.vertices[node.position()].outgoing
    }

    /// The edges that leave the start.
    pub fn starting(&self) -> &[EdgeIndex] {
        &self.starting
    }

    /// When a node with several incoming edges runs.
    pub fn join(&self, node: NodeIndex) -> Join {
        self.vertices[node.position()].join
    }

    pub(crate) fn set_join(&mut self, node: NodeIndex, join: Join) {
        self.vertices[node.position()].join = join;
    }

    /// Whether any edge leaves a node by this port.
    pub fn has_edge_from(&self, node: NodeIndex, port: &str) -> bool {
        self.outgoing(node).iter().any(|edge| &*self.edge(*edge).port == port)
    }

    fn add_line(&mut self, line: &str, field: &str) -> Result<(), Problem> {
        let ends: Vec<&str> = line.split("->").map(str::trim).collect();
        if ends.len() < 2 || ends.iter().any(|end| end.is_empty()) {
            let reason =
                format!("`{line}` is not an edge; write `a -> b`, `start -> a -> b` or `a.port -> b`");
            return Err(Problem::flow(field, "wrong_edge", reason));
        }
        for pair in ends.windows(2) {
            let (from, port) = match pair[0].split_once('.') {
                Some((id, port)) => (id, port.trim()),
                None => (pair[0], PORT_NEXT),
            };
            let from = match from {
                "start" => None,
                id => Some(self.named(id, field)?),
            };
            self.add(Edge { from, port: port.into(), to: self.named(pair[1], field)? });
        }
        Ok(())
    }

    fn named(&self, id: &str, field: &str) -> Result<NodeIndex, Problem> {
        self.find(id).ok_or_else(|| {
            let known = self.by_id.keys().map(NodeId::as_str);
            Problem::flow(field, "unknown_node", format!("there is no node `{id}`"))
                .suggest(did_you_mean(id, known))
        })
    }

    fn add(&mut self, edge: Edge) {
        // A chain may repeat an edge that another line has; once is enough.
        if self.edges.contains(&edge) {
            return;
        }
        let index = EdgeIndex::at(self.edges.len());
        match edge.from {
            None => self.starting.push(index),
            Some(from) => self.vertices[from.position()].outgoing.push(index),
        }
        self.vertices[edge.to.position()].incoming.push(index);
        self.edges.push(edge);
    }

    /// The nodes that can be reached from the start over the edges that `open` lets through.
    pub(crate) fn reachable(&self, open: impl Fn(EdgeIndex) -> bool) -> Vec<bool> {
        let mut reached = vec![false; self.len()];
        let mut ahead: Vec<EdgeIndex> = self.starting.clone();
        while let Some(edge) = ahead.pop() {
            let to = self.edge(edge).to;
            if open(edge) && !reached[to.position()] {
                reached[to.position()] = true;
                ahead.extend(self.outgoing(to));
            }
        }
        reached
    }

    /// The nodes from which `node` can be reached.
    pub fn upstream(&self, node: NodeIndex) -> Vec<bool> {
        let mut seen = vec![false; self.len()];
        let mut behind = vec![node];
        while let Some(at) = behind.pop() {
            for from in self.incoming(at).iter().filter_map(|edge| self.edge(*edge).from) {
                if !std::mem::replace(&mut seen[from.position()], true) {
                    behind.push(from);
                }
            }
        }
        seen
    }

    fn unreached(&self) -> Vec<Problem> {
        let reached = self.reachable(|_| true);
        let missed = self.nodes().filter(|node| !reached[node.position()]);
        missed
            .map(|node| {
                let id = self.id(node).as_str();
                Problem::node(id, "", "unreachable", format!("nothing leads to `{id}` from the start"))
                    .suggest(Some("Add an edge to it, or remove it.".to_owned()))
            })
            .collect()
    }

    /// A problem that names the nodes of a cycle, if there is one (Kahn's algorithm).
    fn cycle(&self) -> Option<Problem> {
        let mut missing: Vec<usize> = self.nodes().map(|node| self.incoming(node).len()).collect();
        let mut ready: Vec<EdgeIndex> = self.starting.clone();
        while let Some(edge) = ready.pop() {
            let to = self.edge(edge).to;
            missing[to.position()] -= 1;
            if missing[to.position()] == 0 {
                ready.extend(self.outgoing(to));
            }
        }
        let stuck: Vec<&str> = self
            .nodes()
            .filter(|node| missing[node.position()] > 0)
            .map(|node| self.id(node).as_str())
            .collect();
        let reason = format!("the edges form a cycle through {}", stuck.join(", "));
        (!stuck.is_empty()).then(|| Problem::flow("edges", "cycle", reason))
    }

    /// A graph for tests of other modules.
    #[cfg(test)]
    pub(crate) fn for_test(ids: &[&str], lines: &[&str]) -> Self {
        let ids: Vec<NodeId> = ids.iter().map(|id| id.parse().unwrap()).collect();
        let mut graph = Self {
            vertices: ids
                .iter()
                .map(|id| Vertex { id: id.clone(), incoming: vec![], outgoing: vec![], join: Join::All })
                .collect(),
            edges: vec![],
            starting: vec![],
            by_id: ids.iter().enumerate().map(|(at, id)| (id.clone(), NodeIndex::at(at))).collect(),
        };
        for line in lines {
            graph.add_line(line, "edges").unwrap();
        }
        graph
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(ids: &[&str], lines: &[&str]) -> Result<Graph, Vec<String>> {
        let ids: Vec<NodeId> = ids.iter().map(|id| id.parse().unwrap()).collect();
        let lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        Graph::build(&ids, &lines).map_err(|problems| problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn chains_ports_and_repeats() {
        let graph = build(&["a", "b", "c"], &["start -> a -> b", "a.failed -> c", "a -> b"]).unwrap();
        let a = graph.find("a").unwrap();
        assert_eq!(graph.edges().len(), 3);
        assert!(graph.has_edge_from(a, PORT_FAILED) && graph.has_edge_from(a, PORT_NEXT));
        assert_eq!(graph.upstream(graph.find("c").unwrap()), [true, false, false]);
    }

    #[test]
    fn says_what_is_wrong() {
        let said = |ids: &[&str], lines: &[&str]| build(ids, lines).unwrap_err().join("\n");
        assert!(said(&["answer"], &["start -> anwser"]).contains("Did you mean `answer`?"));
        assert!(said(&["a"], &["start a"]).contains("is not an edge"));
        assert!(said(&["a"], &["a -> start"]).contains("no node `start`"));
        assert!(said(&["a", "b"], &["start -> a"]).contains("nothing leads to `b`"));
        assert!(said(&["a", "b", "c"], &["start -> a -> b -> c -> b"]).contains("cycle through b, c"));
        assert!(said(&["a"], &["start -> a -> a"]).contains("cycle"));
    }
}
