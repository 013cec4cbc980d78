//! Destinations: outbound targets.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{Destination, DestinationId, Queue, Role};
use utoipa::ToSchema;

use super::{
    auth::Caller,
    environments::place,
    problem::{BodyProblem, Error},
    signing::{NewKeyView, SigningKeyView, signing_keys},
    time::{rfc3339, unchanged},
};
use crate::{
    app::App,
    changes::{Changed, changed},
};

/// The longest reason why a destination is switched off, in bytes.
const REASON: usize = 500;

/// A destination.
#[derive(Serialize, ToSchema)]
pub(crate) struct DestinationView {
    id: String,
    /// How flows call it.
    name: String,
    environment: String,
    /// Kind, address, signing and policy.
    #[schema(value_type = Object)]
    config: Value,
    /// The names of the secrets that are set.
    secrets: Vec<String>,
    /// Why it takes no deliveries now, if it does not.
    disabled_reason: Option<String>,
    /// Its breaker, while that is not closed.
    breaker: Option<BreakerView>,
    queue: QueueView,
    /// The keys that its messages are signed by now.
    signing_keys: Vec<SigningKeyView>,
    /// Keys that were made just now, since there was none to sign by. Secrets are shown this once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    new_keys: Vec<NewKeyView>,
    updated_at: String,
}

/// A breaker that is not closed: the receiver fails, so it is left alone.
#[derive(Serialize, ToSchema)]
pub(crate) struct BreakerView {
    /// `open`, or `half_open` when one delivery is tried.
    state: &'static str,
    opened_at: String,
    /// When one delivery is tried, or was due to be.
    until: String,
    /// How often it has opened since it was closed.
    openings: u32,
    /// What the last attempt failed by.
    reason: String,
}

/// What waits for a destination; each number is counted up to 10,000.
#[derive(Serialize, ToSchema)]
pub(crate) struct QueueView {
    /// Deliveries that are due or wait for their next attempt.
    pending: u64,
    /// Those of them that have failed before: the receiver does not take everything now.
    retrying: u64,
    /// Deliveries that wait for an earlier one with the same order key.
    blocked: u64,
    /// Dead letters.
    dead: u64,
    /// When the oldest that is pending was made.
    oldest_at: Option<String>,
}

/// Why a destination is switched off.
#[derive(Deserialize, ToSchema)]
pub(crate) struct DisableInput {
    /// In one sentence, for whoever meets it.
    #[serde(default)]
    reason: String,
}

/// A destination that is to be made or changed.
#[derive(Deserialize, ToSchema)]
pub(crate) struct DestinationInput {
    name: String,
    /// Kind, address, signing and policy; see the destination's schema.
    #[schema(value_type = Object)]
    config: Value,
    /// The kind's secrets. On a change of the same kind, a secret that is absent stays as it is, and null takes one away. A
    /// signing key that is missing is made.
    #[schema(value_type = Option<Object>)]
    secrets: Option<Value>,
    /// On a change: its `updated_at` as it was read. When it has been changed since, the answer is 409 `stale` and nothing
    /// is changed; without this, only a change at the very same time is answered so.
    #[schema(value_type = Option<String>, format = DateTime)]
    unless_changed_since: Option<String>,
}

/// A kind of destination.
#[derive(Serialize, ToSchema)]
pub(crate) struct DestinationKind {
    name: &'static str,
    /// What it does.
    description: String,
    /// The JSON Schema of its `config`.
    #[schema(value_type = Object)]
    config: Value,
    /// The JSON Schema of its `secrets`.
    #[schema(value_type = Object)]
    secrets: Value,
    /// The JSON Schema of what its messages say, null where they say any JSON.
    #[schema(value_type = Option<Object>)]
    message: Option<Value>,
}

/// The kinds of destinations, with the JSON Schemas of what each is told
#[utoipa::path(get, operation_id = "destination_kinds", path = "/api/v1/destination-kinds", tag = "destinations",
    responses((status = 200, body = Vec<DestinationKind>)))]
pub(crate) async fn kinds(_: Caller) -> Json<Vec<DestinationKind>> {
    let kinds = delivery::kinds().into_iter().map(|kind| {
        let delivery::KindSchema { name, description, config, secrets, message } = kind;
        DestinationKind { name, description, config, secrets, message }
    });
    Json(kinds.collect())
}

/// The destinations of an environment
#[utoipa::path(get, operation_id = "list_destinations",
    path = "/api/v1/environments/{environment}/destinations", tag = "destinations",
    params(("environment" = String, Path,)), responses((status = 200, body = Vec<DestinationView>)))]
pub(crate) async fn list(
    State(app): State<App>,
    _: Caller,
    Path(environment): Path<String>,
) -> Result<Json<Vec<DestinationView>>, Error> {
    let destinations = app.store.destination_list(place(&app, &environment)?).await?;
    let ids = destinations.iter().map(|destination| destination.id).collect();
    let queues = app.store.destination_queues(ids).await?;
    Ok(Json(
        destinations
            .into_iter()
            .zip(queues)
            .map(|(destination, queue)| view(&app, destination, queue))
            .collect(),
    ))
}

