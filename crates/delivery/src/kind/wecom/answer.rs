//! What WeCom's answers mean.

use std::time::Duration;

use outbound::Response;
use serde::Deserialize;

use crate::verdict::{Verdict, judge_foreign, quoted};

/// A robot that has sent too much may send again after this long: the limit counts by the minute.
const PAUSE: Duration = Duration::from_secs(60);

#[derive(Deserialize)]
struct Answer {
    errcode: i64,
    #[serde(default)]
    errmsg: String,
}

/// WeCom answers 200 to everything and says in `errcode` whether it has taken the message. Codes from its
/// page of global error codes (developer.work.weixin.qq.com, document 90313).
pub(super) fn judge(response: &Response) -> Verdict {
    let Ok(Answer { errcode, errmsg }) = serde_json::from_slice(&response.body) else {
        return judge_foreign(response, "WeCom");
    };
    let message = quoted(&errmsg);
    let said = |what: &str| format!("WeCom {what} ({errcode}: {message})");
    match errcode {
        0 if response.status.is_success() => Verdict::Delivered,
        45009 => Verdict::later(said("takes no more messages from this robot for a minute"), PAUSE),
        45033 => Verdict::later(said("has too many requests at once"), PAUSE),
        -1 => Verdict::retry(said("is busy")),
        93000 => Verdict::permanent(said("does not know the robot: set its webhook address anew")),
        40001 => Verdict::permanent(said("does not accept the key: set the webhook address anew")),
        40008 => Verdict::permanent(said("does not know the type of message")),
        40058 => Verdict::permanent(said("does not accept the message's fields")),
        // The words tell, too, should the code be another.
        _ if message.contains("freq") && message.contains("limit") => {
            Verdict::later(said("takes no more messages from this robot for a while"), PAUSE)
        }
        _ => Verdict::unknown(said("gave a code that is not known here")),
    }
}
