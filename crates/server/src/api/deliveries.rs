//! Deliveries and dead letters.

use axum::{
    Json,
    extract::{Path, Query, State},
    http::StatusCode,
};
use serde::{Deserialize, Serialize};
use store::{DeliveryId, DeliveryState, DeliveryView, Role};
use utoipa::{IntoParams, ToSchema};

use super::{
    auth::Caller,
    environments::place,
    paging::{Listed, Paging},
    problem::Error,
    time::rfc3339,
};
use crate::app::App;

/// A delivery as lists show it.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeliveryRow {
    id: String,
    /// The destination, by id.
    destination: String,
    run: String,
    step: String,
    /// `pending`, `delivered` or `dead`.
    #[schema(value_type = String)]
    state: DeliveryState,
    /// Attempts so far.
    attempts: u32,
    created_at: String,
    finished_at: Option<String>,
    /// When the next attempt is due.
    due_at: Option<String>,
}

/// Which deliveries.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// Only the dead letters.
    #[serde(default)]
    dead: bool,
}

/// The deliveries of an environment, newest first
#[utoipa::path(get, path = "/api/v1/environments/{environment}/deliveries", tag = "deliveries",
    params(("environment" = String, Path,), Which, Paging), responses((status = 200, body = Listed<DeliveryRow>)))]
pub(crate) async fn list(
    State(app): State<App>,
    _: Caller,
    Path(environment): Path<String>,
    Query(which): Query<Which>,
    Query(paging): Query<Paging>,
) -> Result<Json<Listed<DeliveryRow>>, Error> {
    let place = place(&app, &environment)?;
    let page = app.store.delivery_list(place, which.dead, paging.page::<DeliveryId>()?).await?;
    Ok(Json(Listed::of(page, |delivery| delivery.id.to_string(), DeliveryRow::from)))
}

/// Send a dead letter again, under its old id
#[utoipa::path(post, path = "/api/v1/deliveries/{id}/replay", tag = "deliveries", params(("id" = String, Path,)),
    responses((status = 204, description = "It is due now"), (status = 409, description = "It is no dead letter")))]
pub(crate) async fn replay(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Error> {
    caller.at_least(Role::Operator)?;
    let id: DeliveryId = id.parse()?;
    let delivery = app.store.delivery_get(caller.workspace, id).await?;
    let delivery = delivery.ok_or_else(|| Error::not_found("There is no such delivery."))?;
    if !app.store.delivery_replay(caller.workspace, id).await? {
        return Err(Error::conflict("The delivery is no dead letter."));
    }
    app.outbox.notify([delivery.destination]);
    Ok(StatusCode::NO_CONTENT)
}

impl From<DeliveryView> for DeliveryRow {
    fn from(delivery: DeliveryView) -> Self {
        Self {
            id: delivery.id.to_string(),
            destination: delivery.destination.to_string(),
            run: delivery.run.to_string(),
            step: delivery.step,
            state: delivery.state,
            attempts: delivery.attempts,
            created_at: rfc3339(delivery.created_at),
            finished_at: delivery.finished_at.map(rfc3339),
            due_at: delivery.due_at.filter(|_| delivery.state == DeliveryState::Pending).map(rfc3339),
        }
    }
}
