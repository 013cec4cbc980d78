//! What is kept of an attempt, for traces.

use std::net::SocketAddr;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::redact::{HIDDEN, Redaction};

/// How much of a body is kept, in bytes.
pub(crate) const BODY_LIMIT: usize = 64 * 1024;

/// How many of an answer's headers are kept, and how much of each value.
const HEADERS: usize = 64;
const HEADER_LIMIT: usize = 1024;

/// An attempt, as it is stored (sealed) and shown. Secrets are hidden in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AttemptRecord {
    /// What came of it.
    pub outcome: Outcome,
    /// Why it did not arrive, and what to do; of one that did, for whom it did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Which try it was since the delivery was made, or replayed, from 1; the retry policy counts these.
    pub tries: u32,
    /// When the next try is due, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_at: Option<i64>,
    /// How many parts of a divided message have been accepted so far, earlier attempts included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parts: Option<Parts>,
    /// The recipients of a mail that have it, while others are still to get it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub told: Vec<String>,
    /// What went over the wire: nothing if the message could not be put into the destination's form, several
    /// for a divided one.
    pub exchanges: Vec<Exchange>,
}

/// What came of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The receiver has taken it.
    Delivered,
    /// It will be tried again.
    Retry,
    /// It will never be taken as it is: a dead letter.
    Permanent,
    /// It might be taken later, but its tries are used up: a dead letter.
    Exhausted,
}

/// How far a divided message has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Parts {
    /// Parts in all.
    pub total: usize,
    /// Parts that the receiver has accepted, from the first on.
    pub accepted: usize,
}

/// One request and what came back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Exchange {
    /// What was sent.
    pub request: RequestRecord,
    /// What came back.
    #[serde(flatten)]
    pub reply: Reply,
    /// The address that was called, once connected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub remote: Option<SocketAddr>,
    /// How long it took.
    pub timing: Timing,
}

/// A request as it is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RequestRecord {
    /// The method; `SMTP` for a mail.
    pub method: String,
    /// The address.
    pub url: String,
    /// Names, in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body, up to 64 KiB; of a mail its text and its HTML.
    pub body: Body,
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// An answer.
    Response(ResponseRecord),
    /// None, or not a whole one.
    Error(ErrorRecord),
}

/// An answer as it is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ResponseRecord {
    /// The HTTP status, or the code of the mail server's answer that decided.
    pub status: u16,
    /// Names, in lower case, and values; up to 64 headers.
    pub headers: Vec<(String, String)>,
    /// The body, up to 64 KiB, decompressed; of a mail server all that was said, by us after `>`, by it after `<`.
    pub body: Body,
}

/// Why there was no answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorRecord {
    /// `refused`, `dns`, `connect`, `tls`, `timeout`, `reset`, `protocol` or `invalid_request`.
    pub kind: String,
    /// What happened.
    pub message: String,
    /// What had been said on a mail server's line until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dialogue: Option<Body>,
}

/// A body as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Body {
    /// How `content` is written.
    pub encoding: Encoding,
    /// The body, or its beginning.
    pub content: String,
    /// Whether there was more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub truncated: bool,
}

/// How a body is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// As it is.
    Text,
    /// In base64, since it is not text.
    Base64,
}

/// How long an exchange took, in milliseconds from its start, where that is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Timing {
    /// Whether an idle connection served; then nothing was resolved or connected.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reused: bool,
    /// Resolving the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dns_ms: Option<u64>,
    /// Connecting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connect_ms: Option<u64>,
    /// The TLS handshake.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_ms: Option<u64>,
    /// Until the answer's head.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_byte_ms: Option<u64>,
    /// Until the end.
    pub total_ms: u64,
}

impl AttemptRecord {
    /// What the last call came to, in a word: a status, or why there was no answer; empty where nothing was sent.
    pub(crate) fn code(&self) -> String {
        self.exchanges.last().map(|exchange| exchange.reply.code()).unwrap_or_default()
    }
}

impl Reply {
    /// What came back, in a word: a status, or why there was no answer.
    pub(crate) fn code(&self) -> String {
        match self {
            Self::Response(answer) => answer.status.to_string(),
            Self::Error(error) => error.kind.clone(),
        }
    }
}

impl Outcome {
    /// Whether it left a dead letter.
    pub const fn is_dead(self) -> bool {
        matches!(self, Self::Permanent | Self::Exhausted)
    }

    /// The outcome as lists and metrics write it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Retry => "retry",
            Self::Permanent => "permanent",
            Self::Exhausted => "exhausted",
        }
    }
}

impl Body {
    /// Keeps the beginning of a body; `more` says that it was cut already. A secret through which either cut
    /// goes is left out.
    pub(crate) fn of(bytes: &[u8], more: bool, redaction: &Redaction) -> Self {
        let truncated = more || bytes.len() > BODY_LIMIT;
        let kept = bytes.get(..BODY_LIMIT).unwrap_or(bytes);
        let kept = if truncated { redaction.before_cut(kept) } else { kept };
        match text(kept, truncated) {
            Some(text) => {
                Self { encoding: Encoding::Text, content: redaction.scrub(text).into_owned(), truncated }
            }
            None if redaction.is_in(kept) => {
                Self { encoding: Encoding::Text, content: HIDDEN.to_owned(), truncated: true }
            }
            None => Self { encoding: Encoding::Base64, content: STANDARD.encode(kept), truncated },
        }
    }
}

