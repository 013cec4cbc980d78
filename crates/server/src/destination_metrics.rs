//! What the metrics say of each destination.
//!
//! Attempts are counted as they are recorded. What waits is read from the database when somebody asks, by the counts that the
//! pages of destinations show: each looks at a bounded piece of an index.

use std::{
    collections::{BTreeMap, HashSet},
    fmt::Write,
    sync::Arc,
    time::Duration,
};

use clock::Timestamp;
use delivery::Measure;
use parking_lot::Mutex;
use store::{Queue, Soundness};
use tokio::time::Instant;

use crate::{app::App, world::World};

/// How long attempts take, in seconds.
pub(crate) const SECONDS: &str = "linchpin_destination_attempt_seconds";

/// The bounds of its buckets.
pub(crate) const BUCKETS: [f64; 10] = [0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0];

/// Destinations with labels of their own; all others share [`OTHER`]. For what is counted they are the first that were
/// sent to since the process began, for what is read the first by environment and name.
const LABELS: usize = 200;

/// The label of all the others; its environment is empty.
const OTHER: &str = "other";

/// What is read is read anew after this, however often somebody asks.
const FRESH: Duration = Duration::from_secs(10);

/// Counts attempts and what they settle, by the name of the destination.
pub(crate) fn measure(world: Arc<World>) -> Measure {
    let labelled: Mutex<HashSet<(Arc<str>, String)>> = Mutex::default();
    Arc::new(move |settled, took| {
        let name = world.destination_name(settled.place, settled.destination);
        let name = name.filter(|name| {
            let mut labelled = labelled.lock();
            labelled.contains(name) || (labelled.len() < LABELS && labelled.insert(name.clone()))
        });
        let (environment, destination) =
            name.map_or((String::new(), OTHER.to_owned()), |(at, name)| (at.to_string(), name));
        let labels = [("environment", environment), ("destination", destination)];
        metrics::histogram!(SECONDS, &labels).record(took.as_secs_f64());
        let counted = |label: &'static str, word: &str| {
            labels.iter().cloned().chain([(label, word.to_owned())]).collect::<Vec<_>>()
        };
        let outcome = counted("outcome", settled.outcome.word());
        metrics::counter!("linchpin_destination_attempts_total", &outcome).increment(1);
        let state = match settled.outcome {
            delivery::Outcome::Retry => return,
            delivery::Outcome::Delivered => "delivered",
            delivery::Outcome::Permanent | delivery::Outcome::Exhausted => "dead",
        };
        metrics::counter!("linchpin_destination_deliveries_total", &counted("state", state)).increment(1);
    })
}

/// What waits for destinations, and how they stand, as it was last read.
#[derive(Default)]
pub(crate) struct Gauges(tokio::sync::Mutex<Option<(Instant, String)>>);

impl Gauges {
    /// In Prometheus' text form; read anew when it is older than some seconds. What cannot be read is left out.
    pub(crate) async fn render(&self, app: &App) -> String {
        let mut last = self.0.lock().await;
        if let Some((_, text)) = last.as_ref().filter(|(at, _)| at.elapsed() < FRESH) {
            return text.clone();
        }
        match read(app).await {
            Ok(rows) => {
                let text = written(&rows, app.clock.now());
                *last = Some((Instant::now(), text.clone()));
                text
            }
            Err(error) => {
                tracing::warn!(%error, "the metrics lack what waits for destinations");
                String::new()
            }
        }
    }
}

/// A destination, or all that share a label.
#[derive(Clone, Debug, Default, PartialEq)]
struct Gauged {
    queue: Queue,
    /// How many of them are open, and switched off.
    open: u64,
    disabled: u64,
}

/// By environment and name.
type Rows = BTreeMap<(String, String), Gauged>;

async fn read(app: &App) -> Result<Rows, store::Error> {
    let mut known = Vec::new();
    for place in app.world.places() {
        let environment = app.world.environment_name(place.environment);
        let of_place = app.store.destination_soundness(place).await?;
        known.extend(of_place.into_iter().map(|one| (environment.to_string(), one)));
    }
    known.sort_by(|(a, x), (b, y)| (a, &x.name).cmp(&(b, &y.name)));
    // Those without a label of their own are not counted one by one: there may be any number of them.
    let ids = known.iter().take(LABELS).map(|(_, one)| one.id).collect();
    let queues = app.store.destination_queues(ids).await?;
    Ok(rows(known, queues))
}

