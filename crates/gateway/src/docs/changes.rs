//! What a version changed of a flow's fields.

use flow::{Field, Fields};
use serde::Serialize;

/// The fields that two versions differ in, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FieldChanges {
    /// Those that are new.
    pub added: Vec<String>,
    /// Those that are gone.
    pub removed: Vec<String>,
    /// Those that ask for something else: another type, being there, other values.
    pub changed: Vec<String>,
}

impl FieldChanges {
    /// Whether there is no difference that a sender meets.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What differs between the inputs of two versions; descriptions and examples do not count.
pub fn changes(before: &Fields, after: &Fields) -> FieldChanges {
    let contract = |field: &Field| Field { description: None, example: None, ..field.clone() };
    let differs = |(name, field): &(&String, &Field)| {
        before.get(*name).is_some_and(|known| contract(known) != contract(field))
    };
    let missing = |there: &Fields, (name, _): &(&String, &Field)| !there.contains_key(*name);
    let name = |(name, _): (&String, &Field)| name.clone();
    FieldChanges {
        added: after.iter().filter(|field| missing(before, field)).map(name).collect(),
        removed: before.iter().filter(|field| missing(after, field)).map(name).collect(),
        changed: after.iter().filter(differs).map(name).collect(),
    }
}
