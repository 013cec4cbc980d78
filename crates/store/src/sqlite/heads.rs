//! The head of each lane: the run in it that has waited longest.
//!
//! To ask each lane for it at every claim would take the only writer longer the more flows are backed up. So the
//! writer knows the heads in memory, ordered by age; a claim asks only the lanes that it takes from, for their next.

use std::collections::{BTreeSet, HashMap};

use rusqlite::Connection;

use crate::{
    RunId,
    run::{Lane, head, lanes},
};

/// The heads; nothing when they are not known. What is not known is read before it is used.
pub(super) struct Heads(Option<Known>);

/// The same pairs twice: one for each lane in which a run waits.
#[derive(Debug, Default, PartialEq, Eq)]
struct Known {
    by_age: BTreeSet<(RunId, Lane)>,
    by_lane: HashMap<Lane, RunId>,
}

impl Heads {
    /// Reads them, by one seek for each lane.
    pub(super) fn read(c: &Connection) -> rusqlite::Result<Self> {
        Known::read(c).map(|known| Self(Some(known)))
    }

    /// The run that has waited longest, and where.
    pub(super) fn first(&mut self, c: &Connection) -> rusqlite::Result<Option<(RunId, Lane)>> {
        let known = match &mut self.0 {
            Some(known) => known,
            unknown => unknown.insert(Known::read(c)?),
        };
        Ok(known.by_age.first().copied())
    }

    /// A run was put into a lane. Ids rise with time, but not strictly: it may be older than all others.
    pub(super) fn added(&mut self, lane: Lane, id: RunId) {
        if let Some(known) = &mut self.0
            && known.by_lane.get(&lane).is_none_or(|head| id < *head)
        {
            known.set(lane, Some(id));
        }
    }

    /// A run was taken out of a lane.
    pub(super) fn removed(&mut self, c: &Connection, lane: Lane, id: RunId) -> rusqlite::Result<()> {
        if let Some(known) = &mut self.0
            && known.by_lane.get(&lane) == Some(&id)
        {
            known.set(lane, head(c, lane)?);
        }
        Ok(())
    }

    /// What is known may not be so: a transaction was undone.
    pub(super) fn forget(&mut self) {
        self.0 = None;
    }
}

impl Known {
    fn read(c: &Connection) -> rusqlite::Result<Self> {
        let mut known = Self::default();
        for lane in lanes(c) {
            let (lane, head) = lane?;
            known.set(lane, Some(head));
        }
        Ok(known)
    }

    fn set(&mut self, lane: Lane, head: Option<RunId>) {
        let before = match head {
            Some(id) => self.by_lane.insert(lane, id),
            None => self.by_lane.remove(&lane),
        };
        if let Some(id) = before {
            self.by_age.remove(&(id, lane));
        }
        self.by_age.extend(head.map(|id| (id, lane)));
    }
}

#[cfg(test)]
mod tests;
