//! Reading a body as its content type says.

mod charset;
pub(crate) mod disposition;
pub(crate) mod media;
mod multipart;
mod unpack;
pub(crate) mod xml;

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderMap, header};
use serde_json::Value;

use self::{
    charset::Charset,
    media::{Kind, MediaType},
};
pub(crate) use self::{
    multipart::{Contents, Multipart},
    unpack::unpacked,
};
use crate::{Code, Refused, files::FileLimits, pairs::Pairs};

/// A body that was understood.
#[derive(Debug)]
pub(crate) enum Parsed<'r> {
    /// There was none.
    Nothing,
    /// Any JSON value. Of a key that comes twice in an object, the last value counts.
    Json(Value),
    /// A URL-encoded form.
    Form(Pairs<'r>),
    /// A form in parts, some of them files.
    Multipart(Contents),
    /// XML as JSON, and the text it was.
    Xml(Value, Cow<'r, str>),
    /// Text.
    Text(Cow<'r, str>),
    /// Anything else.
    Bytes(&'r [u8]),
}

/// The most pairs of a form; each takes many times the memory of its bytes.
const MAX_PAIRS: usize = 10_000;

/// What `Content-Type` says. Without it a body must be JSON, which nearly all webhooks are.
pub(crate) fn content_type(headers: &HeaderMap) -> Result<&str, Refused> {
    let said = headers.get(header::CONTENT_TYPE).map_or(Ok("application/json"), |said| said.to_str());
    said.map_err(|_| unsupported("`Content-Type` is not plain text."))
}

impl<'r> Parsed<'r> {
    /// Reads a body of a content type.
    pub(crate) fn read(content_type: &str, body: &'r Bytes, limits: &FileLimits) -> Result<Self, Refused> {
        if body.is_empty() {
            return Ok(Self::Nothing);
        }
        let media_type = MediaType::parse(content_type);
        match media_type.kind() {
            Kind::Json if !media_type.is_utf8() => {
                Err(unsupported("JSON is always UTF-8, and `Content-Type` names another character set."))
            }
            Kind::Json => json(body),
            Kind::Form => form(body, Charset::of(media_type.charset())?),
            Kind::Multipart => Multipart::read(content_type, body, limits).map(Self::Multipart),
            Kind::Text => Charset::of(media_type.charset())?.decode(body).map(Self::Text),
            Kind::Xml => {
                let text = Charset::of_xml(media_type.charset(), body)?.decode(body)?;
                let value = xml::parse(&text)?;
                Ok(Self::Xml(value, text))
            }
            Kind::Bytes => Ok(Self::Bytes(body)),
        }
    }

    /// Takes values out of a JSON body, and leaves null in their places.
    pub(crate) fn without(&mut self, places: &[&str]) {
        let Self::Json(root) = self else { return };
        for place in places {
            if let Some(value) = place.split('.').try_fold(&mut *root, |value, key| value.get_mut(key)) {
                *value = Value::Null;
            }
        }
    }

    /// What the body is, in the words of field types.
    pub(crate) fn describe(&self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Form(_) | Self::Multipart(_) | Self::Xml(..) | Self::Json(Value::Object(_)) => "object",
            Self::Json(Value::Array(_)) => "array",
            Self::Json(Value::Null) => "null",
            Self::Json(Value::Bool(_)) => "boolean",
            Self::Json(Value::Number(_)) => "number",
            Self::Text(_) | Self::Json(Value::String(_)) => "string",
            Self::Bytes(_) => "bytes",
        }
    }

    /// Whether the body has names, by which values can be taken from it.
    pub(crate) fn has_names(&self) -> bool {
        matches!(
            self,
            Self::Nothing | Self::Form(_) | Self::Multipart(_) | Self::Xml(..) | Self::Json(Value::Object(_))
        )
    }

    /// The form, in either encoding.
    pub(crate) fn form(&self) -> Option<&Pairs<'_>> {
        match self {
            Self::Form(form) => Some(form),
            Self::Multipart(contents) => Some(&contents.form),
            _ => None,
        }
    }

    /// The body as text, where it is some.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) | Self::Xml(_, text) => Some(text),
            Self::Bytes(bytes) => std::str::from_utf8(bytes).ok(),
            _ => None,
        }
    }
}

fn json(body: &[u8]) -> Result<Parsed<'_>, Refused> {
    // Some senders begin with a byte order mark, which RFC 8259 lets a reader ignore.
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    serde_json::from_slice(body).map(Parsed::Json).map_err(|error| {
        // serde_json's words for syntax repeat nothing of the text, and end with line and column.
        malformed(format!("The body is not valid JSON: {error}."))
    })
}

fn form(body: &[u8], charset: Charset) -> Result<Parsed<'_>, Refused> {
    if body.split(|byte| *byte == b'&').nth(MAX_PAIRS).is_some() {
        return Err(malformed(format!("The form has more than {MAX_PAIRS} fields.")));
    }
    charset.decode_form(body).map(Parsed::Form)
}

fn malformed(detail: impl Into<Cow<'static, str>>) -> Refused {
    Refused::new(Code::BodyMalformed, detail)
}

fn unsupported(detail: &'static str) -> Refused {
    Refused::new(Code::ContentTypeUnsupported, detail)
}

#[cfg(test)]
mod tests;
