//! Twilio's Programmable Messaging.
//!
//! Rules from the vendor's page "Messages resource" (twilio.com/docs/messaging/api/message-resource): a form is posted
//! with HTTP Basic; 201 with a `sid` means that the message was taken; a body has at most 1,600 characters.

use http::Method;
use outbound::{Endpoint, Response};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use url::form_urlencoded::Serializer;
use vault::Secret;

use super::config::TwilioAccount;
use crate::{
    Error,
    address::Address,
    auth::Auth,
    call::{Call, Draft, Unsendable},
    kind::form,
    parts::{Room, parts},
    redact::Redaction,
    split::Unit,
    verdict::{Verdict, judge_foreign, quoted},
};

/// The longest text, in characters.
const LIMIT: usize = 1_600;

pub(crate) struct Twilio {
    draft: Draft,
    /// The field that says who sends, and its value.
    sender: (&'static str, String),
}

/// What a message says.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Said {
    /// The phone's number, with `+` and the country's code.
    to: String,
    /// What is said.
    text: String,
}

impl Twilio {
    pub(super) fn open(account: TwilioAccount, key: &Secret) -> Result<Self, Error> {
        sid("provider.account_sid", "AC", &account.account_sid)?;
        let sender = sender(&account)?;
        let path = format!(
            "{}/2010-04-01/Accounts/{}/Messages.json",
            account.base.trim_end_matches('/'),
            account.account_sid
        );
        let address = Address::open("provider.base", &path)?;
        let username = account.api_key_sid.unwrap_or(account.account_sid);
        sid("provider.api_key_sid", "", &username)?;
        let draft = Draft::new(Method::POST, address)?;
        let draft = draft.header("headers", "content-type", "application/x-www-form-urlencoded")?;
        let draft = Auth::Basic { username }.header(draft, Some(key))?;
        Ok(Self { draft, sender })
    }

    pub(super) fn calls(&self, body: Value) -> Result<Vec<Call>, Unsendable> {
        if !body.is_object() {
            let reason = "a text message by Twilio is an object `{to, text}`; change the deliver node's body";
            return Err(Unsendable(reason.to_owned()));
        }
        let Said { to, text } = form(body)?;
        if !is_number(&to) {
            let reason = "`to` is a phone number with its country's code, such as +8613800001111";
            return Err(Unsendable(reason.to_owned()));
        }
        let contents = parts(&text, Room { most: LIMIT, unit: Unit::Characters, fenced: false }, "Twilio")?;
        let (field, sender) = &self.sender;
        let call = |content: &String| {
            let fields = [("To", &to), (field, sender), ("Body", content)];
            self.draft.call(Serializer::new(String::new()).extend_pairs(fields).finish().into())
        };
        Ok(contents.iter().map(call).collect())
    }

    pub(super) fn endpoint(&self) -> Endpoint {
        self.draft.endpoint()
    }

    pub(super) fn redaction(&self) -> &Redaction {
        self.draft.redaction()
    }
}

/// Who sends, as a field of the form.
fn sender(account: &TwilioAccount) -> Result<(&'static str, String), Error> {
    match (&account.from, &account.messaging_service_sid) {
        (Some(from), None) if !from.trim().is_empty() => Ok(("From", from.clone())),
        (None, Some(service)) => {
            sid("provider.messaging_service_sid", "MG", service)?;
            Ok(("MessagingServiceSid", service.clone()))
        }
        (Some(_), Some(_)) => {
            let error = Error::config("provider.from", "there is a number and a messaging service.");
            Err(error.suggest("Keep one of them."))
        }
        _ => {
            let error = Error::config("provider.from", "it is missing: the number that sends.");
            Err(error.suggest("Set it, or `messaging_service_sid`."))
        }
    }
}

fn sid(field: &str, begin: &str, sid: &str) -> Result<(), Error> {
    if sid.starts_with(begin) && sid.len() > 2 && sid.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Ok(());
    }
    let begin = if begin.is_empty() { "SK" } else { begin };
    let error = Error::config(field, format!("a SID is `{begin}` and 32 letters and digits."));
    Err(error.suggest("Copy it from Twilio's console."))
}

/// Whether a number is in the form E.164.
fn is_number(to: &str) -> bool {
    let digits = to.strip_prefix('+').unwrap_or_default();
    (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

#[derive(Deserialize)]
struct Taken {
    #[serde(rename = "sid")]
    _sid: String,
    error_code: Option<i64>,
    error_message: Option<String>,
}

#[derive(Deserialize)]
struct Refusal {
    code: i64,
    #[serde(default)]
    message: String,
}

/// Twilio answers 201 with the message that it made; otherwise a status with a code. Codes from its "Error and Warning
/// Dictionary" (twilio.com/docs/api/errors).
pub(super) fn judge(response: &Response) -> Verdict {
    let taken = serde_json::from_slice::<Taken>(&response.body);
    let refusal = serde_json::from_slice::<Refusal>(&response.body);
    match (response.status.as_u16(), taken, refusal) {
        (201, Ok(Taken { error_code: None, .. }), _) => Verdict::Delivered,
        (201, Ok(Taken { error_code: Some(code), error_message, .. }), _) => {
            judge_code(code, &error_message.unwrap_or_default(), response)
        }
        (400..=599, _, Ok(Refusal { code, message })) => judge_code(code, &message, response),
        _ => judge_foreign(response, "Twilio"),
    }
}

fn judge_code(code: i64, message: &str, response: &Response) -> Verdict {
    let said = |what: &str| format!("Twilio {what} ({code}: {})", quoted(message));
    let permanent = |what: &str| Verdict::permanent(said(what));
    match code {
        20_429 | 14_107 | 21_611 | 30_001 | 30_022 | 63_018 => Verdict::later(
            said("takes no more messages for a while"),
            outbound::retry_after(&response.headers),
        ),
        30_023 | 63_038 => {
            Verdict::later(said("takes no more messages today"), crate::retry::RETRY_AFTER_CAP)
        }
        20_500 | 20_503 | 30_008 | 30_017 => Verdict::retry(said("is busy")),
        20_003 | 20_008 | 20_404 => {
            permanent("does not accept the account or its key: set `account_sid` and the secret `key` anew")
        }
        20_005 | 30_002 => permanent("has suspended the account"),
        21_211 | 21_214 | 21_217 | 21_401 | 21_421 | 21_614 | 30_005 | 30_006 => {
            permanent("does not know the number in `to`, or cannot write to it")
        }
        21_212 | 21_603 | 21_606 | 21_659 | 21_660 | 21_701 | 21_703 | 21_704 | 21_705 => {
            permanent("cannot send from that number or service: check `from` and `messaging_service_sid`")
        }
        21_266 => permanent("does not send from a number to itself"),
        21_408 => {
            permanent("may not write to that country: allow it in Twilio's console under Geo permissions")
        }
        21_608 => permanent("writes only to verified numbers while the account is a trial"),
        21_610 => permanent("does not write to that number: its owner has unsubscribed"),
        21_612 | 30_003 | 30_004 => permanent("cannot reach the number"),
        21_602 | 21_604 | 21_617 | 21_619 | 21_654 => permanent("does not accept the message's form"),
        30_007 | 30_034 | 30_038 => permanent("does not allow what the message says, or who sends it"),
        _ => Verdict::unknown(said("gave a code that is not known here")),
    }
}
