#![doc = include_str!("help.md")]

mod condition;

use std::borrow::Cow;

use engine::{Node, NodeError, StepContext, StepOutcome};
use flow::{Effect, Shape};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use condition::Condition;

pub(crate) struct If;

/// A question with two ways on.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// What must hold for the way `true`: an expression, or comparisons joined by `all` and `any`.
    condition: Condition,
}

impl Node for If {
    const KIND: &'static str = "if";
    const EFFECT: Effect = Effect::Pure;
    const HELP: &'static str = include_str!("help.md");

    type Config = Config;

    fn ports(_: &Config) -> Vec<String> {
        vec!["true".to_owned(), "false".to_owned()]
    }

    fn output(_: &Config) -> Shape {
        Shape::of(&["result"])
    }

    async fn run(&self, config: &Config, context: &StepContext) -> Result<StepOutcome, NodeError> {
        let result = config.condition.holds(context)?;
        let port = Cow::Borrowed(if result { "true" } else { "false" });
        Ok(StepOutcome { port, ..StepOutcome::of(json!({ "result": result })) })
    }
}
