//! One attempt of a delivery: build, send, judge, record.

mod make;
pub(crate) mod send;

use std::{sync::Arc, time::Duration};

use clock::Timestamp;
use faults::CrashPoint;
use store::{AlertCause, AlertKind, AttemptCommit, DeliveryId, DueDelivery, NewAlert, Settle};
use tokio::time::Instant;

use crate::{
    AttemptRecord, Destination, Outcome, Settled, breaker::Health, drain::Around, history::History,
    pacer::Pacer, verdict::Verdict,
};
use send::Sent;

/// The pauses between tries to record an attempt: they double from the first to the last.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// A delivery whose attempt is over.
#[derive(Debug)]
pub(crate) struct Landed {
    pub(crate) id: DeliveryId,
    pub(crate) fate: Fate,
}

/// What became of an attempt.
#[derive(Debug)]
pub(crate) enum Fate {
    /// It is recorded.
    Recorded {
        /// When the delivery is due again.
        next_at: Option<Timestamp>,
        /// Whether the destination is switched off now.
        disabled: bool,
        /// What it says of the receiver.
        health: Health,
        /// Whether an alert is at the delivery's beginning.
        is_of_alert: bool,
        /// How long the receiver asked to wait.
        asked: Option<Duration>,
        /// Whether another may be due now, since this one left its lane.
        freed: bool,
    },
    /// The delivery was not this node's to settle any more.
    Lost,
    /// Nothing was sent, since what came before could not be read.
    Untried(store::Error),
}

/// Makes one attempt and records it. Returns when that is on stable storage. The right to its first call has been
/// taken already.
pub(crate) async fn attempt(
    around: Arc<Around>,
    (destination, pacer): (Arc<Destination>, Arc<Pacer>),
    mut due: DueDelivery,
) -> Landed {
    let id = due.id;
    let history = match history(&around, &due).await {
        Ok(history) => history,
        Err(error) => return Landed { id, fate: Fate::Untried(error) },
    };
    let (at, begun) = (around.clock.now(), Instant::now());
    faults::hit(CrashPoint::BeforeAttempt);
    let message = std::mem::take(&mut due.message);
    let tries = history.tries;
    let sent = send::send(&around, (&destination, &pacer), (&due, message, at), history).await;
    faults::hit(CrashPoint::AfterAttempt);
    let (health, asked) = (sent.health(), sent.asked());
    let (record, disable) = conclude(sent, tries, &destination, &around);
    let took = begun.elapsed();
    measure(destination.kind(), record.outcome, took);
    let then = settle(&record, destination.halts, &around);
    if !commit(&around, &due, (at, &record), (then, disable)).await {
        return Landed { id, fate: Fate::Lost };
    }
    faults::hit(CrashPoint::AfterAttemptCommit);
    let (next_at, disabled) = (record.next_at.map(Timestamp::from_millis), disable.is_some());
    let settled = Settled {
        delivery: id,
        place: due.place,
        destination: due.destination,
        run: due.run,
        attempt: due.attempts + 1,
        outcome: record.outcome,
        at,
        next_at,
        disabled,
    };
    (around.measure)(&settled, took);
    // Nobody may be listening, which is no failure.
    let _ = around.settled.send(settled);
    let freed = due.lane.is_some() && !matches!(then, Settle::Retry(_));
    let is_of_alert = due.is_of_alert;
    Landed { id, fate: Fate::Recorded { next_at, disabled, health, is_of_alert, asked, freed } }
}

/// What earlier attempts mean. One whose record cannot be understood counts as one try, nothing accepted.
async fn history(around: &Around, due: &DueDelivery) -> Result<History, store::Error> {
    if due.attempts == 0 {
        return Ok(History::NONE);
    }
    let last = match around.store.delivery_last_attempt(due.place.workspace, due.id).await {
        Err(store::Error::Unseal { .. }) => None,
        last => last?,
    };
    let last = last.and_then(|last| serde_json::from_slice::<AttemptRecord>(&last.record).ok());
    Ok(last.map_or(History::NONE, |last| History::after(&last)))
}

