//! Trials of destinations: what would be sent, and one message sent outside the outbox.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{Path, State},
};
use delivery::{Files, Trial, Tried};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{Destination, Message, Role};
use utoipa::ToSchema;

use super::{
    auth::Caller,
    destinations::{completed, find, misfit, secrets},
    environments::place,
    problem::{BodyProblem, Error},
    time::rfc3339,
};
use crate::app::App;

/// The largest message that is tried, in bytes of its JSON.
const BODY: usize = 256 << 10;

/// The most parts that a trial sends.
const PARTS: usize = 5;

/// What is tried, and how the destination is set for it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TrialInput {
    /// What is to be said, as a `deliver` node would say it; up to 256 KiB.
    #[schema(value_type = Option<Object>)]
    body: Option<Value>,
    /// The delivery, by id, whose message is said again in place of `body`.
    delivery: Option<String>,
    /// Settings that are not saved, in place of the stored ones; needs an editor.
    #[schema(value_type = Option<Object>)]
    config: Option<Value>,
    /// Secrets that are not saved; one that is absent is as it is stored. Needs an editor.
    #[schema(value_type = Option<Object>)]
    secrets: Option<Value>,
}

/// What would be sent.
#[derive(Serialize, ToSchema)]
pub(crate) struct PreviewView {
    /// The requests, one for each part: `method`, `url`, `headers`, `body`. Secrets are hidden.
    #[schema(value_type = Vec<Object>)]
    requests: Vec<delivery::RequestRecord>,
    /// Why there are none.
    reason: Option<String>,
}

/// What came of a trial.
#[derive(Serialize, ToSchema)]
pub(crate) struct TrialView {
    /// The delivery's id that the receiver has seen; there is no such delivery.
    id: String,
    at: String,
    /// `delivered`, `retry` or `permanent`, as for an attempt; nothing follows from it.
    #[schema(value_type = String)]
    outcome: delivery::Outcome,
    /// Request, response or error, and times, as of an attempt.
    #[schema(value_type = Object)]
    record: delivery::AttemptRecord,
    /// Why a delivery with this answer would switch the destination off.
    disables: Option<String>,
}

/// Send one message by settings that are not saved
#[utoipa::path(post, operation_id = "test_new_destination",
    path = "/api/v1/environments/{environment}/destinations/test", tag = "destinations",
    params(("environment" = String, Path,)), request_body = TrialInput,
    responses((status = 200, body = TrialView)))]
pub(crate) async fn test_new(
    State(app): State<App>,
    caller: Caller,
    Path(environment): Path<String>,
    Json(input): Json<TrialInput>,
) -> Result<Json<TrialView>, Error> {
    place(&app, &environment)?;
    send(&app, &caller, (&environment, None), input).await
}

/// Send one message to a destination, outside its queue
///
/// It is a real attempt, made once, at once, whatever the breaker or the switch says; nothing follows from what comes of
/// it. At most ten are made in a minute.
#[utoipa::path(post, operation_id = "test_destination", path = "/api/v1/destinations/{id}/test",
    tag = "destinations", params(("id" = String, Path,)), request_body = TrialInput,
    responses((status = 200, body = TrialView)))]
pub(crate) async fn test(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Json(input): Json<TrialInput>,
) -> Result<Json<TrialView>, Error> {
    let destination = find(&app, &caller, &id).await?;
    send(&app, &caller, (&id, Some(&destination)), input).await
}

/// What would be sent by settings that are not saved
#[utoipa::path(post, operation_id = "preview_new_destination",
    path = "/api/v1/environments/{environment}/destinations/preview", tag = "destinations",
    params(("environment" = String, Path,)), request_body = TrialInput,
    responses((status = 200, body = PreviewView)))]
pub(crate) async fn preview_new(
    State(app): State<App>,
    caller: Caller,
    Path(environment): Path<String>,
    Json(input): Json<TrialInput>,
) -> Result<Json<PreviewView>, Error> {
    place(&app, &environment)?;
    shown(&app, &caller, None, input).await
}

/// What would be sent to a destination
///
/// A message that must be divided is several requests. Nothing is sent.
#[utoipa::path(post, operation_id = "preview_destination", path = "/api/v1/destinations/{id}/preview",
    tag = "destinations", params(("id" = String, Path,)), request_body = TrialInput,
    responses((status = 200, body = PreviewView)))]
pub(crate) async fn preview(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Json(input): Json<TrialInput>,
) -> Result<Json<PreviewView>, Error> {
    let destination = find(&app, &caller, &id).await?;
    shown(&app, &caller, Some(&destination), input).await
}

async fn send(
    app: &App,
    caller: &Caller,
    (named, stored): (&str, Option<&Destination>),
    input: TrialInput,
) -> Result<Json<TrialView>, Error> {
    let (destination, message) = prepare(app, caller, stored, input).await?;
    attempt(app, caller, named, (&destination, message)).await
}

