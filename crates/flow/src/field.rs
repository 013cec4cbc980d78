//! Typed fields: what a flow takes in, and how a value is checked against them.

use std::{borrow::Cow, fmt, str::FromStr};

use indexmap::IndexMap;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Fields by name, in the order they were written.
pub type Fields = IndexMap<String, Field>;

/// One typed field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// What the value must be.
    #[serde(rename = "type")]
    pub kind: FieldType,
    /// Whether the field must be there and not null.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub required: bool,
    /// The value taken when the field is absent or null.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
    /// The most characters of a string, or items of an array.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_length: Option<usize>,
    /// The only values allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub one_of: Option<Vec<Value>>,
    /// What the field means, for the source's documentation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// A value as it may come, for the source's documentation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub example: Option<Value>,
}

/// The type of a field, written `string`, `integer`, `array<string>`, …
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum FieldType {
    /// Text.
    String,
    /// Any JSON number.
    Number,
    /// A whole number.
    Integer,
    /// `true` or `false`.
    Boolean,
    /// A JSON object.
    Object,
    /// A JSON array, of a type where one is given.
    Array(Option<Box<FieldType>>),
    /// An uploaded file: an object with `name`, `media_type`, `size` in bytes and `sha256` in lower-case hex, which names
    /// its content.
    File,
    /// An RFC 3339 date and time, as text.
    DateTime,
    /// Any JSON value.
    Any,
}

/// Text that names no type.
#[derive(Debug, thiserror::Error)]
#[error(
    "`{0}` is not a type: use string, number, integer, boolean, object, array, array<type>, file, date-time or any"
)]
pub struct UnknownType(String);

/// How strictly a value must have its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leniency {
    /// The value came as JSON: it must have the type.
    Strict,
    /// The value came as text (query, form, header, path): text that reads as the type is taken.
    FromText,
}

/// A field whose value does not fit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldProblem {
    /// The field's name.
    pub field: String,
    /// `missing`, `wrong_type`, `too_long`, `not_allowed` or `unknown`.
    pub code: String,
    /// What was expected, such as `integer`.
    pub expected: String,
    /// What came, such as `string`; the value itself is not repeated.
    pub got: String,
}

impl Field {
    /// A field of a type, with nothing else said.
    pub fn of(kind: FieldType) -> Self {
        Self {
            kind,
            required: false,
            default: None,
            max_length: None,
            one_of: None,
            description: None,
            example: None,
        }
    }

    /// Takes the value under this field, or its default; `Ok(None)` when it is optional and absent.
    ///
    /// # Errors
    /// The problem, when the value is missing or does not fit.
    pub fn take(
        &self,
        name: &str,
        value: Option<Value>,
        leniency: Leniency,
    ) -> Result<Option<Value>, FieldProblem> {
        let problem = |code: &str, expected: String, got: String| FieldProblem {
            field: name.to_owned(),
            code: code.to_owned(),
            expected,
            got,
        };
        let Some(value) = value.filter(|value| !value.is_null()).or_else(|| self.default.clone()) else {
            if self.required {
                return Err(problem("missing", self.kind.to_string(), "nothing".to_owned()));
            }
            return Ok(None);
        };
        let value = self
            .kind
            .accept(value, leniency)
            .map_err(|value| problem("wrong_type", self.kind.to_string(), describe(&value).to_owned()))?;
        if let Some(max) = self.max_length
            && let Some((length, unit)) = length_of(&value)
            && length > max
        {
            return Err(problem("too_long", format!("at most {max} {unit}"), format!("{length} {unit}")));
        }
        if let Some(allowed) = &self.one_of
            && !allowed.contains(&value)
        {
            let allowed = allowed.iter().map(Value::to_string).collect::<Vec<_>>().join(", ");
            return Err(problem("not_allowed", format!("one of {allowed}"), "another value".to_owned()));
        }
        Ok(Some(value))
    }
}

