//! Messages by an application of WeCom (企业微信), to members by name.
//!
//! Rules from the vendor's pages on access tokens and on messages of applications (developer.work.weixin.qq.com,
//! documents 91039 and 90236): a token is asked for with the company's id and the application's secret and lasts two
//! hours; a text and Markdown have at most 2,048 bytes in UTF-8, a card's title 128 and its description 512; an answer of
//! 200 carries `errcode`, and only 0 means that the message was taken, perhaps for some recipients only.

mod answer;
mod config;

use http::Method;
use outbound::{Endpoint, Response};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Value, json};
use store::Message;
use vault::Secret;

use super::{Kind, Stamp, chat, wecom};
use crate::{
    Error,
    address::Address,
    call::{Call, Draft, Unsendable},
    credential::Credential,
    parts::{Room, parts},
    redact::Redaction,
    split::Unit,
    verdict::Verdict,
};
use config::{Card, Config, Format, Recipients, Said, Secrets};

/// The longest content of a text and of Markdown, in bytes.
const LIMIT: usize = 2048;

/// The longest title, description and address of a card, in bytes.
const TITLE: usize = 128;
const DESCRIPTION: usize = 512;
const URL: usize = 2048;

pub(crate) struct WecomApp {
    address: Address,
    agent_id: u64,
    to: Recipients,
    format: Format,
    credential: Credential,
    redaction: Redaction,
}

impl Kind for WecomApp {
    const NAME: &'static str = "wecom_app";
    /// People read a chat in order.
    const CONCURRENCY: u16 = 1;
    const MESSAGE: Option<fn(&mut SchemaGenerator) -> Schema> = Some(Said::json_schema);
    type Config = Config;
    type Secrets = Secrets;

    fn open(config: Config, secrets: Secrets) -> Result<Self, Error> {
        let Config { corp_id, agent_id, to, format, base } = config;
        if corp_id.is_empty() {
            return Err(Error::config("corp_id", "it is empty."));
        }
        if secrets.secret.expose().is_empty() {
            return Err(Error::config("secrets.secret", "it is empty."));
        }
        to.check().map_err(|reason| Error::config("to", format!("{reason}.")))?;
        let base = base.trim_end_matches('/');
        let credential = credential(base, &corp_id, &secrets.secret)?;
        let mut redaction = Redaction::default();
        redaction.add(secrets.secret.expose());
        let address = Address::open("base", &format!("{base}/cgi-bin/message/send"))?;
        Ok(Self { address, agent_id, to, format, credential, redaction })
    }

    fn calls(&self, message: Message, stamp: &Stamp) -> Result<Vec<Call>, Unsendable> {
        let said: Said = chat::said(message.body, "a WeCom application")?;
        let to = said.to.as_ref().unwrap_or(&self.to);
        to.check().map_err(Unsendable)?;
        if to.lists().iter().all(|(_, ids, _)| ids.is_empty()) {
            let reason = "nobody is named to write to: set the destination's `to`, or that of the message";
            return Err(Unsendable(reason.to_owned()));
        }
        let token = stamp.token.as_ref().map(Secret::expose).unwrap_or_default();
        let address = self.address.clone().with_secret_query("access_token", token);
        let encoded = address.secrets.last().cloned().unwrap_or_default();
        let draft = Draft::json(address).map_err(|error| Unsendable(error.to_string()))?;
        let call = |content: Value| {
            let body = self.body(content, to);
            draft.call(body.to_string().into()).hiding(token).hiding(&encoded)
        };
        Ok(self.contents(&said)?.into_iter().map(call).collect())
    }

    fn judge(&self, response: &Response) -> Verdict {
        answer::judge(response)
    }

    fn remark(&self, response: &Response) -> Option<String> {
        answer::left(response)
    }

    fn credential(&self) -> Option<&Credential> {
        Some(&self.credential)
    }

    fn endpoint(&self) -> Endpoint {
        self.address.endpoint()
    }

    fn redaction(&self) -> &Redaction {
        &self.redaction
    }
}

impl WecomApp {
    /// What is said, in WeCom's form: one message, or several for a long text.
    fn contents(&self, said: &Said) -> Result<Vec<Value>, Unsendable> {
        let whole = match (&said.card, said.articles.as_slice()) {
            (None, []) => {
                let name = said.format.unwrap_or(self.format).msgtype();
                let room = Room { most: LIMIT, unit: Unit::Bytes, fenced: false };
                let contents = parts(&said.text, room, "WeCom")?.into_iter();
                return Ok(contents
                    .map(|text| json!({ "msgtype": name, name: { "content": text } }))
                    .collect());
            }
            _ if !said.text.is_empty() || said.format.is_some() => {
                let reason = "WeCom takes a card or articles alone: send `text` by another deliver node";
                return Err(Unsendable(reason.to_owned()));
            }
            (Some(card), []) => textcard(card)?,
            (None, articles) => wecom::news(articles)?,
            (Some(_), _) => {
                return Err(Unsendable("WeCom takes a card or articles, not both".to_owned()));
            }
        };
        Ok(vec![whole])
    }

    fn body(&self, mut content: Value, to: &Recipients) -> Value {
        content["agentid"] = self.agent_id.into();
        for (name, ids, _) in to.lists() {
            if !ids.is_empty() {
                content[name] = ids.join("|").into();
            }
        }
        content
    }
}

fn textcard(card: &Card) -> Result<Value, Unsendable> {
    let Card { title, description, url, button } = card;
    for (name, text, most) in
        [("title", title, TITLE), ("description", description, DESCRIPTION), ("url", url, URL)]
    {
        if text.is_empty() || text.len() > most {
            return Err(Unsendable(format!(
                "the card's `{name}` has 1 to {most} bytes, and not {}",
                text.len()
            )));
        }
    }
    let mut shown = json!({ "title": title, "description": description, "url": url });
    if let Some(button) = button {
        shown["btntxt"] = button.as_str().into();
    }
    Ok(json!({ "msgtype": "textcard", "textcard": shown }))
}

fn credential(base: &str, corp_id: &str, secret: &Secret) -> Result<Credential, Error> {
    let mut address = Address::open("base", &format!("{base}/cgi-bin/gettoken"))?;
    address = address.with_query("corpid", corp_id);
    address.shown = address.url.to_string();
    let address = address.with_secret_query("corpsecret", secret.expose());
    let draft = Draft::new(Method::GET, address)?;
    let parts = [base, corp_id, secret.expose()];
    Ok(Credential::new((draft, String::new()), &parts, answer::token, answer::is_stale))
}

#[cfg(test)]
mod tests;
