//! Deliveries that a run waits for.
//!
//! A delivery names the run that waits for it, and whatever settles it wakes that run in the same transaction: its
//! `wake_at` says that it is due. A run that is held just then keeps what it says until it is let go, so it does
//! not matter which comes first, and nobody has to look.

use tokio::sync::broadcast;

use super::{AttemptCommit, NewDelivery, Settle, attempt_id, history};
use crate::{Attempt, DeliveryId, DeliveryView, Error, RunId, Store, WorkspaceId};

/// A run whose wait may be over is due: the number `?1`, at `?2`. One that is parked waits for a person instead.
pub(crate) const WAKE: &str =
    "UPDATE run_live SET wake_at = ?2 WHERE number = ?1 AND status IN ('running', 'waiting')";

/// The same when its delivery, of the number `?3`, can be sent to nobody.
pub(crate) const WAKE_IF_DEAD: &str =
    "UPDATE run_live SET wake_at = ?2 WHERE number = ?1 AND status IN ('running', 'waiting')
     AND EXISTS (SELECT 1 FROM delivery_live d WHERE d.number = ?3 AND d.status = 'dead')";

impl NewDelivery {
    /// The number of the run that waits for it, if it does.
    pub(crate) fn wakes(&self, run: RunId) -> Option<i64> {
        self.awaited.then(|| run.number())
    }
}

impl AttemptCommit {
    /// The run that goes on with this attempt.
    pub(crate) fn woken(&self) -> Option<RunId> {
        self.wakes.filter(|_| !matches!(self.then, Settle::Retry(_)))
    }
}

impl Store {
    /// Tells of runs that something woke by a write of this node, from now on: what they waited for has come. Those that
    /// nobody holds are due. Others are told of by [`News`](crate::News).
    pub fn woken(&self) -> broadcast::Receiver<RunId> {
        self.woken.subscribe()
    }

    pub(crate) fn wake(&self, run: Option<RunId>) {
        if let Some(run) = run {
            // Nobody may be listening, as where no run is carried on.
            let _ = self.woken.send(run);
        }
    }

    /// A delivery of a workspace with its newest attempt: both as they stood at one moment.
    ///
    /// # Errors
    /// When the database cannot be read or the record does not open.
    pub async fn delivery_outcome(
        &self,
        workspace: WorkspaceId,
        id: DeliveryId,
    ) -> Result<Option<(DeliveryView, Option<Attempt>)>, Error> {
        let read = self.read(move |c| {
            let view = history::get(c, workspace, id)?;
            view.map(|view| history::newest(c, id).map(|newest| (view, newest))).transpose()
        });
        let Some((view, newest)) = read.await? else { return Ok(None) };
        let open = |mut attempt: Attempt| {
            attempt.record = self.unseal("attempt", &attempt_id(id, attempt.number), &attempt.record)?;
            Ok::<_, Error>(attempt)
        };
        Ok(Some((view, newest.map(open).transpose()?)))
    }
}
