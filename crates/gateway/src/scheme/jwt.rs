//! Scheme `jwt`: the sender shows a JSON Web Token (RFC 7519), signed by an algorithm that the source names.

mod claims;
mod ring_provider;

use std::sync::Arc;

use flow::Span;
use http::{HeaderName, HeaderValue, header};
use jsonwebtoken::{DecodingKey, Validation};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use vault::Secret;

use self::claims::Rules;
use super::{Scheme, Unproven, Unverified, Verified, hmac::header_name};
use crate::{
    Code, Error, Refused, config,
    keys::{KeySet, PublicKey},
};

/// Which tokens are taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The algorithms that a token may be signed by; a token by any other is refused.
    pub algorithms: Vec<Algorithm>,
    /// Where the sender's public keys are (JWKS). Without it they are among the secrets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["https://auth.example.com/.well-known/jwks.json"]))]
    pub jwks_url: Option<String>,
    /// The only issuer (`iss`) that is taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// The audiences (`aud`) of which a token must name one; empty takes any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub audience: Vec<String>,
    /// The claims that a token must have.
    #[serde(default = "Config::default_required")]
    pub required: Vec<String>,
    /// How far the sender's clock may be wrong when `exp` and `nbf` are judged, up to 10m.
    #[serde(default = "Config::default_leeway")]
    pub leeway: Span,
    /// The header that carries the token. By default `Authorization: Bearer <token>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
}

/// The keys that tokens are signed with, unless they are fetched from `jwks_url`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Secrets {
    /// Shared secrets of at least 32 characters for `HS…`, public keys in PEM for the others, up to 8; several while
    /// one replaces another.
    #[serde(default)]
    #[schemars(with = "Vec<String>", extend("x-widget" = "secret", "writeOnly" = true))]
    pub keys: Vec<Secret>,
}

/// How a token is signed, by its name in RFC 7518 and RFC 8037.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "the names are the standard's own")]
pub enum Algorithm {
    HS256,
    HS384,
    HS512,
    RS256,
    RS384,
    RS512,
    PS256,
    PS384,
    PS512,
    ES256,
    ES384,
    EdDSA,
}

/// The shortest shared secret: RFC 7518 asks for as many bytes as the hash has.
const MIN_SECRET: usize = 32;

#[derive(Debug)]
struct Verifier {
    algorithms: Vec<Allowed>,
    keys: Keys,
    rules: Rules,
    header: Option<HeaderName>,
}

/// An algorithm that a token may be signed by.
#[derive(Debug)]
struct Allowed {
    algorithm: jsonwebtoken::Algorithm,
    validation: Validation,
}

#[derive(Debug)]
enum Keys {
    Given(Vec<DecodingKey>),
    Fetched(Arc<KeySet>),
}

impl Config {
    fn default_required() -> Vec<String> {
        vec!["exp".to_owned()]
    }

    const fn default_leeway() -> Span {
        Span::from_secs(60)
    }

    pub(super) fn compile(&self, secrets: &Secrets) -> Result<Box<dyn Scheme>, Error> {
        ring_provider::install();
        if self.algorithms.is_empty() {
            let reason = "no algorithm is allowed.";
            return Err(Error::config("verification.algorithms", "empty", reason, "Name those of the sender."));
        }
        config::span("verification.leeway", self.leeway, [Span::from_secs(0), Span::from_secs(600)])?;
        let keys = match &self.jwks_url {
            Some(url) => Keys::Fetched(self.fetched(url, secrets)?),
            None => Keys::Given(self.given(&secrets.keys)?),
        };
        Ok(Box::new(Verifier {
            algorithms: self.algorithms.iter().map(|algorithm| Allowed::new(*algorithm)).collect(),
            keys,
            rules: Rules {
                issuer: self.issuer.clone(),
                audience: self.audience.clone(),
                required: self.required.clone(),
                leeway: self.leeway,
            },
            header: self.header.as_deref().map(|name| header_name("verification.header", name)).transpose()?,
        }))
    }

