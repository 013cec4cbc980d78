//! Destinations: outbound targets, and which node owns each.

use clock::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    DestinationId, Error, NewAlert, NodeId, Place, Store, WorkspaceId,
    alert::{self, SealedAlert},
    read::Reader,
    sql::{Fault, Row, STALE, Statement, values},
};

/// An outbound target.
#[derive(Clone, Debug)]
pub struct Destination {
    /// Its id.
    pub id: DestinationId,
    /// Where it belongs.
    pub place: Place,
    /// How flows call it.
    pub name: String,
    /// Kind, address, policy as JSON, without secrets.
    pub config: String,
    /// Its secrets as JSON; sealed where it is stored.
    pub secrets: Vec<u8>,
    /// Why it takes no deliveries now, if it does not.
    pub disabled_reason: Option<String>,
    /// Its breaker, unless that is closed.
    pub breaker: Option<Breaker>,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// The breaker of a destination whose receiver fails. Until a time nothing is sent; then one delivery is tried, and what
/// comes of it closes the breaker, or opens it for longer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Breaker {
    /// When it opened.
    pub opened_at: Timestamp,
    /// When one delivery is tried.
    pub until: Timestamp,
    /// How often it has opened since it was closed.
    pub openings: u32,
    /// What the last attempt failed by.
    pub reason: String,
    /// Whether nobody is alerted of it, since it was a delivery of an alert's own run that opened it.
    #[serde(default)]
    pub is_quiet: bool,
}

/// How a destination stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Soundness {
    /// Which.
    pub id: DestinationId,
    /// Its name.
    pub name: String,
    /// Whether it takes no deliveries now.
    pub is_disabled: bool,
    /// Its breaker, unless that is closed.
    pub breaker: Option<Breaker>,
}

const COLUMNS: &str =
    "id, workspace, environment, name, config, sealed, disabled_reason, breaker, updated_at";

/// What waits for a destination. Each number is counted up to [`COUNTED`], so that a long queue costs no more than that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Queue {
    /// Deliveries that are due or wait for their next attempt.
    pub pending: u64,
    /// Those of them that have failed before.
    pub retrying: u64,
    /// Deliveries that wait for an earlier one with the same order key.
    pub blocked: u64,
    /// Dead letters.
    pub dead: u64,
    /// When the oldest of the counted ones that are pending was made.
    pub oldest_at: Option<Timestamp>,
}

/// How far a queue is counted.
pub const COUNTED: u32 = 10_000;

impl Store {
    /// Stores a destination, new or changed. Whether it takes deliveries is not changed with it: it may have been
    /// switched off since it was read. [`Store::destination_enable`] switches it on.
    ///
    /// # Errors
    /// [`Error::Conflict`] when another destination of the environment has its name.
    pub async fn destination_put(&self, destination: &Destination) -> Result<(), Error> {
        self.change(vec![self.destination_written(destination)]).await.map(drop)
    }

    /// Like [`Store::destination_put`], of a destination that was read before and is as it was then.
    ///
    /// # Errors
    /// [`Error::Conflict`] with [`STALE`] when it has changed since its `updated_at`.
    pub async fn destination_change(&self, destination: &Destination) -> Result<(), Error> {
        let unchanged = Statement::new(
            "UPDATE destination SET updated_at = updated_at WHERE id = ?1 AND updated_at = ?2",
            values![destination.id, destination.updated_at],
        );
        self.change(vec![unchanged.or_conflict(STALE), self.destination_written(destination)]).await.map(drop)
    }

    /// The statement that stores a destination. Each change has a time of its own, by which it is told from others.
    fn destination_written(&self, destination: &Destination) -> Statement {
        let sealed = self.seal("destination", destination.id.as_bytes(), &destination.secrets);
        let statement = Statement::new(
            "INSERT INTO destination (workspace, environment, id, name, config, sealed, disabled_reason, created_at, updated_at)
             SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8
             WHERE NOT EXISTS
                 (SELECT 1 FROM destination WHERE workspace = ?1 AND environment = ?2 AND name = ?4 AND id <> ?3)
             ON CONFLICT (id) DO UPDATE SET name = ?4, config = ?5, sealed = ?6,
                 updated_at = CASE WHEN ?8 > destination.updated_at THEN ?8 ELSE destination.updated_at + 1 END",
            values![
                destination.place.workspace,
                destination.place.environment,
                destination.id,
                destination.name.as_str(),
                destination.config.as_str(),
                sealed,
                destination.disabled_reason.as_deref(),
                self.now()
            ],
        );
        statement.or_conflict("another destination of this environment has that name")
    }