fn rows(known: Vec<(String, Soundness)>, queues: Vec<Queue>) -> Rows {
    let mut rows = Rows::new();
    let mut queues = queues.into_iter();
    for (environment, one) in known {
        let own = queues.next();
        let name = match own {
            Some(_) => (environment, one.name),
            None => (String::new(), OTHER.to_owned()),
        };
        let row = rows.entry(name).or_default();
        row.queue = own.unwrap_or_default();
        row.open += u64::from(one.breaker.is_some());
        row.disabled += u64::from(one.is_disabled);
    }
    rows
}

/// The lines of the gauges.
fn written(rows: &Rows, now: Timestamp) -> String {
    let mut text = String::new();
    let mut gauge = |name: &str, help: &str, values: &dyn Fn(&Gauged) -> Vec<(&'static str, u64)>| {
        // Writing to a text cannot fail.
        let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} gauge\n");
        for ((environment, destination), row) in rows {
            let (environment, destination) = (escaped(environment), escaped(destination));
            for (label, value) in values(row) {
                let _ = writeln!(
                    text,
                    "{name}{{environment=\"{environment}\",destination=\"{destination}\"{label}}} {value}"
                );
            }
        }
    };
    let of_all = |value| vec![("", value)];
    gauge("linchpin_destination_queue", "What waits for a destination, each up to 10000.", &|row| {
        let Queue { pending, retrying, blocked, dead, .. } = row.queue;
        vec![
            (",state=\"pending\"", pending),
            (",state=\"retrying\"", retrying),
            (",state=\"blocked\"", blocked),
            (",state=\"dead\"", dead),
        ]
    });
    gauge("linchpin_destination_oldest_seconds", "How long the oldest that is pending has waited.", &|row| {
        of_all(row.queue.oldest_at.map_or(0, |at| at.until(now).as_secs()))
    });
    gauge("linchpin_destination_breaker_open", "Whether its breaker is open.", &|row| of_all(row.open));
    gauge("linchpin_destination_disabled", "Whether it is switched off.", &|row| of_all(row.disabled));
    text
}

fn escaped(label: &str) -> String {
    label.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use store::DestinationId;

    use super::*;

    fn one(name: &str, is_disabled: bool) -> (String, Soundness) {
        let id = DestinationId::from_bytes([1; 16]);
        ("production".to_owned(), Soundness { id, name: name.to_owned(), is_disabled, breaker: None })
    }

    #[test]
    fn what_has_no_label_of_its_own_shares_one() {
        let known = vec![one("a", false), one("b", true), one("c", true)];
        let first = Queue { pending: 3, ..Queue::default() };
        let rows = rows(known, vec![first]);
        assert_eq!(rows.len(), 2);
        let other = &rows[&(String::new(), OTHER.to_owned())];
        assert_eq!((other.disabled, other.queue), (2, Queue::default()));
        let text = written(&rows, Timestamp::from_millis(0));
        let line =
            "linchpin_destination_queue{environment=\"production\",destination=\"a\",state=\"pending\"} 3\n";
        assert!(text.contains(line), "{text}");
        assert!(
            text.contains("linchpin_destination_disabled{environment=\"\",destination=\"other\"} 2\n"),
            "{text}"
        );
    }

    #[test]
    fn the_age_is_that_of_the_oldest_and_labels_are_escaped() {
        let queue = Queue { oldest_at: Some(Timestamp::from_millis(1_000)), ..Queue::default() };
        let rows = Rows::from([(("a\"b".to_owned(), "c".to_owned()), Gauged { queue, ..Gauged::default() })]);
        let text = written(&rows, Timestamp::from_millis(61_000));
        let line = "linchpin_destination_oldest_seconds{environment=\"a\\\"b\",destination=\"c\"} 60\n";
        assert!(text.contains(line), "{text}");
    }
}
