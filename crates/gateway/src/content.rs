//! What is stored of a request: the content of an event, and of a refused request.

use std::{borrow::Cow, net::IpAddr};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub(crate) use crate::redaction::HIDDEN;
use crate::redaction::Redaction;

mod body;
mod headers;

pub use body::{Part, RequestBody};
pub(crate) use headers::text as header_text;
pub use headers::{Headers, Values};

/// The content of an event, stored as JSON. It borrows while it is made, so that a body is written
/// once and copied never.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Content<'a> {
    /// The flow's input.
    pub input: Cow<'a, Map<String, Value>>,
    /// The request that it came by; `None` for an event that no request made.
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    pub request: Option<RequestRecord<'a>>,
}

/// A request as it is recorded, its secrets hidden.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestRecord<'a> {
    /// The method.
    #[serde(borrow)]
    pub method: Cow<'a, str>,
    /// What followed the source's URL, undecoded; empty when nothing did.
    #[serde(default, borrow, skip_serializing_if = "str::is_empty")]
    pub path: Cow<'a, str>,
    /// The query, undecoded; hidden values are `***`.
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    pub query: Option<Cow<'a, str>>,
    /// The headers by name; hidden values are `***`.
    pub headers: Headers<'a>,
    /// The body as it came, but decompressed and decoded; files by what names their content.
    #[serde(borrow)]
    pub body: RequestBody<'a>,
    /// How many bytes the body had, when only its beginning was kept, as of a refused request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut_from: Option<u64>,
    /// The address of the client.
    pub peer: IpAddr,
}

impl<'a> RequestRecord<'a> {
    /// Records a request with the whole body.
    pub(crate) fn new(head: &crate::Head<'a>, body: RequestBody<'a>, redaction: &Redaction) -> Self {
        Self {
            method: Cow::Borrowed(head.method.as_str()),
            path: Cow::Borrowed(head.path_tail),
            query: head.query.map(|query| redaction.query(query)),
            headers: Headers::of(head.headers, |name| redaction.hides(name)),
            body,
            cut_from: None,
            peer: head.peer,
        }
    }

    /// Records a request with at most `keep` bytes of the body, from which its proofs were cut out.
    pub(crate) fn capped(head: &crate::Head<'a>, body: &'a [u8], keep: usize, redaction: &Redaction) -> Self {
        let (kept, whole) = match body.get(..keep) {
            Some(kept) if keep < body.len() => (kept, false),
            _ => (body, true),
        };
        if whole {
            return Self::new(head, RequestBody::of(kept), redaction);
        }
        let record = Self::new(head, RequestBody::beginning(kept), redaction);
        Self { cut_from: Some(body.len() as u64), ..record }
    }
}

impl Content<'_> {
    /// The content as JSON.
    pub fn to_json(&self) -> Vec<u8> {
        let body = self.request.as_ref().map_or(0, |request| request.body.size());
        // Most of a body is there twice, as it came and as what the flow gets of it. A vector that has to grow would
        // hold half as much again, while a large event waits for its commit.
        let mut json = Vec::with_capacity(1024 + 2 * body + body / 4);
        write(self, &mut json);
        json
    }
}

/// Writes JSON into memory.
#[expect(clippy::expect_used, reason = "text keys and plain values always serialise")]
pub(crate) fn write(value: &impl Serialize, json: &mut Vec<u8>) {
    serde_json::to_writer(json, value).expect("text keys and plain values always serialise");
}

#[cfg(test)]
mod tests;