    /// Lets a destination that was switched off take deliveries again. Says whether there is such a destination.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn destination_enable(&self, workspace: WorkspaceId, id: DestinationId) -> Result<bool, Error> {
        let statement = Statement::new(
            "UPDATE destination SET disabled_reason = NULL, updated_at = ?3 WHERE id = ?1 AND workspace = ?2",
            values![id, workspace, self.now()],
        );
        self.change(vec![statement]).await.map(|changed| changed == [1])
    }

    /// Switches a destination off, until [`Store::destination_enable`]. What is for it is kept. Says whether there is
    /// such a destination.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn destination_disable(
        &self,
        workspace: WorkspaceId,
        id: DestinationId,
        reason: &str,
    ) -> Result<bool, Error> {
        let statement = Statement::new(
            "UPDATE destination SET disabled_reason = ?4, updated_at = ?3 WHERE id = ?1 AND workspace = ?2",
            values![id, workspace, self.now(), reason],
        );
        self.change(vec![statement]).await.map(|changed| changed == [1])
    }

    /// Keeps how a destination's breaker stands, `None` when it is closed, and what is to be told of it.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn destination_break(
        &self,
        id: DestinationId,
        breaker: Option<&Breaker>,
        alert: Option<NewAlert>,
    ) -> Result<(), Error> {
        let breaker = breaker.map(|breaker| serde_json::json!(breaker).to_string());
        let mut statements =
            vec![Statement::new("UPDATE destination SET breaker = ?2 WHERE id = ?1", values![id, breaker])];
        statements.extend(alert.map(|alert| {
            let SealedAlert { kind, at, sealed } = self.seal_alert(id, alert);
            Statement::new(alert::INSERT, values![id, kind.word(), at, sealed])
        }));
        self.change(statements).await.map(drop)
    }

    /// A destination.
    ///
    /// # Errors
    /// When the database cannot be read or the secrets do not open.
    pub async fn destination_get(&self, id: DestinationId) -> Result<Option<Destination>, Error> {
        let row =
            self.row(format!("SELECT {COLUMNS} FROM destination WHERE id = ?1"), values![id], destination);
        row.await?.map(|destination| self.open_destination(destination)).transpose()
    }

    /// How the destinations of an environment stand, by name.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn destination_soundness(&self, place: Place) -> Result<Vec<Soundness>, Error> {
        let sql = "SELECT id, name, disabled_reason IS NOT NULL, breaker FROM destination
                   WHERE workspace = ?1 AND environment = ?2 ORDER BY name";
        self.rows(sql, values![place.workspace, place.environment], |row| {
            Ok(Soundness {
                id: row.get(0)?,
                name: row.get(1)?,
                is_disabled: row.get(2)?,
                breaker: row.get::<Option<String>>(3)?.and_then(|json| serde_json::from_str(&json).ok()),
            })
        })
        .await
    }

    /// What waits for each of these destinations.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn destination_queues(&self, destinations: Vec<DestinationId>) -> Result<Vec<Queue>, Error> {
        self.read(move |c| {
            let count = |row: &Row, at| row.get::<i64>(at).map(i64::unsigned_abs);
            let counted = |sql, destinations: &[DestinationId]| {
                let params = destinations.iter().map(|destination| values![*destination, COUNTED]);
                c.each(sql, params, |row| {
                    Ok((count(row, 0)?, row.get::<Option<Timestamp>>(1)?, count(row, 2)?))
                })
            };
            let pending = counted(PENDING, &destinations)?;
            let blocked = counted(BLOCKED, &destinations)?;
            let dead = counted(DEAD, &destinations)?;
            let queue = |(((pending, oldest_at, retrying), (blocked, _, _)), (dead, _, _))| Queue {
                pending,
                retrying,
                blocked,
                dead,
                oldest_at,
            };
            Ok(pending.into_iter().zip(blocked).zip(dead).map(queue).collect())
        })
        .await
    }

    /// The destinations of an environment, by name.
    ///
    /// # Errors
    /// When the database cannot be read or the secrets do not open.
    pub async fn destination_list(&self, place: Place) -> Result<Vec<Destination>, Error> {
        let rows: Vec<Destination> = self.rows(format!("SELECT {COLUMNS} FROM destination WHERE workspace = ?1 AND environment = ?2 ORDER BY name"), values![place.workspace, place.environment], destination)
            .await?;
        rows.into_iter().map(|destination| self.open_destination(destination)).collect()
    }

    /// Deletes a destination that has no live deliveries.
    ///
    /// # Errors
    /// [`Error::Conflict`] while deliveries to it are pending or dead.
    pub async fn destination_delete(&self, workspace: WorkspaceId, id: DestinationId) -> Result<(), Error> {
        let statement = Statement::new(
            "DELETE FROM destination WHERE id = ?1 AND workspace = ?2
             AND NOT EXISTS (SELECT 1 FROM delivery_live WHERE destination = ?1 AND status = 'pending')
             AND NOT EXISTS (SELECT 1 FROM delivery_live WHERE destination = ?1 AND status = 'dead')",
            values![id, workspace],
        );
        // Nobody is to hear any more of what befell it.
        let forget = Statement::new(
            "DELETE FROM alert WHERE destination = ?1 AND EXISTS
                 (SELECT 1 FROM destination WHERE id = ?1 AND workspace = ?2)",
            values![id, workspace],
        );
        // Who is adding a delivery to it is waited for, before it is looked whether there are any.
        let lock = Statement::new(
            "UPDATE destination SET updated_at = updated_at WHERE id = ?1 AND workspace = ?2",
            values![id, workspace],
        );
        let said =
            "there is no such destination, or it still has deliveries that are pending or dead letters";
        self.change(vec![lock, forget, statement.or_conflict(said)]).await.map(drop)
    }

    /// Makes a node the owner of a destination if nobody whose lease still runs is. Says whether the
    /// node owns it now.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn destination_own(
        &self,
        workspace: WorkspaceId,
        destination: DestinationId,
        node: NodeId,
    ) -> Result<bool, Error> {
        let statement = Statement::new(
            "INSERT INTO destination_lease (workspace, destination, owner, fence) VALUES (?1, ?2, ?3, 1)
             ON CONFLICT (destination) DO UPDATE SET owner = ?3, fence = destination_lease.fence + 1
             WHERE destination_lease.owner = ?3 OR NOT EXISTS
                 (SELECT 1 FROM node WHERE node.id = destination_lease.owner AND node.lease_until > ?4)",
            values![workspace, destination, node, self.now()],
        );
        self.lease(statement).await
    }

    fn open_destination(&self, mut destination: Destination) -> Result<Destination, Error> {
        destination.secrets = self.unseal("destination", destination.id.as_bytes(), &destination.secrets)?;
        Ok(destination)
    }
}

