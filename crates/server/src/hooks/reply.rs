//! What the sender of a request is told.

use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::Response,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use engine::{Answer, Given, Outcome, Submitted, Tells};
use flow::run::{RunError, Status};
use gateway::{Problem, Refused, Reply, StaticReply};
use serde::Serialize;
use serde_json::Value;
use tokio::time::Instant;
use utoipa::ToSchema;
use vault::Context;

use super::stream;
use crate::app::App;

const EVENT: HeaderName = HeaderName::from_static("linchpin-event");
const DUPLICATE: HeaderName = HeaderName::from_static("linchpin-duplicate");

/// The answer that says that an event is safe.
#[derive(Serialize, ToSchema)]
pub(crate) struct Receipt {
    event_id: String,
    /// None for an event that was filtered.
    run_id: Option<String>,
    /// Tells the event's fate to whoever has it.
    status_url: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    filtered: bool,
}

/// What the sender of a request waits for.
pub(crate) const fn waits_for(reply: &Reply) -> Option<Tells> {
    match reply {
        Reply::Accept { .. } | Reply::Static(_) => None,
        Reply::Wait { .. } => Some(Tells::End),
        Reply::Respond { .. } => Some(Tells::Answer),
        Reply::Stream { .. } => Some(Tells::Progress),
    }
}

/// How a request that was taken is answered.
pub(crate) struct How<'r> {
    pub(crate) reply: Reply,
    /// What its sender must be told where others get a receipt.
    pub(crate) acknowledgement: Option<gateway::Answer>,
    /// The header by which a client goes on with a stream.
    pub(crate) last: Option<&'r HeaderValue>,
}

/// The answer to a request that was taken, also when the filter held it back.
pub(crate) async fn accepted(app: &App, how: How<'_>, submitted: Submitted) -> Response {
    let How { reply, acknowledgement, last } = how;
    let Submitted { event, run, duplicate, filtered, outcome, answer: answered, follower } = submitted;
    let receipt = |status| {
        acknowledgement.map_or_else(|| receipt(app, event, (!filtered).then_some(run), status), answer)
    };
    let mut response = match reply {
        Reply::Static(ref reply) => fixed(reply),
        Reply::Accept { status } => receipt(status),
        _ if filtered => receipt(200),
        Reply::Wait { deadline } | Reply::Respond { deadline } => {
            let until = (waits_for(&reply).unwrap_or(Tells::End), Instant::now() + deadline.as_duration());
            let outcome = match outcome {
                None => tokio::select! {
                    biased;
                    outcome = outcome_by(app, run, answered, until) => outcome,
                    () = app.closing() => None,
                },
                known => known,
            };
            match outcome {
                Some(outcome) => told(&reply, &outcome, event),
                None => receipt(202),
            }
        }
        Reply::Stream { deadline } => {
            let given = Given { outcome, answer: answered, follower };
            let stream = stream::answer(app, (event, last), given, deadline.as_duration()).await;
            stream.unwrap_or_else(|| receipt(202))
        }
    };
    let headers = response.headers_mut();
    if let Ok(event) = HeaderValue::from_str(&event.to_string()) {
        headers.insert(EVENT, event);
    }
    if duplicate {
        headers.insert(DUPLICATE, HeaderValue::from_static("true"));
    }
    response
}

/// What comes of a run, if that is known by the deadline.
async fn outcome_by(
    app: &App,
    run: store::RunId,
    answer: Option<Answer>,
    until: (Tells, Instant),
) -> Option<Outcome> {
    app.engine.wait(app.workspace, run, answer, until).await.unwrap_or_else(|error| {
        tracing::warn!(%run, error = &error as &dyn std::error::Error, "a result could not be read");
        None
    })
}

/// The result of a run as its reply mode gives it.
fn told(reply: &Reply, outcome: &Outcome, event: store::EventId) -> Response {
    if let (Reply::Respond { .. }, Some(response)) = (reply, &outcome.response) {
        return responded(response);
    }
    match outcome.status {
        Status::Failed | Status::Cancelled | Status::Parked => {
            problem(StatusCode::INTERNAL_SERVER_ERROR, &RunFailed::of(outcome, event))
        }
        _ if matches!(reply, Reply::Respond { .. }) => with_status(StatusCode::NO_CONTENT, Body::empty()),
        _ => json(StatusCode::OK, outcome.outputs.as_deref().unwrap_or(&Value::Null)),
    }
}

/// What a `respond` step said.
fn responded(said: &Value) -> Response {
    let Ok(said) = serde_json::from_value::<engine::Response>(said.clone()) else {
        return with_status(StatusCode::INTERNAL_SERVER_ERROR, Body::empty());
    };
    let status = StatusCode::from_u16(said.status).unwrap_or(StatusCode::OK);
    let (content_type, body) = match &said.body {
        Value::Null => (None, Body::empty()),
        Value::String(text) => (Some("text/plain; charset=utf-8"), Body::from(text.clone())),
        other => (Some("application/json"), Body::from(other.to_string())),
    };
    let mut response = with_status(status, body);
    let headers = response.headers_mut();
    if let Some(content_type) = content_type {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    // Versions that were published before a name was reserved may still say it.
    for (name, value) in said.headers.into_iter().filter(|(name, _)| !flow::is_reserved_header(name)) {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            headers.insert(name, value);
        }
    }
    response
}

