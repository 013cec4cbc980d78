//! Scheme `github`: GitHub signs the body, `X-Hub-Signature-256` ("Validating webhook deliveries").

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vault::Secret;

use super::{Scheme, hmac};
use crate::Error;

/// Nothing to set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {}

/// The webhook's secrets.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Secrets {
    /// What stands under "Secret" in the webhook's settings, 1 to 8; several while one replaces another.
    #[schemars(with = "Vec<String>", extend("x-widget" = "secret", "writeOnly" = true))]
    pub secrets: Vec<Secret>,
}

impl Config {
    #[expect(clippy::unused_self, reason = "every scheme compiles the same way")]
    pub(super) fn compile(&self, secrets: &Secrets) -> Result<Box<dyn Scheme>, Error> {
        super::strong("secrets", &secrets.secrets)?;
        let way = hmac::Config {
            header: "x-hub-signature-256".to_owned(),
            algorithm: hmac::Algorithm::Sha256,
            encoding: hmac::Encoding::Hex,
            prefix: "sha256=".to_owned(),
            signed: "{body}".to_owned(),
            timestamp: None,
        };
        way.verifier(&secrets.secrets, &["header.x-github-delivery"]).map(|verifier| Box::new(verifier) as _)
    }
}
