//! Events: what came in.

use std::collections::HashMap;

use axum::{
    Json,
    extract::{Path, Query, State},
};
use flow::run::Status;
use serde::{Deserialize, Serialize};
use store::{DeliveryState, EventFilter, EventId, EventStatus, EventView, RunId};
use utoipa::{IntoParams, ToSchema};

use super::{
    auth::Caller,
    environments::place,
    flows::named,
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
    /// `webhook`, `schedule`, `alert` or `api`.
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
    /// Only those of this flow, by name.
    flow: Option<String>,
}

/// The events of an environment, newest first
#[utoipa::path(get, operation_id = "list_events", path = "/api/v1/environments/{environment}/events",
    tag = "events", params(("environment" = String, Path,), Which, Paging),
    responses((status = 200, body = Listed<EventRow>)))]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    Path(environment): Path<String>,
    Query(which): Query<Which>,
    Query(paging): Query<Paging>,
) -> Result<Json<Listed<EventRow>>, Error> {
    let place = place(&app, &environment)?;
    let flow = match &which.flow {
        Some(name) => Some(named(&app, &caller, name).await?.id),
        None => None,
    };
    let source = which.source.as_deref().map(|id| id_in("source", id)).transpose()?;
    let filter = EventFilter { flow, source };
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
