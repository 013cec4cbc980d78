//! Lists in parts. A part begins after an id, not at a number: ids grow with time, so a list stays whole while
//! new rows come in at its head, and the last page costs as much as the first.

use serde::{Deserialize, Serialize};

/// Which part of a list is wanted: newest first, from a cursor on.
#[derive(Clone, Debug)]
pub struct PageRequest<Id> {
    /// At most so many rows.
    pub limit: usize,
    /// Only rows older than this one.
    pub before: Option<Id>,
}

/// A part of a list, newest first.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Whether there are older ones.
    pub has_more: bool,
}

impl<T> Page<T> {
    /// Cuts a list that was read with one row more than wanted.
    pub(crate) fn cut(mut items: Vec<T>, limit: usize) -> Self {
        let has_more = items.len() > limit;
        items.truncate(limit);
        Self { items, has_more }
    }
}

impl<Id> PageRequest<Id> {
    /// How many rows to read to know whether there are more.
    pub(crate) fn fetch(&self) -> i64 {
        i64::try_from(self.limit).unwrap_or(i64::MAX).saturating_add(1)
    }
}
