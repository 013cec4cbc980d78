//! Who is told of what happens: live views, callers that wait for a result, and the other nodes.

mod following;

use std::{
    borrow::Cow,
    collections::{HashMap, hash_map},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use flow::run::{Status, StepPath};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use store::{EventId, Place, RunId};
use tokio::sync::{broadcast, mpsc, oneshot};

pub use self::following::Follower;
use crate::{
    Outcome, Tells,
    feed::{Feed, Room},
};

/// Updates that a slow viewer may be behind before it misses some.
const BACKLOG: usize = 1024;

/// Callers that may wait for one run.
const WAITERS: usize = 1024;

/// Something that happened in a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// The run is under way.
    Begun,
    /// A step began, ended or waits.
    Step {
        /// Which step.
        step: StepPath,
        /// `running`, `succeeded`, `failed`, `waiting`.
        state: Cow<'static, str>,
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

/// What callers here want of runs that are not under way here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// Somebody waits for what comes of it.
    Want(RunId),
    /// Nobody does any more.
    Enough(RunId),
    /// Somebody reads along how it goes on.
    Follow(RunId),
    /// Nobody does any more.
    Unfollow(RunId),
    /// It is to be cancelled.
    Cancel {
        /// The run.
        run: RunId,
        /// Who wants that.
        by: String,
    },
}

/// What a run under way is told from outside.
#[derive(Debug)]
pub(crate) enum Control {
    /// What one of its steps waits for may have come.
    Woken,
    /// `done` is told when it is cancelled, if somebody waits for that.
    Cancel { by: String, done: Option<oneshot::Sender<()>> },
}

#[derive(Clone, Debug)]
pub(crate) struct Hub(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    updates: Updates,
    outcomes: broadcast::Sender<(RunId, Outcome)>,
    calls: broadcast::Sender<Call>,
    room: Room,
    /// Runs that are under way here, waited for here, or read along: here, or at other nodes if they come here.
    runs: Mutex<HashMap<RunId, Entry>>,
}

#[derive(Debug)]
struct Entry {
    /// Of a run that is under way here.
    control: Option<mpsc::Sender<Control>>,
    waiters: Vec<(Tells, oneshot::Sender<Outcome>)>,
    /// Whether other nodes were asked for it.
    is_wanted: bool,
    feed: Arc<Feed>,
    /// Who reads along here.
    followers: usize,
    /// Whether other nodes were asked to tell how it goes on.
    is_called: bool,
    /// Whether other nodes asked for that.
    is_followed_elsewhere: bool,
}

/// A run that is under way here, as whoever carries it on has it.
#[derive(Debug)]
pub(crate) struct Controlled {
    run: RunId,
    /// Tells it from the same run, taken up here again.
    control: mpsc::Sender<Control>,
    told: mpsc::Receiver<Control>,
    /// Who reads along.
    pub(crate) feed: Arc<Feed>,
}

/// What will come of a run, once it is known; an error when nobody here will tell, and its row is to be looked at.
#[derive(Debug)]
pub struct Answer {
    hub: Hub,
    run: RunId,
    answered: oneshot::Receiver<Outcome>,
}

impl Hub {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Inner {
            updates: broadcast::Sender::new(BACKLOG),
            outcomes: broadcast::Sender::new(BACKLOG),
            calls: broadcast::Sender::new(BACKLOG),
            room: Room::new(BACKLOG),
            runs: Mutex::default(),
        }))
    }

    pub(crate) fn updates(&self) -> &Updates {
        &self.0.updates
    }

    pub(crate) fn outcomes(&self) -> broadcast::Receiver<(RunId, Outcome)> {
        self.0.outcomes.subscribe()
    }

    pub(crate) fn calls(&self) -> broadcast::Receiver<Call> {
        self.0.calls.subscribe()
    }

    /// The runs that other nodes were asked for and that are still waited for.
    pub(crate) fn wanted(&self) -> Vec<RunId> {
        self.0.runs.lock().iter().filter(|(_, entry)| entry.is_wanted).map(|(run, _)| *run).collect()
    }

    /// Asks the other nodes, if there are any.
    pub(crate) fn call(&self, call: Call) {
        // Nobody listens where this node is alone.
        let _ = self.0.calls.send(call);
    }

    /// Tells the viewers, if there are any.
    pub(crate) fn publish(&self, update: impl FnOnce() -> Update) {
        if self.0.updates.receiver_count() > 0 {
            // Nobody left in between: then nobody wants to know.
            let _ = self.0.updates.send(update());
        }
    }

    /// Says that a run is under way here.
    pub(crate) fn enter(&self, run: RunId) -> Controlled {
        let (control, told) = mpsc::channel(4);
        let mut runs = self.0.runs.lock();
        let entry = self.entry(&mut runs, run);
        if entry.control.replace(control.clone()).is_some() {
            // Whoever had it here before does not write on.
            entry.renew_feed(run, &self.0.room);
        }
        Controlled { run, control, told, feed: Arc::clone(&entry.feed) }
    }

    /// Waits for the answer or the end of a run, wherever it is under way; `None` when too many do already.
    pub(crate) fn wait(&self, run: RunId, what: Tells) -> Option<Answer> {
        let (answer, answered) = oneshot::channel();
        let mut runs = self.0.runs.lock();
        let entry = self.entry(&mut runs, run);
        if entry.waiters.len() >= WAITERS {
            return None;
        }
        entry.waiters.push((what, answer));
        if entry.control.is_none() && !entry.is_wanted {
            entry.is_wanted = true;
            // Under the lock, so that it and its end are heard in their order.
            self.call(Call::Want(run));
        }
        drop(runs);
        Some(Answer { hub: self.clone(), run, answered })
    }

    /// Gives what has come of a run that is under way here to everybody who waited for that.
    pub(crate) fn answer(&self, run: RunId, outcome: &Outcome) {
        if self.0.outcomes.receiver_count() > 0 {
            let _ = self.0.outcomes.send((run, outcome.clone()));
        }
        self.learn(run, outcome);
    }

    /// Gives what has come of a run, here or elsewhere, to everybody here who waited for that.
    pub(crate) fn learn(&self, run: RunId, outcome: &Outcome) {
        let told: Vec<_> = match self.0.runs.lock().get_mut(&run) {
            Some(entry) => entry.waiters.extract_if(.., |(what, _)| outcome.tells(*what)).collect(),
            None => return,
        };
        for (_, waiter) in told {
            // A caller that went away reads the result from the status URL.
            let _ = waiter.send(outcome.clone());
        }
    }

    /// Says that a run is no longer under way here. Its waiters learn that by their closed channel, and its readers by
    /// the end of their feed. One that was taken up here again meanwhile stays.
    pub(crate) fn leave(&self, controlled: &Controlled) {
        let mut runs = self.0.runs.lock();
        let hash_map::Entry::Occupied(mut entry) = runs.entry(controlled.run) else { return };
        let is_it = entry.get().control.as_ref().is_some_and(|known| known.same_channel(&controlled.control));
        if !is_it {
            return;
        }
        let left = entry.get_mut();
        left.control = None;
        left.waiters.clear();
        left.renew_feed(controlled.run, &self.0.room);
        if std::mem::take(&mut left.is_wanted) {
            self.call(Call::Enough(controlled.run));
        }
        if left.is_idle() {
            entry.remove();
        }
    }

    fn entry<'a>(&self, runs: &'a mut HashMap<RunId, Entry>, run: RunId) -> &'a mut Entry {
        runs.entry(run).or_insert_with(|| Entry {
            control: None,
            waiters: Vec::new(),
            is_wanted: false,
            feed: Arc::new(Feed::new(run, &self.0.room)),
            followers: 0,
            is_called: false,
            is_followed_elsewhere: false,
        })
    }

    pub(crate) fn control(&self, run: RunId) -> Option<mpsc::Sender<Control>> {
        self.0.runs.lock().get(&run)?.control.clone()
    }

    /// Tells a run that what it waits for may have come. Says whether it is under way here.
    pub(crate) fn wake(&self, run: RunId) -> bool {
        let Some(control) = self.control(run) else { return false };
        // Told too much already, it looks anyway.
        let _ = control.try_send(Control::Woken);
        true
    }

    /// The same to every run under way here: it is not known which.
    pub(crate) fn wake_all(&self) {
        for control in self.0.runs.lock().values().filter_map(|entry| entry.control.as_ref()) {
            let _ = control.try_send(Control::Woken);
        }
    }

    /// How many runs are under way here.
    pub(crate) fn under_way(&self) -> usize {
        self.0.runs.lock().values().filter(|entry| entry.control.is_some()).count()
    }

    /// Whether a run is under way here.
    pub(crate) fn is_here(&self, run: RunId) -> bool {
        self.0.runs.lock().get(&run).is_some_and(|entry| entry.control.is_some())
    }

    /// A caller waits no more.
    fn forget(&self, run: RunId) {
        let mut runs = self.0.runs.lock();
        let hash_map::Entry::Occupied(mut entry) = runs.entry(run) else { return };
        entry.get_mut().waiters.retain(|(_, waiter)| !waiter.is_closed());
        if entry.get().waiters.is_empty() {
            if std::mem::take(&mut entry.get_mut().is_wanted) {
                self.call(Call::Enough(run));
            }
            if entry.get().is_idle() {
                entry.remove();
            }
        }
    }
}

impl Entry {
    /// Whether nobody has to do with the run here.
    fn is_idle(&self) -> bool {
        self.control.is_none()
            && self.waiters.is_empty()
            && self.followers == 0
            && !self.is_followed_elsewhere
    }
}

impl Controlled {
    /// What the run is told next; never the end, since this is itself one who could tell it something.
    pub(crate) async fn told(&mut self) -> Option<Control> {
        self.told.recv().await
    }
}

impl Future for Answer {
    type Output = Result<Outcome, oneshot::error::RecvError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.answered).poll(context)
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.answered.close();
        self.hub.forget(self.run);
    }
}

#[cfg(test)]
mod tests;
