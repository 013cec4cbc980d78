//! A request as a sender may make it.

use flow::{FieldType, Path};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

use super::Documented;
use crate::{
    Config,
    origin::{Step, steps},
};

/// An example request, without what proves its sender.
pub(super) struct Call {
    pub(super) method: &'static str,
    /// With path and query.
    pub(super) url: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Body,
}

/// The body of an example.
pub(super) enum Body {
    Nothing,
    Json(Value),
    Form(Vec<(String, String)>),
}

/// What stands in a URL as it is.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

impl Call {
    pub(super) fn of(config: &Config, fields: &[Documented<'_>], url: &str) -> Self {
        let method = config.methods.first().map_or("POST", |method| method.as_str());
        let mut path = config.path.clone().unwrap_or_default();
        let (mut query, mut form, mut headers) = (Vec::new(), Vec::new(), Vec::new());
        let mut body = None;
        for documented in fields {
            let value = example(documented);
            let steps = documented.place.parse::<Path>().map(|path| steps(&path)).unwrap_or_default();
            let [Step::Key(part), rest @ ..] = steps.as_slice() else { continue };
            match (part.as_str(), rest) {
                ("body", rest) => put(body.get_or_insert(Value::Null), rest, value),
                ("query", [Step::Key(name), ..]) => query.push((name.clone(), text(&value))),
                ("form", [Step::Key(name), ..]) => form.push((name.clone(), text(&value))),
                ("header", [Step::Key(name), ..]) => headers.push((name.clone(), text(&value))),
                ("path", [Step::Key(name), ..]) => {
                    path = path.replace(&format!("{{{name}}}"), &encoded(&value));
                }
                _ => {}
            }
        }
        let query = query.iter().map(|(name, value)| format!("{}={}", plain(name), plain(value)));
        let query = query.collect::<Vec<_>>().join("&");
        let tail = if path.is_empty() { path } else { format!("/{}", path.trim_start_matches('/')) };
        let mark = if query.is_empty() { "" } else { "?" };
        let body = match (body, form.is_empty()) {
            _ if method == "GET" => Body::Nothing,
            (_, false) => Body::Form(form),
            (Some(body), true) => Body::Json(body),
            (None, true) => Body::Json(json!({})),
        };
        Self { method, url: format!("{url}{tail}{mark}{query}"), headers, body }
    }

    pub(super) const fn content_type(&self) -> Option<&'static str> {
        match self.body {
            Body::Nothing => None,
            Body::Json(_) => Some("application/json"),
            Body::Form(_) => Some("application/x-www-form-urlencoded"),
        }
    }

    /// The body as text.
    pub(super) fn text(&self) -> Option<String> {
        match &self.body {
            Body::Nothing => None,
            Body::Json(value) => Some(format!("{value:#}")),
            Body::Form(pairs) => {
                let pairs = pairs.iter().map(|(name, value)| format!("{}={}", plain(name), plain(value)));
                Some(pairs.collect::<Vec<_>>().join("&"))
            }
        }
    }
}

/// A value that the field takes.
pub(super) fn example(documented: &Documented<'_>) -> Value {
    let field = &documented.field;
    let first = field.one_of.as_ref().and_then(|values| values.first());
    let said = field.example.as_ref().or(first).or(field.default.as_ref());
    said.cloned().unwrap_or_else(|| of_type(&field.kind))
}

fn of_type(kind: &FieldType) -> Value {
    match kind {
        FieldType::String | FieldType::Any | FieldType::File => "text".into(),
        FieldType::Number => json!(1.5),
        FieldType::Integer => 1.into(),
        FieldType::Boolean => true.into(),
        FieldType::Object => json!({}),
        FieldType::Array(item) => Value::Array(item.iter().map(|item| of_type(item)).collect()),
        FieldType::DateTime => "2026-01-31T08:00:00Z".into(),
    }
}

/// Puts a value at a place in JSON, and makes what leads there.
fn put(root: &mut Value, steps: &[Step], value: Value) {
    let Some((step, rest)) = steps.split_first() else { return *root = value };
    match step {
        Step::Key(key) => {
            if !root.is_object() {
                *root = Value::Object(Map::new());
            }
            if let Value::Object(object) = root {
                put(object.entry(key.clone()).or_insert(Value::Null), rest, value);
            }
        }
        Step::Index(at) => {
            if !root.is_array() {
                *root = Value::Array(Vec::new());
            }
            // Nobody documents the hundredth item.
            if let (Value::Array(items), true) = (root, *at < 100) {
                items.resize(items.len().max(at + 1), Value::Null);
                put(&mut items[*at], rest, value);
            }
        }
    }
}

/// A value as a query, a form or a header carries it.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn encoded(value: &Value) -> String {
    plain(&text(value))
}

fn plain(text: &str) -> String {
    utf8_percent_encode(text, PLAIN).to_string()
}
