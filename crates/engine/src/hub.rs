//! Who is told of what happens: live views, and callers that wait for a result.

use std::{collections::HashMap, sync::Arc};

use flow::run::{Status, StepPath};
use parking_lot::Mutex;
use store::{EventId, Place, RunId};
use tokio::sync::{broadcast, mpsc, oneshot};

use crate::{Outcome, Tells};

/// Updates that a slow viewer may be behind before it misses some.
const BACKLOG: usize = 1024;

/// Callers that may wait for one run.
const WAITERS: usize = 1024;

/// Something that happened in a run.
#[derive(Clone, Debug)]
pub struct Update {
    /// Where the run belongs.
    pub place: Place,
    /// The run.
    pub run: RunId,
    /// Its event.
    pub event: EventId,
    /// What happened.
    pub change: Change,
}

/// What happened.
#[derive(Clone, Debug)]
pub enum Change {
    /// The run is under way.
    Begun,
    /// A step began, ended or waits.
    Step {
        /// Which step.
        step: StepPath,
        /// `running`, `succeeded`, `failed`, `waiting`.
        state: &'static str,
    },
    /// A step made a piece of text.
    Token {
        /// Which step.
        step: StepPath,
        /// The piece.
        text: String,
    },
    /// The run stands elsewhere now; what it did is committed.
    Committed(Status),
}

/// The stream of updates.
pub type Updates = broadcast::Sender<Update>;

/// What a run under way is told from outside.
#[derive(Debug)]
pub(crate) enum Control {
    Cancel { by: String, done: oneshot::Sender<()> },
}

#[derive(Clone, Debug)]
pub(crate) struct Hub(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    updates: Updates,
    here: Mutex<HashMap<RunId, Here>>,
}

/// A run that is under way on this node.
#[derive(Debug)]
struct Here {
    control: mpsc::Sender<Control>,
    waiters: Vec<(Tells, oneshot::Sender<Outcome>)>,
}

impl Hub {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Inner { updates: broadcast::Sender::new(BACKLOG), here: Mutex::default() }))
    }

    pub(crate) fn updates(&self) -> &Updates {
        &self.0.updates
    }

    /// Tells the viewers, if there are any.
    pub(crate) fn publish(&self, update: impl FnOnce() -> Update) {
        if self.0.updates.receiver_count() > 0 {
            // Nobody left in between: then nobody wants to know.
            let _ = self.0.updates.send(update());
        }
    }

    /// Says that a run is under way here.
    pub(crate) fn enter(&self, run: RunId) -> mpsc::Receiver<Control> {
        let (control, controlled) = mpsc::channel(4);
        self.0.here.lock().insert(run, Here { control, waiters: Vec::new() });
        controlled
    }

    /// Waits for the answer or the end of a run that is under way here; `None` when it is not.
    pub(crate) fn wait(&self, run: RunId, what: Tells) -> Option<oneshot::Receiver<Outcome>> {
        let mut here = self.0.here.lock();
        let entry = here.get_mut(&run)?;
        if entry.waiters.len() >= WAITERS {
            return None;
        }
        let (answer, answered) = oneshot::channel();
        entry.waiters.push((what, answer));
        Some(answered)
    }

    /// Gives what has come of the run to everybody who waited for that.
    pub(crate) fn answer(&self, run: RunId, outcome: &Outcome) {
        let told: Vec<_> = match self.0.here.lock().get_mut(&run) {
            Some(entry) => entry.waiters.extract_if(.., |(what, _)| outcome.tells(*what)).collect(),
            None => return,
        };
        for (_, waiter) in told {
            // A caller that went away reads the result from the status URL.
            let _ = waiter.send(outcome.clone());
        }
    }

    /// Says that a run is no longer under way here. Its waiters learn that by their closed channel.
    pub(crate) fn leave(&self, run: RunId) {
        self.0.here.lock().remove(&run);
    }

    pub(crate) fn control(&self, run: RunId) -> Option<mpsc::Sender<Control>> {
        self.0.here.lock().get(&run).map(|entry| entry.control.clone())
    }
}
