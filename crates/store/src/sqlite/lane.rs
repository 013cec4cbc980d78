//! Lanes: the original runs of one origin that nobody has taken up yet.

use rusqlite::{Connection, OptionalExtension};

/// The first lane with a run behind the last one looked at: a seek for each lane, however long it is.
const NEXT: &str = "SELECT origin, number FROM run_queue WHERE origin > ?1 ORDER BY origin, number LIMIT 1";

/// Every lane in which a run waits, by origin, and its head: the run that has waited longest.
pub(super) fn lanes(c: &Connection) -> impl Iterator<Item = rusqlite::Result<(i64, i64)>> {
    let mut last = i64::MIN;
    std::iter::from_fn(move || {
        let next = after(c, last).transpose()?;
        if let Ok((lane, _)) = next {
            last = lane;
        }
        Some(next)
    })
}

/// The head of one lane, if a run waits in it.
pub(super) fn head(c: &Connection, lane: i64) -> rusqlite::Result<Option<i64>> {
    c.prepare_cached("SELECT number FROM run_queue WHERE origin = ?1 ORDER BY number LIMIT 1")?
        .query_row([lane], |row| row.get(0))
        .optional()
}

fn after(c: &Connection, last: i64) -> rusqlite::Result<Option<(i64, i64)>> {
    c.prepare_cached(NEXT)?.query_row([last], |row| Ok((row.get(0)?, row.get(1)?))).optional()
}

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus;

    use super::*;

    /// A database with lanes of so many runs each.
    fn database(lengths: &[u32]) -> Connection {
        let c = Connection::open_in_memory().unwrap();
        c.execute_batch(include_str!("../migrations/sqlite/0001_first.sql")).unwrap();
        let mut insert =
            c.prepare("INSERT INTO run_queue (origin, number, version) VALUES (?1, ?2, x'')").unwrap();
        for (lane, length) in (1_u8..).zip(lengths) {
            for n in 0..*length {
                insert.execute((lane, n)).unwrap();
            }
        }
        drop(insert);
        c
    }

    /// The lanes that are found, and how many steps SQLite took.
    fn walked(c: &Connection) -> (Vec<i64>, i32) {
        let lanes = lanes(c).map(|lane| lane.unwrap().0).collect();
        (lanes, c.prepare_cached(NEXT).unwrap().reset_status(StatementStatus::VmStep))
    }

    #[test]
    fn each_lane_is_found_once_and_its_length_costs_nothing() {
        assert_eq!(walked(&database(&[])).0, [0; 0]);
        let (lanes, steps) = walked(&database(&[1, 1, 1]));
        assert_eq!(lanes, [1, 2, 3]);
        assert_eq!(walked(&database(&[1000, 1, 2000])), (lanes, steps));
    }
}