/// Checks a whole object against the fields: defaults are filled in, unknown names refused.
///
/// # Errors
/// Every problem, in the order of the fields.
pub fn take_all(
    fields: &Fields,
    mut values: Map<String, Value>,
) -> Result<Map<String, Value>, Vec<FieldProblem>> {
    let mut taken = Map::with_capacity(fields.len());
    let mut problems = Vec::new();
    for (name, field) in fields {
        match field.take(name, values.remove(name), Leniency::Strict) {
            Ok(Some(value)) => drop(taken.insert(name.clone(), value)),
            Ok(None) => {}
            Err(problem) => problems.push(problem),
        }
    }
    problems.extend(values.into_iter().map(|(name, value)| {
        FieldProblem {
            expected: crate::problem::did_you_mean(&name, fields.keys().map(String::as_str))
                .unwrap_or_else(|| "no such field".to_owned()),
            field: name,
            code: "unknown".to_owned(),
            got: describe(&value).to_owned(),
        }
    }));
    if problems.is_empty() { Ok(taken) } else { Err(problems) }
}

impl FieldType {
    /// The value if it has this type (text is read as the type when lenient), else the value back.
    fn accept(&self, value: Value, leniency: Leniency) -> Result<Value, Value> {
        if self.has(&value) {
            return Ok(value);
        }
        match (leniency, &value) {
            (Leniency::FromText, Value::String(text)) => self.read(text).ok_or(value),
            _ => Err(value),
        }
    }

    fn has(&self, value: &Value) -> bool {
        match self {
            Self::Any => true,
            Self::String => value.is_string(),
            Self::Number => value.is_number(),
            Self::Integer => value.is_i64() || value.is_u64(),
            Self::Boolean => value.is_boolean(),
            Self::Object => value.is_object(),
            Self::Array(None) => value.is_array(),
            Self::Array(Some(item)) => {
                value.as_array().is_some_and(|items| items.iter().all(|v| item.has(v)))
            }
            Self::File => is_file(value),
            Self::DateTime => value.as_str().is_some_and(|text| text.parse::<jiff::Timestamp>().is_ok()),
        }
    }

    /// Reads text as a value of this type.
    fn read(&self, text: &str) -> Option<Value> {
        match self {
            Self::Number => {
                text.parse::<f64>().ok().filter(|n| n.is_finite()).and(serde_json::from_str(text).ok())
            }
            Self::Integer => text.parse::<i64>().ok().map(Value::from),
            Self::Boolean => match text {
                "true" | "1" => Some(Value::Bool(true)),
                "false" | "0" => Some(Value::Bool(false)),
                _ => None,
            },
            Self::Object => serde_json::from_str(text).ok().filter(Value::is_object),
            Self::Array(_) => serde_json::from_str(text)
                .ok()
                .or_else(|| Some(Value::Array(vec![Value::from(text)])))
                .filter(|value| self.has(value)),
            Self::String | Self::File | Self::DateTime | Self::Any => None,
        }
    }
}

/// Whether a value is a file's and nothing else.
fn is_file(value: &Value) -> bool {
    let Some(file) = value.as_object().filter(|file| file.len() == 4) else { return false };
    let is_text = |key| file.get(key).is_some_and(Value::is_string);
    let digest = file.get("sha256").and_then(Value::as_str).unwrap_or_default();
    is_text("name")
        && is_text("media_type")
        && file.get("size").is_some_and(Value::is_u64)
        && digest.len() == 64
        && digest.bytes().all(|digit| digit.is_ascii_digit() || (b'a'..=b'f').contains(&digit))
}

/// The length that `max_length` counts: characters of a string, items of an array.
fn length_of(value: &Value) -> Option<(usize, &'static str)> {
    match value {
        Value::String(text) => Some((text.chars().count(), "characters")),
        Value::Array(items) => Some((items.len(), "items")),
        _ => None,
    }
}

/// The JSON type of a value, in words.
pub(crate) fn describe(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(n) if n.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

impl FromStr for FieldType {
    type Err = UnknownType;

    fn from_str(text: &str) -> Result<Self, UnknownType> {
        Ok(match text {
            "string" => Self::String,
            "number" => Self::Number,
            "integer" => Self::Integer,
            "boolean" => Self::Boolean,
            "object" => Self::Object,
            "array" => Self::Array(None),
            "file" => Self::File,
            "date-time" => Self::DateTime,
            "any" => Self::Any,
            _ => {
                // Eight levels are more than anyone writes, and bound the recursion on hostile text.
                let inner = text.strip_prefix("array<").and_then(|rest| rest.strip_suffix('>'));
                let inner = inner.filter(|_| text.matches('<').count() <= 8);
                let item = inner.ok_or_else(|| UnknownType(text.chars().take(80).collect()))?.parse()?;
                Self::Array(Some(Box::new(item)))
            }
        })
    }
}

impl fmt::Display for FieldType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::String => "string",
            Self::Number => "number",
            Self::Integer => "integer",
            Self::Boolean => "boolean",
            Self::Object => "object",
            Self::Array(None) => "array",
            Self::Array(Some(item)) => return write!(f, "array<{item}>"),
            Self::File => "file",
            Self::DateTime => "date-time",
            Self::Any => "any",
        })
    }
}

