//! How a source knows its senders. A scheme is one file with its `Config`, its `Secrets` and its
//! [`Scheme`], and one line in the list below.

mod envelope;
mod mac;
mod proof;
mod template;
mod verified;

use std::{fmt, sync::Arc};

use clock::Timestamp;
use http::{HeaderMap, Method};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vault::Secret;

pub use self::verified::Answer;
pub(crate) use self::verified::{Event, Opened, Unproven, Verified};
use crate::{Error, Text, error::read_secrets, keys::KeySet, pairs::Pairs};

/// A compiled scheme with its secrets.
pub(crate) trait Scheme: fmt::Debug + Send + Sync {
    /// Whether the request is from a sender that holds a secret, and what it is then. Secrets are compared in
    /// constant time.
    fn verify(&self, request: &Unverified) -> Result<Verified, Unproven>;

    /// The headers and query parameters that carry its proofs, in lower case. They are never recorded
    /// and cannot be mapped to fields.
    fn proofs(&self) -> Vec<String>;

    /// Where its requests carry their dedupe key, written like a field's `from`; the first that is there counts.
    fn dedupe_keys(&self) -> &'static [&'static str] {
        &["header.idempotency-key"]
    }

    /// Its dedupe key in words, where no path leads to it: an event then carries it
    /// ([`Event::dedupe_key`]).
    fn own_dedupe_key(&self) -> Option<Text> {
        None
    }

    /// The method of its handshake, which it takes besides those that the source takes.
    fn handshake_method(&self) -> Option<&'static Method> {
        None
    }

    /// Proofs that come in the body: they are cut out of what is recorded.
    fn proofs_in_body(&self) -> &[Secret] {
        &[]
    }

    /// Where in a JSON body those proofs are: they are taken out of what fields are read from.
    fn places_of_proofs(&self) -> &'static [&'static str] {
        &[]
    }

    /// Its public keys, where they are fetched from a URL.
    fn keys(&self) -> Option<&Arc<KeySet>> {
        None
    }
}

/// What a scheme may look at.
#[derive(Debug)]
pub(crate) struct Unverified<'r> {
    pub(crate) method: &'r Method,
    pub(crate) headers: &'r HeaderMap,
    pub(crate) query: &'r Pairs<'r>,
    pub(crate) body: &'r [u8],
    pub(crate) received_at: Timestamp,
}

macro_rules! schemes {
    ($($(#[$doc:meta])* $name:ident($module:ident);)*) => {
        $(pub mod $module;)*

        /// How a source knows its senders.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(tag = "scheme", rename_all = "snake_case")]
        pub enum Verification {
            $($(#[$doc])* $name($module::Config),)*
        }

        /// What a source's senders prove themselves with, by the scheme that the source verifies by. It
        /// is stored apart from the configuration, sealed, and shown to nobody.
        #[derive(Clone, Debug, Deserialize, JsonSchema)]
        #[serde(tag = "scheme", rename_all = "snake_case")]
        pub enum Secrets {
            $($(#[$doc])* $name($module::Secrets),)*
        }

        impl Verification {
            /// The scheme's name, such as `standard_webhooks`.
            pub const fn scheme(&self) -> &'static str {
                match self {
                    $(Self::$name(_) => stringify!($module),)*
                }
            }

            /// Puts the scheme and its secrets together. Whatever does not fit is an error: a source
            /// without a working verifier takes no request.
            fn arm(&self, secrets: &Secrets) -> Result<Box<dyn Scheme>, Error> {
                match (self, secrets) {
                    $((Self::$name(config), Secrets::$name(secrets)) => config.compile(secrets),)*
                    _ => Err(Error::secrets(
                        "scheme",
                        "wrong_scheme",
                        "the secrets are not those of the scheme that the source verifies by.",
                        "Set the source's secrets again, for this scheme.",
                    )),
                }
            }
        }
    };
}

schemes! {
    /// The sender shows a token.
    Token(token);
    /// The sender shows a user's name and password.
    Basic(basic);
    /// The sender shows a JSON Web Token.
    Jwt(jwt);
    /// The sender signs the request with a shared secret, in a way of its own.
    Hmac(hmac);
    /// The sender signs as the Standard Webhooks specification says.
    StandardWebhooks(standard_webhooks);
    /// GitHub.
    Github(github);
    /// GitLab.
    Gitlab(gitlab);
    /// Stripe.
    Stripe(stripe);
    /// Shopify.
    Shopify(shopify);
    /// Slack: events, commands and interactions.
    Slack(slack);
    /// WeCom (企业微信): messages and events of an app or a bot.
    Wecom(wecom);
    /// DingTalk (钉钉): messages to a robot.
    Dingtalk(dingtalk);
    /// DingTalk (钉钉): events of an app, encrypted.
    DingtalkEvents(dingtalk_events);
    /// Feishu (飞书) and Lark: events and callbacks of an app.
    Feishu(feishu);
    /// Anyone who knows the URL may send.
    None(none);
}

impl Verification {
    /// Puts the scheme and its stored secrets together. `none` needs none and looks at none.
    pub(crate) fn compile(&self, secrets: &[u8]) -> Result<Box<dyn Scheme>, Error> {
        if matches!(self, Self::None(_)) {
            return self.arm(&Secrets::None(none::Secrets {}));
        }
        self.arm(&read_secrets(secrets)?)
    }
}

/// How many secrets a source may have at once: more than a rotation needs, and a bound on the work
/// that a stranger's request makes.
const MAX_SECRETS: usize = 8;

/// Checks that there are some secrets, and not too many.
fn count(field: &str, secrets: usize) -> Result<(), Error> {
    match secrets {
        0 => Err(Error::secrets(field, "empty", "there is none.", "Add one.")),
        1..=MAX_SECRETS => Ok(()),
        _ => {
            Err(Error::secrets(field, "too_many", "there are more than 8.", "Remove those no longer in use."))
        }
    }
}

/// The shortest secret that a sender chooses or a person types; a random one of this length has 96 bits in
/// base64.
const MIN_LENGTH: usize = 16;

/// Checks that there are some secrets, not too many, and none that could be guessed.
fn strong(field: &str, secrets: &[Secret]) -> Result<(), Error> {
    count(field, secrets.len())?;
    if secrets.iter().all(|secret| secret.expose().len() >= MIN_LENGTH) {
        return Ok(());
    }
    let reason = "one has fewer than 16 characters and could be guessed.";
    Err(Error::secrets(field, "too_short", reason, "Make one with `openssl rand -hex 24`."))
}

/// Checks that there are some secrets, not too many, and none that is empty: the sender made them.
fn present(field: &str, secrets: &[Secret]) -> Result<(), Error> {
    count(field, secrets.len())?;
    if secrets.iter().all(|secret| !secret.expose().is_empty()) {
        return Ok(());
    }
    Err(Error::secrets(field, "empty", "one is empty.", "Copy it from the sender again."))
}
