//! What became of deliveries: lists, messages, attempts.

use clock::Timestamp;
use rusqlite::{OptionalExtension, Row};

use super::{DeliveryState, attempt_id};
use crate::{
    DeliveryId, DestinationId, EnvironmentId, Error, Page, PageRequest, Place, RunId, Store, WorkspaceId,
    sql::{time, word},
};

/// A delivery as lists and traces show it.
#[derive(Clone, Debug)]
pub struct DeliveryView {
    /// Its id.
    pub id: DeliveryId,
    /// The environment it belongs to.
    pub environment: EnvironmentId,
    /// Where it goes.
    pub destination: DestinationId,
    /// The run that made it.
    pub run: RunId,
    /// The step that made it.
    pub step: String,
    /// Where it stands.
    pub state: DeliveryState,
    /// Attempts so far.
    pub attempts: u32,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it arrived, or when the last attempt of a dead one began.
    pub finished_at: Option<Timestamp>,
    /// When the next attempt is due.
    pub due_at: Option<Timestamp>,
}

/// An attempt as traces show it.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// From 1.
    pub number: u32,
    /// When it began.
    pub at: Timestamp,
    /// `delivered`, `retry`, `permanent`, …
    pub outcome: String,
    /// Request, response or error, and times, as JSON.
    pub record: Vec<u8>,
}

/// A delivery of a workspace, whatever its environment.
const IN_WORKSPACE: &str =
    "workspace = ?2 AND environment IN (SELECT e.id FROM environment e WHERE e.workspace = ?2) AND id = ?1";

const LIVE: &str = "id, environment, destination, run, step, status, attempts, created_at, \
    CASE status WHEN 'dead' THEN (SELECT max(a.at) FROM attempt a WHERE a.delivery = id) END, due_at";
const DONE: &str = "id, environment, destination, run, step, status, attempts, created_at, finished_at, NULL";

