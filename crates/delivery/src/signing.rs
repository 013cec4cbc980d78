//! How a receiver can tell that a message is genuine: what signs it, and the header that shows it.

mod rotation;

use clock::Timestamp;
use indexmap::IndexSet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vault::{
    Secret,
    standard_webhooks::{KeyPair, PublicKey, SigningKey},
};

use crate::{
    Error,
    call::{Call, Unsendable},
    kind::Stamp,
    mac::hmac_sha256,
};

pub use rotation::{MadeKey, Rotation, completed, rotated};

/// The most signing secrets at once: enough for rotations of two schemes.
const SECRETS: usize = 5;

/// How messages are signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Signing {
    /// Not at all: a receiver cannot tell a genuine message from a forged one.
    #[default]
    None,
    /// As the Standard Webhooks specification says, by a secret that both ends share (`v1`, HMAC-SHA-256).
    StandardWebhooks,
    /// The same by a key pair (`v1a`, ed25519): the receiver verifies by the public key, which is no secret.
    StandardWebhooksV1a,
    /// Both side by side, for receivers that change from one to the other.
    StandardWebhooksBoth,
    /// As GitHub does: the HMAC-SHA-256 of the body in a header, as `hmac` says.
    Hmac,
}

/// What one key signs by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scheme {
    /// Standard Webhooks `v1`: HMAC-SHA-256.
    V1,
    /// Standard Webhooks `v1a`: ed25519.
    V1a,
    /// The HMAC-SHA-256 of the body, as GitHub does.
    Hmac,
}

/// The header of an HMAC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct HmacHeader {
    /// Its name.
    pub(crate) header: String,
    /// What stands before the hexadecimal digits.
    pub(crate) prefix: String,
}

/// A signing secret as it is stored: the text alone, or with the end of its overlap.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Stored {
    /// One that signs until it is taken away.
    Lasting(Secret),
    /// One that signs until its time is over, in milliseconds since 1970.
    Ending { secret: Secret, until: i64 },
}

/// A key that a destination signs by, as everybody may see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignedBy {
    /// What it signs by.
    pub scheme: Scheme,
    /// What its receiver verifies by, if that is no secret.
    pub public_key: Option<PublicKey>,
    /// When it ends, if another has taken its place.
    pub until: Option<Timestamp>,
}

/// What signs the messages of a destination.
#[derive(Debug)]
pub(crate) struct Keys {
    keys: Vec<Key>,
    hmac: HmacHeader,
}

#[derive(Debug)]
struct Key {
    signer: Signer,
    until: Option<i64>,
}

#[derive(Debug)]
enum Signer {
    V1(SigningKey),
    V1a(KeyPair),
    Hmac(Secret),
}

impl Signing {
    /// What a message has to be signed by.
    const fn schemes(self) -> &'static [Scheme] {
        match self {
            Self::None => &[],
            Self::StandardWebhooks => &[Scheme::V1],
            Self::StandardWebhooksV1a => &[Scheme::V1a],
            Self::StandardWebhooksBoth => &[Scheme::V1, Scheme::V1a],
            Self::Hmac => &[Scheme::Hmac],
        }
    }

    /// What a secret signs by.
    fn scheme_of(self, secret: &str) -> Scheme {
        match self {
            Self::Hmac => Scheme::Hmac,
            _ if secret.trim().starts_with(KeyPair::PREFIX) => Scheme::V1a,
            _ => Scheme::V1,
        }
    }
}

impl Scheme {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::V1 => "v1",
            Self::V1a => "v1a",
            Self::Hmac => "hmac",
        }
    }
}

impl Default for HmacHeader {
    fn default() -> Self {
        Self { header: "X-Hub-Signature-256".to_owned(), prefix: "sha256=".to_owned() }
    }
}

impl Stored {
    fn secret(&self) -> &str {
        let (Self::Lasting(secret) | Self::Ending { secret, .. }) = self;
        secret.expose()
    }

    const fn until(&self) -> Option<i64> {
        match self {
            Self::Lasting(_) => None,
            Self::Ending { until, .. } => Some(*until),
        }
    }
}

