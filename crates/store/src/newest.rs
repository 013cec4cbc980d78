//! The head of a list whose rows stand in many ranges of an index, one for each origin, each in the order of numbers.
//!
//! Most origins have nothing to show: the rows of a page stand in those whose own newest row is among the newest of
//! all, and there are no more of these than the page has rows. So a list costs one seek for each origin, in one
//! statement, and reads few ranges.

use std::cmp::Reverse;

use crate::{
    Page, PageRequest,
    origin::Scope,
    read::Reader,
    sql::{Fault, Row, Value, values},
};

/// How the ranges of one index are read.
pub(crate) struct Ranges {
    /// The origins with a row below the number `?1` and above `?2`, those with the newest first, at most `?3`, each with
    /// the number of that row. Which
    /// origins count say `?4` to `?7`: workspace, environment, flow or null, source or null. `?8` is the status, where
    /// it is part of the index.
    pub(crate) heads: &'static str,
    /// The numbers below `?1` and above `?2`, newest first, at most `?3`, of the origin `?4`, with the status `?5`.
    pub(crate) rows: &'static str,
}

/// The newest rows of the ranges looked at so far, as many as a page needs to know whether there are more.
pub(crate) struct Newest<K> {
    scope: Scope,
    /// Newest first, each with where it is kept.
    found: Vec<(i64, K)>,
    before: i64,
    limit: usize,
}

impl<K: Copy> Newest<K> {
    /// Nothing yet of a page; `number` gives the number of an id.
    pub(crate) fn new<Id: Copy>(scope: Scope, page: &PageRequest<Id>, number: impl Fn(Id) -> i64) -> Self {
        let before = page.before.map_or(i64::MAX, number);
        Self { scope, found: Vec::new(), before, limit: page.limit }
    }

    /// Looks at the ranges of one more index, whose rows are kept there.
    pub(crate) fn add(
        &mut self,
        c: &Reader<'_>,
        ranges: &Ranges,
        status: Option<&str>,
        kept: K,
    ) -> Result<(), Fault> {
        let Scope { place, flow, source } = self.scope;
        let scope = values![place.workspace, place.environment, flow, source];
        let status: Vec<Value> = status.map(Value::from).into_iter().collect();
        let heads = [self.bounds(None), scope, status.clone()].concat();
        let heads: Vec<(i64, i64)> = c.rows(ranges.heads, heads, |row| Ok((row.get(0)?, row.get(1)?)))?;
        // When there are enough heads already, nothing older than the oldest of them is shown.
        let oldest_head = heads.last().filter(|_| heads.len() >= self.most()).map(|(_, head)| *head);
        let bounds = self.bounds(oldest_head);
        let read = heads
            .iter()
            .map(|(origin, _)| [bounds.clone(), vec![Value::Integer(*origin)], status.clone()].concat());
        self.found.extend(c.each(ranges.rows, read, |row| Ok((row.get(0)?, kept)))?);
        self.found.sort_unstable_by_key(|(number, _)| Reverse(*number));
        self.found.truncate(self.most());
        Ok(())
    }

    /// One more than the page has.
    fn most(&self) -> usize {
        self.limit.saturating_add(1)
    }

    /// When there are enough, only what is newer than the oldest of them counts, and nothing older than the number.
    fn bounds(&self, not_older: Option<i64>) -> Vec<Value> {
        let oldest = if self.found.len() < self.most() { None } else { self.found.last() };
        let above = oldest.map_or(-1, |(number, _)| *number).max(not_older.map_or(-1, |number| number - 1));
        values![self.before, above, i64::try_from(self.most()).unwrap_or(i64::MAX)]
    }

    /// The page: `sql` gives a row for a number and a workspace, which `read` reads. What is gone is left out.
    pub(crate) fn page<T>(
        self,
        c: &Reader<'_>,
        sql: impl Fn(K) -> &'static str,
        read: impl FnMut(&Row<'_>) -> Result<T, Fault>,
    ) -> Result<Page<T>, Fault> {
        let has_more = self.found.len() > self.limit;
        let workspace = self.scope.place.workspace;
        let shown = self.found.into_iter().take(self.limit);
        let asked = shown.map(|(number, kept)| (sql(kept), values![number, workspace]));
        Ok(Page { items: c.all(asked, read)?, has_more })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rusqlite::Connection;

    use super::*;
    use crate::{EnvironmentId, Place, WorkspaceId};

    const ITEMS: Ranges = Ranges {
        heads: "WITH found AS MATERIALIZED (
                 SELECT o.number, (SELECT max(i.number) FROM item i WHERE i.origin = o.number AND i.number < ?1) AS head
                 FROM origin o WHERE ?4 = ?4 AND ?5 = ?5 AND ?6 IS NULL AND ?7 IS NULL)
             SELECT number, head FROM found WHERE head > ?2 ORDER BY head DESC LIMIT ?3",
        rows: "SELECT number FROM item WHERE origin = ?4 AND number < ?1 AND number > ?2 ORDER BY number DESC LIMIT ?3",
    };

    const ITEM: &str = "SELECT number FROM item WHERE number = ?1 AND ?2 = ?2";

    fn scope() -> Scope {
        let place = Place {
            workspace: WorkspaceId::from_bytes([1; 16]),
            environment: EnvironmentId::from_bytes([2; 16]),
        };
        Scope { place, flow: None, source: None }
    }

    proptest! {
        #[test]
        fn it_is_the_head_of_all_ranges_together(
            ranges in prop::collection::vec(prop::collection::btree_set(0..200_i64, 0..30), 0..6),
            limit in 0..20_usize,
            before in prop::option::of(0..1600_i64),
        ) {
            let c = Connection::open_in_memory().unwrap();
            c.execute_batch(
                "CREATE TABLE origin (number INTEGER);
                 CREATE TABLE item (origin INTEGER, number INTEGER, PRIMARY KEY (origin, number))",
            )
            .unwrap();
            let mut all = Vec::new();
            for (origin, numbers) in (0_i64..).zip(&ranges) {
                c.execute("INSERT INTO origin VALUES (?1)", [origin]).unwrap();
                for number in numbers {
                    // No two rows share a number.
                    let number = number * 8 + origin;
                    c.execute("INSERT INTO item VALUES (?1, ?2)", (origin, number)).unwrap();
                    all.push(number);
                }
            }
            let mut newest = Newest::new(scope(), &PageRequest { limit, before }, |number| number);
            newest.add(&Reader::Sqlite(&c), &ITEMS, None, ()).unwrap();
            let page = newest.page(&Reader::Sqlite(&c), |()| ITEM, |row| row.get::<i64>(0)).unwrap();
            all.sort_unstable_by_key(|number| Reverse(*number));
            all.retain(|number| before.is_none_or(|before| *number < before));
            prop_assert_eq!(page.has_more, all.len() > limit);
            all.truncate(limit);
            prop_assert_eq!(page.items, all);
        }
    }

    #[test]
    fn what_is_gone_is_left_out_and_the_list_goes_on() {
        let c = Connection::open_in_memory().unwrap();
        c.execute_batch("CREATE TABLE item (number INTEGER); INSERT INTO item VALUES (9), (7)").unwrap();
        let mut newest = Newest::new(scope(), &PageRequest { limit: 2, before: None }, |number: i64| number);
        newest.found = vec![(9, ()), (8, ()), (7, ())];
        let page = newest.page(&Reader::Sqlite(&c), |()| ITEM, |row| row.get::<i64>(0)).unwrap();
        assert_eq!((page.items, page.has_more), (vec![9], true));
    }
}
