//! Scheme `slack`: Slack signs `v0:timestamp:body` ("Verifying requests from Slack"), and asks once whether the
//! address is the app's (event `url_verification`).

use std::borrow::Cow;

use bytes::Bytes;
use flow::Span;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vault::Secret;

use super::{Answer, Event, Scheme, Unproven, Unverified, Verified, hmac};
use crate::Error;

/// How signed requests are judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// How far the signed time may be from now, either way, 1s to 1d.
    #[serde(default = "hmac::Timestamp::default_tolerance")]
    pub tolerance: Span,
}

/// The app's secrets.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Secrets {
    /// The app's signing secrets, 1 to 8; several while one replaces another.
    #[schemars(with = "Vec<String>", extend("x-widget" = "secret", "writeOnly" = true))]
    pub signing_secrets: Vec<Secret>,
}

#[derive(Debug)]
struct Verifier(hmac::Verifier);

/// The body with which Slack asks.
#[derive(Deserialize)]
struct Question<'a> {
    #[serde(rename = "type")]
    kind: Cow<'a, str>,
    challenge: String,
}

/// No body with which Slack asks is longer.
const LONGEST_QUESTION: usize = 2_048;

impl Config {
    pub(super) fn compile(&self, secrets: &Secrets) -> Result<Box<dyn Scheme>, Error> {
        super::strong("signing_secrets", &secrets.signing_secrets)?;
        let way = hmac::Config {
            header: "x-slack-signature".to_owned(),
            algorithm: hmac::Algorithm::Sha256,
            encoding: hmac::Encoding::Hex,
            prefix: "v0=".to_owned(),
            signed: "v0:{timestamp}:{body}".to_owned(),
            timestamp: Some(hmac::Timestamp {
                header: "x-slack-request-timestamp".to_owned(),
                unit: hmac::Unit::S,
                tolerance: self.tolerance,
            }),
        };
        let verifier = way.verifier(&secrets.signing_secrets, &["body.event_id"])?;
        Ok(Box::new(Verifier(verifier)))
    }
}

impl Scheme for Verifier {
    fn verify(&self, request: &Unverified) -> Result<Verified, Unproven> {
        self.0.check(request)?;
        if let Some(challenge) = challenge(request.body) {
            return Ok(Verified::Handshake(Answer::text(challenge)));
        }
        // A command's answer is shown to its user, so it says nothing.
        let acknowledgement = Some(Answer::text(Bytes::new()));
        Ok(Verified::Event(Event { acknowledgement, ..Event::default() }))
    }

    fn proofs(&self) -> Vec<String> {
        self.0.proofs()
    }

    fn dedupe_keys(&self) -> &'static [&'static str] {
        self.0.dedupe_keys()
    }
}

fn challenge(body: &[u8]) -> Option<String> {
    if body.len() > LONGEST_QUESTION {
        return None;
    }
    let question: Question = serde_json::from_slice(body).ok()?;
    (question.kind == "url_verification").then_some(question.challenge)
}
