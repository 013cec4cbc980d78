#![doc = include_str!("help.md")]

use std::sync::Arc;

use engine::{Node, NodeError, Outgoing, StepContext, StepOutcome};
use flow::{Dynamic, Effect, Resource, ResourceKind, Shape};
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
    /// What is said: JSON for a webhook; for a chat robot a text, or `{text, format, mentions}`.
    body: Dynamic,
}

impl Node for Deliver {
    const KIND: &'static str = "deliver";
    // The delivery is a row that commits with the step; what sends it is the outbox.
    const EFFECT: Effect = Effect::Pure;
    const HELP: &'static str = include_str!("help.md");

    type Config = Config;

    fn output(_: &Config) -> Shape {
        Shape::of(&["delivery_id"])
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
        let (id, body) = (context.delivery_id(), context.json(&config.body)?);
        context.works_on(json!({ "destination": config.destination, "body": body }));
        let outcome = StepOutcome::of(json!({ "delivery_id": id }));
        Ok(StepOutcome { deliveries: vec![Outgoing { id, destination, body }], ..outcome })
    }
}