impl Keys {
    /// Reads the keys: each scheme has one that does not end.
    pub(crate) fn open(signing: Signing, hmac: HmacHeader, stored: &[Stored]) -> Result<Self, Error> {
        if signing == Signing::None && !stored.is_empty() {
            let error = Error::config("signing", "there are secrets for it, but it is `none`.");
            return Err(error.suggest("Choose how to sign, or remove the secrets."));
        }
        if stored.len() > SECRETS {
            let error = Error::config("secrets.signing", format!("there are more than {SECRETS}."));
            return Err(error.suggest("Wait until the overlap of an earlier rotation ends."));
        }
        let keys: Vec<Key> =
            stored.iter().enumerate().map(|at| key(signing, at)).collect::<Result<_, _>>()?;
        let lasting: IndexSet<_> = keys.iter().filter(|key| key.until.is_none()).map(Key::scheme).collect();
        match signing.schemes().iter().find(|scheme| !lasting.contains(*scheme)) {
            Some(scheme) => {
                let reason = format!("there is none for `{}`.", scheme.word());
                Err(Error::config("secrets.signing", reason))
            }
            None => Ok(Self { keys, hmac }),
        }
    }

    /// The header that signatures of the present scheme need besides those of Standard Webhooks.
    pub(crate) fn header(&self) -> Option<&str> {
        self.keys.iter().any(|key| key.scheme() == Scheme::Hmac).then_some(self.hmac.header.as_str())
    }

    /// The call with its signatures, by all keys that have not ended.
    pub(crate) fn sign(&self, call: Call, stamp: &Stamp) -> Result<Call, Unsendable> {
        let keys = || self.keys.iter().filter(|key| key.until.is_none_or(|until| stamp.at_ms < until));
        // A header of this form has room for one signature: until the overlap ends it is the old secret's.
        let hmac = keys().filter_map(|key| key.hmac(&call.body)).last();
        if let Some(signature) = hmac {
            let value = format!("{}{signature}", self.hmac.prefix);
            return call.header(self.hmac.header.to_ascii_lowercase(), value);
        }
        let signatures: Vec<String> = keys().filter_map(|key| key.standard(stamp, &call.body)).collect();
        if signatures.is_empty() { Ok(call) } else { call.header("webhook-signature", signatures.join(" ")) }
    }

    /// The keys as everybody may see them.
    pub(crate) fn shown(&self) -> impl Iterator<Item = SignedBy> {
        self.keys.iter().map(|key| SignedBy {
            scheme: key.scheme(),
            public_key: if let Signer::V1a(pair) = &key.signer { Some(pair.public_key()) } else { None },
            until: key.until.map(Timestamp::from_millis),
        })
    }
}

impl Key {
    const fn scheme(&self) -> Scheme {
        match self.signer {
            Signer::V1(_) => Scheme::V1,
            Signer::V1a(_) => Scheme::V1a,
            Signer::Hmac(_) => Scheme::Hmac,
        }
    }

    fn standard(&self, stamp: &Stamp, body: &[u8]) -> Option<String> {
        match &self.signer {
            Signer::V1(key) => Some(key.sign(&stamp.id, stamp.at_s, body)),
            Signer::V1a(pair) => Some(pair.sign(&stamp.id, stamp.at_s, body)),
            Signer::Hmac(_) => None,
        }
    }

    fn hmac(&self, body: &[u8]) -> Option<String> {
        let Signer::Hmac(secret) = &self.signer else { return None };
        Some(hex::encode(hmac_sha256(secret.expose(), body)))
    }
}

fn key(signing: Signing, (at, stored): (usize, &Stored)) -> Result<Key, Error> {
    let field = || format!("secrets.signing[{at}]");
    let (secret, scheme) = (stored.secret(), signing.scheme_of(stored.secret()));
    if !signing.schemes().contains(&scheme) {
        let reason = format!("it is a secret of `{}`, by which nothing is signed.", scheme.word());
        return Err(Error::config(field(), reason).suggest("Remove it, or choose another `signing`."));
    }
    let wrong = |error: String| Error::config(field(), format!("{error}."));
    let signer = match scheme {
        Scheme::V1 => Signer::V1(SigningKey::parse(secret).map_err(|error| wrong(error.to_string()))?),
        Scheme::V1a => Signer::V1a(KeyPair::parse(secret).map_err(|error| wrong(error.to_string()))?),
        Scheme::Hmac if secret.is_empty() => return Err(wrong("it is empty".to_owned())),
        Scheme::Hmac => Signer::Hmac(secret.into()),
    };
    Ok(Key { signer, until: stored.until() })
}

#[cfg(test)]
mod tests;