/// Make a destination
#[utoipa::path(post, operation_id = "create_destination",
    path = "/api/v1/environments/{environment}/destinations", tag = "destinations",
    params(("environment" = String, Path,)), request_body = DestinationInput,
    responses((status = 201, body = DestinationView)))]
pub(crate) async fn create(
    State(app): State<App>,
    caller: Caller,
    Path(environment): Path<String>,
    Json(input): Json<DestinationInput>,
) -> Result<(StatusCode, Json<DestinationView>), Error> {
    caller.at_least(Role::Editor)?;
    let secrets = secrets(None, &input.config, input.secrets.as_ref());
    let (secrets, made) = completed(&app, &input.config, &secrets)?;
    let destination = Destination {
        id: app.store.ids().next(),
        place: place(&app, &environment)?,
        name: input.name,
        config: input.config.to_string(),
        secrets,
        disabled_reason: None,
        breaker: None,
        updated_at: app.clock.now(),
    };
    check(&destination)?;
    app.store.destination_put(&destination).await?;
    changed(&app, Changed::Destination(destination.place.environment, destination.id)).await?;
    let made = made.into_iter().map(NewKeyView::from).collect();
    let stored = find(&app, &caller, &destination.id.to_string()).await?;
    let view = view(&app, stored, Queue::default());
    Ok((StatusCode::CREATED, Json(DestinationView { new_keys: made, ..view })))
}

/// A destination
#[utoipa::path(get, operation_id = "get_destination", path = "/api/v1/destinations/{id}",
    tag = "destinations", params(("id" = String, Path,)), responses((status = 200, body = DestinationView)))]
pub(crate) async fn get(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<DestinationView>, Error> {
    let destination = find(&app, &caller, &id).await?;
    seen(&app, destination).await
}

/// Change a destination
#[utoipa::path(put, operation_id = "update_destination", path = "/api/v1/destinations/{id}",
    tag = "destinations", params(("id" = String, Path,)), request_body = DestinationInput,
    responses((status = 200, body = DestinationView)))]
pub(crate) async fn update(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Json(input): Json<DestinationInput>,
) -> Result<Json<DestinationView>, Error> {
    caller.at_least(Role::Editor)?;
    let before = find(&app, &caller, &id).await?;
    unchanged(before.updated_at, input.unless_changed_since.as_deref())?;
    let secrets = secrets(Some(&before), &input.config, input.secrets.as_ref());
    let (secrets, made) = completed(&app, &input.config, &secrets)?;
    let config = input.config.to_string();
    save(&app, &Destination { name: input.name, config, secrets, ..before }).await?;
    // It may have been switched off meanwhile.
    let Json(view) = seen(&app, find(&app, &caller, &id).await?).await?;
    Ok(Json(DestinationView { new_keys: made.into_iter().map(NewKeyView::from).collect(), ..view }))
}

/// Let a destination that was switched off take deliveries again
#[utoipa::path(post, operation_id = "enable_destination", path = "/api/v1/destinations/{id}/enable",
    tag = "destinations", params(("id" = String, Path,)),
    responses((status = 204, description = "It takes deliveries; what waited is sent")))]
