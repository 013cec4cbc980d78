//! The numbers of origins, which the writer knows by heart: it alone makes them.

use std::collections::HashMap;

use rusqlite::{Connection, params};

use crate::{Place, event::NewEvent, origin::Origin};

/// One for each flow of an environment that the API called, and for each flow of each source there ever was.
pub(super) struct Origins {
    numbers: HashMap<Origin, i64>,
    known: HashMap<i64, Origin>,
    /// Those that the transaction under way has made.
    made: Vec<i64>,
}

impl Origins {
    /// Reads them all.
    pub(super) fn read(c: &Connection) -> rusqlite::Result<Self> {
        let mut query = c.prepare("SELECT number, workspace, environment, flow, source, kind FROM origin")?;
        let known = query
            .query_map([], |row| {
                let origin = Origin {
                    place: Place { workspace: row.get(1)?, environment: row.get(2)? },
                    flow: row.get(3)?,
                    source: row.get(4)?,
                    kind: row.get::<_, String>(5)?.into(),
                };
                Ok((row.get(0)?, origin))
            })?
            .collect::<Result<HashMap<i64, Origin>, _>>()?;
        let numbers = known.iter().map(|(number, origin)| (origin.clone(), *number)).collect();
        Ok(Self { numbers, known, made: Vec::new() })
    }

    /// The number of an event's origin, which is made when this is its first event.
    pub(super) fn number(&mut self, c: &Connection, event: &NewEvent) -> rusqlite::Result<i64> {
        let origin =
            Origin { place: event.place, flow: event.flow, source: event.source, kind: event.kind.into() };
        if let Some(number) = self.numbers.get(&origin) {
            return Ok(*number);
        }
        let number = c
            .prepare_cached(
                "INSERT INTO origin (workspace, environment, flow, source, kind) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .insert(params![
                origin.place.workspace,
                origin.place.environment,
                origin.flow,
                origin.source,
                origin.kind
            ])?;
        self.made.push(number);
        self.known.insert(number, origin.clone());
        self.numbers.insert(origin, number);
        Ok(number)
    }

    /// What a number stands for.
    pub(super) fn get(&self, number: i64) -> rusqlite::Result<&Origin> {
        let missing = || {
            let reason = format!("the database has no origin {number}").into();
            rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Integer, reason)
        };
        self.known.get(&number).ok_or_else(missing)
    }

    /// Both ways, for tests to compare.
    #[cfg(test)]
    pub(super) fn known(&self) -> (&HashMap<Origin, i64>, &HashMap<i64, Origin>) {
        (&self.numbers, &self.known)
    }

    /// The transaction is on stable storage.
    pub(super) fn committed(&mut self) {
        self.made.clear();
    }

    /// The transaction was undone.
    pub(super) fn undone(&mut self) {
        for number in self.made.drain(..) {
            if let Some(origin) = self.known.remove(&number) {
                self.numbers.remove(&origin);
            }
        }
    }
}
