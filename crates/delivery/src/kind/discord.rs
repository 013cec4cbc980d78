//! A webhook of a Discord channel.
//!
//! Rules from the vendor's pages (discord.com/developers/docs, "Webhook", "Rate Limits", "Message"): a content has at
//! most 2,000 characters, a message 10 embeds; with `wait=true` the answer is 200 and the message as it stands
//! there, otherwise 204; 429 carries `retry_after` in seconds. The limits are told by headers and not written
//! down; five calls in two seconds and thirty a minute are what a webhook is seen to take.

mod answer;
mod config;

use std::time::Duration;

use outbound::{Endpoint, Response};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Value, json};
use store::Message;

use super::{Kind, Stamp, Window, chat};
use crate::{
    Error,
    address::Address,
    call::{Call, Draft, Unsendable},
    parts::{Room, parts},
    redact::Redaction,
    split::Unit,
    verdict::Verdict,
};
use config::{Config, Mentions, Said, Secrets};

/// The longest content, in characters.
const LIMIT: usize = 2_000;

/// The most embeds.
const EMBEDS: usize = 10;

/// However many are mentioned, the text has room beside them.
const _: () = assert!(LIMIT > config::MARKS + 500);

pub(crate) struct Discord {
    draft: Draft,
    username: Option<String>,
    avatar_url: Option<String>,
    mentions: Mentions,
}

impl Kind for Discord {
    const NAME: &'static str = "discord";
    /// People read a chat in order.
    const CONCURRENCY: u16 = 1;
    const PACE: &'static [Window] = &[
        Window { calls: 5, within: Duration::from_secs(2) },
        Window { calls: 30, within: Duration::from_secs(60) },
    ];
    const ANSWER_LIMIT: usize = 16 * 1024;
    const MESSAGE: Option<fn(&mut SchemaGenerator) -> Schema> = Some(Said::json_schema);
    type Config = Config;
    type Secrets = Secrets;

    fn open(config: Config, secrets: Secrets) -> Result<Self, Error> {
        let address = Address::secret("secrets.url", secrets.url.expose())?;
        let token = address.url.path().split_once("/webhooks/").and_then(|(_, rest)| rest.split_once('/'));
        if token.is_none_or(|(id, token)| id.is_empty() || token.is_empty()) {
            let error = Error::config("secrets.url", "the address has no id and token after `/webhooks/`.");
            return Err(error.suggest("Copy the whole webhook URL from the channel's settings."));
        }
        config.check()?;
        let Config { username, avatar_url, thread_id, mentions } = config;
        // Otherwise 204 comes before Discord has looked at the message.
        let mut address = address.with_query("wait", "true");
        if let Some(thread) = &thread_id {
            address = address.with_query("thread_id", thread);
        }
        Ok(Self { draft: Draft::json(address)?, username, avatar_url, mentions })
    }

    fn calls(&self, message: Message, _: &Stamp) -> Result<Vec<Call>, Unsendable> {
        let said: Said = chat::said(message.body, "Discord")?;
        let mentions = said.mentions.as_ref().unwrap_or(&self.mentions);
        mentions.check().map_err(Unsendable)?;
        if said.embeds.len() > EMBEDS {
            return Err(Unsendable(format!("Discord takes at most {EMBEDS} embeds a message")));
        }
        let contents = contents(&said, mentions)?;
        let last = contents.len() - 1;
        let nobody = Mentions::default();
        let body = |(at, content): (usize, &String)| {
            // Who is mentioned stands in the first part, the embeds under the last.
            let embeds = if at == last { &said.embeds[..] } else { &[] };
            self.body(content, if at == 0 { mentions } else { &nobody }, embeds)
        };
        Ok(contents
            .iter()
            .enumerate()
            .map(body)
            .map(|body| self.draft.call(body.to_string().into()))
            .collect())
    }

    fn judge(&self, response: &Response) -> Verdict {
        answer::judge(response)
    }

    fn endpoint(&self) -> Endpoint {
        self.draft.endpoint()
    }

    fn redaction(&self) -> &Redaction {
        self.draft.redaction()
    }
}

impl Discord {
    fn body(&self, content: &str, mentions: &Mentions, embeds: &[Value]) -> Value {
        let mut body = json!({ "content": content, "allowed_mentions": mentions.allowed() });
        for (name, value) in [("username", &self.username), ("avatar_url", &self.avatar_url)] {
            if let Some(value) = value {
                body[name] = value.as_str().into();
            }
        }
        if !embeds.is_empty() {
            body["embeds"] = embeds.into();
        }
        body
    }
}

/// The text as the contents of one message, or of several. With embeds there may be none.
fn contents(said: &Said, mentions: &Mentions) -> Result<Vec<String>, Unsendable> {
    let marks = mentions.marks();
    if said.text.trim().is_empty() && !said.embeds.is_empty() {
        return Ok(vec![marks]);
    }
    let most = LIMIT - Unit::Characters.of(&marks);
    let mut contents = parts(&said.text, Room { most, unit: Unit::Characters, fenced: true }, "Discord")?;
    if let Some(first) = contents.first_mut() {
        *first += &marks;
    }
    Ok(contents)
}

#[cfg(test)]
mod tests;
