#![doc = include_str!("help.md")]

mod schema;

use std::{sync::Arc, time::Duration};

use engine::{Node, NodeError, StepContext, StepOutcome, Tokens};
use flow::{ConfigProblem, Effect, Resource, ResourceKind, Shape, Text};
use inference::{Answer, ChatRequest, Error, Finish, Message, Provider, Sink, Timeouts};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::{Models, model};
use schema::Schema;

/// Pieces of text under way from the model to those who watch.
const PIECES: usize = 32;

/// By how much the call may outlast the step, so that it is the step that is late.
const GRACE: Duration = Duration::from_millis(50);

pub(crate) struct Llm {
    pub(crate) models: Arc<dyn Models>,
}

/// A question to a chat model.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// The model, by the name it has in the workspace.
    #[serde(default = "default_model")]
    #[schemars(extend("x-widget" = "model"))]
    model: String,
    /// The conversation, oldest first; each message is `system`, `user` or `assistant` with its text.
    #[schemars(length(min = 1))]
    messages: Vec<Said>,
    /// How freely the model chooses its words, from 0 (always the likeliest) to 2. The model's own by default.
    #[schemars(range(min = 0.0, max = 2.0))]
    temperature: Option<f32>,
    /// The most tokens it may answer with.
    #[schemars(range(min = 1))]
    max_tokens: Option<u32>,
    /// A JSON Schema. The model must answer with JSON that it describes; that is the output `data`.
    response_schema: Option<Schema>,
    /// Texts that end the answer where they would begin: up to 4.
    #[serde(default)]
    #[schemars(length(max = 4))]
    stop: Vec<String>,
    /// Makes the model give the same answer to the same question, where it can.
    seed: Option<u64>,
}

/// Who says what.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Said {
    /// Instructions to the model.
    System(Text),
    /// What the person or system asks.
    User(Text),
    /// What the model answered before.
    Assistant(Text),
}

fn default_model() -> String {
    "default".to_owned()
}

impl Node for Llm {
    const KIND: &'static str = "llm";
    const EFFECT: Effect = Effect::Recorded;
    const IS_AI: bool = true;
    const HELP: &'static str = include_str!("help.md");

    type Config = Config;

    fn check(config: &Config) -> Vec<ConfigProblem> {
        let problem =
            |field: &str, reason: &str| ConfigProblem { field: field.into(), reason: reason.into() };
        let mut problems = Vec::new();
        if config.messages.is_empty() {
            problems.push(problem("messages", "there must be at least one message"));
        }
        if config.temperature.is_some_and(|temperature| !(0.0..=2.0).contains(&temperature)) {
            problems.push(problem("temperature", "it lies between 0 and 2"));
        }
        if config.max_tokens == Some(0) {
            problems.push(problem("max_tokens", "it is at least 1"));
        }
        if config.stop.len() > 4 || config.stop.iter().any(String::is_empty) {
            problems.push(problem("stop", "there are at most 4 texts, none of them empty"));
        }
        problems
    }

    fn output(_: &Config) -> Shape {
        Shape::of(&["text", "data", "model", "finish_reason", "usage"])
    }

    fn resources(config: &Config) -> Vec<Resource> {
        vec![Resource { kind: ResourceKind::Model, name: config.model.clone(), field: "model".to_owned() }]
    }

    async fn run(&self, config: &Config, context: &StepContext) -> Result<StepOutcome, NodeError> {
        let messages = rendered(config, context)?;
        let shown = |message: &Message| json!({ message.role.as_str(): message.to_text() });
        context.works_on(
            json!({ "model": config.model, "messages": messages.iter().map(shown).collect::<Vec<_>>() }),
        );
        self.ask(config, context, messages).await.map(StepOutcome::of)
    }
}

impl Llm {
    async fn ask(
        &self,
        config: &Config,
        context: &StepContext,
        messages: Vec<Message>,
    ) -> Result<Value, NodeError> {
        let found = self.models.chat(context.place, &config.model).await;
        let (provider, model) = found.map_err(|error| model::not_found(&error))?;
        // The provider tries again only while that is in time; the step's own limit has the last word.
        let total = context.time_left() + GRACE;
        let request = ChatRequest {
            response_schema: config.response_schema.as_ref().map(|schema| schema.source().clone()),
            temperature: config.temperature,
            max_tokens: config.max_tokens,
            stop: config.stop.clone(),
            seed: config.seed,
            timeouts: Timeouts { first_token: total, total, ..Timeouts::default() },
            ..ChatRequest::new(model, messages)
        };
        let answer = streamed(&*provider, &request, &context.tokens()).await;
        let answer = answer.map_err(|error| model::failed(&error))?;
        let data = match &config.response_schema {
            None => Value::Null,
            Some(schema) => schema.read(&answer.text).map_err(|reason| unfit(&answer, &reason))?,
        };
        Ok(output(&answer, &data))
    }
}

fn rendered(config: &Config, context: &StepContext) -> Result<Vec<Message>, NodeError> {
    let message = |said: &Said| {
        Ok(match said {
            Said::System(text) => Message::system(context.text(text)?),
            Said::User(text) => Message::user(context.text(text)?),
            Said::Assistant(text) => Message::assistant(context.text(text)?),
        })
    };
    config.messages.iter().map(message).collect()
}

/// Asks, and passes the text on as it comes.
async fn streamed(provider: &dyn Provider, request: &ChatRequest, tokens: &Tokens) -> Result<Answer, Error> {
    let (watcher, mut pieces) = mpsc::channel(PIECES);
    let asking = async move {
        let mut sink = Sink::new(watcher);
        provider.chat(request, &mut sink).await
    };
    let passing = async {
        while let Some(piece) = pieces.recv().await {
            tokens.send(&piece);
        }
    };
    tokio::join!(asking, passing).0
}

fn output(answer: &Answer, data: &Value) -> Value {
    let Answer { text, finish, usage, model } = answer;
    let finish_reason = match finish {
        Finish::Stop => "stop",
        Finish::Length => "length",
        Finish::ContentFilter => "content_filter",
        Finish::ToolCalls => "tool_calls",
        Finish::Other(word) => word,
        _ => "other",
    };
    json!({ "text": text, "data": data, "model": model, "finish_reason": finish_reason, "usage": usage })
}

fn unfit(answer: &Answer, reason: &str) -> NodeError {
    let why = match answer.finish {
        Finish::Length => "it was cut off at the most tokens allowed; raise `max_tokens`",
        _ => "give the step a `retry`, simplify `response_schema`, or choose another model",
    };
    NodeError::transient(
        "answer_unfit",
        format!("the model's answer does not fit `response_schema`: {reason}; {why}"),
    )
}
