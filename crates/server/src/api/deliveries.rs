//! Deliveries and dead letters.

use axum::{
    Json,
    extract::{Path, Query, State},
    http::StatusCode,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{
    Attempt, DeliveryFilter, DeliveryId, DeliveryPage, DeliveryState, DeliveryView, Message, Place, Role,
};
use utoipa::{IntoParams, ToSchema};

use super::{
    auth::Caller,
    environments::place,
    flows::named,
    paging::{Listed, Paging, id_in},
    problem::Error,
    time::{parsed, rfc3339},
    trace::AttemptTrace,
};
use crate::app::App;

/// A delivery with its message, if that can be opened, and its attempts.
pub(super) type Whole = (DeliveryView, Option<Vec<u8>>, Vec<Attempt>);

/// A delivery as lists show it.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeliveryRow {
    id: String,
    /// The destination, by id.
    destination: String,
    run: String,
    step: String,
    /// `pending`, `blocked`, `delivered`, `dead`, `discarded` or `replaced`.
    #[schema(value_type = String)]
    state: DeliveryState,
    /// Attempts so far.
    attempts: u32,
    created_at: String,
    /// When it arrived, when somebody was done with it, or when the last attempt of a dead one began.
    finished_at: Option<String>,
    /// When the next attempt is due.
    due_at: Option<String>,
    /// The dead letter that was edited into this one.
    replay_of: Option<String>,
    /// What was sent in its place, after it was edited.
    replaced_by: Option<String>,
    /// Who discarded or edited it.
    closed_by: Option<String>,
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
    /// Only those that stand so: `pending`, `blocked`, `delivered`, `dead`, `discarded` or `replaced`.
    #[param(value_type = Option<String>)]
    state: Option<DeliveryState>,
    /// Only those to this destination, by id.
    destination: Option<String>,
    /// Only those of this flow, by name.
    flow: Option<String>,
    /// Only those that were made at this time or later, RFC 3339.
    from: Option<String>,
    /// Only those that were made before this time, RFC 3339.
    to: Option<String>,
    /// Only those whose last attempt failed for a reason with this text, such as `503`; needs `state=dead`.
    reason: Option<String>,
}

/// What is sent in place of a dead letter.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Edited {
    /// What is to be said, before the destination's kind puts it into its own form: any JSON.
    #[schema(value_type = Object)]
    message: Value,
}

/// A delivery that was made of a dead letter.
#[derive(Serialize, ToSchema)]
pub(crate) struct Resent {
    /// The new delivery.
    id: String,
}

/// The deliveries of an environment, newest first. With `destination` or `reason` so many of the newest are looked at,
/// so a page may be short and have a `next` all the same
#[utoipa::path(get, operation_id = "list_deliveries", path = "/api/v1/environments/{environment}/deliveries",
    tag = "deliveries", params(("environment" = String, Path,), Which, Paging),
    responses((status = 200, body = Listed<DeliveryRow>)))]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    Path(environment): Path<String>,
    Query(which): Query<Which>,
    Query(paging): Query<Paging>,
) -> Result<Json<Listed<DeliveryRow>>, Error> {
    let filter = which.filter(&app, &caller, place(&app, &environment)?).await?;
    let DeliveryPage { items, next } = app.store.delivery_list(filter, paging.page::<DeliveryId>()?).await?;
    let items = items.into_iter().map(DeliveryRow::from).collect();
    Ok(Json(Listed { items, next: next.map(|next| next.to_string()) }))
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
        Err(store::Error::Unseal { .. }) => None,
        message => message?,
    };
    let destination = app.store.destination_get(delivery.destination).await?;
    let name = destination.map(|destination| destination.name);
    Ok(Json(DeliveryDetail::of(&app, name, (delivery, message, attempts))))
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
        return Err(no_letter());
    }
    app.outbox.notify([delivery.destination]);
    Ok(StatusCode::NO_CONTENT)
}

/// Send another message in place of a dead letter, under an id of its own
#[utoipa::path(post, operation_id = "edit_delivery", path = "/api/v1/deliveries/{id}/edit", tag = "deliveries",
    params(("id" = String, Path,)), request_body = Edited,
    responses((status = 201, body = Resent, description = "It is due now; the dead letter is `replaced`"),
        (status = 409, description = "It is no dead letter, or cannot be read")))]
