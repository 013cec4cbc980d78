#![doc = include_str!("help.md")]

use engine::{Node, NodeError, StepContext, StepOutcome};
use flow::{Dynamic, Effect, Shape};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

pub(crate) struct Set;

/// Values by name.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Each value is a constant, a template or JSON with templates inside.
    values: IndexMap<String, Dynamic>,
}

impl Node for Set {
    const KIND: &'static str = "set";
    const EFFECT: Effect = Effect::Pure;
    const HELP: &'static str = include_str!("help.md");

    type Config = Config;

    fn output(config: &Config) -> Shape {
        Shape::Fields(config.values.keys().cloned().collect())
    }

    async fn run(&self, config: &Config, context: &StepContext) -> Result<StepOutcome, NodeError> {
        Ok(StepOutcome::of(Value::Object(rendered(&config.values, context)?)))
    }
}

/// Renders values by name.
pub(crate) fn rendered(
    values: &IndexMap<String, Dynamic>,
    context: &StepContext,
) -> Result<Map<String, Value>, NodeError> {
    values.iter().map(|(name, value)| Ok((name.clone(), context.json(value)?))).collect()
}
