//! Lists of deliveries, by what a person looks for.
//!
//! What is in no index, a destination or a text, is looked for among so many of the newest at once: a page may be short,
//! or empty, and go on all the same. So arriving deliveries pay for no index that only lists need.

use clock::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    Attempt, DeliveryState, DeliveryView, attempt_id,
    history::{Kept, attempts, view},
};
use crate::{
    DeliveryId, DestinationId, Error, FlowId, PageRequest, Place, Store,
    id::first_number,
    newest::{Newest, Ranges},
    origin::Scope,
    read::Reader,
    sql::{Fault, Sql, values},
};

/// Which deliveries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryFilter {
    /// Where they belong.
    pub place: Place,
    /// Only those that stand so.
    pub state: Option<DeliveryState>,
    /// Only those to this destination.
    pub destination: Option<DestinationId>,
    /// Only those of this flow.
    pub flow: Option<FlowId>,
    /// Only those that were made at this time or later.
    pub from: Option<Timestamp>,
    /// Only those that were made before this time.
    pub to: Option<Timestamp>,
    /// Only those whose last attempt has this in its reason, in capitals or not. Of dead letters alone.
    pub reason: Option<String>,
}

/// A part of a list, newest first.
#[derive(Clone, Debug)]
pub struct DeliveryPage {
    /// The deliveries.
    pub items: Vec<DeliveryView>,
    /// Where the next part begins, if there may be one: it is given as `before`, and need not be a delivery's id.
    pub next: Option<DeliveryId>,
}

/// The deliveries of each origin that stand so.
pub(crate) const UNSENT: Ranges = Ranges { table: "delivery_live", by_status: true, only: "" };

/// The deliveries of each origin that arrived.
pub(crate) const ARRIVED: Ranges =
    Ranges { table: "delivery", by_status: false, only: " AND r.status IS NULL" };

/// The dead letters of each origin that a person was done with.
pub(crate) const CLOSED: Ranges =
    Ranges { table: "delivery", by_status: true, only: " AND r.status IS NOT NULL" };

/// How many deliveries are looked at for one page: those of one destination, and those whose attempts say something, of
/// which each must be opened.
const LOOK: usize = 1_000;
pub(super) const LOOK_INTO: usize = 200;

/// Some deliveries among which a page is looked for, newest first.
struct Candidates {
    found: Vec<(i64, Kept)>,
    /// Where those begin that were not looked at.
    rest: Option<i64>,
}

impl DeliveryFilter {
    /// All deliveries of an environment.
    pub const fn all(place: Place) -> Self {
        Self { place, state: None, destination: None, flow: None, from: None, to: None, reason: None }
    }

    /// The numbers that count, both exclusive.
    pub(super) fn bounds(&self) -> (i64, i64) {
        let after = self.from.map_or(-1, |from| first_number(from) - 1);
        (after, self.to.map_or(i64::MAX, first_number))
    }

    fn scope(&self) -> Scope {
        Scope { place: self.place, flow: self.flow, source: None }
    }
}

