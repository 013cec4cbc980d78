//! A DingTalk destination's settings, and what a message to it may say.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vault::Secret;

/// How many may be mentioned at once, and how long an id may be.
const MENTIONS: usize = 50;
const MENTION: usize = 64;

/// Sends the message to a group of DingTalk (钉钉) by its robot. The message is a text, or an object `{text, title,
/// format, mentions}`. A long one is divided into numbered parts. DingTalk answers 200 to everything; it has
/// arrived when the code in the answer is 0.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// How DingTalk reads the text; a message may choose another.
    #[serde(default)]
    pub(super) format: Format,
    /// What notifications show of a message in Markdown; a message may have its own. Otherwise it is the first
    /// line of the text.
    pub(super) title: Option<String>,
    /// Who is called to attention; a message may choose others.
    #[serde(default)]
    pub(super) mentions: Mentions,
}

/// What nobody sees again.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Secrets {
    /// The robot's webhook address with its `access_token`, as the group's settings show it. Whoever has it can
    /// write to the group, unless the robot wants more.
    #[schemars(with = "String", extend("writeOnly" = true, "format" = "uri",
        "examples" = ["https://oapi.dingtalk.com/robot/send?access_token=…"]))]
    pub(super) url: Secret,
    /// The signing secret (加签), which begins with `SEC`, if that is the robot's security setting. Leave it out
    /// for a robot with keywords (自定义关键词) or addresses (IP 地址) alone.
    #[schemars(with = "Option<String>", extend("writeOnly" = true))]
    pub(super) secret: Option<Secret>,
}

/// How DingTalk reads a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Format {
    /// As it is.
    Text,
    /// DingTalk's Markdown: headings, bold, links, quotes, lists, pictures.
    #[default]
    Markdown,
}

/// Who is called to attention.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Mentions {
    /// Members by mobile number.
    pub(super) mobiles: Vec<String>,
    /// Members by user id.
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
    /// What the notification shows; else the destination's.
    pub(super) title: Option<String>,
    /// Whether the text is Markdown; else as the destination says.
    pub(super) format: Option<Format>,
    /// Who is called to attention; else as the destination says.
    pub(super) mentions: Option<Mentions>,
}

impl From<String> for Said {
    fn from(text: String) -> Self {
        Self { text, ..Self::default() }
    }
}

impl Mentions {
    /// Whether DingTalk can read them; says why not.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.ids().count() > MENTIONS {
            return Err(format!("at most {MENTIONS} members can be mentioned"));
        }
        let wrong = |id: &String| {
            id.is_empty() || id.len() > MENTION || id.chars().any(|c| c.is_whitespace() || c.is_control())
        };
        if self.ids().any(wrong) {
            return Err(format!("a mention is a mobile number or a user id of at most {MENTION} bytes"));
        }
        Ok(())
    }

    pub(super) fn is_empty(&self) -> bool {
        !self.all && self.ids().next().is_none()
    }

    /// `@…` for everyone whom the text does not name so already: DingTalk wants to see them there.
    pub(super) fn marks(&self, text: &str) -> String {
        let marks = self.ids().map(|id| format!("@{id}")).filter(|mark| !text.contains(mark));
        let marks: Vec<String> = marks.collect();
        if marks.is_empty() { String::new() } else { format!("\n\n{}", marks.join(" ")) }
    }

    fn ids(&self) -> impl Iterator<Item = &String> {
        self.mobiles.iter().chain(&self.users)
    }
}
