//! What DingTalk's answers mean.

use std::time::Duration;

use outbound::Response;
use serde::Deserialize;

use crate::verdict::{Verdict, judge_foreign, quoted};

/// A robot that has sent more than 20 messages in a minute is not heard for ten.
const PAUSE: Duration = Duration::from_secs(600);

#[derive(Deserialize)]
struct Answer {
    errcode: i64,
    #[serde(default)]
    errmsg: String,
}

/// DingTalk answers 200 to everything and says in `errcode` whether it has taken the message. Codes from its page
/// "自定义机器人发送群消息" and its global table of codes (open.dingtalk.com).
pub(super) fn judge(response: &Response) -> Verdict {
    let Ok(Answer { errcode, errmsg }) = serde_json::from_slice(&response.body) else {
        return judge_foreign(response, "DingTalk");
    };
    let message = quoted(&errmsg);
    let said = |what: &str| format!("DingTalk {what} ({errcode}: {message})");
    let permanent = |what: &str| Verdict::permanent(said(what));
    match errcode {
        0 if response.status.is_success() => Verdict::Delivered,
        -1 => Verdict::retry(said("is busy")),
        130_101 | 410_100 => {
            Verdict::later(said("takes no more messages from this robot for ten minutes"), PAUSE)
        }
        310_000 => permanent(insecure(&errmsg)),
        // 300001 once stood for too many messages as well.
        _ if ["too fast", "too many", "frequency", "太快", "限流"]
            .iter()
            .any(|word| message.contains(word)) =>
        {
            Verdict::later(said("takes no more messages from this robot for a while"), PAUSE)
        }
        300_001 | 300_005 | 400_101 => {
            permanent("does not know the token: set the robot's webhook address anew")
        }
        400_013 => permanent("says that the group was dissolved: choose another group's robot"),
        400_102 => permanent("says that the robot was stopped: start it in the group's settings"),
        400_106 => permanent("does not know the robot: set its webhook address anew"),
        40_035 | 43_004 | 400_105 => permanent("does not accept the message's form"),
        430_101..=430_104 => permanent("does not allow what the message says or links to"),
        460_101 => permanent("finds the message too long"),
        _ => Verdict::unknown(said("gave a code that is not known here")),
    }
}

/// Which of the robot's security settings was not met.
fn insecure(message: &str) -> &'static str {
    let message = message.to_lowercase();
    if message.contains("keyword") {
        "wants one of the robot's keywords in the message: write it into the text, or change the robot's settings"
    } else if message.contains("timestamp") {
        "finds the time of the message wrong: set this machine's clock"
    } else if message.contains("sign") {
        "does not accept the signature: set the secret `secret` to the robot's signing secret"
    } else if message.contains("whitelist") || message.contains("ip ") {
        "does not know this server's address: add it to the robot's addresses"
    } else {
        "refuses the message by the robot's security settings"
    }
}
