//! Sends a message: one exchange, or one for each part of it that has not been accepted yet.

use std::time::Duration;

use clock::Timestamp;
use outbound::Client;
use store::{AlertCause, DestinationId, DueDelivery, Message};

use super::make::{Made, make};
use crate::{
    Destination, Exchange, Files, Parts, Reply,
    breaker::Health,
    call::{Call, Unsendable, Wire},
    credential::{Refused, Tokens},
    drain::Around,
    history::{History, accepted},
    kind::Stamp,
    pacer::Pacer,
    verdict::Verdict,
};

/// What came of sending.
pub(crate) struct Sent {
    pub(crate) verdict: Verdict,
    pub(crate) exchanges: Vec<Exchange>,
    pub(crate) parts: Option<Parts>,
    /// The recipients of a mail that have it while others are still to get it.
    pub(crate) told: Vec<String>,
    /// What is to be said of a message that was taken.
    pub(crate) remark: Option<String>,
}

/// When the next call of a message may be made.
#[derive(Clone, Copy)]
pub(crate) enum Turn<'a> {
    /// When its destination's limits allow it, unless the drain stops.
    Of(&'a Around, &'a Pacer),
    /// At once.
    Now,
}

impl Turn<'_> {
    /// Waits for it. Says whether it came.
    async fn came(self) -> bool {
        match self {
            Self::Of(around, pacer) => around.unless_stopped(pacer.turn()).await,
            Self::Now => true,
        }
    }
}

impl Sent {
    /// Nothing has been sent now; earlier attempts may have sent parts.
    fn none(history: History) -> Self {
        let History { parts, told, .. } = history;
        Self { verdict: Verdict::Delivered, exchanges: Vec::new(), parts, told, remark: None }
    }

    /// Puts a message into the destination's form and makes its calls. Says whether their token is no good any more.
    async fn send(
        &mut self,
        client: &Client,
        destination: &Destination,
        (message, stamp): (Message, &Stamp),
        turn: Turn<'_>,
    ) -> bool {
        match calls(destination, message, stamp) {
            Ok(calls) => self.make(client, destination, calls, turn).await,
            Err(Unsendable(reason)) => {
                (self.verdict, self.parts) = (Verdict::permanent(reason), None);
                false
            }
        }
    }

    /// What it says of the receiver: one that answers below 500 is there, whatever it thinks of the message; but for a mail
    /// server that says it is not.
    pub(super) fn health(&self) -> Health {
        match (&self.verdict, self.exchanges.last().map(|exchange| &exchange.reply)) {
            (_, Some(Reply::Response(answer))) if answer.status < 500 && answer.status != 421 => {
                Health::Alive
            }
            (Verdict::Retry { reason, .. }, Some(reply)) => {
                Health::Failing(AlertCause { reason: reason.clone(), code: reply.code() })
            }
            _ => Health::Unknown,
        }
    }

    /// Makes the calls from the first that has not been accepted yet until one is not, each when it is its turn. Says
    /// whether that one's token is no good any more.
    async fn make(
        &mut self,
        client: &Client,
        destination: &Destination,
        calls: Vec<Call>,
        turn: Turn<'_>,
    ) -> bool {
        let total = calls.len();
        let mut taken = accepted(self.parts, total);
        let mut stale = false;
        for call in calls.into_iter().skip(taken) {
            if !self.exchanges.is_empty() && !turn.came().await {
                self.verdict =
                    Verdict::retry("Linchpin was stopped between two calls; what is left is sent later");
                break;
            }
            let Made { exchange, verdict, remark, stale: is_stale, told } =
                make(client, destination, call, &self.told).await;
            self.exchanges.push(exchange);
            (self.verdict, self.told) = (verdict, told);
            if self.verdict != Verdict::Delivered {
                stale = is_stale;
                break;
            }
            self.remark = remark.or(self.remark.take());
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

/// Sends a delivery's message, from the first part that has not been accepted yet until one is not.
pub(super) async fn send(
    around: &Around,
    (destination, pacer): (&Destination, &Pacer),
    (due, message, at): (&DueDelivery, Vec<u8>, Timestamp),
    history: History,
) -> Sent {
    let said = match read(&message) {
        Ok(said) => said,
        Err(Unsendable(reason)) => {
            return Sent { verdict: Verdict::permanent(reason), ..Sent::none(History::NONE) };
        }
    };
    drop(message);
    let files = match Files::of(destination, &said, &around.store, due.place.workspace).await {
        Ok(files) => files,
        Err(error) => {
            let reason = format!("the files of the message could not be read: {error}");
            return Sent { verdict: Verdict::retry(reason), ..Sent::none(history) };
        }
    };
    let stamp = Stamp::new(due.id, at, files);
    let with = (&around.client, &around.tokens);
    send_message(with, (destination, due.destination), (said, stamp), history, Turn::Of(around, pacer)).await
}

/// Sends a message, from the first part that has not been accepted yet until one is not, each when it is its turn. A
/// token that the receiver does not take any more is renewed once, at once.
pub(crate) async fn send_message(
    (client, tokens): (&Client, &Tokens),
    (destination, id): (&Destination, DestinationId),
    (message, stamp): (Message, Stamp),
    history: History,
    turn: Turn<'_>,
) -> Sent {
    let mut sent = Sent::none(history);
    let Some(credential) = destination.target.credential() else {
        sent.send(client, destination, (message, &stamp), turn).await;
        return sent;
    };
    for renewed in [false, true] {
        let token = match tokens.get(client, id, credential, destination.timeout).await {
            Ok(token) => token,
            Err(Refused { verdict, exchange }) => {
                sent.exchanges.extend(exchange);
                return Sent { verdict, ..sent };
            }
        };
        let stamp = Stamp { token: Some(token.clone()), ..stamp.clone() };
        let stale = sent.send(client, destination, (message.clone(), &stamp), turn).await;
        if !stale || renewed {
            break;
        }
        tokens.forget(id, &token);
    }
    sent
}

fn read(message: &[u8]) -> Result<Message, Unsendable> {
    serde_json::from_slice(message)
        .map_err(|error| Unsendable(format!("the stored message cannot be read: {error}")))
}

/// The calls that a message becomes, with the headers that every attempt has.
pub(crate) fn calls(
    destination: &Destination,
    message: Message,
    stamp: &Stamp,
) -> Result<Vec<Call>, Unsendable> {
    let traceparent =
        Some(message.traceparent.clone()).filter(|text| text.bytes().all(|b| b.is_ascii_graphic()));
    let calls = destination.target.calls(message, stamp)?;
    let stamped = |call: Call| {
        // A mail says who it is within.
        if matches!(call.wire, Wire::Smtp(_)) {
            return Ok(call);
        }
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
