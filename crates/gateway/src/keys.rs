//! A sender's public keys (JWKS, RFC 7517), fetched by whoever holds the source: nothing here does I/O.

use std::{sync::Arc, time::Duration};

use clock::Timestamp;
use jsonwebtoken::{
    Algorithm, DecodingKey,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse},
};
use parking_lot::RwLock;
use serde::Deserialize;
use serde_json::Value;

use crate::Refused;

/// The keys behind a URL, as they are known now.
#[derive(Debug)]
pub struct KeySet {
    url: String,
    known: RwLock<Option<Known>>,
}

/// A request that cannot be judged by the keys that are known.
#[derive(Debug)]
pub struct KeysWanted {
    /// Whose keys are wanted. Once they are there, the request is to be judged again.
    pub keys: Arc<KeySet>,
    /// What it is answered when there are no newer ones.
    pub otherwise: Refused,
}

/// A document that holds no keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MalformedKeys {
    /// It is not of the right form.
    #[error("the document is no JSON Web Key Set")]
    Form,
    /// It holds none that verify.
    #[error("the document holds no key that verifies signatures")]
    Empty,
    /// It holds more than are looked at.
    #[error("the document holds more than {} keys", KeySet::MAX)]
    TooMany,
}

#[derive(Clone, Debug)]
struct Known {
    keys: Arc<[PublicKey]>,
    fetched_at: Timestamp,
    fresh_until: Timestamp,
}

/// A key that verifies.
#[derive(Debug)]
pub(crate) struct PublicKey {
    kid: Option<String>,
    algorithms: Vec<Algorithm>,
    key: DecodingKey,
}

impl KeySet {
    /// The most keys of a set.
    pub const MAX: usize = 100;

    /// The largest document that holds them, in bytes.
    pub const MAX_BYTES: usize = 256 << 10;

    /// When a sender may try again while no keys are known.
    pub const RETRY_AFTER: Duration = Duration::from_secs(5);

    /// How long keys are good for at least and at most, whatever their server says, and how long they count when
    /// no newer ones can be had.
    const FRESH: [Duration; 2] = [Duration::from_secs(300), Duration::from_secs(86_400)];
    const USABLE: Duration = Duration::from_secs(86_400);

    pub(crate) fn new(url: &str) -> Self {
        Self { url: url.to_owned(), known: RwLock::new(None) }
    }

    /// Where they are.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Takes a document in place of what was known. `max_age` is how long its server says that it is good for.
    ///
    /// # Errors
    /// When it holds no keys; what was known stays.
    pub fn learn(&self, json: &[u8], now: Timestamp, max_age: Option<Duration>) -> Result<(), MalformedKeys> {
        let keys = read(json)?.into();
        let [least, most] = Self::FRESH;
        let fresh_until = now.after(max_age.unwrap_or(least).clamp(least, most));
        *self.known.write() = Some(Known { keys, fetched_at: now, fresh_until });
        Ok(())
    }

    /// Whether it is time for newer ones.
    pub fn is_stale(&self, now: Timestamp) -> bool {
        self.known.read().as_ref().is_some_and(|known| known.fresh_until <= now)
    }

    /// Whether some are known that still count.
    pub fn is_known(&self, now: Timestamp) -> bool {
        self.keys(now).is_some()
    }

    /// Takes what another set of the same URL knows.
    pub(crate) fn take_over(&self, other: &Self) {
        if self.url == other.url {
            self.known.write().clone_from(&other.known.read());
        }
    }

    pub(crate) fn keys(&self, now: Timestamp) -> Option<Arc<[PublicKey]>> {
        let known = self.known.read();
        let known = known.as_ref().filter(|known| now < known.fetched_at.after(Self::USABLE))?;
        Some(Arc::clone(&known.keys))
    }
}

impl PublicKey {
    pub(crate) fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    pub(crate) fn takes(&self, algorithm: Algorithm) -> bool {
        self.algorithms.contains(&algorithm)
    }

    pub(crate) const fn key(&self) -> &DecodingKey {
        &self.key
    }

    /// A key for signatures; `None` for any other, such as a shared secret, which nobody should publish.
    fn of(jwk: &Jwk) -> Option<Self> {
        use Algorithm::{ES256, ES384, EdDSA, PS256, PS384, PS512, RS256, RS384, RS512};
        if !matches!(jwk.common.public_key_use, None | Some(PublicKeyUse::Signature)) {
            return None;
        }
        let algorithms = match &jwk.algorithm {
            AlgorithmParameters::RSA(_) => vec![RS256, RS384, RS512, PS256, PS384, PS512],
            AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => vec![ES256],
            AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P384 => vec![ES384],
            AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => vec![EdDSA],
            _ => return None,
        };
        let algorithms = match jwk.common.key_algorithm {
            None => algorithms,
            Some(named) => {
                algorithms.into_iter().filter(|algorithm| KeyAlgorithm::from(*algorithm) == named).collect()
            }
        };
        let kid = jwk.common.key_id.clone();
        Some(Self { kid, algorithms, key: DecodingKey::from_jwk(jwk).ok()? })
    }
}

/// The keys of a document. Those of other kinds are passed over: their senders may have use for them.
fn read(json: &[u8]) -> Result<Vec<PublicKey>, MalformedKeys> {
    #[derive(Deserialize)]
    struct Document {
        keys: Vec<Value>,
    }
    let Document { keys } = serde_json::from_slice(json).map_err(|_| MalformedKeys::Form)?;
    if keys.len() > KeySet::MAX {
        return Err(MalformedKeys::TooMany);
    }
    let jwks = keys.into_iter().filter_map(|key| serde_json::from_value::<Jwk>(key).ok());
    let keys: Vec<PublicKey> = jwks.filter_map(|jwk| PublicKey::of(&jwk)).collect();
    if keys.is_empty() { Err(MalformedKeys::Empty) } else { Ok(keys) }
}