    fn fetched(&self, url: &str, secrets: &Secrets) -> Result<Arc<KeySet>, Error> {
        let wrong = |reason, suggestion| Err(Error::config("verification.jwks_url", "wrong_form", reason, suggestion));
        if !secrets.keys.is_empty() {
            let reason = "there are keys among the secrets as well, so it is unclear which count.";
            return wrong(reason, "Remove either.");
        }
        if self.algorithms.iter().any(|algorithm| algorithm.family() == jsonwebtoken::AlgorithmFamily::Hmac) {
            let reason = "what anyone can read there proves nothing for `HS…`.";
            return wrong(reason, "Name algorithms with public keys only.");
        }
        let is_url = url.parse::<http::Uri>().is_ok_and(|url| {
            matches!(url.scheme_str(), Some("https" | "http")) && url.host().is_some_and(|host| !host.is_empty())
        });
        if !is_url {
            return wrong("that is no URL.", "Write one like `https://auth.example.com/.well-known/jwks.json`.");
        }
        Ok(Arc::new(KeySet::new(url)))
    }

    /// The keys among the secrets. A text in PEM is never a shared secret, so nobody can sign with a public key.
    fn given(&self, keys: &[Secret]) -> Result<Vec<DecodingKey>, Error> {
        super::count("keys", keys.len())?;
        let keys = keys.iter().map(|key| read_key(key.expose())).collect::<Result<Vec<_>, _>>()?;
        let families = || self.algorithms.iter().map(|algorithm| algorithm.family());
        if let Some(lonely) = self.algorithms.iter().find(|algorithm| !keys.iter().any(|key| key.family() == algorithm.family())) {
            let reason = format!("there is no key for `{lonely:?}` among the secrets.");
            let suggestion = "Add one, or leave the algorithm out.";
            return Err(Error::config("verification.algorithms", "key_missing", reason, suggestion));
        }
        if keys.iter().any(|key| !families().any(|family| family == key.family())) {
            let reason = "one is of another kind than the algorithms that are allowed.";
            return Err(Error::secrets("keys", "wrong_kind", reason, "Allow its algorithm, or remove it."));
        }
        Ok(keys)
    }
}

impl Algorithm {
    const fn standard(self) -> jsonwebtoken::Algorithm {
        use jsonwebtoken::Algorithm as Standard;
        match self {
            Self::HS256 => Standard::HS256,
            Self::HS384 => Standard::HS384,
            Self::HS512 => Standard::HS512,
            Self::RS256 => Standard::RS256,
            Self::RS384 => Standard::RS384,
            Self::RS512 => Standard::RS512,
            Self::PS256 => Standard::PS256,
            Self::PS384 => Standard::PS384,
            Self::PS512 => Standard::PS512,
            Self::ES256 => Standard::ES256,
            Self::ES384 => Standard::ES384,
            Self::EdDSA => Standard::EdDSA,
        }
    }

    fn family(self) -> jsonwebtoken::AlgorithmFamily {
        self.standard().family()
    }
}

impl Allowed {
    /// The claims are judged here, by the server's own time.
    fn new(algorithm: Algorithm) -> Self {
        let algorithm = algorithm.standard();
        let mut validation = Validation::new(algorithm);
        validation.required_spec_claims.clear();
        (validation.validate_exp, validation.validate_nbf, validation.validate_aud) = (false, false, false);
        Self { algorithm, validation }
    }
}

