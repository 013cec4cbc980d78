//! Scheme `none`: anyone who knows the URL may send.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Scheme, Unproven, Unverified, Verified};
use crate::Error;

/// Nothing to set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {}

/// Nothing to keep.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Secrets {}

#[derive(Debug)]
struct Verifier;

impl Config {
    #[expect(clippy::unnecessary_wraps, clippy::unused_self, reason = "every scheme compiles the same way")]
    pub(super) fn compile(&self, _: &Secrets) -> Result<Box<dyn Scheme>, Error> {
        Ok(Box::new(Verifier))
    }
}

impl Scheme for Verifier {
    fn verify(&self, _: &Unverified) -> Result<Verified, Unproven> {
        Ok(Verified::plain())
    }

    fn proofs(&self) -> Vec<String> {
        Vec::new()
    }
}
