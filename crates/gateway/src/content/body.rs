//! A recorded body: as text where it is text, else in base64.

use std::{borrow::Cow, str};

use base64::{Engine as _, display::Base64Display, engine::general_purpose::STANDARD};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A body exactly as it came: `{"text": "…"}`, or `{"base64": "…"}` when it is not UTF-8.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestBody<'a> {
    /// UTF-8.
    Text(#[serde(borrow)] Cow<'a, str>),
    /// Other bytes.
    #[serde(rename = "base64", serialize_with = "encode", deserialize_with = "decode")]
    Bytes(Cow<'a, [u8]>),
}

impl<'a> RequestBody<'a> {
    /// The bytes as they came.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Bytes(bytes) => bytes,
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
