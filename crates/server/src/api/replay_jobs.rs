//! Replays of many events, as they are seen while they go on and afterwards.

use std::collections::HashMap;

use axum::{
    Json,
    extract::{Path, State},
};
use engine::{Order, ReplayProgress, Replayed, Version};
use serde::{Deserialize, Serialize};
use store::{Job, Place, ReplayFilter, RunId, RunView, Standing};
use utoipa::ToSchema;

use super::{
    auth::Caller, jobs::JobView, problem::Error, replays::ReplayVersion, runs::RunRow, time::rfc3339,
};
use crate::app::App;

/// A replay of many events.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReplayJob {
    #[serde(flatten)]
    job: JobView,
    /// On which version.
    version: ReplayVersion,
    filter: ReplayedWhich,
    /// How many events they were when it was ordered.
    matching: u64,
    /// Who ordered it.
    by: String,
}

/// Which events are replayed.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReplayedWhich {
    /// Only those of this source, by id.
    source: Option<String>,
    /// Only those of this flow, by id.
    flow: Option<String>,
    /// Only those that stood so.
    #[schema(value_type = Option<String>)]
    status: Option<Standing>,
    /// Only those that came at this time or later.
    from: String,
    /// Only those that came before this time.
    to: String,
}

/// A replay of many events and some of its runs.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReplayDetail {
    environment: String,
    #[serde(flatten)]
    replay: ReplayJob,
    /// The first 100 that failed or could not begin.
    failures: Vec<ReplayedEvent>,
    /// The last 100 that began, newest first.
    newest: Vec<ReplayedEvent>,
}

/// An event that was replayed.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReplayedEvent {
    event: String,
    /// Its new run; null when no version runs it any more, so that none could begin.
    run_id: Option<String>,
    /// The run as it stands now; null when it has expired, or there is none.
    run: Option<RunRow>,
}

/// A replay of many events, with those that failed
#[utoipa::path(get, operation_id = "get_replay", path = "/api/v1/replays/{id}", tag = "events",
    params(("id" = String, Path,)), responses((status = 200, body = ReplayDetail)))]
pub(crate) async fn get(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<ReplayDetail>, Error> {
    let job = app.store.job_get(id.parse()?).await?;
    let job = job.filter(|job| job.workspace == caller.workspace && job.kind == Job::REPLAY);
    let job = job.ok_or_else(|| Error::not_found("There is no such replay."))?;
    let order = order(&job)?;
    let ReplayProgress { failures, newest, .. } = ReplayProgress::of(&job).map_err(|error| unread(&error))?;
    let wanted = failures.iter().chain(&newest).filter_map(|replayed| replayed.run).collect();
    let runs = app.store.run_get_many(caller.workspace, wanted).await?;
    let runs: HashMap<RunId, RunView> = runs.into_iter().map(|run| (run.id, run)).collect();
    let shown = |replayed: &Replayed| ReplayedEvent {
        event: replayed.event.to_string(),
        run_id: replayed.run.map(|run| run.to_string()),
        run: replayed.run.and_then(|run| runs.get(&run)).cloned().map(RunRow::from),
    };
    let Place { environment, .. } = order.filter.place;
    Ok(Json(ReplayDetail {
        environment: app.world.environment_name(environment).to_string(),
        failures: failures.iter().map(shown).collect(),
        newest: newest.iter().rev().map(shown).collect(),
        replay: ReplayJob::of(order, job),
    }))
}

/// What the job of a replay was told.
fn order(job: &Job) -> Result<Order, Error> {
    Order::deserialize(&job.spec).map_err(|error| unread(&error))
}

fn unread(error: &serde_json::Error) -> Error {
    tracing::error!(%error, "what a replay's job keeps cannot be read");
    Error::internal("What the replay's job keeps cannot be read.")
}

impl ReplayJob {
    pub(super) fn read(job: Job) -> Result<Self, Error> {
        Ok(Self::of(order(&job)?, job))
    }

    fn of(order: Order, job: Job) -> Self {
        let ReplayFilter { flow, source, standing, from, to, .. } = order.filter;
        let version = match order.version {
            Version::Ran => ReplayVersion::Ran,
            Version::Deployed => ReplayVersion::Deployed,
            Version::One(_) => ReplayVersion::Draft,
        };
        let filter = ReplayedWhich {
            source: source.map(|source| source.to_string()),
            flow: flow.map(|flow| flow.to_string()),
            status: standing,
            from: rfc3339(from),
            to: rfc3339(to),
        };
        Self { job: job.into(), version, filter, matching: order.total, by: order.by }
    }
}
