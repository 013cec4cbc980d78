//! What the other nodes want to hear.

use std::collections::{HashMap, HashSet};

use store::{NodeId, Place, RunId};

use crate::said::Wanted;

/// Runs that one node may ask for; it finds what came of more by looking.
const RUNS: usize = 100_000;

/// Runs that readers at one node may follow.
const FOLLOWED: usize = 10_000;

/// A link by which a node speaks to this one. A node that comes back speaks by another.
pub(crate) type LinkId = u64;

/// What each node that speaks to this one wants.
#[derive(Debug, Default)]
pub(crate) struct Wishes(HashMap<LinkId, Wish>);

#[derive(Debug)]
struct Wish {
    node: NodeId,
    runs: HashSet<RunId>,
    followed: HashSet<RunId>,
    places: HashSet<Place>,
}

impl Wishes {
    /// A node names all that it wants. Gives the runs that nobody follows any more.
    pub(crate) fn set(&mut self, link: LinkId, node: NodeId, wanted: Wanted) -> Vec<RunId> {
        let before = self.0.remove(&link);
        self.add(link, node, wanted);
        self.left_alone(before.map(|wish| wish.followed))
    }

    /// A node wants more.
    pub(crate) fn add(&mut self, link: LinkId, node: NodeId, wanted: Wanted) {
        let wish = self.0.entry(link).or_insert_with(|| Wish::of(node));
        let room = RUNS.saturating_sub(wish.runs.len());
        wish.runs.extend(wanted.runs.into_iter().take(room));
        let room = FOLLOWED.saturating_sub(wish.followed.len());
        wish.followed.extend(wanted.followed.into_iter().take(room));
        wish.places.extend(wanted.places.into_iter().take(RUNS));
    }

    /// A node wants less. Gives the runs that nobody follows any more.
    pub(crate) fn remove(&mut self, link: LinkId, wanted: &Wanted) -> Vec<RunId> {
        let Some(wish) = self.0.get_mut(&link) else { return Vec::new() };
        for run in &wanted.runs {
            wish.runs.remove(run);
        }
        for run in &wanted.followed {
            wish.followed.remove(run);
        }
        for place in &wanted.places {
            wish.places.remove(place);
        }
        self.left_alone([wanted.followed.iter().copied()])
    }

    /// A node speaks by this link no more. Gives the runs that nobody follows any more.
    pub(crate) fn forget(&mut self, link: LinkId) -> Vec<RunId> {
        let before = self.0.remove(&link);
        self.left_alone(before.map(|wish| wish.followed))
    }

    /// Whether anybody waits for a run.
    pub(crate) fn any_run(&self) -> bool {
        self.0.values().any(|wish| !wish.runs.is_empty())
    }

    /// The runs that readers at a node follow.
    pub(crate) fn followed_at(&self, node: NodeId) -> HashSet<RunId> {
        let of_node = self.0.values().filter(|wish| wish.node == node);
        of_node.flat_map(|wish| wish.followed.iter().copied()).collect()
    }

    /// Where readers follow a run.
    pub(crate) fn of_followed(&self, run: RunId) -> HashSet<NodeId> {
        self.0.values().filter(|wish| wish.followed.contains(&run)).map(|wish| wish.node).collect()
    }

    /// Those of these runs that nobody follows.
    fn left_alone(&self, runs: impl IntoIterator<Item: IntoIterator<Item = RunId>>) -> Vec<RunId> {
        runs.into_iter().flatten().filter(|run| self.of_followed(*run).is_empty()).collect()
    }

    /// Every run that readers follow.
    pub(crate) fn followed(&self) -> HashSet<RunId> {
        self.0.values().flat_map(|wish| wish.followed.iter().copied()).collect()
    }

    /// Whether anybody watches a place.
    pub(crate) fn any_place(&self) -> bool {
        self.0.values().any(|wish| !wish.places.is_empty())
    }

    /// Who waits for a run.
    pub(crate) fn of_run(&self, run: RunId) -> HashSet<NodeId> {
        self.0.values().filter(|wish| wish.runs.contains(&run)).map(|wish| wish.node).collect()
    }

    /// Who watches a place.
    pub(crate) fn of_place(&self, place: Place) -> HashSet<NodeId> {
        self.0.values().filter(|wish| wish.places.contains(&place)).map(|wish| wish.node).collect()
    }
}

impl Wish {
    fn of(node: NodeId) -> Self {
        Self { node, runs: HashSet::new(), followed: HashSet::new(), places: HashSet::new() }
    }
}

#[cfg(test)]
mod tests {
    use store::{EnvironmentId, WorkspaceId};

    use super::*;

    const NODE: NodeId = NodeId::from_bytes([1; 16]);
    const ONE: RunId = RunId::from_bytes([2; 16]);
    const TWO: RunId = RunId::from_bytes([3; 16]);
    const PLACE: Place = Place {
        workspace: WorkspaceId::from_bytes([4; 16]),
        environment: EnvironmentId::from_bytes([5; 16]),
    };

    #[test]
    fn a_node_is_told_what_it_wants_until_it_has_enough() {
        let mut wishes = Wishes::default();
        let run = |run| Wanted { runs: vec![run], ..Wanted::default() };
        wishes.set(1, NODE, Wanted { runs: vec![ONE], followed: vec![TWO], places: vec![PLACE] });
        wishes.add(1, NODE, run(TWO));
        assert!(wishes.any_place() && wishes.of_place(PLACE).contains(&NODE));
        assert!(wishes.of_run(ONE).contains(&NODE) && wishes.of_run(TWO).contains(&NODE));
        assert!(wishes.of_followed(TWO).contains(&NODE) && wishes.of_followed(ONE).is_empty());
        assert_eq!(wishes.followed_at(NODE), HashSet::from([TWO]));
        wishes.remove(1, &run(ONE));
        assert!(wishes.of_run(ONE).is_empty() && wishes.any_run());
        wishes.set(1, NODE, run(ONE));
        assert!(wishes.of_run(TWO).is_empty() && !wishes.any_place(), "what it named before counts no more");
        assert!(wishes.followed().is_empty());
    }

    #[test]
    fn a_node_that_came_back_is_not_forgotten_with_its_old_link() {
        let mut wishes = Wishes::default();
        let run = Wanted { runs: vec![ONE], ..Wanted::default() };
        wishes.set(1, NODE, run.clone());
        wishes.set(2, NODE, run);
        wishes.forget(1);
        assert_eq!(wishes.of_run(ONE), HashSet::from([NODE]));
        wishes.forget(2);
        assert!(!wishes.any_run());
    }

    #[test]
    fn what_one_node_asks_for_is_bounded() {
        let mut wishes = Wishes::default();
        let runs = (0..=RUNS as u128).map(|n| RunId::from_bytes(n.to_be_bytes())).collect();
        wishes.set(1, NODE, Wanted { runs, ..Wanted::default() });
        wishes.add(1, NODE, Wanted { runs: vec![RunId::from_bytes([9; 16])], ..Wanted::default() });
        assert!(wishes.of_run(RunId::from_bytes([9; 16])).is_empty());
        assert_eq!(wishes.0[&1].runs.len(), RUNS);
    }
}
