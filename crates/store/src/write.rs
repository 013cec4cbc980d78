//! Writes as values, and what came of them.

use crate::{
    Database, Error, Store,
    delivery::{SealedAttempt, Settled},
    event::{Admitted, SealedAdmission},
    origin::Origin,
    retention::{Prune, PrunedSlice},
    run::{ClaimRuns, ClaimedRun, Committed, SealedCommit},
    sql::Statement,
};

/// One write. It happens whole or not at all.
pub(crate) enum Write {
    /// Accept a request.
    Admit(Box<SealedAdmission>),
    /// Journal a run's progress.
    Commit(SealedCommit),
    /// Give queued and due runs to a node.
    Claim(ClaimRuns),
    /// Record an attempt of a delivery and what follows.
    Attempt(Box<SealedAttempt>),
    /// Look at the next dedupe claims and delete the expired ones.
    SweepClaims { limit: u32, now: clock::Timestamp },
    /// A lease is taken or renewed, by one statement that no other has to be held up for.
    Lease(Statement),
    /// Store the content of a file, by one statement that no other has to be held up for.
    Blob(Statement),
    /// Delete the history that has expired of some events.
    Prune(Prune),
    /// Make an origin, if there is none like it.
    Origin(Origin),
    /// Anything off the hot path: statements in a row.
    Statements(Vec<Statement>),
}

/// What came of a write.
pub(crate) enum Outcome {
    Admitted(Admitted),
    Committed(Committed),
    Claimed(Vec<ClaimedRun>),
    Attempted(Settled),
    /// How many rows each statement changed.
    Changed(Vec<usize>),
    Pruned(PrunedSlice),
    /// The write was undone: a name is taken, or a row has changed.
    Conflict(&'static str),
}

impl Store {
    /// Hands a write to the writer and waits until it is durable.
    pub(crate) async fn write(&self, write: Write) -> Result<Outcome, Error> {
        match &*self.database {
            Database::Sqlite(database) => database.write(write).await,
            Database::Postgres(database) => database.write(write).await,
        }
    }

    /// Takes or renews a lease; says whether that was to be had.
    pub(crate) async fn lease(&self, statement: Statement) -> Result<bool, Error> {
        match self.write(Write::Lease(statement)).await? {
            Outcome::Changed(changed) => Ok(changed == [1]),
            _ => Err(Error::Conflict("the lease was not written")),
        }
    }

    /// Runs statements as one write; gives how many rows each changed.
    pub(crate) async fn change(&self, statements: Vec<Statement>) -> Result<Vec<usize>, Error> {
        match self.write(Write::Statements(statements)).await? {
            Outcome::Changed(changed) => Ok(changed),
            Outcome::Conflict(said) => Err(Error::Conflict(said)),
            _ => Err(Error::Conflict("the write was not made")),
        }
    }
}
