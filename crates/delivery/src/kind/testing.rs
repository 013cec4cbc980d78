//! What the tests of every kind need.

use std::collections::BTreeMap;

use http::{HeaderMap, StatusCode};
use outbound::Response;
use serde_json::Value;
use store::{EventId, Message, RunId};

use super::{Kind, Stamp, read};
use crate::{
    Error,
    call::{Call, Unsendable},
    files::Files,
    verdict::Verdict,
};

/// The time of every attempt, in seconds.
pub(crate) const AT_S: i64 = 1_577_262_236;

pub(crate) fn open<K: Kind>(config: Value, secrets: Value) -> Result<K, Error> {
    K::open(read("", config)?, read("secrets", secrets)?)
}

/// The calls that a message becomes.
pub(crate) fn calls<K: Kind>(kind: &K, body: Value) -> Result<Vec<Call>, Unsendable> {
    Kind::calls(kind, message(body), &stamp())
}

/// A message of a run.
pub(crate) fn message(body: Value) -> Message {
    Message {
        body,
        event: EventId::from_bytes([1; 16]),
        run: RunId::from_bytes([1; 16]),
        traceparent: String::new(),
        order_key: None,
        params: BTreeMap::new(),
        headers: BTreeMap::new(),
    }
}

/// What an attempt at that time is stamped with.
pub(crate) fn stamp() -> Stamp {
    Stamp { id: "msg_1".into(), at_s: AT_S, at_ms: AT_S * 1000 + 757, token: None, files: Files::default() }
}

/// The JSON bodies that a message becomes.
pub(crate) fn bodies<K: Kind>(kind: &K, body: Value) -> Result<Vec<Value>, Unsendable> {
    Ok(calls(kind, body)?.iter().map(|call| serde_json::from_slice(&call.body).unwrap()).collect())
}

/// Why settings cannot be used.
pub(crate) fn refusal<K: Kind>(config: Value, secrets: Value) -> String {
    open::<K>(config, secrets).err().expect("these settings cannot be used").to_string()
}

pub(crate) fn answer(status: u16, headers: &[(&'static str, &str)], body: &str) -> Response {
    let pairs = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
    Response {
        status: StatusCode::from_u16(status).unwrap(),
        headers: pairs.collect::<HeaderMap>(),
        body: body.to_owned().into(),
        truncated: false,
        decompressed: false,
    }
}

/// A verdict in a word; `later` is a retry after a pause, `unknown` one that is capped.
pub(crate) fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Delivered => "delivered",
        Verdict::Retry { at_most: Some(_), .. } => "unknown",
        Verdict::Retry { after: Some(_), .. } => "later",
        Verdict::Retry { .. } => "retry",
        Verdict::Permanent { disable: None, .. } => "permanent",
        Verdict::Permanent { disable: Some(_), .. } => "disabled",
    }
}
