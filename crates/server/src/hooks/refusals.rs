//! Keeps refused requests, as well as it can within a bound.
//!
//! Of what waits to be stored each source has at most as many as there are places free, so that one under a flood leaves
//! half of them to the others, the next one half of those, and so on: no flood pushes out what another source refuses.

use std::{collections::HashMap, sync::Arc, time::Duration};

use gateway::{Head, Original, Refused};
use parking_lot::Mutex;
use store::{NewRefusal, Refusal, SourceId, Store};
use tokio::sync::mpsc;

use super::sources::Known;

/// Refusals that may wait to be stored, half of them of one source; more are counted and dropped.
const QUEUE: usize = 512;

/// How much of a refused body is kept; a request whose body is not longer can be replayed.
pub(crate) const KEPT: usize = 64 << 10;

/// Bytes that may wait to be stored; beyond them, refusals are kept without their bodies, and beyond twice as many, for
/// heads are long as well, not at all.
const BYTES: usize = 8 << 20;

/// Refusals stored in one write, and the least time between two: at most 640 a second.
const BATCH: usize = 64;
const PAUSE: Duration = Duration::from_millis(100);

/// Takes refusals.
pub(crate) struct Recorder {
    store: Store,
    queue: mpsc::Sender<NewRefusal>,
    waiting: Arc<Waiting>,
}

/// What waits to be stored.
#[derive(Default)]
struct Waiting(Mutex<Counted>);

#[derive(Default)]
struct Counted {
    /// How many refusals of each source.
    sources: HashMap<SourceId, usize>,
    /// Bytes of all of them.
    bytes: usize,
}

impl Waiting {
    /// Takes a place for a source, of so many that are free, if it has no more than its share.
    fn enter(&self, source: SourceId, free: usize) -> bool {
        let mut waiting = self.0.lock();
        let its_own = waiting.sources.get(&source).copied().unwrap_or_default();
        let enters = its_own < free;
        if enters {
            waiting.sources.insert(source, its_own + 1);
        }
        enters
    }

    /// Takes room for what is kept of a body, if there is any left.
    fn has_room(&self, bytes: usize) -> bool {
        self.0.lock().bytes + bytes <= BYTES
    }

    /// Counts what has entered, and says whether there is room for it.
    fn put(&self, refusal: &NewRefusal) -> bool {
        let mut waiting = self.0.lock();
        waiting.bytes += size(refusal);
        waiting.bytes <= 2 * BYTES
    }

    /// Those that are to be stored wait no more.
    fn leave(&self, refusals: &[NewRefusal]) {
        let mut waiting = self.0.lock();
        for refusal in refusals {
            waiting.bytes -= size(refusal);
            let source = refusal.refusal.source;
            let Some(count) = waiting.sources.get_mut(&source) else { continue };
            *count -= 1;
            if *count == 0 {
                waiting.sources.remove(&source);
            }
        }
    }
}

/// Bytes of what is kept of a refused request.
fn size(refusal: &NewRefusal) -> usize {
    refusal.content.len() + refusal.original.as_ref().map_or(0, Vec::len)
}

impl Recorder {
    /// A recorder that writes behind, until it is dropped.
    pub(crate) fn start(store: Store) -> Self {
        let (queue, mut refusals) = mpsc::channel(QUEUE);
        let waiting = Arc::<Waiting>::default();
        let (storing, left) = (store.clone(), Arc::clone(&waiting));
        tokio::spawn(async move {
            let mut batch = Vec::with_capacity(BATCH);
            while refusals.recv_many(&mut batch, BATCH).await > 0 {
                left.leave(&batch);
                let count = batch.len() as u64;
                if let Err(error) = storing.refusal_add(std::mem::take(&mut batch)).await {
                    metrics::counter!("linchpin_refusals_dropped_total").increment(count);
                    tracing::warn!(%error, "refused requests could not be recorded");
                }
                tokio::time::sleep(PAUSE).await;
            }
        });
        Self { store, queue, waiting }
    }

