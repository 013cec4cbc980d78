//! Scheme `feishu`: events and callbacks of a Feishu (飞书) or Lark app ("Receive events", "Encrypt Key"). With an
//! Encrypt Key the body is encrypted, and signed by `X-Lark-Signature`: the SHA-256 of timestamp, nonce, key and
//! body. Without one, the Verification Token in the body is all the proof there is.

use bytes::Bytes;
use flow::Span;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vault::Secret;

use self::opener::Opener;
use super::{
    Answer, Event, Opened, Scheme, Unproven, Unverified, Verified, hmac,
    proof::{self, Tolerance},
};
use crate::{Code, Error, Refused};

mod opener;

/// How signed requests are judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// How far the signed time may be from now, either way, 1s to 1d. Feishu tries again for up to six hours, and an
    /// event that is sent again is known by its id.
    #[serde(default = "Config::default_tolerance")]
    pub tolerance: Span,
}

/// The app's secrets: an Encrypt Key, a Verification Token, or both, which are then both asked for.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Secrets {
    /// What stands under "Encrypt Key", up to 8; several while one replaces another. With one, nothing that is not
    /// encrypted is taken.
    #[serde(default)]
    #[schemars(with = "Vec<String>", extend("x-widget" = "secret", "writeOnly" = true))]
    pub encrypt_keys: Vec<Secret>,
    /// What stands under "Verification Token", up to 8; several while one replaces another.
    #[serde(default)]
    #[schemars(with = "Vec<String>", extend("x-widget" = "secret", "writeOnly" = true))]
    pub verification_tokens: Vec<Secret>,
}

const SIGNATURE: &str = "x-lark-signature";
const TIMESTAMP: &str = "x-lark-request-timestamp";
const NONCE: &str = "x-lark-request-nonce";

/// The longest body that asks for a challenge: so strangers do not have much decrypted.
const LONGEST_QUESTION: usize = 2_048;

/// The longest challenge; Feishu's is a UUID.
const LONGEST_CHALLENGE: usize = 128;

#[derive(Debug)]
struct Verifier {
    openers: Vec<Opener>,
    tokens: Vec<Secret>,
    tolerance: Tolerance,
}

#[derive(Deserialize)]
struct Envelope {
    encrypt: String,
}

/// What a body says of itself, in the form of version 1.0 or 2.0.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Said {
    #[serde(rename = "type")]
    kind: Option<String>,
    challenge: Option<String>,
    token: Option<String>,
    header: Header,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Header {
    token: Option<String>,
}

impl Config {
    const fn default_tolerance() -> Span {
        Span::from_secs(86_400)
    }

    pub(super) fn compile(&self, secrets: &Secrets) -> Result<Box<dyn Scheme>, Error> {
        if secrets.encrypt_keys.is_empty() {
            super::strong("verification_tokens", &secrets.verification_tokens)?;
        } else {
            super::present("encrypt_keys", &secrets.encrypt_keys)?;
            if !secrets.verification_tokens.is_empty() {
                super::strong("verification_tokens", &secrets.verification_tokens)?;
            }
        }
        Ok(Box::new(Verifier {
            openers: secrets.encrypt_keys.iter().map(Opener::new).collect(),
            tokens: secrets.verification_tokens.clone(),
            tolerance: Tolerance::of(self.tolerance)?,
        }))
    }
}

impl Verifier {
    /// The key that a body is signed with.
    fn signer(&self, request: &Unverified) -> Result<&Opener, Refused> {
        let given = proof::header(request.headers, SIGNATURE)?;
        let timestamp = proof::header(request.headers, TIMESTAMP)?;
        let nonce = proof::header(request.headers, NONCE)?;
        let signs = |opener: &&Opener| {
            proof::equal(opener.signature([timestamp, nonce], request.body).as_bytes(), given.as_bytes())
        };
        let signer = self.openers.iter().find(signs).ok_or_else(|| {
            let detail = "`X-Lark-Signature` is not that of this request under an Encrypt Key of this source.";
            proof::unauthorised(Code::SignatureInvalid, detail)
        })?;
        let signed_ms = hmac::Unit::S.read(timestamp).ok_or_else(|| {
            let detail = "`X-Lark-Request-Timestamp` is not a count of seconds.";
            proof::unauthorised(Code::TimestampOutOfRange, detail)
        })?;
        self.tolerance.check("`X-Lark-Request-Timestamp`", signed_ms, request.received_at)?;
        Ok(signer)
    }

