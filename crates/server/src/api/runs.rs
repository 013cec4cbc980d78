//! Runs.

use axum::{
    Json,
    extract::{Path, Query, State},
    http::StatusCode,
};
use engine::Cancelled;
use flow::run::Status;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{Role, RunFilter, RunId, RunView};
use utoipa::{IntoParams, ToSchema};

use super::{
    auth::Caller,
    environments::place,
    events::word,
    flows::named,
    paging::{Listed, Paging},
    problem::Error,
    time::rfc3339,
    trace::{RunTrace, run_traces},
};
use crate::app::App;

/// A run as lists show it.
#[derive(Serialize, ToSchema)]
pub(crate) struct RunRow {
    id: String,
    event: String,
    flow: String,
    status: String,
    /// `original` or `replay`.
    cause: String,
    /// Why it failed.
    #[schema(value_type = Option<Object>)]
    error: Option<Value>,
    created_at: String,
    finished_at: Option<String>,
}

/// A run, its steps and its deliveries.
#[derive(Serialize, ToSchema)]
pub(crate) struct RunDetail {
    event: String,
    flow: String,
    #[serde(flatten)]
    run: RunTrace,
}

/// Which runs.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// Only those of this flow, by name.
    flow: Option<String>,
    /// Only those that stand so; any but `succeeded`.
    #[param(value_type = Option<String>)]
    status: Option<Status>,
}

/// The runs of an environment, newest first
#[utoipa::path(get, operation_id = "list_runs", path = "/api/v1/environments/{environment}/runs",
    tag = "runs", params(("environment" = String, Path,), Which, Paging),
    responses((status = 200, body = Listed<RunRow>)))]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    Path(environment): Path<String>,
    Query(which): Query<Which>,
    Query(paging): Query<Paging>,
) -> Result<Json<Listed<RunRow>>, Error> {
    let flow = match &which.flow {
        Some(name) => Some(named(&app, &caller, name).await?.id),
        None => None,
    };
    if which.status == Some(Status::Succeeded) {
        return Err(Error::invalid(
            "There is no list of the runs that succeeded: list all of them, or those of another `status`.",
        ));
    }
    let filter = RunFilter { flow, status: which.status };
    let page = app.store.run_list(place(&app, &environment)?, filter, paging.page::<RunId>()?).await?;
    Ok(Json(Listed::of(page, |run| run.id.to_string(), RunRow::from)))
}

/// A run with its steps and deliveries
#[utoipa::path(get, operation_id = "get_run", path = "/api/v1/runs/{id}", tag = "runs",
    params(("id" = String, Path,)), responses((status = 200, body = RunDetail)))]
pub(crate) async fn get(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<RunDetail>, Error> {
    let row = find(&app, &caller, id.parse()?).await?;
    let run = run_traces(&app, caller.workspace, &[row.id]).await?.pop().ok_or_else(no_run)?;
    Ok(Json(RunDetail { event: row.event.to_string(), flow: row.flow.to_string(), run }))
}

/// Cancel a run
#[utoipa::path(post, operation_id = "cancel_run", path = "/api/v1/runs/{id}/cancel", tag = "runs",
    params(("id" = String, Path,)),
    responses((status = 204, description = "Cancelled"),
        (status = 202, description = "It is told, and not cancelled yet; ask for it again"),
        (status = 409, description = "It has ended already")))]
pub(crate) async fn cancel(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Error> {
    caller.at_least(Role::Operator)?;
    let run = find(&app, &caller, id.parse()?).await?;
    match app.engine.cancel(caller.workspace, run.id, &caller.name).await? {
        Cancelled::Done => Ok(StatusCode::NO_CONTENT),
        Cancelled::Pending => Ok(StatusCode::ACCEPTED),
        Cancelled::Ended => Err(Error::conflict("The run has ended already.")),
    }
}

async fn find(app: &App, caller: &Caller, id: RunId) -> Result<RunView, Error> {
    app.store.run_get(caller.workspace, id).await?.ok_or_else(no_run)
}

fn no_run() -> Error {
    Error::not_found("There is no such run.")
}

impl From<RunView> for RunRow {
    fn from(run: RunView) -> Self {
        Self {
            id: run.id.to_string(),
            event: run.event.to_string(),
            flow: run.flow.to_string(),
            status: word(run.status),
            cause: serde_json::json!(run.cause).as_str().unwrap_or_default().to_owned(),
            error: why(&run),
            created_at: rfc3339(run.created_at),
            finished_at: run.finished_at.map(rfc3339),
        }
    }
}

/// Why a run failed or is parked. Its journal does not always know: a run that was parked did not see it.
pub(super) fn why(run: &RunView) -> Option<Value> {
    run.error.as_deref().and_then(|error| serde_json::from_str(error).ok())
}
