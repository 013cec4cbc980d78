//! How a source knows its senders. A scheme is one file with its `Config`, its `Secrets` and its
//! [`Scheme`], and one line in the list below.

use std::fmt;

use clock::Timestamp;
use http::HeaderMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Error, Refused, error::read_secrets, pairs::Pairs};

/// A compiled scheme with its secrets.
pub(crate) trait Scheme: fmt::Debug + Send + Sync {
    /// Whether the request is from a sender that holds a secret. Secrets are compared in constant time.
    fn verify(&self, request: &Unverified) -> Result<(), Refused>;

    /// The headers and query parameters that carry its proofs, in lower case. They are never recorded
    /// and cannot be mapped to fields.
    fn proofs(&self) -> Vec<String>;

    /// Where its requests carry their dedupe key, written like a field's `from`.
    fn dedupe_key(&self) -> &'static str {
        "header.idempotency-key"
    }
}

/// What a scheme may look at.
#[derive(Debug)]
pub(crate) struct Unverified<'r> {
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
    /// The sender signs as the Standard Webhooks specification says.
    StandardWebhooks(standard_webhooks);
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
