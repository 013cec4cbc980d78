//! Running events again: one at once, or many by a job.

mod bulk;

use serde::{Deserialize, Serialize};
use store::{EnvironmentId, EventView, Place, Repeat, ReplayFilter, RunId, VersionId};

use crate::{Change, Engine, Error, Update};
use flow::run::Status;

pub use bulk::{ReplayProgress, Replayed, Replays};

/// On what an event is replayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct On {
    /// The version of its flow.
    pub version: VersionId,
    /// The environment whose destinations, variables and secrets the run has, if that is not the event's own.
    pub elsewhere: Option<EnvironmentId>,
}

/// Which version each event of a job is replayed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Version {
    /// The one that ran it; what serves its environment when none did.
    Ran,
    /// What serves its environment when its turn comes.
    Deployed,
    /// This one for all: the events are of one flow.
    One(On),
}

/// What a job replays.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Order {
    /// Which events.
    pub filter: ReplayFilter,
    /// On which version.
    pub version: Version,
    /// How many they were when it was ordered.
    pub total: u64,
    /// Who ordered it.
    pub by: String,
}

impl Engine {
    /// Runs an event again, in a run of its own. Bypasses dedupe.
    ///
    /// # Errors
    /// When there is no such event, or the run cannot be stored.
    pub async fn replay(&self, place: Place, event: &EventView, on: On) -> Result<RunId, Error> {
        let repeat = self.repeat(place, event, on).await?;
        self.0.store.run_repeat(place.workspace, repeat).await?;
        self.queued(place, &repeat);
        Ok(repeat.id)
    }

    /// A run of an event, which may be stored from now on.
    async fn repeat(&self, place: Place, event: &EventView, on: On) -> Result<Repeat, Error> {
        if let Some(environment) = on.elsewhere {
            self.0.store.origin_ensure(Place { environment, ..place }, event).await?;
        }
        let id = self.0.store.ids().next();
        Ok(Repeat { id, event: event.id, elsewhere: on.elsewhere, version: on.version })
    }

    /// Tells of a run that waits for its turn.
    fn queued(&self, place: Place, repeat: &Repeat) {
        let place = Place { environment: repeat.elsewhere.unwrap_or(place.environment), ..place };
        let (run, event) = (repeat.id, repeat.event);
        self.0.work.notify_one();
        self.0.hub.publish(|| Update { place, run, event, change: Change::Committed(Status::Queued) });
    }
}
