//! One attempt of a delivery: build, send, judge, record.

mod send;

use std::{sync::Arc, time::Duration};

use clock::Timestamp;
use faults::CrashPoint;
use store::{AttemptCommit, DeliveryId, DueDelivery, Settle};
use tokio::time::Instant;

use crate::{
    AttemptRecord, Destination, Outcome, Settled, drain::Around, history::History, verdict::Verdict,
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
    },
    /// The delivery was not this node's to settle any more.
    Lost,
    /// Nothing was sent, since what came before could not be read.
    Untried(store::Error),
}

/// What follows from a verdict.
struct Decision {
    outcome: Outcome,
    reason: Option<String>,
    wait: Option<Duration>,
    disable: Option<&'static str>,
}

/// Makes one attempt and records it. Returns when that is on stable storage.
pub(crate) async fn attempt(
    around: Arc<Around>,
    destination: Arc<Destination>,
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
    let sent = send::send(&around, &destination, (&due, message, at), history).await;
    faults::hit(CrashPoint::AfterAttempt);
    let Sent { verdict, exchanges, parts } = sent;
    let Decision { outcome, reason, wait, disable } = decide(verdict, history.tries, &destination, &around);
    let next_at = wait.map(|wait| around.clock.now().after(wait));
    let tries = history.tries;
    let record = AttemptRecord {
        outcome,
        reason,
        tries,
        next_at: next_at.map(Timestamp::as_millis),
        parts,
        exchanges,
    };
    measure(destination.kind(), outcome, begun.elapsed());
    if outcome == Outcome::Delivered {
        let since = due.created_at.until(around.clock.now());
        metrics::histogram!("linchpin_delivery_arrival_seconds").record(since.as_secs_f64());
    }
    if !commit(&around, &due, (at, &record), disable).await {
        return Landed { id, fate: Fate::Lost };
    }
    faults::hit(CrashPoint::AfterAttemptCommit);
    let settled = Settled {
        delivery: id,
        place: due.place,
        destination: due.destination,
        run: due.run,
        attempt: due.attempts + 1,
        outcome,
        at,
        next_at,
        disabled: disable.is_some(),
    };
    // Nobody may be listening, which is no failure.
    let _ = around.settled.send(settled);
    Landed { id, fate: Fate::Recorded { next_at, disabled: disable.is_some() } }
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

fn decide(verdict: Verdict, tries: u32, destination: &Destination, around: &Around) -> Decision {
    let (outcome, reason, wait, disable) = match verdict {
        Verdict::Delivered => (Outcome::Delivered, None, None, None),
        Verdict::Permanent { reason, disable } => (Outcome::Permanent, Some(reason), None, disable),
        Verdict::Retry { reason, after, at_most } => {
            let worth = at_most.is_none_or(|most| tries < most);
            let wait = worth.then(|| destination.retry.wait(tries, after, &around.random)).flatten();
            match wait {
                Some(_) => (Outcome::Retry, Some(reason), wait, None),
                None => (Outcome::Exhausted, Some(reason), None, None),
            }
        }
    };
    Decision { outcome, reason, wait, disable }
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
    disable: Option<&'static str>,
) -> bool {
    let then = match (record.outcome, record.next_at) {
        (Outcome::Delivered, _) => Settle::Delivered(around.clock.now()),
        (Outcome::Retry, Some(next_at)) => Settle::Retry(Timestamp::from_millis(next_at)),
        _ => Settle::Dead,
    };
    let mut pause = FIRST_PAUSE;
    loop {
        let commit = AttemptCommit {
            delivery: due.id,
            workspace: due.place.workspace,
            destination: due.destination,
            owner: around.node,
            number: due.attempts + 1,
            at,
            outcome: record.outcome.word().to_owned(),
            record: serde_json::to_vec(record).unwrap_or_default(),
            then,
            disable,
        };
        match around.store.delivery_attempted(commit).await {
            Ok(counted) => return counted,
            Err(error) => {
                tracing::error!(delivery = %due.id, %error, "an attempt could not be recorded yet");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
}

fn measure(kind: &'static str, outcome: Outcome, took: Duration) {
    metrics::counter!("linchpin_delivery_attempts_total", "kind" => kind, "outcome" => outcome.word())
        .increment(1);
    metrics::histogram!("linchpin_delivery_attempt_seconds", "kind" => kind).record(took.as_secs_f64());
}
