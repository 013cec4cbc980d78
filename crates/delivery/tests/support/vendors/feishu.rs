use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{Asked, Rules, Told, hmac_sha256, is_recent};

/// A group robot of Feishu; with a secret it wants signatures.
pub(crate) struct Feishu {
    pub(crate) token: &'static str,
    pub(crate) secret: Option<&'static str>,
}

fn said(code: i64, message: &str) -> Told {
    Told::json(200, &json!({ "code": code, "msg": message, "data": {} }))
}

impl Rules for Feishu {
    fn pace(&self) -> (usize, Duration) {
        (5, Duration::from_secs(1))
    }

    fn limited(&self) -> Told {
        said(11_232, "frequency limited psm[lark.oapi.app_platform_runtime]appID[1500]")
    }

    fn judge(&self, asked: &Asked) -> Told {
        if asked.path.strip_prefix("/open-apis/bot/v2/hook/") != Some(self.token) {
            return said(19_001, "param invalid: incoming webhook access token invalid");
        }
        let Some(body) = asked.json().filter(|_| asked.body.len() <= 20 * 1024) else {
            return said(9_499, "Bad Request");
        };
        if self.secret.is_some_and(|secret| !is_signed(&body, secret)) {
            return said(19_021, "sign match fail or timestamp is not within one hour from current time");
        }
        message(&body)
    }
}

fn is_signed(body: &Value, secret: &str) -> bool {
    let timestamp = body["timestamp"].as_str().unwrap_or_default();
    let expected = STANDARD.encode(hmac_sha256(&format!("{timestamp}\n{secret}"), ""));
    is_recent(timestamp.parse().unwrap_or_default(), 3600) && body["sign"] == expected
}

fn message(body: &Value) -> Told {
    let whole = match body["msg_type"].as_str() {
        Some("text") => body["content"]["text"].as_str().is_some_and(|text| !text.is_empty()),
        Some("post") => body["content"]["post"].as_object().is_some_and(|languages| {
            languages
                .values()
                .all(|post| post["content"].as_array().is_some_and(|lines| lines.iter().all(Value::is_array)))
        }),
        Some("interactive") if body["card"]["schema"] == "2.0" => body["card"]["body"]["elements"].is_array(),
        Some("interactive") => body["card"]["elements"].is_array(),
        _ => return said(19_002, "params error, msg_type need"),
    };
    if whole { said(0, "success") } else { said(9_499, "Bad Request") }
}
