//! The headers of a webhook's calls.

use std::collections::{BTreeMap, HashSet};

use http::{Method, header::CONTENT_TYPE};
use vault::Secret;

use super::config::{Config, Secrets};
use crate::{
    Error,
    call::{Call, Draft, Unsendable},
};

/// Headers that Linchpin itself sets on every attempt.
const RESERVED: [&str; 8] = [
    "idempotency-key",
    "traceparent",
    "tracestate",
    "user-agent",
    "webhook-id",
    "webhook-signature",
    "webhook-timestamp",
    "accept-encoding",
];

/// The most headers of one's own, and the most that messages may set.
const HEADERS: usize = 50;
const OF_MESSAGES: usize = 10;

/// The longest value that a message may give, in bytes.
const VALUE: usize = 1024;

/// Headers that messages may set, in lower case.
pub(super) struct OfMessages(Vec<String>);

impl OfMessages {
    pub(super) fn open(names: &[String]) -> Result<Self, Error> {
        if names.len() > OF_MESSAGES {
            return Err(Error::config("message_headers", format!("there are more than {OF_MESSAGES}.")));
        }
        Ok(Self(names.iter().map(|name| name.to_ascii_lowercase()).collect()))
    }

    /// The call with the headers of its message.
    pub(super) fn put(&self, call: Call, headers: BTreeMap<String, String>) -> Result<Call, Unsendable> {
        headers.into_iter().try_fold(call, |call, (name, value)| {
            let lower = name.to_ascii_lowercase();
            if !self.0.contains(&lower) {
                return Err(Unsendable(format!(
                    "the destination takes no header `{name}` from its messages: add it to `message_headers`, or leave it \
                     out of the deliver node"
                )));
            }
            if value.len() > VALUE {
                return Err(Unsendable(format!("the header `{name}` is longer than {VALUE} bytes")));
            }
            call.header(lower, value)
        })
    }
}

pub(super) fn with_headers(mut draft: Draft, config: &Config, secrets: &Secrets) -> Result<Draft, Error> {
    if config.headers.len() + secrets.headers.len() > HEADERS {
        return Err(Error::config("headers", format!("there are more than {HEADERS}.")));
    }
    for (name, value) in &config.headers {
        let field = format!("headers.{name}");
        check_name(&draft, &field, name)?;
        draft = draft.header(&field, name, value)?;
    }
    for (name, value) in &secrets.headers {
        let field = format!("secrets.headers.{name}");
        check_name(&draft, &field, name)?;
        if name.eq_ignore_ascii_case(CONTENT_TYPE.as_str()) {
            return Err(Error::config(field, "this header is no secret.").suggest("Set it among `headers`."));
        }
        draft = draft.secret_header(&field, name, Secret::expose(value))?;
    }
    Ok(draft)
}

fn check_name(draft: &Draft, field: &str, name: &str) -> Result<(), Error> {
    let name = name.to_ascii_lowercase();
    if RESERVED.contains(&name.as_str()) {
        return Err(Error::config(field, "this header is set by Linchpin itself."));
    }
    if draft.shown_header(&name).is_some() {
        let error = Error::config(field, "this header is set already.");
        return Err(error.suggest("Names count without regard to case, and `auth` may set one, too."));
    }
    Ok(())
}

/// Headers that each call gets by itself, each with the setting that says so: they must be headers, and free.
pub(super) fn check_own(draft: &Draft, own: &[(&str, &str)]) -> Result<(), Error> {
    let mut taken = HashSet::new();
    for (field, name) in own {
        outbound::Request::new(Method::POST, "https://localhost")
            .and_then(|request| request.header(name, "x"))
            .map_err(|error| Error::config(*field, format!("{error}.")))?;
        check_name(draft, field, name)?;
        if !taken.insert(name.to_ascii_lowercase()) {
            return Err(Error::config(*field, format!("the header `{name}` is set twice.")));
        }
    }
    Ok(())
}
