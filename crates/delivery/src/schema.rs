//! The settings as JSON Schema, for the console's form and the API's description.

use schemars::{Schema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use crate::{
    config::Policy,
    kind::{Entry, KINDS, Window},
};

/// A kind of destination as the console's catalogue shows it.
#[derive(Clone, Debug, serde::Serialize)]
pub struct KindSchema {
    /// The word for it in the settings.
    pub name: &'static str,
    /// What it does.
    pub description: String,
    /// The JSON Schema of its settings, `kind` and those of every kind among them.
    pub config: Value,
    /// The JSON Schema of its secrets.
    pub secrets: Value,
    /// The JSON Schema of what its messages say, null where they say any JSON.
    pub message: Option<Value>,
}

/// Every kind of destination, in the order in which to offer them.
pub fn kinds() -> Vec<KindSchema> {
    KINDS.iter().map(described).collect()
}

/// The JSON Schema of a destination's settings, of whatever kind.
pub fn config_schema() -> Value {
    json!({ "oneOf": KINDS.iter().map(|entry| described(entry).config).collect::<Vec<_>>() })
}

/// The field of a message to a destination that is HTML, by the settings of that; those that cannot be read have none.
pub fn html_field(config: &str) -> Option<&'static str> {
    let config: Value = serde_json::from_str(config).ok()?;
    KINDS.iter().find(|entry| config["kind"] == entry.name)?.html
}

/// The names of an object's fields.
pub(crate) fn fields(schema: fn(&mut SchemaGenerator) -> Schema) -> Vec<String> {
    properties(&inline(schema)).into_iter().map(|(name, _)| name).collect()
}

fn described(entry: &Entry) -> KindSchema {
    let mut config = inline(entry.config);
    let mut all = Map::from_iter([("kind".to_owned(), json!({ "const": entry.name, "type": "string" }))]);
    all.extend(properties(&config));
    let mut common = inline(<Policy as schemars::JsonSchema>::json_schema);
    common["properties"]["concurrency"]["default"] = entry.concurrency.into();
    common["properties"]["timeout"]["default"] = Window::span(entry.timeout).to_string().into();
    if !entry.pace.is_empty() {
        common["properties"]["rate"]["default"] = entry.pace.iter().map(Window::shown).collect();
    }
    all.extend(properties(&common));
    let required = config["required"].as_array().cloned().unwrap_or_default();
    config["required"] = std::iter::once("kind".into()).chain(required).collect();
    config["properties"] = Value::Object(all);
    let description = config["description"].as_str().unwrap_or_default().to_owned();
    let (secrets, message) = (inline(entry.secrets), entry.message.map(inline));
    KindSchema { name: entry.name, description, config, secrets, message }
}

/// A schema that stands by itself.
fn inline(schema: fn(&mut SchemaGenerator) -> Schema) -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    schema(&mut settings.into_generator()).to_value()
}

fn properties(schema: &Value) -> Map<String, Value> {
    schema["properties"].as_object().cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_is_described() {
        for kind in kinds() {
            assert!(!kind.description.is_empty(), "{}", kind.name);
            assert_eq!(kind.config["additionalProperties"], false, "{}", kind.name);
            let message = kind.message.unwrap_or_default();
            let all = [&kind.config, &kind.secrets, &message].map(properties);
            let properties = all.into_iter().flatten();
            for (name, schema) in properties.filter(|(name, _)| name != "kind") {
                assert!(schema["description"].is_string(), "{}.{name}: {schema}", kind.name);
                assert!(!schema.to_string().contains("$ref"), "{}.{name}: {schema}", kind.name);
            }
        }
    }

    #[test]
    fn only_mail_has_a_field_of_html() {
        assert_eq!(html_field(r#"{"kind":"email","host":"a.b"}"#), Some("html"));
        assert_eq!([r#"{"kind":"webhook"}"#, "{}", "no"].map(html_field), [None; 3]);
    }

    #[test]
    fn chats_say_what_their_messages_take() {
        let message = |name: &str| kinds().into_iter().find(|kind| kind.name == name).unwrap().message;
        assert_eq!(message("webhook"), None, "it takes any JSON");
        let wecom = properties(&message("wecom").unwrap());
        assert_eq!(wecom.keys().collect::<Vec<_>>(), ["text", "format", "mentions", "articles"]);
        for kind in kinds().into_iter().filter(|kind| !["webhook", "sms"].contains(&kind.name)) {
            assert!(properties(&kind.message.unwrap()).contains_key("text"), "{}", kind.name);
        }
    }

    #[test]
    fn secrets_are_write_only_and_defaults_are_shown() {
        for kind in kinds() {
            for (name, schema) in properties(&kind.secrets) {
                assert_eq!(schema["writeOnly"], true, "{}.{name}", kind.name);
            }
            let timeout = if kind.name == "email" { "30s" } else { "10s" };
            assert_eq!(kind.config["properties"]["timeout"]["default"], timeout);
            assert_eq!(kind.config["properties"]["retry"]["default"], "standard");
        }
        let concurrency = |at: usize| kinds()[at].config["properties"]["concurrency"]["default"].clone();
        assert_eq!((concurrency(0), concurrency(1)), (8.into(), 1.into()));
        assert_eq!(config_schema()["oneOf"][1]["properties"]["kind"]["const"], "wecom");
        assert_eq!(config_schema()["oneOf"][0]["required"], json!(["kind"]));
    }
}
