//! What the sender of a request is told.

use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::Response,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use engine::{Answer, Outcome, Submitted, Tells};
use flow::run::{RunError, Status};
use gateway::{Problem, Refused, Reply};
use serde::Serialize;
use serde_json::Value;
use tokio::time::Instant;
use utoipa::ToSchema;
use vault::Context;

use crate::app::App;

const EVENT: HeaderName = HeaderName::from_static("linchpin-event");
const DUPLICATE: HeaderName = HeaderName::from_static("linchpin-duplicate");

/// The answer that says that an event is safe.
#[derive(Serialize, ToSchema)]
pub(crate) struct Receipt {
    event_id: String,
    run_id: String,
    /// Tells the event's fate to whoever has it.
    status_url: String,
}

/// What the sender of a request waits for.
pub(crate) const fn waits_for(reply: &Reply) -> Option<Tells> {
    match reply {
        Reply::Accept { .. } => None,
        Reply::Wait { .. } => Some(Tells::End),
        Reply::Respond { .. } => Some(Tells::Answer),
    }
}

/// The answer to an accepted request.
pub(crate) async fn accepted(app: &App, reply: &Reply, submitted: Submitted) -> Response {
    let Submitted { event, run, duplicate, outcome, answer } = submitted;
    let mut response = match *reply {
        Reply::Accept { status } => receipt(app, event, run, status),
        Reply::Wait { deadline } | Reply::Respond { deadline } => {
            let until = (waits_for(reply).unwrap_or(Tells::End), Instant::now() + deadline.as_duration());
            let outcome = match outcome {
                None => tokio::select! {
                    biased;
                    outcome = outcome_by(app, run, answer, until) => outcome,
                    () = app.closing() => None,
                },
                known => known,
            };
            match outcome {
                Some(outcome) => told(reply, &outcome, event),
                None => receipt(app, event, run, 202),
            }
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
        Status::Failed | Status::Cancelled | Status::Parked => run_failed(outcome, event),
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
    for (name, value) in said.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            headers.insert(name, value);
        }
    }
    response
}

#[derive(Serialize)]
struct RunFailed<'a> {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    detail: &'a str,
    code: &'static str,
    event_id: String,
    /// Why, and at which step.
    cause: Option<&'a RunError>,
}

fn run_failed(outcome: &Outcome, event: store::EventId) -> Response {
    let cause = outcome.error.as_ref().map(RunError::without_payload);
    let detail = match outcome.status {
        Status::Cancelled => "The run was cancelled.",
        Status::Parked => "The run is held back until a person has looked at it.",
        _ => cause.as_ref().map_or("The run failed.", |cause| cause.message.as_str()),
    };
    let body = RunFailed {
        r#type: "/errors/run_failed",
        title: "The run failed",
        status: 500,
        detail,
        code: "run_failed",
        event_id: event.to_string(),
        cause: cause.as_ref(),
    };
    problem(StatusCode::INTERNAL_SERVER_ERROR, &body)
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

fn receipt(app: &App, event: store::EventId, run: store::RunId, status: u16) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::ACCEPTED);
    if matches!(status, StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT) {
        return with_status(status, Body::empty());
    }
    let status_url = status_url(app, event);
    json(status, &Receipt { event_id: event.to_string(), run_id: run.to_string(), status_url })
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

fn with_status(status: StatusCode, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response
}
