//! Scheme `basic`: the sender shows a user's name and password (RFC 7617).

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderValue, header};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vault::Secret;

use super::{Scheme, Unproven, Unverified, Verified, proof};
use crate::{Code, Error, Refused};

/// Whose password it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The user's name, without a colon.
    pub username: String,
}

/// The passwords that are accepted.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Secrets {
    /// The passwords, 1 to 8, each of at least 16 characters; several while one replaces another.
    #[schemars(with = "Vec<String>", extend("x-widget" = "secret", "writeOnly" = true))]
    pub passwords: Vec<Secret>,
}

/// What a request with the right name and password says.
#[derive(Debug)]
struct Verifier(Vec<Secret>);

impl Config {
    pub(super) fn compile(&self, secrets: &Secrets) -> Result<Box<dyn Scheme>, Error> {
        super::strong("passwords", &secrets.passwords)?;
        if self.username.is_empty() || self.username.contains(':') || self.username.contains(char::is_control) {
            let reason = "a name is not empty, and has neither a colon nor control characters.";
            return Err(Error::config("verification.username", "wrong_form", reason, "Choose another."));
        }
        let pair = |password: &Secret| format!("{}:{}", self.username, password.expose()).into();
        Ok(Box::new(Verifier(secrets.passwords.iter().map(pair).collect())))
    }
}

impl Scheme for Verifier {
    fn verify(&self, request: &Unverified) -> Result<Verified, Unproven> {
        let refuse = |code, detail: &'static str| {
            let challenge = HeaderValue::from_static("Basic realm=\"source\", charset=\"UTF-8\"");
            Unproven::Refused(Refused::new(code, detail).with_header(header::WWW_AUTHENTICATE, challenge))
        };
        let mut came = request.headers.get_all(header::AUTHORIZATION).iter();
        let shown = match (came.next(), came.next()) {
            (Some(value), None) => basic(value.as_bytes()),
            _ => None,
        };
        let shown = shown.ok_or_else(|| {
            let detail = "The request carries no name and password, as one `Authorization: Basic` header.";
            refuse(Code::CredentialsMissing, detail)
        })?;
        let known = STANDARD.decode(shown).is_ok_and(|pair| proof::is_one_of(&self.0, &pair));
        if known {
            return Ok(Verified::plain());
        }
        Err(refuse(Code::CredentialsInvalid, "The request's name and password are not this source's."))
    }

    fn proofs(&self) -> Vec<String> {
        vec![header::AUTHORIZATION.as_str().to_owned()]
    }
}

/// What follows `Basic`; the word in any case, as RFC 9110 says of schemes.
fn basic(value: &[u8]) -> Option<&[u8]> {
    let (word, pair) = value.split_at_checked(6)?;
    word.eq_ignore_ascii_case(b"basic ").then(|| pair.trim_ascii())
}
