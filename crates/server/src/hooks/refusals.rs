//! Keeps refused requests, as well as it can within a bound.
//!
//! Of what waits to be stored each source has at most as many as there are places free, so that one under a flood leaves
//! half of them to the others, the next one half of those, and so on: no flood pushes out what another source refuses.

use std::{collections::HashMap, sync::Arc, time::Duration};

use gateway::{Head, Refused};
use parking_lot::Mutex;
use store::{Refusal, SourceId, Store};
use tokio::sync::mpsc;

use super::sources::Known;

/// Refusals that may wait to be stored, half of them of one source; more are counted and dropped.
const QUEUE: usize = 512;

/// How much of a refused body is kept.
const KEPT: usize = 16 << 10;

/// Refusals stored in one write, and the least time between two: at most 640 a second.
const BATCH: usize = 64;
const PAUSE: Duration = Duration::from_millis(100);

/// Takes refusals.
pub(crate) struct Recorder {
    store: Store,
    queue: mpsc::Sender<Refusal>,
    waiting: Arc<Waiting>,
}

/// How many refusals of each source wait to be stored.
#[derive(Default)]
struct Waiting(Mutex<HashMap<SourceId, usize>>);

impl Waiting {
    /// Takes a place for a source, of so many that are free, if it has no more than its share.
    fn enter(&self, source: SourceId, free: usize) -> bool {
        let mut waiting = self.0.lock();
        let its_own = waiting.get(&source).copied().unwrap_or_default();
        let enters = its_own < free;
        if enters {
            waiting.insert(source, its_own + 1);
        }
        enters
    }

    /// Those that are to be stored wait no more.
    fn leave(&self, refusals: &[Refusal]) {
        let mut waiting = self.0.lock();
        for refusal in refusals {
            let Some(count) = waiting.get_mut(&refusal.source) else { continue };
            *count -= 1;
            if *count == 0 {
                waiting.remove(&refusal.source);
            }
        }
    }
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

    /// Keeps a refused request if there is room.
    pub(super) fn record(&self, by: &Known, head: &Head<'_>, body: &[u8], refused: &Refused) {
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
        let (place, content) = match by {
            Known::Live(live) => (live.row.place, live.judge.refusal_content(head, body, KEPT, refused)),
            Known::Row(place, _) => (*place, gateway::refusal_of_broken_source(head, refused)),
        };
        room.send(Refusal {
            id: self.store.ids().next(),
            place,
            source,
            code: refused.code.as_str().to_owned(),
            status: u32::from(refused.status().as_u16()),
            received_at: head.received_at,
            content,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(source: SourceId) -> Refusal {
        let place = store::Place {
            workspace: store::WorkspaceId::from_bytes([1; 16]),
            environment: store::EnvironmentId::from_bytes([1; 16]),
        };
        let (id, received_at) = (store::RefusalId::from_bytes([1; 16]), clock::Timestamp::from_millis(0));
        Refusal { id, place, source, code: String::new(), status: 401, received_at, content: Vec::new() }
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
        waiting.leave(&vec![refusal(flooded); QUEUE / 2]);
        assert!(!waiting.0.lock().contains_key(&flooded), "nothing is kept of who has nothing waiting");
    }
}
