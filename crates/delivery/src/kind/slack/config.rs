//! A Slack destination's settings, and what a message to it may say.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use vault::Secret;

/// Sends the message to a channel of Slack by an incoming webhook. The message is a text, or an object `{text,
/// format, blocks}`. A text of over 40,000 characters is divided into numbered parts. It has arrived when Slack
/// answers `ok`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// How Slack reads the text; a message may choose another.
    #[serde(default)]
    pub(super) format: Format,
}

/// What nobody sees again.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Secrets {
    /// The webhook URL, as the Slack app's page Incoming Webhooks shows it. Whoever has it can write to the
    /// channel.
    #[schemars(with = "String", extend("writeOnly" = true, "format" = "uri",
        "examples" = ["https://hooks.slack.com/services/T…/B…/…"]))]
    pub(super) url: Secret,
}

/// How Slack reads a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Format {
    /// As it is. Nobody can be mentioned by it.
    Text,
    /// Slack's own marks: `*bold*`, `_italic_`, `<https://…|link>`, `<!channel>`, code.
    #[default]
    Mrkdwn,
}

/// What a message says.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Said {
    /// Beside blocks: what notifications show.
    pub(super) text: String,
    /// How the text is read; else as the destination says.
    pub(super) format: Option<Format>,
    /// In Slack's own form.
    pub(super) blocks: Vec<Value>,
}

impl From<String> for Said {
    fn from(text: String) -> Self {
        Self { text, ..Self::default() }
    }
}