impl ResponseRecord {
    pub(crate) fn of(response: &outbound::Response, redaction: &Redaction) -> Self {
        let shown = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
            let value = String::from_utf8_lossy(value.as_bytes());
            let value = if name == http::header::SET_COOKIE { HIDDEN.into() } else { redaction.scrub(value) };
            (name.as_str().to_owned(), value.chars().take(HEADER_LIMIT).collect())
        };
        Self {
            status: response.status.as_u16(),
            headers: response.headers.iter().take(HEADERS).map(shown).collect(),
            body: Body::of(&response.body, response.truncated, redaction),
        }
    }

    /// The code by which a mail server decided, and all that was said.
    pub(crate) fn of_mail(code: u16, dialogue: Body) -> Self {
        Self { status: code, headers: Vec::new(), body: dialogue }
    }
}

impl ErrorRecord {
    pub(crate) fn of(error: &outbound::Error, redaction: &Redaction) -> Self {
        let kind = serde_json::to_value(error.kind()).ok();
        let kind = kind.as_ref().and_then(|kind| kind.as_str()).unwrap_or("other").to_owned();
        Self { kind, message: redaction.scrub(error.chain()).into_owned(), dialogue: None }
    }
}

impl Timing {
    pub(crate) fn of(trace: &outbound::Trace) -> Self {
        Self {
            reused: trace.reused,
            dns_ms: trace.dns_ms,
            connect_ms: trace.connect_ms,
            tls_ms: trace.tls_ms,
            first_byte_ms: trace.first_byte_ms,
            total_ms: trace.total_ms,
        }
    }
}

/// The bytes as text, if they are that; a character that the cut went through is left out.
fn text(bytes: &[u8], cut: bool) -> Option<&str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Some(text),
        Err(error) if cut && error.error_len().is_none() => {
            bytes.get(..error.valid_up_to()).and_then(|valid| std::str::from_utf8(valid).ok())
        }
        Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(bytes: &[u8], more: bool) -> Body {
        let mut redaction = Redaction::default();
        redaction.add("hunter22");
        Body::of(bytes, more, &redaction)
    }

    #[test]
    fn bodies_are_kept_up_to_the_limit() {
        let whole = "x".repeat(BODY_LIMIT);
        let kept = body(whole.as_bytes(), false);
        assert!(kept.content == whole && !kept.truncated);
        let kept = body(format!("{whole}y").as_bytes(), false);
        assert!(kept.content == whole && kept.truncated);
        assert!(body(b"cut by the client", true).truncated);
    }

    #[test]
    fn a_cut_never_goes_through_a_character() {
        let long = format!("xx{}", "汉".repeat(BODY_LIMIT / 3));
        let kept = body(long.as_bytes(), false);
        assert!(long.starts_with(&kept.content) && kept.truncated && kept.encoding == Encoding::Text);
        assert!(BODY_LIMIT - kept.content.len() < 3);
    }

    #[test]
    fn what_is_not_text_is_written_in_base64() {
        let kept = body(b"\xFF\x00", false);
        assert_eq!((kept.encoding, kept.content.as_str()), (Encoding::Base64, "/wA="));
        assert_eq!(body(b"\xE6", false).encoding, Encoding::Base64, "half a character at the true end");
    }

    #[test]
    fn secrets_are_hidden_in_either_form() {
        assert_eq!(body(b"you sent hunter22", false).content, "you sent •••");
        assert_eq!(body(b"\xFF hunter22", false).content, HIDDEN);
    }

    #[test]
    fn a_cut_through_a_secret_leaves_nothing_of_it() {
        let before = "x".repeat(BODY_LIMIT - 5);
        let kept = body(format!("{before}hunter22 and more").as_bytes(), false);
        assert!(kept.content == before && kept.truncated);
        assert_eq!(body(b"the client cut hunter2", true).content, "the client cut ");
        assert_eq!(body(b"not cut: hunter2", false).content, "not cut: hunter2");
        let before = vec![0xFF; BODY_LIMIT - 5];
        let kept = body(&[&before[..], b"hunter22"].concat(), false);
        assert_eq!(kept.content, STANDARD.encode(before));
    }

    #[test]
    fn a_record_reads_what_it_writes() {
        let exchange = |reply| Exchange {
            request: RequestRecord {
                method: "POST".into(),
                url: "https://example.com/".into(),
                headers: vec![("webhook-id".into(), "msg_1".into())],
                body: body(b"{}", false),
            },
            reply,
            remote: Some("127.0.0.1:80".parse().unwrap()),
            timing: Timing { total_ms: 3, ..Timing::default() },
        };
        let response = ResponseRecord { status: 200, headers: vec![], body: body(b"", false) };
        let error = ErrorRecord { kind: "timeout".into(), message: "time ran out".into(), dialogue: None };
        let record = AttemptRecord {
            outcome: Outcome::Retry,
            reason: Some("time ran out".into()),
            tries: 1,
            next_at: Some(1),
            parts: Some(Parts { total: 2, accepted: 1 }),
            told: vec!["ann@example.com".into()],
            exchanges: vec![exchange(Reply::Response(response)), exchange(Reply::Error(error))],
        };
        let json = serde_json::to_string(&record).unwrap();
        assert_eq!(serde_json::from_str::<AttemptRecord>(&json).unwrap(), record);
        assert!(
            json.contains(r#""response":{"status":200"#) && json.contains(r#""error":{"kind":"timeout""#)
        );
    }
}
