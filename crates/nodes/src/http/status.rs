//! Which statuses count as success.

use std::borrow::Cow;

use ::http::StatusCode;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};

/// Statuses that count as success: numbers and classes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Expected(Vec<Status>);

#[derive(Debug, PartialEq, Eq)]
enum Status {
    Code(u16),
    /// 2 for every 2xx.
    Class(u16),
}

impl Default for Expected {
    fn default() -> Self {
        Self(vec![Status::Class(2)])
    }
}

impl Expected {
    pub(super) fn has(&self, status: StatusCode) -> bool {
        self.0.iter().any(|expected| match expected {
            Status::Code(code) => *code == status.as_u16(),
            Status::Class(class) => *class == status.as_u16() / 100,
        })
    }

    pub(super) fn problem(&self) -> Option<String> {
        self.0.is_empty().then(|| "with no status at all, every answer is a failure; leave it out".to_owned())
    }
}

impl<'de> Deserialize<'de> for Status {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = serde_json::Value::deserialize(deserializer)?;
        let code = value.as_u64().and_then(|code| u16::try_from(code).ok());
        let class =
            value.as_str().and_then(|text| text.strip_suffix("xx")).and_then(|class| class.parse().ok());
        match (code, class) {
            (Some(code @ 100..=599), _) => Ok(Self::Code(code)),
            (_, Some(class @ 1..=5)) => Ok(Self::Class(class)),
            _ => Err(de::Error::custom(format!("{value} is no status; write 404, or 2xx for a whole class"))),
        }
    }
}

impl<'de> Deserialize<'de> for Expected {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(Self)
    }
}

impl JsonSchema for Expected {
    fn schema_name() -> Cow<'static, str> {
        "Expected".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "array",
            "minItems": 1,
            "items": { "anyOf": [
                { "type": "integer", "minimum": 100, "maximum": 599 },
                { "type": "string", "enum": ["1xx", "2xx", "3xx", "4xx", "5xx"] },
            ] },
            "default": ["2xx"],
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn statuses_are_numbers_and_classes() {
        let read = |value: Value| serde_json::from_value::<Expected>(value);
        let expected = read(json!(["2xx", 404])).unwrap();
        let has = |code: u16| expected.has(StatusCode::from_u16(code).unwrap());
        assert!(has(200) && has(299) && has(404) && !has(400) && !has(500));
        assert!(Expected::default().has(StatusCode::NO_CONTENT));
        for wrong in [json!(["20x"]), json!([99]), json!(["6xx"]), json!([true]), json!("2xx")] {
            assert!(read(wrong.clone()).is_err(), "{wrong}");
        }
        assert!(read(json!([])).unwrap().problem().is_some());
    }
}
