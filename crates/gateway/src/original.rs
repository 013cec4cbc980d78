//! A request as it came, nothing hidden: what a refused one is judged by again. Unlike a [`RequestRecord`] it holds
//! secrets, so it is stored apart, sealed, and shown nowhere.

use std::{borrow::Cow, net::IpAddr};

use bytes::Bytes;
use clock::Timestamp;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde::{Deserialize, Serialize};

use crate::{Head, RequestBody, content};

/// A request as it came.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Original<'a> {
    #[serde(borrow)]
    method: Cow<'a, str>,
    #[serde(borrow)]
    path: Cow<'a, str>,
    #[serde(borrow)]
    query: Option<Cow<'a, str>>,
    #[serde(borrow)]
    headers: Vec<(Cow<'a, str>, RequestBody<'a>)>,
    peer: IpAddr,
    #[serde(borrow)]
    body: RequestBody<'a>,
}

/// A request that comes once more.
pub struct Again {
    method: Method,
    path: String,
    query: Option<String>,
    headers: HeaderMap,
    peer: IpAddr,
    body: Bytes,
}

impl<'a> Original<'a> {
    /// A request with its whole body.
    pub fn of(head: &Head<'a>, body: &'a [u8]) -> Self {
        let header = |(name, value): (&'a HeaderName, &'a HeaderValue)| {
            (Cow::Borrowed(name.as_str()), RequestBody::of(value.as_bytes()))
        };
        Self {
            method: Cow::Borrowed(head.method.as_str()),
            path: Cow::Borrowed(head.path_tail),
            query: head.query.map(Cow::Borrowed),
            headers: head.headers.iter().map(header).collect(),
            peer: head.peer,
            body: RequestBody::of(body),
        }
    }

    /// The request as JSON, to be sealed.
    pub fn to_json(&self) -> Vec<u8> {
        let mut json = Vec::with_capacity(1024 + self.body.size());
        content::write(self, &mut json);
        json
    }

    /// The request, ready to be judged again; `None` when what was stored is no request.
    pub fn again(self) -> Option<Again> {
        let mut headers = HeaderMap::with_capacity(self.headers.len());
        for (name, value) in &self.headers {
            headers.append(
                HeaderName::try_from(name.as_ref()).ok()?,
                HeaderValue::from_bytes(value.in_place()?).ok()?,
            );
        }
        Some(Again {
            method: Method::from_bytes(self.method.as_bytes()).ok()?,
            path: self.path.into_owned(),
            query: self.query.map(Cow::into_owned),
            headers,
            peer: self.peer,
            body: Bytes::copy_from_slice(self.body.in_place()?),
        })
    }
}

impl Again {
    /// The request without its body, as it was received at that time.
    pub fn head(&self, received_at: Timestamp) -> Head<'_> {
        Head {
            method: &self.method,
            path_tail: &self.path,
            query: self.query.as_deref(),
            headers: &self.headers,
            peer: self.peer,
            received_at,
        }
    }

    /// Its body.
    pub fn body(&self) -> &Bytes {
        &self.body
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn a_request_comes_again_as_it_came() {
        let mut headers = HeaderMap::new();
        headers.append("authorization", HeaderValue::from_static("Bearer secret"));
        headers.append("x-many", HeaderValue::from_static("a"));
        headers.append("x-many", HeaderValue::from_bytes(b"\xff\xfe").unwrap());
        let received_at = Timestamp::from_millis(7);
        let head = Head {
            method: &Method::PUT,
            path_tail: "orders/%37",
            query: Some("token=abc&a=%20"),
            headers: &headers,
            peer: Ipv4Addr::LOCALHOST.into(),
            received_at,
        };
        let json = Original::of(&head, b"\xff{}").to_json();
        let again = serde_json::from_slice::<Original>(&json).unwrap().again().unwrap();
        let seen = again.head(received_at);
        assert_eq!((seen.method, seen.path_tail, seen.query), (head.method, head.path_tail, head.query));
        assert_eq!((seen.headers, seen.peer, seen.received_at), (&headers, head.peer, received_at));
        assert_eq!(again.body(), &b"\xff{}"[..]);
    }

    #[test]
    fn what_is_no_request_does_not_come_again() {
        let json = r#"{"method":"A B","path":"","query":null,"headers":[],"peer":"::1","body":{"text":""}}"#;
        assert!(serde_json::from_str::<Original>(json).unwrap().again().is_none());
    }
}
