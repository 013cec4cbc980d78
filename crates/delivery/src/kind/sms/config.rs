//! The settings of text messages.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vault::Secret;

/// Sends a text message to a phone. By Twilio the message is an object `{to, text}`, by Alibaba Cloud `{to, params}`
/// with the values of the template. It has arrived when the provider has taken it; whether the phone got it is
/// seen in the provider's own log.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Who sends it.
    pub(super) provider: Provider,
}

/// What nobody sees again.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Secrets {
    /// Twilio's auth token, or the secret of its API key; the secret of Alibaba Cloud's access key.
    #[schemars(with = "String", extend("writeOnly" = true))]
    pub(super) key: Secret,
}

/// Who sends text messages.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Provider {
    /// Twilio, to any country.
    Twilio(TwilioAccount),
    /// Alibaba Cloud (阿里云), by templates that it has approved.
    Aliyun(AliyunAccount),
}

/// An account of Twilio.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TwilioAccount {
    /// The account's SID: `AC` and 32 characters.
    pub(super) account_sid: String,
    /// The SID of an API key (`SK…`), if the secret `key` is an API key's and not the account's auth token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) api_key_sid: Option<String>,
    /// The number that sends, such as `+15005550006`. Leave it out with a messaging service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) from: Option<String>,
    /// The SID of the messaging service (`MG…`) that chooses the number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) messaging_service_sid: Option<String>,
    /// Where Twilio is: another region, or a proxy of yours.
    #[serde(default = "TwilioAccount::default_base")]
    pub(super) base: String,
}

/// An account of Alibaba Cloud.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AliyunAccount {
    /// The id of an access key that may call `dysms:SendSms`.
    pub(super) access_key_id: String,
    /// The approved signature (签名) that stands before the text.
    pub(super) sign_name: String,
    /// The approved template (模板), such as `SMS_15305****`; a message may choose another.
    pub(super) template_code: String,
    /// Where the service is: another region, or a proxy of yours.
    #[serde(default = "AliyunAccount::default_base")]
    pub(super) base: String,
}

impl TwilioAccount {
    fn default_base() -> String {
        "https://api.twilio.com".to_owned()
    }
}

impl AliyunAccount {
    fn default_base() -> String {
        "https://dysmsapi.aliyuncs.com".to_owned()
    }
}
