//! Which documents a question looks at, by their metadata.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Conditions that must all hold; none admit everything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Filter {
    /// The conditions.
    pub all: Vec<Condition>,
}

/// A key whose value must be one of some.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// The metadata's key.
    pub key: String,
    /// The values that pass; one for equality. A document without the key passes none.
    pub any_of: Vec<String>,
}

impl Filter {
    /// Adds a condition.
    #[must_use]
    pub fn and(
        mut self,
        key: impl Into<String>,
        any_of: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        self.all.push(Condition { key: key.into(), any_of: any_of.into_iter().map(Into::into).collect() });
        self
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub(crate) fn admits(&self, metadata: &BTreeMap<String, String>) -> bool {
        self.all.iter().all(|condition| {
            metadata
                .get(&condition.key)
                .is_some_and(|value| condition.any_of.iter().any(|wanted| wanted == value))
        })
    }
}