const PENDING: &str = "SELECT count(*), min(created_at), coalesce(sum(CASE WHEN attempts > 0 THEN 1 ELSE 0 END), 0) FROM (
         SELECT created_at, attempts FROM delivery_live WHERE status = 'pending' AND destination = ?1 LIMIT ?2) AS counted";
const BLOCKED: &str = "SELECT coalesce(sum(CASE status WHEN 'blocked' THEN 1 ELSE 0 END), 0), NULL, 0 FROM (
         SELECT status FROM delivery_live WHERE destination = ?1 AND turn IS NOT NULL LIMIT ?2) AS counted";
const DEAD: &str = "SELECT count(*), NULL, 0 FROM (
         SELECT 1 FROM delivery_live WHERE status = 'dead' AND destination = ?1 LIMIT ?2) AS counted";

/// The destinations of all environments, sealed.
pub(crate) fn everywhere(reader: &Reader<'_>) -> Result<Vec<Destination>, Fault> {
    let sql = format!("SELECT {COLUMNS} FROM destination ORDER BY environment, name");
    reader.rows(&sql, [], destination)
}

fn destination(row: &Row) -> Result<Destination, Fault> {
    Ok(Destination {
        id: row.get(0)?,
        place: Place { workspace: row.get(1)?, environment: row.get(2)? },
        name: row.get(3)?,
        config: row.get(4)?,
        secrets: row.get(5)?,
        disabled_reason: row.get(6)?,
        // One that cannot be understood is closed, which the next failures mend.
        breaker: row.get::<Option<String>>(7)?.and_then(|json| serde_json::from_str(&json).ok()),
        updated_at: row.time(8)?,
    })
}
