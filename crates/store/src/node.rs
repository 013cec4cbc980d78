//! The nodes that work here. A node's lease covers every run, destination and duty it holds.

use std::time::Duration;

use clock::Timestamp;

use crate::{
    Database, Error, News, NodeId, RunId, Store,
    sql::{Fault, Row, Statement, values},
    write::{Outcome, Write},
};

/// What a node says of itself with each beat.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Beat {
    /// What people call it: its host's name.
    pub name: String,
    /// Which build it runs.
    pub version: String,
    /// What it does.
    pub roles: Vec<String>,
    /// Where other nodes reach it: host and port; `None` when they cannot.
    pub address: Option<String>,
    /// Runs under way there.
    pub runs: u32,
}

/// A node as the others see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeView {
    /// Which one.
    pub id: NodeId,
    /// What it said last.
    pub said: Beat,
    /// When it came.
    pub started_at: Timestamp,
    /// When it said something last.
    pub beat_at: Timestamp,
    /// Whether its lease runs. One that is lost is listed for a day.
    pub is_alive: bool,
    /// Whether it is the one that does what is done once for all.
    pub is_scheduler: bool,
}

/// What was taken over from nodes that are gone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Takeover {
    /// Runs that were in flight there; they are queued again or, after too many deaths, parked.
    pub runs: usize,
    /// Every run that is parked, by this takeover or an earlier one, oldest first and at most a hundred; none
    /// when `runs` is 0.
    pub parked: Vec<RunId>,
}

/// How often a run may be in flight when its worker dies: twice among others, three times alone.
const DEATHS: u32 = 5;

/// The least time that the database has for the answer to a beat.
const ANSWER: Duration = Duration::from_secs(2);

/// How long a node is listed after its lease has ended.
const LISTED: i64 = 24 * 60 * 60 * 1000;

impl Store {
    /// How long a node's lease runs; it is renewed at a third of that.
    pub const fn node_lease(&self) -> Duration {
        self.lease
    }

