//! The head of a list whose rows stand in many ranges of an index, each in the order of numbers.

use std::cmp::Reverse;

use crate::{
    PageRequest,
    read::Reader,
    sql::{Fault, Value, values},
};

/// The newest rows of the ranges looked at so far, as many as a page needs to know whether there are more.
pub(crate) struct Newest<T> {
    /// Newest first, each with where it was found.
    found: Vec<(i64, T)>,
    before: i64,
    most: usize,
}

impl<T: Copy> Newest<T> {
    /// Nothing yet of a page that begins before this number.
    pub(crate) fn new<Id: Copy>(page: &PageRequest<Id>, number: impl Fn(Id) -> i64) -> Self {
        Self {
            found: Vec::new(),
            before: page.before.map_or(i64::MAX, number),
            most: page.limit.saturating_add(1),
        }
    }

    /// Looks at one more range: `sql` gives the numbers below `?1` and above `?2`, at most `?3`, newest first; what
    /// tells the range is bound from `?4` on. When a page is full, nothing older than all of it is read.
    pub(crate) fn add(
        &mut self,
        c: &Reader<'_>,
        sql: &str,
        range: Vec<Value>,
        place: T,
    ) -> Result<(), Fault> {
        let oldest = if self.found.len() < self.most { None } else { self.found.last() };
        let oldest = oldest.map_or(-1, |(number, _)| *number);
        let most = i64::try_from(self.most).unwrap_or(i64::MAX);
        let params = [values![self.before, oldest, most], range].concat();
        let newer = c.rows(sql, params, |row| Ok((row.get(0)?, place)))?;
        if !newer.is_empty() {
            self.found.extend(newer);
            self.found.sort_unstable_by_key(|(number, _)| Reverse(*number));
            self.found.truncate(self.most);
        }
        Ok(())
    }

    /// What was found, newest first: one more than the page has, when there are more.
    pub(crate) fn found(self) -> Vec<(i64, T)> {
        self.found
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rusqlite::Connection;

    use super::*;

    proptest! {
        #[test]
        fn it_is_the_head_of_all_ranges_together(
            ranges in prop::collection::vec(prop::collection::btree_set(0..200_i64, 0..30), 0..6),
            limit in 0..20_usize,
            before in prop::option::of(0..200_i64),
        ) {
            let c = Connection::open_in_memory().unwrap();
            c.execute_batch("CREATE TABLE item (range INTEGER, number INTEGER, PRIMARY KEY (range, number))").unwrap();
            let mut all = Vec::new();
            let mut newest = Newest::new(&PageRequest { limit, before }, |number| number);
            for (range, numbers) in (0_u32..).zip(&ranges) {
                for number in numbers {
                    // Numbers of a database are its own: no two ranges share one.
                    let number = number * 8 + i64::from(range);
                    c.execute("INSERT INTO item VALUES (?1, ?2)", (range, number)).unwrap();
                    all.push((number, range));
                }
                let sql = "SELECT number FROM item WHERE range = ?4 AND number < ?1 AND number > ?2
                           ORDER BY number DESC LIMIT ?3";
                newest.add(&Reader::Sqlite(&c), sql, values![range], range).unwrap();
            }
            all.sort_unstable_by_key(|(number, _)| Reverse(*number));
            let shown = all.into_iter().filter(|(number, _)| before.is_none_or(|before| *number < before));
            prop_assert_eq!(newest.found(), shown.take(limit + 1).collect::<Vec<_>>());
        }
    }
}
