#![doc = include_str!("help.md")]

use engine::{Node, NodeError, Response, StepContext, StepOutcome};
use flow::{ConfigProblem, Dynamic, Effect, Shape, Text};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

pub(crate) struct Respond;

/// An answer to the source's request.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// The HTTP status.
    #[serde(default = "ok")]
    #[schemars(range(min = 200, max = 599))]
    status: u16,
    /// Headers by name.
    #[serde(default)]
    headers: IndexMap<String, Text>,
    /// The body: text is sent as text, anything else as JSON.
    #[serde(default = "empty")]
    body: Dynamic,
}

const fn ok() -> u16 {
    200
}

#[expect(clippy::expect_used, reason = "null has no template that could be wrong")]
fn empty() -> Dynamic {
    Dynamic::compile(Value::Null).expect("null compiles")
}

impl Node for Respond {
    const KIND: &'static str = "respond";
    const EFFECT: Effect = Effect::Pure;
    const RESPONDS: bool = true;
    const HELP: &'static str = include_str!("help.md");

    type Config = Config;

    fn check(config: &Config) -> Vec<ConfigProblem> {
        let problem = |field: String, reason: &str| ConfigProblem { field, reason: reason.to_owned() };
        let mut problems = Vec::new();
        if !(200..=599).contains(&config.status) {
            problems.push(problem("status".to_owned(), "an HTTP status lies between 200 and 599"));
        }
        for name in config.headers.keys() {
            let is_token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
            if name.is_empty() || !name.bytes().all(is_token) {
                problems.push(problem(format!("headers.{name}"), "this is no header name"));
            } else if flow::is_reserved_header(name) {
                problems
                    .push(problem(format!("headers.{name}"), "the server sets this header itself, or never"));
            }
        }
        problems
    }

    fn output(_: &Config) -> Shape {
        Shape::of(&["status"])
    }

    async fn run(&self, config: &Config, context: &StepContext) -> Result<StepOutcome, NodeError> {
        if context.responded {
            let message = "the request has been answered already; let only one `respond` run on each path";
            return Err(NodeError::permanent("responded_twice", message));
        }
        let mut headers = Vec::with_capacity(config.headers.len());
        for (name, value) in &config.headers {
            let value = context.text(value)?;
            if value.bytes().any(|b| b.is_ascii_control()) {
                let message =
                    format!("the value of the header `{name}` has a line break or another control character");
                return Err(NodeError::permanent("header_invalid", message));
            }
            headers.push((name.to_ascii_lowercase(), value));
        }
        let body = context.json(&config.body)?;
        // The body stands in the journal once, as the response.
        let output = json!({ "status": config.status });
        let response = Some(Response { status: config.status, headers, body });
        Ok(StepOutcome { response, ..StepOutcome::of(output) })
    }
}
