//! The parts of the server, built once in `main`.

use std::{net::SocketAddr, sync::Arc};

use clock::{Clock, Random};
use engine::Engine;
use store::{Store, WorkspaceId};

use crate::{config::Config, hooks::Sources, world::World};

/// Everything a handler may need. Cheap to clone.
#[derive(Clone)]
pub(crate) struct App(Arc<Parts>);

/// The parts.
pub(crate) struct Parts {
    /// What the operator set.
    pub(crate) config: Config,
    /// The address that senders and browsers use.
    pub(crate) public_url: String,
    /// The workspace.
    pub(crate) workspace: WorkspaceId,
    /// The database.
    pub(crate) store: Store,
    /// Runs.
    pub(crate) engine: Engine,
    /// Environments and destinations in memory.
    pub(crate) world: Arc<World>,
    /// Sources that have been called.
    pub(crate) sources: Sources,
    /// What outbound deliveries tell.
    pub(crate) deliveries: delivery::Handle,
    /// Time.
    pub(crate) clock: Clock,
    /// Chance.
    pub(crate) random: Random,
    /// Renders the metrics.
    pub(crate) metrics: metrics_exporter_prometheus::PrometheusHandle,
    /// Where the server listens.
    pub(crate) bound: SocketAddr,
}

impl App {
    pub(crate) fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }
}

impl std::ops::Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}
