//! Jobs: long work that goes on after its request was answered.

use axum::{
    Json,
    extract::{Path, State},
};
use serde::{Deserialize, Serialize};
use store::{Job, JobStatus};
use utoipa::ToSchema;

use super::{auth::Caller, problem::Error, time::rfc3339};
use crate::app::App;

/// Long work.
#[derive(Serialize, ToSchema)]
pub(crate) struct JobView {
    id: String,
    /// What is done: `ingest` makes a document findable.
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
}

/// How far a job is.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct Progress {
    /// Parts that are done; for a document, chunks.
    done: u64,
    /// Parts in all.
    total: u64,
}

/// A job
#[utoipa::path(get, operation_id = "get_job", path = "/api/v1/jobs/{id}", tag = "jobs",
    params(("id" = String, Path,)), responses((status = 200, body = JobView)))]
pub(crate) async fn get(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<JobView>, Error> {
    let job = app.store.job_get(id.parse()?).await?.filter(|job| job.workspace == caller.workspace);
    job.map(|job| Json(job.into())).ok_or_else(|| Error::not_found("There is no such job."))
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
            },
            error: job.error,
            created_at: rfc3339(job.created_at),
            updated_at: rfc3339(job.updated_at),
        }
    }
}
