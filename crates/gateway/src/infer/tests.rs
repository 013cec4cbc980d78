use std::net::Ipv4Addr;

use http::{HeaderMap, Method};
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::{Head, Source};

/// A request as it is recorded.
struct Sent {
    tail: &'static str,
    query: Option<&'static str>,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Sent {
    fn json(body: &Value) -> Self {
        Self::of("application/json", body.to_string().into_bytes())
    }

    fn of(content_type: &'static str, body: Vec<u8>) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", content_type.parse().unwrap());
        Self { tail: "", query: None, headers, body }
    }

    fn record(&self) -> RequestRecord<'_> {
        let head = Head {
            method: &Method::POST,
            path_tail: self.tail,
            query: self.query,
            headers: &self.headers,
            peer: Ipv4Addr::LOCALHOST.into(),
            received_at: clock::Timestamp::from_millis(0),
        };
        RequestRecord::new(&head, RequestBody::of(&self.body), &Redaction::default())
    }
}

/// Name, origin, type and whether it is required, of each field.
fn found(samples: &[Sent], path: Option<&str>) -> Vec<String> {
    let records: Vec<_> = samples.iter().map(Sent::record).collect();
    let inferred = infer(&records, path);
    assert_eq!(inferred.fields.len(), inferred.inputs.len());
    let line = |(name, field): (&String, &SourceField)| {
        assert_eq!(inferred.inputs[name], field.field());
        let required = if field.required { "!" } else { "" };
        format!("{name}: {} {}{required}", field.from, field.kind)
    };
    inferred.fields.iter().map(line).collect()
}

#[test]
fn a_body_is_taken_apart() {
    let body = json!({
        "id": 7,
        "total": 1.5,
        "paid": true,
        "at": "2026-01-31T08:00:00Z",
        "note": null,
        "customer": { "name": "An", "tags": ["a", "b"] },
        "items": [{ "sku": "x" }],
        "sizes": [1, 2.5],
        "mixed": [1, "a"],
        "none": [],
        "extra": {},
        "odd.key": "x",
    });
    let lines = found(&[Sent::json(&body)], None);
    assert_eq!(
        lines,
        [
            "id: body.id integer!",
            "total: body.total number!",
            "paid: body.paid boolean!",
            "at: body.at date-time!",
            "note: body.note any",
            "name: body.customer.name string!",
            "tags: body.customer.tags array<string>!",
            "items: body.items array<object>!",
            "sizes: body.sizes array<number>!",
            "mixed: body.mixed array!",
            "none: body.none array!",
            "extra: body.extra object!",
            "odd_key: body[\"odd.key\"] string!",
        ]
    );
}

#[test]
fn several_requests_say_what_is_always_there_and_what_types_have_in_common() {
    let one = json!({ "a": 1, "b": "2026-01-31T08:00:00Z", "c": { "d": 1 }, "e": 1, "f": [1] });
    let other = json!({ "a": 1.5, "b": "soon", "c": null, "e": "x", "f": ["x"], "g": 1 });
    let lines = found(&[Sent::json(&one), Sent::json(&other)], None);
    assert_eq!(
        lines,
        [
            "a: body.a number!",
            "b: body.b string!",
            "d: body.c.d integer",
            "e: body.e any!",
            "f: body.f array!",
            "g: body.g integer",
        ]
    );
}

#[test]
fn text_is_what_it_reads_as() {
    let mut sent =
        Sent::of("application/x-www-form-urlencoded", b"n=12&tel=007&ok=true&x=1.50&t=a&t=b".to_vec());
    sent.query = Some("page=2&price=1.5&token=abc&at=2026-01-31T08:00:00Z");
    sent.tail = "orders/42";
    for (name, value) in [
        ("x-shop-id", "9"),
        ("x-webhook-token", "swordfish"),
        ("user-agent", "Shop/1"),
        ("x-forwarded-for", "1.2.3.4"),
        ("accept-encoding", "gzip"),
    ] {
        sent.headers.insert(name, value.parse().unwrap());
    }
    let lines = found(&[sent], Some("orders/{order_id}"));
    assert_eq!(
        lines,
        [
            "n: form.n integer!",
            "tel: form.tel string!",
            "ok: form.ok boolean!",
            "x: form.x string!",
            "t: form.t array<string>!",
            "page: query.page integer!",
            "price: query.price number!",
            "at: query.at date-time!",
            "shop_id: header.x-shop-id integer!",
            "order_id: path.order_id integer!",
        ]
    );
}

