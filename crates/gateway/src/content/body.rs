//! A recorded body: as text where it is text, else in base64; of a form with files its parts.

use std::{borrow::Cow, str};

use base64::{Engine as _, display::Base64Display, engine::general_purpose::STANDARD};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{body::Parsed, files::File, origin::Parts};

/// A body as it came: `{"text": "…"}`, or `{"base64": "…"}` when it is not UTF-8; `{"file": {…}}` when it is kept as a
/// file; `{"parts": […]}` for a form in parts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestBody<'a> {
    /// UTF-8.
    Text(#[serde(borrow)] Cow<'a, str>),
    /// Other bytes.
    #[serde(rename = "base64", serialize_with = "encode", deserialize_with = "decode")]
    Bytes(Cow<'a, [u8]>),
    /// A file, whose content is kept apart.
    File(Cow<'a, File>),
    /// The parts of a form: texts in their order, then files in theirs.
    Parts(#[serde(borrow)] Vec<Part<'a>>),
}

/// A part of a form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Part<'a> {
    /// Text.
    Text {
        /// The part's name.
        #[serde(borrow)]
        name: Cow<'a, str>,
        /// Its content.
        text: Cow<'a, str>,
    },
    /// A file, whose content is kept apart.
    File {
        /// The part's name.
        name: Cow<'a, str>,
        /// What is known of it.
        file: Cow<'a, File>,
    },
}

impl<'a> RequestBody<'a> {
    /// The most bytes that are recorded in place, where they are no text.
    pub(crate) const IN_PLACE: usize = 64 << 10;

    /// The files that are kept apart.
    pub fn files(&self) -> impl Iterator<Item = &File> {
        let (whole, parts) = match self {
            Self::File(file) => (Some(&**file), &[][..]),
            Self::Parts(parts) => (None, parts.as_slice()),
            Self::Text(_) | Self::Bytes(_) => (None, &[][..]),
        };
        let parts = parts.iter().filter_map(|part| match part {
            Part::File { file, .. } => Some(&**file),
            Part::Text { .. } => None,
        });
        whole.into_iter().chain(parts)
    }

    /// The bytes, where they are all here.
    pub(crate) fn in_place(&self) -> Option<&[u8]> {
        match self {
            Self::Text(text) => Some(text.as_bytes()),
            Self::Bytes(bytes) => Some(bytes),
            Self::File(_) | Self::Parts(_) => None,
        }
    }

    /// How many bytes it takes here, about.
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Bytes(bytes) => bytes.len(),
            Self::File(_) => 256,
            Self::Parts(parts) => parts
                .iter()
                .map(|part| match part {
                    Part::Text { name, text } => name.len() + text.len() + 32,
                    Part::File { name, .. } => name.len() + 256,
                })
                .sum(),
        }
    }

    /// A body that was understood.
    pub(crate) fn of_parts(bytes: &'a [u8], parts: &'a Parts) -> Self {
        match (&parts.body, &parts.whole) {
            (Parsed::Multipart(contents), _) => {
                let text = |(name, text)| Part::Text { name: Cow::Borrowed(name), text: Cow::Borrowed(text) };
                let file = |upload: &'a crate::files::Upload| Part::File {
                    name: Cow::Borrowed(upload.part.as_deref().unwrap_or_default()),
                    file: Cow::Borrowed(&upload.file),
                };
                Self::Parts(contents.form.iter().map(text).chain(contents.files.iter().map(file)).collect())
            }
            (_, Some(whole)) => Self::File(Cow::Borrowed(&whole.file)),
            (Parsed::Text(text) | Parsed::Xml(_, text), None) => Self::Text(Cow::Borrowed(text)),
            _ => Self::of(bytes),
        }
    }

    pub(crate) fn of(bytes: &'a [u8]) -> Self {
        match str::from_utf8(bytes) {
            Ok(text) => Self::Text(Cow::Borrowed(text)),
            Err(_) => Self::Bytes(Cow::Borrowed(bytes)),
        }
    }

    /// The beginning of a longer body: text that was cut within a character ends before it.
    pub(super) fn beginning(bytes: &'a [u8]) -> Self {
        match str::from_utf8(bytes) {
            Err(error) if error.error_len().is_none() => Self::of(&bytes[..error.valid_up_to()]),
            _ => Self::of(bytes),
        }
    }
}

fn encode<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&Base64Display::new(bytes, &STANDARD))
}

fn decode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Cow<'static, [u8]>, D::Error> {
    let text = <Cow<'de, str>>::deserialize(deserializer)?;
    STANDARD.decode(text.as_bytes()).map(Cow::Owned).map_err(de::Error::custom)
}
