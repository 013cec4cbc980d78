//! Sends a message: one exchange, or one for each part of it that has not been accepted yet.

use std::time::Duration;

use clock::Timestamp;
use outbound::{Limit, Response, Timeouts};
use store::{DueDelivery, Message};
use vault::Secret;

use crate::{
    Body, Destination, ErrorRecord, Exchange, Parts, Reply, RequestRecord, ResponseRecord, Timing,
    breaker::Health,
    call::{Call, Unsendable},
    credential::Refused,
    drain::Around,
    history::{History, accepted},
    kind::Stamp,
    pacer::Pacer,
    verdict::{Verdict, judge_error},
};

/// What came of sending.
pub(super) struct Sent {
    pub(super) verdict: Verdict,
    pub(super) exchanges: Vec<Exchange>,
    pub(super) parts: Option<Parts>,
    /// What is to be said of a message that was taken.
    pub(super) remark: Option<String>,
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

    /// Makes the calls from the first that has not been accepted yet until one is not. Says whether that one's token is
    /// no good any more.
    async fn make(
        &mut self,
        around: &Around,
        (destination, pacer): (&Destination, &Pacer),
        calls: Vec<Call>,
    ) -> bool {
        let (target, total) = (&destination.target, calls.len());
        let mut taken = accepted(self.parts, total);
        let mut stale = false;
        for call in calls.into_iter().skip(taken) {
            if !self.exchanges.is_empty() && !around.unless_stopped(pacer.turn()).await {
                self.verdict =
                    Verdict::retry("Linchpin was stopped between two calls; what is left is sent later");
                break;
            }
            let (exchange, outcome, hidden) = make(around, destination, call).await;
            self.exchanges.push(exchange);
            let (verdict, remark) = match &outcome {
                Ok(response) => (target.judge(response), target.remark(response)),
                Err(error) => (judge_error(error), None),
            };
            let redaction = target.redaction().with(&hidden);
            self.verdict = verdict.scrubbed(&redaction);
            if self.verdict != Verdict::Delivered {
                let is_stale = target.credential().map(|credential| credential.is_stale);
                stale = is_stale.zip(outcome.ok()).is_some_and(|(is_stale, answer)| is_stale(&answer));
                break;
            }
            self.remark = remark.map(|text| redaction.scrub(text).into_owned()).or(self.remark.take());
            taken += 1;
        }
        self.parts = (total > 1).then_some(Parts { total, accepted: taken });
        stale
    }

    /// How long the receiver asks not to be called.
    pub(super) fn asked(&self) -> Option<Duration> {
        if let Verdict::Retry { after, .. } = self.verdict { after } else { None }
    }
}

/// Sends a message, from the first part that has not been accepted yet until one is not. A token that the receiver does
/// not take any more is renewed once, at once.
pub(super) async fn send(
    around: &Around,
    to: (&Destination, &Pacer),
    (due, mut message, at): (&DueDelivery, Vec<u8>, Timestamp),
    history: History,
) -> Sent {
    let mut sent =
        Sent { verdict: Verdict::Delivered, exchanges: Vec::new(), parts: history.parts, remark: None };
    for renewed in [false, true] {
        let token = match token(around, to.0, due).await {
            Ok(token) => token,
            Err(Refused { verdict, exchange }) => {
                sent.exchanges.extend(exchange);
                return Sent { verdict, ..sent };
            }
        };
        let calls = match calls(to.0, due, &message, (at, token.clone())) {
            Ok(calls) => calls,
            Err(Unsendable(reason)) => {
                return Sent { verdict: Verdict::permanent(reason), parts: None, ..sent };
            }
        };
        if token.is_none() {
            // Nothing can make it be put into its form again.
            message = Vec::new();
        }
        let stale = sent.make(around, to, calls).await;
        match token.filter(|_| stale && !renewed) {
            Some(token) => around.tokens.forget(due.destination, &token),
            None => break,
        }
    }
    sent
}

/// The token that the destination's calls need, if they need one.
async fn token(
    around: &Around,
    destination: &Destination,
    due: &DueDelivery,
) -> Result<Option<Secret>, Refused> {
    let Some(credential) = destination.target.credential() else { return Ok(None) };
    let token = around.tokens.get(&around.client, due.destination, credential, destination.timeout);
    token.await.map(Some)
}

/// The calls that a message becomes, with the headers that every attempt has.
fn calls(
    destination: &Destination,
    due: &DueDelivery,
    message: &[u8],
    (at, token): (Timestamp, Option<Secret>),
) -> Result<Vec<Call>, Unsendable> {
    let message: Message = serde_json::from_slice(message)
        .map_err(|error| Unsendable(format!("the stored message cannot be read: {error}")))?;
    let stamp = Stamp { id: due.id.to_string(), at_s: at.as_secs(), at_ms: at.as_millis(), token };
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

/// Makes one call.
async fn make(
    around: &Around,
    destination: &Destination,
    call: Call,
) -> (Exchange, Result<Response, outbound::Error>, Vec<Secret>) {
    let Call { request, shown, own, hidden, body } = call;
    let target = &destination.target;
    let request =
        request.timeouts(Timeouts::total(destination.timeout)).limit(Limit::truncate(target.answer_limit()));
    let (trace, outcome) = around.client.attempt(request).await;
    let redaction = &*target.redaction().with(&hidden);
    let reply = match &outcome {
        Ok(response) => Reply::Response(ResponseRecord::of(response, redaction)),
        Err(error) => Reply::Error(ErrorRecord::of(error, redaction)),
    };
    let own = own.into_iter().map(|(name, value)| (name.into_owned(), value));
    let request = RequestRecord {
        method: shown.method.to_string(),
        url: shown.url.clone(),
        headers: shown.headers.iter().cloned().chain(own).collect(),
        body: Body::of(&body, false, redaction),
    };
    (Exchange { request, reply, remote: trace.remote, timing: Timing::of(&trace) }, outcome, hidden)
}
