//! What came of a delivery that the step waited for.

use delivery::{AttemptRecord, Body, Encoding, Reply, ResponseRecord};
use engine::NodeError;
use http::header::SET_COOKIE;
use serde_json::{Map, Value, json};
use store::{Attempt, DeliveryState, DeliveryView};

/// The step's output when it has arrived, or why it never did.
pub(super) fn read(
    destination: &str,
    delivery: &DeliveryView,
    last: Option<&Attempt>,
) -> Result<Value, NodeError> {
    let record = last.and_then(|last| serde_json::from_slice::<AttemptRecord>(&last.record).ok());
    if delivery.state != DeliveryState::Delivered {
        return Err(failed(destination, record.and_then(|record| record.reason)));
    }
    let answer = record.as_ref().and_then(answered);
    Ok(json!({
        "delivery_id": delivery.id,
        "attempts": delivery.attempts,
        "status": answer.map(|answer| answer.status),
        "headers": answer.map(headers),
        "body": answer.map(|answer| said(&answer.body)),
    }))
}

/// The last answer: of a message in parts, the one to the last part.
fn answered(record: &AttemptRecord) -> Option<&ResponseRecord> {
    match &record.exchanges.last()?.reply {
        Reply::Response(answer) => Some(answer),
        Reply::Error(_) => None,
    }
}

/// By name; what came several times is joined. Without cookies.
fn headers(answer: &ResponseRecord) -> Map<String, Value> {
    let mut headers = Map::new();
    for (name, value) in answer.headers.iter().filter(|(name, _)| *name != SET_COOKIE.as_str()) {
        let before = headers.get(name).and_then(Value::as_str);
        let joined = before.map_or_else(|| value.clone(), |before| format!("{before}, {value}"));
        headers.insert(name.clone(), joined.into());
    }
    headers
}

/// JSON as JSON, whatever the receiver says that it is: many forget to say. A bare word or number stays text.
fn said(body: &Body) -> Value {
    let text = body.content.trim();
    if text.is_empty() {
        return Value::Null;
    }
    let may_be_json = body.encoding == Encoding::Text && text.starts_with(['{', '[']);
    let parsed = may_be_json.then(|| serde_json::from_str(text).ok()).flatten();
    parsed.unwrap_or_else(|| body.content.as_str().into())
}

fn failed(destination: &str, reason: Option<String>) -> NodeError {
    let reason = reason.unwrap_or_else(|| "the destination was deleted before it could be sent".to_owned());
    let message = format!("the delivery to `{destination}` is a dead letter: {reason}");
    NodeError::permanent("delivery_failed", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(content: &str) -> Body {
        Body { encoding: Encoding::Text, content: content.into(), truncated: false }
    }

    #[test]
    fn json_is_parsed_and_everything_else_is_text() {
        assert_eq!(said(&body(" {\"id\": 7}\n")), json!({ "id": 7 }));
        assert_eq!(said(&body("[1]")), json!([1]));
        for text in ["ok", "7", "null", "{cut", "<html>"] {
            assert_eq!(said(&body(text)), json!(text));
        }
        assert_eq!(said(&body("")), Value::Null);
        let binary = Body { encoding: Encoding::Base64, ..body("/wA=") };
        assert_eq!(said(&binary), json!("/wA="));
    }

    #[test]
    fn headers_are_joined_and_cookies_left_out() {
        let all = [("x", "1"), ("set-cookie", "•••"), ("x", "2"), ("y", "3")];
        let all = all.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let answer = ResponseRecord { status: 200, headers: all, body: body("") };
        assert_eq!(Value::from(headers(&answer)), json!({ "x": "1, 2", "y": "3" }));
    }

    #[test]
    fn a_dead_letter_names_its_destination_and_why() {
        let error = failed("hr", Some("the receiver answered 404".into()));
        assert_eq!((error.code, error.transient), ("delivery_failed", false));
        assert_eq!(error.message, "the delivery to `hr` is a dead letter: the receiver answered 404");
        assert!(failed("hr", None).message.contains("deleted"));
    }
}
