//! Who reads along how runs go on: here, and at other nodes.

use std::{collections::hash_map, sync::Arc};

use store::RunId;
use tokio::sync::{broadcast, watch};

use super::{Call, Entry, Hub};
use crate::{
    feed::{Feed, Room},
    progress::{Advance, Cursor, Told},
};

/// Somebody who reads along how a run goes on, wherever it is under way.
#[derive(Debug)]
pub struct Follower {
    hub: Hub,
    run: RunId,
    feed: Arc<Feed>,
    changed: watch::Receiver<bool>,
}

impl Hub {
    /// Reads along how a run goes on, from now on.
    pub(crate) fn follow(&self, run: RunId) -> Follower {
        let mut runs = self.0.runs.lock();
        let entry = self.entry(&mut runs, run);
        entry.followers += 1;
        if entry.control.is_none() && !entry.is_called {
            entry.is_called = true;
            self.call(Call::Follow(run));
        }
        let feed = Arc::clone(&entry.feed);
        let changed = feed.follow();
        drop(runs);
        Follower { hub: self.clone(), run, feed, changed }
    }

    /// The runs that readers here follow and that other nodes were asked for.
    pub(crate) fn followed(&self) -> Vec<RunId> {
        self.0.runs.lock().iter().filter(|(_, entry)| entry.is_called).map(|(run, _)| *run).collect()
    }

    /// Readers at other nodes follow a run, or do not any more. Gives all that is known of it if it is under way here.
    pub(crate) fn follow_elsewhere(&self, run: RunId, follows: bool) -> Option<Advance> {
        let mut runs = self.0.runs.lock();
        let entry = self.entry(&mut runs, run);
        entry.is_followed_elsewhere = follows;
        entry.feed.want(follows);
        let here = entry.control.is_some().then(|| Arc::clone(&entry.feed));
        if entry.is_idle() {
            runs.remove(&run);
        }
        drop(runs);
        here.filter(|_| follows)?.whole()
    }

    /// Tells of runs that came further, of those that readers at other nodes follow.
    pub(crate) fn moved(&self) -> broadcast::Receiver<RunId> {
        self.0.room.moved()
    }

    /// What those do not know yet of a run that is under way here.
    pub(crate) fn news(&self, run: RunId) -> Option<Advance> {
        let runs = self.0.runs.lock();
        let feed =
            runs.get(&run).filter(|entry| entry.control.is_some()).map(|entry| Arc::clone(&entry.feed));
        drop(runs);
        feed?.news()
    }

    /// Takes over how a run goes on elsewhere, for readers here.
    pub(crate) fn learn_advance(&self, run: RunId, advance: Advance) {
        let runs = self.0.runs.lock();
        let entry = runs.get(&run).filter(|entry| entry.control.is_none() && entry.followers > 0);
        let feed = entry.map(|entry| Arc::clone(&entry.feed));
        drop(runs);
        if let Some(feed) = feed {
            feed.learn(advance);
        }
    }

    /// A reader reads along no more.
    fn unfollow(&self, run: RunId) {
        let mut runs = self.0.runs.lock();
        let hash_map::Entry::Occupied(mut entry) = runs.entry(run) else { return };
        let left = entry.get_mut();
        left.followers -= 1;
        if left.followers > 0 {
            return;
        }
        if std::mem::take(&mut left.is_called) {
            self.call(Call::Unfollow(run));
        }
        if left.is_idle() {
            entry.remove();
        }
    }
}

impl Entry {
    /// Ends the feed; who reads along here takes the next one.
    pub(super) fn renew_feed(&mut self, run: RunId, room: &Room) {
        let feed = Feed::new(run, room);
        feed.want(self.is_followed_elsewhere);
        std::mem::replace(&mut self.feed, Arc::new(feed)).close();
    }
}

impl Follower {
    /// The next thing that this reader does not know.
    pub(crate) fn next(&self, reader: &mut Cursor) -> Option<Told> {
        self.feed.next(reader)
    }

    /// Whether anything is known of the run.
    pub(crate) fn is_known(&self) -> bool {
        self.feed.is_known()
    }

    /// Waits until there may be something new. True when the run was let go here: then it is to be followed anew.
    pub(crate) async fn changed(&mut self) -> bool {
        self.changed.changed().await.is_err() || *self.changed.borrow_and_update()
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.hub.unfollow(self.run);
    }
}
