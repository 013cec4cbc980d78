//! What a source is told: the JSON that is stored, its form in the console and its place in the API
//! all come from here.

use std::{num::NonZeroU32, sync::Arc};

use clock::Timestamp;
use flow::{ByteSize, Field, FieldType, Path, Span};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Contract, Cors, Error, FileLimits, StaticReply, Verification};

/// A source's configuration, without its secrets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// How the source knows its senders. It must be chosen: there is no default.
    pub verification: Verification,
    /// The scheme that senders change over from, for as long as they may still use it. Its secrets are put by when
    /// a source's secrets are rotated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<Previous>,
    /// The methods it takes; others get 405.
    #[serde(default = "Config::default_methods")]
    pub methods: Vec<Method>,
    /// What follows the source's URL, with parameters in braces: `orders/{order_id}`. Without it the
    /// URL is called bare.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["orders/{order_id}"]))]
    pub path: Option<String>,
    /// The flow's inputs and where each comes from. When there are none, each input is taken by its
    /// own name from the JSON object, the XML or the form in the body (files from the form's parts),
    /// or, when there is no body, from the query; other keys are ignored.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub fields: IndexMap<String, SourceField>,
    /// Which requests run the flow: an expression that is true for them, over `input` (the fields), `body`, `query`,
    /// `header`, `path` and `form`. One for which it is false is answered and recorded as filtered, and runs nothing;
    /// one for which it fails gets 422.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-widget" = "template", "examples" = ["{{ body.type == 'order.paid' }}"]))]
    pub filter: Option<String>,
    /// How a repeated request is known; `null` takes every request as new.
    #[serde(default = "Config::default_dedupe")]
    pub dedupe: Option<Dedupe>,
    /// The most that the source takes.
    #[serde(default)]
    pub limits: LimitConfig,
    /// How an accepted request is answered.
    #[serde(default)]
    pub reply: Reply,
    /// The client addresses it takes requests from, as networks or single addresses; others get 403. Empty for all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [["203.0.113.0/24", "2001:db8::/32"]]))]
    pub allow_cidrs: Vec<String>,
    /// Which pages of other origins may call it from a browser; none by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cors: Option<Cors>,
    /// Lets the source take the inputs of one version of the flow, whatever version is deployed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract: Option<Contract>,
    /// Further headers and query parameters whose values are not recorded, beside `Authorization`,
    /// `Cookie`, and those with `token`, `secret`, `password`, `signature` or `api-key` in their names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub redact: Vec<String>,
    /// Who may read the source's documentation.
    #[serde(default, skip_serializing_if = "Visibility::is_private")]
    pub docs: Visibility,
}

/// Who may read a source's documentation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// Who is logged in, or has an API key.
    #[default]
    Private,
    /// Anyone with the URL.
    Public,
}

/// The scheme that a source verified by before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Previous {
    /// The scheme. A request that the present one refuses is tried with it.
    pub verification: Verification,
    /// Until when, in milliseconds since 1970.
    #[schemars(with = "i64")]
    pub until: Timestamp,
}

/// An HTTP method that a source may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "the names are HTTP's own")]
pub enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

/// One of the flow's inputs and where it comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceField {
    /// What the value must be. Text from query, header, path or form is read as the type.
    #[serde(rename = "type")]
    pub kind: FieldType,
    /// Where it is: `body.data.items[0].sku`, `query.x`, `header.x-y`, `path.order_id`, `form.x`, `file.x`
    /// for a file of a form; or `body` for the whole body.
    #[schemars(with = "String", extend("x-widget" = "source-path", "examples" = ["body.data.items[0].sku"]))]
    pub from: Path,
    /// Whether the field must be there and not null.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub required: bool,
    /// The value taken when the field is absent or null.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
    /// The most characters of a string, or items of an array.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_length: Option<usize>,
    /// The only values allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub one_of: Option<Vec<Value>>,
    /// What the field means, for the source's documentation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// A value as it may come, for the source's documentation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub example: Option<Value>,
}

