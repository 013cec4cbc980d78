//! Destinations: outbound targets.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{Destination, DestinationId, Role};
use utoipa::ToSchema;

use super::{auth::Caller, environments::place, problem::Error, time::rfc3339};
use crate::{
    app::App,
    changes::{Changed, changed},
};

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
    /// Why it takes no deliveries now, if it does not.
    disabled_reason: Option<String>,
    updated_at: String,
}

/// A destination that is to be made or changed.
#[derive(Deserialize, ToSchema)]
pub(crate) struct DestinationInput {
    name: String,
    /// Kind, address, signing and policy; see the destination's schema.
    #[schema(value_type = Object)]
    config: Value,
    /// The kind's secrets. On a change, absent keeps what there is.
    #[schema(value_type = Option<Object>)]
    secrets: Option<Value>,
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
    Ok(Json(destinations.into_iter().map(|destination| view(&app, destination)).collect()))
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
    let destination = Destination {
        id: app.store.ids().next(),
        place: place(&app, &environment)?,
        name: input.name,
        config: input.config.to_string(),
        secrets: input.secrets.map_or_else(|| b"{}".to_vec(), |secrets| secrets.to_string().into_bytes()),
        disabled_reason: None,
        breaker: None,
        updated_at: app.clock.now(),
    };
    save(&app, &destination).await?;
    Ok((StatusCode::CREATED, Json(view(&app, destination))))
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
    Ok(Json(view(&app, destination)))
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
    let secrets = input.secrets.map_or(before.secrets, |secrets| secrets.to_string().into_bytes());
    let destination = Destination { name: input.name, config: input.config.to_string(), secrets, ..before };
    save(&app, &destination).await?;
    // It may have been switched off meanwhile.
    Ok(Json(view(&app, find(&app, &caller, &id).await?)))
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
    app.outbox.changed(destination.id);
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

async fn find(app: &App, caller: &Caller, id: &str) -> Result<Destination, Error> {
    let destination = app.store.destination_get(id.parse::<DestinationId>()?).await?;
    let destination = destination.filter(|destination| destination.place.workspace == caller.workspace);
    destination.ok_or_else(missing)
}

fn missing() -> Error {
    Error::not_found("There is no such destination.")
}

async fn save(app: &App, destination: &Destination) -> Result<(), Error> {
    let is_name = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if destination.name.is_empty() || destination.name.len() > 64 || !destination.name.bytes().all(is_name) {
        return Err(Error::invalid(
            "`name`: a destination's name has a–z, 0–9 and hyphens, at most 64 characters.",
        ));
    }
    delivery::parse(&destination.config, &destination.secrets)
        .map_err(|error| Error::invalid(error.to_string()))?;
    app.store.destination_put(destination).await?;
    changed(app, Changed::Destination(destination.place.environment, destination.id)).await
}

fn view(app: &App, destination: Destination) -> DestinationView {
    DestinationView {
        id: destination.id.to_string(),
        name: destination.name,
        environment: app.world.environment_name(destination.place.environment).to_string(),
        config: serde_json::from_str(&destination.config).unwrap_or_default(),
        disabled_reason: destination.disabled_reason,
        updated_at: rfc3339(destination.updated_at),
    }
}
