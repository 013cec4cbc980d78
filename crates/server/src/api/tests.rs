use std::collections::BTreeSet;

use serde_json::Value;

/// What an operation may be under in a path.
const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

fn document() -> Value {
    serde_json::to_value(super::openapi()).unwrap()
}

/// Every operation, with its method and path.
fn operations(document: &Value) -> Vec<(String, &Value)> {
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            assert!(METHODS.contains(&method.as_str()), "{path}: {method} is no method");
            found.push((format!("{method} {path}"), operation));
        }
    }
    assert!(found.len() > 50, "the document has lost its routes: {}", found.len());
    found
}

/// Every `$ref` of a document, wherever it stands.
fn references<'d>(value: &'d Value, found: &mut Vec<&'d str>) {
    match value {
        Value::Object(entries) => {
            found.extend(entries.get("$ref").and_then(Value::as_str));
            entries.values().for_each(|entry| references(entry, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[test]
fn each_operation_has_an_id_of_its_own() {
    let document = document();
    let mut known = BTreeSet::new();
    for (route, operation) in operations(&document) {
        let id = operation["operationId"].as_str().unwrap_or_else(|| panic!("{route} has no operationId"));
        assert!(known.insert(id), "{route}: another route has the operationId `{id}`");
        let is_word = |b: u8| b.is_ascii_lowercase() || b == b'_';
        assert!(id.bytes().all(is_word), "{route}: generators make names of `{id}`");
    }
}

#[test]
fn each_reference_leads_somewhere() {
    let document = document();
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(found.len() > 50, "the document has lost its schemas: {}", found.len());
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap_or_else(|| panic!("{reference} leads outside"));
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
    for name in document["components"]["schemas"].as_object().unwrap().keys() {
        let is_allowed = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
        assert!(name.bytes().all(is_allowed), "`{name}` is no name of a component");
    }
}

#[test]
fn each_operation_says_what_it_takes_and_gives() {
    let document = document();
    for (route, operation) in operations(&document) {
        let in_path: BTreeSet<&str> =
            route.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect();
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let declared: BTreeSet<&str> = parameters
            .filter(|parameter| parameter["in"] == "path" && parameter["required"] == true)
            .filter_map(|parameter| parameter["name"].as_str())
            .collect();
        assert_eq!(in_path, declared, "{route}");
        let responses = operation["responses"].as_object().unwrap();
        assert!(responses.len() > 1 && responses.contains_key("default"), "{route}: {responses:?}");
        let is_described = |response: &Value| response["description"].is_string();
        assert!(
            responses.values().all(is_described),
            "{route}: OpenAPI wants a description of each response"
        );
        assert!(operation["summary"].is_string(), "{route} does not say what it does");
    }
}
