//! Alibaba Cloud's Short Message Service (阿里云短信服务).
//!
//! Rules from the vendor's pages on `SendSms` (version 2017-05-25) and "V3 版本请求体&签名机制" (help.aliyun.com):
//! parameters stand in the query; the request is signed by ACS3-HMAC-SHA256; an answer carries `Code`, and only `OK`
//! means that the message was taken.

mod answer;
mod signature;

use outbound::{Endpoint, Response};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};
use vault::Secret;

use super::config::AliyunAccount;
use crate::{
    Error,
    address::Address,
    call::{Call, Draft, Unsendable},
    kind::{Stamp, form},
    redact::Redaction,
    verdict::Verdict,
};
use signature::Signed;

const VERSION: &str = "2017-05-25";

pub(crate) struct Aliyun {
    account: AliyunAccount,
    address: Address,
    key: Secret,
    redaction: Redaction,
}

/// What a message says.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Said {
    /// The phone's number.
    to: String,
    /// Values for the template's names.
    #[serde(default)]
    params: Map<String, Value>,
    /// The template's code; else the destination's.
    template: Option<String>,
}

impl Aliyun {
    pub(super) fn open(account: AliyunAccount, key: Secret) -> Result<Self, Error> {
        for (field, value) in [
            ("access_key_id", &account.access_key_id),
            ("sign_name", &account.sign_name),
            ("template_code", &account.template_code),
        ] {
            if value.trim().is_empty() {
                let error = Error::config(format!("provider.{field}"), "it is empty.");
                return Err(error.suggest("Copy it from the console of Alibaba Cloud."));
            }
        }
        let address = Address::open("provider.base", &account.base)?;
        if address.url.path() != "/" || address.url.query().is_some() {
            return Err(Error::config("provider.base", "the address has a path or a query.")
                .suggest("Leave them out."));
        }
        let mut redaction = Redaction::default();
        redaction.add(key.expose());
        Ok(Self { account, address, key, redaction })
    }

    pub(super) fn call(&self, body: Value, stamp: &Stamp) -> Result<Call, Unsendable> {
        if !body.is_object() {
            let reason =
                "a text message by Alibaba Cloud is an object `{to, params}`; change the deliver node's body";
            return Err(Unsendable(reason.to_owned()));
        }
        let said: Said = form(body)?;
        let mut parameters = vec![
            ("PhoneNumbers", number(&said.to)?),
            ("SignName", self.account.sign_name.clone()),
            ("TemplateCode", said.template.unwrap_or_else(|| self.account.template_code.clone())),
        ];
        if !said.params.is_empty() {
            parameters.push(("TemplateParam", texts(said.params)?.to_string()));
        }
        // Each attempt needs another one, or it is taken for a replay.
        let nonce = format!("{}-{}", stamp.id, stamp.at_ms);
        let signed = Signed {
            action: "SendSms",
            version: VERSION,
            parameters: &parameters,
            at_s: stamp.at_s,
            nonce: &nonce,
        };
        signed.call(&self.address, &self.account.access_key_id, &self.key)
    }

    pub(super) fn endpoint(&self) -> Endpoint {
        self.address.endpoint()
    }

    pub(super) fn redaction(&self) -> &Redaction {
        &self.redaction
    }
}

pub(super) fn judge(response: &Response) -> Verdict {
    answer::judge(response)
}

/// A number as `SendSms` wants it: 11 digits at home, elsewhere the country's code before it.
fn number(to: &str) -> Result<String, Unsendable> {
    let digits = to.strip_prefix('+').unwrap_or(to);
    if !(5..=20).contains(&digits.len()) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let reason = "`to` is one phone number, such as 13800001111 or +8613800001111";
        return Err(Unsendable(reason.to_owned()));
    }
    Ok(digits.to_owned())
}

/// The values of a template, which takes nothing but texts.
fn texts(params: Map<String, Value>) -> Result<Value, Unsendable> {
    let text = |(name, value): (String, Value)| match value {
        Value::String(_) => Ok((name, value)),
        Value::Number(_) | Value::Bool(_) => Ok((name, value.to_string().into())),
        _ => Err(Unsendable(format!("params.{name} is not a text or a number"))),
    };
    params.into_iter().map(text).collect::<Result<Map<_, _>, _>>().map(Value::Object)
}

fn draft(address: Address) -> Result<Draft, Unsendable> {
    Draft::new(http::Method::POST, address).map_err(|error| Unsendable(error.to_string()))
}
