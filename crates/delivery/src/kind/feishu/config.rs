//! A Feishu destination's settings, and what a message to it may say.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use vault::Secret;

use crate::call::Unsendable;

/// How many may be mentioned at once, and how long an id may be.
const MENTIONS: usize = 50;
const MENTION: usize = 64;

/// Sends the message to a group of Feishu (飞书) or Lark by its robot. The message is a text, or an object `{text,
/// title, format, mentions}`, or `{card}` or `{post}` in Feishu's own form. A long text is divided into numbered
/// parts. It has arrived when the code in Feishu's answer is 0.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// How Feishu shows the text; a message may choose another.
    #[serde(default)]
    pub(super) format: Format,
    /// What stands above the text; a message may have its own.
    pub(super) title: Option<String>,
    /// Who is called to attention; a message may choose others.
    #[serde(default)]
    pub(super) mentions: Mentions,
}

/// What nobody sees again.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Secrets {
    /// The robot's webhook address, as the group's settings show it; Lark's has the host `open.larksuite.com`.
    /// Whoever has it can write to the group, unless the robot wants more.
    #[schemars(with = "String", extend("writeOnly" = true, "format" = "uri",
        "examples" = ["https://open.feishu.cn/open-apis/bot/v2/hook/…"]))]
    pub(super) url: Secret,
    /// The signing secret (签名校验), if that is among the robot's security settings.
    #[schemars(with = "Option<String>", extend("writeOnly" = true))]
    pub(super) secret: Option<Secret>,
}

/// How Feishu shows a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Format {
    /// As it is.
    Text,
    /// As it is, under a title (富文本).
    Post,
    /// A card with the text as Markdown: headings, bold, links, lists, tables, code. Clients from 7.20 on show
    /// all of it.
    #[default]
    Markdown,
}

/// Who is called to attention.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Mentions {
    /// Members by their Open ID (`ou_…`) or user id.
    pub(super) users: Vec<String>,
    /// Everybody in the group.
    pub(super) all: bool,
}

/// What a message says.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Said {
    /// What is said.
    pub(super) text: String,
    /// The title; else the destination's.
    pub(super) title: Option<String>,
    /// How it looks; else as the destination says.
    pub(super) format: Option<Format>,
    /// Who is called to attention; else as the destination says.
    pub(super) mentions: Option<Mentions>,
    /// In place of a text: a card in Feishu's own form.
    card: Option<Value>,
    /// In place of a text: a post in Feishu's own form.
    post: Option<Value>,
}

impl From<String> for Said {
    fn from(text: String) -> Self {
        Self { text, ..Self::default() }
    }
}

impl Said {
    /// The body of a message that is in Feishu's own form.
    pub(super) fn whole(&self) -> Result<Option<Value>, Unsendable> {
        let wrong = |reason: &str| Err(Unsendable(reason.to_owned()));
        let body = match (&self.card, &self.post) {
            (None, None) => return Ok(None),
            (Some(_), Some(_)) => return wrong("a message to Feishu has a `card` or a `post`, not both"),
            (Some(card), None) if card.is_object() => json!({ "msg_type": "interactive", "card": card }),
            (None, Some(post)) if post.is_object() => {
                json!({ "msg_type": "post", "content": { "post": post } })
            }
            _ => return wrong("`card` and `post` are objects, in the form that Feishu's documents give"),
        };
        if !self.text.is_empty() || self.title.is_some() || self.format.is_some() || self.mentions.is_some() {
            return wrong(
                "`card` and `post` say everything themselves: leave `text`, `title`, `format` and `mentions` out",
            );
        }
        Ok(Some(body))
    }
}

impl Mentions {
    /// Whether Feishu can read them; says why not.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.users.len() > MENTIONS {
            return Err(format!("at most {MENTIONS} members can be mentioned"));
        }
        let wrong = |id: &String| {
            id.is_empty()
                || id.len() > MENTION
                || !id.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c))
        };
        if self.users.iter().any(wrong) {
            return Err(format!("a mention is an Open ID or a user id of at most {MENTION} bytes"));
        }
        Ok(())
    }

    /// As a text writes them.
    pub(super) fn in_text(&self) -> String {
        self.ids().fold(String::new(), |marks, id| marks + &format!(" <at user_id=\"{id}\"></at>"))
    }

    /// As a card's Markdown writes them.
    pub(super) fn in_card(&self) -> String {
        self.ids().fold(String::new(), |marks, id| marks + &format!(" <at id={id}></at>"))
    }

    /// As a post writes them.
    pub(super) fn in_post(&self) -> impl Iterator<Item = Value> {
        self.ids().map(|id| json!({ "tag": "at", "user_id": id }))
    }

    fn ids(&self) -> impl Iterator<Item = &str> {
        self.all.then_some("all").into_iter().chain(self.users.iter().map(String::as_str))
    }
}
