//! Drives the run reducer: node registry, commit points, leases and timers.
//!
//! The engine meets node kinds by the [`Node`] trait and one [`Registry::register`] line each; it
//! never names a concrete one. [`Engine::submit`] takes an event in: its pure steps run first, then
//! event, steps and, where the run is finished, result commit at once. What is left goes on in a
//! task, committing where the outside could notice.
//!
//! A run commits before a reply, before anything that costs or changes something outside, before a
//! wait and at its end. A recorded step's output commits together with the pure steps that follow
//! it, before anything else starts.

mod alert;
mod context;
mod dispatch;
mod error;
mod execution;
mod feed;
mod finished;
mod finishing;
mod hub;
mod input;
mod journal;
mod lease;
mod node;
mod program;
mod progress;
mod reading;
mod registry;
mod rehearsal;
mod replay;
mod schedule;
mod scheduler;
mod submit;
mod timetable;

use std::{
    collections::{BTreeMap, HashSet},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use clock::{Clock, Random};
use parking_lot::Mutex;
use store::{DestinationId, NodeId, RunId, Store, VersionId};
use tokio::sync::{Notify, Semaphore, broadcast, watch};

pub use alert::AlertRule;
pub use context::{StepContext, Tokens};
pub use error::Error;
pub use finished::{Outcome, Response, StepStanding, Tells, Timeline};
pub use finishing::{Finishing, finishing};
pub use hub::{Answer, Call, Change, Follower, Update, Updates};
pub use journal::decode as decode_record;
pub use node::{Awaited, Came, Node, NodeError, Outgoing, StepOutcome};
pub use program::{Program, Surroundings};
pub use progress::{Advance, Cursor, Told};
pub use reading::{Given, Read, Reader};
pub use registry::{KindDescription, Registry};
pub use rehearsal::{Rehearsed, StepData, Variable};
pub use replay::{On, Order, ReplayProgress, Replayed, Replays, Version};
pub use schedule::{Missed, Planned, Schedule};
pub use submit::{Cancelled, Submission, Submitted};
pub use timetable::Timetable;

/// How the engine runs.
#[derive(Clone, Debug)]
pub struct Options {
    /// Runs that may be under way at once on this node; none when it leaves them to other nodes.
    pub max_runs: usize,
    /// Whether this node may be the one that does what is done once for all.
    pub schedules: bool,
    /// The longest that the pure steps of a run may take before its event is committed.
    pub inline_budget: Duration,
    /// The longest a try of a step may take when its node says nothing else.
    pub step_timeout: Duration,
    /// A pause or wait longer than this lets the run go from memory.
    pub release_after: Duration,
    /// The address of the console, without a slash at its end, for links in alerts.
    pub public_url: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            max_runs: 512,
            schedules: true,
            inline_budget: Duration::from_millis(10),
            step_timeout: Duration::from_secs(60),
            release_after: Duration::from_secs(5),
            public_url: None,
        }
    }
}

/// What the engine is told of the world around it.
pub trait World: Send + Sync + 'static {
    /// Deliveries to these destinations have been committed.
    fn deliveries_made(&self, destinations: &[DestinationId]);

    /// The names and variables of an environment, as expressions see them.
    fn surroundings(&self, place: store::Place) -> Arc<Surroundings>;
}

/// The engine of one node. Cheap to clone.
#[derive(Clone)]
pub struct Engine(Arc<Shared>);

pub(crate) struct Shared {
    store: Store,
    registry: Arc<Registry>,
    world: Arc<dyn World>,
    node: NodeId,
    clock: Clock,
    random: Random,
    options: Options,
    secret_mark: Arc<str>,
    /// A permit for each run under way.
    permits: Arc<Semaphore>,
    /// Runs to be claimed may be there.
    work: Notify,
    /// Replays in bulk may be there.
    replays: Notify,
    /// A schedule may be due sooner than was known.
    schedules: Notify,
    /// Alerts may be pending.
    alerts: Notify,
    programs: program::Cache,
    /// Versions with node kinds that this build lacks: their runs are another node's.
    unfit: Mutex<HashSet<VersionId>>,
    hub: hub::Hub,
    stopping: watch::Sender<bool>,
    /// Whether the lease was renewed when that was last due.
    leased: AtomicBool,
    /// Whether what this node holds is still its own.
    lease: lease::Lease,
    /// The tasks that claim, keep the lease and listen to other nodes.
    tasks: Mutex<Vec<tokio::task::JoinHandle<()>>>,
}

