//! The OpenAPI 3.1 document of a source.

use std::collections::BTreeMap;

use flow::{Field, FieldType, Path};
use serde_json::{Map, Value, json};

use super::{
    Documented, ReplyDocs,
    example::{Body, Call},
    proof::{Place, Proof},
    replies,
};
use crate::{
    Config, Problem,
    origin::{Step, steps},
};

pub(super) fn document(
    config: &Config,
    fields: &[Documented<'_>],
    proof: &Proof,
    (call, replies): (&Call, &[ReplyDocs]),
    (title, url, version): (&str, &str, u32),
) -> Value {
    let (server, path) = split(url);
    let tail = config.path.as_ref().map_or_else(String::new, |path| format!("/{}", path.trim_matches('/')));
    let mut parameters = parameters(fields, config);
    parameters.extend(proof_parameters(proof));
    let mut operation = json!({
        "summary": title,
        "parameters": parameters,
        "responses": responses(config, replies),
    });
    if let Some(content_type) = call.content_type() {
        let mut body = schema_of_body(fields, &call.body);
        let is_required = body.get("required").is_some() || body["type"] != "object";
        let example = match &call.body {
            Body::Json(value) => value.clone(),
            Body::Form(pairs) => {
                pairs.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect()
            }
            Body::Nothing => Value::Null,
        };
        operation["requestBody"] = json!({ "required": is_required, "content": { content_type: { "schema": body.take(), "example": example } } });
    }
    let (schemes, security) = security(proof);
    if !security.is_empty() {
        operation["security"] = Value::Array(security);
    }
    let operations: Map<String, Value> = config
        .methods
        .iter()
        .map(|method| {
            let name = method.as_str().to_ascii_lowercase();
            let mut operation = operation.clone();
            operation["operationId"] = format!("send_{name}").into();
            if name == "get" || name == "delete" {
                operation.as_object_mut().and_then(|operation| operation.remove("requestBody"));
            }
            (name, operation)
        })
        .collect();
    json!({
        "openapi": "3.1.0",
        "info": { "title": title, "version": version.to_string() },
        "servers": [{ "url": server }],
        "paths": { format!("{path}{tail}"): operations },
        "components": {
            "securitySchemes": schemes,
            "schemas": { "Problem": schemars::schema_for!(Problem<'static>) },
        },
    })
}

/// A URL as its server and its path.
fn split(url: &str) -> (&str, &str) {
    let host = url.find("://").map_or(0, |at| at + 3);
    let path = url[host..].find("/hooks/").map_or(url.len(), |at| host + at);
    url.split_at(path)
}

/// What stands in path, query and headers.
fn parameters(fields: &[Documented<'_>], config: &Config) -> Vec<Value> {
    let mut found: Vec<Value> = Vec::new();
    for Documented { name, field, place } in fields {
        let steps = place.parse::<Path>().map(|path| steps(&path)).unwrap_or_default();
        let [Step::Key(part), Step::Key(key), ..] = steps.as_slice() else { continue };
        if !matches!(part.as_str(), "path" | "query" | "header") {
            continue;
        }
        let is_required = part == "path" || field.required && field.default.is_none();
        let description = field.description.clone().unwrap_or_else(|| (*name).to_owned());
        let parameter = json!({
            "name": key, "in": part, "required": is_required, "description": description, "schema": schema(field),
        });
        // Two fields may come from one place; OpenAPI wants it once.
        if found.iter().all(|known| known["name"] != parameter["name"] || known["in"] != parameter["in"]) {
            found.push(parameter);
        }
    }
    let template = config.path.as_deref().and_then(|path| crate::tail::Template::parse(path).ok());
    for name in template.iter().flat_map(crate::tail::Template::parameters) {
        if found.iter().all(|known| known["name"] != name || known["in"] != "path") {
            found.push(
                json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }),
            );
        }
    }
    found
}

/// What a signature needs besides.
fn proof_parameters(proof: &Proof) -> Vec<Value> {
    let header = |name: &str, description: &str| {
        json!({
            "name": name, "in": "header", "required": true, "description": description,
            "schema": { "type": "string" },
        })
    };
    match proof {
        Proof::StandardWebhooks => vec![
            header("webhook-id", "The message, the same each time it is tried"),
            header("webhook-timestamp", "Seconds since 1970"),
        ],
        Proof::Hmac(hmac) => {
            hmac.timestamp.iter().map(|(name, _)| header(name, "When the request was signed")).collect()
        }
        _ => Vec::new(),
    }
}

/// The schemes by name, and which of them are enough.
fn security(proof: &Proof) -> (Map<String, Value>, Vec<Value>) {
    let described: Vec<String> = proof.recipe().into_iter().map(|text| text.en).collect();
    let description = described.join(" ");
    let key = |part: &str, name: &str| json!({ "type": "apiKey", "in": part, "name": name, "description": description });
    let schemes: Vec<(&str, Value)> = match proof {
        Proof::None => Vec::new(),
        Proof::Token(places) => places
            .iter()
            .map(|place| match place {
                Place::Bearer => ("bearer", json!({ "type": "http", "scheme": "bearer" })),
                Place::Header(name) => ("token_header", key("header", name)),
                Place::Query(name) => ("token_query", key("query", name)),
            })
            .collect(),
        Proof::Basic(_) => {
            vec![("basic", json!({ "type": "http", "scheme": "basic", "description": description }))]
        }
        Proof::StandardWebhooks => vec![("signature", key("header", "webhook-signature"))],
        Proof::Hmac(hmac) => vec![("signature", key("header", &hmac.header))],
        Proof::Other(scheme) if scheme == "jwt" => vec![(
            "jwt",
            json!({ "type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": description }),
        )],
        Proof::Other(_) => vec![("signature", key("header", "authorization"))],
    };
    let security = schemes.iter().map(|(name, _)| json!({ *name: [] })).collect();
    (schemes.into_iter().map(|(name, scheme)| (name.to_owned(), scheme)).collect(), security)
}

/// The schema of the body, made of those of the fields in it.
fn schema_of_body(fields: &[Documented<'_>], body: &Body) -> Value {
    let part = if matches!(body, Body::Form(_)) { "form" } else { "body" };
    let mut root = json!({ "type": "object" });
    for Documented { field, place, .. } in fields {
        let steps = place.parse::<Path>().map(|path| steps(&path)).unwrap_or_default();
        let Some((Step::Key(first), rest)) = steps.split_first() else { continue };
        if first == part {
            put(&mut root, rest, field);
        }
    }
    root
}

/// Puts a field's schema at a place in that of the body.
fn put(root: &mut Value, steps: &[Step], field: &Field) {
    let Some((step, rest)) = steps.split_first() else {
        // Others may have described what is in it.
        if root.get("properties").is_none() && root.get("items").is_none() {
            *root = schema(field);
        }
        return;
    };
    match step {
        Step::Key(key) => {
            root["type"] = "object".into();
            put(&mut root["properties"][key], rest, field);
            let is_required = field.required && field.default.is_none();
            let required =
                root.as_object_mut().map(|root| root.entry("required").or_insert_with(|| json!([])));
            if let Some(Value::Array(required)) = required
                && is_required
                && !required.iter().any(|known| known == key)
            {
                required.push(key.as_str().into());
            }
            if root["required"].as_array().is_some_and(Vec::is_empty) {
                root.as_object_mut().and_then(|root| root.remove("required"));
            }
        }
        Step::Index(_) => {
            root["type"] = "array".into();
            put(&mut root["items"], rest, field);
        }
    }
}

/// The JSON Schema of a field.
fn schema(field: &Field) -> Value {
    let mut schema = of_type(&field.kind);
    let mut set = |name: &str, value: Option<Value>| {
        if let (Some(schema), Some(value)) = (schema.as_object_mut(), value) {
            schema.insert(name.to_owned(), value);
        }
    };
    set("description", field.description.clone().map(Value::from));
    set("default", field.default.clone());
    set("enum", field.one_of.clone().map(Value::from));
    set("examples", field.example.clone().map(|example| json!([example])));
    let longest = match field.kind {
        FieldType::String | FieldType::DateTime => "maxLength",
        _ => "maxItems",
    };
    set(longest, field.max_length.map(Value::from));
    schema
}

fn of_type(kind: &FieldType) -> Value {
    match kind {
        FieldType::String => json!({ "type": "string" }),
        FieldType::Number => json!({ "type": "number" }),
        FieldType::Integer => json!({ "type": "integer" }),
        FieldType::Boolean => json!({ "type": "boolean" }),
        FieldType::Object => json!({ "type": "object" }),
        FieldType::Array(None) => json!({ "type": "array" }),
        FieldType::Array(Some(item)) => json!({ "type": "array", "items": of_type(item) }),
        FieldType::File => json!({ "type": "string", "format": "binary" }),
        FieldType::DateTime => json!({ "type": "string", "format": "date-time" }),
        FieldType::Any => json!({}),
    }
}

fn responses(config: &Config, given: &[ReplyDocs]) -> Value {
    let mut responses = Map::new();
    for reply in given {
        let mut response = json!({ "description": reply.meaning.en });
        if let Some(content_type) = reply.content_type {
            response["content"] = json!({ content_type: {} });
            let example = reply.example.as_ref().and_then(|text| serde_json::from_str::<Value>(text).ok());
            if let Some(example) = example {
                response["content"][content_type]["example"] = example;
            }
        }
        responses.insert(reply.status.to_string(), response);
    }
    let mut refused: BTreeMap<u16, Vec<&str>> = BTreeMap::new();
    for problem in replies::problems(config) {
        refused.entry(problem.status).or_default().push(problem.code);
    }
    for (status, codes) in refused {
        let response = json!({
            "description": format!("Refused: {}", codes.join(", ")),
            "content": { Problem::CONTENT_TYPE: { "schema": { "$ref": "#/components/schemas/Problem" } } },
        });
        responses.entry(status.to_string()).or_insert(response);
    }
    Value::Object(responses)
}
