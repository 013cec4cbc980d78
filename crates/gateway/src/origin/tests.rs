use http::HeaderValue;
use proptest::prelude::*;
use serde_json::json;

use super::*;

fn redaction() -> Redaction {
    Redaction::new(vec!["token".into()], &[])
}

fn compile(from: &str) -> Result<Origin, Error> {
    Origin::compile(
        "fields.x.from",
        &from.parse().unwrap(),
        &Template::parse("orders/{order_id}").unwrap(),
        &redaction(),
    )
}

/// What is found in a request with this body.
fn found(from: &str, body: Parsed) -> Option<(Value, Leniency)> {
    let headers = [("x-id", "7"), ("x-many", "a"), ("x-many", "b"), ("x-odd", "\u{e9}")];
    let headers: HeaderMap = headers
        .iter()
        .map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_bytes(value.as_bytes()).unwrap()))
        .fold(HeaderMap::new(), |mut map, (name, value): (HeaderName, _)| {
            map.append(name, value);
            map
        });
    let mut parts = Parts {
        body,
        whole: None,
        query: Pairs::parse(b"q=1&q=2&r=x&token=secret&page_token=p"),
        headers: &headers,
        parameters: &vec!["o/1".into()],
        redaction: &redaction(),
    };
    let origin = compile(from).unwrap();
    let peeked = origin.peek(&parts).map(Cow::into_owned);
    let taken = origin.take(&mut parts, true);
    assert_eq!(peeked.as_ref(), taken.as_ref().map(|(value, _)| value), "{from}");
    taken
}

fn text(value: impl Into<Option<Value>>) -> Option<(Value, Leniency)> {
    value.into().map(|value| (value, Leniency::FromText))
}

#[test]
fn json_is_found_strictly_and_text_leniently() {
    let body = || Parsed::Json(json!({"data": {"items": [{"sku": "A-1"}]}}));
    assert_eq!(found("body.data.items[0].sku", body()), Some((json!("A-1"), Leniency::Strict)));
    assert_eq!(found("body", body()), Some((json!({"data": {"items": [{"sku": "A-1"}]}}), Leniency::Strict)));
    assert_eq!(found("body[1]", Parsed::Json(json!([0, 1]))), Some((json!(1), Leniency::Strict)));
    assert_eq!(found("body.data.items[1].sku", body()), None);
    assert_eq!(found("body", Parsed::Text("hi".into())), text(json!("hi")));
    assert_eq!(found("body.x", Parsed::Text("hi".into())), None);
    assert_eq!(found("form.a[1]", Parsed::Form(Pairs::parse(b"a=1&a=2"))), text(json!("2")));
    assert_eq!(
        found("form", Parsed::Form(Pairs::parse(b"a=1&token=2"))),
        text(json!({"a": "1", "token": "2"}))
    );
    assert_eq!(found("form.a", body()), None);
}

#[test]
fn query_header_and_path_are_text() {
    let nothing = || Parsed::Nothing;
    assert_eq!(found("query.q", nothing()), text(json!(["1", "2"])));
    assert_eq!(found("query.q[1]", nothing()), text(json!("2")));
    assert_eq!(found("query.r", nothing()), text(json!("x")));
    assert_eq!(found("query.nothing", nothing()), None);
    let whole = json!({"q": ["1", "2"], "r": "x", "page_token": "p"});
    assert_eq!(found("query", nothing()), text(whole));
    assert_eq!(found("header.X-Id", nothing()), text(json!("7")));
    assert_eq!(found("header.x-many", nothing()), text(json!(["a", "b"])));
    assert_eq!(found("header.x-odd", nothing()), text(json!("\u{e9}")));
    assert_eq!(found("path.order_id", nothing()), text(json!("o/1")));
}

#[test]
fn what_is_no_origin_says_what_to_write() {
    for (from, said) in [
        ("", "body.data.items[0].sku"),
        ("[0]", "body.data.items[0].sku"),
        ("boby.x", "Did you mean `body`?"),
        ("data.x", "Did you mean `body.data.x`?"),
        ("header", "header.name"),
        ("header.a b", "header.x-request-id"),
        ("query[0]", "query.name[0]"),
        ("path", "path.name"),
        ("path.ordr_id", "Did you mean `order_id`?"),
        ("path.other", "Put `{other}` into `path`."),
        ("path.order_id.x", "Write `path.order_id`."),
        ("query.token", "proves who the sender is"),
        ("header.authorization", "proves who the sender is"),
        ("header.Cookie", "proves who the sender is"),
    ] {
        let error = compile(from).unwrap_err();
        assert_eq!(error.problem().field, "fields.x.from");
        assert!(error.to_string().contains(said), "{from}: {error}");
    }
}

proptest! {
    #[test]
    fn any_path_compiles_or_says_why(from in "(body|query|header|path|form)?[.\\[\\]a-z0\"]{0,12}") {
        if let Ok(path) = from.parse() {
            let origin = Origin::compile("f", &path, &Template::default(), &redaction());
            prop_assert!(origin.is_ok() || origin.unwrap_err().problem().suggestion.is_some());
        }
    }
}
