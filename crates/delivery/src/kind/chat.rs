//! What messages to chats have in common.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::form;
use crate::{Error, call::Unsendable};

/// The longest title, in bytes.
const TITLE: usize = 500;

/// What a message says: a text, or an object with more.
pub(super) fn said<T: DeserializeOwned + From<String>>(body: Value, vendor: &str) -> Result<T, Unsendable> {
    match body {
        Value::String(text) => Ok(text.into()),
        Value::Object(_) => form(body),
        _ => Err(Unsendable(format!(
            "{vendor} takes a text, or an object with `text`; change the deliver node's body"
        ))),
    }
}

/// The title of a destination's messages, if it can be shown.
pub(super) fn title(set: Option<String>) -> Result<Option<String>, Error> {
    match long(set.as_deref()) {
        Some(reason) => Err(Error::config("title", reason)),
        None => Ok(set),
    }
}

/// The title of one message: its own, or its destination's. An empty one is none.
pub(super) fn titled<'t>(
    own: Option<&'t String>,
    set: Option<&'t String>,
) -> Result<Option<&'t str>, Unsendable> {
    let title = own.or(set).map(String::as_str).filter(|title| !title.trim().is_empty());
    match long(title) {
        Some(reason) => Err(Unsendable(reason)),
        None => Ok(title),
    }
}

fn long(title: Option<&str>) -> Option<String> {
    title
        .filter(|title| title.len() > TITLE)
        .map(|_| format!("the title is longer than {TITLE} bytes: shorten it"))
}
