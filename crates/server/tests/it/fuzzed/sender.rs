//! Senders that prove themselves, each in the way of its scheme, and now and then not quite.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use fastrand::Rng;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use crate::signing::{envelope, hmac_sha256, jwt, lark, lark_signature, sha1_of_sorted};

const TOKEN: &str = "a-token-of-the-fuzzer-0001";
const SECRET: &str = "a-secret-of-the-fuzzer-with-32-letters";
const WHSEC: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const AES_KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFE";
const RECEIVER: &str = "a-receiver";

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sender {
    Token,
    Basic,
    Jwt,
    Hmac,
    StandardWebhooks,
    Github,
    Gitlab,
    Stripe,
    Shopify,
    Slack,
    Wecom,
    Dingtalk,
    DingtalkEvents,
    Feishu,
    FeishuEncrypted,
}

/// What a request carries to prove its sender, and what becomes of its body.
#[derive(Default)]
pub(super) struct Proof {
    pub(super) headers: Vec<String>,
    /// Pairs of the query, encoded.
    pub(super) query: Vec<String>,
    pub(super) body: Vec<u8>,
    /// The method of a handshake.
    pub(super) method: Option<&'static str>,
}

/// What a request is signed with: all of it right, or something not.
struct Pen<'r> {
    rng: &'r mut Rng,
    at_s: i64,
    secret: &'static str,
    nonce: String,
}

impl Sender {
    pub(super) const ALL: [Self; 15] = [
        Self::Token,
        Self::Basic,
        Self::Jwt,
        Self::Hmac,
        Self::StandardWebhooks,
        Self::Github,
        Self::Gitlab,
        Self::Stripe,
        Self::Shopify,
        Self::Slack,
        Self::Wecom,
        Self::Dingtalk,
        Self::DingtalkEvents,
        Self::Feishu,
        Self::FeishuEncrypted,
    ];

    /// How a source verifies it, and the secrets of that.
    pub(super) fn settings(self) -> (Value, Value) {
        let (scheme, mut config, mut secrets) = match self {
            Self::Token => ("token", json!({}), json!({ "tokens": [TOKEN] })),
            Self::Basic => ("basic", json!({ "username": "shop" }), json!({ "passwords": [SECRET] })),
            Self::Jwt => ("jwt", json!({ "algorithms": ["HS256"] }), json!({ "keys": [SECRET] })),
            Self::Hmac => (
                "hmac",
                json!({
                    "header": "x-signature", "prefix": "sha256=", "signed": "{timestamp}.{query.shop}.{body}",
                    "timestamp": { "header": "x-time", "unit": "ms" },
                }),
                json!({ "secrets": [SECRET] }),
            ),
            Self::StandardWebhooks => ("standard_webhooks", json!({}), json!({ "signing_keys": [WHSEC] })),
            Self::Github => ("github", json!({}), json!({ "secrets": [SECRET] })),
            Self::Gitlab => ("gitlab", json!({}), json!({ "tokens": [SECRET] })),
            Self::Stripe => ("stripe", json!({}), json!({ "signing_secrets": [SECRET] })),
            Self::Shopify => ("shopify", json!({}), json!({ "client_secrets": [SECRET] })),
            Self::Slack => ("slack", json!({}), json!({ "signing_secrets": [SECRET] })),
            Self::Wecom => ("wecom", json!({ "receive_id": RECEIVER }), sealing()),
            Self::Dingtalk => ("dingtalk", json!({}), json!({ "app_secrets": [SECRET] })),
            Self::DingtalkEvents => ("dingtalk_events", json!({ "receive_id": RECEIVER }), sealing()),
            Self::Feishu => ("feishu", json!({}), json!({ "verification_tokens": [TOKEN] })),
            Self::FeishuEncrypted => ("feishu", json!({}), json!({ "encrypt_keys": [SECRET] })),
        };
        config["scheme"] = scheme.into();
        secrets["scheme"] = scheme.into();
        (config, secrets)
    }

