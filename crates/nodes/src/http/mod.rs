#![doc = include_str!("help.md")]

mod answer;
mod request;
mod secrets;
mod status;

use std::{sync::Arc, time::Duration};

use ::http::Method as HttpMethod;
use engine::{Node, NodeError, StepContext, StepOutcome};
use flow::{ConfigProblem, Dynamic, Effect, Shape, Text};
use indexmap::IndexMap;
use outbound::{Client, Limit, Timeouts};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Secrets;
use request::Rendered;
use secrets::Revealed;
use status::Expected;

/// The longest answer that is taken, in bytes after decompression.
const ANSWER: usize = 1 << 20;

/// The step's own timeout ends a call that takes too long, so that there is one setting and not two.
const LONGEST: Duration = Duration::from_secs(3_600);

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(10);

pub(crate) struct Http {
    pub(crate) client: Client,
    pub(crate) secrets: Arc<dyn Secrets>,
}

/// One HTTP request and its answer.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// The HTTP method.
    #[serde(default)]
    method: Method,
    /// The address: `https://erp.example.com/orders/{{ input.order_id | urlencode }}`. No secret may stand in it.
    url: Text,
    /// Query parameters by name; they are encoded and added to the address.
    #[serde(default)]
    query: IndexMap<String, Text>,
    /// Headers by name.
    #[serde(default)]
    headers: IndexMap<String, Text>,
    /// What is sent: a text is sent as text, anything else as JSON. A `Content-Type` header says otherwise.
    body: Option<Dynamic>,
    /// How the server is shown who calls.
    auth: Option<Auth>,
    /// The statuses that count as success, such as `[2xx, 404]`; every 2xx by default.
    #[serde(default)]
    success: Expected,
}

/// An HTTP method.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
enum Method {
    /// Reads.
    #[default]
    Get,
    /// Reads the head alone.
    Head,
    /// Sends something new.
    Post,
    /// Replaces what is there.
    Put,
    /// Changes what is there.
    Patch,
    /// Deletes what is there.
    Delete,
}

/// How the server is shown who calls.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Auth {
    /// `Authorization: Bearer …` with this token: `{{ secret.ERP_TOKEN }}`.
    Bearer(Text),
    /// HTTP Basic.
    Basic(Basic),
}

/// A name and a password.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Basic {
    /// The name; it has no colon.
    username: Text,
    /// The password: `{{ secret.ERP_PASSWORD }}`.
    password: Text,
}

impl Method {
    const fn takes_body(self) -> bool {
        !matches!(self, Self::Get | Self::Head)
    }
}

impl From<Method> for HttpMethod {
    fn from(method: Method) -> Self {
        match method {
            Method::Get => Self::GET,
            Method::Head => Self::HEAD,
            Method::Post => Self::POST,
            Method::Put => Self::PUT,
            Method::Patch => Self::PATCH,
            Method::Delete => Self::DELETE,
        }
    }
}

impl Node for Http {
    const KIND: &'static str = "http";
    const EFFECT: Effect = Effect::Effectful;
    const SECRET_FIELDS: &'static [&'static str] = &["headers", "query", "auth"];
    const HELP: &'static str = include_str!("help.md");

    type Config = Config;

    fn check(config: &Config) -> Vec<ConfigProblem> {
        request::check(config)
    }

    fn output(_: &Config) -> Shape {
        Shape::of(&["status", "headers", "body"])
    }

    async fn run(&self, config: &Config, context: &StepContext) -> Result<StepOutcome, NodeError> {
        let rendered = Rendered::of(config, context)?;
        // Before anything is resolved, so that no secret can come into the trace.
        context.works_on(rendered.shown(context));
        let mut secrets = Revealed::of(&*self.secrets, context).await?;
        let request = rendered.request(context, &mut secrets)?;
        let timeouts = Timeouts { connect: CONNECT, ..Timeouts::total(LONGEST) };
        let request = request.timeouts(timeouts).limit(Limit::fail(ANSWER));
        let answer = match self.client.send(request).await {
            Ok(response) => answer::read(&response, &config.success, &secrets),
            Err(error) => Err(answer::failed(&error)),
        };
        answer.map(StepOutcome::of)
    }
}
