#![doc = include_str!("help.md")]

use engine::{Node, NodeError, StepContext, StepOutcome};
use flow::{Dynamic, Effect, Shape};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

pub(crate) struct Output;

/// Results by name.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Each result is a constant, a template or JSON with templates inside.
    values: IndexMap<String, Dynamic>,
}

impl Node for Output {
    const KIND: &'static str = "output";
    const EFFECT: Effect = Effect::Pure;
    const NAMES_RESULTS: bool = true;
    const HELP: &'static str = include_str!("help.md");

    type Config = Config;

    fn output(config: &Config) -> Shape {
        Shape::Fields(config.values.keys().cloned().collect())
    }

    async fn run(&self, config: &Config, context: &StepContext) -> Result<StepOutcome, NodeError> {
        Ok(StepOutcome::of(Value::Object(crate::set::rendered(&config.values, context)?)))
    }
}