/// What follows from what came of sending: the record, and why the destination is switched off, if it is.
fn conclude(
    sent: Sent,
    tries: u32,
    destination: &Destination,
    around: &Around,
) -> (AttemptRecord, Option<&'static str>) {
    let Sent { verdict, exchanges, parts, told, remark } = sent;
    let (outcome, reason, wait, disable) = match verdict {
        Verdict::Delivered => (Outcome::Delivered, remark, None, None),
        Verdict::Permanent { reason, disable } => (Outcome::Permanent, Some(reason), None, disable),
        Verdict::Retry { reason, after, at_most } => {
            let worth = at_most.is_none_or(|most| tries < most);
            let wait = worth.then(|| destination.retry.wait(tries, after, &around.random)).flatten();
            let outcome = if wait.is_some() { Outcome::Retry } else { Outcome::Exhausted };
            (outcome, Some(reason), wait, None)
        }
    };
    let next_at = wait.map(|wait| around.clock.now().after(wait).as_millis());
    (AttemptRecord { outcome, reason, tries, next_at, parts, told, exchanges }, disable)
}

/// What becomes of the delivery.
fn settle(record: &AttemptRecord, halts: bool, around: &Around) -> Settle {
    match (record.outcome, record.next_at) {
        (Outcome::Delivered, _) => Settle::Delivered(around.clock.now()),
        (Outcome::Retry, Some(next_at)) => Settle::Retry(Timestamp::from_millis(next_at)),
        _ => Settle::Dead { halts },
    }
}

/// Records the attempt. Says whether it still counted.
///
/// When the store cannot be written, this waits and tries for as long as it takes or until the drain stops: to
/// give up would be to send again what may have arrived. The attempt keeps its place among those under way,
/// so a full disk stops a destination after as many messages as it may have at once.
async fn commit(
    around: &Around,
    due: &DueDelivery,
    (at, record): (Timestamp, &AttemptRecord),
    (then, disable): (Settle, Option<&'static str>),
) -> bool {
    let mut pause = FIRST_PAUSE;
    loop {
        let commit = AttemptCommit {
            delivery: due.id,
            destination: due.destination,
            owner: around.node,
            number: due.attempts + 1,
            at,
            outcome: record.outcome.word().to_owned(),
            record: serde_json::to_vec(record).unwrap_or_default(),
            then,
            lane: due.lane,
            wakes: due.awaited.then_some(due.run),
            disable,
            alerts: alerts(due, (at, record), disable.is_some()),
        };
        match around.store.delivery_attempted(commit).await {
            Ok(counted) => return counted,
            Err(error) => {
                if pause == FIRST_PAUSE {
                    tracing::error!(delivery = %due.id, %error, "an attempt cannot be recorded yet and waits");
                }
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
}

/// What somebody should hear of it. What an alert itself has sent raises no other, or one that does not arrive would be
/// followed by alerts for ever.
fn alerts(due: &DueDelivery, (at, record): (Timestamp, &AttemptRecord), disabled: bool) -> Vec<NewAlert> {
    if due.is_of_alert || !record.outcome.is_dead() {
        return Vec::new();
    }
    let cause = AlertCause { reason: record.reason.clone().unwrap_or_default(), code: record.code() };
    let gone = disabled.then(|| NewAlert { kind: AlertKind::DestinationDisabled, at, cause: cause.clone() });
    gone.into_iter().chain([NewAlert::dead_letters(at, cause)]).collect()
}

fn measure(kind: &'static str, outcome: Outcome, took: Duration) {
    metrics::counter!("linchpin_delivery_attempts_total", "kind" => kind, "outcome" => outcome.word())
        .increment(1);
    metrics::histogram!("linchpin_delivery_attempt_seconds", "kind" => kind).record(took.as_secs_f64());
}