    fn signed(&self, request: &Unverified) -> Result<Verified, Unproven> {
        let signer = self.signer(request)?;
        let body = encrypted(request.body).and_then(|text| signer.open(&text)).ok_or_else(|| {
            Refused::new(Code::DecryptionFailed, "The body is not encrypted with the Encrypt Key it is signed with.")
        })?;
        let said = self.knows(&body)?;
        Ok(said.challenge().map_or_else(|| event(Some(body)), Verified::Handshake))
    }

    /// Feishu asks without a signature whether the address is the app's. Whatever is wrong with an unsigned body, the
    /// answer is the same, so that nobody learns what it would decrypt to.
    fn unsigned(&self, request: &Unverified) -> Result<Verified, Unproven> {
        let body = Some(request.body).filter(|body| body.len() <= LONGEST_QUESTION);
        let asked = body.and_then(encrypted).and_then(|text| {
            let mut bodies = self.openers.iter().filter_map(|opener| opener.open(&text));
            bodies.find_map(|body| self.knows(&body).ok()?.challenge())
        });
        asked.map(Verified::Handshake).ok_or_else(|| {
            let detail = format!("The header `{SIGNATURE}` is missing.");
            proof::unauthorised(Code::SignatureMissing, detail).into()
        })
    }

    /// Reads what a body says, if it has the right token or needs none.
    fn knows(&self, body: &[u8]) -> Result<Said, Refused> {
        let mut said: Said = serde_json::from_slice(body).unwrap_or_default();
        if self.tokens.is_empty() {
            return Ok(said);
        }
        let token = said.header.token.take().or(said.token.take()).ok_or_else(|| {
            Refused::new(Code::TokenMissing, "The body holds no Verification Token (`token` or `header.token`).")
        })?;
        if proof::is_one_of(&self.tokens, token.as_bytes()) {
            return Ok(said);
        }
        Err(Refused::new(Code::TokenInvalid, "The body's Verification Token is not one of this source's."))
    }
}

impl Said {
    /// The answer, if this asks whether the address is the app's. A challenge is plain: so nobody can have parts of
    /// an encrypted event read out as one.
    fn challenge(&self) -> Option<Answer> {
        let challenge = self.challenge.as_ref().filter(|_| self.kind.as_deref() == Some("url_verification"))?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let is_plain = challenge.len() <= LONGEST_CHALLENGE && challenge.bytes().all(plain);
        is_plain.then(|| Answer::json(serde_json::json!({ "challenge": challenge }).to_string()))
    }
}

impl Scheme for Verifier {
    fn verify(&self, request: &Unverified) -> Result<Verified, Unproven> {
        if !self.openers.is_empty() {
            let is_signed = request.headers.contains_key(SIGNATURE);
            return if is_signed { self.signed(request) } else { self.unsigned(request) };
        }
        let said = self.knows(request.body)?;
        Ok(said.challenge().map_or_else(|| event(None), Verified::Handshake))
    }

    fn proofs(&self) -> Vec<String> {
        vec![SIGNATURE.to_owned()]
    }

    fn dedupe_keys(&self) -> &'static [&'static str] {
        &["body.header.event_id", "body.uuid"]
    }

    fn proofs_in_body(&self) -> &[Secret] {
        &self.tokens
    }

    fn places_of_proofs(&self) -> &'static [&'static str] {
        // Without one to ask for, a `token` is something else, such as what a card is changed by.
        if self.tokens.is_empty() { &[] } else { &["token", "header.token"] }
    }
}

fn event(opened: Option<Vec<u8>>) -> Verified {
    Verified::Event(Event {
        opened: opened.map(|body| Opened { body, content_type: "application/json" }),
        dedupe_key: None,
        // A card's callback is answered with what the card shows then: nothing.
        acknowledgement: Some(Answer::json(Bytes::from_static(b"{}"))),
    })
}

fn encrypted(body: &[u8]) -> Option<String> {
    serde_json::from_slice(body).ok().map(|Envelope { encrypt }| encrypt)
}