/// How a repeated request is known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dedupe {
    /// Where the key is, written like a field's `from`. By default the scheme's own
    /// (`header.webhook-id` for Standard Webhooks, `header.x-github-delivery` for GitHub), else
    /// `header.idempotency-key`. A request without a key is new.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("x-widget" = "source-path"))]
    pub from: Option<Path>,
    /// In place of `from`, the key as an expression over the same names as the filter's:
    /// `{{ body.order.id }}-{{ header.x-shop }}`. When it gives nothing or an empty text, the request has no key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-widget" = "template"))]
    pub key: Option<String>,
    /// How long a key is remembered, 1s to 30d.
    #[serde(default = "Dedupe::default_window")]
    pub window: Span,
}

/// The most that a source takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LimitConfig {
    /// The largest body, up to 64MiB, also after it is decompressed; larger ones get 413.
    #[serde(default = "LimitConfig::default_body")]
    pub body: ByteSize,
    /// Files.
    #[serde(default, skip_serializing_if = "FileLimits::is_default")]
    pub files: FileLimits,
    /// Requests of all verified senders together; more get 429.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_rate: Option<Rate>,
    /// Requests of one client address (of one /64 in IPv6), verified or not; more get 429.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_rate: Option<Rate>,
}

/// A token bucket: it holds `burst` requests and fills with `requests` in every `per`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// Requests in each period, up to 1,000,000.
    pub requests: NonZeroU32,
    /// The period, 1s to 1d.
    #[serde(default = "Rate::default_per")]
    pub per: Span,
    /// Requests that may come at once after a quiet time; as many as `requests` by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub burst: Option<NonZeroU32>,
}

/// How an accepted request is answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "mode", rename_all = "snake_case", deny_unknown_fields)]
pub enum Reply {
    /// At once, when the event is committed: its id, its run's id and a URL for its fate.
    Accept {
        /// The status, 200 to 299: some senders take only 200. 204 and 205 come without a body.
        #[serde(default = "Reply::default_status")]
        #[schemars(range(min = 200, max = 299))]
        status: u16,
    },
    /// With the flow's outputs and 200; when the deadline passes first, as `accept` with 202.
    Wait {
        /// How long the caller waits at most, 1s to 300s.
        #[serde(default = "Reply::default_deadline")]
        deadline: Span,
    },
    /// With what the flow's `respond` node says; when the deadline passes first, as `accept` with 202.
    Respond {
        /// How long the caller waits at most, 1s to 300s.
        #[serde(default = "Reply::default_deadline")]
        deadline: Span,
    },
    /// With a fixed answer, at once, when the event is committed.
    Static(Arc<StaticReply>),
    /// With server-sent events as the run goes on: its steps, the text of AI steps as it comes, and the outputs. When
    /// the deadline passes first, the last one gives the URL of the event's fate.
    Stream {
        /// How long the stream is at most, 1s to 1h. It can be gone on with then.
        #[serde(default = "Reply::longest_stream")]
        deadline: Span,
    },
}

impl Config {
    fn default_methods() -> Vec<Method> {
        vec![Method::Post]
    }

    #[expect(clippy::unnecessary_wraps, reason = "serde's default is of the field's own type")]
    fn default_dedupe() -> Option<Dedupe> {
        Some(Dedupe { from: None, key: None, window: Dedupe::default_window() })
    }

