//! An incoming webhook of Slack.
//!
//! Rules from the vendor's pages (docs.slack.dev, "Sending messages using incoming webhooks", "Rate limits",
//! "Formatting message text", "Blocks"): 200 with `ok` means that the message was taken, failures are a status with a
//! word; about one message a second; a text has at most 40,000 characters, a message 50 blocks, a section's text
//! 3,000 characters.

mod answer;
mod config;

use std::time::Duration;

use bytes::Bytes;
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
use config::{Config, Format, Said, Secrets};

/// The longest text, in characters.
const LIMIT: usize = 40_000;

/// The most blocks, and the longest text of a section, in characters.
const BLOCKS: usize = 50;
const SECTION: usize = 3_000;

pub(crate) struct Slack {
    draft: Draft,
    format: Format,
}

impl Kind for Slack {
    const NAME: &'static str = "slack";
    /// People read a chat in order.
    const CONCURRENCY: u16 = 1;
    const PACE: &'static [Window] = &[Window { calls: 1, within: Duration::from_secs(1) }];
    const ANSWER_LIMIT: usize = 8 * 1024;
    const MESSAGE: Option<fn(&mut SchemaGenerator) -> Schema> = Some(Said::json_schema);
    type Config = Config;
    type Secrets = Secrets;

    fn open(config: Config, secrets: Secrets) -> Result<Self, Error> {
        let address = Address::secret("secrets.url", secrets.url.expose())?;
        let token = address.url.path().split_once("/services/").map(|(_, token)| token);
        if token.is_none_or(str::is_empty) {
            let error = Error::config("secrets.url", "the address has no token after `/services/`.");
            return Err(
                error.suggest("Copy the whole webhook URL from the Slack app's page Incoming Webhooks.")
            );
        }
        Ok(Self { draft: Draft::json(address)?, format: config.format })
    }

    fn calls(&self, message: Message, _: &Stamp) -> Result<Vec<Call>, Unsendable> {
        let said: Said = chat::said(message.body, "Slack")?;
        let format = said.format.unwrap_or(self.format);
        if !said.blocks.is_empty() {
            check(&said.blocks)?;
            return Ok(vec![self.draft.call(body(format, &said.text, Some(&said.blocks)))]);
        }
        let text = if format == Format::Text { escaped(&said.text) } else { said.text };
        let room = Room { most: LIMIT, unit: Unit::Characters, fenced: format == Format::Mrkdwn };
        let contents = parts(&text, room, "Slack")?;
        Ok(contents.iter().map(|content| self.draft.call(body(format, content, None))).collect())
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

fn body(format: Format, text: &str, blocks: Option<&[Value]>) -> Bytes {
    let mut body = json!({ "text": text });
    if format == Format::Text {
        body["mrkdwn"] = false.into();
    }
    if let Some(blocks) = blocks {
        body["blocks"] = blocks.into();
    }
    body.to_string().into()
}

/// Slack takes three characters for its own marks in any text.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Says which block Slack would refuse, which it does not say itself.
fn check(blocks: &[Value]) -> Result<(), Unsendable> {
    if blocks.len() > BLOCKS {
        return Err(Unsendable(format!(
            "Slack takes at most {BLOCKS} blocks a message, these are {}",
            blocks.len()
        )));
    }
    for (at, block) in blocks.iter().enumerate() {
        if !block["type"].is_string() {
            return Err(Unsendable(format!("blocks[{at}] has no `type`, such as `section`")));
        }
        let text = block["text"]["text"].as_str().unwrap_or_default();
        if block["type"] == "section" && Unit::Characters.of(text) > SECTION {
            return Err(Unsendable(format!(
                "blocks[{at}].text has over {SECTION} characters, which Slack refuses: divide it into sections, or \
                 send it as `text`"
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