pub(crate) async fn enable(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Error> {
    caller.at_least(Role::Operator)?;
    let destination = find(&app, &caller, &id).await?;
    if !app.store.destination_enable(caller.workspace, destination.id).await? {
        return Err(missing());
    }
    changed(&app, Changed::Destination(destination.place.environment, destination.id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Switch a destination off; what is for it is kept
#[utoipa::path(post, operation_id = "disable_destination", path = "/api/v1/destinations/{id}/disable",
    tag = "destinations", params(("id" = String, Path,)), request_body = DisableInput,
    responses((status = 204, description = "Nothing is sent to it until it is switched on again")))]
pub(crate) async fn disable(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Json(input): Json<DisableInput>,
) -> Result<StatusCode, Error> {
    caller.at_least(Role::Operator)?;
    let destination = find(&app, &caller, &id).await?;
    let reason = match input.reason.trim() {
        "" => "switched off by a person",
        reason if reason.len() <= REASON => reason,
        _ => return Err(Error::invalid(format!("`reason`: it is longer than {REASON} bytes."))),
    };
    if !app.store.destination_disable(caller.workspace, destination.id, reason).await? {
        return Err(missing());
    }
    changed(&app, Changed::Destination(destination.place.environment, destination.id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Close a destination's breaker, so that what waits is tried now
#[utoipa::path(post, operation_id = "close_breaker", path = "/api/v1/destinations/{id}/close_breaker",
    tag = "destinations", params(("id" = String, Path,)),
    responses((status = 204, description = "It is closed; should the receiver still fail, it opens again")))]
pub(crate) async fn close_breaker(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Error> {
    caller.at_least(Role::Operator)?;
    let destination = find(&app, &caller, &id).await?;
    app.store.destination_break(destination.id, None, None).await?;
    changed(&app, Changed::Destination(destination.place.environment, destination.id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Delete a destination that nothing waits for
#[utoipa::path(delete, operation_id = "delete_destination", path = "/api/v1/destinations/{id}",
    tag = "destinations", params(("id" = String, Path,)), responses((status = 204, description = "Deleted")))]
pub(crate) async fn delete(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Error> {
    caller.at_least(Role::Editor)?;
    let destination = find(&app, &caller, &id).await?;
    app.store.destination_delete(caller.workspace, destination.id).await?;
    changed(&app, Changed::Environment(destination.place.environment)).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn find(app: &App, caller: &Caller, id: &str) -> Result<Destination, Error> {
    let destination = app.store.destination_get(id.parse::<DestinationId>()?).await?;
    let destination = destination.filter(|destination| destination.place.workspace == caller.workspace);
    destination.ok_or_else(missing)
}

fn missing() -> Error {
    Error::not_found("There is no such destination.")
}

/// The secrets of a destination with this `config`: those before, as far as they are of the same kind, with what is
/// given for them.
pub(super) fn secrets(before: Option<&Destination>, config: &Value, given: Option<&Value>) -> Vec<u8> {
    let kind_of =
        |config: &str| serde_json::from_str::<Value>(config).ok().map(|config| config["kind"].clone());
    let same = before.filter(|before| kind_of(&before.config).as_ref() == Some(&config["kind"]));
    let stored = same.map_or(&b"{}"[..], |before| &before.secrets);
    given.map_or_else(|| stored.to_vec(), |given| delivery::changed_secrets(stored, given))
}

/// The secrets with the signing keys that are missing, and those that were made for that.
pub(super) fn completed(
    app: &App,
    config: &Value,
    secrets: &[u8],
) -> Result<(Vec<u8>, Vec<delivery::MadeKey>), Error> {
    let secrets = serde_json::from_slice(secrets)
        .map_err(|_| Error::invalid("`secrets`: those that are stored cannot be read; send them anew."))?;
    let (secrets, made) = delivery::completed(config, secrets, &app.random);
    Ok((secrets.to_string().into_bytes(), made))
}

/// What keeps a destination from being used, with its place in the body.
pub(super) fn misfit(error: delivery::Error) -> Error {
    let delivery::Error::Config { field, reason, suggestion } = error;
    let is_root = field == "config" || field == "secrets" || field.starts_with("secrets.");
    let field = match field.as_str() {
        "" | "." => "config".to_owned(),
        _ if is_root => field,
        _ => format!("config.{field}"),
    };
    let code = if reason.starts_with("missing field `") { "missing_key" } else { "invalid" };
    Error::invalid_at(BodyProblem { field, code: code.to_owned(), reason, suggestion })
}

/// Stores a destination that was read before, unless it has changed since.
pub(super) async fn save(app: &App, destination: &Destination) -> Result<(), Error> {
    check(destination)?;
    app.store.destination_change(destination).await?;
    changed(app, Changed::Destination(destination.place.environment, destination.id)).await
}

fn check(destination: &Destination) -> Result<(), Error> {
    let is_name = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if destination.name.is_empty() || destination.name.len() > 64 || !destination.name.bytes().all(is_name) {
        return Err(Error::invalid_at(BodyProblem {
            field: "name".to_owned(),
            code: "invalid".to_owned(),
            reason: "a destination's name has a–z, 0–9 and hyphens, at most 64 characters.".to_owned(),
            suggestion: None,
        }));
    }
    delivery::parse(&destination.config, &destination.secrets).map_err(misfit).map(drop)
}

async fn seen(app: &App, destination: Destination) -> Result<Json<DestinationView>, Error> {
    let queue = app.store.destination_queues(vec![destination.id]).await?.pop().unwrap_or_default();
    Ok(Json(view(app, destination, queue)))
}

fn view(app: &App, destination: Destination, queue: Queue) -> DestinationView {
    let now = app.clock.now();
    DestinationView {
        signing_keys: signing_keys(app, &destination),
        new_keys: Vec::new(),
        id: destination.id.to_string(),
        name: destination.name,
        environment: app.world.environment_name(destination.place.environment).to_string(),
        config: serde_json::from_str(&destination.config).unwrap_or_default(),
        secrets: delivery::secret_names(&destination.secrets),
        disabled_reason: destination.disabled_reason,
        breaker: destination.breaker.map(|breaker| BreakerView {
            state: if breaker.until <= now { "half_open" } else { "open" },
            opened_at: rfc3339(breaker.opened_at),
            until: rfc3339(breaker.until),
            openings: breaker.openings,
            reason: breaker.reason,
        }),
        queue: QueueView {
            pending: queue.pending,
            retrying: queue.retrying,
            blocked: queue.blocked,
            dead: queue.dead,
            oldest_at: queue.oldest_at.map(rfc3339),
        },
        updated_at: rfc3339(destination.updated_at),
    }
}
