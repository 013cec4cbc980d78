//! What is told of attempts as they are recorded, for live views.

use clock::Timestamp;
use serde::{Deserialize, Serialize};
use store::{Breaker, DeliveryId, DestinationId, Place, RunId};

use crate::Outcome;

/// A destination's breaker that has just opened, or closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tripped {
    /// The destination.
    pub destination: DestinationId,
    /// How its breaker stands, if it is open.
    pub open: Option<Breaker>,
}

/// An attempt that has just been recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settled {
    /// The delivery.
    pub delivery: DeliveryId,
    /// Where it belongs.
    pub place: Place,
    /// Where it goes.
    pub destination: DestinationId,
    /// The run that made it.
    pub run: RunId,
    /// Which attempt, from 1.
    pub attempt: u32,
    /// What came of it.
    pub outcome: Outcome,
    /// When the attempt began.
    pub at: Timestamp,
    /// When the next one is due.
    pub next_at: Option<Timestamp>,
    /// Whether the destination was switched off with it.
    pub disabled: bool,
}
