use std::time::Duration;

use serde_json::Value;

use super::{Asked, Rules, Told};

/// An incoming webhook of Slack, at `/services/T0/B0/{token}`.
pub(crate) struct Slack {
    pub(crate) token: &'static str,
}

impl Rules for Slack {
    /// One a second, with short bursts.
    fn pace(&self) -> (usize, Duration) {
        (10, Duration::from_secs(10))
    }

    fn limited(&self) -> Told {
        Told::text(429, "rate_limited").header("retry-after", "30")
    }

    fn judge(&self, asked: &Asked) -> Told {
        let Some(token) = asked.path.strip_prefix("/services/T0/B0/") else {
            return Told::text(404, "no_team");
        };
        if token != self.token {
            return Told::text(403, "invalid_token");
        }
        let Some(body) = asked.json().filter(Value::is_object) else {
            return Told::text(400, "invalid_payload");
        };
        let text = body["text"].as_str().unwrap_or_default();
        let blocks = body["blocks"].as_array().map(Vec::as_slice).unwrap_or_default();
        let long = |block: &Value| {
            block["type"] == "section"
                && block["text"]["text"].as_str().is_some_and(|text| text.chars().count() > 3000)
        };
        if text.is_empty() && blocks.is_empty() {
            Told::text(400, "no_text")
        } else if text.chars().count() > 40_000 {
            Told::text(400, "msg_too_long")
        } else if blocks.len() > 50 || blocks.iter().any(long) {
            Told::text(400, "invalid_blocks")
        } else {
            Told::text(200, "ok")
        }
    }
}