    /// Proves a request with this body: one that brings an event, or, now and then, a handshake.
    pub(super) fn prove(self, rng: &mut Rng, body: Vec<u8>) -> Proof {
        let mut pen = Pen::new(rng);
        let (headers, query) = match self {
            Self::Token => (pen.token(), Vec::new()),
            Self::Basic => {
                let shown = STANDARD.encode(format!("shop:{}", pen.secret));
                (vec![format!("authorization: Basic {shown}")], Vec::new())
            }
            Self::Jwt => (vec![format!("authorization: Bearer {}", pen.jwt())], Vec::new()),
            Self::Hmac => {
                let at = (pen.at_s * 1_000).to_string();
                let signature = hex::encode(pen.mac(&[at.as_bytes(), b".north.", &body]));
                let headers = vec![format!("x-time: {at}"), format!("x-signature: sha256={signature}")];
                (headers, vec!["shop=north".to_owned()])
            }
            Self::Github => {
                let signature = hex::encode(pen.mac(&[&body]));
                let delivery = format!("x-github-delivery: {}", pen.nonce);
                (vec![format!("x-hub-signature-256: sha256={signature}"), delivery], Vec::new())
            }
            Self::Gitlab => (vec![format!("x-gitlab-token: {}", pen.secret)], Vec::new()),
            Self::Shopify => {
                let signature = STANDARD.encode(pen.mac(&[&body]));
                (vec![format!("x-shopify-hmac-sha256: {signature}")], Vec::new())
            }
            Self::StandardWebhooks => (pen.standard_webhooks(&body), Vec::new()),
            Self::Stripe => {
                let at = pen.at_s.to_string();
                let signature = hex::encode(pen.mac(&[at.as_bytes(), b".", &body]));
                (vec![format!("stripe-signature: t={at},v0=00,v1={signature}")], Vec::new())
            }
            Self::Dingtalk => {
                let at = (pen.at_s * 1_000).to_string();
                let sign = STANDARD.encode(pen.mac(&[at.as_bytes(), b"\n", SECRET.as_bytes()]));
                (vec![format!("timestamp: {at}"), format!("sign: {sign}")], Vec::new())
            }
            Self::Slack => return pen.slack(body),
            Self::Wecom => return pen.wecom(&body),
            Self::DingtalkEvents => return pen.dingtalk_events(&body),
            Self::Feishu => return pen.feishu(body),
            Self::FeishuEncrypted => return pen.feishu_encrypted(&body),
        };
        Proof { headers, query, body, method: None }
    }
}

fn sealing() -> Value {
    json!({ "tokens": [SECRET], "aes_keys": [AES_KEY] })
}

impl<'r> Pen<'r> {
    fn new(rng: &'r mut Rng) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let mut at_s = i64::try_from(now).unwrap();
        let mut secret = SECRET;
        match rng.u32(..20) {
            0 => at_s += if rng.bool() { 100_000 } else { -100_000 },
            1 => at_s = if rng.bool() { i64::MAX / 1_000 } else { -1 },
            2 | 3 => secret = "another-secret-of-the-fuzzer-0002",
            _ => {}
        }
        let nonce = rng.u32(..).to_string();
        Self { rng, at_s, secret, nonce }
    }

    fn mac(&self, parts: &[&[u8]]) -> Vec<u8> {
        hmac_sha256(self.secret.as_bytes(), parts)
    }

