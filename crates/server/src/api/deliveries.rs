//! Deliveries and dead letters.

use axum::{
    Json,
    extract::{Path, Query, State},
    http::StatusCode,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{DeliveryId, DeliveryState, DeliveryView, Message, News, Role};
use utoipa::{IntoParams, ToSchema};

use super::{
    auth::Caller,
    environments::place,
    paging::{Listed, Paging},
    problem::Error,
    time::rfc3339,
    trace::AttemptTrace,
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
    /// When it arrived, or when the last attempt of a dead one began.
    finished_at: Option<String>,
    /// When the next attempt is due.
    due_at: Option<String>,
}

/// A delivery with what it carries and its attempts.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeliveryDetail {
    environment: String,
    /// The destination's name; null when it is gone.
    destination_name: Option<String>,
    /// The event at its beginning; null when the message cannot be read.
    event: Option<String>,
    /// What is to be said, before the destination's kind puts it into its own form; null when it cannot be
    /// read.
    #[schema(value_type = Option<Object>)]
    message: Option<Value>,
    /// Its attempts, oldest first.
    history: Vec<AttemptTrace>,
    #[serde(flatten)]
    delivery: DeliveryRow,
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
#[utoipa::path(get, operation_id = "list_deliveries", path = "/api/v1/environments/{environment}/deliveries",
    tag = "deliveries", params(("environment" = String, Path,), Which, Paging),
    responses((status = 200, body = Listed<DeliveryRow>)))]
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

/// A delivery with what it carries and its attempts
#[utoipa::path(get, operation_id = "get_delivery", path = "/api/v1/deliveries/{id}", tag = "deliveries",
    params(("id" = String, Path,)), responses((status = 200, body = DeliveryDetail)))]
pub(crate) async fn get(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<DeliveryDetail>, Error> {
    let (delivery, attempts) =
        app.store.delivery_history(caller.workspace, id.parse()?).await?.ok_or_else(no_delivery)?;
    let message = match app.store.delivery_message(caller.workspace, delivery.id).await {
        Ok(message) => message.and_then(|message| serde_json::from_slice::<Message>(&message).ok()),
        Err(store::Error::Unseal { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    let destination = app.store.destination_get(delivery.destination).await?;
    Ok(Json(DeliveryDetail {
        environment: app.world.environment_name(delivery.environment).to_string(),
        destination_name: destination.map(|destination| destination.name),
        event: message.as_ref().map(|message| message.event.to_string()),
        message: message.map(|message| message.body),
        history: attempts.into_iter().map(Into::into).collect(),
        delivery: delivery.into(),
    }))
}

/// Send a dead letter again, under its old id
#[utoipa::path(post, operation_id = "replay_delivery", path = "/api/v1/deliveries/{id}/replay",
    tag = "deliveries", params(("id" = String, Path,)),
    responses((status = 204, description = "It is due now"), (status = 409, description = "It is no dead letter")))]
pub(crate) async fn replay(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Error> {
    caller.at_least(Role::Operator)?;
    let delivery = find(&app, &caller, id.parse()?).await?;
    if !app.store.delivery_replay(caller.workspace, delivery.id).await? {
        return Err(Error::conflict("The delivery is no dead letter."));
    }
    app.outbox.notify([delivery.destination]);
    app.store.tell(News { destinations: [delivery.destination].into(), ..News::default() });
    Ok(StatusCode::NO_CONTENT)
}

async fn find(app: &App, caller: &Caller, id: DeliveryId) -> Result<DeliveryView, Error> {
    let found = app.store.delivery_get(caller.workspace, id).await?;
    found.ok_or_else(no_delivery)
}

fn no_delivery() -> Error {
    Error::not_found("There is no such delivery.")
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
