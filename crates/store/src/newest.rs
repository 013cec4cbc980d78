//! The head of a list whose rows stand in many ranges of an index, one for each origin, each in the order of numbers.
//!
//! Most origins have nothing to show: the rows of a page stand in those whose own newest row is among the newest of
//! all, and there are no more of these than the page has rows. So a list costs one seek for each origin, in one
//! statement, and reads few ranges.

use std::{cmp::Reverse, time::Duration};

use clock::Timestamp;

use crate::{
    Page, PageRequest,
    id::{first_number, millis},
    origin::Scope,
    read::Reader,
    sql::{Fault, Row, Value, values},
};

/// How far back a list is looked for first, where history is partitioned by time: most pages end in there.
const RECENT: Duration = Duration::from_secs(7 * 86_400);

/// One index, by origin and number, or by origin, status and number.
pub(crate) struct Ranges {
    /// Whose index it is.
    pub(crate) table: &'static str,
    /// Whether the status is part of it.
    pub(crate) by_status: bool,
    /// The condition of a partial one, of the table `r`, after an `AND`.
    pub(crate) only: &'static str,
}

impl Ranges {
    /// Two statements. The first gives the origins with a row below the number `?1` and above `?2`, those with the newest
    /// first, at most `?3`, each with the number of that row. Which origins count say `?4` to `?7`: workspace, environment, flow or null, source or null;
    /// `?8` is the status. The second gives the numbers below `?1` and above `?2`, newest first, at most `?3`, of the
    /// origin `?4` with the status `?5`.
    pub(crate) fn sqlite(&self) -> [String; 2] {
        let Self { table, by_status, only } = self;
        let so = |status: &str| if *by_status { format!(" AND r.status = {status}") } else { String::new() };
        let head = format!(
            "SELECT max(r.number) FROM {table} r WHERE r.origin = o.number{} AND r.number < ?1{only}",
            so("?8")
        );
        let rows = format!(
            "SELECT r.number FROM {table} r WHERE r.origin = ?4{} AND r.number < ?1 AND r.number > ?2{only}
             ORDER BY r.number DESC LIMIT ?3",
            so("?5")
        );
        [heads(&head), rows]
    }

    /// The same for PostgreSQL: by a range of the whole index and in its order. Asked for the newest rows of one origin,
    /// it may go through those of all origins by their numbers, when it thinks that it will meet one soon. The last
    /// condition only tells which partitions there is no need to look at.
    pub(crate) fn postgres(&self) -> [String; 2] {
        let Self { table, by_status, only } = self;
        let newest = |origin: &str, status: &str, limit: &str| {
            let status =
                if *by_status { ["r.status, ", &format!("{status}, "), "r.status DESC, "] } else { [""; 3] };
            let [column, value, order] = status;
            format!(
                "SELECT r.number FROM {table} r
                 WHERE (r.origin, {column}r.number) < ({origin}, {value}?1)
                     AND (r.origin, {column}r.number) > ({origin}, {value}?2) AND r.number > ?2{only}
                 ORDER BY r.origin DESC, {order}r.number DESC LIMIT {limit}"
            )
        };
        [heads(&newest("o.number", "?8", "1")), newest("?4", "?5", "?3")]
    }
}

fn heads(head: &str) -> String {
    format!(
        "WITH found AS MATERIALIZED (
             SELECT o.number, ({head}) AS head
             FROM origin o WHERE o.workspace = ?4 AND o.environment = ?5 AND (o.flow = ?6 OR ?6 IS NULL)
                 AND (o.source = ?7 OR ?7 IS NULL))
         SELECT number, head FROM found WHERE head > ?2 ORDER BY head DESC LIMIT ?3"
    )
}

/// The newest rows of the ranges looked at so far, as many as a page needs to know whether there are more.
pub(crate) struct Newest<K> {
    scope: Scope,
    /// Newest first, each with where it is kept.
    found: Vec<(i64, K)>,
    before: i64,
    /// Nothing up to this number counts; -1 for none.
    after: i64,
    /// What is looked for first comes after this; -1 for all at once.
    recent: i64,
    limit: usize,
}

impl<K: Copy> Newest<K> {
    /// Nothing yet of a page; `number` gives the number of an id.
    pub(crate) fn new<Id: Copy>(
        c: &Reader<'_>,
        scope: Scope,
        now: Timestamp,
        page: &PageRequest<Id>,
        number: impl Fn(Id) -> i64,
    ) -> Self {
        let before = page.before.map_or(i64::MAX, number);
        let recent = match c {
            Reader::Sqlite(_) => -1,
            Reader::Postgres(..) => {
                let newest = Timestamp::from_millis(millis(before).min(now.as_millis()));
                first_number(newest.before(RECENT))
            }
        };
        Self { scope, found: Vec::new(), before, after: -1, recent, limit: page.limit }
    }

    /// Only what has a number after the one and before the other.
    pub(crate) fn between(mut self, after: i64, before: i64) -> Self {
        self.after = self.after.max(after);
        self.before = self.before.min(before);
        self.recent = self.recent.max(self.after);
        self
    }