    /// Keeps a refused request if there is room. Without a body, that was not read.
    pub(super) fn record(&self, by: &Known, head: &Head<'_>, body: Option<&[u8]>, refused: &Refused) {
        let source = match by {
            Known::Live(live) => live.row.id,
            Known::Row(_, source) => *source,
        };
        let free = self.queue.capacity();
        // Without a place in the queue, none is taken among those that wait.
        let room = self.queue.try_reserve().ok().filter(|_| self.waiting.enter(source, free));
        let Some(room) = room else {
            return metrics::counter!("linchpin_refusals_dropped_total").increment(1);
        };
        // It is kept twice: as it is shown, and as it was.
        let body = body.filter(|body| self.waiting.has_room(2 * body.len().min(KEPT)));
        let (place, content) = match by {
            Known::Live(live) => {
                let shown = body.unwrap_or_default();
                (live.row.place, live.judge.refusal_content(head, shown, KEPT, refused))
            }
            Known::Row(place, _) => (*place, gateway::refusal_of_broken_source(head, refused)),
        };
        let whole = body.filter(|body| body.len() <= KEPT);
        let original = whole.map(|body| Original::of(head, body).to_json());
        let refusal = Refusal {
            id: self.store.ids().next(),
            place,
            source,
            code: refused.code.as_str().to_owned(),
            status: u32::from(refused.status().as_u16()),
            received_at: head.received_at,
            is_whole: original.is_some(),
            replayed_as: None,
        };
        let refusal = NewRefusal { refusal, content, original };
        if self.waiting.put(&refusal) {
            return room.send(refusal);
        }
        self.waiting.leave(&[refusal]);
        metrics::counter!("linchpin_refusals_dropped_total").increment(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(source: SourceId, bytes: usize) -> NewRefusal {
        let place = store::Place {
            workspace: store::WorkspaceId::from_bytes([1; 16]),
            environment: store::EnvironmentId::from_bytes([1; 16]),
        };
        let (id, received_at) = (store::RefusalId::from_bytes([1; 16]), clock::Timestamp::from_millis(0));
        let (code, content) = (String::new(), vec![0; bytes / 2]);
        let original = Some(content.clone());
        let refusal =
            Refusal { id, place, source, code, status: 401, received_at, is_whole: true, replayed_as: None };
        NewRefusal { refusal, content, original }
    }

    #[test]
    fn a_flood_leaves_room_for_what_others_refuse() {
        let waiting = Waiting::default();
        let [flooded, second, quiet] = [1, 2, 3].map(|byte| SourceId::from_bytes([byte; 16]));
        let mut free = QUEUE;
        let mut enter = |source, tries: usize| {
            let entered = (0..tries).filter(|_| {
                let enters = waiting.enter(source, free);
                free -= usize::from(enters);
                enters
            });
            entered.count()
        };
        assert_eq!(enter(flooded, 10 * QUEUE), QUEUE / 2);
        assert_eq!(enter(second, 10 * QUEUE), QUEUE / 4);
        assert_eq!(enter(flooded, QUEUE), 0);
        assert_eq!(enter(quiet, 60), 60, "each of the third one's has a place");
        waiting.leave(&vec![refusal(flooded, 0); QUEUE / 2]);
        assert!(
            !waiting.0.lock().sources.contains_key(&flooded),
            "nothing is kept of who has nothing waiting"
        );
    }

    #[test]
    fn bodies_wait_only_as_far_as_there_is_room() {
        let (waiting, source) = (Waiting::default(), SourceId::from_bytes([1; 16]));
        let large = refusal(source, BYTES / 2);
        assert!(waiting.put(&large));
        assert!(waiting.has_room(BYTES / 2));
        assert!(waiting.put(&large));
        assert!(!waiting.has_room(1) && waiting.has_room(0));
        assert!(waiting.put(&refusal(source, BYTES)), "its head alone");
        assert!(!waiting.put(&large), "not even that");
        waiting.leave(&[refusal(source, BYTES), large.clone()]);
        waiting.leave(&[large]);
        assert!(waiting.has_room(BYTES / 2) && !waiting.has_room(BYTES));
    }
}
