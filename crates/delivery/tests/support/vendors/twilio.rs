use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::json;

use super::{Asked, Rules, Told, pairs};

/// An account of Twilio.
pub(crate) struct Twilio {
    pub(crate) account: &'static str,
    pub(crate) token: &'static str,
}

fn refused(status: u16, code: i64, message: &str) -> Told {
    let more = format!("https://www.twilio.com/docs/errors/{code}");
    Told::json(status, &json!({ "code": code, "message": message, "more_info": more, "status": status }))
}

impl Rules for Twilio {
    fn pace(&self) -> (usize, Duration) {
        (100, Duration::from_secs(1))
    }

    fn limited(&self) -> Told {
        refused(429, 20_429, "Too Many Requests").header("retry-after", "15")
    }

    fn judge(&self, asked: &Asked) -> Told {
        let basic = STANDARD.encode(format!("{}:{}", self.account, self.token));
        if asked.path != format!("/2010-04-01/Accounts/{}/Messages.json", self.account) {
            return refused(404, 20_404, "The requested resource was not found");
        }
        if asked.header("authorization") != format!("Basic {basic}") {
            return refused(401, 20_003, "Authenticate");
        }
        let fields = pairs(asked.body);
        let field = |name: &str| {
            let found = fields.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.clone()).unwrap_or_default()
        };
        if asked.header("content-type") != "application/x-www-form-urlencoded" || field("To").is_empty() {
            return refused(400, 21_604, "A 'To' phone number is required.");
        }
        if field("From").is_empty() && field("MessagingServiceSid").is_empty() {
            return refused(400, 21_603, "A 'From' phone number is required.");
        }
        match (field("To").as_str(), field("Body").chars().count()) {
            // The vendor's own numbers for tests.
            ("+15005550001", _) => refused(400, 21_211, "Invalid 'To' Phone Number"),
            ("+15005550004", _) => refused(400, 21_610, "Attempt to send to unsubscribed recipient"),
            (_, 0) => refused(400, 21_602, "Message body is required."),
            (_, 1601..) => {
                refused(400, 21_617, "The concatenated message body exceeds the 1600 character limit.")
            }
            _ => Told::json(201, &json!({ "sid": "SM1", "status": "queued", "error_code": null })),
        }
    }
}
