//! A Teams destination's settings, and what a message to it may say.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use vault::Secret;

/// The most actions that Teams shows.
const ACTIONS: usize = 6;

/// Sends the message to a channel or chat of Microsoft Teams by a workflow. The message is a text, or an object
/// `{text, title, format, facts, actions}`, or `{card}` with a whole Adaptive Card. A long text is divided into
/// numbered parts. It has arrived when the workflow answers 202; what the workflow does then is seen in its
/// own history.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// How Teams reads the text; a message may choose another.
    #[serde(default)]
    pub(super) format: Format,
    /// What stands above the text; a message may have its own.
    pub(super) title: Option<String>,
}

/// What nobody sees again.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Secrets {
    /// The workflow's URL with its `sig`, or an old connector's. Whoever has it can write to the channel.
    #[schemars(with = "String", extend("writeOnly" = true, "format" = "uri",
        "examples" = ["https://….logic.azure.com/workflows/…/triggers/manual/paths/invoke?…&sig=…"]))]
    pub(super) url: Secret,
}

/// How Teams reads a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Format {
    /// As it is.
    Text,
    /// The little Markdown of Adaptive Cards: bold, italic, links, lists.
    #[default]
    Markdown,
}

/// What a message says.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Said {
    /// What is said.
    pub(super) text: String,
    /// The title; else the destination's.
    pub(super) title: Option<String>,
    /// Whether the text is Markdown; else as the destination says.
    pub(super) format: Option<Format>,
    /// A table below the text.
    pub(super) facts: Vec<Fact>,
    /// Buttons that open pages.
    pub(super) actions: Vec<Action>,
    /// In place of all others: an Adaptive Card.
    pub(super) card: Option<Value>,
}

/// A line of a card's table.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Fact {
    pub(super) title: String,
    pub(super) value: String,
}

/// A button that opens a page.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Action {
    pub(super) title: String,
    pub(super) url: String,
}

impl From<String> for Said {
    fn from(text: String) -> Self {
        Self { text, ..Self::default() }
    }
}

impl Said {
    /// Whether Teams can show it; says why not.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.actions.len() > ACTIONS {
            return Err(format!("Teams shows at most {ACTIONS} actions"));
        }
        let opens =
            |action: &Action| ["https://", "http://"].iter().any(|scheme| action.url.starts_with(scheme));
        match self.actions.iter().position(|action| !opens(action)) {
            Some(at) => Err(format!("actions[{at}].url is not an address of https:// or http://")),
            None => Ok(()),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
            && self.title.is_none()
            && self.format.is_none()
            && self.facts.is_empty()
            && self.actions.is_empty()
    }
}
