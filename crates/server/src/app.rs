//! The parts of the server, built once in `serve`.

use std::sync::Arc;

use clock::{Clock, Random};
use cluster::Exchange;
use engine::Engine;
use knowledge::Library;
use store::{Store, WorkspaceId};
use tokio::sync::{Semaphore, broadcast, watch};

use crate::{
    config::Config,
    destination_metrics::Gauges,
    docs::Shelf,
    hooks::{InFlight, Recorder, Sources},
    models::Models,
    world::World,
};

/// Everything a handler may need. Cheap to clone.
#[derive(Clone)]
pub(crate) struct App(Arc<Parts>);

/// The parts.
pub(crate) struct Parts {
    /// What the operator set.
    pub(crate) config: Config,
    /// The address that senders and browsers use, without a slash at its end.
    pub(crate) public_url: String,
    /// The workspace.
    pub(crate) workspace: WorkspaceId,
    /// The database.
    pub(crate) store: Store,
    /// Runs.
    pub(crate) engine: Engine,
    /// Environments and destinations in memory.
    pub(crate) world: Arc<World>,
    /// The knowledge bases.
    pub(crate) library: Library,
    /// The models that flows call by name.
    pub(crate) models: Arc<Models>,
    /// Calls addresses that a member can set.
    pub(crate) outbound: outbound::Client,
    /// Sources in memory.
    pub(crate) sources: Sources,
    /// What requests hold in memory before they are committed.
    pub(crate) in_flight: Arc<InFlight>,
    /// The documentation of sources, as it was last asked for.
    pub(crate) docs: Shelf,
    /// Keeps refused requests.
    pub(crate) refusals: Recorder,
    /// Tells the outbox of new deliveries and changed destinations.
    pub(crate) outbox: delivery::Waker,
    /// Attempts as they are recorded; listeners resubscribe.
    pub(crate) settled: broadcast::Receiver<delivery::Settled>,
    /// What happens on other nodes, where there can be any.
    pub(crate) exchange: Option<Exchange>,
    /// Time.
    pub(crate) clock: Clock,
    /// Chance.
    pub(crate) random: Random,
    /// Renders the metrics.
    pub(crate) metrics: metrics_exporter_prometheus::PrometheusHandle,
    /// A slot for each login that may be checked at once.
    pub(crate) logins: Semaphore,
    /// What the metrics say of destinations, as it was last read.
    pub(crate) destination_gauges: Gauges,
    /// Keeps trials of destinations few.
    pub(crate) trials: delivery::Trials,
    /// How far the server is on its way from start to stop.
    pub(crate) stage: watch::Sender<Stage>,
}

/// How far a server is on its way from start to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    /// It works.
    Serving,
    /// It takes no new work and finishes what is under way.
    Stopping,
    /// Nothing is under way any more, or the patience is over: whoever still waits is answered now.
    Closing,
}

impl App {
    pub(crate) fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    pub(crate) fn is_stopping(&self) -> bool {
        *self.stage.borrow() >= Stage::Stopping
    }

    /// Waits until whoever still waits must be answered.
    pub(crate) async fn closing(&self) {
        // The sender lives as long as the parts do.
        let _ = self.stage.subscribe().wait_for(|stage| *stage == Stage::Closing).await;
    }
}

impl std::ops::Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}
