//! What the answers of Teams mean.

use std::time::Duration;

use outbound::Response;
use serde::Deserialize;

use crate::verdict::{Verdict, judge_foreign, judge_status, quoted};

/// Who has sent too much may send again after this long, if Teams does not say.
const PAUSE: Duration = Duration::from_secs(30);

/// How a workflow says what is wrong.
#[derive(Deserialize)]
struct Refusal {
    error: Failure,
}

#[derive(Deserialize)]
struct Failure {
    code: String,
    #[serde(default)]
    message: String,
}

/// A workflow answers 202, or a status with a code. A connector answers 200 to everything: `1` when the message was
/// taken, else a sentence with the status that Teams itself gave (the vendor's documents say so under "Rate
/// limiting for connectors"; its repository msteams-docs, issues 402 and 1810, that it stays so).
pub(super) fn judge(response: &Response) -> Verdict {
    let body = String::from_utf8_lossy(&response.body);
    let body = body.trim();
    let refusal = serde_json::from_slice::<Refusal>(&response.body).ok().map(|refusal| refusal.error);
    match (response.status.as_u16(), refusal) {
        (202, None) if !body.starts_with('<') => Verdict::Delivered,
        (200, _) if body == "1" => Verdict::Delivered,
        (200, _) if body.starts_with("Webhook message delivery failed") => judge_sentence(body),
        (429, _) => {
            let after = outbound::retry_after(&response.headers).unwrap_or(PAUSE);
            Verdict::later("Teams takes no more messages for a while", after)
        }
        (400..=499, Some(failure)) => judge_failure(&failure, response),
        _ => judge_foreign(response, "Teams"),
    }
}

/// A connector's sentence: `… returned HTTP error 429 with ContextId …`.
fn judge_sentence(sentence: &str) -> Verdict {
    let status = sentence.split_once("HTTP error ").and_then(|(_, rest)| rest.get(..3)?.parse::<u16>().ok());
    let said = |what: &str| format!("Teams {what} ({})", quoted(sentence));
    match status {
        Some(429) => Verdict::later(said("takes no more messages for a while"), PAUSE),
        Some(413) => Verdict::permanent(said("finds the message too long")),
        Some(403 | 404) => {
            Verdict::permanent(said("does not know the channel any more: set another webhook URL"))
        }
        Some(400..=499) => Verdict::permanent(said("does not accept the message, or its channel is gone")),
        Some(500..=599) => Verdict::retry(said("is busy")),
        None if sentence.contains("contacting Microsoft Teams endpoint") => {
            Verdict::retry(said("was not reached"))
        }
        _ => Verdict::unknown(said("gave an error that is not known here")),
    }
}

/// A workflow's code, from the vendor's page "Errors of the Request trigger" (learn.microsoft.com, Logic Apps).
fn judge_failure(Failure { code, message }: &Failure, response: &Response) -> Verdict {
    let permanent = |what: &str| Verdict::permanent(format!("Teams {what} ({code}: {})", quoted(message)));
    match code.as_str() {
        "WorkflowTriggerIsNotEnabled" | "WorkflowDisabled" => {
            permanent("says that the workflow is switched off: switch it on")
        }
        "WorkflowNotFound" | "WorkflowTriggerNotFound" | "WorkflowTriggerVersionNotFound" => {
            permanent("does not know the workflow: set its URL anew")
        }
        "DirectApiAuthorizationRequired"
        | "DirectApiInvalidAuthorizationScheme"
        | "AuthorizationFailed"
        | "MissingApiVersionParameter" => {
            permanent("does not accept the URL's signature: copy the workflow's whole URL")
        }
        "InvalidRequestContent" | "TriggerInputSchemaMismatch" | "BadRequest" => {
            permanent("does not accept the message's form")
        }
        "RequestEntityTooLarge" | "ContentTooLarge" => permanent("finds the message too long"),
        _ if response.status.as_u16() == 408 => judge_status(response, false),
        _ => Verdict::unknown(format!(
            "Teams gave a code that is not known here ({code}: {})",
            quoted(message)
        )),
    }
}
