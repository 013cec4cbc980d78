//! Scheme `dingtalk`: messages to a DingTalk (钉钉) robot. Its header `sign` is the base64 of the HMAC-SHA-256 of
//! `timestamp\nsecret` under the secret ("机器人接收消息"). So it proves the sender, and not the body.

use bytes::Bytes;
use flow::Span;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vault::Secret;

use super::{
    Answer, Event, Scheme, Unproven, Unverified, Verified, hmac,
    mac::{Algorithm, Encoding, Mac},
    proof::{self, Tolerance},
};
use crate::{Code, Error, Refused};

/// How signed requests are judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// How far the signed time may be from now, either way, 1s to 1d; DingTalk's own advice is 1h.
    #[serde(default = "Config::default_tolerance")]
    pub tolerance: Span,
}

/// The robot's secrets.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Secrets {
    /// The app's `AppSecret` (Client Secret), 1 to 8; several while one replaces another.
    #[schemars(with = "Vec<String>", extend("x-widget" = "secret", "writeOnly" = true))]
    pub app_secrets: Vec<Secret>,
}

#[derive(Debug)]
struct Verifier {
    keys: Vec<(Mac, Secret)>,
    tolerance: Tolerance,
}

impl Config {
    pub(super) const fn default_tolerance() -> Span {
        Span::from_secs(3_600)
    }

    pub(super) fn compile(&self, secrets: &Secrets) -> Result<Box<dyn Scheme>, Error> {
        super::strong("app_secrets", &secrets.app_secrets)?;
        let key = |secret: &Secret| (Mac::keyed(Algorithm::Sha256, secret.expose().as_bytes()), secret.clone());
        let keys = secrets.app_secrets.iter().map(key).collect();
        Ok(Box::new(Verifier { keys, tolerance: Tolerance::of(self.tolerance)? }))
    }
}

impl Verifier {
    fn check(&self, request: &Unverified) -> Result<(), Refused> {
        let timestamp = proof::header(request.headers, "timestamp")?;
        let sign = proof::header(request.headers, "sign")?;
        let invalid = || {
            let detail = "`sign` is not the signature of `timestamp` under a secret of this source.";
            proof::unauthorised(Code::SignatureInvalid, detail)
        };
        let sign = Encoding::Base64.decode(sign).ok_or_else(invalid)?;
        let known = self.keys.iter().fold(false, |known, (key, secret)| {
            let mut mac = key.clone();
            for part in [timestamp.as_bytes(), b"\n", secret.expose().as_bytes()] {
                mac.update(part);
            }
            known | mac.is(sign.as_bytes())
        });
        if !known {
            return Err(invalid());
        }
        let signed_ms = hmac::Unit::Ms.read(timestamp).ok_or_else(invalid)?;
        self.tolerance.check("`timestamp`", signed_ms, request.received_at)
    }
}

impl Scheme for Verifier {
    fn verify(&self, request: &Unverified) -> Result<Verified, Unproven> {
        self.check(request)?;
        // Anything else would be taken for the robot's reply.
        let acknowledgement = Some(Answer::text(Bytes::new()));
        Ok(Verified::Event(Event { acknowledgement, ..Event::default() }))
    }

    fn proofs(&self) -> Vec<String> {
        vec!["sign".to_owned()]
    }

    fn dedupe_keys(&self) -> &'static [&'static str] {
        &["body.msgId"]
    }
}
