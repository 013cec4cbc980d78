//! Keeps refused requests, as well as it can within a bound.

use std::time::Duration;

use gateway::{Head, Original, Refused};
use store::{NewRefusal, Refusal, Store};
use tokio::sync::mpsc;

use super::sources::Known;

/// Refusals that may wait to be stored; more are counted and dropped.
const QUEUE: usize = 256;

/// How much of a refused body is kept; a request whose body is not longer can be replayed.
pub(crate) const KEPT: usize = 64 << 10;

/// Refusals stored in one write, and the least time between two: at most 640 a second.
const BATCH: usize = 64;
const PAUSE: Duration = Duration::from_millis(100);

/// Takes refusals.
pub(crate) struct Recorder {
    store: Store,
    queue: mpsc::Sender<NewRefusal>,
}

impl Recorder {
    /// A recorder that writes behind, until it is dropped.
    pub(crate) fn start(store: Store) -> Self {
        let (queue, mut refusals) = mpsc::channel(QUEUE);
        let writing = store.clone();
        tokio::spawn(async move {
            let mut batch = Vec::with_capacity(BATCH);
            while refusals.recv_many(&mut batch, BATCH).await > 0 {
                let count = batch.len() as u64;
                if let Err(error) = writing.refusal_add(std::mem::take(&mut batch)).await {
                    metrics::counter!("linchpin_refusals_dropped_total").increment(count);
                    tracing::warn!(%error, "refused requests could not be recorded");
                }
                tokio::time::sleep(PAUSE).await;
            }
        });
        Self { store, queue }
    }

    /// Keeps a refused request if there is room. Without a body, that was not read.
    pub(super) fn record(&self, by: &Known, head: &Head<'_>, body: Option<&[u8]>, refused: &Refused) {
        let Ok(room) = self.queue.try_reserve() else {
            return metrics::counter!("linchpin_refusals_dropped_total").increment(1);
        };
        let (place, source, content) = match by {
            Known::Live(live) => {
                let shown = body.unwrap_or_default();
                (live.row.place, live.row.id, live.judge.refusal_content(head, shown, KEPT, refused))
            }
            Known::Row(place, source) => (*place, *source, gateway::refusal_of_broken_source(head, refused)),
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
            content,
            is_whole: original.is_some(),
            replayed_as: None,
        };
        room.send(NewRefusal { refusal, original });
    }
}