impl Store {
    /// A delivery of a workspace.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn delivery_get(
        &self,
        workspace: WorkspaceId,
        id: DeliveryId,
    ) -> Result<Option<DeliveryView>, Error> {
        self.read(move |c| {
            for (columns, table) in [(LIVE, "delivery_live"), (DONE, "delivery")] {
                let sql = format!("SELECT {columns} FROM {table} WHERE {IN_WORKSPACE}");
                let found = c.prepare_cached(&sql)?.query_row((id, workspace), view).optional()?;
                if found.is_some() {
                    return Ok(found);
                }
            }
            Ok(None)
        })
        .await
    }

    /// A delivery's message as JSON.
    ///
    /// # Errors
    /// When the database cannot be read or the message does not open.
    pub async fn delivery_message(
        &self,
        workspace: WorkspaceId,
        id: DeliveryId,
    ) -> Result<Option<Vec<u8>>, Error> {
        let sealed: Option<Vec<u8>> = self
            .read(move |c| {
                for table in ["delivery_live", "delivery"] {
                    let sql = format!("SELECT sealed FROM {table} WHERE {IN_WORKSPACE}");
                    let found =
                        c.prepare_cached(&sql)?.query_row((id, workspace), |row| row.get(0)).optional()?;
                    if found.is_some() {
                        return Ok(found);
                    }
                }
                Ok(None)
            })
            .await?;
        sealed.map(|sealed| self.unseal("delivery", id.as_bytes(), &sealed)).transpose()
    }

    /// The deliveries that these runs made, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn delivery_of_runs(
        &self,
        workspace: WorkspaceId,
        runs: Vec<RunId>,
    ) -> Result<Vec<DeliveryView>, Error> {
        self.read(move |c| {
            let mut found = Vec::new();
            for (columns, table) in [(LIVE, "delivery_live"), (DONE, "delivery")] {
                let sql =
                    format!("SELECT {columns} FROM {table} WHERE run = ?1 AND workspace = ?2 ORDER BY id");
                let mut query = c.prepare_cached(&sql)?;
                for run in &runs {
                    for row in query.query_map((run, workspace), view)? {
                        found.push(row?);
                    }
                }
            }
            found.sort_by_key(|delivery: &DeliveryView| delivery.id);
            Ok(found)
        })
        .await
    }

    /// The newest deliveries of an environment; only the dead letters when asked.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn delivery_list(
        &self,
        place: Place,
        only_dead: bool,
        page: PageRequest<DeliveryId>,
    ) -> Result<Page<DeliveryView>, Error> {
        self.read(move |c| {
            let before = page.before.unwrap_or(DeliveryId::from_bytes([0xFF; 16]));
            let tables: &[(&str, &str, &str)] = if only_dead {
                &[(LIVE, "delivery_live", "AND status = 'dead'")]
            } else {
                &[(LIVE, "delivery_live", ""), (DONE, "delivery", "")]
            };
            let mut items = Vec::new();
            for (columns, table, and) in tables {
                let sql = format!(
                    "SELECT {columns} FROM {table} WHERE workspace = ?1 AND environment = ?2 AND id < ?3 {and} \
                     ORDER BY id DESC LIMIT ?4"
                );
                let mut query = c.prepare_cached(&sql)?;
                let rows = query.query_map((place.workspace, place.environment, before, page.fetch()), view)?;
                for row in rows {
                    items.push(row?);
                }
            }
            items.sort_by_key(|delivery: &DeliveryView| std::cmp::Reverse(delivery.id));
            Ok(Page::cut(items, page.limit))
        })
        .await
    }

    /// The attempts of these deliveries, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read or a record does not open.
    pub async fn delivery_attempts(
        &self,
        workspace: WorkspaceId,
        deliveries: Vec<DeliveryId>,
    ) -> Result<Vec<(DeliveryId, Attempt)>, Error> {
        let rows: Vec<(DeliveryId, Attempt)> = self
            .read(move |c| {
                let mut before = c.prepare_cached(
                    "SELECT number, at, outcome, sealed FROM attempt WHERE delivery = ?1 AND workspace = ?2 ORDER BY number",
                )?;
                let mut last = c.prepare_cached(&format!(
                    "SELECT attempts, began_at, outcome, record FROM delivery WHERE {IN_WORKSPACE}"
                ))?;
                let mut found = Vec::new();
                for id in deliveries {
                    for row in before.query_map((id, workspace), attempt)? {
                        found.push((id, row?));
                    }
                    found.extend(last.query_row((id, workspace), attempt).optional()?.map(|last| (id, last)));
                }
                Ok(found)
            })
            .await?;
        let open = |(id, mut attempt): (DeliveryId, Attempt)| {
            attempt.record = self.unseal("attempt", &attempt_id(id, attempt.number), &attempt.record)?;
            Ok((id, attempt))
        };
        rows.into_iter().map(open).collect()
    }

    /// The newest attempt of a delivery.
    ///
    /// # Errors
    /// When the database cannot be read or the record does not open.
    pub async fn delivery_last_attempt(
        &self,
        workspace: WorkspaceId,
        id: DeliveryId,
    ) -> Result<Option<Attempt>, Error> {
        let row = self.read(move |c| {
            let sql =
                format!("SELECT attempts, began_at, outcome, record FROM delivery WHERE {IN_WORKSPACE}");
            let last = c.prepare_cached(&sql)?.query_row((id, workspace), attempt).optional()?;
            if last.is_some() {
                return Ok(last);
            }
            let mut query = c.prepare_cached(
                "SELECT number, at, outcome, sealed FROM attempt WHERE delivery = ?1 AND workspace = ?2
                 ORDER BY number DESC LIMIT 1",
            )?;
            query.query_row((id, workspace), attempt).optional()
        });
        let open = |mut attempt: Attempt| {
            attempt.record = self.unseal("attempt", &attempt_id(id, attempt.number), &attempt.record)?;
            Ok(attempt)
        };
        row.await?.map(open).transpose()
    }
}

fn attempt(row: &Row) -> rusqlite::Result<Attempt> {
    Ok(Attempt { number: row.get(0)?, at: time(row, 1)?, outcome: row.get(2)?, record: row.get(3)? })
}

fn view(row: &Row) -> rusqlite::Result<DeliveryView> {
    let at = |column| row.get::<_, Option<i64>>(column).map(|ms| ms.map(Timestamp::from_millis));
    Ok(DeliveryView {
        id: row.get(0)?,
        environment: row.get(1)?,
        destination: row.get(2)?,
        run: row.get(3)?,
        step: row.get(4)?,
        state: word(row, 5)?,
        attempts: row.get(6)?,
        created_at: time(row, 7)?,
        finished_at: at(8)?,
        due_at: at(9)?,
    })
}
