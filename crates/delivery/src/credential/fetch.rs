//! Fetches tokens, one at a time for a destination.

use std::time::Duration;

use outbound::{Limit, Timeouts};
use store::DestinationId;
use vault::Secret;

use super::{Credential, Known, Tokens};
use crate::{
    Body, ErrorRecord, Exchange, Reply, RequestRecord, ResponseRecord, Timing,
    redact::HIDDEN,
    verdict::{Verdict, judge_error},
};

/// The longest answer that can hold a token.
const ANSWER: usize = 64 * 1024;

/// Why there is no token.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) verdict: Verdict,
    /// What went over the wire, without the secrets of either side.
    pub(crate) exchange: Option<Exchange>,
}

impl Tokens {
    /// A destination's token: the one that is known, or a new one.
    pub(crate) async fn get(
        &self,
        client: &outbound::Client,
        destination: DestinationId,
        credential: &Credential,
        timeout: Duration,
    ) -> Result<Secret, Refused> {
        let slot = self.slot(destination);
        if let Some(token) = slot.token(&credential.mark) {
            return Ok(token);
        }
        let Ok(_turn) = slot.turn.acquire().await else {
            let verdict = Verdict::retry("the token could not be asked for");
            return Err(Refused { verdict, exchange: None });
        };
        // Another attempt may have fetched it meanwhile.
        if let Some(token) = slot.token(&credential.mark) {
            return Ok(token);
        }
        let granted = fetch(client, credential, timeout).await?;
        let token = granted.token.clone();
        *slot.known.lock() = Some(Known::new(granted, credential.mark));
        Ok(token)
    }
}

async fn fetch(
    client: &outbound::Client,
    credential: &Credential,
    timeout: Duration,
) -> Result<super::Granted, Refused> {
    let request = credential.ask.request(credential.body.expose().to_owned().into());
    let request = request.timeouts(Timeouts::total(timeout)).limit(Limit::fail(ANSWER));
    let (trace, outcome) = client.attempt(request).await;
    let redaction = credential.ask.redaction();
    let (reply, verdict) = match outcome {
        Ok(response) => match (credential.read)(&response) {
            Ok(granted) => return Ok(granted),
            Err(verdict) => {
                let mut record = ResponseRecord::of(&response, redaction);
                // What says that it succeeded may hold a token.
                if response.status.is_success() {
                    record.body = Body::of(HIDDEN.as_bytes(), false, redaction);
                }
                (Reply::Response(record), verdict)
            }
        },
        Err(error) => (Reply::Error(ErrorRecord::of(&error, redaction)), judge_error(&error)),
    };
    let shown = &credential.ask.shown;
    let request = RequestRecord {
        method: shown.method.to_string(),
        url: shown.url.clone(),
        headers: shown.headers.clone(),
        body: Body::of(HIDDEN.as_bytes(), false, redaction),
    };
    let exchange = Exchange { request, reply, remote: trace.remote, timing: Timing::of(&trace) };
    Err(Refused { verdict: of_token(verdict).scrubbed(redaction), exchange: Some(exchange) })
}

/// What is wrong is wrong with the token, and the receiver itself is not gone.
fn of_token(mut verdict: Verdict) -> Verdict {
    if let Verdict::Permanent { disable, .. } = &mut verdict {
        *disable = None;
    }
    if let Verdict::Retry { reason, .. } | Verdict::Permanent { reason, .. } = &mut verdict {
        reason.insert_str(0, "no token was given: ");
    }
    verdict
}
