//! The only SQL: migrations, group commit, journal, leases, outbox.
//!
//! [`Store`] is the door. Writes are values, grouped with those of other callers into one
//! transaction and acknowledged when that is on stable storage; reads run on connections of
//! their own. Payloads are sealed on the way in and opened on the way out.
//!
//! One file a subject: `event`, `run`, `delivery`, … hold the types, the reads and the writes.

mod account;
mod chunk;
mod delivery;
mod destination;
mod environment;
mod error;
mod event;
mod flow;
mod id;
mod job;
mod keys;
mod knowledge;
mod model;
mod newest;
mod node;
mod origin;
mod page;
mod read;
mod refusal;
mod run;
mod source;
mod sql;
mod sqlite;
mod write;

use std::{path::PathBuf, sync::Arc};

use clock::{Clock, Random, Timestamp};
use vault::{Context, KeyRing};

pub use account::{ApiKey, LinkPurpose, Member, NewApiKey, NewMember, Role};
pub use chunk::{Chunk, Excerpt};
pub use delivery::{
    Attempt, AttemptCommit, Backlog, BacklogRequest, DeliveryState, DeliveryView, DueDelivery, Message,
    NewDelivery, Settle,
};
pub use destination::Destination;
pub use environment::{Environment, Place, Variable};
pub use error::Error;
pub use event::{
    Admission, Admitted, Begin, DedupeClaim, EventFilter, EventStatus, EventView, NewEvent, OriginalRun,
};
pub use flow::{Deployment, FlowRow, NewVersion, Version, VersionSummary};
pub use id::{
    ApiKeyId, BaseId, DeliveryId, DeploymentId, DestinationId, DocumentId, EnvironmentId, EventId, FlowId,
    Ids, JobId, MalformedId, MemberId, ModelId, NodeId, ProviderId, RefusalId, RunId, SourceId, VersionId,
    WorkspaceId,
};
pub use job::{Job, JobStatus};
pub use knowledge::{Base, Document, DocumentStatus, NewDocument};
pub use model::{Model, Provider};
pub use node::Takeover;
pub use page::{Page, PageRequest};
pub use refusal::{REFUSALS_KEPT, Refusal};
pub use run::{
    Cause, ClaimedRun, Committed, Ending, HeldRun, Repeat, RunCommit, RunFilter, RunView, SealedCommit, Then,
};
pub use source::Source;
pub use sql::Fault;

/// How a store is opened.
#[derive(Clone, Debug)]
pub struct Options {
    /// The folder that holds the database; made if it is missing.
    pub directory: PathBuf,
    /// The most bytes the database may grow to; `None` for as many as the disk has.
    pub max_bytes: Option<u64>,
    /// Connections for reading.
    pub readers: usize,
}

/// The database and all that is known of it. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    database: Arc<sqlite::Database>,
    keys: KeyRing,
    clock: Clock,
    ids: Ids,
}

impl Store {
    /// Opens the database, brings its schema up to date and begins to take writes.
    ///
    /// # Errors
    /// When another server has it open, it cannot be read, or its schema is newer than this build.
    ///
    /// # Panics
    /// Outside a Tokio runtime: a task of its own tells the callers what came of their writes.
    pub fn open(options: &Options, keys: KeyRing, clock: Clock, random: Random) -> Result<Self, Error> {
        let (database, last) = sqlite::Database::open(options)?;
        let ids = Ids::after(last, clock.clone(), random);
        Ok(Self { database: Arc::new(database), keys, clock, ids })
    }

    /// Makes ids in this store's time.
    pub fn ids(&self) -> &Ids {
        &self.ids
    }

    /// The keys that seal what this store holds.
    pub fn keys(&self) -> &KeyRing {
        &self.keys
    }

    /// The time by which this store counts.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// How the writer does: batches, writes and fsyncs so far, for metrics and the bench.
    pub fn writes(&self) -> Counters {
        self.database.counters()
    }

    /// Waits until every write before this call is answered, and refuses those after it.
    pub async fn close(&self) {
        self.database.close().await;
    }

    fn seal(&self, kind: &'static str, id: &[u8], plain: &[u8]) -> Vec<u8> {
        self.keys.seal(Context { kind, id }, plain)
    }

    fn unseal(&self, kind: &'static str, id: &[u8], sealed: &[u8]) -> Result<Vec<u8>, Error> {
        self.keys.open(Context { kind, id }, sealed).map_err(|source| Error::Unseal { kind, source })
    }
}

pub use sqlite::Counters;

#[cfg(test)]
mod tests;
