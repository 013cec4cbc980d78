//! Text messages to phones, by Twilio or by Alibaba Cloud.

mod aliyun;
mod config;
mod twilio;

use outbound::{Endpoint, Response};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use store::Message;

use super::{Kind, Stamp};
use crate::{
    Error,
    call::{Call, Unsendable},
    redact::Redaction,
    verdict::Verdict,
};
use aliyun::Aliyun;
use config::{Config, Provider, Secrets};
use twilio::Twilio;

/// A destination of either provider. Both queue what they take, so there is no pace to keep.
pub(crate) enum Sms {
    Twilio(Twilio),
    Aliyun(Aliyun),
}

impl Kind for Sms {
    const NAME: &'static str = "sms";
    const ANSWER_LIMIT: usize = 8 * 1024;
    const MESSAGE: Option<fn(&mut SchemaGenerator) -> Schema> = Some(message);
    type Config = Config;
    type Secrets = Secrets;

    fn open(config: Config, secrets: Secrets) -> Result<Self, Error> {
        if secrets.key.expose().is_empty() {
            let error = Error::config("secrets.key", "it is empty.");
            return Err(
                error.suggest("Set Twilio's auth token, or the secret of Alibaba Cloud's access key.")
            );
        }
        match config.provider {
            Provider::Twilio(account) => Twilio::open(account, &secrets.key).map(Self::Twilio),
            Provider::Aliyun(account) => Aliyun::open(account, secrets.key).map(Self::Aliyun),
        }
    }

    fn calls(&self, message: Message, stamp: &Stamp) -> Result<Vec<Call>, Unsendable> {
        match self {
            Self::Twilio(twilio) => twilio.calls(message.body),
            Self::Aliyun(aliyun) => Ok(vec![aliyun.call(message.body, stamp)?]),
        }
    }

    fn judge(&self, response: &Response) -> Verdict {
        match self {
            Self::Twilio(_) => twilio::judge(response),
            Self::Aliyun(_) => aliyun::judge(response),
        }
    }

    fn endpoint(&self) -> Endpoint {
        match self {
            Self::Twilio(twilio) => twilio.endpoint(),
            Self::Aliyun(aliyun) => aliyun.endpoint(),
        }
    }

    fn redaction(&self) -> &Redaction {
        match self {
            Self::Twilio(twilio) => twilio.redaction(),
            Self::Aliyun(aliyun) => aliyun.redaction(),
        }
    }
}

/// What a message says, by either provider.
fn message(generator: &mut SchemaGenerator) -> Schema {
    let (twilio, aliyun) = (twilio::Said::json_schema(generator), aliyun::Said::json_schema(generator));
    json_schema!({ "oneOf": [twilio, aliyun] })
}

#[cfg(test)]
mod tests;
