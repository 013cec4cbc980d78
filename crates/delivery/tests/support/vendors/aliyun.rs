use std::{collections::HashSet, time::Duration};

use parking_lot::Mutex;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Asked, Rules, Told, hmac_sha256, is_recent, pairs};

const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The text messages of Alibaba Cloud, for an account with one signature and one template `${code}`.
pub(crate) struct Aliyun {
    pub(crate) key_id: &'static str,
    pub(crate) key: &'static str,
    nonces: Mutex<HashSet<String>>,
}

fn said(status: u16, code: &str) -> Told {
    Told::json(status, &json!({ "Code": code, "Message": "as the vendor says", "RequestId": "F655A8D5" }))
}

impl Aliyun {
    pub(crate) fn new(key_id: &'static str, key: &'static str) -> Self {
        Self { key_id, key, nonces: Mutex::default() }
    }

    /// What is wrong with a signature.
    fn unsigned(&self, asked: &Asked) -> Option<&'static str> {
        let authorization = asked.header("authorization").strip_prefix("ACS3-HMAC-SHA256 ")?;
        let part = |name: &str| {
            authorization.split(',').find_map(|part| part.strip_prefix(name)).unwrap_or_default()
        };
        let (names, signature) = (part("SignedHeaders="), part("Signature="));
        let at = asked.header("x-acs-date").parse::<jiff::Timestamp>().map_or(0, jiff::Timestamp::as_second);
        if part("Credential=") != self.key_id {
            return Some("InvalidAccessKeyId.NotFound");
        }
        if !is_recent(at, 900) {
            return Some("InvalidTimeStamp.Expired");
        }
        let all_signed = asked.headers.keys().filter(|name| name.as_str().starts_with("x-acs-"));
        let all_signed =
            all_signed.chain([&http::header::HOST]).all(|name| names.split(';').any(|known| known == name));
        let hash = hex::encode(Sha256::digest(asked.body));
        let expected = hex::encode(hmac_sha256(self.key, &message(asked, names, &hash)));
        if !all_signed || asked.header("x-acs-content-sha256") != hash || signature != expected {
            return Some("SignatureDoesNotMatch");
        }
        let fresh = self.nonces.lock().insert(asked.header("x-acs-signature-nonce").to_owned());
        (!fresh).then_some("SignatureNonceUsed")
    }
}

/// The text that is signed.
fn message(asked: &Asked, names: &str, hash: &str) -> String {
    let encoded = |text: &str| utf8_percent_encode(text, UNRESERVED).to_string();
    let mut query: Vec<String> = pairs(asked.query.as_bytes())
        .iter()
        .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
        .collect();
    query.sort();
    let lines: Vec<String> =
        names.split(';').map(|name| format!("{name}:{}", asked.header(name).trim())).collect();
    let lines = lines.join("\n");
    let canonical =
        format!("{}\n{}\n{}\n{lines}\n\n{names}\n{hash}", asked.method, asked.path, query.join("&"));
    format!("ACS3-HMAC-SHA256\n{}", hex::encode(Sha256::digest(canonical)))
}

impl Rules for Aliyun {
    fn pace(&self) -> (usize, Duration) {
        (1, Duration::from_secs(60))
    }

    fn limited(&self) -> Told {
        said(200, "isv.BUSINESS_LIMIT_CONTROL")
    }

    fn judge(&self, asked: &Asked) -> Told {
        if !asked.headers.contains_key("authorization") {
            return said(400, "MissingAuthorization");
        }
        if let Some(wrong) = self.unsigned(asked) {
            return said(400, wrong);
        }
        if (asked.header("x-acs-action"), asked.header("x-acs-version")) != ("SendSms", "2017-05-25") {
            return said(404, "InvalidAction.NotFound");
        }
        let number = asked.parameter("PhoneNumbers");
        let params: Value = serde_json::from_str(&asked.parameter("TemplateParam")).unwrap_or_default();
        if number.len() < 11 || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            said(200, "isv.MOBILE_NUMBER_ILLEGAL")
        } else if asked.parameter("SignName") != "阿里云" {
            said(200, "isv.SMS_SIGNATURE_ILLEGAL")
        } else if asked.parameter("TemplateCode") != "SMS_1" {
            said(200, "isv.SMS_TEMPLATE_ILLEGAL")
        } else if params["code"].is_null() {
            said(200, "isv.TEMPLATE_MISSING_PARAMETERS")
        } else if !params["code"].is_string() {
            said(200, "isv.INVALID_JSON_PARAM")
        } else {
            said(200, "OK")
        }
    }
}
