//! Sends a message: one exchange, or one for each part of it that has not been accepted yet.

use std::time::Duration;

use clock::Timestamp;
use outbound::{Limit, Timeouts};
use store::{DueDelivery, Message};

use crate::{
    Body, Destination, ErrorRecord, Exchange, Parts, Reply, RequestRecord, ResponseRecord, Timing,
    breaker::Health,
    call::{Call, Unsendable},
    drain::Around,
    history::History,
    kind::Stamp,
    pacer::Pacer,
    verdict::{Verdict, judge_error},
};

/// What came of sending.
pub(super) struct Sent {
    pub(super) verdict: Verdict,
    pub(super) exchanges: Vec<Exchange>,
    pub(super) parts: Option<Parts>,
}

impl Sent {
    /// What it says of the receiver: one that answers below 500 is there, whatever it thinks of the message.
    pub(super) fn health(&self) -> Health {
        match (&self.verdict, self.exchanges.last().map(|exchange| &exchange.reply)) {
            (_, Some(Reply::Response(answer))) if answer.status < 500 => Health::Alive,
            (Verdict::Retry { reason, .. }, Some(_)) => Health::Failing(reason.clone()),
            _ => Health::Unknown,
        }
    }

    /// How long the receiver asks not to be called.
    pub(super) fn asked(&self) -> Option<Duration> {
        if let Verdict::Retry { after, .. } = self.verdict { after } else { None }
    }
}

/// Sends a message, from the first part that has not been accepted yet until one is not.
pub(super) async fn send(
    around: &Around,
    (destination, pacer): (&Destination, &Pacer),
    (due, message, at): (&DueDelivery, Vec<u8>, Timestamp),
    history: History,
) -> Sent {
    let calls = match calls(destination, due, &message, at) {
        Ok(calls) => calls,
        Err(Unsendable(reason)) => {
            return Sent { verdict: Verdict::permanent(reason), exchanges: Vec::new(), parts: None };
        }
    };
    drop(message);
    let total = calls.len();
    let mut accepted = history.accepted(total);
    let mut exchanges = Vec::with_capacity(total - accepted);
    let mut verdict = Verdict::Delivered;
    for (nth, call) in calls.into_iter().skip(accepted).enumerate() {
        if nth > 0 && !around.unless_stopped(pacer.turn()).await {
            verdict =
                Verdict::retry("Linchpin was stopped between two parts; those that are left are sent later");
            break;
        }
        let (exchange, judged) = make(around, destination, call).await;
        exchanges.push(exchange);
        verdict = judged;
        if verdict != Verdict::Delivered {
            break;
        }
        accepted += 1;
    }
    Sent { verdict, exchanges, parts: (total > 1).then_some(Parts { total, accepted }) }
}

/// The calls that a message becomes, with the headers that every attempt has.
fn calls(
    destination: &Destination,
    due: &DueDelivery,
    message: &[u8],
    at: Timestamp,
) -> Result<Vec<Call>, Unsendable> {
    let message: Message = serde_json::from_slice(message)
        .map_err(|error| Unsendable(format!("the stored message cannot be read: {error}")))?;
    let stamp = Stamp { id: due.id.to_string(), at_s: at.as_secs(), at_ms: at.as_millis() };
    let traceparent =
        Some(message.traceparent.clone()).filter(|text| text.bytes().all(|b| b.is_ascii_graphic()));
    let calls = destination.target.calls(message, &stamp)?;
    let stamped = |call: Call| {
        let call = call
            .header("webhook-id", stamp.id.clone())?
            .header("webhook-timestamp", stamp.at_s.to_string())?
            .header("idempotency-key", stamp.id.clone())?;
        match &traceparent {
            Some(traceparent) if !traceparent.is_empty() => call.header("traceparent", traceparent.clone()),
            _ => Ok(call),
        }
    };
    calls.into_iter().map(stamped).collect()
}

/// Makes one call and judges its answer.
async fn make(around: &Around, destination: &Destination, call: Call) -> (Exchange, Verdict) {
    let Call { request, shown, own, hidden, body } = call;
    let target = &destination.target;
    let request =
        request.timeouts(Timeouts::total(destination.timeout)).limit(Limit::truncate(target.answer_limit()));
    let (trace, outcome) = around.client.attempt(request).await;
    let redaction = &*target.redaction().with(&hidden);
    let (reply, verdict) = match &outcome {
        Ok(response) => (Reply::Response(ResponseRecord::of(response, redaction)), target.judge(response)),
        Err(error) => (Reply::Error(ErrorRecord::of(error, redaction)), judge_error(error)),
    };
    let own = own.into_iter().map(|(name, value)| (name.into_owned(), value));
    let request = RequestRecord {
        method: shown.method.to_string(),
        url: shown.url.clone(),
        headers: shown.headers.iter().cloned().chain(own).collect(),
        body: Body::of(&body, false, redaction),
    };
    (
        Exchange { request, reply, remote: trace.remote, timing: Timing::of(&trace) },
        verdict.scrubbed(redaction),
    )
}
