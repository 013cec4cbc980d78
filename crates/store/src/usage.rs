//! How much sources are used.

use std::{collections::HashMap, time::Duration};

use clock::Timestamp;

use crate::{
    Error, Place, SourceId, Store,
    id::{first_number, millis},
    read::Reader,
    retention::DAY,
    sql::{Fault, Sql, values},
};

/// How much a source was used lately, as far as history is kept: the requests that were taken, filtered ones too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Those of the last day; [`USES_COUNTED`] stands for as many or more.
    pub last_day: u32,
    /// Those of the last 30 days, counted likewise.
    pub last_month: u32,
    /// When the last one came.
    pub last_at: Option<Timestamp>,
}

/// So far requests are counted: whoever asks whether a source is still used need not know more.
pub const USES_COUNTED: u32 = 10_000;

const MONTH: Duration = Duration::from_secs(30 * DAY.as_secs());

impl Store {
    /// How much each source of an environment was used, or one of them. Those that never were are left out.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn source_usage(
        &self,
        place: Place,
        source: Option<SourceId>,
    ) -> Result<HashMap<SourceId, Usage>, Error> {
        let now = self.now();
        self.read(move |c| {
            let of_place = values![place.workspace, place.environment, source];
            let origins = c.rows(ORIGINS, of_place, |row| Ok((row.get(0)?, row.get(1)?)))?;
            usage(c, &origins, now)
        })
        .await
    }
}

/// Adds up what each origin had.
fn usage(
    c: &Reader<'_>,
    origins: &[(i64, SourceId)],
    now: Timestamp,
) -> Result<HashMap<SourceId, Usage>, Fault> {
    let is_sqlite = matches!(c, Reader::Sqlite(_));
    let counting = if is_sqlite { COUNT.sqlite() } else { COUNT.postgres() };
    let newest = if is_sqlite { NEWEST.sqlite() } else { NEWEST.postgres() };
    let count = |span: Duration| {
        let since = first_number(now.before(span));
        let asked = origins.iter().map(|(origin, _)| values![*origin, since, USES_COUNTED]);
        c.each(counting, asked, |row| row.get::<u32>(0))
    };
    let (day, month) = (count(DAY)?, count(MONTH)?);
    let asked = origins.iter().map(|(origin, _)| values![*origin]);
    let newest = c.each(newest, asked, |row| row.get::<Option<i64>>(0))?;
    let mut by_source: HashMap<SourceId, Usage> = HashMap::new();
    for ((((_, source), day), month), newest) in origins.iter().zip(day).zip(month).zip(newest) {
        let usage = by_source.entry(*source).or_default();
        let last_at = newest.map(|number| Timestamp::from_millis(millis(number)));
        usage.last_at = usage.last_at.max(last_at);
        usage.last_day = (usage.last_day + day).min(USES_COUNTED);
        usage.last_month = (usage.last_month + month).min(USES_COUNTED);
    }
    Ok(by_source)
}

/// The ways that events came by the sources of an environment, or by one of them.
const ORIGINS: &str = "SELECT o.number, o.source FROM origin o JOIN source s ON s.id = o.source
     WHERE s.workspace = ?1 AND s.environment = ?2 AND (s.id = ?3 OR ?3 IS NULL)";

/// How many events an origin has from a number on, counted so far. PostgreSQL is asked by a range of the whole index and in
/// its order, as for lists (newest.rs).
const COUNT: Sql = Sql::Each {
    sqlite: "SELECT count(*) FROM (SELECT 1 FROM event e WHERE e.origin = ?1 AND e.number >= ?2 LIMIT ?3)",
    postgres: "SELECT count(*) FROM (SELECT 1 FROM event e
                   WHERE (e.origin, e.number) < (?1, 9223372036854775807) AND (e.origin, e.number) >= (?1, ?2)
                       AND e.number >= ?2
                   ORDER BY e.origin DESC, e.number DESC LIMIT ?3) found",
};

/// The newest event of an origin; null when it has none any more.
const NEWEST: Sql = Sql::Each {
    sqlite: "SELECT max(e.number) FROM event e WHERE e.origin = ?1",
    postgres: "SELECT (SELECT e.number FROM event e
                       WHERE (e.origin, e.number) >= (?1, 0) AND e.origin <= ?1
                       ORDER BY e.origin DESC, e.number DESC LIMIT 1)",
};