    /// Looks at the ranges of one more index, whose rows are kept there.
    pub(crate) fn add(
        &mut self,
        c: &Reader<'_>,
        ranges: &Ranges,
        status: Option<&str>,
        kept: K,
    ) -> Result<(), Fault> {
        let sql = match c {
            Reader::Sqlite(_) => ranges.sqlite(),
            Reader::Postgres(..) => ranges.postgres(),
        };
        self.add_between(c, &sql, (self.recent, self.before), (status, kept))?;
        self.add_between(c, &sql, (self.after, self.before.min(self.recent + 1)), (status, kept))
    }

    /// Those with a number after the one and before the other.
    fn add_between(
        &mut self,
        c: &Reader<'_>,
        [sql, rows]: &[String; 2],
        between: (i64, i64),
        (status, kept): (Option<&str>, K),
    ) -> Result<(), Fault> {
        let Some(bounds) = self.bounds(between) else { return Ok(()) };
        let Scope { place, flow, source } = self.scope;
        let scope = values![place.workspace, place.environment, flow, source];
        let status: Vec<Value> = status.map(Value::from).into_iter().collect();
        let heads = [bounds, scope, status.clone()].concat();
        let heads: Vec<(i64, i64)> = c.rows(sql, heads, |row| Ok((row.get(0)?, row.get(1)?)))?;
        // When there are enough heads already, nothing older than the oldest of them is shown.
        let (after, before) = between;
        let oldest = heads.last().filter(|_| heads.len() >= self.most()).map(|(_, head)| head - 1);
        let Some(bounds) = self.bounds((oldest.map_or(after, |oldest| after.max(oldest)), before)) else {
            return Ok(());
        };
        let read = heads
            .iter()
            .map(|(origin, _)| [bounds.clone(), vec![Value::Integer(*origin)], status.clone()].concat());
        self.found.extend(c.each(rows, read, |row| Ok((row.get(0)?, kept)))?);
        self.found.sort_unstable_by_key(|(number, _)| Reverse(*number));
        self.found.truncate(self.most());
        Ok(())
    }

    /// One more than the page has.
    fn most(&self) -> usize {
        self.limit.saturating_add(1)
    }

    /// When there are enough, only what is newer than the oldest of them counts; nothing when that is none.
    fn bounds(&self, (after, before): (i64, i64)) -> Option<Vec<Value>> {
        let oldest = if self.found.len() < self.most() { None } else { self.found.last() };
        let after = oldest.map_or(after, |(number, _)| after.max(*number));
        let most = i64::try_from(self.most()).unwrap_or(i64::MAX);
        (after < before - 1).then(|| values![before, after, most])
    }

    /// The numbers, newest first, each with where it is kept, and whether there are older ones.
    pub(crate) fn numbers(mut self) -> (Vec<(i64, K)>, bool) {
        let has_more = self.found.len() > self.limit;
        self.found.truncate(self.limit);
        (self.found, has_more)
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

    const NOW: Timestamp = Timestamp::from_millis(0);

    const ITEMS: Ranges = Ranges { table: "item", by_status: false, only: "" };

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
            recent in -1..1700_i64,
            after in -1..1700_i64,
        ) {
            let c = Connection::open_in_memory().unwrap();
            c.execute_batch(
                "CREATE TABLE origin (number INTEGER, workspace BLOB, environment BLOB, flow BLOB, source BLOB);
                 CREATE TABLE item (origin INTEGER, number INTEGER, PRIMARY KEY (origin, number))",
            )
            .unwrap();
            let mut all = Vec::new();
            for (origin, numbers) in (0_i64..).zip(&ranges) {
                let place = ([1_u8; 16], [2_u8; 16]);
                c.execute("INSERT INTO origin VALUES (?1, ?2, ?3, NULL, NULL)", (origin, place.0, place.1)).unwrap();
                for number in numbers {
                    // No two rows share a number.
                    let number = number * 8 + origin;
                    c.execute("INSERT INTO item VALUES (?1, ?2)", (origin, number)).unwrap();
                    all.push(number);
                }
            }
            let reader = Reader::Sqlite(&c);
            let mut newest = Newest::new(&reader, scope(), NOW, &PageRequest { limit, before }, |number| number);
            newest.recent = recent;
            let mut newest = newest.between(after, i64::MAX);
            newest.add(&reader, &ITEMS, None, ()).unwrap();
            let page = newest.page(&reader, |()| ITEM, |row| row.get::<i64>(0)).unwrap();
            all.sort_unstable_by_key(|number| Reverse(*number));
            all.retain(|number| *number > after && before.is_none_or(|before| *number < before));
            prop_assert_eq!(page.has_more, all.len() > limit);
            all.truncate(limit);
            prop_assert_eq!(page.items, all);
        }
    }

    #[test]
    fn what_is_gone_is_left_out_and_the_list_goes_on() {
        let c = Connection::open_in_memory().unwrap();
        c.execute_batch("CREATE TABLE item (number INTEGER); INSERT INTO item VALUES (9), (7)").unwrap();
        let page = PageRequest { limit: 2, before: None };
        let mut newest = Newest::new(&Reader::Sqlite(&c), scope(), NOW, &page, |number: i64| number);
        newest.found = vec![(9, ()), (8, ()), (7, ())];
        let page = newest.page(&Reader::Sqlite(&c), |()| ITEM, |row| row.get::<i64>(0)).unwrap();
        assert_eq!((page.items, page.has_more), (vec![9], true));
    }
}
