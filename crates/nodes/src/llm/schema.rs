//! A JSON Schema that answers are checked against.

use std::{borrow::Cow, sync::Arc};

use jsonschema::Validator;
use schemars::{JsonSchema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};
use serde_json::Value;

/// The longest reason that is given, in characters: it may quote the answer.
const REASON: usize = 300;

/// A JSON Schema, compiled once.
pub(super) struct Schema {
    source: Value,
    validator: Arc<Validator>,
}

impl Schema {
    /// The schema as it was written.
    pub(super) fn source(&self) -> &Value {
        &self.source
    }

    /// The JSON in a model's answer; some put it into a Markdown fence. An error says what is wrong with it.
    pub(super) fn read(&self, answer: &str) -> Result<Value, String> {
        let data: Value = serde_json::from_str(without_fence(answer))
            .map_err(|error| format!("it is not JSON ({error})"))?;
        let wrong = self.validator.iter_errors(&data).next().map(|error| {
            let reason: String = error.to_string().chars().take(REASON).collect();
            let at = error.instance_path().to_string();
            if at.is_empty() { reason } else { format!("at `{at}`, {reason}") }
        });
        wrong.map_or(Ok(data), Err)
    }
}

fn without_fence(answer: &str) -> &str {
    let answer = answer.trim();
    let fenced = answer.strip_prefix("```").and_then(|rest| rest.strip_suffix("```"));
    let Some(inside) = fenced else { return answer };
    // The first line may name the language.
    inside.split_once('\n').map_or(inside, |(_, json)| json)
}

impl<'de> Deserialize<'de> for Schema {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let source = Value::deserialize(deserializer)?;
        if !source.is_object() {
            return Err(de::Error::custom(
                "a JSON Schema is an object, such as { type: object, properties: … }",
            ));
        }
        let validator = jsonschema::validator_for(&source)
            .map_err(|error| de::Error::custom(format!("this is no JSON Schema: {error}")))?;
        Ok(Self { source, validator: Arc::new(validator) })
    }
}

impl JsonSchema for Schema {
    fn schema_name() -> Cow<'static, str> {
        "Schema".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> schemars::Schema {
        json_schema!({ "type": "object", "x-widget": "json-schema" })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn schema(source: Value) -> Schema {
        serde_json::from_value(source).unwrap()
    }

    #[test]
    fn answers_are_read_and_checked() {
        let schema = schema(json!({
            "type": "object",
            "properties": { "urgent": { "type": "boolean" } },
            "required": ["urgent"],
        }));
        for answer in ["{\"urgent\":true}", " {\"urgent\": true}\n", "```json\n{\"urgent\": true}\n```"] {
            assert_eq!(schema.read(answer).unwrap(), json!({ "urgent": true }), "{answer}");
        }
        assert!(schema.read("Yes, it is urgent.").unwrap_err().contains("not JSON"));
        assert!(schema.read("{\"urgent\":\"yes\"}").unwrap_err().contains("`/urgent`"));
        assert!(schema.read("{}").unwrap_err().contains("urgent"));
    }

    #[test]
    fn what_is_no_schema_is_refused() {
        for wrong in [json!("object"), json!({ "type": "objekt" }), json!({ "$ref": "https://a.example/s" })]
        {
            assert!(serde_json::from_value::<Schema>(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
