//! The scheme that a source verifies by, and, while senders change over, the one before.

use std::sync::Arc;

use clock::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, value::RawValue};

use crate::{
    Config, Error, Verification,
    error::{read_config, read_secrets},
    judge::DedupeKey,
    keys::KeySet,
    scheme::{Scheme, Unproven, Unverified, Verified},
};

/// A source's schemes, with the dedupe key of each.
#[derive(Debug)]
pub(crate) struct Verifiers {
    present: Verifier,
    previous: Option<(Verifier, Timestamp)>,
}

#[derive(Debug)]
pub(crate) struct Verifier {
    pub(crate) scheme: Box<dyn Scheme>,
    pub(crate) dedupe: Option<DedupeKey>,
}

/// Secrets as they are stored: those of the present scheme alone, or with those of the one before.
#[derive(Deserialize)]
struct Stored<'a> {
    #[serde(borrow)]
    present: Option<&'a RawValue>,
    #[serde(borrow)]
    previous: Option<&'a RawValue>,
}

impl<'a> Stored<'a> {
    /// The secrets of the present scheme and of the one before.
    fn read(secrets: &'a [u8]) -> (&'a [u8], Option<&'a [u8]>) {
        let bytes = |value: &'a RawValue| value.get().as_bytes();
        match serde_json::from_slice(secrets) {
            Ok(Stored { present: Some(present), previous }) => (bytes(present), previous.map(bytes)),
            // What is of no form at all is found out by the scheme that reads it.
            _ => (secrets, None),
        }
    }
}

impl Verifiers {
    /// Puts the schemes of a configuration and the stored secrets together. `dedupe` makes a scheme's dedupe key, of
    /// which the proofs of all schemes are no part.
    pub(crate) fn compile(config: &Config, secrets: &[u8]) -> Result<Self, Error> {
        let (present, before) = Stored::read(secrets);
        let arm = |verification: &Verification, secrets| {
            Ok(Verifier { scheme: verification.compile(secrets)?, dedupe: None })
        };
        let before = before.unwrap_or(b"{}");
        let previous = config.previous.as_ref();
        let previous = previous.map(|previous| Ok((arm(&previous.verification, before)?, previous.until)));
        Ok(Self { present: arm(&config.verification, present)?, previous: previous.transpose()? })
    }

    /// The one that senders are told of.
    pub(crate) const fn present(&self) -> &Verifier {
        &self.present
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Verifier> {
        std::iter::once(&self.present).chain(self.previous.as_ref().map(|(previous, _)| previous))
    }

    pub(crate) fn all_mut(&mut self) -> impl Iterator<Item = &mut Verifier> {
        std::iter::once(&mut self.present).chain(self.previous.as_mut().map(|(previous, _)| previous))
    }

    /// The public keys that are fetched.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &Arc<KeySet>> {
        self.all().filter_map(|verifier| verifier.scheme.keys())
    }

    /// Verifies a request by the present scheme, and then, until its time is over, by the one before. Gives the
    /// verifier that knew it as well.
    pub(crate) fn verify(&self, request: &Unverified) -> Result<(Verified, &Verifier), Unproven> {
        let by = |verifier: &'_ Verifier| verifier.scheme.verify(request);
        let unproven = match by(&self.present) {
            Ok(verified) => return Ok((verified, &self.present)),
            Err(unproven) => unproven,
        };
        let previous = self.previous.as_ref().filter(|(_, until)| request.received_at < *until);
        match previous.map(|(previous, _)| (by(previous), previous)) {
            Some((Ok(verified), previous)) => Ok((verified, previous)),
            // The keys that may still come could be those of the scheme before.
            Some((Err(wanted @ Unproven::KeysWanted(..)), _)) if matches!(unproven, Unproven::Refused(_)) => {
                Err(wanted)
            }
            _ => Err(unproven),
        }
    }
}

/// A source's configuration and secrets, both JSON, after its senders were given another scheme or other secrets.
/// `verification` is the new scheme's JSON, or that of the present one; until `until`, what was valid so far is
/// taken as well. What an earlier rotation left is gone.
///
/// # Errors
/// When the configuration or the stored secrets cannot be read.
pub fn rotated(
    (config, secrets): (&str, &[u8]),
    verification: Option<&Value>,
    next: &Value,
    until: Option<Timestamp>,
) -> Result<(String, Vec<u8>), Error> {
    let mut config: Map<String, Value> = read_config(config)?;
    let replaced = config.get("verification").cloned().unwrap_or_default();
    if let Some(verification) = verification {
        config.insert("verification".to_owned(), verification.clone());
    }
    config.remove("previous");
    let Some(until) = until else {
        return Ok((Value::Object(config).to_string(), next.to_string().into_bytes()));
    };
    config.insert("previous".to_owned(), serde_json::json!({ "verification": replaced, "until": until }));
    let before: Value = read_secrets(Stored::read(secrets).0)?;
    Ok((Value::Object(config).to_string(), pair(next, &before)))
}

/// The secrets that go with a configuration: those that are stored, or `next` in place of the present scheme's.
/// Those of the scheme before stay for as long as the configuration names it.
///
/// # Errors
/// When the stored secrets cannot be read.
pub fn kept(config: &Value, secrets: &[u8], next: Option<&Value>) -> Result<Vec<u8>, Error> {
    let (present, before) = Stored::read(secrets);
    let before = before.filter(|_| config.get("previous").is_some_and(|previous| !previous.is_null()));
    let text = |value: &Value| value.to_string().into_bytes();
    match (before, next) {
        (Some(before), Some(next)) => Ok(pair(next, &read_secrets(before)?)),
        (Some(_), None) => Ok(secrets.to_vec()),
        (None, next) => Ok(next.map_or_else(|| present.to_vec(), text)),
    }
}

fn pair(present: &Value, previous: &Value) -> Vec<u8> {
    serde_json::json!({ "present": present, "previous": previous }).to_string().into_bytes()
}
