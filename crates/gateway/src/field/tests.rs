use http::HeaderMap;
use serde_json::json;

use super::*;
use crate::pairs::Pairs;

fn compile(fields: Value, inputs: Value) -> Result<Mapping, Error> {
    let fields = serde_json::from_value(fields).unwrap();
    let inputs = serde_json::from_value(inputs).unwrap();
    let template = Template::parse("o/{id}").unwrap();
    Mapping::compile(&fields, &inputs, &template, &Redaction::new(vec!["token".into()], &[]))
}

/// The input that a request with this query and body becomes, or its field problems as
/// `field code expected got`.
fn take(mapping: &Mapping, query: &str, body: Parsed) -> Result<Value, Vec<String>> {
    let mut parts = Parts {
        body,
        query: Pairs::parse(query.as_bytes()),
        headers: &HeaderMap::new(),
        parameters: &vec!["7".into()],
        redaction: &Redaction::new(vec!["token".into()], &[]),
    };
    let describe = |p: FieldProblem| format!("{} {} {} {}", p.field, p.code, p.expected, p.got);
    mapping.take(&mut parts).map(Value::Object).map_err(|refused| {
        assert_eq!(refused.code, Code::FieldInvalid);
        refused.errors.into_iter().map(describe).collect()
    })
}

#[test]
fn without_fields_the_inputs_are_taken_by_name() {
    let inputs = json!({
        "query": {"type": "string", "required": true},
        "count": {"type": "integer", "default": 1},
        "tags": {"type": "array<string>"},
    });
    let by_name = compile(json!({}), inputs).unwrap();
    let body = Parsed::Json(json!({"query": "E3", "tags": ["a"], "other": 1}));
    assert_eq!(take(&by_name, "query=no", body).unwrap(), json!({"query": "E3", "count": 1, "tags": ["a"]}));
    let form = Parsed::Form(Pairs::parse(b"query=E3&count=5&tags=a&tags=b"));
    assert_eq!(take(&by_name, "", form).unwrap(), json!({"query": "E3", "count": 5, "tags": ["a", "b"]}));
    let query = take(&by_name, "query=E3&count=2&tags=x", Parsed::Nothing);
    assert_eq!(query.unwrap(), json!({"query": "E3", "count": 2, "tags": ["x"]}));
    let wrong = take(&by_name, "query=E3", Parsed::Json(json!({"count": "5"})));
    assert_eq!(wrong.unwrap_err(), ["query missing string nothing", "count wrong_type integer string"]);
}

#[test]
fn without_fields_a_body_that_is_no_object_is_refused_and_not_ignored() {
    let optional = compile(json!({}), json!({"query": {"type": "string"}})).unwrap();
    for (body, got) in [
        (Parsed::Json(json!([1])), "array"),
        (Parsed::Json(json!(null)), "null"),
        (Parsed::Text("x"), "string"),
    ] {
        assert_eq!(take(&optional, "", body).unwrap_err(), [format!("body wrong_type object {got}")]);
    }
    let none = compile(json!({}), json!({})).unwrap();
    assert_eq!(take(&none, "", Parsed::Json(json!([1]))).unwrap(), json!({}));
}

#[test]
fn a_token_in_the_query_is_no_input() {
    let mapping = compile(json!({}), json!({"token": {"type": "string"}})).unwrap();
    assert_eq!(take(&mapping, "token=secret", Parsed::Nothing).unwrap(), json!({}));
    let body = Parsed::Json(json!({"token": "of the business"}));
    assert_eq!(take(&mapping, "", body).unwrap(), json!({"token": "of the business"}));
}

#[test]
fn fields_may_share_what_they_take() {
    let mapping = compile(
        json!({
            "all": {"type": "object", "from": "body"},
            "items": {"type": "array", "from": "body.items"},
            "first": {"type": "integer", "from": "body.items[0]"},
            "again": {"type": "integer", "from": "body.items[0]"},
            "id": {"type": "integer", "from": "path.id"},
        }),
        json!({
            "all": {"type": "object"}, "items": {"type": "array"}, "first": {"type": "number"},
            "again": {"type": "any"}, "id": {"type": "integer"},
            "filled": {"type": "string", "required": true, "default": "d"},
        }),
    )
    .unwrap();
    let moves: Vec<_> = mapping.fields.iter().map(|mapped| mapped.moves).collect();
    assert_eq!(moves, [false, false, false, true, true, true]);
    let input = take(&mapping, "", Parsed::Json(json!({"items": [5, 6]}))).unwrap();
    let expected = json!({
        "all": {"items": [5, 6]}, "items": [5, 6], "first": 5, "again": 5, "id": 7, "filled": "d",
    });
    assert_eq!(input, expected);
}

