//! What WeCom's answers to an application mean.

use std::time::Duration;

use outbound::Response;
use serde::Deserialize;
use vault::Secret;

use crate::{
    credential::Granted,
    verdict::{Verdict, judge_foreign, quoted},
};

/// An application that has sent too much may send again after this long: most limits count by the minute.
const PAUSE: Duration = Duration::from_secs(60);

/// The codes of a token that is no good any more.
const STALE: [i64; 2] = [40014, 42001];

#[derive(Deserialize)]
struct Answer {
    errcode: i64,
    #[serde(default)]
    errmsg: String,
}

#[derive(Deserialize)]
struct Token {
    access_token: Secret,
    expires_in: u64,
}

/// For whom a message was not taken.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Left {
    invaliduser: String,
    invalidparty: String,
    invalidtag: String,
    unlicenseduser: String,
}

/// WeCom answers 200 to everything and says in `errcode` whether it has taken the message. Codes from its page of global
/// error codes (developer.work.weixin.qq.com, document 90313).
pub(super) fn judge(response: &Response) -> Verdict {
    let Some(Answer { errcode, errmsg }) = answer(response) else { return judge_foreign(response, "WeCom") };
    let message = quoted(&errmsg);
    let said = |what: &str| format!("WeCom {what} ({errcode}: {message})");
    match errcode {
        0 if response.status.is_success() => Verdict::Delivered,
        45009 => Verdict::later(said("takes no more calls from this application for a while"), PAUSE),
        45033 => Verdict::later(said("has too many requests at once"), PAUSE),
        -1 => Verdict::retry(said("is busy")),
        40014 | 42001 => Verdict::retry(said("does not take the token that it gave")),
        _ => match mend(errcode) {
            Some((what, mend)) => Verdict::permanent(format!("{}: {mend}", said(what))),
            None => Verdict::unknown(said("gave a code that is not known here")),
        },
    }
}

/// What a code that does not pass means, and what to do.
const fn mend(errcode: i64) -> Option<(&'static str, &'static str)> {
    Some(match errcode {
        40001 => ("does not accept the secret", "set the application's `secret` anew"),
        40013 => ("does not know the company", "correct `corp_id`"),
        40056 | 41011 | 301_002 => {
            ("does not know the application, or the secret is another's", "correct `agent_id`")
        }
        48002 | 50003 => ("does not let the application send", "enable it in WeCom's administration"),
        60011 => {
            ("does not let the application write to them", "add them to those who may see the application")
        }
        60020 => ("does not trust this server's address", "add it to the application's trusted addresses"),
        81013 => {
            ("knows none of the recipients", "correct `to`, or add them to those who may see the application")
        }
        82001 => ("was given no recipient", "set `to`"),
        40008 | 40058 | 44004 | 45002 | 45008 => {
            ("does not accept the message's form", "mend the deliver node's body")
        }
        _ => return None,
    })
}

/// Whether the token is no good any more.
pub(super) fn is_stale(response: &Response) -> bool {
    answer(response).is_some_and(|answer| STALE.contains(&answer.errcode))
}

/// The token that WeCom gives.
pub(super) fn token(response: &Response) -> Result<Granted, Verdict> {
    match judge(response) {
        Verdict::Delivered => match serde_json::from_slice(&response.body) {
            Ok(Token { access_token: token, expires_in }) if !token.expose().is_empty() => {
                Ok(Granted { token, lasts: Duration::from_secs(expires_in) })
            }
            _ => Err(Verdict::unknown("WeCom's answer holds no `access_token`")),
        },
        verdict => Err(verdict),
    }
}

/// For whom a message was not taken that was taken for others.
pub(super) fn left(response: &Response) -> Option<String> {
    let left: Left = serde_json::from_slice(&response.body).ok()?;
    let lists = [
        ("users", left.invaliduser),
        ("parties", left.invalidparty),
        ("tags", left.invalidtag),
        ("users without a licence", left.unlicenseduser),
    ];
    let named: Vec<String> = lists
        .into_iter()
        .filter(|(_, ids)| !ids.is_empty())
        .map(|(name, ids)| format!("{name} {}", quoted(&ids)))
        .collect();
    let reason = format!("WeCom took it, but not for {}: correct `to`", named.join(", "));
    (!named.is_empty()).then_some(reason)
}

fn answer(response: &Response) -> Option<Answer> {
    serde_json::from_slice(&response.body).ok()
}
