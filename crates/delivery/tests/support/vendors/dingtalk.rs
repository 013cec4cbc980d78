use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{Asked, Rules, Told, hmac_sha256, is_recent};

/// A group robot of DingTalk; with a secret it wants signatures.
pub(crate) struct Dingtalk {
    pub(crate) token: &'static str,
    pub(crate) secret: Option<&'static str>,
}

fn said(code: i64, message: &str) -> Told {
    Told::json(200, &json!({ "errcode": code, "errmsg": message }))
}

impl Rules for Dingtalk {
    fn pace(&self) -> (usize, Duration) {
        (20, Duration::from_secs(60))
    }

    fn limited(&self) -> Told {
        said(130_101, "send too fast, exceed 20 times per minute")
    }

    fn judge(&self, asked: &Asked) -> Told {
        if asked.method != "POST" {
            return said(43_002, "需要POST请求");
        }
        if asked.path != "/robot/send" || asked.parameter("access_token") != self.token {
            return said(300_005, "token is not exist");
        }
        if let Some(wrong) = self.secret.and_then(|secret| unsigned(asked, secret)) {
            return said(310_000, wrong);
        }
        if asked.body.len() > 20_000 {
            return said(460_101, "message too long, exceed 20000 bytes");
        }
        asked.json().map_or_else(|| said(43_004, "无效的HTTP HEADER Content-Type"), |body| message(&body))
    }
}

fn unsigned(asked: &Asked, secret: &str) -> Option<&'static str> {
    let timestamp = asked.parameter("timestamp");
    let at_ms: i64 = timestamp.parse().unwrap_or_default();
    if !is_recent(at_ms / 1000, 3600) {
        return Some("invalid timestamp");
    }
    let expected = STANDARD.encode(hmac_sha256(secret, &format!("{timestamp}\n{secret}")));
    (asked.parameter("sign") != expected).then_some("sign not match")
}

fn message(body: &Value) -> Told {
    let filled = |text: &Value| text.as_str().is_some_and(|text| !text.is_empty());
    let whole = match body["msgtype"].as_str() {
        Some("text") => filled(&body["text"]["content"]),
        Some("markdown") => filled(&body["markdown"]["title"]) && filled(&body["markdown"]["text"]),
        _ => return said(400_105, "不支持的消息类型"),
    };
    if whole { said(0, "ok") } else { said(40_035, "缺少参数") }
}