/// A fixed answer.
fn fixed(reply: &StaticReply) -> Response {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::OK);
    let body = reply.bytes();
    let content_type = body.as_ref().and_then(|_| reply.content_type().parse().ok());
    let mut response = with_status(status, body.map_or_else(Body::empty, Body::from));
    let headers = response.headers_mut();
    for (name, value) in &reply.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            headers.insert(name, value);
        }
    }
    if let Some(content_type) = content_type {
        headers.insert(header::CONTENT_TYPE, content_type);
    }
    response
}

/// The answer to a browser that asks whether a page may call.
pub(super) fn preflight(headers: HeaderMap) -> Response {
    let mut response = with_status(StatusCode::NO_CONTENT, Body::empty());
    *response.headers_mut() = headers;
    response
}

/// The problem of a run that has failed, for its caller.
#[derive(Serialize)]
pub(super) struct RunFailed {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    detail: String,
    code: &'static str,
    event_id: String,
    /// Why, and at which step.
    cause: Option<RunError>,
}

impl RunFailed {
    pub(super) fn of(outcome: &Outcome, event: store::EventId) -> Self {
        let cause = outcome.error.as_ref().map(RunError::without_payload);
        let detail = match outcome.status {
            Status::Cancelled => "The run was cancelled.",
            Status::Parked => "The run is held back until a person has looked at it.",
            _ => cause.as_ref().map_or("The run failed.", |cause| cause.message.as_str()),
        };
        Self {
            r#type: "/errors/run_failed",
            title: "The run failed",
            status: 500,
            detail: detail.to_owned(),
            code: "run_failed",
            event_id: event.to_string(),
            cause,
        }
    }
}

/// The answer that a sender's own rules ask for.
pub(super) fn answer(answer: gateway::Answer) -> Response {
    let mut response = with_status(StatusCode::OK, Body::from(answer.body));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(answer.content_type));
    response
}

/// A refusal.
pub(crate) fn refuse(refused: &Refused) -> Response {
    let mut response = problem(refused.status(), &refused.problem());
    response.headers_mut().extend(refused.headers.iter().cloned());
    response
}

/// The URL that tells an event's fate to whoever has it.
pub(crate) fn status_url(app: &App, event: store::EventId) -> String {
    let tag = app.store.keys().tag(Context { kind: "status", id: event.as_bytes() });
    format!("{}/status/{event}?token={}", app.public_url, URL_SAFE_NO_PAD.encode(tag))
}

/// The receipt for an event and its run; for one that was filtered there is none.
fn receipt(app: &App, event: store::EventId, run: Option<store::RunId>, status: u16) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::ACCEPTED);
    if matches!(status, StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT) {
        return with_status(status, Body::empty());
    }
    let status_url = status_url(app, event);
    let (event_id, run_id) = (event.to_string(), run.map(|run| run.to_string()));
    json(status, &Receipt { event_id, run_id, status_url, filtered: run.is_none() })
}

pub(super) fn json(status: StatusCode, body: &impl Serialize) -> Response {
    typed(status, "application/json", body)
}

fn problem(status: StatusCode, body: &impl Serialize) -> Response {
    typed(status, Problem::CONTENT_TYPE, body)
}

fn typed(status: StatusCode, content_type: &'static str, body: &impl Serialize) -> Response {
    match serde_json::to_vec(body) {
        Ok(body) => {
            let mut response = with_status(status, Body::from(body));
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
            response
        }
        Err(error) => {
            tracing::error!(%error, "an answer could not be written as JSON");
            with_status(StatusCode::INTERNAL_SERVER_ERROR, Body::empty())
        }
    }
}

/// An answer. It may be HTML or echo what a stranger sent, and comes from the console's own origin: a browser keeps it in
/// a sandbox, and takes it for nothing but what it says it is.
fn with_status(status: StatusCode, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_older_version_does_not_weaken_the_sandbox() {
        let headers = json!([
            ["content-security-policy", "sandbox allow-scripts allow-same-origin"],
            ["x-content-type-options", "none"],
            ["set-cookie", "session=stolen"],
            ["content-type", "text/html"],
        ]);
        let response = responded(&json!({ "status": 200, "headers": headers, "body": "<script>" }));
        let said: Vec<_> =
            response.headers().iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
        assert_eq!(
            said,
            [
                ("content-security-policy", "sandbox"),
                ("x-content-type-options", "nosniff"),
                ("content-type", "text/html")
            ]
        );
    }
}