pub(crate) async fn edit(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Json(edited): Json<Edited>,
) -> Result<(StatusCode, Json<Resent>), Error> {
    caller.at_least(Role::Operator)?;
    let delivery = find(&app, &caller, id.parse()?).await?;
    let message = app.store.delivery_message(caller.workspace, delivery.id).await?.unwrap_or_default();
    let message: Message = serde_json::from_slice(&message).map_err(|_| {
        Error::conflict("What the delivery carries cannot be read; discard it, and replay its event.")
    })?;
    let message = Message { body: edited.message, ..message };
    let message = serde_json::json!(message).to_string();
    let sent = app.store.delivery_replace(caller.workspace, delivery.id, message.as_bytes(), &caller.name);
    let id = sent.await?.ok_or_else(no_letter)?;
    app.outbox.notify([delivery.destination]);
    Ok((StatusCode::CREATED, Json(Resent { id: id.to_string() })))
}

/// Give a dead letter up; it goes with its trace
#[utoipa::path(post, operation_id = "discard_delivery", path = "/api/v1/deliveries/{id}/discard",
    tag = "deliveries", params(("id" = String, Path,)),
    responses((status = 204, description = "It is `discarded`"), (status = 409, description = "It is no dead letter")))]
pub(crate) async fn discard(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Error> {
    caller.at_least(Role::Operator)?;
    let delivery = find(&app, &caller, id.parse()?).await?;
    if !app.store.delivery_discard(caller.workspace, delivery.id, &caller.name).await? {
        return Err(no_letter());
    }
    // What stood behind it in its order may be due.
    app.outbox.notify([delivery.destination]);
    Ok(StatusCode::NO_CONTENT)
}

impl Which {
    pub(super) async fn filter(
        &self,
        app: &App,
        caller: &Caller,
        place: Place,
    ) -> Result<DeliveryFilter, Error> {
        if self.reason.is_some() && self.state != Some(DeliveryState::Dead) {
            return Err(Error::invalid("`reason` is of dead letters alone: give `state=dead` as well."));
        }
        let flow = match &self.flow {
            Some(name) => Some(named(app, caller, name).await?.id),
            None => None,
        };
        let time = |field, at: &Option<String>| at.as_deref().map(|at| parsed(field, at)).transpose();
        Ok(DeliveryFilter {
            place,
            state: self.state,
            destination: self.destination.as_deref().map(|id| id_in("destination", id)).transpose()?,
            flow,
            from: time("from", &self.from)?,
            to: time("to", &self.to)?,
            reason: self.reason.clone().filter(|reason| !reason.is_empty()),
        })
    }
}

impl DeliveryDetail {
    /// A delivery as the store gives all of it; `destination` is the name of where it goes.
    pub(super) fn of(app: &App, destination: Option<String>, (view, message, attempts): Whole) -> Self {
        let message = message.and_then(|message| serde_json::from_slice::<Message>(&message).ok());
        Self {
            environment: app.world.environment_name(view.environment).to_string(),
            destination_name: destination,
            event: message.as_ref().map(|message| message.event.to_string()),
            message: message.map(|message| message.body),
            history: attempts.into_iter().map(Into::into).collect(),
            delivery: view.into(),
        }
    }
}

async fn find(app: &App, caller: &Caller, id: DeliveryId) -> Result<DeliveryView, Error> {
    let found = app.store.delivery_get(caller.workspace, id).await?;
    found.ok_or_else(no_delivery)
}

fn no_delivery() -> Error {
    Error::not_found("There is no such delivery.")
}

fn no_letter() -> Error {
    Error::conflict("The delivery is no dead letter, or its destination is gone.")
}

impl From<DeliveryView> for DeliveryRow {
    fn from(delivery: DeliveryView) -> Self {
        let (by, replaced_by) = delivery.closed.map(|closed| (closed.by, closed.replaced_by)).unzip();
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
            replay_of: delivery.replay_of.map(|id| id.to_string()),
            replaced_by: replaced_by.flatten().map(|id| id.to_string()),
            closed_by: by,
        }
    }
}
