//! A Discord destination's settings, and what a message to it may say.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use vault::Secret;

use crate::Error;

/// How many may be mentioned at once, and how long an id is.
const MENTIONS: usize = 50;
const ID: usize = 20;

/// The longest that [`Mentions::marks`] can be, in characters.
pub(super) const MARKS: usize = 10 + MENTIONS * (ID + 4);

/// The longest name, in characters.
const NAME: usize = 80;

/// Sends the message to a channel of Discord by a webhook. The message is a text, or an object `{text, embeds,
/// mentions}`. A text of over 2,000 characters is divided into numbered parts. Nobody is notified by what stands in
/// the text, only by `mentions`. It has arrived when Discord answers with the message.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// The name beside the messages, instead of the webhook's.
    pub(super) username: Option<String>,
    /// The picture beside the messages, instead of the webhook's.
    #[schemars(extend("format" = "uri"))]
    pub(super) avatar_url: Option<String>,
    /// The id of a thread of the channel; without it the channel itself.
    pub(super) thread_id: Option<String>,
    /// Who is notified; a message may choose others.
    #[serde(default)]
    pub(super) mentions: Mentions,
}

/// What nobody sees again.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Secrets {
    /// The webhook URL, as the channel's settings show it under Integrations. Whoever has it can write to the
    /// channel.
    #[schemars(with = "String", extend("writeOnly" = true, "format" = "uri",
        "examples" = ["https://discord.com/api/webhooks/…/…"]))]
    pub(super) url: Secret,
}

/// Who is notified.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Mentions {
    /// Members by id, which is a number.
    pub(super) users: Vec<String>,
    /// Roles by id, which is a number.
    pub(super) roles: Vec<String>,
    /// Everybody in the channel.
    pub(super) everyone: bool,
}

/// What a message says.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Said {
    /// What is said.
    pub(super) text: String,
    /// In Discord's own form.
    pub(super) embeds: Vec<Value>,
    /// Who is notified; else as the destination says.
    pub(super) mentions: Option<Mentions>,
}

impl From<String> for Said {
    fn from(text: String) -> Self {
        Self { text, ..Self::default() }
    }
}

impl Config {
    pub(super) fn check(&self) -> Result<(), Error> {
        if let Some(name) = &self.username
            && (name.trim().is_empty() || name.chars().count() > NAME)
        {
            return Err(Error::config("username", format!("a name has 1 to {NAME} characters.")));
        }
        if self.thread_id.as_ref().is_some_and(|id| !is_id(id)) {
            let error = Error::config("thread_id", "an id of Discord is a number.");
            return Err(error.suggest("Switch on Developer Mode, then choose Copy Thread ID."));
        }
        self.mentions.check().map_err(|reason| Error::config("mentions", reason))
    }
}

impl Mentions {
    /// Whether Discord can read them; says why not.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.users.len() + self.roles.len() > MENTIONS {
            return Err(format!("at most {MENTIONS} members and roles can be mentioned"));
        }
        if !self.users.iter().chain(&self.roles).all(|id| is_id(id)) {
            return Err("a mention is the id of a member or a role, which is a number".to_owned());
        }
        Ok(())
    }

    /// What Discord may make a notification of.
    pub(super) fn allowed(&self) -> Value {
        let parse: &[&str] = if self.everyone { &["everyone"] } else { &[] };
        json!({ "parse": parse, "users": self.users, "roles": self.roles })
    }

    /// The mentions as a content writes them, on a line of their own.
    pub(super) fn marks(&self) -> String {
        let everyone = self.everyone.then(|| "@everyone".to_owned()).into_iter();
        let users = self.users.iter().map(|id| format!("<@{id}>"));
        let roles = self.roles.iter().map(|id| format!("<@&{id}>"));
        let marks: String = everyone.chain(users).chain(roles).collect();
        if marks.is_empty() { marks } else { format!("\n{marks}") }
    }
}

fn is_id(id: &str) -> bool {
    (1..=ID).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_digit())
}
