//! Runs.

use axum::{
    Json,
    extract::{Path, Query, State},
    http::StatusCode,
};
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

/// Which runs.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// Only those of this flow, by name.
    flow: Option<String>,
    /// Only those that stand so; not together with `flow`, and not `succeeded`.
    #[param(value_type = Option<String>)]
    status: Option<Status>,
}

/// The runs of an environment, newest first
#[utoipa::path(get, path = "/api/v1/environments/{environment}/runs", tag = "runs",
    params(("environment" = String, Path,), Which, Paging), responses((status = 200, body = Listed<RunRow>)))]
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
    if flow.is_some() && which.status.is_some() || which.status == Some(Status::Succeeded) {
        return Err(Error::invalid("Runs are listed by flow, or by a status other than `succeeded`."));
    }
    let filter = RunFilter { flow, status: which.status };
    let page = app.store.run_list(place(&app, &environment)?, filter, paging.page::<RunId>()?).await?;
    Ok(Json(Listed::of(page, |run| run.id.to_string(), RunRow::from)))
}

/// Cancel a run
#[utoipa::path(post, path = "/api/v1/runs/{id}/cancel", tag = "runs", params(("id" = String, Path,)),
    responses((status = 204, description = "Cancelled"), (status = 409, description = "It has ended already")))]
pub(crate) async fn cancel(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Error> {
    caller.at_least(Role::Operator)?;
    let id: RunId = id.parse()?;
    if app.store.run_get(caller.workspace, id).await?.is_none() {
        return Err(Error::not_found("There is no such run."));
    }
    let cancelled = app.engine.cancel(id, &caller.name).await?;
    if cancelled { Ok(StatusCode::NO_CONTENT) } else { Err(Error::conflict("The run has ended already.")) }
}

impl From<RunView> for RunRow {
    fn from(run: RunView) -> Self {
        Self {
            id: run.id.to_string(),
            event: run.event.to_string(),
            flow: run.flow.to_string(),
            status: word(run.status),
            cause: serde_json::json!(run.cause).as_str().unwrap_or_default().to_owned(),
            error: run.error.and_then(|error| serde_json::from_str(&error).ok()),
            created_at: rfc3339(run.created_at),
            finished_at: run.finished_at.map(rfc3339),
        }
    }
}
