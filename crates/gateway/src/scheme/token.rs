//! Scheme `token`: the sender shows a token, as bearer, in a header or in the query.

use http::{HeaderName, HeaderValue, header};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vault::Secret;

use super::{Scheme, Unproven, Unverified, Verified, hmac::header_name, proof};
use crate::{Code, Error, Refused};

/// Where the token may come. Each place can be switched off, but not all of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Whether it may come as `Authorization: Bearer <token>`.
    #[serde(default = "Config::default_bearer")]
    pub bearer: bool,
    /// The header it may come in; `null` for none.
    #[serde(default = "Config::default_header")]
    pub header: Option<String>,
    /// The query parameter it may come in; `null` for none. URLs end up in logs: prefer the others.
    #[serde(default = "Config::default_query")]
    pub query: Option<String>,
}

/// The tokens that are accepted.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Secrets {
    /// The tokens, 1 to 8, each of at least 16 characters; several while one replaces another.
    #[schemars(with = "Vec<String>", extend("x-widget" = "secret", "writeOnly" = true))]
    pub tokens: Vec<Secret>,
}

/// How many tokens of one request are looked at: a bound on the work that a stranger makes.
const MAX_SHOWN: usize = 8;

#[derive(Debug)]
struct Verifier {
    tokens: Vec<Secret>,
    bearer: bool,
    header: Option<HeaderName>,
    query: Option<String>,
}

impl Config {
    const fn default_bearer() -> bool {
        true
    }

    #[expect(clippy::unnecessary_wraps, reason = "serde's default is of the field's own type")]
    fn default_header() -> Option<String> {
        Some("x-webhook-token".to_owned())
    }

    #[expect(clippy::unnecessary_wraps, reason = "serde's default is of the field's own type")]
    fn default_query() -> Option<String> {
        Some("token".to_owned())
    }

    pub(super) fn compile(&self, secrets: &Secrets) -> Result<Box<dyn Scheme>, Error> {
        super::strong("tokens", &secrets.tokens)?;
        let header = self.header.as_deref().map(|name| header_name("verification.header", name)).transpose()?;
        let query = self.query.clone().filter(|name| !name.is_empty());
        if !self.bearer && header.is_none() && query.is_none() {
            let reason = "the token may come nowhere.";
            return Err(Error::config("verification", "empty", reason, "Set `bearer` to true."));
        }
        let tokens = secrets.tokens.clone();
        Ok(Box::new(Verifier { tokens, bearer: self.bearer, header, query }))
    }
}

impl Verifier {
    /// The tokens that the request shows, wherever one may be.
    fn shown<'r>(&'r self, request: &'r Unverified) -> impl Iterator<Item = &'r [u8]> {
        let authorization = self.bearer.then(|| request.headers.get_all(header::AUTHORIZATION));
        let bearers = authorization.into_iter().flatten().filter_map(|value| bearer(value.as_bytes()));
        let headers = self.header.as_ref().map(|name| request.headers.get_all(name));
        let headers = headers.into_iter().flatten().map(HeaderValue::as_bytes);
        let queries = self.query.as_deref().map(|name| request.query.all(name));
        bearers.chain(headers).chain(queries.into_iter().flatten().map(str::as_bytes)).take(MAX_SHOWN)
    }
}

impl Scheme for Verifier {
    fn verify(&self, request: &Unverified) -> Result<Verified, Unproven> {
        let verdicts = self.shown(request).map(|shown| proof::is_one_of(&self.tokens, shown));
        let refuse = |code, detail: &'static str| {
            let challenge = HeaderValue::from_static("Bearer");
            Err(Refused::new(code, detail).with_header(header::WWW_AUTHENTICATE, challenge).into())
        };
        match verdicts.reduce(|known, other| known | other) {
            Some(true) => Ok(Verified::plain()),
            Some(false) => refuse(Code::TokenInvalid, "The request's token is not one of this source's."),
            None => refuse(Code::TokenMissing, "The request carries no token where this source expects one."),
        }
    }

    fn proofs(&self) -> Vec<String> {
        let header = self.header.as_ref().map(|name| name.as_str().to_owned());
        header.into_iter().chain(self.query.as_ref().map(|name| name.to_ascii_lowercase())).collect()
    }
}

/// The token of `Bearer <token>`; the word in any case, as RFC 9110 says of schemes.
fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (word, token) = value.split_at_checked(7)?;
    word.eq_ignore_ascii_case(b"bearer ").then(|| token.trim_ascii())
}
