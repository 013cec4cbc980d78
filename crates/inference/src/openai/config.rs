//! What a workspace sets for a provider.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::retry::Retry;

/// What a workspace sets for a provider that follows OpenAI's interface.
#[derive(Debug, Clone)]
pub struct Config {
    /// The provider's name in the workspace, for messages.
    pub name: String,
    /// The address before `/chat/completions` and `/embeddings`, such as `https://api.openai.com/v1`. A query
    /// stays behind the path, as Azure's `?api-version=…` needs.
    pub base_url: String,
    /// How the key is shown.
    pub auth: Auth,
    /// Further headers, such as an organisation's.
    pub headers: Vec<(String, String)>,
    /// Calls at once.
    pub concurrency: usize,
    /// Calls that may wait for their turn.
    pub queue: usize,
    /// When a call is tried again.
    pub retry: Retry,
    /// How a JSON Schema is passed on.
    pub schema: SchemaMode,
    /// The field for the most tokens to answer with.
    pub token_limit: TokenLimit,
    /// Whether to ask for the usage of a streamed answer. Some servers refuse the option.
    pub stream_usage: bool,
    /// Texts in one request for embeddings.
    pub embed_batch: usize,
    /// Put before a text that is embedded to search with, as models like E5 need.
    pub query_prefix: String,
    /// Put before a text that is embedded to be found.
    pub document_prefix: String,
}

/// How a provider is shown the key.
#[derive(Debug, Clone)]
pub enum Auth {
    /// Not at all.
    None,
    /// `Authorization: Bearer …`.
    Bearer(ApiKey),
    /// A header of its own, such as Azure's `api-key`.
    Header(String, ApiKey),
}

/// A provider's key. It never shows in debug output.
#[derive(Clone)]
pub struct ApiKey(String);

/// How a JSON Schema is passed to a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SchemaMode {
    /// As `response_format: json_schema`: OpenAI, vLLM, Ollama, Qwen and others. It is marked `strict` where the
    /// schema meets the rules for that (every object closed, every property required).
    JsonSchema,
    /// As `response_format: json_object` with the schema among the instructions: DeepSeek, Moonshot, GLM.
    JsonObject,
}

/// The field for the most tokens to answer with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenLimit {
    /// `max_tokens`, as nearly all know it.
    MaxTokens,
    /// `max_completion_tokens`, as OpenAI's reasoning models require.
    MaxCompletionTokens,
}

impl Config {
    /// A provider at `base_url` with common settings: 8 calls at once, 64 waiting, 32 texts a batch.
    pub fn new(name: impl Into<String>, base_url: impl Into<String>, auth: Auth) -> Self {
        Self {
            name: name.into(),
            base_url: base_url.into(),
            auth,
            headers: Vec::new(),
            concurrency: 8,
            queue: 64,
            retry: Retry::default(),
            schema: SchemaMode::JsonSchema,
            token_limit: TokenLimit::MaxTokens,
            stream_usage: true,
            embed_batch: 32,
            query_prefix: String::new(),
            document_prefix: String::new(),
        }
    }

    /// The address of `path` (without a leading slash) under the base address.
    pub(super) fn endpoint(&self, path: &str) -> String {
        let base = self.base_url.trim();
        let (base, query) = base.split_once('?').map_or((base, None), |(base, query)| (base, Some(query)));
        let address = format!("{}/{path}", base.trim_end_matches('/'));
        query.map_or(address.clone(), |query| format!("{address}?{query}"))
    }
}

impl Auth {
    pub(super) fn header(&self) -> Option<(String, String)> {
        match self {
            Self::None => None,
            Self::Bearer(key) => Some(("authorization".to_owned(), format!("Bearer {}", key.0))),
            Self::Header(name, key) => Some((name.clone(), key.0.clone())),
        }
    }

    /// The key, to be kept out of messages.
    pub(super) fn secret(&self) -> Option<&str> {
        match self {
            Self::None => None,
            Self::Bearer(key) | Self::Header(_, key) => Some(&key.0),
        }
    }
}

impl ApiKey {
    /// Wraps a key, without the blanks around it that pasting brings.
    pub fn new(key: &str) -> Self {
        Self(key.trim().to_owned())
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_goes_between_base_and_query() {
        let endpoint = |base: &str| Config::new("p", base, Auth::None).endpoint("embeddings");
        assert_eq!(endpoint("https://a.example/v1"), "https://a.example/v1/embeddings");
        assert_eq!(endpoint(" https://a.example/v1/ "), "https://a.example/v1/embeddings");
        assert_eq!(
            endpoint("https://a.example/d?api-version=1"),
            "https://a.example/d/embeddings?api-version=1"
        );
    }

    #[test]
    fn a_key_does_not_show() {
        let config = Config::new("p", "https://a.example", Auth::Bearer(ApiKey::new(" sk-secret\n")));
        assert!(!format!("{config:?}").contains("secret"));
        assert_eq!(config.auth.secret(), Some("sk-secret"));
    }
}
