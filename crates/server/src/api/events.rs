//! Events: what came in, what was refused, replay.

use std::{collections::HashMap, sync::Arc};

use axum::{
    Json,
    extract::{Path, Query, State},
    http::StatusCode,
};
use engine::Program;
use flow::run::Status;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{DeliveryState, EventFilter, EventId, EventStatus, EventView, Place, RefusalId, Role, RunId};
use utoipa::{IntoParams, ToSchema};

use super::{
    auth::Caller,
    environments::place,
    paging::{Listed, Paging, id_in},
    problem::Error,
    time::rfc3339,
};
use crate::app::App;

/// An event as lists show it, with its thread in short.
#[derive(Serialize, ToSchema)]
pub(crate) struct EventRow {
    id: String,
    /// The flow, by id.
    flow: String,
    /// The source, by id.
    source: Option<String>,
    /// `webhook`, `schedule` or `api`.
    kind: String,
    received_at: String,
    /// Where it stands: `filtered`, or its run's state.
    status: String,
    /// How many milliseconds its original run took, once it has ended.
    took_ms: Option<i64>,
    /// Where each of its deliveries stands: `pending`, `delivered`, `dead`.
    #[schema(value_type = Vec<String>)]
    deliveries: Vec<DeliveryState>,
}

/// Which events.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// Only those of this source.
    source: Option<String>,
}

/// A refused request.
#[derive(Serialize, ToSchema)]
pub(crate) struct RefusalRow {
    id: String,
    source: String,
    /// Why, as a stable code.
    code: String,
    /// The HTTP status it got.
    status: u32,
    received_at: String,
    /// Peer, headers, body as far as kept, and what it was told.
    #[schema(value_type = Object)]
    record: Value,
}

/// A refused request and where it came.
#[derive(Serialize, ToSchema)]
pub(crate) struct RefusalDetail {
    environment: String,
    #[serde(flatten)]
    refusal: RefusalRow,
}

/// On which version an event is replayed.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Replay {
    /// `ran` (the version that ran it), `deployed` (what serves the environment now); `ran` by default.
    #[serde(default)]
    version: ReplayVersion,
}

/// A version to replay on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ReplayVersion {
    /// The version that ran the event.
    #[default]
    Ran,
    /// What serves the environment now.
    Deployed,
}

/// A replay that has begun.
#[derive(Serialize, ToSchema)]
pub(crate) struct Replayed {
    /// The new run.
    run_id: String,
}

/// The events of an environment, newest first
#[utoipa::path(get, operation_id = "list_events", path = "/api/v1/environments/{environment}/events",
    tag = "events", params(("environment" = String, Path,), Which, Paging),
    responses((status = 200, body = Listed<EventRow>)))]
pub(crate) async fn list(
    State(app): State<App>,
    _: Caller,
    Path(environment): Path<String>,
    Query(which): Query<Which>,
    Query(paging): Query<Paging>,
) -> Result<Json<Listed<EventRow>>, Error> {
    let place = place(&app, &environment)?;
    let filter = EventFilter { source: which.source.as_deref().map(|id| id_in("source", id)).transpose()? };
    let page = app.store.event_list(place, filter, paging.page::<EventId>()?).await?;
    let runs: Vec<RunId> = page.items.iter().map(|event| event.id.original_run()).collect();
    let mut deliveries: HashMap<RunId, Vec<DeliveryState>> = HashMap::new();
    for delivery in app.store.delivery_of_runs(place.workspace, runs.clone()).await? {
        deliveries.entry(delivery.run).or_default().push(delivery.state);
    }
    let runs = app.store.run_get_many(place.workspace, runs).await?;
    let mut runs: HashMap<RunId, store::RunView> = runs.into_iter().map(|run| (run.id, run)).collect();
    let row = |event: EventView| {
        let run = event.id.original_run();
        let deliveries = deliveries.remove(&run).unwrap_or_default();
        EventRow::of(event, runs.remove(&run), deliveries)
    };
    Ok(Json(Listed::of(page, |event| event.id.to_string(), row)))
}

