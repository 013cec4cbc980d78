use http::HeaderMap;
use serde_json::json;

use super::*;
use crate::{body::Contents, files::Upload, pairs::Pairs};

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
        whole: None,
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
        (Parsed::Text("x".into()), "string"),
        (Parsed::Bytes(b"x"), "bytes"),
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
        (
            from_body("query", json!({"type": "file"})),
            "fields.query.from",
            "`file.` and the name of the part",
        ),
        (from_body("query", json!({"type": "array<array<file>>"})), "fields.query.type", "`array<file>`"),
        (from_body("query", json!({"from": "bod.q"})), "fields.query.from", "Did you mean `body`?"),
    ] {
        let error = compile(fields, required.clone()).unwrap_err();
        assert_eq!(error.problem().field, at);
        assert!(error.to_string().contains(said), "{error}");
    }
    let nested = compile(json!({}), json!({"cv": {"type": "array<array<file>>"}})).unwrap_err();
    assert!(nested.to_string().contains("array<file>"), "{nested}");
}

#[test]
fn a_file_cannot_be_smuggled_in_as_json() {
    let mapping = compile(json!({}), json!({"cv": {"type": "file"}, "q": {"type": "string"}})).unwrap();
    let file = json!({"name": "a", "media_type": "a/b", "size": 1, "sha256": "ab".repeat(32)});
    let input = take(&mapping, "", Parsed::Json(json!({"cv": file, "q": "x"}))).unwrap();
    assert_eq!(input, json!({"q": "x"}));
}

/// A form with a text `q` and these files, by part and name.
fn with_files(files: &[(&str, &str)]) -> Parsed<'static> {
    let upload = |(part, name): &(&str, &str)| {
        Upload::new(Some((*part).to_owned()), name, None, bytes::Bytes::from((*name).to_owned()))
    };
    let form = [("q".to_owned(), "x".to_owned())].into_iter().collect();
    Parsed::Multipart(Contents { form, files: files.iter().map(upload).collect() })
}

#[test]
fn files_are_taken_from_parts() {
    let file = |name: &str| Upload::new(None, name, None, bytes::Bytes::from(name.to_owned())).file.value();
    let fields = json!({
        "cv": {"type": "file", "from": "file.cv", "required": true},
        "all": {"type": "array<file>", "from": "file.more"},
        "name": {"type": "string", "from": "file.cv.name"},
        "q": {"type": "string", "from": "form.q"},
    });
    let inputs = json!({
        "cv": {"type": "file", "required": true}, "all": {"type": "array<file>"},
        "name": {"type": "string"}, "q": {"type": "string"},
    });
    let mapping = compile(fields, inputs).unwrap();
    let input = take(&mapping, "", with_files(&[("cv", "a"), ("more", "b")])).unwrap();
    assert_eq!(input, json!({"cv": file("a"), "all": [file("b")], "name": "a", "q": "x"}));
    let input = take(&mapping, "", with_files(&[("more", "b"), ("cv", "a"), ("more", "c")])).unwrap();
    assert_eq!(input["all"], json!([file("b"), file("c")]));
    let twice = take(&mapping, "", with_files(&[("cv", "a"), ("cv", "b")])).unwrap_err();
    assert_eq!(twice, ["cv wrong_type file array"]);
    assert_eq!(
        take(&mapping, "", Parsed::Json(json!({"cv": file("a")}))).unwrap_err(),
        ["cv missing file nothing"]
    );
}

#[test]
fn without_fields_files_are_taken_by_the_names_of_their_parts() {
    let inputs = json!({"cv": {"type": "file", "required": true}, "q": {"type": "string"}});
    let mapping = compile(json!({}), inputs).unwrap();
    let input = take(&mapping, "", with_files(&[("cv", "a"), ("other", "b")])).unwrap();
    assert_eq!((input["cv"]["name"].as_str(), input["q"].as_str()), (Some("a"), Some("x")));
    assert_eq!(take(&mapping, "", with_files(&[])).unwrap_err(), ["cv missing file nothing"]);
}

#[test]
fn xml_is_read_as_the_types_of_the_fields() {
    let from = |kind: &str, from: &str| json!({"type": kind, "from": from});
    let fields = json!({
        "all": from("string", "body"),
        "tree": from("object", "body"),
        "items": from("array<object>", "body.o.item"),
        "sku": from("string", "body.o.item[0].sku"),
        "price": from("number", "body.o.price"),
        "currency": from("string", "body.o.price[\"@cur\"]"),
        "tags": from("array<integer>", "body.o.tag"),
    });
    let types = ["string", "object", "array<object>", "string", "number", "string", "array<integer>"];
    let names = ["all", "tree", "items", "sku", "price", "currency", "tags"];
    let inputs: Map<_, _> =
        names.iter().zip(types).map(|(name, kind)| ((*name).to_owned(), json!({ "type": kind }))).collect();
    let mapping = compile(fields, inputs.into()).unwrap();
    let text = "<o><item><sku>A</sku></item><price cur='EUR'>1.5</price><tag>1</tag></o>";
    let limits = crate::FileLimits::default();
    let body = bytes::Bytes::from_static(text.as_bytes());
    let input = take(&mapping, "", Parsed::read("text/xml", &body, &limits).unwrap()).unwrap();
    let item = json!({"sku": "A"});
    let expected = json!({
        "all": text,
        "tree": {"o": {"item": item, "price": {"@cur": "EUR", "#text": "1.5"}, "tag": "1"}},
        "items": [item], "sku": "A", "price": 1.5, "currency": "EUR", "tags": [1],
    });
    assert_eq!(input, expected);
    let by_name = compile(json!({}), json!({"o": {"type": "integer"}})).unwrap();
    let body = bytes::Bytes::from_static(b"<o>5</o>");
    let input = take(&by_name, "", Parsed::read("text/xml", &body, &limits).unwrap()).unwrap();
    assert_eq!(input, json!({"o": 5}));
}

#[test]
fn bytes_are_a_text_only_in_utf8() {
    let fields = json!({"text": {"type": "string", "from": "body"}});
    let mapping = compile(fields, json!({"text": {"type": "string"}})).unwrap();
    assert_eq!(take(&mapping, "", Parsed::Bytes("你".as_bytes())).unwrap(), json!({"text": "你"}));
    let wrong = take(&mapping, "", Parsed::Bytes(b"\xff")).unwrap_err();
    assert_eq!(wrong, ["text wrong_type string bytes that are not UTF-8"]);
    assert_eq!(take(&mapping, "", Parsed::Json(json!("x"))).unwrap(), json!({"text": "x"}));
}