impl Verifier {
    /// The token, which must come exactly once.
    fn shown<'r>(&self, request: &'r Unverified) -> Option<&'r str> {
        let name = self.header.as_ref().unwrap_or(&header::AUTHORIZATION);
        let mut values = request.headers.get_all(name).iter();
        let (Some(value), None) = (values.next(), values.next()) else { return None };
        let value = value.to_str().ok()?;
        let bearer = value.split_at_checked(7).filter(|(word, _)| word.eq_ignore_ascii_case("bearer "));
        match bearer {
            Some((_, token)) => Some(token.trim()),
            None => self.header.is_some().then_some(value),
        }
    }

    /// The claims of a token that one of the keys has signed.
    fn claims(&self, token: &str, request: &Unverified) -> Result<Map<String, Value>, Unproven> {
        let invalid = |detail: &'static str| refuse(Code::TokenInvalid, detail);
        let header = jsonwebtoken::decode_header(token).map_err(|_| {
            invalid("The token is no JSON Web Token, or is signed by an algorithm that does not exist.")
        })?;
        let allowed = self.algorithms.iter().find(|allowed| allowed.algorithm == header.alg);
        let allowed = allowed.ok_or_else(|| invalid("The token is signed by an algorithm that this source does not take."))?;
        let read = |key| jsonwebtoken::decode(token, key, &allowed.validation).ok().map(|token| token.claims);
        let unsigned = || invalid("The token is not signed by a key of this source.");
        let set = match &self.keys {
            Keys::Given(keys) => {
                let mut fit = keys.iter().filter(|key| key.family() == header.alg.family());
                return fit.find_map(read).ok_or_else(|| unsigned().into());
            }
            Keys::Fetched(set) => set,
        };
        let Some(keys) = set.keys(request.received_at) else {
            let refused = Refused::new(Code::KeysUnavailable, "The sender's public keys could not be fetched.");
            return Err(Unproven::KeysWanted(Arc::clone(set), refused.retry_after(KeySet::RETRY_AFTER)));
        };
        let kid = header.kid.as_deref();
        let mut named = keys.iter().filter(|key| kid.is_none() || key.kid() == kid).peekable();
        if named.peek().is_none() {
            return Err(Unproven::KeysWanted(Arc::clone(set), unsigned()));
        }
        // A token that names no key is tried with a few: a bound on the work that a stranger makes.
        let mut fit = named.filter(|key| key.takes(header.alg)).take(super::MAX_SECRETS).map(PublicKey::key);
        fit.find_map(read).ok_or_else(|| unsigned().into())
    }
}

impl Scheme for Verifier {
    fn verify(&self, request: &Unverified) -> Result<Verified, Unproven> {
        let token = self.shown(request).ok_or_else(|| {
            refuse(Code::TokenMissing, "The request carries no single JSON Web Token where this source expects one.")
        })?;
        let claims = self.claims(token, request)?;
        self.rules.check(&claims, request.received_at).map_err(|(code, detail)| refuse(code, detail))?;
        Ok(Verified::plain())
    }

    fn proofs(&self) -> Vec<String> {
        let name = self.header.as_ref().unwrap_or(&header::AUTHORIZATION);
        vec![name.as_str().to_owned()]
    }

    fn keys(&self) -> Option<&Arc<KeySet>> {
        match &self.keys {
            Keys::Given(_) => None,
            Keys::Fetched(set) => Some(set),
        }
    }
}

fn refuse(code: Code, detail: impl Into<std::borrow::Cow<'static, str>>) -> Refused {
    Refused::new(code, detail).with_header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
}

fn read_key(text: &str) -> Result<DecodingKey, Error> {
    let pem = text.trim().as_bytes();
    if !pem.starts_with(b"-----BEGIN") {
        let secret = Some(text.as_bytes()).filter(|secret| secret.len() >= MIN_SECRET);
        return secret.and_then(|secret| DecodingKey::from_secret(secret).ok()).ok_or_else(|| {
            let reason = "one has fewer than 32 characters and could be guessed.";
            Error::secrets("keys", "too_short", reason, "Make one with `openssl rand -hex 32`.")
        });
    }
    let is_public = !pem.windows(7).any(|word| word == b"PRIVATE");
    let rsa = || DecodingKey::from_rsa_pem(pem).ok();
    let ec = || DecodingKey::from_ec_pem(pem).ok();
    let ed = || DecodingKey::from_ed_pem(pem).ok();
    let key = is_public.then(|| rsa().or_else(ec).or_else(ed)).flatten();
    key.ok_or_else(|| {
        let reason = "one in PEM is no public key of RSA, P-256, P-384 or Ed25519.";
        let suggestion = "Copy the sender's public key again; the private one stays there.";
        Error::secrets("keys", "wrong_form", reason, suggestion)
    })
}