/// The refused requests of an environment, newest first
#[utoipa::path(get, operation_id = "list_refusals", path = "/api/v1/environments/{environment}/refusals",
    tag = "events", params(("environment" = String, Path,), Which, Paging),
    responses((status = 200, body = Listed<RefusalRow>)))]
pub(crate) async fn list_refused(
    State(app): State<App>,
    caller: Caller,
    Path(environment): Path<String>,
    Query(which): Query<Which>,
    Query(paging): Query<Paging>,
) -> Result<Json<Listed<RefusalRow>>, Error> {
    caller.at_least(Role::Operator)?;
    let source = which.source.as_deref().map(|id| id_in("source", id)).transpose()?;
    let page =
        app.store.refusal_list(place(&app, &environment)?, source, paging.page::<RefusalId>()?).await?;
    Ok(Json(Listed::of(page, |refusal| refusal.id.to_string(), RefusalRow::from)))
}

/// A refused request
#[utoipa::path(get, operation_id = "get_refusal", path = "/api/v1/refusals/{id}", tag = "events",
    params(("id" = String, Path,)), responses((status = 200, body = RefusalDetail)))]
pub(crate) async fn get_refused(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<RefusalDetail>, Error> {
    caller.at_least(Role::Operator)?;
    let refusal = app.store.refusal_get(caller.workspace, id.parse()?).await?;
    let refusal = refusal.ok_or_else(|| Error::not_found("There is no such refused request."))?;
    let environment = app.world.environment_name(refusal.place.environment).to_string();
    Ok(Json(RefusalDetail { environment, refusal: refusal.into() }))
}

/// Run an event again, in a run of its own
#[utoipa::path(post, operation_id = "replay_event", path = "/api/v1/events/{id}/replay", tag = "events",
    params(("id" = String, Path,)), request_body = Replay, responses((status = 201, body = Replayed)))]
pub(crate) async fn replay(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Json(body): Json<Replay>,
) -> Result<(StatusCode, Json<Replayed>), Error> {
    caller.at_least(Role::Operator)?;
    let id: EventId = id.parse()?;
    let event = app.store.event_get(caller.workspace, id).await?;
    let event = event.ok_or_else(|| Error::not_found("There is no such event."))?;
    let place = Place { workspace: caller.workspace, environment: event.environment };
    let program = program(&app, place, &event, body.version).await?;
    let run = app.engine.replay(&event, place, &program).await?;
    Ok((StatusCode::CREATED, Json(Replayed { run_id: run.to_string() })))
}

async fn program(
    app: &App,
    place: Place,
    event: &EventView,
    version: ReplayVersion,
) -> Result<Arc<Program>, Error> {
    if version == ReplayVersion::Ran
        && let Some(run) = app.store.run_get(place.workspace, event.id.original_run()).await?
    {
        return Ok(app.engine.program(place.workspace, run.version).await?);
    }
    let serving = super::serving(app, place, event.flow).await?;
    serving.ok_or_else(|| Error::conflict("No version of the flow is deployed in the event's environment."))
}

impl From<store::Refusal> for RefusalRow {
    fn from(refusal: store::Refusal) -> Self {
        Self {
            id: refusal.id.to_string(),
            source: refusal.source.to_string(),
            code: refusal.code,
            status: refusal.status,
            received_at: rfc3339(refusal.received_at),
            record: serde_json::from_slice(&refusal.content).unwrap_or_default(),
        }
    }
}

impl EventRow {
    fn of(event: EventView, run: Option<store::RunView>, deliveries: Vec<DeliveryState>) -> Self {
        let status = match (&run, event.status) {
            (_, EventStatus::Filtered) => "filtered".to_owned(),
            (Some(run), _) => word(run.status),
            (None, _) => word(Status::Queued),
        };
        let took = run.and_then(|run| Some(run.finished_at?.as_millis() - run.created_at.as_millis()));
        Self {
            id: event.id.to_string(),
            flow: event.flow.to_string(),
            source: event.source.map(|source| source.to_string()),
            kind: event.kind,
            received_at: rfc3339(event.received_at),
            status,
            took_ms: took,
            deliveries,
        }
    }
}

/// A status as the API writes it.
pub(crate) fn word(status: Status) -> String {
    serde_json::json!(status).as_str().unwrap_or_default().to_owned()
}
