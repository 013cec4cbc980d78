use std::net::Ipv4Addr;

use clock::Timestamp;
use http::{HeaderMap, HeaderValue, Method};
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::Head;

fn headers() -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("content-type", "application/json"),
        ("authorization", "Bearer secret-one"),
        ("x-many", "a"),
        ("x-many", "b"),
        ("x-many", "c"),
    ] {
        headers.append(name, HeaderValue::from_static(value));
    }
    headers
}

fn head(headers: &HeaderMap) -> Head<'_> {
    Head {
        method: &Method::POST,
        path_tail: "orders/7",
        query: Some("a=%20&token=secret-two"),
        headers,
        peer: Ipv4Addr::new(192, 0, 2, 1).into(),
        received_at: Timestamp::from_millis(0),
    }
}

#[test]
fn is_written_and_read_and_shows_no_secret() {
    let headers = headers();
    let input = json!({"q": "你"}).as_object().unwrap().clone();
    let body = b"{ \"q\" : \"\\u4f60\" }";
    let request = RequestRecord::new(&head(&headers), RequestBody::of(body), &Redaction::default());
    let content = Content { input: Cow::Borrowed(&input), request: Some(request) };
    let json = content.to_json();
    assert_eq!(
        serde_json::from_slice::<Value>(&json).unwrap(),
        json!({
            "input": {"q": "你"},
            "request": {
                "method": "POST",
                "path": "orders/7",
                "query": "a=%20&token=***",
                "headers": {
                    "content-type": "application/json",
                    "authorization": "***",
                    "x-many": ["a", "b", "c"],
                },
                "body": {"text": "{ \"q\" : \"\\u4f60\" }"},
                "peer": "192.0.2.1",
            },
        })
    );
    let read: Content = serde_json::from_slice(&json).unwrap();
    assert_eq!(read, content);
    let request = read.request.unwrap();
    assert_eq!(
        request.headers.get("x-many").unwrap(),
        &Values::Many(vec!["a".into(), "b".into(), "c".into()])
    );
    assert_eq!(request.headers.get("nothing"), None);
}

#[test]
fn an_event_without_a_request_has_an_input_only() {
    let json = Content { input: Cow::Owned(Map::new()), request: None }.to_json();
    assert_eq!(json, br#"{"input":{}}"#);
    assert!(serde_json::from_slice::<Content>(&json).unwrap().request.is_none());
}

#[test]
fn a_long_body_of_a_refused_request_is_cut_between_characters() {
    let headers = headers();
    let cut = |body: &'static [u8], keep| {
        let record = RequestRecord::capped(&head(&headers), body, keep, &Redaction::default());
        (record.body, record.cut_from)
    };
    assert_eq!(cut("你好".as_bytes(), 4), (RequestBody::Text("你".into()), Some(6)));
    assert_eq!(cut("你好".as_bytes(), 6), (RequestBody::Text("你好".into()), None));
    assert_eq!(cut(b"\xff\xfe\xfd", 2), (RequestBody::Bytes(Cow::Borrowed(b"\xff\xfe")), Some(3)));
    assert_eq!(cut(b"\xe4\xbd", 5), (RequestBody::Bytes(Cow::Borrowed(b"\xe4\xbd")), None));
    assert_eq!(cut(b"x", 0), (RequestBody::Text("".into()), Some(1)));
}

proptest! {
    #[test]
    fn any_body_is_kept_exactly(body in any::<Vec<u8>>()) {
        let headers = headers();
        let request = RequestRecord::new(&head(&headers), RequestBody::of(&body), &Redaction::default());
        let json = Content { input: Cow::Owned(Map::new()), request: Some(request) }.to_json();
        let read: Content = serde_json::from_slice(&json).unwrap();
        let read = read.request.unwrap().body;
        let read = match &read {
            RequestBody::Text(text) => text.as_bytes(),
            RequestBody::Bytes(bytes) => bytes,
            other => panic!("{other:?}"),
        };
        prop_assert_eq!(read, &body);
    }
}
