//! Scheme `standard_webhooks`: the Standard Webhooks specification, symmetric signatures (`v1`).

use flow::Span;
use http::{HeaderMap, HeaderValue, header};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vault::{Secret, standard_webhooks::SigningKey};

use super::{Scheme, Unverified};
use crate::{Code, Error, Refused, config};

/// How signed requests are judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// How far the signed time may be from now, either way, 1s to 1h.
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
    tolerance_s: u64,
}

impl Config {
    /// The specification's own.
    const fn default_tolerance() -> Span {
        Span::from_secs(300)
    }

    pub(super) fn compile(&self, secrets: &Secrets) -> Result<Box<dyn Scheme>, Error> {
        super::count("signing_keys", secrets.signing_keys.len())?;
        config::span(
            "verification.tolerance",
            self.tolerance,
            [Span::from_secs(1), Span::from_secs(3_600)],
        )?;
        let keys = secrets.signing_keys.iter().map(|key| SigningKey::parse(key.expose()));
        let keys = keys.collect::<Result<Vec<_>, _>>().map_err(|_| {
            let reason = "a key is not `whsec_` followed by the base64 of 24 to 64 bytes.";
            Error::secrets("signing_keys", "wrong_form", reason, "Copy it from the sender again.")
        })?;
        Ok(Box::new(Verifier { keys, tolerance_s: self.tolerance.as_millis() / 1_000 }))
    }
}

impl Scheme for Verifier {
    /// The signature first: only who holds a key learns that a clock is wrong.
    fn verify(&self, request: &Unverified) -> Result<(), Refused> {
        let id = single(request.headers, ID)?;
        let timestamp = single(request.headers, TIMESTAMP)?;
        let signatures = single(request.headers, SIGNATURE)?;
        let invalid = || {
            let detail = "No signature in `webhook-signature` is that of `id.timestamp.body` under a key of \
                          this source.";
            unauthorised(Code::SignatureInvalid, detail.to_owned())
        };
        let timestamp_s: i64 = timestamp.parse().map_err(|_| invalid())?;
        let signed = |key: &SigningKey| key.verify(id, timestamp_s, request.body, signatures);
        if !self.keys.iter().fold(false, |any, key| any | signed(key)) {
            return Err(invalid());
        }
        let apart_s = request.received_at.as_secs().abs_diff(timestamp_s);
        if apart_s > self.tolerance_s {
            let detail = format!(
                "`webhook-timestamp` is {apart_s} s from this server's time; at most {} s are allowed.",
                self.tolerance_s
            );
            return Err(unauthorised(Code::TimestampOutOfRange, detail));
        }
        Ok(())
    }

    fn proofs(&self) -> Vec<String> {
        vec![SIGNATURE.to_owned()]
    }

    fn dedupe_key(&self) -> &'static str {
        "header.webhook-id"
    }
}

/// The value of a header that must come exactly once: of two, it would be unclear which was signed.
fn single<'r>(headers: &'r HeaderMap, name: &str) -> Result<&'r str, Refused> {
    let mut values = headers.get_all(name).iter();
    let wrong = match (values.next(), values.next()) {
        (None, _) => "is missing",
        (Some(_), Some(_)) => "came more than once",
        (Some(value), None) => match value.to_str() {
            Ok("") => "is empty",
            Ok(value) => return Ok(value),
            Err(_) => "is not plain text",
        },
    };
    Err(unauthorised(Code::SignatureMissing, format!("The header `{name}` {wrong}.")))
}

fn unauthorised(code: Code, detail: String) -> Refused {
    let challenge = HeaderValue::from_static("Standard-Webhooks");
    Refused::new(code, detail).with_header(header::WWW_AUTHENTICATE, challenge)
}
