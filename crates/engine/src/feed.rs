//! How far a run has come, for whoever reads along: at the node where it is under way, and at those where its readers
//! are. It is kept from when a step speaks or somebody reads along until the run is let go; for other runs it would cost
//! something and tell nothing that the journal does not.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use parking_lot::Mutex;
use store::RunId;
use tokio::sync::{broadcast, watch};

use crate::progress::{Advance, Cursor, KEPT, Progress, Told};

/// The bytes of text that a node keeps of all runs together.
const KEPT_OF_ALL: usize = 64 << 20;

/// What the feeds of a node share.
#[derive(Clone, Debug)]
pub(crate) struct Room {
    /// Bytes of text that are kept.
    kept: Arc<AtomicUsize>,
    /// Tells of runs that have come further, of those that other nodes want to know of.
    moved: broadcast::Sender<RunId>,
}

/// The feed of a run.
#[derive(Debug)]
pub(crate) struct Feed {
    run: RunId,
    room: Room,
    inner: Mutex<Inner>,
    /// Whether there is anything to keep.
    is_kept: AtomicBool,
    /// Whether other nodes do.
    is_wanted: AtomicBool,
    /// Changes whenever there is something new; true when nothing more comes.
    changed: watch::Sender<bool>,
}

#[derive(Debug)]
struct Inner {
    progress: Progress,
    /// What the other nodes have been told.
    told: Option<Cursor>,
}

impl Room {
    pub(crate) fn new(backlog: usize) -> Self {
        Self { kept: Arc::default(), moved: broadcast::Sender::new(backlog) }
    }

    pub(crate) fn moved(&self) -> broadcast::Receiver<RunId> {
        self.moved.subscribe()
    }
}

impl Feed {
    pub(crate) fn new(run: RunId, room: &Room) -> Self {
        Self {
            run,
            room: room.clone(),
            inner: Mutex::new(Inner { progress: Progress::default(), told: None }),
            is_kept: AtomicBool::new(false),
            is_wanted: AtomicBool::new(false),
            changed: watch::Sender::new(false),
        }
    }

    /// A step is about to speak: whoever comes later shall know what it said.
    pub(crate) fn keep(&self) {
        self.is_kept.store(true, Ordering::Relaxed);
    }

    /// Somebody reads along from now on.
    pub(crate) fn follow(&self) -> watch::Receiver<bool> {
        self.keep();
        self.changed.subscribe()
    }

    /// Other nodes do, or do not any more.
    pub(crate) fn want(&self, wanted: bool) {
        self.is_kept.fetch_or(wanted, Ordering::Relaxed);
        self.is_wanted.store(wanted, Ordering::Relaxed);
    }

    fn is_kept(&self) -> bool {
        self.is_kept.load(Ordering::Relaxed)
    }

    /// Takes over where the steps of the run stand.
    pub(crate) fn show(&self, progress: impl FnOnce() -> Progress) {
        if self.is_kept() {
            self.change(|known| known.show(progress()));
        }
    }

    /// A try of a step begins.
    pub(crate) fn begin(&self, nth: usize) {
        if self.is_kept() {
            self.change(|known| known.begin(nth));
        }
    }

    /// A step says something.
    pub(crate) fn say(&self, nth: usize, text: &str) {
        if self.is_kept() {
            self.change(|known| known.say(nth, text));
        }
    }

    /// Takes over what the node tells where the run is under way.
    pub(crate) fn learn(&self, advance: Advance) {
        self.change(|known| known.learn(advance));
    }

    /// The next thing that a reader does not know; nothing too while nothing is known at all.
    pub(crate) fn next(&self, reader: &mut Cursor) -> Option<Told> {
        reader.next(&self.inner.lock().progress)
    }

    pub(crate) fn is_known(&self) -> bool {
        self.inner.lock().progress.is_known()
    }

    /// All there is, for a node that knows nothing of it.
    pub(crate) fn whole(&self) -> Option<Advance> {
        let inner = self.inner.lock();
        inner.progress.is_known().then(|| inner.progress.whole())
    }

    /// What the other nodes do not know.
    pub(crate) fn news(&self) -> Option<Advance> {
        let Inner { progress, told } = &mut *self.inner.lock();
        if !progress.is_known() {
            return None;
        }
        let is_first = told.is_none();
        let news = progress.since(told.get_or_insert_with(|| Cursor::new(self.run)));
        Some(if is_first { progress.whole() } else { news }).filter(|news| !news.is_empty())
    }