impl TryFrom<String> for FieldType {
    type Error = UnknownType;

    fn try_from(text: String) -> Result<Self, UnknownType> {
        text.parse()
    }
}

impl From<FieldType> for String {
    fn from(kind: FieldType) -> Self {
        kind.to_string()
    }
}

impl JsonSchema for FieldType {
    fn schema_name() -> Cow<'static, str> {
        "FieldType".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "examples": ["string", "number", "integer", "boolean", "object", "array<string>", "file", "date-time"],
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn field(yaml: Value) -> Field {
        serde_json::from_value(yaml).unwrap()
    }

    #[test]
    fn takes_what_fits_and_names_what_does_not() {
        let query = field(json!({"type": "string", "required": true, "max_length": 3}));
        assert_eq!(query.take("q", Some(json!("你好吗")), Leniency::Strict), Ok(Some(json!("你好吗"))));
        let code = |value| query.take("q", value, Leniency::Strict).unwrap_err();
        assert_eq!(code(None).code, "missing");
        assert_eq!(code(Some(Value::Null)).code, "missing");
        assert_eq!(code(Some(json!("four"))).got, "4 characters");
        let wrong = code(Some(json!(7)));
        assert_eq!((wrong.expected.as_str(), wrong.got.as_str()), ("string", "integer"));
    }

    #[test]
    fn reads_text_only_when_it_came_as_text() {
        let number = field(json!({"type": "integer", "default": 5}));
        assert_eq!(number.take("n", Some(json!("12")), Leniency::FromText), Ok(Some(json!(12))));
        assert!(number.take("n", Some(json!("12")), Leniency::Strict).is_err());
        assert!(number.take("n", Some(json!("1.5")), Leniency::FromText).is_err());
        assert_eq!(number.take("n", None, Leniency::Strict), Ok(Some(json!(5))));
        let tags = field(json!({"type": "array<string>"}));
        assert_eq!(tags.take("t", Some(json!("a")), Leniency::FromText), Ok(Some(json!(["a"]))));
        let inf = field(json!({"type": "number"}));
        assert!(inf.take("n", Some(json!("inf")), Leniency::FromText).is_err());
    }

    #[test]
    fn a_file_is_what_names_stored_content_and_nothing_else() {
        let kind: FieldType = "file".parse().unwrap();
        let sha256 = "ab".repeat(32);
        let file = json!({"name": "a.txt", "media_type": "text/plain", "size": 2, "sha256": sha256});
        assert!(kind.has(&file));
        for (key, value) in [
            ("name", json!(1)),
            ("media_type", json!(null)),
            ("size", json!(-1)),
            ("sha256", json!("AB".repeat(32))),
            ("sha256", json!("ab")),
            ("more", json!(1)),
        ] {
            let mut other = file.clone();
            other[key] = value;
            assert!(!kind.has(&other), "{other}");
        }
        assert!(!kind.has(&json!("a.txt")));
    }

    #[test]
    fn an_object_is_checked_whole() {
        let fields: Fields =
            [("query".to_owned(), field(json!({"type": "string", "required": true})))].into();
        let problems = take_all(&fields, json!({"qeury": 1}).as_object().unwrap().clone()).unwrap_err();
        let codes: Vec<_> = problems.iter().map(|p| p.code.as_str()).collect();
        assert_eq!(codes, ["missing", "unknown"]);
        assert_eq!(problems[1].expected, "Did you mean `query`?");
    }

    #[test]
    fn types_round_trip_and_depth_is_bounded() {
        for text in ["array<array<date-time>>", "file", "any"] {
            assert_eq!(text.parse::<FieldType>().unwrap().to_string(), text);
        }
        let deep = "array<".repeat(100_000) + "string" + &">".repeat(100_000);
        assert!(deep.parse::<FieldType>().is_err());
    }
}