#[test]
fn lists_of_text_are_read_item_by_item() {
    let inputs = json!({"ids": {"type": "array<integer>"}, "any": {"type": "array"}});
    let fields = json!({
        "ids": {"type": "array<integer>", "from": "query.id"},
        "any": {"type": "array", "from": "query.any"},
    });
    let mapping = compile(fields, inputs).unwrap();
    let ids = |query| take(&mapping, query, Parsed::Nothing);
    assert_eq!(ids("id=1&id=2&any=x").unwrap(), json!({"ids": [1, 2], "any": ["x"]}));
    assert_eq!(ids("id=5&any=a&any=b").unwrap(), json!({"ids": [5], "any": ["a", "b"]}));
    assert_eq!(ids("id=[1,2]&any=[true]").unwrap(), json!({"ids": [1, 2], "any": [true]}));
    assert_eq!(ids("id=1&id=x").unwrap_err(), ["ids[1] wrong_type integer string"]);
    assert_eq!(ids("id=[x").unwrap_err(), ["ids wrong_type array<integer> string"]);
}

#[test]
fn the_flows_own_rules_hold_as_well() {
    let fields =
        json!({"q": {"type": "string", "from": "body.q"}, "n": {"type": "integer", "from": "body.n"}});
    let inputs = json!({
        "q": {"type": "string", "max_length": 2},
        "n": {"type": "integer", "one_of": [1, 2], "default": 2},
    });
    let mapping = compile(fields, inputs).unwrap();
    let wrong = take(&mapping, "", Parsed::Json(json!({"q": "abc", "n": 3}))).unwrap_err();
    assert_eq!(
        wrong,
        ["q too_long at most 2 characters 3 characters", "n not_allowed one of 1, 2 another value"]
    );
    assert_eq!(take(&mapping, "", Parsed::Json(json!({"q": null}))).unwrap(), json!({"n": 2}));
}

#[test]
fn what_would_fail_every_request_does_not_compile() {
    let required = json!({"query": {"type": "string", "required": true}, "n": {"type": "number"}});
    let from_body = |name: &str, more: Value| {
        let mut field = json!({"type": "string", "from": "body.q", "required": true});
        field.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ name: field })
    };
    for (fields, at, said) in [
        (from_body("qeury", json!({})), "fields.qeury", "Did you mean `query`?"),
        (from_body("other", json!({})), "fields.other", "Add it to the flow's inputs."),
        (from_body("n", json!({"type": "number"})), "fields", "Add `query` with its `from`."),
        (from_body("query", json!({"type": "integer"})), "fields.query.type", "Write `string`."),
        (from_body("query", json!({"required": false})), "fields.query.required", "Set `required: true`"),
        (from_body("query", json!({"default": 1})), "fields.query.default", "is integer, not string"),
        (from_body("query", json!({"type": "file"})), "fields.query.type", "do not take files"),
        (from_body("query", json!({"from": "bod.q"})), "fields.query.from", "Did you mean `body`?"),
    ] {
        let error = compile(fields, required.clone()).unwrap_err();
        assert_eq!(error.problem().field, at);
        assert!(error.to_string().contains(said), "{error}");
    }
    let file = compile(json!({}), json!({"cv": {"type": "file", "required": true}})).unwrap_err();
    assert!(file.to_string().contains("do not take files"), "{file}");
}

#[test]
fn a_file_cannot_be_smuggled_in_as_json() {
    let mapping = compile(json!({}), json!({"cv": {"type": "file"}, "q": {"type": "string"}})).unwrap();
    let input = take(&mapping, "", Parsed::Json(json!({"cv": {"id": "blob_1"}, "q": "x"}))).unwrap();
    assert_eq!(input, json!({"q": "x"}));
}
