//! What a knowledge base is told.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use store::Base;

use crate::{
    Chunk, Error, Text,
    chunk::{Sizes, split, split_at, split_questions},
};

/// What a knowledge base is told. Everything has a default: `{}` is a base.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The embedding model, by the name it has in the workspace. Changing it embeds every document again.
    #[schemars(extend("x-widget" = "model"))]
    pub embedding_model: String,
    /// How documents are cut into chunks. Changing it cuts every document again.
    pub chunking: Chunking,
}

/// How documents are cut. Sizes are in tokens, as far as they can be told without a model's own vocabulary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Chunking {
    /// Where a document is cut.
    pub by: Cut,
    /// Paragraphs are gathered until a chunk is about this large.
    pub target_tokens: usize,
    /// No chunk is larger than this: at least 16.
    pub max_tokens: usize,
    /// How much of the sentences before is repeated where a paragraph is broken: at most half of the target.
    pub overlap_tokens: usize,
}

/// Where a document is cut.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cut {
    /// Between paragraphs, never across a heading.
    #[default]
    Structure,
    /// Between questions: lines that begin with `Q:` and `A:`, `问：` and `答：`, or tables of two columns.
    Questions,
    /// Wherever this text occurs.
    Separator(String),
}

impl Default for Settings {
    fn default() -> Self {
        Self { embedding_model: "default-embedding".to_owned(), chunking: Chunking::default() }
    }
}

impl Default for Chunking {
    fn default() -> Self {
        Self { by: Cut::Structure, target_tokens: 256, max_tokens: 512, overlap_tokens: 32 }
    }
}

impl Settings {
    /// The settings of a stored base.
    ///
    /// # Errors
    /// [`Error::Settings`].
    pub fn of(base: &Base) -> Result<Self, Error> {
        serde_json::from_value(base.config.clone())
            .map_err(|source| Error::Settings { base: base.name.clone(), source })
    }

    pub(super) fn to_json(&self) -> Value {
        serde_json::to_value(self).unwrap_or_else(|_| Value::Object(Map::new()))
    }
}

impl Chunking {
    /// The sizes, when they fit each other.
    pub(super) fn sizes(&self) -> Result<Sizes, Error> {
        Sizes::new(self.target_tokens, self.max_tokens, self.overlap_tokens)
    }

    /// Cuts a text. Synchronous CPU work.
    ///
    /// # Errors
    /// When the sizes do not fit each other.
    pub fn cut(&self, text: &Text) -> Result<Vec<Chunk>, Error> {
        let sizes = self.sizes()?;
        Ok(match &self.by {
            Cut::Structure => split(text, sizes),
            Cut::Questions => split_questions(text, sizes),
            Cut::Separator(separator) => split_at(text, separator, sizes),
        })
    }
}
