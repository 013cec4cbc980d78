//! What Discord's answers mean.

use std::time::Duration;

use http::HeaderMap;
use outbound::Response;
use serde::Deserialize;
use serde_json::Value;

use crate::verdict::{Verdict, judge_foreign, quoted};

/// Who has sent too much may send again after this long, if Discord does not say.
const PAUSE: Duration = Duration::from_secs(30);

/// A refusal; some have a pause in place of a code.
#[derive(Deserialize)]
struct Refusal {
    message: String,
    #[serde(default)]
    code: i64,
    retry_after: Option<f64>,
    /// What is wrong with which field.
    #[serde(default)]
    errors: Value,
}

/// Discord answers 204, or 200 with the message that it made; otherwise a status with a code. Codes from its page
/// "Opcodes and Status Codes" (discord.com/developers/docs), pauses from "Rate Limits".
pub(super) fn judge(response: &Response) -> Verdict {
    let refusal = serde_json::from_slice::<Refusal>(&response.body).ok();
    match (response.status.as_u16(), refusal) {
        (204, _) => Verdict::Delivered,
        (200, None) if made(&response.body) => Verdict::Delivered,
        (429, refusal) => Verdict::later(
            "Discord takes no more messages for a while",
            wait(refusal.as_ref(), &response.headers),
        ),
        (400..=499, Some(refusal)) => judge_refusal(&refusal),
        _ => judge_foreign(response, "Discord"),
    }
}

/// Whether an answer is a message, even if it was too long to be read to its end.
fn made(body: &[u8]) -> bool {
    serde_json::from_slice::<Value>(body).map_or_else(
        |error| error.is_eof() && body.starts_with(b"{") && body.windows(5).any(|bytes| bytes == b"\"id\":"),
        |message| message["id"].is_string(),
    )
}

/// How long Discord asks to wait.
fn wait(refusal: Option<&Refusal>, headers: &HeaderMap) -> Duration {
    let seconds = |seconds: f64| Duration::try_from_secs_f64(seconds).ok();
    let reset = || headers.get("x-ratelimit-reset-after")?.to_str().ok()?.parse().ok().and_then(seconds);
    let told = refusal.and_then(|refusal| refusal.retry_after).and_then(seconds);
    told.or_else(|| outbound::retry_after(headers)).or_else(reset).unwrap_or(PAUSE)
}

fn judge_refusal(Refusal { message, code, errors, .. }: &Refusal) -> Verdict {
    let wrong = if errors.is_null() { String::new() } else { format!(" {errors}") };
    let said = |what: &str| format!("Discord {what} ({code}: {})", quoted(&format!("{message}{wrong}")));
    let permanent = |what: &str| Verdict::permanent(said(what));
    match code {
        20_016 | 20_028 | 20_029 | 20_022 => {
            Verdict::later(said("takes no more messages for a while"), PAUSE)
        }
        130_000 => Verdict::retry(said("is overloaded")),
        10_015 | 50_027 => permanent("does not know the webhook, or not its token: set its URL anew"),
        10_003 | 10_004 => permanent("does not know the channel any more: set another webhook's URL"),
        50_006 => permanent("finds the message empty"),
        50_035 | 50_109 | 50_008 => permanent("does not accept the message's form"),
        40_005 => permanent("finds the message too long"),
        50_013 | 50_001 => permanent("does not let the webhook write there"),
        50_083 => permanent("says that the thread is archived"),
        200_000 | 200_001 | 240_000 => permanent("does not allow what the message says"),
        220_001..=220_003 => permanent("wants a thread in a forum, and only there: set `thread_id`"),
        _ => Verdict::unknown(said("gave a code that is not known here")),
    }
}
