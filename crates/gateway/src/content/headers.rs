//! Recorded headers: an object from names to values.

use std::{borrow::Cow, fmt, str};

use http::{HeaderMap, HeaderValue};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::HIDDEN;

/// Headers by name, in lower case; bytes that are no UTF-8 become replacement characters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers<'a>(Vec<(Cow<'a, str>, Values<'a>)>);

/// The values of one header: text, or an array of texts when it came again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Values<'a> {
    /// It came once.
    One(Cow<'a, str>),
    /// It came again.
    Many(Vec<Cow<'a, str>>),
}

impl<'a> Headers<'a> {
    /// The names with their values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Values<'a>)> {
        self.0.iter().map(|(name, values)| (name.as_ref(), values))
    }

    /// The values of a header; its name in lower case.
    pub fn get(&self, name: &str) -> Option<&Values<'a>> {
        self.iter().find(|(known, _)| *known == name).map(|(_, values)| values)
    }

    pub(super) fn of(headers: &'a HeaderMap, hides: impl Fn(&str) -> bool) -> Self {
        let mut recorded: Vec<(Cow<'a, str>, Values<'a>)> = Vec::with_capacity(headers.keys_len());
        for (name, value) in headers {
            let name = name.as_str();
            let value = if hides(name) { Cow::Borrowed(HIDDEN) } else { text(value) };
            match recorded.last_mut() {
                Some((last, values)) if last == name => values.push(value),
                _ => recorded.push((Cow::Borrowed(name), Values::One(value))),
            }
        }
        Self(recorded)
    }
}

impl<'a> Values<'a> {
    fn push(&mut self, value: Cow<'a, str>) {
        match self {
            Self::Many(values) => values.push(value),
            Self::One(first) => *self = Self::Many(vec![std::mem::take(first), value]),
        }
    }
}

/// A header's value as text; bytes that are no UTF-8 become replacement characters.
pub(crate) fn text(value: &HeaderValue) -> Cow<'_, str> {
    str::from_utf8(value.as_bytes()).map_or_else(|_| String::from_utf8_lossy(value.as_bytes()), Cow::Borrowed)
}

impl Serialize for Headers<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for Headers<'_> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Entries).map(Self)
    }
}

struct Entries;

impl<'de> de::Visitor<'de> for Entries {
    type Value = Vec<(Cow<'static, str>, Values<'static>)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("headers by name")
    }

    fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some((name, values)) = map.next_entry::<String, Values<'static>>()? {
            entries.push((Cow::Owned(name), values));
        }
        Ok(entries)
    }
}
