//! What Slack's answers mean.

use std::time::Duration;

use outbound::Response;

use crate::verdict::{Verdict, judge_foreign};

/// A webhook that has sent too much may send again after this long, if Slack does not say.
const PAUSE: Duration = Duration::from_secs(30);

/// What is said of a destination whose channel takes nothing any more.
const ARCHIVED: &str = "Slack says that the channel is archived (channel_is_archived): unarchive it or set another \
                        webhook URL, then switch the destination on again";

/// Slack answers with a word: `ok` in a 200, else what is wrong. Words from its page "Sending messages using
/// incoming webhooks", section on errors (docs.slack.dev), and from its announcement of 2016-05-17.
pub(super) fn judge(response: &Response) -> Verdict {
    let body = String::from_utf8_lossy(&response.body);
    let word = body.trim();
    if response.status.as_u16() == 429 || matches!(word, "rate_limited" | "message_limit_exceeded") {
        let after = outbound::retry_after(&response.headers).unwrap_or(PAUSE);
        return Verdict::later("Slack takes no more messages from this webhook for a while", after);
    }
    let permanent = |what: &str| Verdict::permanent(format!("Slack {what} ({word})"));
    match word {
        "ok" if response.status.is_success() => Verdict::Delivered,
        "channel_is_archived" => Verdict::Permanent { reason: ARCHIVED.to_owned(), disable: Some(ARCHIVED) },
        "rollup_error" => Verdict::retry("Slack failed without a reason (rollup_error)"),
        "invalid_payload" | "invalid_attachments" | "too_many_attachments" | "user_not_found" => {
            permanent("does not accept the message's form")
        }
        "invalid_blocks" | "invalid_blocks_format" => {
            permanent("does not accept the blocks: try them in its Block Kit Builder")
        }
        "no_text" | "missing_text_or_fallback_or_attachments" => permanent("finds no text in the message"),
        "msg_too_long" => permanent("finds the message too long"),
        "action_prohibited" => {
            permanent("forbids the webhook to write there: ask the workspace's administrators")
        }
        "posting_to_general_channel_denied" => permanent(
            "lets only some write to the general channel: choose another one, or ask the administrators",
        ),
        "channel_not_found" => permanent("does not know the channel any more: set another webhook URL"),
        "no_service" | "no_service_id" | "no_active_hooks" | "invalid_token" | "no_team" => {
            permanent("does not know the webhook, or has switched it off: set the webhook URL anew")
        }
        "team_disabled" => permanent("says that the workspace is not in use any more"),
        _ => judge_foreign(response, "Slack"),
    }
}
