//! A message sent outside the outbox, so that a person sees what a destination makes of it.

use std::time::Duration;

use clock::Timestamp;
use store::{DeliveryId, DestinationId, Message};
use tokio::time::Instant;

use crate::{
    AttemptRecord, Destination, Files, Outcome, RequestRecord, Unsendable,
    attempt::send::{Sent, Turn, calls, send_message},
    call::Call,
    credential::Tokens,
    history::History,
    kind::{Stamp, Window},
    pacer::Pacer,
    verdict::Verdict,
};

/// How many trials are made: few enough to be no way around a destination's own limits.
const PACE: &[Window] = &[Window { calls: 10, within: Duration::from_secs(60) }];

/// A message in a destination's form, not sent yet.
#[derive(Debug)]
pub struct Trial<'d> {
    destination: &'d Destination,
    message: Message,
    stamp: Stamp,
    calls: Vec<Call>,
}

/// What came of a trial.
#[derive(Clone, Debug)]
pub struct Tried {
    /// As an attempt of a delivery is kept; no retry follows.
    pub record: AttemptRecord,
    /// Why the answer would switch the destination off.
    pub disables: Option<&'static str>,
}

/// Keeps trials few.
pub struct Trials(Pacer);

impl<'d> Trial<'d> {
    /// Puts a message, with the files that it names, into the form of a destination, as the delivery `id` would be at that
    /// time.
    ///
    /// # Errors
    /// [`Unsendable`] when the destination does not take such a message.
    pub fn new(
        destination: &'d Destination,
        (message, files): (Message, Files),
        id: DeliveryId,
        at: Timestamp,
    ) -> Result<Self, Unsendable> {
        let stamp = Stamp::new(id, at, files);
        let calls = calls(destination, message.clone(), &stamp)?;
        Ok(Self { destination, message, stamp, calls })
    }

    /// How many requests it is.
    pub fn parts(&self) -> usize {
        self.calls.len()
    }

    /// The requests, with their secrets hidden.
    pub fn requests(&self) -> Vec<RequestRecord> {
        let redaction = self.destination.target.redaction();
        self.calls.iter().map(|call| call.record(&redaction.with(&call.hidden))).collect()
    }

    /// Sends it, part by part, until one is not accepted. A token that it needs is asked for anew, so that the trial shows
    /// whether that works, too.
    pub async fn send(self, client: &outbound::Client) -> Tried {
        let Self { destination, message, stamp, .. } = self;
        let nobody = DestinationId::from_bytes([0; 16]);
        let (with, to) = ((client, &Tokens::default()), (destination, nobody));
        let sent = send_message(with, to, (message, stamp), History::NONE, Turn::Now).await;
        let Sent { verdict, exchanges, parts, told, remark } = sent;
        let (outcome, reason, disables) = match verdict {
            Verdict::Delivered => (Outcome::Delivered, remark, None),
            Verdict::Retry { reason, .. } => (Outcome::Retry, Some(reason), None),
            Verdict::Permanent { reason, disable } => (Outcome::Permanent, Some(reason), disable),
        };
        Tried {
            record: AttemptRecord { outcome, reason, tries: 1, next_at: None, parts, told, exchanges },
            disables,
        }
    }
}

impl Tried {
    /// What came of a message that could not be put into the destination's form.
    pub fn unsendable(Unsendable(reason): Unsendable) -> Self {
        let (outcome, reason, exchanges) = (Outcome::Permanent, Some(reason), Vec::new());
        let record = AttemptRecord {
            outcome,
            reason,
            tries: 1,
            next_at: None,
            parts: None,
            told: Vec::new(),
            exchanges,
        };
        Self { record, disables: None }
    }
}

impl Default for Trials {
    fn default() -> Self {
        Self(Pacer::new(PACE, false))
    }
}

impl Trials {
    /// Takes the right to a trial.
    ///
    /// # Errors
    /// How long to wait, when there were too many.
    pub fn take(&self) -> Result<(), Duration> {
        self.0.take().map_err(|at| at.saturating_duration_since(Instant::now()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::parse;

    fn message(body: Value) -> Message {
        let id = || "01h455vb4pex5vsknk084sn02q";
        Message {
            body,
            event: format!("evt_{}", id()).parse().unwrap(),
            run: format!("run_{}", id()).parse().unwrap(),
            traceparent: String::new(),
            order_key: None,
            params: std::collections::BTreeMap::new(),
            headers: std::collections::BTreeMap::new(),
        }
    }

    fn id() -> DeliveryId {
        "msg_01h455vb4pex5vsknk084sn02q".parse().unwrap()
    }

    #[test]
    fn shows_every_part_and_no_secret() {
        let secrets =
            br#"{"url":"https://discord.com/api/webhooks/123456789012345678/hunter2hunter2hunter2"}"#;
        let destination = parse(r#"{"kind":"discord"}"#, secrets).unwrap();
        let long = message("a word, ".repeat(500).into());
        let trial =
            Trial::new(&destination, (long, Files::default()), id(), Timestamp::from_millis(1_000)).unwrap();
        let requests = trial.requests();
        assert!(trial.parts() == 3 && requests.len() == 3, "{}", trial.parts());
        assert!(requests.iter().all(|request| request.url == "https://discord.com/•••"));
        assert!(!json!(requests).to_string().contains("hunter2"));
        let id_of = |request: &RequestRecord| {
            request.headers.iter().find(|(name, _)| name == "webhook-id").map(|(_, value)| value.clone())
        };
        assert_eq!(id_of(&requests[0]), Some(id().to_string()), "it has the headers of an attempt");
    }

    #[test]
    fn says_why_a_message_cannot_be_sent() {
        let secrets = br#"{"url":"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=hunter2"}"#;
        let destination = parse(r#"{"kind":"wecom"}"#, secrets).unwrap();
        let said =
            Trial::new(&destination, (message(json!(5)), Files::default()), id(), Timestamp::from_millis(0))
                .unwrap_err();
        let tried = Tried::unsendable(said);
        assert!(tried.record.outcome == Outcome::Permanent && tried.record.exchanges.is_empty());
        assert!(tried.record.reason.unwrap().contains("text"));
    }

    #[tokio::test(start_paused = true)]
    async fn trials_are_few() {
        let trials = Trials::default();
        assert!((0..10).all(|_| trials.take().is_ok()));
        assert_eq!(trials.take(), Err(Duration::from_secs(60)));
        tokio::time::advance(Duration::from_secs(60)).await;
        assert!(trials.take().is_ok());
    }
}
