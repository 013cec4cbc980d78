//! The node kinds without a server around them: to check flows, and to describe the kinds.

use std::sync::Arc;

use engine::Registry;
use nodes::{Directory, Needs};
use serde_json::{Value, json};
use store::{DestinationId, Place};

/// A world in which there is nothing.
struct Nowhere;

impl Directory for Nowhere {
    fn destination(&self, _: Place, _: &str) -> Option<DestinationId> {
        None
    }
}

/// The node kinds.
pub(super) fn registry() -> Registry {
    nodes::registry(&Needs { directory: Arc::new(Nowhere) })
}

/// What the documentation is made from.
pub(super) fn catalogue() -> Value {
    json!({
        "kinds": registry().describe(),
        "source_errors": gateway::codes(),
        "api_errors": crate::api::problem::CODES,
    })
}
