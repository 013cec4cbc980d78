//! Lanes: the original runs of one flow in one environment that nobody has taken up yet.

use rusqlite::{Connection, OptionalExtension};

use crate::{EnvironmentId, FlowId, RunId};

/// Whose runs wait in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Lane {
    pub(crate) flow: FlowId,
    pub(crate) environment: EnvironmentId,
}

/// The first lane with a run behind the place of the last one looked at: a seek for each lane, however long it is.
/// All three columns of the key stand in the comparison, since SQLite seeks to the least row that a shorter one
/// could mean and reads the whole lane from there.
const NEXT: &str = "SELECT flow, environment, id FROM run_queue WHERE (flow, environment, id) > (?1, ?2, ?3)
     ORDER BY flow, environment, id LIMIT 1";

/// Every lane in which a run waits, by flow and environment, and its head: the run that has waited longest.
pub(crate) fn lanes(c: &Connection) -> impl Iterator<Item = rusqlite::Result<(Lane, RunId)>> {
    let mut last = None;
    std::iter::from_fn(move || {
        let next = after(c, last).transpose()?;
        if let Ok((lane, _)) = &next {
            last = Some(*lane);
        }
        Some(next)
    })
}

/// The head of one lane, if a run waits in it.
pub(crate) fn head(c: &Connection, lane: Lane) -> rusqlite::Result<Option<RunId>> {
    c.prepare_cached("SELECT id FROM run_queue WHERE flow = ?1 AND environment = ?2 ORDER BY id LIMIT 1")?
        .query_row((lane.flow, lane.environment), |row| row.get(0))
        .optional()
}

fn after(c: &Connection, last: Option<Lane>) -> rusqlite::Result<Option<(Lane, RunId)>> {
    let (flow, environment, id): (&[u8], &[u8], &[u8]) = match &last {
        None => (&[], &[], &[]),
        Some(lane) => (lane.flow.as_bytes(), lane.environment.as_bytes(), &[0xFF; 16]),
    };
    c.prepare_cached(NEXT)?
        .query_row((flow, environment, id), |row| {
            Ok((Lane { flow: row.get(0)?, environment: row.get(1)? }, row.get(2)?))
        })
        .optional()
}

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus;

    use super::*;

    /// A database with lanes of so many runs each; each lane is of a flow of its own.
    fn database(lengths: &[u32]) -> Connection {
        let c = Connection::open_in_memory().unwrap();
        c.execute_batch(include_str!("../migrations/0001_first.sql")).unwrap();
        let mut insert = c
            .prepare("INSERT INTO run_queue (flow, environment, id, workspace, version) VALUES (?1, ?1, ?2, ?1, ?1)")
            .unwrap();
        for (flow, length) in (1_u8..).zip(lengths) {
            for n in 0..*length {
                insert.execute(([flow; 16], u128::from(n).to_be_bytes())).unwrap();
            }
        }
        drop(insert);
        c
    }

    /// The flows whose lanes are found, and how many steps SQLite took.
    fn walked(c: &Connection) -> (Vec<u8>, i32) {
        let flows = lanes(c).map(|lane| lane.unwrap().0.flow.as_bytes()[0]).collect();
        (flows, c.prepare_cached(NEXT).unwrap().reset_status(StatementStatus::VmStep))
    }

    #[test]
    fn each_lane_is_found_once_and_its_length_costs_nothing() {
        assert_eq!(walked(&database(&[])).0, [0; 0]);
        let (flows, steps) = walked(&database(&[1, 1, 1]));
        assert_eq!(flows, [1, 2, 3]);
        assert_eq!(walked(&database(&[1000, 1, 2000])), (flows, steps));
    }
}
