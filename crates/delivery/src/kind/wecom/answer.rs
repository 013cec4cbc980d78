//! What WeCom's answers mean.

use std::time::Duration;

use http::StatusCode;
use outbound::Response;
use serde::Deserialize;

use crate::verdict::{Verdict, judge_status};

/// A robot that has sent too much may send again after this long: the limit counts by the minute.
const PAUSE: Duration = Duration::from_secs(60);

/// An answer that we do not know is tried again, but not for days.
const UNKNOWN_TRIES: u32 = 4;

/// How much of WeCom's own words is repeated, in characters.
const MESSAGE: usize = 300;

#[derive(Deserialize)]
struct Answer {
    errcode: i64,
    #[serde(default)]
    errmsg: String,
}

/// WeCom answers 200 to everything and says in `errcode` whether it has taken the message. Codes from its
/// page of global error codes (developer.work.weixin.qq.com, document 90313).
pub(super) fn judge(response: &Response) -> Verdict {
    if response.status != StatusCode::OK {
        return judge_status(response, false);
    }
    let Ok(Answer { errcode, errmsg }) = serde_json::from_slice(&response.body) else {
        return unknown("the answer is 200, but not WeCom's: something between may have answered".to_owned());
    };
    let message: String = errmsg.chars().take(MESSAGE).collect();
    let said = |what: &str| format!("WeCom {what} ({errcode}: {message})");
    match errcode {
        0 => Verdict::Delivered,
        45009 => limited(said("takes no more messages from this robot for a minute"), Some(PAUSE)),
        45033 => limited(said("has too many requests at once"), Some(PAUSE)),
        -1 => limited(said("is busy"), None),
        93000 => Verdict::permanent(said("does not know the robot: set its webhook address anew")),
        40001 => Verdict::permanent(said("does not accept the key: set the webhook address anew")),
        40008 => Verdict::permanent(said("does not know the type of message")),
        40058 => Verdict::permanent(said("does not accept the message's fields")),
        // The words tell, too, should the code be another.
        _ if message.contains("freq") && message.contains("limit") => {
            limited(said("takes no more messages from this robot for a while"), Some(PAUSE))
        }
        _ => unknown(said("gave a code that is not known here")),
    }
}

fn limited(reason: String, after: Option<Duration>) -> Verdict {
    Verdict::Retry { reason, after, at_most: None }
}

fn unknown(reason: String) -> Verdict {
    Verdict::Retry { reason, after: None, at_most: Some(UNKNOWN_TRIES) }
}
