//! A group robot of WeCom (企业微信).
//!
//! Rules from the vendor's page on group robots (developer.work.weixin.qq.com, document 91770): a text has at
//! most 2,048 bytes, Markdown 4,096, both in UTF-8; an answer of 200 carries `errcode`, and only 0 means that
//! the message was taken; a robot takes 20 messages a minute. Members are mentioned in lists beside a text, in
//! Markdown by `<@userid>`, in `markdown_v2` not at all. `news` has one to eight articles.

mod answer;
mod config;
mod news;

use std::time::Duration;

use bytes::Bytes;
use outbound::{Endpoint, Response};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::json;
use store::Message;

use super::{Kind, Stamp, Window, chat};
use crate::{
    Error,
    address::Address,
    call::{Call, Draft, Unsendable},
    parts::{NUMBER, Room, parts},
    redact::Redaction,
    split::Unit,
    verdict::Verdict,
};
pub(super) use config::Article;
pub(super) use news::message as news;

use config::{Config, Format, Mentions, Said, Secrets};

/// The longest content of a text and of Markdown, in bytes.
const TEXT_LIMIT: usize = 2048;
const MARKDOWN_LIMIT: usize = 4096;

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
    const MESSAGE: Option<fn(&mut SchemaGenerator) -> Schema> = Some(Said::json_schema);
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
        Ok(Self { draft: Draft::json(address)?, format, mentions })
    }

    fn calls(&self, message: Message, _: &Stamp) -> Result<Vec<Call>, Unsendable> {
        let said: Said = chat::said(message.body, "a WeCom robot")?;
        if !said.articles.is_empty() {
            return Ok(vec![self.draft.call(news::body(&said)?)]);
        }
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

    fn endpoint(&self) -> Endpoint {
        self.draft.endpoint()
    }

    fn redaction(&self) -> &Redaction {
        self.draft.redaction()
    }
}

/// The text as the contents of one message, or of several that are numbered.
fn contents(text: &str, format: Format, mentions: &Mentions) -> Result<Vec<String>, Unsendable> {
    let (most, marks) = match format {
        Format::Text => (TEXT_LIMIT, String::new()),
        Format::Markdown => (MARKDOWN_LIMIT, mentions.marks()),
        Format::MarkdownV2 => (MARKDOWN_LIMIT, String::new()),
    };
    // Only `markdown_v2` knows code blocks.
    let fenced = format == Format::MarkdownV2;
    let mut contents = parts(text, Room { most: most - marks.len(), unit: Unit::Bytes, fenced }, "WeCom")?;
    if let Some(first) = contents.first_mut() {
        *first += &marks;
    }
    Ok(contents)
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
