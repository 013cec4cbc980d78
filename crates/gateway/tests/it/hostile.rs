//! Any request at all: it is accepted or refused with a documented code, and never panics.

use gateway::{Content, RequestBody};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use proptest::{collection::vec, prelude::*};
use serde_json::json;

use crate::request::{NOW, Request, TOKEN, Tested, guarded, open};

fn method() -> impl Strategy<Value = Method> {
    prop_oneof![
        4 => Just(Method::POST),
        1 => Just(Method::GET),
        1 => "[A-Z]{1,12}".prop_filter_map("a method", |text| text.parse().ok()),
    ]
}

fn headers() -> impl Strategy<Value = HeaderMap> {
    let name = prop_oneof![
        Just("content-type".to_owned()),
        Just("content-length".to_owned()),
        Just("content-encoding".to_owned()),
        Just("authorization".to_owned()),
        Just("idempotency-key".to_owned()),
        Just("x-id".to_owned()),
        "[a-z][a-z0-9-]{0,20}",
    ];
    let value = prop_oneof![
        Just("application/json".into()),
        Just("application/x-www-form-urlencoded".into()),
        Just("text/plain; charset=utf-8".into()),
        Just("text/xml; charset=gbk".into()),
        Just("multipart/form-data; boundary=b".into()),
        Just("gzip".into()),
        Just(format!("Bearer {TOKEN}").into_bytes()),
        vec(any::<u8>(), 0..40),
        vec(any::<u8>(), 4_000..5_000),
    ];
    vec((name, value), 0..12).prop_map(|pairs| {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_bytes(&value)) {
                headers.append(name, value);
            }
        }
        headers
    })
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        vec(any::<u8>(), 0..200),
        "[\\[\\]{}\":,0-9a-z\\\\ -]{0,200}".prop_map(String::into_bytes),
        "([a-z%0-9+]{0,6}=[a-z%0-9+&]{0,6}&?){0,30}".prop_map(String::into_bytes),
        Just(b"[".repeat(1_500)),
        Just(b"--b\r\nContent-Disposition: form-data; name=query; filename=a\r\n\r\nx\r\n--b--".to_vec()),
        Just(b"--b\r\nContent-Disposition: form-data; name=query\r\n\r\nx\r\n--b--".to_vec()),
        Just(b"<query>E3</query>".to_vec()),
        Just(br#"{"query":"E3","count":7,"items":[{"sku":"A"}]}"#.to_vec()),
    ]
}

fn request() -> impl Strategy<Value = Request> {
    let query = proptest::option::of("[a-z0-9=&%+;/?\u{0}-\u{1f}]{0,80}");
    let tail = prop_oneof![Just("o/7".to_owned()), "[/a-z%0-9.]{0,20}", ".{0,20}"];
    let time = prop_oneof![Just(NOW.as_millis()), any::<i64>()];
    (method(), tail, query, headers(), body(), any::<std::net::IpAddr>(), time).prop_map(
        |(method, tail, query, headers, body, peer, at)| {
            let at = clock::Timestamp::from_millis(at);
            Request { method, tail, query, headers, body, peer, at }
        },
    )
}

/// Whether the record may show another text than the bytes that came.
fn is_encoded(request: &Request) -> bool {
    let has = |name: &str| request.headers.contains_key(name);
    has("content-encoding") || has("content-type")
}

/// Checks what holds of every verdict.
fn check(tested: &Tested, request: &Request) -> Result<(), TestCaseError> {
    match tested.judge(request) {
        Ok(accepted) => {
            let content: Content = serde_json::from_slice(&accepted.content).unwrap();
            prop_assert_eq!(&*content.input, &accepted.input);
            let record = content.request.unwrap();
            match &record.body {
                RequestBody::Bytes(bytes) => prop_assert_eq!(&bytes[..], &request.body),
                RequestBody::Text(text) if !is_encoded(request) => {
                    prop_assert_eq!(text.as_bytes(), &request.body);
                }
                other => prop_assert_eq!(other.files().count(), accepted.files.len()),
            }
            prop_assert!(accepted.input["query"].is_string());
            let shown = record.headers.get("authorization").map(|values| format!("{values:?}"));
            prop_assert!(shown.is_none_or(|values| !values.contains(TOKEN)));
        }
        Err(refused) => {
            prop_assert!((400..500).contains(&refused.status().as_u16()));
            let record = tested.source.refusal_content(&request.head(), &request.body, 64, &refused);
            prop_assert!(serde_json::from_slice::<serde_json::Value>(&record).is_ok());
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn a_source_that_maps_from_everywhere(request in request()) {
        let tested = open(json!({
            "path": "o/{id}",
            "methods": ["POST", "GET"],
            "dedupe": {"from": "body.items"},
            "limits": {"body": "1KiB", "client_rate": {"requests": 5}, "source_rate": {"requests": 5}},
            "fields": {
                "query": {"type": "string", "from": "query.a", "default": "none"},
                "count": {"type": "integer", "from": "header.x-id"},
            },
        }));
        check(&tested, &request)?;
    }

    #[test]
    fn a_source_that_maps_by_name(request in request()) {
        let tested = guarded(json!({"methods": ["POST", "GET", "PUT"]}));
        check(&tested, &Request { tail: String::new(), ..request })?;
    }

    #[test]
    fn a_source_whose_expressions_look_at_everything(request in request()) {
        let tested = guarded(json!({
            "methods": ["POST", "GET", "PUT"],
            "filter": format!("{{{{ '{TOKEN}' in (header | tojson) or '{TOKEN}' in (query | tojson) }}}}"),
            "dedupe": {"key": "{{ body }}{{ form }}{{ header['x-id'] }}{{ body.items[0].sku | default('') }}"},
        }));
        let elsewhere = |name: &HeaderName, value: &HeaderValue| {
            name != "authorization" && String::from_utf8_lossy(value.as_bytes()).contains(TOKEN)
        };
        let shown = request.headers.iter().filter(|(name, value)| !elsewhere(name, value));
        let headers: HeaderMap = shown.map(|(name, value)| (name.clone(), value.clone())).collect();
        let request = Request { tail: String::new(), headers, ..request };
        check(&tested, &request)?;
        prop_assert_ne!(tested.code(&request), "accepted", "an expression saw the token");
    }

    #[test]
    fn a_good_request_with_any_text(text in ".{0,100}", more in any::<f64>()) {
        let request = Request::json(&json!({"query": text, "more": more})).with_token();
        let input = guarded(json!({})).input(&request);
        prop_assert_eq!(input, json!({ "query": text }));
    }
}
