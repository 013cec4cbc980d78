//! Scheme `stripe`: Stripe signs `timestamp.body` and puts time and signatures into one header,
//! `Stripe-Signature: t=…,v1=…` ("Verify webhook signatures manually").

use flow::Span;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vault::Secret;

use super::{
    Scheme, Unproven, Unverified, Verified, hmac,
    mac::{Algorithm, Encoding, Mac},
    proof::{self, Tolerance},
};
use crate::{Code, Error, Refused};

/// How signed requests are judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// How far the signed time may be from now, either way, 1s to 1d.
    #[serde(default = "hmac::Timestamp::default_tolerance")]
    pub tolerance: Span,
}

/// The endpoint's secrets.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Secrets {
    /// The endpoint's signing secrets, `whsec_…`, 1 to 8; several while one replaces another.
    #[schemars(with = "Vec<String>", extend("x-widget" = "secret", "writeOnly" = true))]
    pub signing_secrets: Vec<Secret>,
}

const HEADER: &str = "stripe-signature";

/// How many signatures of one request are looked at: a bound on the work that a stranger makes.
const MAX_SIGNATURES: usize = 8;

#[derive(Debug)]
struct Verifier {
    keys: Vec<Mac>,
    tolerance: Tolerance,
}

impl Config {
    pub(super) fn compile(&self, secrets: &Secrets) -> Result<Box<dyn Scheme>, Error> {
        super::strong("signing_secrets", &secrets.signing_secrets)?;
        let key = |secret: &Secret| Mac::keyed(Algorithm::Sha256, secret.expose().as_bytes());
        let keys = secrets.signing_secrets.iter().map(key).collect();
        Ok(Box::new(Verifier { keys, tolerance: Tolerance::of(self.tolerance)? }))
    }
}

impl Verifier {
    /// The signature first: only who holds a secret learns that a clock is wrong.
    fn check(&self, request: &Unverified) -> Result<(), Refused> {
        let invalid = || {
            let detail = "No `v1` in `Stripe-Signature` is the signature of `timestamp.body` under a secret of \
                          this source.";
            proof::unauthorised(Code::SignatureInvalid, detail)
        };
        let items = proof::header(request.headers, HEADER)?.split(',');
        let items = items.filter_map(|item| item.trim().split_once('='));
        let mut times = items.clone().filter(|(name, _)| *name == "t").map(|(_, time)| time);
        let (Some(time), None) = (times.next(), times.next()) else { return Err(invalid()) };
        let mut known = false;
        for key in &self.keys {
            let mut mac = key.clone();
            for part in [time.as_bytes(), b".", request.body] {
                mac.update(part);
            }
            let signatures = items.clone().filter(|(name, _)| *name == "v1").take(MAX_SIGNATURES);
            for signature in signatures.filter_map(|(_, text)| Encoding::Hex.decode(text)) {
                known |= mac.clone().is(signature.as_bytes());
            }
        }
        if !known {
            return Err(invalid());
        }
        let signed_ms = hmac::Unit::S.read(time).ok_or_else(invalid)?;
        self.tolerance.check("`t` in `Stripe-Signature`", signed_ms, request.received_at)
    }
}

impl Scheme for Verifier {
    fn verify(&self, request: &Unverified) -> Result<Verified, Unproven> {
        self.check(request)?;
        Ok(Verified::plain())
    }

    fn proofs(&self) -> Vec<String> {
        vec![HEADER.to_owned()]
    }

    fn dedupe_keys(&self) -> &'static [&'static str] {
        &["body.id"]
    }
}
