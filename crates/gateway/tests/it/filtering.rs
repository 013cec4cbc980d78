//! A source's own expressions: which requests run the flow, and by what a repetition is known.

use gateway::Code;
use http::Method;
use serde_json::{Value, json};

use crate::request::{Request, Tested, guarded, open};

fn filtered_by(filter: &str) -> Tested {
    open(json!({ "filter": filter }))
}

fn order(kind: &str) -> Request {
    Request::json(&json!({"query": "E3", "type": kind, "count": 2}))
}

#[test]
fn a_filter_sees_every_part_of_a_request() {
    let every = json!({
        "path": "orders/{order_id}",
        "methods": ["POST", "PUT"],
        "filter": "{{ input.query == 'E3' and input.count is none and body.type == 'paid' and query.page == ['1', '2']
            and header.x-shop == 'north' and header['X-Shop'] == 'north' and path.order_id == 'a/b' and form is none }}",
    });
    let tested = open(every);
    let request = Request::json(&json!({"query": "E3", "type": "paid"})).query("page=1&page=2");
    let request = Request { tail: "orders/a%2Fb".into(), method: Method::PUT, ..request };
    assert_eq!(tested.code(&request.clone().header("x-shop", "south")), "filtered");
    assert_eq!(tested.code(&request.header("x-shop", "north")), "accepted");

    let form =
        filtered_by("{{ form.type == 'paid' and body is none and query == {} and 'x-a' not in header }}");
    let sent = |text: &str| Request::of("application/x-www-form-urlencoded", text);
    assert_eq!(form.code(&sent("query=E3&type=paid")), "accepted");
    assert_eq!(form.code(&sent("query=E3&type=open")), "filtered");
    let by_text = json!({"fields": {"query": {"type": "string", "from": "body", "required": true}},
        "filter": "{{ 'fire' in body }}"});
    assert_eq!(open(by_text.clone()).code(&Request::of("text/plain", "a fire")), "accepted");
    assert_eq!(open(by_text).code(&Request::of("text/plain", "all well")), "filtered");
}

#[test]
fn what_is_filtered_has_all_that_an_event_has() {
    let tested = filtered_by("{{ body.type == 'paid' }}");
    let request = order("open").header("idempotency-key", "k");
    assert_eq!(tested.code(&request), "filtered");
    let filtered = tested.judge(&request).unwrap();
    assert!(filtered.dedupe.is_some(), "its key is claimed");
    assert_eq!(Value::Object(filtered.input), json!({"query": "E3", "count": 2}));
    assert!(!filtered.content.is_empty());
}

#[test]
fn a_filter_that_gives_no_answer_refuses() {
    for (filter, why) in [
        ("{{ body.order.id == 7 }}", "is missing"),
        ("{{ body.type }}", "it gave a text"),
        ("{{ body.other }}", "it gave nothing"),
        ("{{ body.count }}", "it gave a number"),
        ("{{ body.type + 1 == 2 }}", "could not be rendered"),
    ] {
        let refused = filtered_by(filter).judge(&order("paid")).unwrap_err();
        assert_eq!((refused.code, refused.status().as_u16()), (Code::ExpressionFailed, 422), "{filter}");
        assert_eq!((refused.errors.len(), refused.errors[0].field.as_str()), (1, "filter"), "{filter}");
        assert!(
            refused.detail.starts_with("The source's `filter`") && refused.detail.contains(why),
            "{refused:?}"
        );
    }
}

#[test]
fn fields_are_judged_before_the_filter() {
    let tested = filtered_by("{{ false }}");
    assert_eq!(tested.code(&Request::json(&json!({"query": 7}))), "field_invalid");
    assert_eq!(tested.code(&Request::good()), "filtered");
}

#[test]
fn no_expression_sees_a_secret() {
    let whole = json!({"redact": ["x-internal"], "filter": "{{ header == {'content-type': 'application/json', 'x-shown': '1'} and query == {'page': '2'} }}"});
    let request = Request::good().with_token().header("x-internal", "hidden").header("x-shown", "1");
    assert_eq!(guarded(whole).code(&request.query("page=2&token=abc")), "accepted");
}

#[test]
fn a_dedupe_key_may_be_an_expression() {
    let tested = open(json!({"dedupe": {"key": "{{ body.order.id }}-{{ header.x-shop }}"}}));
    let sent = |id: Value, shop: &str| {
        Request::json(&json!({"query": "E3", "order": {"id": id}})).header("x-shop", shop)
    };
    let key = |request: &Request| tested.judge(request).unwrap().dedupe.map(|claim| claim.key);
    let first = key(&sent(json!(7), "north"));
    assert!(first.is_some());
    assert_eq!(key(&sent(json!("7"), "north")), first, "a text is a text");
    assert_ne!(key(&sent(json!(7), "south")), first);
    let refused = tested.judge(&Request::json(&json!({"query": "E3", "order": {"id": 7}}))).unwrap_err();
    assert_eq!((refused.code, refused.errors[0].field.as_str()), (Code::ExpressionFailed, "dedupe.key"));

    let whole = open(json!({"dedupe": {"key": "{{ body.order.id }}"}}));
    let from = open(json!({"dedupe": {"from": "body.order.id"}}));
    let places = [
        json!({"id": 7}),
        json!({"id": "x"}),
        json!({"id": ""}),
        json!({"id": null}),
        json!({}),
        json!(null),
    ];
    for order in places {
        let request = Request::json(&json!({"query": "E3", "order": order}));
        let of = |tested: &Tested| {
            tested.judge(&request).unwrap().dedupe.map(|claim| (claim.key, claim.expires_at))
        };
        assert_eq!(of(&whole), of(&from), "{order}: a path is a path");
    }
    let by_input = open(json!({"dedupe": {"key": "{{ input.query | lower }}"}}));
    assert!(by_input.judge(&Request::good()).unwrap().dedupe.is_some());
}
