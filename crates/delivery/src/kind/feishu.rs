//! A group robot of Feishu (飞书), or of Lark, which is the same at another host.
//!
//! Rules from the vendor's page "自定义机器人使用指南" (open.feishu.cn, ucTM5YjL3ETO24yNxkjN): an answer carries
//! `code`, once `StatusCode`, and only 0 means that the message was taken; a robot takes 100 messages a minute
//! and 5 a second; a body has at most 20 KB. A robot with a signing secret wants `timestamp` (seconds, at most an
//! hour off) and `sign` in the body; the HMAC's key is time and secret, and its message is empty.

mod answer;
mod config;

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use outbound::{Endpoint, Response};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Value, json};
use store::Message;
use vault::Secret;

use super::{Kind, Stamp, Window, chat};
use crate::{
    Error,
    address::Address,
    call::{Call, Draft, Unsendable},
    mac::hmac_sha256,
    parts::{Room, parts},
    redact::Redaction,
    split::Unit,
    verdict::Verdict,
};
use config::{Config, Format, Mentions, Said, Secrets};

/// The longest body, in bytes: 20 KB, whichever kilobytes are meant.
const LIMIT: usize = 20_000;

/// What time and signature add to a body: `"timestamp":"1599360473","sign":"…44 characters…",`.
const SIGNED: usize = 90;

pub(crate) struct Feishu {
    draft: Draft,
    secret: Option<Secret>,
    format: Format,
    title: Option<String>,
    mentions: Mentions,
}

impl Kind for Feishu {
    const NAME: &'static str = "feishu";
    /// People read a chat in order.
    const CONCURRENCY: u16 = 1;
    const PACE: &'static [Window] = &[
        Window { calls: 5, within: Duration::from_secs(1) },
        Window { calls: 100, within: Duration::from_secs(60) },
    ];
    const ANSWER_LIMIT: usize = 8 * 1024;
    const MESSAGE: Option<fn(&mut SchemaGenerator) -> Schema> = Some(Said::json_schema);
    type Config = Config;
    type Secrets = Secrets;

    fn open(config: Config, secrets: Secrets) -> Result<Self, Error> {
        let address = Address::secret("secrets.url", secrets.url.expose())?;
        let token = address.url.path().split_once("/hook/").map(|(_, token)| token);
        if token.is_none_or(str::is_empty) {
            let error = Error::config("secrets.url", "the address has no token after `/hook/`.");
            return Err(error.suggest("Copy the robot's whole webhook address from the group's settings."));
        }
        let Config { format, title, mentions } = config;
        let title = chat::title(title)?;
        mentions.check().map_err(|reason| Error::config("mentions", reason))?;
        let mut draft = Draft::json(address)?;
        if let Some(secret) = &secrets.secret {
            if secret.expose().is_empty() {
                let error = Error::config("secrets.secret", "it is empty.");
                return Err(error.suggest("Leave it out if the robot does not check signatures."));
            }
            draft = draft.hiding(secret.expose());
        }
        Ok(Self { draft, secret: secrets.secret, format, title, mentions })
    }

    fn calls(&self, message: Message, stamp: &Stamp) -> Result<Vec<Call>, Unsendable> {
        let said: Said = chat::said(message.body, "a Feishu robot")?;
        let bodies = match said.whole()? {
            Some(whole) if whole.to_string().len() > LIMIT - SIGNED => {
                return Err(Unsendable(format!(
                    "Feishu takes at most {LIMIT} bytes a message: shorten the card or post"
                )));
            }
            Some(whole) => vec![whole],
            None => self.bodies(&said)?,
        };
        Ok(bodies.into_iter().map(|body| self.call(body, stamp)).collect())
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

impl Feishu {
    /// The bodies that a text becomes.
    fn bodies(&self, said: &Said) -> Result<Vec<Value>, Unsendable> {
        let mentions = said.mentions.as_ref().unwrap_or(&self.mentions);
        mentions.check().map_err(Unsendable)?;
        let title = chat::titled(said.title.as_ref(), self.title.as_ref())?;
        let form = Form { format: said.format.unwrap_or(self.format), title, mentions };
        let most = LIMIT - SIGNED - form.body("", true).to_string().len();
        let room = Room { most, unit: Unit::Json, fenced: form.format == Format::Markdown };
        let contents = parts(&said.text, room, "Feishu")?;
        Ok(contents.iter().enumerate().map(|(at, content)| form.body(content, at == 0)).collect())
    }

    /// A call with time and signature in its body, if there is a secret to sign with.
    fn call(&self, mut body: Value, stamp: &Stamp) -> Call {
        let Some(secret) = &self.secret else { return self.draft.call(body.to_string().into()) };
        let sign = sign(secret, stamp.at_s);
        body["timestamp"] = stamp.at_s.to_string().into();
        body["sign"] = sign.as_str().into();
        self.draft.call(body.to_string().into()).hiding(&sign)
    }
}

/// The base64 of the HMAC-SHA-256 of nothing, by time and secret.
fn sign(secret: &Secret, at_s: i64) -> String {
    STANDARD.encode(hmac_sha256(&format!("{at_s}\n{}", secret.expose()), ""))
}

/// How a text is put.
struct Form<'m> {
    format: Format,
    title: Option<&'m str>,
    mentions: &'m Mentions,
}

impl Form<'_> {
    fn body(&self, content: &str, mentioning: bool) -> Value {
        // Mentioned once, not with every part.
        let nobody = Mentions::default();
        let mentions = if mentioning { self.mentions } else { &nobody };
        match self.format {
            Format::Text => {
                let title = self.title.map(|title| format!("{title}\n")).unwrap_or_default();
                json!({ "msg_type": "text", "content": { "text": title + content + &mentions.in_text() } })
            }
            Format::Post => {
                let line =
                    std::iter::once(json!({ "tag": "text", "text": content })).chain(mentions.in_post());
                let post =
                    json!({ "title": self.title.unwrap_or_default(), "content": [line.collect::<Value>()] });
                json!({ "msg_type": "post", "content": { "post": { "zh_cn": post } } })
            }
            Format::Markdown => {
                let element =
                    json!({ "tag": "markdown", "content": content.to_owned() + &mentions.in_card() });
                let mut card = json!({ "schema": "2.0", "body": { "elements": [element] } });
                if let Some(title) = self.title {
                    card["header"] = json!({ "title": { "tag": "plain_text", "content": title } });
                }
                json!({ "msg_type": "interactive", "card": card })
            }
        }
    }
}

#[cfg(test)]
mod tests;
