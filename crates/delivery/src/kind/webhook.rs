//! A signed webhook: the message as JSON to any HTTP address.

mod config;

use bytes::Bytes;
use http::{
    HeaderName, HeaderValue,
    header::{AUTHORIZATION, CONTENT_TYPE},
};
use outbound::Response;
use serde_json::Value;
use store::Message;
use vault::Secret;

use super::{Kind, Stamp};
use crate::{
    Error,
    address::Address,
    call::{Call, Draft, Unsendable},
    credential::Credential,
    redact::Redaction,
    signing::{Keys, SignedBy},
    verdict::{Verdict, judge_status},
};
use config::{Config, Secrets};

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

/// The most headers of one's own.
const HEADERS: usize = 50;

pub(crate) struct Webhook {
    draft: Draft,
    keys: Keys,
    credential: Option<Credential>,
    /// Whether the body is JSON; otherwise it is the message's text as it is.
    json: bool,
    retry_client_errors: bool,
}

impl Kind for Webhook {
    const NAME: &'static str = "webhook";
    type Config = Config;
    type Secrets = Secrets;

    fn open(config: Config, secrets: Secrets) -> Result<Self, Error> {
        let address = config.auth.address(address(&config, &secrets)?, secrets.auth.as_ref())?;
        let draft = Draft::new(config.method.into(), address)?;
        let draft = config.auth.header(draft, secrets.auth.as_ref())?;
        let credential = config.auth.credential(secrets.auth.as_ref())?;
        let draft = with_headers(draft, &config, &secrets)?;
        if credential.is_some() && draft.shown_header(AUTHORIZATION.as_str()).is_some() {
            return Err(Error::config("headers", "`Authorization` is what `auth` sets."));
        }
        let content_type = draft.shown_header(CONTENT_TYPE.as_str());
        let json = content_type.is_none_or(is_json);
        let draft = match content_type {
            None => draft.header("headers", CONTENT_TYPE.as_str(), "application/json")?,
            Some(_) => draft,
        };
        let prefix = config.hmac.prefix.clone();
        let keys = Keys::open(config.signing, config.hmac, &secrets.signing)?;
        check_signature_header(&draft, &keys, &prefix)?;
        Ok(Self { draft, keys, credential, json, retry_client_errors: config.retry_client_errors })
    }

    fn calls(&self, message: Message, stamp: &Stamp) -> Result<Vec<Call>, Unsendable> {
        let body = self.body(message.body)?;
        let call = self.keys.sign(self.draft.call(body), stamp)?;
        let call = match stamp.token.as_ref().map(Secret::expose) {
            None => call,
            Some(token) => {
                call.secret_header(AUTHORIZATION.as_str(), &format!("Bearer {token}"))?.hiding(token)
            }
        };
        Ok(vec![call])
    }

    fn judge(&self, response: &Response) -> Verdict {
        judge_status(response, self.retry_client_errors)
    }

    fn redaction(&self) -> &Redaction {
        self.draft.redaction()
    }

    fn credential(&self) -> Option<&Credential> {
        self.credential.as_ref()
    }

    fn signed_by(&self) -> Vec<SignedBy> {
        self.keys.shown().collect()
    }
}

impl Webhook {
    fn body(&self, body: Value) -> Result<Bytes, Unsendable> {
        match body {
            Value::String(text) if !self.json => Ok(text.into()),
            _ if !self.json => Err(Unsendable(
                "the destination's content type is not JSON, so the message must be a text; make it one in the \
                 deliver node, or set the destination's Content-Type to application/json"
                    .to_owned(),
            )),
            body => Ok(body.to_string().into()),
        }
    }
}

fn address(config: &Config, secrets: &Secrets) -> Result<Address, Error> {
    match (&config.url, &secrets.url) {
        (Some(url), None) => Address::open("url", url),
        (None, Some(url)) => Address::secret("secrets.url", url.expose()),
        (Some(_), Some(_)) => {
            let error = Error::config("url", "there is an open address and a secret one.");
            Err(error.suggest("Keep one of them."))
        }
        (None, None) => {
            let error = Error::config("url", "it is missing: the address to call.");
            Err(error.suggest("Set it as the secret `url` if knowing it lets anybody call it."))
        }
    }
}

fn with_headers(mut draft: Draft, config: &Config, secrets: &Secrets) -> Result<Draft, Error> {
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

/// The header of signatures that are not Standard Webhooks' must be free.
fn check_signature_header(draft: &Draft, keys: &Keys, hmac_prefix: &str) -> Result<(), Error> {
    let Some(name) = keys.header() else { return Ok(()) };
    let field = "hmac.header";
    if HeaderName::try_from(name).is_err() || HeaderValue::try_from(hmac_prefix).is_err() {
        return Err(Error::config("hmac", "its header and prefix make no header of HTTP."));
    }
    check_name(draft, field, name)
}

/// `application/json`, `application/vnd.api+json`, …
fn is_json(content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind.ends_with("/json") || kind.ends_with("+json")
}

#[cfg(test)]
mod tests;
