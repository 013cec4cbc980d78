//! A destination's settings as a worker keeps them.

use std::{sync::Arc, time::Duration};

use store::{DestinationId, Store, WorkspaceId};
use tokio::time::Instant;

use crate::{Destination, parse};

/// Settings are read again after this long, should nobody have said that they changed.
pub(crate) const REREAD: Duration = Duration::from_secs(30);

/// A destination's settings as they were when they were read.
pub(crate) struct Settings {
    /// `None` while it is switched off or its settings cannot be used; then what waits for it is kept.
    pub(crate) open: Option<Arc<Destination>>,
    pub(crate) workspace: WorkspaceId,
    /// Its breaker as it is stored.
    pub(crate) breaker: Option<store::Breaker>,
    read_at: Instant,
}

impl Settings {
    /// Reads the settings; `None` when the destination is no more.
    pub(crate) async fn read(store: &Store, id: DestinationId) -> Result<Option<Self>, store::Error> {
        let read_at = Instant::now();
        let stored = store.destination_get(id).await?;
        Ok(stored.map(|stored| Self {
            open: open(&stored),
            workspace: stored.place.workspace,
            breaker: stored.breaker,
            read_at,
        }))
    }

    /// Whether they have been kept long enough.
    pub(crate) fn is_stale(&self) -> bool {
        self.read_at.elapsed() >= REREAD
    }
}

fn open(stored: &store::Destination) -> Option<Arc<Destination>> {
    if stored.disabled_reason.is_some() {
        return None;
    }
    match parse(&stored.config, &stored.secrets) {
        Ok(destination) => Some(Arc::new(destination)),
        Err(error) => {
            tracing::error!(destination = %stored.id, %error, "a destination's settings cannot be used");
            None
        }
    }
}