    /// Says that a node is alive; its lease runs from now, by the database's time.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn node_beat(&self, node: NodeId, beat: &Beat) -> Result<(), Error> {
        let statement = || self.beat(node, beat);
        match &*self.database {
            Database::Sqlite(_) => self.lease(statement()).await.map(drop),
            // A connection that does not answer must not take the whole lease.
            Database::Postgres(database) => {
                database.beat(&self.clock, statement, (self.lease / 3).max(ANSWER)).await
            }
        }
    }

    fn beat(&self, node: NodeId, beat: &Beat) -> Statement {
        let now = self.now();
        let Beat { name, version, roles, address, runs } = beat;
        let roles = serde_json::json!(roles);
        let until = now.after(self.lease);
        Statement::new(
            "INSERT INTO node (id, name, version, roles, address, runs, started_at, beat_at, lease_until)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, ?8)
             ON CONFLICT (id) DO UPDATE SET runs = ?6, beat_at = ?7, lease_until = ?8",
            values![node, name.as_str(), version.as_str(), &roles, address.clone(), *runs, now, until],
        )
    }

    /// The nodes whose lease runs, and those that were lost within a day, by name and start.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn node_list(&self) -> Result<Vec<NodeView>, Error> {
        let now = self.now();
        self.rows(
            "SELECT id, name, version, roles, address, runs, started_at, beat_at, lease_until,
                 EXISTS (SELECT 1 FROM duty WHERE duty.owner = node.id AND duty.name = 'scheduler')
             FROM node ORDER BY name, started_at, id",
            values![],
            move |row| node_view(row, now),
        )
        .await
    }

    /// When the next of the other nodes' leases ends that run now, if it is not renewed.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn node_next_lease_end(&self, node: NodeId) -> Result<Option<Timestamp>, Error> {
        let sql = "SELECT min(lease_until) FROM node WHERE id <> ?1 AND lease_until > ?2";
        self.row(sql, values![node, self.now()], |row| row.get(0)).await.map(Option::flatten)
    }

    /// Makes a node the one that does what is done once for all, unless another one is whose lease runs. Says whether
    /// the node is it now.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn scheduler_own(&self, node: NodeId) -> Result<bool, Error> {
        let statement = Statement::new(
            "INSERT INTO duty (name, owner, fence) VALUES ('scheduler', ?1, 1)
             ON CONFLICT (name) DO UPDATE SET owner = ?1, fence = duty.fence + 1
             WHERE duty.owner = ?1 OR NOT EXISTS
                 (SELECT 1 FROM node WHERE node.id = duty.owner AND node.lease_until > ?2)",
            values![node, self.now()],
        );
        self.lease(statement).await
    }

    /// Lets another node be the one that does what is done once for all.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn scheduler_yield(&self, node: NodeId) -> Result<(), Error> {
        let sql = "DELETE FROM duty WHERE name = 'scheduler' AND owner = ?1";
        self.change(vec![Statement::new(sql, values![node])]).await.map(drop)
    }

    /// Ends a node's lease, when it stops in good order: what it still holds is queued again at once.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn node_leave(&self, node: NodeId) -> Result<(), Error> {
        let statements = vec![
            Statement::new(
                "UPDATE run_live SET owner = NULL, status = 'queued', wake_at = NULL, fence = fence + 1 WHERE owner = ?1",
                values![node],
            ),
            Statement::new("DELETE FROM destination_lease WHERE owner = ?1", values![node]),
            Statement::new("DELETE FROM duty WHERE owner = ?1", values![node]),
            Statement::new("DELETE FROM node WHERE id = ?1", values![node]),
        ];
        self.change(statements).await?;
        // Its runs, and the deliveries to the destinations that it had: somebody else's from now on.
        self.tell(News { anything: true, ..News::default() });
        Ok(())
    }

    /// Takes over from nodes whose lease has ended, or from every other node when this one knows that it
    /// is alone: their runs are queued again, with a death counted, and parked after too many.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn node_takeover(&self, node: NodeId, alone: bool) -> Result<Takeover, Error> {
        let now = if alone { Timestamp::from_millis(i64::MAX) } else { self.now() };
        // Alone, what there was before is no node that was lost, but the last start.
        let forgotten = if alone { now.as_millis() } else { now.as_millis() - LISTED };
        let parked = serde_json::json!({
            "step": null,
            "code": "parked",
            "message": format!(
                "the server died {DEATHS} times while this run was under way, the last times with nothing else; look \
                 at what its step does, then cancel it or replay its event"
            ),
        });
        // A run that a dead node still owned counts a death; a node row may be gone, its runs are not.
        let statements = vec![
            Statement::new(
                "UPDATE run_live SET owner = NULL, wake_at = NULL, fence = fence + 1, deaths = deaths + 1,
                     status = CASE WHEN deaths + 1 >= ?3 THEN 'parked' ELSE 'queued' END,
                     error = CASE WHEN deaths + 1 >= ?3 THEN ?4 END
                 WHERE owner IS NOT NULL AND owner <> ?1
                   AND NOT EXISTS (SELECT 1 FROM node WHERE node.id = run_live.owner AND node.lease_until > ?2)",
                values![node, now, DEATHS, parked.to_string()],
            ),
            Statement::new("DELETE FROM node WHERE lease_until <= ?2 AND id <> ?1", values![node, forgotten]),
        ];
        let changed = self.change(statements).await?;
        let runs = changed.first().copied().unwrap_or(0);
        if runs > 0 {
            self.tell(News { runs: true, ..News::default() });
        }
        let parked = if runs == 0 { Vec::new() } else { self.run_parked().await? };
        Ok(Takeover { runs, parked })
    }

    /// Deletes sessions that have expired, at most `limit`, and every link that has: those are few.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn prune_expired(&self, limit: u32) -> Result<(), Error> {
        let now = self.now();
        let statements = vec![
            Statement::new(
                "DELETE FROM session WHERE token IN
                     (SELECT token FROM session WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)",
                values![now, limit],
            ),
            Statement::new("DELETE FROM login_link WHERE expires_at <= ?1", values![now]),
            self.alerts_expired(),
        ];
        self.change(statements).await.map(drop)
    }

    /// Looks at the next dedupe claims and deletes those that have expired, as long as it finds many:
    /// a slice of a millisecond in each write, and so many slices at most. Called every few seconds it
    /// looks at each of millions of claims within the hour.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn prune_claims(&self) -> Result<usize, Error> {
        const SLICE: u32 = 4096;
        const SLICES: u32 = 64;
        let mut all = 0;
        for _ in 0..SLICES {
            let write = Write::SweepClaims { limit: SLICE, now: self.now() };
            let Outcome::Changed(changed) = self.write(write).await? else { break };
            let deleted = changed.first().copied().unwrap_or(0);
            all += deleted;
            if deleted < SLICE as usize / 4 {
                break;
            }
        }
        Ok(all)
    }

    async fn run_parked(&self) -> Result<Vec<RunId>, Error> {
        self.rows(
            "SELECT id FROM run_live WHERE status = 'parked' ORDER BY number LIMIT 100",
            values![],
            |row| row.get(0),
        )
        .await
    }
}

fn node_view(row: &Row<'_>, now: Timestamp) -> Result<NodeView, Fault> {
    let said = Beat {
        name: row.get(1)?,
        version: row.get(2)?,
        roles: row.json(3)?,
        address: row.get(4)?,
        runs: row.get(5)?,
    };
    Ok(NodeView {
        id: row.get(0)?,
        said,
        started_at: row.time(6)?,
        beat_at: row.time(7)?,
        is_alive: row.time(8)? > now,
        is_scheduler: row.get(9)?,
    })
}
