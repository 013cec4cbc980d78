#![doc = include_str!("help.md")]

use engine::{Node, NodeError, StepContext, StepOutcome};
use flow::{Effect, Shape, Text};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

pub(crate) struct Template;

/// A text with expressions in it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// The text, in Jinja2: `Hello {{ input.name }}`.
    text: Text,
}

impl Node for Template {
    const KIND: &'static str = "template";
    const EFFECT: Effect = Effect::Pure;
    const HELP: &'static str = include_str!("help.md");

    type Config = Config;

    fn output(_: &Config) -> Shape {
        Shape::of(&["text"])
    }

    async fn run(&self, config: &Config, context: &StepContext) -> Result<StepOutcome, NodeError> {
        Ok(StepOutcome::of(json!({ "text": context.text(&config.text)? })))
    }
}
