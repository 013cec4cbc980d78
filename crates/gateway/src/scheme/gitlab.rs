//! Scheme `gitlab`: GitLab shows a secret token, `X-Gitlab-Token`, or signs as the Standard Webhooks
//! specification says, with a signing token ("Webhooks", "Signing token").

use http::{HeaderValue, header};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vault::Secret;

use super::{Scheme, Unproven, Unverified, Verified, proof, standard_webhooks};
use crate::{Code, Error, Refused};

/// Nothing to set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {}

/// What GitLab proves itself with. Where there are signing tokens, only a signature counts.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Secrets {
    /// The webhook's secret tokens, up to 8; several while one replaces another.
    #[serde(default)]
    #[schemars(with = "Vec<String>", extend("x-widget" = "secret", "writeOnly" = true))]
    pub tokens: Vec<Secret>,
    /// The webhook's signing tokens, `whsec_…`, up to 8; several while one replaces another.
    #[serde(default)]
    #[schemars(with = "Vec<String>", extend("x-widget" = "secret", "writeOnly" = true))]
    pub signing_tokens: Vec<Secret>,
}

const TOKEN: &str = "x-gitlab-token";

/// The same on every attempt.
const DEDUPE_KEYS: &[&str] = &["header.idempotency-key"];

#[derive(Debug)]
struct Shown(Vec<Secret>);

impl Config {
    #[expect(clippy::unused_self, reason = "every scheme compiles the same way")]
    pub(super) fn compile(&self, secrets: &Secrets) -> Result<Box<dyn Scheme>, Error> {
        if secrets.signing_tokens.is_empty() {
            super::strong("tokens", &secrets.tokens)?;
            return Ok(Box::new(Shown(secrets.tokens.clone())));
        }
        let config = standard_webhooks::Config { tolerance: standard_webhooks::Config::default_tolerance() };
        config.verifier("signing_tokens", &secrets.signing_tokens)
    }
}

impl Scheme for Shown {
    fn verify(&self, request: &Unverified) -> Result<Verified, Unproven> {
        let refuse = |code, detail: String| {
            Refused::new(code, detail).with_header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
        };
        let token = proof::header(request.headers, TOKEN)
            .map_err(|refused| refuse(Code::TokenMissing, refused.detail.into_owned()))?;
        if proof::is_one_of(&self.0, token.as_bytes()) {
            return Ok(Verified::plain());
        }
        let detail = "The token in `X-Gitlab-Token` is not one of this source's.";
        Err(refuse(Code::TokenInvalid, detail.to_owned()).into())
    }

    fn proofs(&self) -> Vec<String> {
        vec![TOKEN.to_owned()]
    }

    fn dedupe_keys(&self) -> &'static [&'static str] {
        DEDUPE_KEYS
    }
}
