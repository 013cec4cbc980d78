//! Scheme `dingtalk_events`: events of a DingTalk (钉钉) app over HTTP, encrypted and signed ("配置事件订阅", "消息体加密
//! 解密"). Each is answered with `success`, encrypted; the event `check_url` asks for nothing else.

use std::borrow::Cow;

use flow::Span;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vault::Secret;

use super::{
    Answer, Event, Opened, Scheme, Unproven, Unverified, Verified, dingtalk,
    envelope::{Envelopes, Sealed},
    hmac, proof,
};
use crate::{Code, Error, Refused, Text, pairs::Pairs};

/// Whose events they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The receiver's id in each message: the `AppKey` (Client ID) of a company's own app, the `SuiteKey` of a
    /// provider's.
    pub receive_id: String,
    /// How far the signed time may be from now, either way, 1s to 1d.
    #[serde(default = "dingtalk::Config::default_tolerance")]
    pub tolerance: Span,
}

/// The subscription's secrets.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Secrets {
    /// What stands under 签名 `token`, 1 to 8; several while one replaces another.
    #[schemars(with = "Vec<String>", extend("x-widget" = "secret", "writeOnly" = true))]
    pub tokens: Vec<Secret>,
    /// What stands under 加密 `aes_key`, 43 characters each, 1 to 8; several while one replaces another.
    #[schemars(with = "Vec<String>", extend("x-widget" = "secret", "writeOnly" = true))]
    pub aes_keys: Vec<Secret>,
}

#[derive(Debug)]
struct Verifier(Envelopes);

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    encrypt: Cow<'a, str>,
}

/// What tells events apart. DingTalk writes the names in several ways.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Told {
    #[serde(rename = "EventType", alias = "eventType")]
    kind: String,
    #[serde(rename = "eventId", alias = "EventId")]
    id: Option<String>,
    #[serde(rename = "TimeStamp", alias = "timeStamp", alias = "createTime")]
    time: Option<serde_json::Value>,
}

impl Config {
    pub(super) fn compile(&self, secrets: &Secrets) -> Result<Box<dyn Scheme>, Error> {
        let time = (hmac::Unit::Ms, self.tolerance);
        let envelopes = Envelopes::new((&secrets.tokens, &secrets.aes_keys), &self.receive_id, time)?;
        Ok(Box::new(Verifier(envelopes)))
    }
}

impl Verifier {
    fn open(&self, request: &Unverified, sealed: Sealed) -> Result<(Vec<u8>, Answer), Refused> {
        let (message, used) = self.0.open(sealed, request.received_at)?;
        let success = self.0.seal(b"success", used, sealed, request.received_at.as_millis());
        let success = success
            .ok_or_else(|| Refused::new(Code::SourceUnavailable, "The answer could not be sealed."))?;
        Ok((message, Answer::json(success)))
    }
}

impl Scheme for Verifier {
    fn verify(&self, request: &Unverified) -> Result<Verified, Unproven> {
        let body: Body = serde_json::from_slice(request.body).map_err(|_| {
            proof::unauthorised(Code::SignatureMissing, "The body holds no encrypted message (`encrypt`).")
        })?;
        let sealed = Sealed {
            signature: one_of(request.query, ["msg_signature", "signature"])?,
            timestamp: one_of(request.query, ["timestamp", "timeStamp"])?,
            nonce: proof::parameter(request.query, "nonce")?,
            ciphertext: &body.encrypt,
        };
        let (message, answer) = self.open(request, sealed)?;
        let told: Told = serde_json::from_slice(&message).unwrap_or_default();
        if told.kind == "check_url" {
            return Ok(Verified::Handshake(answer));
        }
        // An event has no id in most of its forms; the same words of the same time are the same event.
        let dedupe_key = told.id.or_else(|| {
            told.time.and_then(|_| String::from_utf8(message.clone()).ok())
        });
        let opened = Some(Opened { body: message, content_type: "application/json" });
        Ok(Verified::Event(Event { opened, dedupe_key, acknowledgement: Some(answer) }))
    }

    fn proofs(&self) -> Vec<String> {
        ["msg_signature", "signature"].map(str::to_owned).to_vec()
    }

    fn dedupe_keys(&self) -> &'static [&'static str] {
        &[]
    }

    fn own_dedupe_key(&self) -> Option<Text> {
        Some(Text::new(
            "`eventId` (where there is none, the same words with the same time in them)",
            "`eventId`（没有时，为包含相同时间的相同内容）",
        ))
    }
}

/// The value of a parameter that DingTalk gives two names: the first of those that is there, exactly once.
fn one_of<'r>(query: &'r Pairs, [name, other]: [&'static str; 2]) -> Result<&'r str, Refused> {
    let is_there = |name: &'static str| query.all(name).next().is_some();
    proof::parameter(query, if !is_there(name) && is_there(other) { other } else { name })
}
