#![doc = include_str!("help.md")]

mod answer;
mod request;

use std::sync::Arc;

use engine::{Awaited, Came, Node, NodeError, Outgoing, StepContext, StepOutcome};
use flow::{ConfigProblem, Dynamic, Effect, Resource, ResourceKind, Shape, Text};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use crate::Directory;

pub(crate) struct Deliver {
    pub(crate) directory: Arc<dyn Directory>,
}

/// A message to a destination.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// The destination's name.
    #[schemars(extend("x-widget" = "destination"))]
    destination: String,
    /// What is said: JSON for a webhook; for a chat robot a text, or `{text, format, mentions}`; for mail a text, or `{to,
    /// subject, text, html, attachments}`.
    body: Dynamic,
    /// What must arrive in order: deliveries to this destination with the same key, such as an order's number, are sent one
    /// after another, each when the one before has arrived. Without a key, or with an empty one, none waits for another.
    #[serde(default)]
    order_key: Option<Text>,
    /// Values for the names in braces in a webhook's address. They are encoded, and never change host or path.
    #[serde(default)]
    params: IndexMap<String, Text>,
    /// Headers that a webhook takes from its messages, as its `message_headers` names them.
    #[serde(default)]
    headers: IndexMap<String, Text>,
    /// Whether the flow waits until the receiver has taken it, and goes on with the receiver's answer. Otherwise it goes on
    /// at once.
    #[serde(default, rename = "await")]
    awaits: bool,
}

/// The longest order key, in bytes.
const ORDER_KEY: usize = 1024;

impl Node for Deliver {
    const KIND: &'static str = "deliver";
    // The delivery is a row that commits with the step; what sends it is the outbox.
    const EFFECT: Effect = Effect::Pure;
    const HELP: &'static str = include_str!("help.md");

    type Config = Config;

    fn check(config: &Config) -> Vec<ConfigProblem> {
        request::check(&config.params, &config.headers)
    }

    fn waits(config: &Config) -> bool {
        config.awaits
    }

    fn output(config: &Config) -> Shape {
        if config.awaits {
            Shape::of(&["delivery_id", "attempts", "status", "headers", "body"])
        } else {
            Shape::of(&["delivery_id"])
        }
    }

    fn resources(config: &Config) -> Vec<Resource> {
        vec![Resource {
            kind: ResourceKind::Destination,
            name: config.destination.clone(),
            field: "destination".to_owned(),
        }]
    }

    async fn run(&self, config: &Config, context: &StepContext) -> Result<StepOutcome, NodeError> {
        let destination =
            self.directory.destination(context.place, &config.destination).ok_or_else(|| {
                let message = format!(
                    "there is no destination `{}` in this environment; make one, then replay the event",
                    config.destination
                );
                NodeError::permanent("destination_missing", message)
            })?;
        let html = self.directory.html_field(context.place, destination);
        let (id, body) = (context.delivery_id(), context.json_with_html(&config.body, html)?);
        let order_key = config.order_key.as_ref().map(|key| context.text(key)).transpose()?;
        let order_key = order_key.filter(|key| !key.is_empty());
        if let Some(key) = order_key.as_ref().filter(|key| key.len() > ORDER_KEY) {
            let message = format!(
                "the order key has {} bytes, at most {ORDER_KEY} are allowed; choose an id rather than a text",
                key.len()
            );
            return Err(NodeError::permanent("order_key_long", message));
        }
        let params = request::rendered(&config.params, context)?;
        let headers = request::rendered(&config.headers, context)?;
        let mut shown = json!({ "destination": config.destination, "body": body });
        for (name, texts) in [("params", &params), ("headers", &headers)] {
            if !texts.is_empty() {
                shown[name] = json!(texts);
            }
        }
        context.works_on(shown);
        let outcome = if config.awaits {
            StepOutcome::waiting(Awaited::Delivery(id))
        } else {
            StepOutcome::of(json!({ "delivery_id": id }))
        };
        Ok(StepOutcome {
            deliveries: vec![Outgoing { id, destination, body, order_key, params, headers }],
            ..outcome
        })
    }

    fn resume(&self, config: &Config, came: &Came) -> Result<StepOutcome, NodeError> {
        let Came::Delivery { delivery, last } = came;
        answer::read(&config.destination, delivery, last.as_ref()).map(StepOutcome::of)
    }
}