    /// Says that nothing more comes.
    pub(crate) fn close(&self) {
        self.changed.send_replace(true);
    }

    fn change<T>(&self, change: impl FnOnce(&mut Progress) -> T) {
        let mut inner = self.inner.lock();
        let before = inner.progress.size();
        change(&mut inner.progress);
        inner.progress.keep(KEPT);
        let others = self.room.kept.load(Ordering::Relaxed).saturating_sub(before);
        if others + inner.progress.size() > KEPT_OF_ALL {
            inner.progress.keep(KEPT_OF_ALL.saturating_sub(others));
        }
        self.account(before, inner.progress.size());
        drop(inner);
        // Readers see for themselves what is new.
        self.changed.send_modify(|_| {});
        if self.is_wanted.load(Ordering::Relaxed) {
            // Without a receiver there is no other node.
            let _ = self.room.moved.send(self.run);
        }
    }

    fn account(&self, before: usize, now: usize) {
        if now >= before {
            self.room.kept.fetch_add(now - before, Ordering::Relaxed);
        } else {
            self.room.kept.fetch_sub(before - now, Ordering::Relaxed);
        }
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        let kept = self.inner.get_mut().progress.size();
        self.account(kept, 0);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const RUN: RunId = RunId::from_bytes([7; 16]);

    /// What a node tells of a run whose one step has begun.
    fn begun() -> Advance {
        let step = json!({ "nth": 0, "step": "a", "standing": "running" });
        serde_json::from_value(json!({ "is_whole": true, "steps": [step] })).unwrap()
    }

    fn feed(room: &Room) -> Feed {
        let feed = Feed::new(RUN, room);
        feed.keep();
        feed.learn(begun());
        feed.begin(0);
        feed
    }

    #[test]
    fn what_is_kept_of_a_run_and_of_all_is_bounded() {
        let room = Room::new(1);
        let kept = || room.kept.load(Ordering::Relaxed);
        let feeds: Vec<Feed> = (0..KEPT_OF_ALL / KEPT + 50).map(|_| feed(&room)).collect();
        let piece = "x".repeat(KEPT / 2 + 1);
        for feed in &feeds {
            for _ in 0..3 {
                feed.say(0, &piece);
                assert!(feed.inner.lock().progress.size() <= KEPT && kept() <= KEPT_OF_ALL);
            }
        }
        let size = |feed: &Feed| feed.inner.lock().progress.size();
        assert_eq!(kept(), feeds.iter().map(size).sum::<usize>());
        assert!(kept() > KEPT_OF_ALL / 2, "what there is room for is kept");
        drop(feeds);
        assert_eq!(kept(), 0);
    }

    #[test]
    fn nothing_is_kept_before_somebody_wants_it() {
        let room = Room::new(1);
        let feed = Feed::new(RUN, &room);
        feed.show(|| panic!("nobody reads along"));
        feed.say(0, "x");
        assert!(!feed.is_known() && feed.whole().is_none() && feed.news().is_none());
    }

    #[test]
    fn other_nodes_are_told_everything_once_and_then_what_is_new() {
        let room = Room::new(8);
        let (mut moved, feed) = (room.moved(), feed(&room));
        feed.say(0, "unheard ");
        assert!(moved.try_recv().is_err(), "no other node wants to know");
        feed.want(true);
        feed.say(0, "a");
        assert_eq!(moved.try_recv(), Ok(RUN));
        assert_eq!(feed.news(), feed.whole());
        feed.say(0, "b");
        feed.say(0, "c");
        let news = feed.news().unwrap();
        assert_ne!(Some(&news), feed.whole().as_ref());
        assert_eq!(feed.news(), None, "it was told");

        let there = Feed::new(RUN, &room);
        let (mut changed, mut cursor) = (there.follow(), Cursor::new(RUN));
        there.learn(feed.whole().unwrap());
        there.learn(news);
        assert!(changed.has_changed().unwrap());
        let told: Vec<Told> = std::iter::from_fn(|| there.next(&mut cursor)).collect();
        let (step, text) = ("a".into(), "unheard abc".to_owned());
        assert_eq!(told[1..], [Told::Token { step, text }]);
        there.close();
        assert!(*changed.borrow_and_update());
    }
}
