//! What is asked of a chat model, and what it answers.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::timeouts::Timeouts;

/// A conversation to go on with.
#[derive(Debug, Clone, PartialEq)]
pub struct ChatRequest {
    /// The model, as the provider calls it.
    pub model: String,
    /// The conversation so far, oldest first.
    pub messages: Vec<Message>,
    /// A JSON Schema that the answer's text must be an instance of. The provider constrains the model as well
    /// as it can; whether the text obeys is for the caller to check.
    pub response_schema: Option<Value>,
    /// How freely to choose among likely words: 0 not at all, about 1 as trained.
    pub temperature: Option<f32>,
    /// The most tokens to answer with.
    pub max_tokens: Option<u32>,
    /// Texts that end the answer where they would begin.
    pub stop: Vec<String>,
    /// Makes the same request give the same answer, where the provider can.
    pub seed: Option<u64>,
    /// How long it may take.
    pub timeouts: Timeouts,
}

/// One turn of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What is said.
    pub content: Vec<Part>,
}

/// Who speaks in a [`Message`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Role {
    /// Instructions.
    System,
    /// The person or system that asks.
    User,
    /// The model.
    Assistant,
}

/// A piece of a [`Message`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Part {
    /// Text.
    Text {
        /// The text.
        text: String,
    },
}

/// What a chat model answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The whole text.
    pub text: String,
    /// Why it ended there.
    pub finish: Finish,
    /// What it cost in tokens.
    pub usage: Usage,
    /// The model that answered, as the provider calls it; often more exact than the one asked for.
    pub model: String,
}

/// Why an answer ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Finish {
    /// The model had said it all, or came to a stop text.
    Stop,
    /// It reached the most tokens it may give.
    Length,
    /// The provider held something back.
    ContentFilter,
    /// It wants a tool to be called.
    ToolCalls,
    /// Something else, in the provider's words.
    Other(String),
}

/// Tokens, as the provider counted them; `None` where it did not say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens of the request.
    pub input_tokens: Option<u64>,
    /// Tokens of the answer, hidden reasoning included.
    pub output_tokens: Option<u64>,
}

impl ChatRequest {
    /// A request with the model's and the provider's defaults.
    pub fn new(model: impl Into<String>, messages: Vec<Message>) -> Self {
        Self {
            model: model.into(),
            messages,
            response_schema: None,
            temperature: None,
            max_tokens: None,
            stop: Vec::new(),
            seed: None,
            timeouts: Timeouts::default(),
        }
    }
}

impl Message {
    /// Instructions to the model.
    pub fn system(text: impl Into<String>) -> Self {
        Self::text(Role::System, text)
    }

    /// What the asker says.
    pub fn user(text: impl Into<String>) -> Self {
        Self::text(Role::User, text)
    }

    /// What the model said.
    pub fn assistant(text: impl Into<String>) -> Self {
        Self::text(Role::Assistant, text)
    }

    /// The message's text, its parts one after another.
    pub fn to_text(&self) -> String {
        self.content.iter().map(|Part::Text { text }| text.as_str()).collect()
    }

    fn text(role: Role, text: impl Into<String>) -> Self {
        Self { role, content: vec![Part::Text { text: text.into() }] }
    }
}

impl Role {
    /// The role's name in every chat interface known.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
            Self::Assistant => "assistant",
        }
    }
}
