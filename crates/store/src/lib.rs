//! The only SQL: migrations, group commit, journal, leases, outbox.
//!
//! [`Store`] is the door. Writes are values, grouped with those of other callers into one
//! transaction and acknowledged when that is on stable storage; reads run on connections of
//! their own. Payloads are sealed on the way in and opened on the way out.
//!
//! One file a subject: `event`, `run`, `delivery`, … hold the types, the reads and the writes.

mod account;
mod alert;
mod blob;
mod chunk;
mod delivery;
mod destination;
mod environment;
mod error;
mod event;
mod flow;
mod id;
mod inspect;
mod job;
mod keys;
mod knowledge;
mod model;
mod newest;
mod news;
mod node;
mod origin;
mod page;
mod postgres;
mod read;
mod refusal;
mod replay;
mod retention;
mod run;
mod sample;
mod schedule;
mod source;
mod sql;
mod sqlite;
mod transfer;
mod usage;
mod write;

use std::{path::PathBuf, sync::Arc, time::Duration};

use clock::{Clock, Random, Timestamp};
use parking_lot::Mutex;
use tokio::sync::broadcast;
use vault::{Context, KeyRing};

pub use account::{ApiKey, LinkPurpose, Member, NewApiKey, NewMember, Role};
pub use alert::{Alert, AlertCause, AlertKind, NewAlert};
pub use blob::NewFile;
pub use chunk::{Chunk, Excerpt};
pub use delivery::{
    Attempt, AttemptCommit, Backlog, BacklogRequest, Closed, DeliveryFilter, DeliveryPage, DeliveryState,
    DeliveryView, DueDelivery, Lane, Letter, LetterAction, LetterSlice, Message, NewDelivery, Settle, Taken,
};
pub use destination::{Breaker, COUNTED, Destination, Queue, Soundness};
pub use environment::{Environment, Place, RETENTION_DAYS, Variable};
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
pub use inspect::{Inspection, Presence, presence};
pub use job::{Job, JobStatus};
pub use knowledge::{Base, Document, DocumentStatus, NewDocument};
pub use model::{Model, Provider};
pub use news::{Bus, News};
pub use node::{Beat, NodeView, Takeover};
pub use page::{Page, PageRequest};
pub use refusal::{NewRefusal, REFUSALS_KEPT, Refusal};
pub use replay::{ReplayFilter, Replayable, Slice, Standing};
pub use retention::Pruned;
pub use run::{
    Cause, ClaimedRun, Committed, Ending, HeldRun, Repeat, RunCommit, RunFilter, RunView, SealedCommit, Then,
};
pub use sample::{SAMPLES, Sample};
pub use schedule::{DueSchedule, ScheduleState, Tick};
pub use source::{Source, SourceKind};
pub use sql::{Fault, STALE};
pub use transfer::{Before, Comparison, Copied, Purpose, Sum, Transfer};
pub use usage::{USES_COUNTED, Usage};

/// How a store is opened.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where the database is.
    pub location: Location,
    /// Connections for reading.
    pub readers: usize,
    /// How long a node may be silent before others take over what it holds.
    pub lease: Duration,
    /// The folder for the contents of files, which all nodes of the database share; in the database without one.
    pub blobs: Option<PathBuf>,
}

impl Options {
    /// A database there, with few connections and the usual lease.
    pub const fn at(location: Location) -> Self {
        Self { location, readers: 2, lease: LEASE, blobs: None }
    }

    /// A database in a folder that may grow as the disk allows.
    pub fn folder(directory: impl Into<PathBuf>) -> Self {
        Self::at(Location::Folder { directory: directory.into(), max_bytes: None })
    }
}

/// How long a node may be silent by default.
pub const LEASE: Duration = Duration::from_secs(15);

/// Where a database is.
#[derive(Clone, Debug)]
pub enum Location {
    /// In a folder of this machine, as SQLite.
    Folder {
        /// The folder; made if it is missing.
        directory: PathBuf,
        /// The most bytes the database may grow to; `None` for as many as the disk has.
        max_bytes: Option<u64>,
    },
    /// On a server of PostgreSQL: `postgres://user:password@host/database`.
    Postgres(vault::Secret),
}

/// The open database.
enum Database {
    Sqlite(sqlite::Database),
    Postgres(Box<postgres::Database>),
}

/// The database and all that is known of it. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    database: Arc<Database>,
    keys: KeyRing,
    clock: Clock,
    ids: Ids,
    lease: Duration,
    pruning: Arc<Mutex<retention::Pass>>,
    blobs: Option<Arc<blob::Folder>>,
    woken: broadcast::Sender<RunId>,
}

/// Runs that a listener may be behind by; beyond it, it is told that it missed some.
const WOKEN: usize = 1024;

impl Store {
    /// Opens the database, brings its schema up to date and begins to take writes.
    ///
    /// # Errors
    /// When another server has it open, it cannot be read, or its schema is newer than this build.
    pub async fn open(options: &Options, keys: KeyRing, clock: Clock, random: Random) -> Result<Self, Error> {
        let folder = options.blobs.as_deref().map(|path| {
            let failed = |error: std::io::Error| Error::Open {
                path: path.display().to_string(),
                reason: error.to_string(),
            };
            blob::Folder::open(path).map(Arc::new).map_err(failed)
        });
        let blobs = folder.transpose()?;
        let (database, last, maker) = match &options.location {
            Location::Folder { directory, max_bytes } => {
                let (database, last) = sqlite::Database::open(directory, *max_bytes, options.readers)?;
                (Database::Sqlite(database), last, Arc::default())
            }
            Location::Postgres(url) => {
                let (database, last, maker) =
                    postgres::Database::open(url.expose(), options.readers, &clock).await?;
                (Database::Postgres(Box::new(database)), last, maker)
            }
        };
        let ids = Ids::after(last, maker, clock.clone(), random);
        let (database, woken) = (Arc::new(database), broadcast::Sender::new(WOKEN));
        Ok(Self { database, keys, clock, ids, lease: options.lease, pruning: Arc::default(), blobs, woken })
    }

    /// Whether no other node can work on this database while this one has it open.
    pub fn is_alone(&self) -> bool {
        matches!(&*self.database, Database::Sqlite(_))
    }

    /// What other nodes of the database tell, from now on; nothing where this one is alone. It only wakes: what is
    /// lost is found by looking.
    pub fn news(&self) -> Option<broadcast::Receiver<News>> {
        match &*self.database {
            Database::Sqlite(_) => None,
            Database::Postgres(database) => Some(database.news()),
        }
    }

    /// Tells the other nodes of the database, where there can be any.
    pub fn tell(&self, news: News) {
        match &*self.database {
            Database::Sqlite(_) => {}
            Database::Postgres(database) => database.tell(news),
        }
    }

    /// Lets a bus carry what it can of what is told from now on. The first one stays.
    pub fn tell_by(&self, bus: Arc<dyn Bus>) {
        match &*self.database {
            Database::Sqlite(_) => {}
            Database::Postgres(database) => database.tell_by(bus),
        }
    }

    /// Takes what a bus has brought from another node to those who listen here.
    pub fn hear(&self, news: News) {
        match &*self.database {
            Database::Sqlite(_) => {}
            Database::Postgres(database) => database.hear(news),
        }
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
        match &*self.database {
            Database::Sqlite(database) => database.counters(),
            Database::Postgres(database) => database.counters(),
        }
    }

    /// Waits until every write before this call is answered, and refuses those after it.
    pub async fn close(&self) {
        match &*self.database {
            Database::Sqlite(database) => database.close().await,
            Database::Postgres(database) => database.close().await,
        }
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
