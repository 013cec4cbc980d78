//! Scheme `shopify`: Shopify signs the body, `X-Shopify-Hmac-SHA256` ("Deliver webhooks through HTTPS").

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vault::Secret;

use super::{Scheme, hmac};
use crate::Error;

/// Nothing to set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {}

/// The app's secrets.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Secrets {
    /// The app's client secrets, or the key that the shop's notification settings show, 1 to 8; several while one
    /// replaces another.
    #[schemars(with = "Vec<String>", extend("x-widget" = "secret", "writeOnly" = true))]
    pub client_secrets: Vec<Secret>,
}

impl Config {
    #[expect(clippy::unused_self, reason = "every scheme compiles the same way")]
    pub(super) fn compile(&self, secrets: &Secrets) -> Result<Box<dyn Scheme>, Error> {
        super::strong("client_secrets", &secrets.client_secrets)?;
        let way = hmac::Config {
            header: "x-shopify-hmac-sha256".to_owned(),
            algorithm: hmac::Algorithm::Sha256,
            encoding: hmac::Encoding::Base64,
            prefix: String::new(),
            signed: "{body}".to_owned(),
            timestamp: None,
        };
        way.verifier(&secrets.client_secrets, &["header.x-shopify-webhook-id"])
            .map(|verifier| Box::new(verifier) as _)
    }
}