impl Engine {
    /// An engine that has not begun to work; [`Engine::start`] does.
    pub fn new(
        store: Store,
        registry: Arc<Registry>,
        world: Arc<dyn World>,
        (clock, random): (Clock, Random),
        options: Options,
    ) -> Self {
        let mark =
            random.bytes::<16>().iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
        Self(Arc::new(Shared {
            node: store.ids().next(),
            permits: Arc::new(Semaphore::new(options.max_runs)),
            work: Notify::new(),
            replays: Notify::new(),
            schedules: Notify::new(),
            alerts: Notify::new(),
            programs: program::Cache::default(),
            unfit: Mutex::default(),
            hub: hub::Hub::new(),
            stopping: watch::Sender::new(false),
            leased: AtomicBool::new(true),
            lease: lease::Lease::new(store.node_lease()),
            tasks: Mutex::default(),
            secret_mark: mark.into(),
            store,
            registry,
            world,
            clock,
            random,
            options,
        }))
    }

    /// This node's id, under which it holds runs and destinations.
    pub fn node(&self) -> NodeId {
        self.0.node
    }

    /// The node kinds.
    pub fn registry(&self) -> &Arc<Registry> {
        &self.0.registry
    }

    /// What happens in runs, as it happens.
    pub fn updates(&self) -> &Updates {
        self.0.hub.updates()
    }

    /// What comes of runs that are under way here, as it is committed: for other nodes.
    pub fn outcomes(&self) -> broadcast::Receiver<(RunId, Outcome)> {
        self.0.hub.outcomes()
    }

    /// What callers here want of runs that are not under way here, from now on.
    pub fn calls(&self) -> broadcast::Receiver<Call> {
        self.0.hub.calls()
    }

    /// The runs that callers here wait for although they are not under way here.
    pub fn wanted(&self) -> Vec<RunId> {
        self.0.hub.wanted()
    }

    /// Tells callers here what has come of a run on another node.
    pub fn learn(&self, run: RunId, outcome: &Outcome) {
        self.0.hub.learn(run, outcome);
    }

    /// The runs whose readers are here although they are not under way here.
    pub fn followed(&self) -> Vec<RunId> {
        self.0.hub.followed()
    }

    /// Readers on other nodes follow a run, or do not any more. Gives all that there is for them now, if it is under way
    /// here; what follows is told of by [`Engine::moved`].
    pub fn follow_elsewhere(&self, run: RunId, follows: bool) -> Option<Advance> {
        self.0.hub.follow_elsewhere(run, follows)
    }

    /// Runs that came further here, of those that readers on other nodes follow: [`Engine::news`] says how.
    pub fn moved(&self) -> broadcast::Receiver<RunId> {
        self.0.hub.moved()
    }

    /// What the other nodes have not been told of a run that is under way here; once.
    pub fn news(&self, run: RunId) -> Option<Advance> {
        self.0.hub.news(run)
    }

    /// Tells readers here how a run goes on at another node.
    pub fn learn_advance(&self, run: RunId, advance: Advance) {
        self.0.hub.learn_advance(run, advance);
    }

    /// Cancels a run if it is under way here, for somebody on another node.
    pub fn cancel_here(&self, run: RunId, by: String) {
        if let Some(control) = self.0.hub.control(run) {
            // When it is told too much already, who asked asks again.
            let _ = control.try_send(hub::Control::Cancel { by, done: None });
        }
    }

    /// Looks at the schedules again: one is new, was changed or is gone.
    pub fn reschedule(&self) {
        self.0.schedules.notify_one();
    }

    /// Looks whether there are alerts to be raised: something has befallen a destination.
    pub fn raise_alerts(&self) {
        self.0.alerts.notify_one();
    }

    /// The text that marks a secret's placeholder in what steps render. It never leaves the process.
    pub fn secret_mark(&self) -> &Arc<str> {
        &self.0.secret_mark
    }

    /// Whether the store takes writes, as far as the last renewal of the lease tells.
    pub fn is_leased(&self) -> bool {
        self.0.leased.load(Ordering::Relaxed)
    }

    /// How many runs are under way here.
    pub fn running(&self) -> usize {
        self.0.hub.under_way()
    }
}

/// Variables by name.
pub type Variables = Arc<BTreeMap<String, String>>;

#[cfg(test)]
mod tests;
