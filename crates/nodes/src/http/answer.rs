//! What came back, and what it means.

use ::http::{
    HeaderMap, StatusCode,
    header::{CONTENT_TYPE, SET_COOKIE},
};
use engine::NodeError;
use outbound::{Error, Kind, Response};
use serde_json::{Map, Value, json};

use super::{secrets::Revealed, status::Expected};

/// How much of an unwelcome answer is quoted, in characters.
const QUOTED: usize = 300;

/// The step's output, or why the answer is none.
pub(super) fn read(response: &Response, success: &Expected, secrets: &Revealed) -> Result<Value, NodeError> {
    if !success.has(response.status) {
        return Err(unwelcome(response, secrets));
    }
    let body = if is_json(&response.headers) && !response.body.is_empty() {
        serde_json::from_slice(&response.body).map_err(|error| {
            let message = format!("the server says that its answer is JSON, but it is not: {error}");
            NodeError::permanent("answer_malformed", message)
        })?
    } else if response.body.is_empty() {
        Value::Null
    } else {
        Value::String(String::from_utf8_lossy(&response.body).into_owned())
    };
    let mut headers = Map::new();
    for name in response.headers.keys().filter(|name| **name != SET_COOKIE) {
        let values =
            response.headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
        let joined = values.collect::<Vec<_>>().join(", ");
        headers.insert(name.to_string(), secrets.scrub(&joined).into());
    }
    Ok(json!({
        "status": response.status.as_u16(),
        "headers": headers,
        "body": secrets.scrub_json(body),
    }))
}

/// What it means that there is no whole answer.
pub(super) fn failed(error: &Error) -> NodeError {
    let (code, advice) = match error.kind() {
        // The message names the rule and the setting.
        Kind::Refused => ("address_refused", ""),
        Kind::InvalidRequest => ("request_invalid", ""),
        Kind::Dns => ("dns_failed", "; check the host's name"),
        Kind::Connect => ("connect_failed", "; check that the server runs and can be reached from here"),
        Kind::Tls => ("tls_failed", "; check the server's certificate"),
        Kind::Timeout => ("timeout", "; check the server, or raise the step's `timeout`"),
        Kind::Reset => ("connection_lost", "; a `retry` sends it again under the same idempotency key"),
        Kind::Protocol => ("answer_malformed", "; check that the address is one of an HTTP server"),
        Kind::BodyTooLarge => ("answer_too_large", "; ask the server for less, such as one page"),
    };
    let message = format!("{}{advice}", error.chain());
    NodeError { transient: error.is_transient(), ..NodeError::permanent(code, message) }
}

fn unwelcome(response: &Response, secrets: &Revealed) -> NodeError {
    let status = response.status;
    let whole = secrets.scrub(&String::from_utf8_lossy(&response.body));
    let mut said: String =
        whole.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(QUOTED).collect();
    if said.is_empty() {
        "it said nothing more".clone_into(&mut said);
    }
    let advice = match status {
        _ if status.is_redirection() => "; redirects are not followed: call the final address",
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => "; check `auth` and its secret",
        _ => "",
    };
    let message = format!("the server answered {status}: {said}{advice}");
    // The rule for deliveries: a pause may help with these and no others.
    let transient = matches!(status.as_u16(), 408 | 425 | 429 | 500..=599);
    NodeError { transient, ..NodeError::permanent("http_status", message) }
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || essence == "text/json" || essence.ends_with("+json")
}