#[test]
fn names_tell_fields_apart() {
    let body = json!({ "buyer": { "id": 1 }, "order": { "id": 2 }, "7": 1, "编号": 2, "名称": 3, "a-b": 4, "a_b": 5 });
    let names: Vec<String> = found(&[Sent::json(&body)], None)
        .iter()
        .map(|line| line.split_once(':').unwrap().0.to_owned())
        .collect();
    assert_eq!(names, ["buyer_id", "order_id", "field_7", "field", "field_2", "a_b", "a_b_2"]);
}

#[test]
fn a_body_that_is_no_object_is_one_field() {
    assert_eq!(found(&[Sent::json(&json!([1, 2]))], None), ["body: body array<integer>!"]);
    assert_eq!(found(&[Sent::of("text/plain", b"hi".to_vec())], None), ["body: body string!"]);
    assert_eq!(found(&[Sent::of("image/png", b"\xff".to_vec())], None), [""; 0]);
    assert_eq!(found(&[], None), [""; 0]);
}

#[test]
fn what_is_deep_or_much_is_bounded() {
    let deep = json!({ "a": { "b": { "c": { "d": { "e": { "f": { "g": 1 } } } } } } });
    assert_eq!(found(&[Sent::json(&deep)], None), ["f: body.a.b.c.d.e.f object!"]);
    let wide: serde_json::Map<String, Value> = (0..500).map(|n| (format!("k{n}"), n.into())).collect();
    assert_eq!(found(&[Sent::json(&Value::Object(wide))], None).len(), MOST);
    let long = json!({ "text": "x".repeat(600) });
    let long = Sent::json(&long);
    assert_eq!(infer(&[long.record()], None).fields["text"].example, None);
}

#[test]
fn a_source_takes_what_was_inferred_and_the_request_fits() {
    let body = json!({ "id": 7, "at": "2026-01-31T08:00:00Z", "customer": { "name": "An" }, "tags": ["a"] });
    let mut sent = Sent::json(&body);
    sent.query = Some("page=2");
    let inferred = infer(&[sent.record()], None);
    let config = json!({ "verification": { "scheme": "none" }, "fields": inferred.fields });
    let source = Source::compile(&config.to_string(), b"{}", &inferred.inputs).unwrap();
    let limits = crate::Limits::none();
    let head = Head {
        method: &Method::POST,
        path_tail: "",
        query: sent.query,
        headers: &sent.headers,
        peer: Ipv4Addr::LOCALHOST.into(),
        received_at: clock::Timestamp::from_millis(0),
    };
    let screened = source.before_body(head, &limits).unwrap();
    let judged = screened.judge(&sent.body.clone().into(), clock::Timestamp::from_millis(0)).unwrap();
    let crate::Judged::Accepted(accepted) = judged else { panic!("no event: {judged:?}") };
    let expected = json!({
        "id": 7, "at": "2026-01-31T08:00:00Z", "name": "An", "tags": ["a"], "page": 2,
    });
    assert_eq!(Value::Object(accepted.input), expected);
    assert_eq!(inferred.fields["page"].example, Some(json!(2)));
}

proptest! {
    #[test]
    fn any_body_is_looked_at(body in any::<Vec<u8>>(), text in "[a-z\\[\\]{}\":, 0-9.]{0,40}") {
        let (raw, text) = (Sent::of("application/json", body), Sent::of("application/json", text.into_bytes()));
        prop_assert!(found(&[raw, text], None).len() <= MOST);
    }
}