    fn one_of<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.rng.usize(..from.len())]
    }

    /// Whether it is time for a handshake.
    fn asks(&mut self) -> bool {
        self.rng.u32(..8) == 0
    }

    fn token(&mut self) -> Vec<String> {
        let wrong = self.one_of(&["", "wrong", "a-token-of-the-fuzzer-000"]);
        let token = if self.secret == SECRET { TOKEN } else { wrong };
        let place = self.one_of(&["x-webhook-token: ", "authorization: Bearer "]);
        vec![format!("{place}{token}")]
    }

    fn jwt(&mut self) -> String {
        let header = match self.rng.u32(..12) {
            0 => json!({ "alg": "none" }),
            1 => json!({ "alg": "HS256", "crit": ["exp"], "kid": [] }),
            2 => json!([]),
            _ => json!({ "alg": "HS256", "typ": "JWT" }),
        };
        let expires: Value = match self.rng.u32(..12) {
            0 => "soon".into(),
            1 => f64::MAX.into(),
            2 => Value::Null,
            _ => (self.at_s + 600).into(),
        };
        jwt(&header, &json!({ "exp": expires, "nbf": 0 }), self.secret.as_bytes())
    }

    fn standard_webhooks(&mut self, body: &[u8]) -> Vec<String> {
        let (id, at) = (format!("msg_{}", self.nonce), self.at_s.to_string());
        let key = if self.secret == SECRET { WHSEC } else { "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" };
        let key = STANDARD.decode(&key["whsec_".len()..]).unwrap();
        let signed = hmac_sha256(&key, &[id.as_bytes(), b".", at.as_bytes(), b".", body]);
        let odd = self.one_of(&["", "", "", "v1", "v1,x ", "v1a,AAAA ", "v1,BBBB "]);
        vec![
            format!("webhook-id: {id}"),
            format!("webhook-timestamp: {at}"),
            format!("webhook-signature: {odd}v1,{}", STANDARD.encode(signed)),
        ]
    }

    fn slack(&mut self, body: Vec<u8>) -> Proof {
        let question = br#"{"type":"url_verification","challenge":"<script>"}"#;
        let body = if self.asks() { question.to_vec() } else { body };
        let at = self.at_s.to_string();
        let signature = hex::encode(self.mac(&[b"v0:", at.as_bytes(), b":", &body]));
        let headers =
            vec![format!("x-slack-request-timestamp: {at}"), format!("x-slack-signature: v0={signature}")];
        Proof { headers, body, ..Proof::default() }
    }

    /// The query of an envelope, as WeCom and DingTalk sign it; `at` as each of them counts time.
    fn sealed(&mut self, at: i64, ciphertext: &str) -> Vec<String> {
        let at = at.to_string();
        let signature = sha1_of_sorted([self.secret, &at, &self.nonce, ciphertext]);
        vec![format!("msg_signature={signature}"), format!("timestamp={at}"), format!("nonce={}", self.nonce)]
    }

    /// A message in an envelope; now and then for another receiver, or none at all.
    fn envelope(&mut self, message: &[u8]) -> String {
        match self.rng.u32(..16) {
            0 => envelope(AES_KEY, message, "another receiver"),
            1 => self.one_of(&["", "AAAA", "not base64", "你好"]).to_owned(),
            _ => envelope(AES_KEY, message, RECEIVER),
        }
    }

    fn wecom(&mut self, message: &[u8]) -> Proof {
        let ciphertext = self.envelope(message);
        let mut query = self.sealed(self.at_s, &ciphertext);
        if self.asks() {
            query.push(format!("echostr={}", utf8_percent_encode(&ciphertext, NON_ALPHANUMERIC)));
            return Proof { query, method: Some("GET"), ..Proof::default() };
        }
        let body = match self.rng.u32(..10) {
            0 => "<xml><Encrypt/><Encrypt>x</Encrypt></xml>".to_owned(),
            1 => format!("<!DOCTYPE x [<!ENTITY a \"b\">]><xml><Encrypt>{ciphertext}</Encrypt></xml>"),
            2..6 => json!({ "encrypt": ciphertext }).to_string(),
            _ => format!("<xml><ToUserName/><Encrypt><![CDATA[{ciphertext}]]></Encrypt></xml>"),
        };
        Proof { query, body: body.into_bytes(), ..Proof::default() }
    }

    fn dingtalk_events(&mut self, message: &[u8]) -> Proof {
        let question = br#"{"EventType":"check_url"}"#;
        let ciphertext = if self.asks() { self.envelope(question) } else { self.envelope(message) };
        let query = self.sealed(self.at_s * 1_000, &ciphertext);
        Proof { query, body: json!({ "encrypt": ciphertext }).to_string().into_bytes(), ..Proof::default() }
    }

    /// A body that carries its own proof.
    fn feishu(&mut self, body: Vec<u8>) -> Proof {
        if self.asks() {
            let challenge = self.one_of(&["ajls384kdjx98XX", "a\"b", "", "<script>"]);
            let question = json!({ "type": "url_verification", "token": TOKEN, "challenge": challenge });
            return Proof { body: question.to_string().into_bytes(), ..Proof::default() };
        }
        let token = if self.secret == SECRET { TOKEN } else { "wrong" };
        let header = format!(r#"{{"header":{{"token":"{token}","event_id":"{}"}},"#, self.nonce);
        let body = match body.strip_prefix(b"{") {
            Some(rest) => [header.as_bytes(), rest].concat(),
            None => body,
        };
        Proof { body, ..Proof::default() }
    }

    fn feishu_encrypted(&mut self, message: &[u8]) -> Proof {
        if self.asks() {
            let question = json!({ "type": "url_verification", "challenge": "ajls384kdjx98XX" }).to_string();
            return Proof { body: lark(self.secret, question.as_bytes()).into_bytes(), ..Proof::default() };
        }
        let body = match self.rng.u32(..12) {
            0 => message.to_vec(),
            1 => br#"{"encrypt":"AAAA"}"#.to_vec(),
            _ => lark(SECRET, message).into_bytes(),
        };
        let at = self.at_s.to_string();
        let signature = lark_signature(self.secret, [&at, &self.nonce], &body);
        let headers = vec![
            format!("x-lark-request-timestamp: {at}"),
            format!("x-lark-request-nonce: {}", self.nonce),
            format!("x-lark-signature: {signature}"),
        ];
        Proof { headers, body, ..Proof::default() }
    }
}
