//! Scheme `hmac`: the sender signs with a shared secret, and says so in a header. Presets of senders that sign
//! like this are made of it as well.

use flow::Span;
use http::HeaderName;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vault::Secret;

pub use super::mac::{Algorithm, Encoding};
use super::{
    Scheme, Unproven, Unverified, Verified,
    mac::Mac,
    proof::{self, Tolerance},
    template::Template,
};
use crate::{Code, Error, Refused};

/// How the sender signs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The header that carries the signature.
    #[schemars(extend("examples" = ["x-signature"]))]
    pub header: String,
    /// The hash function.
    #[serde(default)]
    pub algorithm: Algorithm,
    /// How the signature is written.
    #[serde(default)]
    pub encoding: Encoding,
    /// What stands before the signature in the header, such as `sha256=`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub prefix: String,
    /// What is signed: text, and in braces `timestamp`, `body`, `header.x` and `query.x`.
    #[serde(default = "Config::default_signed")]
    #[schemars(extend("examples" = ["{timestamp}.{body}", "v0:{header.x-ts}:{body}"]))]
    pub signed: String,
    /// The header that carries the time of signing, where there is one: without it an old request can be sent
    /// again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
}

/// The time of signing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Timestamp {
    /// The header that carries it, counted from 1970.
    #[schemars(extend("examples" = ["x-timestamp"]))]
    pub header: String,
    /// What it counts.
    #[serde(default)]
    pub unit: Unit,
    /// How far it may be from now, either way, 1s to 1d.
    #[serde(default = "Timestamp::default_tolerance")]
    pub tolerance: Span,
}

/// What a time counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// Seconds.
    #[default]
    S,
    /// Milliseconds.
    Ms,
}

/// The secrets that sign.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Secrets {
    /// The secrets, 1 to 8, each of at least 16 characters; several while one replaces another.
    #[schemars(with = "Vec<String>", extend("x-widget" = "secret", "writeOnly" = true))]
    pub secrets: Vec<Secret>,
}

#[derive(Debug)]
pub(super) struct Verifier {
    keys: Vec<Mac>,
    header: HeaderName,
    encoding: Encoding,
    prefix: String,
    template: Template,
    timestamp: Option<(HeaderName, Unit, Tolerance)>,
    dedupe_keys: &'static [&'static str],
}

impl Config {
    fn default_signed() -> String {
        "{body}".to_owned()
    }

    pub(super) fn compile(&self, secrets: &Secrets) -> Result<Box<dyn Scheme>, Error> {
        super::strong("secrets", &secrets.secrets)?;
        self.verifier(&secrets.secrets, &["header.idempotency-key"]).map(|verifier| Box::new(verifier) as _)
    }

    /// The verifier of this way to sign, with secrets of any length.
    pub(super) fn verifier(
        &self,
        secrets: &[Secret],
        dedupe_keys: &'static [&'static str],
    ) -> Result<Verifier, Error> {
        let template = Template::parse(&self.signed)?;
        let timestamp = self.timestamp.as_ref().map(Timestamp::compile).transpose()?;
        if template.has_timestamp() != timestamp.is_some() {
            let reason = "`{timestamp}` is signed and `timestamp` names its header, or neither.";
            return Err(Error::config(
                "verification.timestamp",
                "wrong_form",
                reason,
                "Set `timestamp.header`, and put `{timestamp}` into `signed`.",
            ));
        }
        Ok(Verifier {
            keys: secrets.iter().map(|key| Mac::keyed(self.algorithm, key.expose().as_bytes())).collect(),
            header: header_name("verification.header", &self.header)?,
            encoding: self.encoding,
            prefix: self.prefix.clone(),
            template,
            timestamp,
            dedupe_keys,
        })
    }
}

impl Timestamp {
    pub(super) const fn default_tolerance() -> Span {
        Span::from_secs(300)
    }

    fn compile(&self) -> Result<(HeaderName, Unit, Tolerance), Error> {
        let header = header_name("verification.timestamp.header", &self.header)?;
        Ok((header, self.unit, Tolerance::of(self.tolerance)?))
    }
}

impl Unit {
    /// The word for what is counted.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::S => "seconds",
            Self::Ms => "milliseconds",
        }
    }

    /// Reads a time as milliseconds.
    pub(super) fn read(self, text: &str) -> Option<i64> {
        let count: i64 = text.parse().ok()?;
        match self {
            Self::S => count.checked_mul(1_000),
            Self::Ms => Some(count),
        }
    }
}

impl Verifier {
    /// The signature first: only who holds a secret learns that a clock is wrong.
    pub(super) fn check(&self, request: &Unverified) -> Result<(), Refused> {
        let shown = proof::header(request.headers, self.header.as_str())?;
        let timestamp = match &self.timestamp {
            Some((header, ..)) => proof::header(request.headers, header.as_str())?,
            None => "",
        };
        let invalid = || {
            let detail = format!("The signature in `{}` is not that of this request under a secret of this source.", self.header);
            proof::unauthorised(Code::SignatureInvalid, detail)
        };
        let signature = shown.strip_prefix(&*self.prefix).and_then(|text| self.encoding.decode(text));
        let signature = signature.ok_or_else(invalid)?;
        let mut known = false;
        for key in &self.keys {
            let mut mac = key.clone();
            self.template.feed(request, timestamp, |bytes| mac.update(bytes))?;
            known |= mac.is(signature.as_bytes());
        }
        if !known {
            return Err(invalid());
        }
        if let Some((header, unit, tolerance)) = &self.timestamp {
            let signed_ms = unit.read(timestamp).ok_or_else(invalid)?;
            tolerance.check(&format!("`{header}`"), signed_ms, request.received_at)?;
        }
        Ok(())
    }
}

impl Scheme for Verifier {
    fn verify(&self, request: &Unverified) -> Result<Verified, Unproven> {
        self.check(request)?;
        Ok(Verified::plain())
    }

    fn proofs(&self) -> Vec<String> {
        vec![self.header.as_str().to_owned()]
    }

    fn dedupe_keys(&self) -> &'static [&'static str] {
        self.dedupe_keys
    }
}

/// A header's name out of a configuration.
pub(super) fn header_name(field: &str, name: &str) -> Result<HeaderName, Error> {
    name.parse().map_err(|_| {
        let suggestion = "Write one like `x-signature`.";
        Error::config(field, "wrong_form", "that is no name for a header.", suggestion)
    })
}