impl Store {
    /// The newest deliveries that fit a filter.
    ///
    /// # Errors
    /// When the database cannot be read or an attempt does not open.
    pub async fn delivery_list(
        &self,
        filter: DeliveryFilter,
        page: PageRequest<DeliveryId>,
    ) -> Result<DeliveryPage, Error> {
        let (now, limit, place) = (self.now(), page.limit, filter.place);
        let said = filter.reason.clone();
        let read = self.read(move |c| candidates(c, &filter, now, &page));
        let Candidates { mut found, rest } = read.await?;
        if let Some(said) = said {
            let numbers = found.iter().map(|(number, _)| *number).collect();
            let fit = self.delivery_saying(numbers, &said).await?;
            found.retain(|(number, _)| fit.contains(number));
        }
        let cut = found.len() > limit;
        found.truncate(limit);
        let next = if cut { found.last().map(|(number, _)| *number) } else { rest };
        let asked = move |c: &Reader<'_>| {
            let row = |(number, kept): (i64, Kept)| (kept.row(), values![number, place.workspace]);
            c.all(found.into_iter().map(row), view)
        };
        Ok(DeliveryPage { items: self.read(asked).await?, next: next.map(DeliveryId::place) })
    }

    /// Deliveries that fit a filter, each with its message, if that can be opened, and its attempts: for what reads all
    /// of them. A part has few, since each may have much.
    ///
    /// # Errors
    /// When the database cannot be read or an attempt does not open.
    pub async fn delivery_export(
        &self,
        filter: DeliveryFilter,
        page: PageRequest<DeliveryId>,
    ) -> Result<(Vec<(DeliveryView, Option<Vec<u8>>, Vec<Attempt>)>, Option<DeliveryId>), Error> {
        let DeliveryPage { items, next } = self.delivery_list(filter, page).await?;
        let ids: Vec<DeliveryId> = items.iter().map(|item| item.id).collect();
        let read = self.read(move |c| {
            ids.into_iter().map(|id| Ok((message(c, id)?, attempts(c, id)?))).collect::<Result<Vec<_>, _>>()
        });
        let opened = items.into_iter().zip(read.await?).map(|(item, (message, attempts))| {
            let (view, attempts) = self.open_history((item, attempts))?;
            let opened = message.map(|sealed| self.unseal("delivery", view.id.as_bytes(), &sealed));
            let message = match opened.transpose() {
                Err(Error::Unseal { .. }) => None,
                opened => opened?,
            };
            Ok((view, message, attempts))
        });
        Ok((opened.collect::<Result<_, Error>>()?, next))
    }

    /// Those of these dead letters whose last attempt says this.
    pub(super) async fn delivery_saying(&self, numbers: Vec<i64>, said: &str) -> Result<Vec<i64>, Error> {
        let read = move |c: &Reader<'_>| {
            let asked = numbers.iter().map(|number| values![*number]);
            c.each(LAST, asked, |row| Ok((row.get::<i64>(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
        };
        let last: Vec<(i64, DeliveryId, u32, Vec<u8>)> = self.read(read).await?;
        let said = said.to_lowercase();
        let mut fit = Vec::new();
        for (number, id, attempt, sealed) in last {
            let record = self.unseal("attempt", &attempt_id(id, attempt), &sealed)?;
            if reason(&record).is_some_and(|reason| reason.to_lowercase().contains(&said)) {
                fit.push(number);
            }
        }
        Ok(fit)
    }
}

/// Why an attempt did not arrive, as its record has it.
fn reason(record: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Record {
        reason: Option<String>,
    }
    serde_json::from_slice::<Record>(record).ok()?.reason
}

fn message(c: &Reader<'_>, id: DeliveryId) -> Result<Option<Vec<u8>>, Fault> {
    let sql = "SELECT sealed FROM delivery_live WHERE number = ?1 AND id = ?2
               UNION ALL SELECT sealed FROM delivery WHERE number = ?1 AND id = ?2";
    c.row(sql, values![id.number(), id], |row| row.get(0))
}

fn candidates(
    c: &Reader<'_>,
    filter: &DeliveryFilter,
    now: Timestamp,
    page: &PageRequest<DeliveryId>,
) -> Result<Candidates, Fault> {
    let limit = match filter {
        DeliveryFilter { reason: Some(_), .. } => LOOK_INTO,
        DeliveryFilter { destination: Some(_), .. } => LOOK,
        _ => page.limit,
    };
    let wanted = PageRequest { limit, before: page.before };
    if let (Some(destination), Some(DeliveryState::Dead)) = (filter.destination, filter.state) {
        return dead_of(c, filter, destination, &wanted);
    }
    let (after, before) = filter.bounds();
    let newest = Newest::new(c, filter.scope(), now, &wanted, DeliveryId::number);
    let mut newest = newest.between(after, before);
    for (state, ranges, status, kept) in [
        (DeliveryState::Dead, &UNSENT, Some("dead"), Kept::Live),
        (DeliveryState::Pending, &UNSENT, Some("pending"), Kept::Live),
        (DeliveryState::Blocked, &UNSENT, Some("blocked"), Kept::Live),
        (DeliveryState::Delivered, &ARRIVED, None, Kept::Done),
        (DeliveryState::Discarded, &CLOSED, Some("discarded"), Kept::Done),
        (DeliveryState::Replaced, &CLOSED, Some("replaced"), Kept::Done),
    ] {
        if filter.state.is_none_or(|wanted| wanted == state) {
            newest.add(c, ranges, status, kept)?;
        }
    }
    let (mut found, has_more) = newest.numbers();
    let rest = found.last().filter(|_| has_more).map(|(number, _)| *number);
    if let Some(destination) = filter.destination {
        let mut there = Vec::new();
        for (kept, sql) in [(Kept::Live, &AMONG_LIVE), (Kept::Done, &AMONG_DONE)] {
            let numbers: Vec<i64> =
                found.iter().filter(|(_, at)| *at == kept).map(|(number, _)| *number).collect();
            let asked = values![serde_json::json!(numbers).to_string(), destination];
            there.extend(c.rows(c.text(sql), asked, |row| row.get::<i64>(0))?);
        }
        there.sort_unstable();
        found.retain(|(number, _)| there.binary_search(number).is_ok());
    }
    Ok(Candidates { found, rest })
}

/// The dead letters of a destination, which have an index.
fn dead_of(
    c: &Reader<'_>,
    filter: &DeliveryFilter,
    destination: DestinationId,
    page: &PageRequest<DeliveryId>,
) -> Result<Candidates, Fault> {
    let (after, to) = filter.bounds();
    let before = page.before.map_or(to, |before| to.min(before.number()));
    let Scope { place, flow, .. } = filter.scope();
    let asked = values![
        destination,
        after,
        before,
        i64::try_from(page.limit).unwrap_or(i64::MAX),
        place.workspace,
        place.environment,
        flow
    ];
    let found: Vec<(i64, bool)> =
        c.rows(c.text(&DEAD_OF), asked, |row| Ok((row.get(0)?, row.get::<i64>(1)? != 0)))?;
    let rest = found.last().filter(|_| found.len() == page.limit).map(|(number, _)| *number);
    let found = found.into_iter().filter(|(_, fits)| *fits).map(|(number, _)| (number, Kept::Live)).collect();
    Ok(Candidates { found, rest })
}

/// The newest dead letters of a destination between two numbers, and whether each is of the flow.
const DEAD_OF: Sql = Sql::Each {
    sqlite: "SELECT d.number, o.workspace = ?5 AND o.environment = ?6 AND (o.flow = ?7 OR ?7 IS NULL)
             FROM delivery_live d JOIN origin o ON o.number = d.origin
             WHERE d.status = 'dead' AND d.destination = ?1 AND d.number > ?2 AND d.number < ?3
             ORDER BY d.number DESC LIMIT ?4",
    postgres: "SELECT d.number, CASE WHEN o.workspace = ?5 AND o.environment = ?6 AND (o.flow = ?7 OR ?7 IS NULL)
                   THEN 1::bigint ELSE 0 END
               FROM delivery_live d JOIN origin o ON o.number = d.origin
               WHERE d.status = 'dead' AND (d.destination, d.number) > (?1, ?2) AND (d.destination, d.number) < (?1, ?3)
               ORDER BY d.destination DESC, d.number DESC LIMIT ?4",
};

/// Those of some deliveries that are for a destination. PostgreSQL has to look for each: it would read the whole of a
/// table that was small when it made its plan.
const AMONG_LIVE: Sql = Sql::Each {
    sqlite: "SELECT d.number FROM json_each(?1) n JOIN delivery_live d ON d.number = n.value WHERE d.destination = ?2",
    postgres: "SELECT d.number FROM json_array_elements_text(?1::text::json) AS n (number) CROSS JOIN LATERAL
                   (SELECT number, destination FROM delivery_live WHERE number = n.number::bigint LIMIT 1) AS d
               WHERE d.destination = ?2",
};
const AMONG_DONE: Sql = Sql::Each {
    sqlite: "SELECT d.number FROM json_each(?1) n JOIN delivery d ON d.number = n.value WHERE d.destination = ?2",
    postgres: "SELECT d.number FROM json_array_elements_text(?1::text::json) AS n (number) CROSS JOIN LATERAL
                   (SELECT number, destination FROM delivery WHERE number = n.number::bigint LIMIT 1) AS d
               WHERE d.destination = ?2",
};

/// The last attempt of a dead letter, if there was one.
const LAST: &str = "SELECT d.number, d.id, a.number, a.sealed
     FROM delivery_live d JOIN attempt a ON a.delivery = d.number AND a.number = d.attempts WHERE d.number = ?1";
