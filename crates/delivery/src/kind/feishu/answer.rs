//! What Feishu's answers mean.

use std::time::Duration;

use outbound::Response;
use serde::Deserialize;

use crate::verdict::{Verdict, judge_foreign, quoted};

/// A robot that has sent too much may send again after this long: the larger limit counts by the minute.
const PAUSE: Duration = Duration::from_secs(60);

/// An answer in today's form, or in the one that old robots give.
#[derive(Deserialize)]
#[serde(untagged)]
enum Answer {
    New {
        code: i64,
        #[serde(default)]
        msg: String,
    },
    Old {
        #[serde(rename = "StatusCode")]
        code: i64,
        #[serde(rename = "StatusMessage", default)]
        msg: String,
    },
}

/// Feishu says in `code` whether it has taken the message, mostly in a 200. Codes from its page "自定义机器人使用指南"
/// (open.feishu.cn, ucTM5YjL3ETO24yNxkjN).
pub(super) fn judge(response: &Response) -> Verdict {
    let Ok(Answer::New { code, msg } | Answer::Old { code, msg }) = serde_json::from_slice(&response.body)
    else {
        return judge_foreign(response, "Feishu");
    };
    let message = quoted(&msg);
    let said = |what: &str| format!("Feishu {what} ({code}: {message})");
    let permanent = |what: &str| Verdict::permanent(said(what));
    let lower = message.to_lowercase();
    match code {
        0 if response.status.is_success() => Verdict::Delivered,
        11_232 => Verdict::later(said("takes no more messages from this robot for a while"), PAUSE),
        // The words tell, too: 9499 stands for much.
        _ if ["frequency", "too many", "rate limit"].iter().any(|word| lower.contains(word)) => {
            Verdict::later(said("takes no more messages from this robot for a while"), PAUSE)
        }
        9_499 | 19_002 => permanent("does not accept the message's form"),
        11_246 => permanent("cannot read the card"),
        19_001 => permanent("does not know the token: set the robot's webhook address anew"),
        19_007 => permanent("says that the robot is switched off: switch it on in the group's settings"),
        19_021 => permanent(
            "does not accept the signature: set the secret `secret` to the robot's signing secret, and check this \
             machine's clock",
        ),
        19_022 => permanent("does not know this server's address: add it to the robot's addresses"),
        19_024 => permanent(
            "wants one of the robot's keywords in the message: write it into the text, or change the robot's settings",
        ),
        _ => Verdict::unknown(said("gave a code that is not known here")),
    }
}
