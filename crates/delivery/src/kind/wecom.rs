//! A group robot of WeCom (企业微信).
//!
//! Rules from the vendor's page on group robots (developer.work.weixin.qq.com, document 91770): a text has at
//! most 2,048 bytes, Markdown 4,096, both in UTF-8; an answer of 200 carries `errcode`, and only 0 means that
//! the message was taken; a robot takes 20 messages a minute. Members are mentioned in lists beside a text, in
//! Markdown by `<@userid>`, in `markdown_v2` not at all.

mod answer;
mod config;

use std::time::Duration;

use bytes::Bytes;
use outbound::Response;
use serde_json::{Value, json};
use store::Message;

use super::{Kind, Stamp, Window};
use crate::{
    Error,
    address::Address,
    call::{Call, Draft, Unsendable},
    kind::read,
    redact::Redaction,
    split::split,
    verdict::Verdict,
};
use config::{Config, Format, Mentions, Said, Secrets};

/// The longest content of a text and of Markdown, in bytes.
const TEXT_LIMIT: usize = 2048;
const MARKDOWN_LIMIT: usize = 4096;

/// A message that needs more parts than a robot takes in a minute is not sent at all.
const PARTS: usize = 20;

/// The longest number before a part: `(20/20)` and a line's end.
const NUMBER: usize = 8;

/// However many are mentioned, the text has room beside them.
const _: () = assert!(MARKDOWN_LIMIT > config::MARKS + NUMBER + 512);

pub(crate) struct Wecom {
    draft: Draft,
    format: Format,
    mentions: Mentions,
}

impl Kind for Wecom {
    const NAME: &'static str = "wecom";
    /// People read a chat in order.
    const CONCURRENCY: u16 = 1;
    const PACE: &'static [Window] = &[Window { calls: 20, within: Duration::from_secs(60) }];
    const ANSWER_LIMIT: usize = 8 * 1024;
    type Config = Config;
    type Secrets = Secrets;

    fn open(config: Config, secrets: Secrets) -> Result<Self, Error> {
        let address = Address::secret("secrets.url", secrets.url.expose())?;
        if !address.url.query_pairs().any(|(name, value)| name == "key" && !value.is_empty()) {
            let error = Error::config("secrets.url", "the address has no `key`.");
            return Err(error.suggest("Copy the robot's whole webhook address from the group's settings."));
        }
        let Config { format, mentions } = config;
        mentions.check(format).map_err(|reason| Error::config("mentions", reason))?;
        let draft = Draft::new(http::Method::POST, address)?;
        let draft = draft.header("headers", "content-type", "application/json")?;
        Ok(Self { draft, format, mentions })
    }

    fn calls(&self, message: Message, _: &Stamp) -> Result<Vec<Call>, Unsendable> {
        let said = said(message.body)?;
        let (format, mentions) =
            (said.format.unwrap_or(self.format), said.mentions.as_ref().unwrap_or(&self.mentions));
        mentions.check(format).map_err(Unsendable)?;
        let contents = contents(&said.text, format, mentions)?;
        let body = |(at, content): (usize, String)| {
            // Mentioned once, not with every part.
            let mentions = if at == 0 { mentions } else { &Mentions::default() };
            self.draft.call(body(format, &content, mentions))
        };
        Ok(contents.into_iter().enumerate().map(body).collect())
    }

    fn judge(&self, response: &Response) -> Verdict {
        answer::judge(response)
    }

    fn redaction(&self) -> &Redaction {
        self.draft.redaction()
    }
}

/// What a message says: a text, or an object with one.
fn said(body: Value) -> Result<Said, Unsendable> {
    let said = match body {
        Value::String(text) => Said { text, format: None, mentions: None },
        Value::Object(_) => read("body", body).map_err(|error| Unsendable(error.to_string()))?,
        _ => {
            let reason =
                "a WeCom robot takes a text, or an object with `text`; change the deliver node's body";
            return Err(Unsendable(reason.to_owned()));
        }
    };
    if said.text.trim().is_empty() {
        return Err(Unsendable("the text is empty, which WeCom refuses".to_owned()));
    }
    Ok(said)
}

/// The text as the contents of one message, or of several that are numbered.
fn contents(text: &str, format: Format, mentions: &Mentions) -> Result<Vec<String>, Unsendable> {
    let (limit, marks) = match format {
        Format::Text => (TEXT_LIMIT, String::new()),
        Format::Markdown => (MARKDOWN_LIMIT, mentions.marks()),
        Format::MarkdownV2 => (MARKDOWN_LIMIT, String::new()),
    };
    let room = limit - marks.len();
    if text.len() <= room {
        return Ok(vec![format!("{text}{marks}")]);
    }
    let pieces = split(text, room - NUMBER);
    let total = pieces.len();
    if total > PARTS {
        return Err(Unsendable(format!(
            "the text has {} bytes, which makes {total} messages; a WeCom robot takes {PARTS} a minute: shorten it",
            text.len()
        )));
    }
    let numbered = |(at, piece): (usize, &str)| {
        format!("({}/{total})\n{piece}{}", at + 1, if at == 0 { marks.as_str() } else { "" })
    };
    Ok(pieces.into_iter().enumerate().map(numbered).collect())
}

fn body(format: Format, content: &str, mentions: &Mentions) -> Bytes {
    let mut said = json!({ "content": content });
    if format == Format::Text {
        for (name, list) in
            [("mentioned_list", &mentions.users), ("mentioned_mobile_list", &mentions.mobiles)]
        {
            if !list.is_empty() {
                said[name] = list.as_slice().into();
            }
        }
    }
    let name = format.msgtype();
    json!({ "msgtype": name, name: said }).to_string().into()
}

#[cfg(test)]
mod tests;
