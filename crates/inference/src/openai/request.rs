//! Requests as JSON.

use serde_json::{Map, Value, json};

use super::config::{Config, SchemaMode, TokenLimit};
use crate::{
    chat::{ChatRequest, Message},
    embed::{EmbedRequest, Purpose},
};

/// The body of `POST /chat/completions`.
pub(super) fn chat(request: &ChatRequest, config: &Config) -> Vec<u8> {
    let mut messages: Vec<Value> = request.messages.iter().map(message).collect();
    let mut body = Map::new();
    body.insert("model".into(), json!(request.model));
    if let Some(schema) = &request.response_schema {
        let format = match config.schema {
            SchemaMode::JsonSchema => json!({
                "type": "json_schema",
                "json_schema": { "name": "answer", "schema": schema, "strict": is_strict(schema) },
            }),
            SchemaMode::JsonObject => {
                let text =
                    format!("Answer with one JSON object that is valid under this JSON Schema: {schema}");
                // First, so that the conversation still ends with what was asked.
                messages.insert(0, message(&Message::system(text)));
                json!({ "type": "json_object" })
            }
        };
        body.insert("response_format".into(), format);
    }
    body.insert("messages".into(), Value::Array(messages));
    body.insert("stream".into(), json!(true));
    if config.stream_usage {
        body.insert("stream_options".into(), json!({ "include_usage": true }));
    }
    if let Some(temperature) = request.temperature {
        body.insert("temperature".into(), json!(decimal(temperature)));
    }
    if let Some(max) = request.max_tokens {
        let field = match config.token_limit {
            TokenLimit::MaxTokens => "max_tokens",
            TokenLimit::MaxCompletionTokens => "max_completion_tokens",
        };
        body.insert(field.into(), json!(max));
    }
    if !request.stop.is_empty() {
        body.insert("stop".into(), json!(request.stop));
    }
    if let Some(seed) = request.seed {
        body.insert("seed".into(), json!(seed));
    }
    Value::Object(body).to_string().into_bytes()
}

/// The body of `POST /embeddings` for some of the request's texts.
pub(super) fn embed(request: &EmbedRequest, texts: &[String], config: &Config) -> Vec<u8> {
    let prefix = match request.purpose {
        Purpose::Query => &config.query_prefix,
        Purpose::Document => &config.document_prefix,
    };
    let input: Vec<String> = texts.iter().map(|text| format!("{prefix}{text}")).collect();
    json!({ "model": request.model, "input": input, "encoding_format": "float" }).to_string().into_bytes()
}

fn message(message: &Message) -> Value {
    // As one string: many servers do not take a list of parts.
    json!({ "role": message.role.as_str(), "content": message.to_text() })
}

/// 0.7 as 0.7 and not as the 0.699999988079071 that widening it would give.
fn decimal(value: f32) -> f64 {
    value.to_string().parse().unwrap_or_else(|_| f64::from(value))
}

/// Whether a schema meets OpenAI's rules for strict output: every object is closed and requires all that it has.
fn is_strict(schema: &Value) -> bool {
    match schema {
        Value::Object(fields) => {
            let closed = match fields.get("properties").and_then(Value::as_object) {
                Some(properties) => {
                    let listed = fields.get("required").and_then(Value::as_array);
                    let requires =
                        |name: &String| listed.is_some_and(|all| all.iter().any(|one| one == name));
                    fields.get("additionalProperties") == Some(&Value::Bool(false))
                        && properties.keys().all(requires)
                }
                None => fields.get("type").and_then(Value::as_str) != Some("object"),
            };
            closed && fields.values().all(is_strict)
        }
        Value::Array(items) => items.iter().all(is_strict),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openai::Auth;

    fn config() -> Config {
        Config::new("p", "https://a.example", Auth::None)
    }

    fn body(request: &ChatRequest, config: &Config) -> Value {
        serde_json::from_slice(&chat(request, config)).unwrap()
    }

    #[test]
    fn only_what_was_set_is_sent() {
        let request = ChatRequest::new("m", vec![Message::system("be brief"), Message::user("hi")]);
        let expected = json!({
            "model": "m",
            "messages": [{ "role": "system", "content": "be brief" }, { "role": "user", "content": "hi" }],
            "stream": true,
            "stream_options": { "include_usage": true },
        });
        assert_eq!(body(&request, &config()), expected);
        let plain = Config { stream_usage: false, ..config() };
        assert!(body(&request, &plain).get("stream_options").is_none());
    }

    #[test]
    fn every_option_has_its_field() {
        let request = ChatRequest {
            temperature: Some(0.7),
            max_tokens: Some(9),
            stop: vec!["END".into()],
            seed: Some(3),
            ..ChatRequest::new("m", vec![])
        };
        let sent = body(&request, &config());
        assert_eq!((&sent["temperature"], &sent["max_tokens"]), (&json!(0.7), &json!(9)));
        assert_eq!((&sent["stop"], &sent["seed"]), (&json!(["END"]), &json!(3)));
        let reasoning = Config { token_limit: TokenLimit::MaxCompletionTokens, ..config() };
        assert_eq!(body(&request, &reasoning)["max_completion_tokens"], json!(9));
    }

    #[test]
    fn a_schema_is_strict_only_where_openai_would_take_it() {
        let closed = json!({ "type": "object", "additionalProperties": false, "required": ["a"], "properties": {
            "a": { "type": "array", "items": { "type": "string" } } } });
        let mut open = closed.clone();
        open["properties"]["b"] = json!({ "type": "string" });
        let strict = |schema: &Value| {
            let request =
                ChatRequest { response_schema: Some(schema.clone()), ..ChatRequest::new("m", vec![]) };
            let sent = body(&request, &config());
            assert_eq!(&sent["response_format"]["json_schema"]["schema"], schema);
            sent["response_format"]["json_schema"]["strict"].as_bool().unwrap()
        };
        assert!(strict(&closed));
        assert!(!strict(&open));
        assert!(!strict(&json!({ "type": "array", "items": { "type": "object" } })));
    }

    #[test]
    fn a_provider_without_schemas_is_told_in_words() {
        let request = ChatRequest {
            response_schema: Some(json!({ "type": "object" })),
            ..ChatRequest::new("m", vec![Message::user("hi")])
        };
        let sent = body(&request, &Config { schema: SchemaMode::JsonObject, ..config() });
        assert_eq!(sent["response_format"], json!({ "type": "json_object" }));
        assert!(sent["messages"][0]["content"].as_str().unwrap().contains(r#"{"type":"object"}"#));
        assert_eq!(sent["messages"][1]["content"], "hi");
    }

    #[test]
    fn texts_get_the_prefix_of_their_purpose() {
        let config = Config { query_prefix: "query: ".into(), ..config() };
        let sent = |purpose| {
            let request = EmbedRequest::new("m", vec!["a".into()], purpose);
            serde_json::from_slice::<Value>(&embed(&request, &request.texts, &config)).unwrap()
        };
        assert_eq!(sent(Purpose::Query)["input"], json!(["query: a"]));
        assert_eq!(sent(Purpose::Document)["input"], json!(["a"]));
    }
}
