//! Settings of a WeCom application, and what a message by it may say.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vault::Secret;

use crate::kind::wecom::Article;

/// How many may be written to at once, and how long an id may be.
const USERS: usize = 1000;
const PARTIES: usize = 100;
const ID: usize = 64;

/// Sends the message to members of WeCom (企业微信) by an application of one's own. The message is a text, or an object
/// `{text, format, to}`, `{card, to}` or `{articles, to}`. A long text is divided into numbered parts. It has arrived when
/// the code in WeCom's answer is 0.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// The company's id (企业 ID), which begins with `ww`.
    pub(super) corp_id: String,
    /// The application's number (`AgentId`).
    pub(super) agent_id: u64,
    /// Whom it is for, unless a message says otherwise.
    #[serde(default)]
    pub(super) to: Recipients,
    /// How WeCom reads the text; a message may choose another.
    #[serde(default)]
    pub(super) format: Format,
    /// Where WeCom is: a proxy with an address that WeCom trusts may stand before it.
    #[serde(default = "Config::default_base")]
    #[schemars(extend("format" = "uri"))]
    pub(super) base: String,
}

/// What nobody sees again.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Secrets {
    /// The application's secret (`Secret`).
    #[schemars(with = "String", extend("writeOnly" = true))]
    pub(super) secret: Secret,
}

/// How WeCom reads a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Format {
    /// As it is, with links as `<a href="…">`.
    #[default]
    Text,
    /// WeCom's small Markdown; the plug-in 微信插件 does not show it.
    Markdown,
}

/// Whom a message is for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Recipients {
    /// Members by user id; `@all` for everybody who may see the application.
    pub(super) users: Vec<String>,
    /// Departments by their number.
    pub(super) parties: Vec<String>,
    /// Tags by their number.
    pub(super) tags: Vec<String>,
}

/// What a message says.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Said {
    /// What is said.
    pub(super) text: String,
    /// Whether the text is Markdown; else as the destination says.
    pub(super) format: Option<Format>,
    /// To whom; else as the destination says.
    pub(super) to: Option<Recipients>,
    /// In place of a text: what WeCom calls `textcard`.
    pub(super) card: Option<Card>,
    /// In place of a text: what WeCom calls `news`.
    pub(super) articles: Vec<Article>,
}

/// A card that leads to a page.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Card {
    pub(super) title: String,
    pub(super) description: String,
    pub(super) url: String,
    pub(super) button: Option<String>,
}

impl Config {
    fn default_base() -> String {
        "https://qyapi.weixin.qq.com".to_owned()
    }
}

impl From<String> for Said {
    fn from(text: String) -> Self {
        Self { text, ..Self::default() }
    }
}

impl Format {
    /// WeCom's word for it, which names the content as well.
    pub(super) const fn msgtype(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Markdown => "markdown",
        }
    }
}

impl Recipients {
    /// Each kind of them, with WeCom's word for it, how many there may be.
    pub(super) fn lists(&self) -> [(&'static str, &[String], usize); 3] {
        [("touser", &self.users, USERS), ("toparty", &self.parties, PARTIES), ("totag", &self.tags, PARTIES)]
    }

    /// Whether WeCom can read them; says why not and what to do.
    pub(super) fn check(&self) -> Result<(), String> {
        let wrong = |id: &String| id.is_empty() || id.len() > ID || id.contains(['|', '\n']);
        for (name, ids, most) in self.lists() {
            if ids.len() > most {
                return Err(format!("there are {} in `{name}`, and WeCom takes at most {most}", ids.len()));
            }
            if ids.iter().any(wrong) {
                return Err(format!("an id in `{name}` has 1 to {ID} bytes and no `|`"));
            }
        }
        Ok(())
    }
}