/// A destination as it is stored.
pub(super) fn opened(app: &App, stored: &Destination) -> Result<delivery::Destination, Error> {
    let config: Value = serde_json::from_str(&stored.config).unwrap_or_default();
    let (secrets, _) = completed(app, &config, &secrets(Some(stored), &config, None))?;
    delivery::parse(&stored.config, &secrets).map_err(misfit)
}

/// Sends a message once.
pub(super) async fn attempt(
    app: &App,
    caller: &Caller,
    named: &str,
    (destination, message): (&delivery::Destination, Message),
) -> Result<Json<TrialView>, Error> {
    let files = Files::of(destination, &message, &app.store, caller.workspace).await?;
    let (id, at) = (app.store.ids().next(), app.clock.now());
    let tried = match Trial::new(destination, (message, files), id, at) {
        Ok(trial) if trial.parts() > PARTS => {
            let parts = trial.parts();
            return Err(wrong("body", format!("it is sent in {parts} parts; a test sends at most {PARTS}.")));
        }
        Ok(trial) => {
            app.trials.take().map_err(|wait| {
                Error::too_many(format!("Too many tests; the next is in {} s.", wait.as_secs() + 1))
            })?;
            trial.send(&app.outbound).await
        }
        Err(unsendable) => Tried::unsendable(unsendable),
    };
    let Tried { record, disables } = tried;
    let outcome = record.outcome;
    // Who sent something that no event, run or delivery tells of.
    tracing::info!(by = caller.name, destination = named, %id, ?outcome, "a destination was tried");
    let (id, at) = (id.to_string(), rfc3339(at));
    Ok(Json(TrialView { id, at, outcome, record, disables: disables.map(str::to_owned) }))
}

async fn shown(
    app: &App,
    caller: &Caller,
    stored: Option<&Destination>,
    input: TrialInput,
) -> Result<Json<PreviewView>, Error> {
    let (destination, message) = prepare(app, caller, stored, input).await?;
    let files = Files::of(&destination, &message, &app.store, caller.workspace).await?;
    Ok(Json(match Trial::new(&destination, (message, files), app.store.ids().next(), app.clock.now()) {
        Ok(trial) => PreviewView { requests: trial.requests(), reason: None },
        Err(unsendable) => PreviewView { requests: Vec::new(), reason: Some(unsendable.to_string()) },
    }))
}

/// The destination as it is to be tried, and the message.
async fn prepare(
    app: &App,
    caller: &Caller,
    stored: Option<&Destination>,
    input: TrialInput,
) -> Result<(delivery::Destination, Message), Error> {
    // Who may set where secrets are sent to may as well save that.
    let is_changed = input.config.is_some() || input.secrets.is_some();
    caller.at_least(if is_changed { Role::Editor } else { Role::Operator })?;
    let kept = || stored.and_then(|stored| serde_json::from_str(&stored.config).ok());
    let config = input.config.or_else(kept).ok_or_else(|| wrong("config", "it is missing.".to_owned()))?;
    let secrets = secrets(stored, &config, input.secrets.as_ref());
    // A key that would be made when it is saved is one that nobody knows yet.
    let (secrets, _) = completed(app, &config, &secrets)?;
    let destination = delivery::parse(&config.to_string(), &secrets).map_err(misfit)?;
    let message = match (input.body, input.delivery) {
        (Some(body), None) if body.to_string().len() <= BODY => Message {
            body,
            event: app.store.ids().next(),
            run: app.store.ids().next(),
            traceparent: String::new(),
            order_key: None,
            params: BTreeMap::new(),
            headers: BTreeMap::new(),
        },
        (Some(_), None) => return Err(wrong("body", format!("it is larger than {} KiB.", BODY >> 10))),
        (None, Some(delivery)) => said_before(app, caller, &delivery).await?,
        _ => return Err(wrong("body", "say either a `body`, or a `delivery` to take it from.".to_owned())),
    };
    Ok((destination, message))
}

async fn said_before(app: &App, caller: &Caller, delivery: &str) -> Result<Message, Error> {
    let unknown =
        || wrong("delivery", "there is no such delivery, or its message cannot be read.".to_owned());
    let id = delivery.parse().map_err(|_| unknown())?;
    let message = match app.store.delivery_message(caller.workspace, id).await {
        Err(store::Error::Unseal { .. }) => None,
        message => message?,
    };
    message.and_then(|message| serde_json::from_slice(&message).ok()).ok_or_else(unknown)
}

fn wrong(field: &str, reason: String) -> Error {
    let (field, code) = (field.to_owned(), "invalid".to_owned());
    Error::invalid_at(BodyProblem { field, code, reason, suggestion: None })
}
