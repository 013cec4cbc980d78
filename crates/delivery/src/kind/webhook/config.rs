//! A webhook destination's settings.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vault::Secret;

use crate::{
    auth::Auth,
    signing::{HmacHeader, Signing, Stored},
};

/// Sends the message as JSON to an address, signed if wanted. An answer of 2xx means that it has arrived.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// The address to call. Leave it out and set the secret `url` if knowing it lets anybody call it. Its path and query may
    /// hold names in braces, whose values a message gives by `params` of its deliver node; they are encoded, and never
    /// change host or path.
    #[schemars(extend("examples" = ["https://tickets.example.com/hooks/linchpin",
        "https://erp.example.com/orders/{order_id}/status"]))]
    pub(super) url: Option<String>,
    /// The HTTP method.
    #[serde(default)]
    pub(super) method: Method,
    /// Further headers. Those whose values nobody should see belong into the secret `headers`. A `Content-Type`
    /// here replaces `application/json`; if it is not a JSON type, the message must be a text and is sent as it
    /// is.
    #[serde(default)]
    pub(super) headers: IndexMap<String, String>,
    /// Names of headers that a message may set, by `headers` of its deliver node: at most 10.
    #[serde(default)]
    #[schemars(length(max = 10))]
    pub(super) message_headers: Vec<String>,
    /// How the receiver is shown who calls.
    #[serde(default)]
    pub(super) auth: Auth,
    /// How the receiver can tell that the message is genuine.
    #[serde(default)]
    pub(super) signing: Signing,
    /// The header that `hmac` puts the signature into.
    #[serde(default)]
    pub(super) hmac: HmacHeader,
    /// Whether a 4xx answer may pass, so that the delivery is tried again. 408, 425 and 429 always may, 410
    /// never.
    #[serde(default)]
    pub(super) retry_client_errors: bool,
}

/// What nobody sees again.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Secrets {
    /// The address, instead of the open one. Records show its host only.
    #[schemars(with = "Option<String>", extend("writeOnly" = true))]
    pub(super) url: Option<Secret>,
    /// The password, token or value that `auth` shows.
    #[schemars(with = "Option<String>", extend("writeOnly" = true))]
    pub(super) auth: Option<Secret>,
    /// Further headers with secret values.
    #[schemars(with = "IndexMap<String, String>", extend("writeOnly" = true))]
    pub(super) headers: IndexMap<String, Secret>,
    /// Signing secrets: `whsec_` and the base64 of 24 to 64 random bytes for `v1`, a private key that begins with
    /// `whsk_` for `v1a`, any text for `hmac`. What is missing is drawn when the destination is saved. Each message is
    /// signed with all of them, so that a receiver can change from the old to the new at its own time.
    #[schemars(with = "Vec<String>", extend("writeOnly" = true))]
    pub(super) signing: Vec<Stored>,
}

/// The HTTP method of a webhook.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Method {
    /// As nearly all receivers expect.
    #[default]
    Post,
    /// To replace what is there.
    Put,
    /// To change what is there.
    Patch,
    /// To delete what is there; a message that is `null` has no body then.
    Delete,
}

impl From<Method> for http::Method {
    fn from(method: Method) -> Self {
        match method {
            Method::Post => Self::POST,
            Method::Put => Self::PUT,
            Method::Patch => Self::PATCH,
            Method::Delete => Self::DELETE,
        }
    }
}
