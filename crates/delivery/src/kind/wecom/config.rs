//! A WeCom destination's settings, and what a message to it may say.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vault::Secret;

/// How many may be mentioned at once, and how long an id may be.
const MENTIONS: usize = 50;
const MENTION: usize = 64;

/// The longest that [`Mentions::marks`] can be, in bytes.
pub(super) const MARKS: usize = 1 + MENTIONS * (MENTION + 3);

/// Sends the message to a group of WeCom (企业微信) by its robot. The message is a text, or an object
/// `{text, format, mentions}`, or `{articles}` for pictures with links. A long text is divided into numbered parts. WeCom answers 200 to everything; it has
/// arrived when the code in the answer is 0.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// How WeCom reads the text; a message may choose another.
    #[serde(default)]
    pub(super) format: Format,
    /// Who is called to attention; a message may choose others.
    #[serde(default)]
    pub(super) mentions: Mentions,
}

/// What nobody sees again.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Secrets {
    /// The robot's webhook address with its `key`, as the group's settings show it. Whoever has it can write to
    /// the group.
    #[schemars(with = "String", extend("writeOnly" = true, "format" = "uri",
        "examples" = ["https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=…"]))]
    pub(super) url: Secret,
}

/// How WeCom reads a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Format {
    /// As it is. At most 2,048 bytes a message.
    Text,
    /// WeCom's small Markdown: headings, bold, links, quotes, colours. At most 4,096 bytes a message.
    #[default]
    Markdown,
    /// Markdown with lists, tables and code, without mentions and colours, for clients from 4.1.36 on; older
    /// ones show it as plain text. At most 4,096 bytes a message.
    MarkdownV2,
}

/// Who is called to attention.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Mentions {
    /// Members by user id; `@all`, only in a text, for everybody.
    pub(super) users: Vec<String>,
    /// Members by mobile number, only in a text.
    pub(super) mobiles: Vec<String>,
}

/// What a message says.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Said {
    /// What is said.
    pub(super) text: String,
    /// Whether the text is Markdown; else as the destination says.
    pub(super) format: Option<Format>,
    /// Who is called to attention; else as the destination says.
    pub(super) mentions: Option<Mentions>,
    /// In place of a text: what WeCom calls `news`.
    pub(super) articles: Vec<Article>,
}

/// A picture with a title that leads to a page.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::kind) struct Article {
    pub(super) title: String,
    pub(super) url: String,
    pub(super) description: Option<String>,
    /// The picture's address.
    pub(super) picture: Option<String>,
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
            Self::MarkdownV2 => "markdown_v2",
        }
    }
}

impl Mentions {
    /// Whether the format can carry them; says why not and what to do.
    pub(super) fn check(&self, format: Format) -> Result<(), String> {
        let all = || self.users.iter().chain(&self.mobiles);
        let for_everybody = self.users.iter().any(|user| user == "@all");
        if all().count() > MENTIONS {
            Err(format!("at most {MENTIONS} members can be mentioned"))
        } else if all().any(|one| one.is_empty() || one.len() > MENTION || one.contains(['<', '>', '\n'])) {
            Err(format!("a mention is a user id or a mobile number of at most {MENTION} bytes"))
        } else if format == Format::MarkdownV2 && all().next().is_some() {
            Err("markdown_v2 cannot mention anybody: choose the format markdown or text".to_owned())
        } else if format == Format::Markdown && (for_everybody || !self.mobiles.is_empty()) {
            Err("markdown mentions members by user id only: choose the format text for mobile numbers and @all"
                .to_owned())
        } else {
            Ok(())
        }
    }

    /// The mentions as Markdown writes them, on a line of their own.
    pub(super) fn marks(&self) -> String {
        let line = if self.users.is_empty() { "" } else { "\n" };
        self.users.iter().fold(line.to_owned(), |marks, user| marks + "<@" + user + ">")
    }
}