    /// Checks what the types alone do not say.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.methods.is_empty() {
            let reason = "the source takes no method at all";
            return Err(Error::config("methods", "empty", reason, "Add at least `POST`."));
        }
        if let Some(dedupe) = &self.dedupe {
            if dedupe.from.is_some() && dedupe.key.is_some() {
                let reason = "a key comes from one place.";
                return Err(Error::config("dedupe", "too_many", reason, "Give either `from` or `key`."));
            }
            span("dedupe.window", dedupe.window, [Span::from_secs(1), Span::from_secs(30 * 86_400)])?;
        }
        if !(1..=64 << 20).contains(&self.limits.body.0) {
            let reason = format!("{} is not a size from 1B to 64MiB", self.limits.body);
            return Err(Error::config("limits.body", "out_of_range", reason, "Choose one, such as `1MiB`."));
        }
        self.limits.files.check_config()?;
        for (name, rate) in
            [("source_rate", self.limits.source_rate), ("client_rate", self.limits.client_rate)]
        {
            rate.map_or(Ok(()), |rate| rate.check(&format!("limits.{name}")))?;
        }
        self.reply.check()
    }
}

impl Visibility {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
    fn is_private(&self) -> bool {
        *self == Self::Private
    }
}

impl Dedupe {
    const fn default_window() -> Span {
        Span::from_secs(86_400)
    }
}

impl LimitConfig {
    const fn default_body() -> ByteSize {
        ByteSize(1 << 20)
    }
}

impl Default for LimitConfig {
    fn default() -> Self {
        Self {
            body: Self::default_body(),
            files: FileLimits::default(),
            source_rate: None,
            client_rate: None,
        }
    }
}

impl Rate {
    const MAX: u32 = 1_000_000;

    const fn default_per() -> Span {
        Span::from_secs(1)
    }

    fn check(self, field: &str) -> Result<(), Error> {
        for (name, count) in [("requests", Some(self.requests)), ("burst", self.burst)] {
            if count.is_some_and(|count| count.get() > Self::MAX) {
                let reason = format!("the rate is over {} requests", Self::MAX);
                let suggestion = "Leave the rate out to have no limit.";
                return Err(Error::config(format!("{field}.{name}"), "out_of_range", reason, suggestion));
            }
        }
        span(&format!("{field}.per"), self.per, [Span::from_secs(1), Span::from_secs(86_400)])
    }
}

impl Reply {
    const fn default_status() -> u16 {
        202
    }

    const fn default_deadline() -> Span {
        Span::from_secs(30)
    }

    const fn longest_stream() -> Span {
        Span::from_secs(3600)
    }

    /// Checks what the types alone do not say.
    ///
    /// # Errors
    /// Which field is wrong, and what to write.
    pub fn check(&self) -> Result<(), Error> {
        match self {
            Self::Static(reply) => reply.check(),
            Self::Stream { deadline } => {
                span("reply.deadline", *deadline, [Span::from_secs(1), Self::longest_stream()])
            }
            Self::Accept { status } if (200..300).contains(status) => Ok(()),
            Self::Accept { status } => {
                let reason = format!("{status} is not a status from 200 to 299");
                Err(Error::config(
                    "reply.status",
                    "out_of_range",
                    reason,
                    "Use 202, or 200 where it must be.",
                ))
            }
            Self::Wait { deadline } | Self::Respond { deadline } => {
                span("reply.deadline", *deadline, [Span::from_secs(1), Span::from_secs(300)])
            }
        }
    }
}

impl Default for Reply {
    fn default() -> Self {
        Self::Accept { status: Self::default_status() }
    }
}

impl Method {
    /// The method as HTTP writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

impl SourceField {
    /// The field without its origin.
    pub(crate) fn field(&self) -> Field {
        Field {
            kind: self.kind.clone(),
            required: self.required,
            default: self.default.clone(),
            max_length: self.max_length,
            one_of: self.one_of.clone(),
            description: self.description.clone(),
            example: self.example.clone(),
        }
    }
}

/// Checks that a span lies within its bounds.
pub(crate) fn span(field: &str, value: Span, [least, most]: [Span; 2]) -> Result<(), Error> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    let reason = format!("{value} is not a time from {least} to {most}");
    Err(Error::config(field, "out_of_range", reason, "Choose one within those bounds."))
}
