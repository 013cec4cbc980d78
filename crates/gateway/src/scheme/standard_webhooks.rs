//! Scheme `standard_webhooks`: the Standard Webhooks specification, symmetric signatures (`v1`).

use flow::Span;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vault::{Secret, standard_webhooks::SigningKey};

use super::{
    Scheme, Unproven, Unverified, Verified,
    proof::{self, Tolerance},
};
use crate::{Code, Error, Refused};

/// How signed requests are judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// How far the signed time may be from now, either way, 1s to 1d.
    #[serde(default = "Config::default_tolerance")]
    pub tolerance: Span,
}

/// The keys that sign.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Secrets {
    /// The signing keys, `whsec_…`, 1 to 8; several while one replaces another.
    #[schemars(with = "Vec<String>", extend("x-widget" = "secret", "writeOnly" = true))]
    pub signing_keys: Vec<Secret>,
}

const ID: &str = "webhook-id";
const TIMESTAMP: &str = "webhook-timestamp";
const SIGNATURE: &str = "webhook-signature";

#[derive(Debug)]
struct Verifier {
    keys: Vec<SigningKey>,
    tolerance: Tolerance,
}

impl Config {
    /// The specification's own.
    pub(super) const fn default_tolerance() -> Span {
        Span::from_secs(300)
    }

    pub(super) fn compile(&self, secrets: &Secrets) -> Result<Box<dyn Scheme>, Error> {
        self.verifier("signing_keys", &secrets.signing_keys)
    }

    /// The verifier of these keys; `field` names them.
    pub(super) fn verifier(&self, field: &str, keys: &[Secret]) -> Result<Box<dyn Scheme>, Error> {
        super::count(field, keys.len())?;
        let keys = keys.iter().map(|key| SigningKey::parse(key.expose()));
        let keys = keys.collect::<Result<Vec<_>, _>>().map_err(|_| {
            let reason = "a key is not `whsec_` followed by the base64 of 24 to 64 bytes.";
            Error::secrets(field, "wrong_form", reason, "Copy it from the sender again.")
        })?;
        Ok(Box::new(Verifier { keys, tolerance: Tolerance::of(self.tolerance)? }))
    }
}

impl Verifier {
    /// The signature first: only who holds a key learns that a clock is wrong.
    fn check(&self, request: &Unverified) -> Result<(), Refused> {
        let id = proof::header(request.headers, ID)?;
        let timestamp = proof::header(request.headers, TIMESTAMP)?;
        let signatures = proof::header(request.headers, SIGNATURE)?;
        let invalid = || {
            let detail = "No signature in `webhook-signature` is that of `id.timestamp.body` under a key of \
                          this source.";
            proof::unauthorised(Code::SignatureInvalid, detail)
        };
        let timestamp_s: i64 = timestamp.parse().map_err(|_| invalid())?;
        let signed = |key: &SigningKey| key.verify(id, timestamp_s, request.body, signatures);
        if !self.keys.iter().fold(false, |any, key| any | signed(key)) {
            return Err(invalid());
        }
        self.tolerance.check("`webhook-timestamp`", timestamp_s.saturating_mul(1_000), request.received_at)
    }
}

impl Scheme for Verifier {
    fn verify(&self, request: &Unverified) -> Result<Verified, Unproven> {
        self.check(request)?;
        Ok(Verified::plain())
    }

    fn proofs(&self) -> Vec<String> {
        vec![SIGNATURE.to_owned()]
    }

    fn dedupe_keys(&self) -> &'static [&'static str] {
        &["header.webhook-id"]
    }
}
