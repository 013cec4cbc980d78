//! Which JSON Schemas may become a grammar.

use serde_json::{Map, Value};

/// The longest schema, in bytes of JSON.
const BYTES: usize = 32 * 1024;

/// The deepest schema: llama.cpp works on it recursively, on the thread's stack.
const DEPTH: usize = 32;

/// The largest bound on a length or a number of items: each repetition becomes rules of the grammar.
const REPETITIONS: f64 = 1000.0;

/// The longest pattern in bytes, and how deep its groups may be nested: it is worked on recursively too.
const PATTERN: usize = 512;
const GROUPS: usize = 16;

/// The schema as text, if it may become a grammar. An error says why it may not.
///
/// A pattern that is not anchored at both ends says nothing that a grammar could keep and is left out.
pub(super) fn text(schema: &Value) -> Result<String, String> {
    let text = checked(schema, DEPTH)?.to_string();
    if text.len() > BYTES {
        return Err(format!("the response schema has {} bytes, and {BYTES} are the most", text.len()));
    }
    Ok(text)
}

fn checked(schema: &Value, depth: usize) -> Result<Value, String> {
    let Some(below) = depth.checked_sub(1) else {
        return Err(format!("the response schema is more than {DEPTH} levels deep"));
    };
    match schema {
        Value::Object(fields) => {
            let mut kept = Map::new();
            for (name, value) in fields {
                if name == "pattern" && value.as_str().is_some_and(|pattern| !is_anchored(pattern)) {
                    continue;
                }
                field(name, value)?;
                kept.insert(name.clone(), checked(value, below)?);
            }
            Ok(Value::Object(kept))
        }
        Value::Array(items) => items.iter().map(|item| checked(item, below)).collect(),
        other => Ok(other.clone()),
    }
}

fn field(name: &str, value: &Value) -> Result<(), String> {
    let refused = |what: &str| Err(format!("{name} in the response schema {what}"));
    match name {
        "maxItems" | "minItems" | "maxLength" | "minLength"
            if value.as_f64().is_some_and(|number| number > REPETITIONS) =>
        {
            refused(&format!("is over {REPETITIONS}"))
        }
        "$ref" if !value.as_str().is_some_and(|target| target.starts_with('#')) => {
            refused("refers to another document")
        }
        "pattern"
            if value.as_str().is_some_and(|pattern| pattern.len() > PATTERN || nesting(pattern) > GROUPS) =>
        {
            refused("is too long or too deep")
        }
        _ => Ok(()),
    }
}

fn is_anchored(pattern: &str) -> bool {
    pattern.starts_with('^') && pattern.ends_with('$')
}

/// How deep the groups of a pattern are nested, at most.
fn nesting(pattern: &str) -> usize {
    let mut depth = 0usize;
    let depths = pattern.bytes().map(|byte| {
        match byte {
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth
    });
    depths.max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn usual_schemas_pass() {
        let schema =
            json!({ "type": "object", "properties": { "a": { "type": "string", "maxLength": 20 } } });
        assert_eq!(text(&schema).unwrap(), schema.to_string());
    }

    #[test]
    fn a_pattern_without_anchors_is_left_out() {
        let schema = json!({ "items": [{ "type": "string", "pattern": "a+" }, { "pattern": "^a+$" }] });
        assert_eq!(text(&schema).unwrap(), r#"{"items":[{"type":"string"},{"pattern":"^a+$"}]}"#);
        // A property may have that name.
        let property = json!({ "properties": { "pattern": { "type": "string" } } });
        assert_eq!(text(&property).unwrap(), property.to_string());
    }

    #[test]
    fn what_would_cost_too_much_is_refused() {
        let deep = (0..100).fold(json!({}), |inner, _| json!({ "items": inner }));
        for (schema, part) in [
            (deep, "levels deep"),
            (json!({ "type": "array", "maxItems": 1_000_000 }), "maxItems"),
            (json!({ "properties": { "a": { "minLength": 1e9 } } }), "minLength"),
            (json!({ "$ref": "https://example.com/schema.json" }), "another document"),
            (json!({ "description": "x".repeat(BYTES) }), "bytes"),
            (json!({ "pattern": format!("^{}$", "(".repeat(100)) }), "too deep"),
            (json!({ "pattern": format!("^{}$", "x".repeat(1000)) }), "too long"),
        ] {
            let error = text(&schema).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
    }
}
