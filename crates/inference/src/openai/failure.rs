//! What a failed call means: vendors agree on little, so status, code and wording are all looked at.

use http::{HeaderMap, StatusCode};
use outbound::retry_after;
use serde_json::Value;

use super::OpenAi;
use crate::{
    chat::ChatRequest,
    error::{Error, Phase, presentable},
};

/// Wordings for a conversation that is too long, in lower case: OpenAI, vLLM, Anthropic's gateway, llama.cpp,
/// DashScope, GLM, Moonshot and Ollama.
const TOO_LONG: &[&str] = &[
    "context_length_exceeded",
    "maximum context length",
    "context length",
    "context window",
    "context size",
    "prompt is too long",
    "input is too long",
    "range of input length",
    "exceeded model token limit",
    "max_prompt_tokens",
    "too many tokens in the prompt",
];

/// Wordings for an account without credit, in lower case: OpenAI, DeepSeek, DashScope, Moonshot, GLM.
const NO_CREDIT: &[&str] = &[
    "insufficient_quota",
    "insufficient balance",
    "insufficient_balance",
    "arrearage",
    "exceeded_current_quota",
    "余额不足",
];

/// Wordings for a momentary overload that comes without a fitting status, in lower case.
const OVERLOADED: &[&str] = &[
    "overloaded",
    "server_error",
    "internal_error",
    "internal error",
    "service_unavailable",
    "try again",
    "busy",
];

impl OpenAi {
    /// The error that an answer with this status means.
    pub(super) fn refused(&self, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Error {
        let (message, marks) = self.complaint(body);
        let provider = self.config.name.clone();
        let retry_after = retry_after(headers);
        let says = |words: &[&str]| words.iter().any(|word| marks.contains(word));
        match status.as_u16() {
            402 | 403 | 429 if says(NO_CREDIT) => Error::Quota { provider, message },
            402 => Error::Quota { provider, message },
            401 | 403 => Error::Unauthorised { provider, message },
            429 => Error::RateLimited { provider, message, retry_after },
            400 | 413 | 422 | 500 if says(TOO_LONG) => Error::ContextTooLong { provider, message },
            408 | 409 | 425 | 500.. => {
                Error::Overloaded { provider, status: status.as_u16(), message, retry_after }
            }
            300..=399 => Error::BadRequest {
                provider,
                message: "it answered with a redirect, which is not followed; correct the base address"
                    .to_owned(),
            },
            code => Error::BadRequest { provider, message: format!("{message} (status {code})") },
        }
    }

    /// The error that an error object inside an answer means, which came with status 200.
    pub(super) fn complained(&self, complaint: &Value) -> Error {
        let (message, marks) = self.complaint(complaint.to_string().as_bytes());
        let provider = self.config.name.clone();
        let says = |words: &[&str]| words.iter().any(|word| marks.contains(word));
        let status = status_in(complaint);
        if let Some(status) = status.and_then(|status| StatusCode::from_u16(status).ok()) {
            return self.refused(status, &HeaderMap::new(), complaint.to_string().as_bytes());
        }
        if says(TOO_LONG) {
            Error::ContextTooLong { provider, message }
        } else if says(NO_CREDIT) {
            Error::Quota { provider, message }
        } else if says(&["rate_limit", "rate limit"]) {
            Error::RateLimited { provider, message, retry_after: None }
        } else if says(OVERLOADED) {
            Error::Overloaded { provider, status: 200, message, retry_after: None }
        } else {
            Error::BadRequest { provider, message }
        }
    }

    /// The error that a broken exchange means.
    pub(super) fn broken(&self, request: Option<&ChatRequest>, error: outbound::Error) -> Error {
        let provider = self.config.name.clone();
        match error {
            outbound::Error::Timeout { phase, limit } => {
                use outbound::Phase as At;
                let phase = match phase {
                    At::Queue | At::Dns | At::Connect | At::Tls => Phase::Connect,
                    At::FirstByte if request.is_some_and(|request| limit < request.timeouts.total) => {
                        Phase::FirstToken
                    }
                    At::FirstByte | At::Body => Phase::Total,
                };
                Error::Timeout { provider, phase, limit }
            }
            outbound::Error::BodyTooLarge { limit } => {
                Error::Malformed { provider, reason: format!("it is longer than {limit} bytes") }
            }
            source => Error::Unreachable { provider, source },
        }
    }

    /// What an error's body says: the message to show, and everything it says in lower case.
    fn complaint(&self, body: &[u8]) -> (String, String) {
        let text = String::from_utf8_lossy(&body[..body.len().min(64 * 1024)]);
        let marks = text.to_lowercase();
        let message = serde_json::from_str::<Value>(&text).ok().and_then(|json| message_in(&json));
        (presentable(message.as_deref().unwrap_or(&text), self.config.auth.secret()), marks)
    }
}

/// The message of an error object, wherever the vendor keeps it.
fn message_in(json: &Value) -> Option<String> {
    let places = [
        "/error/message",
        "/message",
        "/error",
        "/detail",
        "/detail/message",
        "/msg",
        "/error_msg",
        "/errors/message",
    ];
    places.iter().find_map(|place| json.pointer(place)?.as_str().map(str::to_owned))
}

/// An HTTP status inside an error object, as gateways put it there.
fn status_in(json: &Value) -> Option<u16> {
    let code =
        ["/error/code", "/code", "/error/status", "/status"].iter().find_map(|place| json.pointer(place))?;
    let number = code.as_u64().or_else(|| code.as_str()?.parse().ok())?;
    u16::try_from(number).ok().filter(|number| (400..600).contains(number))
}

#[cfg(test)]
mod tests;
