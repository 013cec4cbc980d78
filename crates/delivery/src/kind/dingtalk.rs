//! A group robot of DingTalk (钉钉).
//!
//! Rules from the vendor's pages on custom robots (open.dingtalk.com, "自定义机器人发送群消息" and
//! "自定义机器人安全设置"): an answer of 200 carries `errcode`, and only 0 means that the message was taken; a
//! robot takes 20 messages a minute, or else none for ten minutes; a body has at most 20,000 bytes. A robot with
//! a signing secret wants `timestamp` (milliseconds, at most an hour off) and `sign` in the query. Whoever is
//! mentioned stands in `at`, and as `@…` in the text.

mod answer;
mod config;

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use outbound::{Endpoint, Response};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::json;
use store::Message;
use url::form_urlencoded;
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

/// The longest body, in bytes.
const LIMIT: usize = 20_000;

/// The longest title that is taken from the text, in characters.
const TITLE: usize = 60;

pub(crate) struct Dingtalk {
    address: Address,
    draft: Draft,
    secret: Option<Secret>,
    format: Format,
    title: Option<String>,
    mentions: Mentions,
}

impl Kind for Dingtalk {
    const NAME: &'static str = "dingtalk";
    /// People read a chat in order.
    const CONCURRENCY: u16 = 1;
    const PACE: &'static [Window] = &[Window { calls: 20, within: Duration::from_secs(60) }];
    const ANSWER_LIMIT: usize = 8 * 1024;
    const MESSAGE: Option<fn(&mut SchemaGenerator) -> Schema> = Some(Said::json_schema);
    type Config = Config;
    type Secrets = Secrets;

    fn open(config: Config, secrets: Secrets) -> Result<Self, Error> {
        let address = Address::secret("secrets.url", secrets.url.expose())?;
        if !address.url.query_pairs().any(|(name, value)| name == "access_token" && !value.is_empty()) {
            let error = Error::config("secrets.url", "the address has no `access_token`.");
            return Err(error.suggest("Copy the robot's whole webhook address from the group's settings."));
        }
        let Config { format, title, mentions } = config;
        let title = chat::title(title)?;
        mentions.check().map_err(|reason| Error::config("mentions", reason))?;
        let mut draft = Draft::json(address.clone())?;
        if let Some(secret) = &secrets.secret {
            if secret.expose().is_empty() {
                let error = Error::config("secrets.secret", "it is empty.");
                return Err(
                    error.suggest("Leave it out if the robot's security setting is keywords or addresses.")
                );
            }
            draft = draft.hiding(secret.expose());
        }
        Ok(Self { address, draft, secret: secrets.secret, format, title, mentions })
    }

    fn calls(&self, message: Message, stamp: &Stamp) -> Result<Vec<Call>, Unsendable> {
        let said: Said = chat::said(message.body, "a DingTalk robot")?;
        let mentions = said.mentions.as_ref().unwrap_or(&self.mentions);
        mentions.check().map_err(Unsendable)?;
        let title = chat::titled(said.title.as_ref(), self.title.as_ref())?;
        let title = title.map_or_else(|| title_of(&said.text), str::to_owned);
        let form = Form { format: said.format.unwrap_or(self.format), title: &title, mentions };
        let contents = form.contents(&said.text)?;
        contents
            .iter()
            .enumerate()
            .map(|(at, content)| self.call(form.body(content, at == 0), stamp))
            .collect()
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

impl Dingtalk {
    /// A call with the signature in its query, if there is a secret to sign with.
    fn call(&self, body: Bytes, stamp: &Stamp) -> Result<Call, Unsendable> {
        let Some(secret) = &self.secret else { return Ok(self.draft.call(body)) };
        let sign = sign(secret, stamp.at_ms);
        let address = self.address.clone().with_query("timestamp", &stamp.at_ms.to_string());
        let address = address.with_query("sign", &sign);
        let draft = Draft::json(address).map_err(|error| Unsendable(error.to_string()))?;
        // Proxies repeat it as it went over the wire.
        let encoded: String = form_urlencoded::byte_serialize(sign.as_bytes()).collect();
        Ok(draft.call(body).hiding(&sign).hiding(&encoded))
    }
}

/// The base64 of the HMAC-SHA-256 of time and secret, by the secret.
fn sign(secret: &Secret, at_ms: i64) -> String {
    let secret = secret.expose();
    STANDARD.encode(hmac_sha256(secret, format!("{at_ms}\n{secret}")))
}

/// How a message is put.
struct Form<'m> {
    format: Format,
    title: &'m str,
    mentions: &'m Mentions,
}

impl Form<'_> {
    /// The text as the contents of one message, or of several.
    fn contents(&self, text: &str) -> Result<Vec<String>, Unsendable> {
        let marks = self.mentions.marks(text);
        let most = LIMIT - self.body(&marks, true).len();
        let room = Room { most, unit: Unit::Json, fenced: self.format == Format::Markdown };
        let mut contents = parts(text, room, "DingTalk")?;
        if let Some(first) = contents.first_mut() {
            *first += &marks;
        }
        Ok(contents)
    }

    fn body(&self, content: &str, mentioning: bool) -> Bytes {
        let mut body = match self.format {
            Format::Text => json!({ "msgtype": "text", "text": { "content": content } }),
            Format::Markdown => {
                json!({ "msgtype": "markdown", "markdown": { "title": self.title, "text": content } })
            }
        };
        // Mentioned once, not with every part.
        if mentioning && !self.mentions.is_empty() {
            let Mentions { mobiles, users, all } = self.mentions;
            body["at"] = json!({ "atMobiles": mobiles, "atUserIds": users, "isAtAll": all });
        }
        body.to_string().into()
    }
}

/// What notifications show of a text: its first line, without Markdown's marks.
fn title_of(text: &str) -> String {
    let plain =
        |line: &str| line.trim_start_matches(['#', '>', '-', ' ']).replace(['*', '`'], "").trim().to_owned();
    let line = text.lines().map(plain).find(|line| !line.is_empty()).unwrap_or_else(|| "Linchpin".to_owned());
    line.chars().take(TITLE).collect()
}

#[cfg(test)]
mod tests;
