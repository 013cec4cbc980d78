//! What hangs on a mail: a text, JSON, bytes in base64, or a file that came with the event.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use lettre::message::{
    SinglePart,
    header::{ContentDisposition, ContentTransferEncoding, ContentType},
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::{
    call::Unsendable,
    files::{self, Digest, Files},
};

/// The most attachments of one mail, and the most bytes of all.
const COUNT: usize = 20;
const BYTES: usize = files::MOST;

/// The longest name, in characters.
const NAME: usize = 200;

/// An attachment as a message says it. A file of an event is one as it is: it has a name, a media type and a SHA-256.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Attachment {
    /// The name that the reader sees.
    name: Option<String>,
    /// Such as `application/pdf`; without it by what it is made of.
    media_type: Option<String>,
    /// A text.
    text: Option<String>,
    /// Any JSON.
    json: Option<Value>,
    /// Bytes in base64.
    base64: Option<String>,
    /// A file that came with the event.
    sha256: Option<String>,
    /// What a file says of its length; its bytes are counted.
    #[serde(rename = "size")]
    _size: Option<u64>,
}

/// An attachment as it is sent.
pub(super) struct Attached {
    name: String,
    media_type: String,
    content: Vec<u8>,
}

/// The files that a message names.
pub(super) fn files(body: &Value) -> Vec<Digest> {
    let named = body["attachments"].as_array().into_iter().flatten();
    named.filter_map(|attachment| files::digest(attachment["sha256"].as_str()?)).take(COUNT).collect()
}

/// The attachments of a mail.
pub(super) fn attached(said: Vec<Attachment>, files: &Files) -> Result<Vec<Attached>, Unsendable> {
    if said.len() > COUNT {
        let count = said.len();
        return Err(Unsendable(format!("there are {count} `attachments`, and a mail takes at most {COUNT}")));
    }
    let mut total = 0;
    let read = |(at, attachment): (usize, Attachment)| {
        let attached =
            attachment.read(files).map_err(|reason| Unsendable(format!("`attachments[{at}]`: {reason}")))?;
        total += attached.content.len();
        if total > BYTES {
            let reason = format!(
                "the attachments have more than {} MiB together: send a link to what is large",
                BYTES >> 20
            );
            return Err(Unsendable(reason));
        }
        Ok(attached)
    };
    said.into_iter().enumerate().map(read).collect()
}

impl Attachment {
    fn read(self, files: &Files) -> Result<Attached, String> {
        let Self { name, media_type, text, json, base64, sha256, .. } = self;
        let (usual, content) = match (text, json, base64, sha256) {
            (Some(text), None, None, None) => ("text/plain; charset=utf-8", text.into_bytes()),
            (None, Some(json), None, None) => ("application/json", pretty(&json)),
            (None, None, Some(base64), None) => {
                let bytes: Vec<u8> = base64.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
                let content = STANDARD.decode(bytes).map_err(|_| "its `base64` is not base64")?;
                ("application/octet-stream", content)
            }
            (None, None, None, Some(sha256)) => {
                let content = files::digest(&sha256).and_then(|digest| files.get(&digest)).ok_or(
                    "there is no such file with the event, or the files of the message are too large together",
                )?;
                ("application/octet-stream", content.to_vec())
            }
            _ => return Err("it has one of `text`, `json`, `base64`, or is a file of the event".to_owned()),
        };
        let media_type = media_type.unwrap_or_else(|| usual.to_owned());
        if media_type.chars().any(char::is_control) || ContentType::parse(&media_type).is_err() {
            return Err("its `media_type` is none, such as `application/pdf`".to_owned());
        }
        let name = name.as_deref().map(plain).filter(|name| !name.is_empty()).ok_or("it has no `name`")?;
        Ok(Attached { name, media_type, content })
    }
}

impl Attached {
    /// As a reader sees it.
    pub(super) fn shown(&self) -> String {
        format!("{} ({}, {} bytes)", self.name, self.media_type, self.content.len())
    }

    pub(super) fn part(self) -> Result<SinglePart, Unsendable> {
        let kind = ContentType::parse(&self.media_type).map_err(|error| Unsendable(error.to_string()))?;
        Ok(SinglePart::builder()
            .header(kind)
            .header(ContentDisposition::attachment(&self.name))
            // As it is, byte for byte, whatever its lines are like.
            .header(ContentTransferEncoding::Base64)
            .body(self.content))
    }
}

/// A name without a path, line breaks and quotes.
fn plain(name: &str) -> String {
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let kept = name.chars().filter(|c| !c.is_control() && *c != '"').take(NAME);
    kept.collect::<String>().trim().to_owned()
}

fn pretty(json: &Value) -> Vec<u8> {
    format!("{json:#}\n").into_bytes()
}
