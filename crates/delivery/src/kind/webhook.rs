//! A signed webhook: the message as JSON to any HTTP address.

mod address;
mod config;
mod headers;

use bytes::Bytes;
use http::{
    HeaderValue,
    header::{AUTHORIZATION, CONTENT_TYPE},
};
use outbound::{Endpoint, Response};
use serde_json::Value;
use store::Message;
use vault::Secret;

use super::{Kind, Stamp};
use crate::{
    Error,
    call::{Call, Draft, Unsendable},
    credential::Credential,
    redact::Redaction,
    signing::{Keys, SignedBy},
    verdict::{Verdict, judge_status},
};
use address::Variable;
use config::{Config, Method, Secrets};
use headers::{OfMessages, check_own, with_headers};

pub(crate) struct Webhook {
    draft: Draft,
    /// What makes the address of each message, if it holds names.
    variable: Option<Variable>,
    of_messages: OfMessages,
    keys: Keys,
    credential: Option<Credential>,
    /// Whether the body is JSON; otherwise it is the message's text as it is.
    json: bool,
    /// Whether a message that is `null` has no body.
    bare: bool,
    retry_client_errors: bool,
}

impl Kind for Webhook {
    const NAME: &'static str = "webhook";
    type Config = Config;
    type Secrets = Secrets;

    fn open(config: Config, secrets: Secrets) -> Result<Self, Error> {
        let (address, variable) = address::open(&config, &secrets)?;
        let draft = Draft::new(config.method.into(), address)?;
        let draft = config.auth.header(draft, secrets.auth.as_ref())?;
        let credential = config.auth.credential(secrets.auth.as_ref())?;
        let draft = with_headers(draft, &config, &secrets)?;
        let content_type = draft.shown_header(CONTENT_TYPE.as_str());
        let json = content_type.is_none_or(is_json);
        let draft = match content_type {
            None => draft.header("headers", CONTENT_TYPE.as_str(), "application/json")?,
            Some(_) => draft,
        };
        if HeaderValue::try_from(&config.hmac.prefix).is_err() {
            return Err(Error::config("hmac.prefix", "a header's value cannot begin so."));
        }
        let keys = Keys::open(config.signing, config.hmac, &secrets.signing)?;
        let own = config.message_headers.iter().map(|name| ("message_headers", name.as_str()));
        let own = own.chain(keys.header().map(|name| ("hmac.header", name)));
        let own = own.chain(credential.is_some().then_some(("auth", AUTHORIZATION.as_str())));
        check_own(&draft, &own.collect::<Vec<_>>())?;
        let of_messages = OfMessages::open(&config.message_headers)?;
        let (bare, retry_client_errors) = (config.method == Method::Delete, config.retry_client_errors);
        Ok(Self { draft, variable, of_messages, keys, credential, json, bare, retry_client_errors })
    }

    fn calls(&self, message: Message, stamp: &Stamp) -> Result<Vec<Call>, Unsendable> {
        let body = self.body(message.body)?;
        let call = match &self.variable {
            None => self.draft.call(body),
            Some(variable) => self.draft.at(&variable.address(&message.params)?)?.call(body),
        };
        let call = self.of_messages.put(self.keys.sign(call, stamp)?, message.headers)?;
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

    fn endpoint(&self) -> Endpoint {
        self.draft.endpoint()
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
            Value::Null if self.bare => Ok(Bytes::new()),
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

/// `application/json`, `application/vnd.api+json`, …
fn is_json(content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind.ends_with("/json") || kind.ends_with("+json")
}

#[cfg(test)]
mod tests;
