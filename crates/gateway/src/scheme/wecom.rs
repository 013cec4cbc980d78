//! Scheme `wecom`: callbacks of WeCom (企业微信), encrypted and signed ("回调配置", "加解密方案说明"). It asks by GET
//! whether the address is the app's; the answer is what `echostr` holds, bare.

use bytes::Bytes;
use flow::Span;
use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vault::Secret;

use super::{
    Answer, Event, Opened, Scheme, Unproven, Unverified, Verified,
    envelope::{Envelopes, Sealed},
    hmac, proof,
};
use crate::{Code, Error, Refused, Text, body::xml};

/// Whose callbacks they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The receiver's id in each message: the `CorpID` for a company's own apps, the `SuiteID` for a provider's;
    /// empty for a company's own bots (智能机器人).
    pub receive_id: String,
    /// How far the signed time may be from now, either way, 1s to 1d.
    #[serde(default = "hmac::Timestamp::default_tolerance")]
    pub tolerance: Span,
}

/// The callback's secrets.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Secrets {
    /// What stands under "Token", 1 to 8; several while one replaces another.
    #[schemars(with = "Vec<String>", extend("x-widget" = "secret", "writeOnly" = true))]
    pub tokens: Vec<Secret>,
    /// What stands under `EncodingAESKey`, 43 characters each, 1 to 8; several while one replaces another.
    #[schemars(with = "Vec<String>", extend("x-widget" = "secret", "writeOnly" = true))]
    pub aes_keys: Vec<Secret>,
}

#[derive(Debug)]
struct Verifier(Envelopes);

impl Config {
    pub(super) fn compile(&self, secrets: &Secrets) -> Result<Box<dyn Scheme>, Error> {
        let time = (hmac::Unit::S, self.tolerance);
        let envelopes = Envelopes::new((&secrets.tokens, &secrets.aes_keys), &self.receive_id, time)?;
        Ok(Box::new(Verifier(envelopes)))
    }
}

impl Verifier {
    fn open(&self, request: &Unverified, ciphertext: &str) -> Result<Vec<u8>, Refused> {
        let sealed = Sealed {
            signature: proof::parameter(request.query, "msg_signature")?,
            timestamp: proof::parameter(request.query, "timestamp")?,
            nonce: proof::parameter(request.query, "nonce")?,
            ciphertext,
        };
        self.0.open(sealed, request.received_at).map(|(message, _)| message)
    }
}

impl Scheme for Verifier {
    fn verify(&self, request: &Unverified) -> Result<Verified, Unproven> {
        if request.method == Method::GET {
            let message = self.open(request, proof::parameter(request.query, "echostr")?)?;
            return Ok(Verified::Handshake(Answer::text(message)));
        }
        let (ciphertext, content_type) = ciphertext(request.body).ok_or_else(|| {
            proof::unauthorised(Code::SignatureMissing, "The body holds no encrypted message (`Encrypt`).")
        })?;
        let body = self.open(request, &ciphertext)?;
        let dedupe_key = dedupe_key(&body);
        Ok(Verified::Event(Event {
            opened: Some(Opened { body, content_type }),
            dedupe_key,
            // Anything else would be taken for a message to the user.
            acknowledgement: Some(Answer::text(Bytes::new())),
        }))
    }

    fn proofs(&self) -> Vec<String> {
        ["msg_signature", "echostr"].map(str::to_owned).to_vec()
    }

    fn dedupe_keys(&self) -> &'static [&'static str] {
        &[]
    }

    fn own_dedupe_key(&self) -> Option<Text> {
        Some(Text::new(
            "`MsgId` (a bot's `msgid`; of an event `FromUserName`, `CreateTime`, `Event`, `ChangeType` and `EventKey`)",
            "`MsgId`（机器人为 `msgid`；事件为 `FromUserName`、`CreateTime`、`Event`、`ChangeType` 与 `EventKey`）",
        ))
    }

    fn handshake_method(&self) -> Option<&'static Method> {
        Some(&Method::GET)
    }
}

/// The ciphertext in a body, and the content type of what it holds: apps are told in XML, bots in JSON.
fn ciphertext(body: &[u8]) -> Option<(String, &'static str)> {
    #[derive(Deserialize)]
    struct Bot {
        encrypt: String,
    }
    if body.first() == Some(&b'{') {
        return serde_json::from_slice(body).ok().map(|Bot { encrypt }| (encrypt, "application/json"));
    }
    let document = xml::parse(std::str::from_utf8(body).ok()?).ok()?;
    xml::text_in_root(&document, "Encrypt").map(|text| (text.to_owned(), "application/xml"))
}

/// WeCom's own advice ("接收消息与事件"): a message is known by its id, an event by who made it and when.
fn dedupe_key(message: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Bot {
        msgid: String,
    }
    let text = std::str::from_utf8(message).ok()?;
    if text.starts_with('{') {
        return serde_json::from_str(text).ok().map(|Bot { msgid }| msgid);
    }
    let document = xml::parse(text).ok()?;
    if let Some(id) = xml::text_in_root(&document, "MsgId") {
        return Some(id.to_owned());
    }
    let event = ["FromUserName", "CreateTime", "Event", "ChangeType", "EventKey"];
    let parts = event.map(|name| xml::text_in_root(&document, name).unwrap_or_default());
    // Without a time, two events could not be told apart.
    (!parts[1].is_empty()).then(|| parts.join("\n"))
}
