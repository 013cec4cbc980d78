//! Kinds of destination: one file each, one line to register it.

mod chat;
mod dingtalk;
mod discord;
mod email;
mod feishu;
mod slack;
mod sms;
mod teams;
#[cfg(test)]
pub(crate) mod testing;
mod webhook;
mod wecom;
mod wecom_app;

use std::time::Duration;

use clock::Timestamp;
use flow::Span;
use outbound::{Endpoint, Response};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use store::{DeliveryId, Message};
use vault::Secret;

use crate::{
    Error,
    call::{Call, Unsendable},
    credential::Credential,
    files::{Digest, Files},
    record::BODY_LIMIT,
    redact::Redaction,
    signing::SignedBy,
    verdict::{Verdict, judge_status},
};

/// Every kind, in the order in which the console offers them.
pub(crate) const KINDS: &[Entry] = &[
    Entry::of::<webhook::Webhook>(),
    Entry::of::<wecom::Wecom>(),
    Entry::of::<wecom_app::WecomApp>(),
    Entry::of::<dingtalk::Dingtalk>(),
    Entry::of::<feishu::Feishu>(),
    Entry::of::<slack::Slack>(),
    Entry::of::<teams::Teams>(),
    Entry::of::<discord::Discord>(),
    Entry::of::<sms::Sms>(),
    Entry::of::<email::Email>(),
];

/// A kind of destination: how its settings are read, how a message is put for it, what its answers mean.
///
/// The doc comments of `Config`, `Secrets` and their fields are the help texts of the console's form.
pub(crate) trait Kind: Send + Sync + Sized + 'static {
    /// The word for it in the settings.
    const NAME: &'static str;
    /// Deliveries under way at once, unless the destination says otherwise.
    const CONCURRENCY: u16 = 8;
    /// How many calls its vendor takes, unless the destination says otherwise. Each bound holds by itself.
    const PACE: &'static [Window] = &[];
    /// How long one exchange may take, unless the destination says otherwise.
    const TIMEOUT: Duration = Duration::from_secs(10);
    /// The field of a message that is HTML, in which what templates give is escaped.
    const HTML: Option<&'static str> = None;
    /// How much of an answer is read and kept, in bytes.
    const ANSWER_LIMIT: usize = BODY_LIMIT;
    /// What its messages say, where that has a form of its own; a text alone may stand in its place. Without one it
    /// takes any JSON.
    const MESSAGE: Option<fn(&mut SchemaGenerator) -> Schema> = None;
    /// The settings that everybody may see.
    type Config: DeserializeOwned + JsonSchema;
    /// The settings that nobody sees again.
    type Secrets: DeserializeOwned + JsonSchema;

    /// Checks the settings and prepares for sending.
    fn open(config: Self::Config, secrets: Self::Secrets) -> Result<Self, Error>;

    /// Puts a message into the kind's form: one call, or several, made one after another, for a message that
    /// must be divided. The same message always gives the same calls.
    fn calls(&self, message: Message, stamp: &Stamp) -> Result<Vec<Call>, Unsendable>;

    /// What an answer to a request means: what its status says, unless the vendor says more. Those to a mail are judged by
    /// SMTP's own rules.
    fn judge(&self, response: &Response) -> Verdict {
        judge_status(response, false)
    }

    /// Where it connects to, so that this can be tried without a message.
    fn endpoint(&self) -> Endpoint;

    /// What must not be recorded.
    fn redaction(&self) -> &Redaction;

    /// The files of the event that a message sends on. They come with the stamp.
    fn files(&self, _: &Value) -> Vec<Digest> {
        Vec::new()
    }

    /// How the token is come by that its calls need. They get it with their stamp.
    fn credential(&self) -> Option<&Credential> {
        None
    }

    /// What is to be said of an answer by which a message was taken, such as for whom it was not.
    fn remark(&self, _: &Response) -> Option<String> {
        None
    }

    /// The keys that it signs by.
    fn signed_by(&self) -> Vec<SignedBy> {
        Vec::new()
    }
}

/// At most so many calls within so long, in whichever span of that length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    /// How many calls.
    pub(crate) calls: u32,
    /// The length of the span.
    pub(crate) within: Duration,
}

impl Window {
    /// As settings write it.
    pub(crate) fn shown(&self) -> Value {
        json!({ "calls": self.calls, "within": Self::span(self.within).to_string() })
    }

