//! Jobs: long work that goes on after its request was answered.

use axum::{
    Json,
    extract::{Path, Query, State},
    http::StatusCode,
};
use serde::{Deserialize, Serialize};
use store::{Job, JobId, JobStatus, Role};
use utoipa::ToSchema;

use super::{
    auth::Caller,
    environments::place,
    letters::LetterJob,
    paging::{Listed, Paging},
    problem::Error,
    replay_jobs::ReplayJob,
    time::rfc3339,
};
use crate::app::App;

/// Long work.
#[derive(Serialize, ToSchema)]
pub(crate) struct JobView {
    id: String,
    /// What is done: `ingest` makes a document findable, `replay` runs events again, `letters` replays or discards dead letters.
    kind: String,
    status: JobState,
    /// How far it is; absent while that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    progress: Option<Progress>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    created_at: String,
    updated_at: String,
}

/// Where a job stands.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum JobState {
    Queued,
    Running,
    Done,
    Failed,
    Cancelled,
}

/// What is done with many events or dead letters.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum BulkJob {
    /// Its `kind` is `replay`.
    Replay(ReplayJob),
    /// Its `kind` is `letters`.
    Letters(LetterJob),
}

/// Any job; one that is done with many events or dead letters says more.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum AnyJob {
    Bulk(BulkJob),
    Other(JobView),
}

/// How far a job is.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct Progress {
    /// Parts that are done: chunks of a document; replays that have ended or wait for something outside; dead letters.
    done: u64,
    /// Parts in all.
    total: u64,
    /// Of those that are done, how many failed; only of a replay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    failed: Option<u64>,
    /// Dead letters that somebody else was done with before, or whose destination is gone; only of these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    skipped: Option<u64>,
}

/// The kinds of jobs that can be cancelled.
const CANCELLED: [&str; 2] = [Job::REPLAY, Job::LETTERS];

/// What is done with many events or dead letters of an environment, newest first
#[utoipa::path(get, operation_id = "list_jobs", path = "/api/v1/environments/{environment}/jobs", tag = "jobs",
    params(("environment" = String, Path,), Paging), responses((status = 200, body = Listed<BulkJob>)))]
pub(crate) async fn list(
    State(app): State<App>,
    _: Caller,
    Path(environment): Path<String>,
    Query(paging): Query<Paging>,
) -> Result<Json<Listed<BulkJob>>, Error> {
    let page = app.store.job_bulk(place(&app, &environment)?, paging.page::<JobId>()?).await?;
    let next = page.items.last().filter(|_| page.has_more).map(|job| job.id.to_string());
    let items = page.items.into_iter().map(BulkJob::of).collect::<Result<_, Error>>()?;
    Ok(Json(Listed { items, next }))
}

/// A job
#[utoipa::path(get, operation_id = "get_job", path = "/api/v1/jobs/{id}", tag = "jobs",
    params(("id" = String, Path,)), responses((status = 200, body = AnyJob)))]
pub(crate) async fn get(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<AnyJob>, Error> {
    let job = app.store.job_get(id.parse()?).await?.filter(|job| job.workspace == caller.workspace);
    let job = job.ok_or_else(|| Error::not_found("There is no such job."))?;
    let is_bulk = CANCELLED.contains(&job.kind.as_str());
    Ok(Json(if is_bulk { AnyJob::Bulk(BulkJob::of(job)?) } else { AnyJob::Other(job.into()) }))
}

/// Cancel a replay of many events, or what is done with many dead letters; what has begun goes on
#[utoipa::path(post, operation_id = "cancel_job", path = "/api/v1/jobs/{id}/cancel", tag = "jobs",
    params(("id" = String, Path,)),
    responses((status = 204, description = "Cancelled: it begins nothing more"),
        (status = 409, description = "It has ended, or is of a kind that is not cancelled")))]
pub(crate) async fn cancel(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Error> {
    caller.at_least(Role::Operator)?;
    let id = id.parse()?;
    for kind in CANCELLED {
        if app.store.job_cancel(caller.workspace, id, kind).await? {
            return Ok(StatusCode::NO_CONTENT);
        }
    }
    let job = app.store.job_get(id).await?.filter(|job| job.workspace == caller.workspace);
    Err(match job {
        None => Error::not_found("There is no such job."),
        Some(job) if CANCELLED.contains(&job.kind.as_str()) => Error::conflict("The job has ended already."),
        Some(_) => Error::conflict("Only what is done with many events or dead letters can be cancelled."),
    })
}

impl BulkJob {
    fn of(job: Job) -> Result<Self, Error> {
        match job.kind.as_str() {
            Job::LETTERS => LetterJob::of(job).map(Self::Letters),
            _ => ReplayJob::read(job).map(Self::Replay),
        }
    }
}

impl Progress {
    /// How far a job is, if that is known.
    pub(super) fn of(job: &Job) -> Option<Self> {
        serde_json::from_value(job.progress.clone()).ok()
    }
}

impl From<Job> for JobView {
    fn from(job: Job) -> Self {
        Self {
            progress: Progress::of(&job),
            id: job.id.to_string(),
            kind: job.kind,
            status: match job.status {
                JobStatus::Queued => JobState::Queued,
                JobStatus::Running => JobState::Running,
                JobStatus::Succeeded => JobState::Done,
                JobStatus::Failed => JobState::Failed,
                JobStatus::Cancelled => JobState::Cancelled,
            },
            error: job.error,
            created_at: rfc3339(job.created_at),
            updated_at: rfc3339(job.updated_at),
        }
    }
}
