//! A workflow of Microsoft Teams ("Send webhook alerts to a channel"), or one of its old connectors.
//!
//! Rules from the vendor's pages (learn.microsoft.com, "Create incoming webhooks with Workflows for Microsoft Teams"
//! and "Create and send messages" for connectors): the message has an Adaptive Card as an attachment; it has at
//! most 28 KB; a workflow answers 202; a connector answers 200 to everything, with `1` when the message was taken;
//! both take four messages a second.

mod answer;
mod card;
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
use card::Card;
use config::{Config, Format, Said, Secrets};

/// The longest body, in bytes: 28 KB, whichever kilobytes are meant.
const LIMIT: usize = 28_000;

/// The least room for text that facts and actions leave.
const LEAST: usize = 1_000;

pub(crate) struct Teams {
    draft: Draft,
    format: Format,
    title: Option<String>,
}

impl Kind for Teams {
    const NAME: &'static str = "teams";
    /// People read a chat in order.
    const CONCURRENCY: u16 = 1;
    const PACE: &'static [Window] = &[Window { calls: 4, within: Duration::from_secs(1) }];
    const ANSWER_LIMIT: usize = 8 * 1024;
    const MESSAGE: Option<fn(&mut SchemaGenerator) -> Schema> = Some(Said::json_schema);
    type Config = Config;
    type Secrets = Secrets;

    fn open(config: Config, secrets: Secrets) -> Result<Self, Error> {
        let address = Address::secret("secrets.url", secrets.url.expose())?;
        if address.url.path().len() < 2 {
            let error = Error::config("secrets.url", "the address has no path.");
            return Err(error.suggest(
                "Copy the whole URL from the workflow's step When a Teams webhook request is received.",
            ));
        }
        let Config { format, title } = config;
        let title = chat::title(title)?;
        Ok(Self { draft: Draft::json(address)?, format, title })
    }

    fn calls(&self, message: Message, _: &Stamp) -> Result<Vec<Call>, Unsendable> {
        let said: Said = chat::said(message.body, "Teams")?;
        let bodies = match &said.card {
            Some(card) => vec![whole(card, &said)?],
            None => self.bodies(&said)?,
        };
        Ok(bodies.into_iter().map(|body| self.draft.call(body.into())).collect())
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

impl Teams {
    /// The bodies that a text becomes: facts and actions stand under its end.
    fn bodies(&self, said: &Said) -> Result<Vec<String>, Unsendable> {
        let title = chat::titled(said.title.as_ref(), self.title.as_ref())?;
        said.check().map_err(Unsendable)?;
        let format = said.format.unwrap_or(self.format);
        let card = Card { format, title, facts: &said.facts, actions: &said.actions };
        let most = LIMIT.saturating_sub(enclosed(&card.with("", true)).len());
        if most < LEAST {
            return Err(Unsendable(format!(
                "Teams takes at most {LIMIT} bytes a message: shorten the facts and actions"
            )));
        }
        let room = Room { most, unit: Unit::Json, fenced: false };
        let contents = parts(&said.text, room, "Teams")?;
        let last = contents.len() - 1;
        let body = |(at, content): (usize, &String)| enclosed(&card.with(content, at == last));
        Ok(contents.iter().enumerate().map(body).collect())
    }
}

/// The body that a whole card becomes.
fn whole(card: &Value, said: &Said) -> Result<String, Unsendable> {
    if card["type"] != "AdaptiveCard" {
        return Err(Unsendable(
            "`card` is an object with `type: AdaptiveCard`, as adaptivecards.io describes it".to_owned(),
        ));
    }
    if !said.is_empty() {
        return Err(Unsendable("`card` says everything itself: leave `text` and the others out".to_owned()));
    }
    let body = enclosed(card);
    if body.len() > LIMIT {
        return Err(Unsendable(format!("Teams takes at most {LIMIT} bytes a message: shorten the card")));
    }
    Ok(body)
}

/// A card as a message's attachment.
fn enclosed(card: &Value) -> String {
    let attachment = json!({
        "contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": null, "content": card,
    });
    json!({ "type": "message", "attachments": [attachment] }).to_string()
}

#[cfg(test)]
mod tests;
