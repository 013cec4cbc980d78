//! The words between nodes.

use delivery::Settled;
use engine::{Advance, Outcome, Update};
use serde::{Deserialize, Serialize};
use store::{NodeId, Place, RunId};

/// The first word on a link: who speaks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Hello {
    /// The node.
    pub(crate) node: NodeId,
    /// Where it can be reached itself, host and port.
    pub(crate) address: String,
}

/// What a node tells another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Said {
    /// It wants to hear of these, and of nothing else that it named before.
    All(Wanted),
    /// It wants to hear of these as well.
    Want(Wanted),
    /// It has heard enough of these.
    Enough(Wanted),
    /// What came of a run.
    Outcome {
        /// The run.
        run: RunId,
        /// What came of it.
        outcome: Outcome,
    },
    /// Something happened in a run.
    Update(Update),
    /// How a run goes on that readers follow.
    Advance {
        /// The run.
        run: RunId,
        /// How.
        advance: Advance,
    },
    /// A delivery was tried.
    Settled(Settled),
    /// A run is to be cancelled.
    Cancel {
        /// The run.
        run: RunId,
        /// Who wants that.
        by: String,
    },
    /// It may have missed something, and is to be told again all that is wanted of it.
    Missed,
}

/// What a node wants to hear of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Wanted {
    /// What comes of these runs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) runs: Vec<RunId>,
    /// How these runs go on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) followed: Vec<RunId>,
    /// Everything that happens in these places.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) places: Vec<Place>,
}
