use std::time::Duration;

use serde_json::{Value, json};

use super::{Asked, Rules, Told};

/// A webhook of Discord, at `/api/webhooks/12/{token}`.
pub(crate) struct Discord {
    pub(crate) token: &'static str,
}

fn refused(status: u16, code: i64, message: &str) -> Told {
    Told::json(status, &json!({ "message": message, "code": code }))
}

impl Rules for Discord {
    fn pace(&self) -> (usize, Duration) {
        (5, Duration::from_secs(2))
    }

    fn limited(&self) -> Told {
        let body = json!({ "message": "You are being rate limited.", "retry_after": 64.57, "global": false });
        let told = Told::json(429, &body).header("retry-after", "65").header("x-ratelimit-remaining", "0");
        told.header("x-ratelimit-reset-after", "64.57")
    }

    fn judge(&self, asked: &Asked) -> Told {
        match asked.path.strip_prefix("/api/webhooks/12/") {
            None => refused(404, 10_015, "Unknown Webhook"),
            Some(token) if token != self.token => refused(401, 50_027, "Invalid Webhook Token"),
            Some(_) => match asked.json() {
                None => refused(400, 50_109, "The request body contains invalid JSON."),
                Some(body) => message(&body, asked.parameter("wait") == "true"),
            },
        }
    }
}

fn message(body: &Value, wait: bool) -> Told {
    let content = body["content"].as_str().unwrap_or_default();
    let embeds = body["embeds"].as_array().map_or(0, Vec::len);
    let ids = |name: &str| {
        body["allowed_mentions"][name].as_array().is_none_or(|ids| ids.iter().all(Value::is_string))
    };
    if content.trim().is_empty() && embeds == 0 {
        refused(400, 50_006, "Cannot send an empty message")
    } else if content.chars().count() > 2000 || embeds > 10 || !ids("users") || !ids("roles") || !ids("parse")
    {
        refused(400, 50_035, "Invalid Form Body")
    } else if wait {
        Told::json(200, &json!({ "id": "1", "type": 0, "content": content, "channel_id": "2" }))
    } else {
        Told::text(204, "")
    }
}
