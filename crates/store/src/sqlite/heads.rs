//! The head of each lane: the run in it that has waited longest.
//!
//! To ask each lane for it at every claim would take the only writer longer the more flows are backed up. So the
//! writer knows the heads in memory, ordered by age; a claim asks only the lanes that it takes from, for their next.

use std::collections::{BTreeSet, HashMap};

use rusqlite::Connection;

use super::lane::{head, lanes};

/// The heads; nothing when they are not known. What is not known is read before it is used.
pub(super) struct Heads(Option<Known>);

/// The same pairs twice: the number of a run and the lane in which it waits, one for each lane.
#[derive(Debug, Default, PartialEq, Eq)]
struct Known {
    by_age: BTreeSet<(i64, i64)>,
    by_lane: HashMap<i64, i64>,
}

impl Heads {
    /// Reads them, by one seek for each lane.
    pub(super) fn read(c: &Connection) -> rusqlite::Result<Self> {
        Known::read(c).map(|known| Self(Some(known)))
    }

    /// The run that has waited longest, and where.
    pub(super) fn first(&mut self, c: &Connection) -> rusqlite::Result<Option<(i64, i64)>> {
        let known = match &mut self.0 {
            Some(known) => known,
            unknown => unknown.insert(Known::read(c)?),
        };
        Ok(known.by_age.first().copied())
    }

    /// A run was put into a lane. Numbers rise with time, but not strictly: it may be older than all others.
    pub(super) fn added(&mut self, lane: i64, number: i64) {
        if let Some(known) = &mut self.0
            && known.by_lane.get(&lane).is_none_or(|head| number < *head)
        {
            known.set(lane, Some(number));
        }
    }

    /// A run was taken out of a lane.
    pub(super) fn removed(&mut self, c: &Connection, lane: i64, number: i64) -> rusqlite::Result<()> {
        if let Some(known) = &mut self.0
            && known.by_lane.get(&lane) == Some(&number)
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

    fn set(&mut self, lane: i64, head: Option<i64>) {
        let before = match head {
            Some(number) => self.by_lane.insert(lane, number),
            None => self.by_lane.remove(&lane),
        };
        if let Some(number) = before {
            self.by_age.remove(&(number, lane));
        }
        self.by_age.extend(head.map(|number| (number, lane)));
    }
}

#[cfg(test)]
mod tests;
