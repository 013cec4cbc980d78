//! Values as samples: short enough for a list of all that a step can name.

use serde_json::Value;

/// The most characters of a text, items of a list, and levels of nesting.
const TEXT: usize = 300;
const ITEMS: usize = 20;
const DEPTH: usize = 6;

/// A value that shows what it is like: long texts and lists are cut, what lies deep is left out.
pub(super) fn shortened(value: Value) -> Value {
    cut(value, DEPTH)
}

fn cut(value: Value, depth: usize) -> Value {
    match value {
        Value::String(text) => match text.char_indices().nth(TEXT) {
            Some((at, _)) => Value::String(format!("{}…", &text[..at])),
            None => Value::String(text),
        },
        Value::Array(_) | Value::Object(_) if depth == 0 => Value::String("…".to_owned()),
        Value::Array(items) => items.into_iter().take(ITEMS).map(|item| cut(item, depth - 1)).collect(),
        Value::Object(fields) => {
            fields.into_iter().map(|(name, field)| (name, cut(field, depth - 1))).collect()
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn long_and_deep_values_are_cut() {
        let long = shortened(json!({ "text": "好".repeat(301), "list": vec![1; 50] }));
        assert_eq!(long["text"], json!(format!("{}…", "好".repeat(300))));
        assert_eq!(long["list"].as_array().unwrap().len(), 20);
        let deep = (0..10).fold(json!(1), |inner, _| json!({ "in": inner }));
        assert_eq!(shortened(deep).pointer("/in/in/in/in/in/in"), Some(&json!("…")));
        let short = json!({ "a": ["b", 1, null, true] });
        assert_eq!(shortened(short.clone()), short);
    }
}