    /// A length of time as settings write it.
    pub(crate) fn span(length: Duration) -> Span {
        Span::from_millis(u64::try_from(length.as_millis()).unwrap_or(u64::MAX))
    }
}

/// What an attempt puts its name and time to, and the token that it shows.
#[derive(Clone, Debug)]
pub(crate) struct Stamp {
    /// The delivery's id, the same on every attempt.
    pub(crate) id: String,
    /// The time of the attempt, in seconds since 1970.
    pub(crate) at_s: i64,
    /// The same in milliseconds.
    pub(crate) at_ms: i64,
    /// The token, of a kind that has a [`Credential`].
    pub(crate) token: Option<Secret>,
    /// The files that the message names.
    pub(crate) files: Files,
}

impl Stamp {
    /// That of a delivery's attempt at a time, before a token is known.
    pub(crate) fn new(id: DeliveryId, at: Timestamp, files: Files) -> Self {
        Self { id: id.to_string(), at_s: at.as_secs(), at_ms: at.as_millis(), token: None, files }
    }
}

/// An opened destination of any kind.
pub(crate) trait Target: Send + Sync {
    fn kind(&self) -> &'static str;
    fn answer_limit(&self) -> usize;
    fn calls(&self, message: Message, stamp: &Stamp) -> Result<Vec<Call>, Unsendable>;
    fn judge(&self, response: &Response) -> Verdict;
    fn endpoint(&self) -> Endpoint;
    fn redaction(&self) -> &Redaction;
    fn files(&self, body: &Value) -> Vec<Digest>;
    fn credential(&self) -> Option<&Credential>;
    fn remark(&self, response: &Response) -> Option<String>;
    fn signed_by(&self) -> Vec<SignedBy>;
}

/// A registered kind.
pub(crate) struct Entry {
    pub(crate) name: &'static str,
    pub(crate) concurrency: u16,
    pub(crate) pace: &'static [Window],
    pub(crate) timeout: Duration,
    pub(crate) html: Option<&'static str>,
    pub(crate) open: fn(Value, Value) -> Result<Box<dyn Target>, Error>,
    pub(crate) config: fn(&mut SchemaGenerator) -> Schema,
    pub(crate) secrets: fn(&mut SchemaGenerator) -> Schema,
    pub(crate) message: Option<fn(&mut SchemaGenerator) -> Schema>,
}

impl Entry {
    const fn of<K: Kind>() -> Self {
        Self {
            name: K::NAME,
            concurrency: K::CONCURRENCY,
            pace: K::PACE,
            timeout: K::TIMEOUT,
            html: K::HTML,
            open: open::<K>,
            config: K::Config::json_schema,
            secrets: K::Secrets::json_schema,
            message: K::MESSAGE,
        }
    }
}

/// Reads settings of a type from JSON; `prefix` is where they stand.
pub(crate) fn read<T: DeserializeOwned>(prefix: &str, json: Value) -> Result<T, Error> {
    serde_path_to_error::deserialize(json).map_err(|error| Error::of_json(prefix, &error))
}

/// Reads a message that is an object.
pub(crate) fn form<T: DeserializeOwned>(body: Value) -> Result<T, Unsendable> {
    read("body", body).map_err(|error| Unsendable(error.to_string()))
}

fn open<K: Kind>(config: Value, secrets: Value) -> Result<Box<dyn Target>, Error> {
    Ok(Box::new(K::open(read("", config)?, read("secrets", secrets)?)?))
}

impl<K: Kind> Target for K {
    fn kind(&self) -> &'static str {
        K::NAME
    }

    fn answer_limit(&self) -> usize {
        K::ANSWER_LIMIT
    }

    fn calls(&self, message: Message, stamp: &Stamp) -> Result<Vec<Call>, Unsendable> {
        Kind::calls(self, message, stamp)
    }

    fn judge(&self, response: &Response) -> Verdict {
        Kind::judge(self, response)
    }

    fn endpoint(&self) -> Endpoint {
        Kind::endpoint(self)
    }

    fn redaction(&self) -> &Redaction {
        Kind::redaction(self)
    }

    fn files(&self, body: &Value) -> Vec<Digest> {
        Kind::files(self, body)
    }

    fn credential(&self) -> Option<&Credential> {
        Kind::credential(self)
    }

    fn remark(&self, response: &Response) -> Option<String> {
        Kind::remark(self, response)
    }

    fn signed_by(&self) -> Vec<SignedBy> {
        Kind::signed_by(self)
    }
}
