use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

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

/// Every type of the sources that the document can describe, with the file that has it.
fn described(folder: &Path, found: &mut Vec<(String, PathBuf)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            described(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            found.extend(names(&text).into_iter().map(|name| (name, path.clone())));
        }
    }
}

/// The names under which the types of a file stand in the document.
fn names(text: &str) -> Vec<String> {
    let (mut names, mut is_described, mut renamed) = (Vec::new(), false, None);
    for line in text.lines().map(str::trim) {
        if line.starts_with("#[derive(") {
            is_described = line.split(|c: char| !c.is_alphanumeric()).any(|word| word == "ToSchema");
            renamed = None;
        } else if let Some(name) = line.strip_prefix("#[schema(as = ") {
            renamed = Some(name.trim_end_matches(")]").to_owned());
        } else if let Some(name) = declared(line) {
            names.extend(is_described.then(|| renamed.take().unwrap_or(name)));
            is_described = false;
        }
    }
    names
}

/// The name of the type that a line begins to declare.
fn declared(line: &str) -> Option<String> {
    let mut words = line.split_whitespace().skip_while(|word| word.starts_with("pub"));
    let is_type = matches!(words.next()?, "struct" | "enum");
    let name = words.next().filter(|_| is_type)?;
    Some(name.chars().take_while(|letter| letter.is_alphanumeric()).collect())
}

#[test]
fn each_type_has_a_schema_name_of_its_own() {
    // In the document the later of two would silently stand for both.
    let mut found = Vec::new();
    described(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    assert!(found.len() > 80, "the types are not found any more: {}", found.len());
    let mut known = BTreeMap::new();
    for (name, path) in found {
        if let Some(other) = known.insert(name.clone(), path.clone()) {
            panic!("`{name}` is in {} and in {}; give one another name", other.display(), path.display());
        }
    }
    let schemas = document()["components"]["schemas"].as_object().unwrap().clone();
    let unknown = schemas.keys().filter(|name| !known.contains_key(name.split('_').next().unwrap()));
    assert_eq!(unknown.collect::<Vec<_>>(), Vec::<&String>::new(), "these are not found in the sources");
}

#[test]
fn types_are_found_by_their_names_in_the_document() {
    let text = "#[derive(Serialize, ToSchema)]\n#[serde(default)]\npub(crate) struct One {\n\
                #[derive(Debug)]\nstruct Other;\n\
                #[derive(ToSchema)]\n#[schema(as = Third)]\nenum Renamed {\n\
                #[derive(ToSchema)]\npub struct Listed<T> {\nstruct Bare;\n";
    assert_eq!(names(text), ["One", "Third", "Listed"]);
}
