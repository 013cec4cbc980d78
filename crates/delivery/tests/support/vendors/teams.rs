use std::time::Duration;

use serde_json::{Value, json};

use super::{Asked, Rules, Told};

const PACE: (usize, Duration) = (4, Duration::from_secs(1));
const LIMIT: usize = 28 * 1024;

/// A workflow of Teams, at `/workflows/{id}/triggers/manual/paths/invoke?sig={signature}`.
pub(crate) struct Workflow {
    pub(crate) signature: &'static str,
}

/// An old connector of Teams, at `/webhookb2/{token}`: it answers 200 to everything.
pub(crate) struct Connector {
    pub(crate) token: &'static str,
}

impl Rules for Workflow {
    fn pace(&self) -> (usize, Duration) {
        PACE
    }

    fn limited(&self) -> Told {
        failure(429, "WorkflowTriggerRateLimitExceeded").header("retry-after", "20")
    }

    fn judge(&self, asked: &Asked) -> Told {
        if !asked.path.ends_with("/triggers/manual/paths/invoke") {
            failure(404, "WorkflowNotFound")
        } else if asked.parameter("sig") != self.signature {
            failure(401, "DirectApiAuthorizationRequired")
        } else if asked.body.len() > LIMIT {
            failure(413, "RequestEntityTooLarge")
        } else if asked.json().is_some_and(|body| has_card(&body)) {
            Told::text(202, "")
        } else {
            failure(400, "TriggerInputSchemaMismatch")
        }
    }
}

impl Rules for Connector {
    fn pace(&self) -> (usize, Duration) {
        PACE
    }

    fn limited(&self) -> Told {
        failed(429)
    }

    fn judge(&self, asked: &Asked) -> Told {
        if asked.path.strip_prefix("/webhookb2/") != Some(self.token) {
            failed(404)
        } else if asked.body.len() > LIMIT {
            failed(413)
        } else if asked.json().is_some_and(|body| has_card(&body)) {
            Told::text(200, "1")
        } else {
            failed(400)
        }
    }
}

fn failure(status: u16, code: &str) -> Told {
    Told::json(status, &json!({ "error": { "code": code, "message": "as the vendor says" } }))
}

fn failed(status: u16) -> Told {
    let said = "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error";
    Told::text(200, &format!("{said} {status} with ContextId tcid=0,server=a,cv=b..."))
}

fn has_card(body: &Value) -> bool {
    let attachment = &body["attachments"][0];
    let card = &attachment["content"];
    body["type"] == "message"
        && attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
        && card["type"] == "AdaptiveCard"
        && card["version"].is_string()
        && card["body"]
            .as_array()
            .is_some_and(|elements| elements.iter().all(|element| element["type"].is_string()))
}
