//! A fixed answer.

use http::{HeaderName, HeaderValue, header};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Error;

/// A fixed answer, the same to every request that is taken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StaticReply {
    /// The status, 200 to 299: it says that the event is safe.
    #[serde(default = "StaticReply::default_status")]
    #[schemars(range(min = 200, max = 299))]
    pub status: u16,
    /// Headers by name.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub headers: IndexMap<String, String>,
    /// The body: text is sent as text, anything else as JSON; nothing when it is left out. 204 and 205 have none.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub body: Value,
    /// What the body is; `text/plain; charset=utf-8` or `application/json` by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
}

/// The largest body, as it is sent.
const MOST_BYTES: usize = 64 << 10;

impl StaticReply {
    const fn default_status() -> u16 {
        200
    }

    /// The body as it is sent; `None` when there is none.
    pub fn bytes(&self) -> Option<Vec<u8>> {
        match &self.body {
            Value::Null => None,
            Value::String(text) => Some(text.clone().into_bytes()),
            other => Some(other.to_string().into_bytes()),
        }
    }

    /// What the body is.
    pub fn content_type(&self) -> &str {
        match (&self.content_type, &self.body) {
            (Some(said), _) => said,
            (None, Value::String(_)) => "text/plain; charset=utf-8",
            (None, _) => "application/json",
        }
    }

    /// Checks what the types alone do not say.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let wrong = |field: &str, reason: String, suggestion: &str| {
            Err(Error::config(format!("reply.{field}"), "not_allowed", reason, suggestion))
        };
        if !(200..300).contains(&self.status) {
            let reason = format!("{} is not a status from 200 to 299", self.status);
            return Err(Error::config("reply.status", "out_of_range", reason, "Use 200, or another 2xx."));
        }
        if matches!(self.status, 204 | 205) && !self.body.is_null() {
            let reason = format!("an answer with {} has no body", self.status);
            return wrong("body", reason, "Leave it out, or use 200.");
        }
        if self.bytes().is_some_and(|bytes| bytes.len() > MOST_BYTES) {
            let reason = format!("the body is larger than {} KiB", MOST_BYTES >> 10);
            return wrong("body", reason, "Send a shorter one.");
        }
        if self.content_type.as_deref().is_some_and(|said| HeaderValue::from_str(said).is_err()) {
            return wrong(
                "content_type",
                "it is no header's value".to_owned(),
                "Write it like `text/plain`.",
            );
        }
        for (name, value) in &self.headers {
            let field = format!("headers.{name}");
            let Ok(known) = name.parse::<HeaderName>() else {
                return wrong(&field, "this is no name for a header".to_owned(), "Write it like `x-shop`.");
            };
            if known == header::CONTENT_TYPE || flow::is_reserved_header(known.as_str()) {
                let reason = "the server sets this header itself, or never".to_owned();
                return wrong(
                    &field,
                    reason,
                    "Leave it out; `content_type` and `cors` have keys of their own.",
                );
            }
            if HeaderValue::from_str(value).is_err() {
                let reason = "the value has a line break or another control character".to_owned();
                return wrong(&field, reason, "Write it in one line.");
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(value: Value) -> StaticReply {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn text_is_text_and_the_rest_is_json() {
        for (reply, content_type, bytes) in [
            (json!({"body": "ok"}), "text/plain; charset=utf-8", Some("ok")),
            (json!({"body": {"ok": true}}), "application/json", Some(r#"{"ok":true}"#)),
            (json!({"body": "<ok/>", "content_type": "text/xml"}), "text/xml", Some("<ok/>")),
            (json!({}), "application/json", None),
        ] {
            let reply = read(reply);
            assert_eq!(reply.check().map_err(|error| error.to_string()), Ok(()));
            assert_eq!(reply.content_type(), content_type);
            assert_eq!(reply.bytes().as_deref(), bytes.map(str::as_bytes));
        }
    }

    #[test]
    fn what_may_not_be_said_is_named() {
        for (reply, field) in [
            (json!({"status": 302}), "reply.status"),
            (json!({"status": 204, "body": "x"}), "reply.body"),
            (json!({"body": "x".repeat(MOST_BYTES + 1)}), "reply.body"),
            (json!({"content_type": "a\nb"}), "reply.content_type"),
            (json!({"headers": {"Set-Cookie": "a=b"}}), "reply.headers.Set-Cookie"),
            (json!({"headers": {"Linchpin-Event": "x"}}), "reply.headers.Linchpin-Event"),
            (json!({"headers": {"Transfer-Encoding": "chunked"}}), "reply.headers.Transfer-Encoding"),
            (json!({"headers": {"a b": "x"}}), "reply.headers.a b"),
            (json!({"headers": {"x-a": "1\r\nx-b: 2"}}), "reply.headers.x-a"),
        ] {
            assert_eq!(read(reply.clone()).check().unwrap_err().problem().field, field, "{reply}");
        }
    }
}
