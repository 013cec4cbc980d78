//! Many dead letters at once: replayed or discarded by a job.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use delivery::{LetterOrder, Letters};
use serde::{Deserialize, Serialize};
use store::{DeliveryFilter, DeliveryState, FlowId, Job, LetterAction, Role};
use utoipa::ToSchema;

use super::{
    auth::Caller,
    environments::place,
    flows::named,
    jobs::JobView,
    paging::id_in,
    problem::Error,
    time::{parsed, rfc3339},
};
use crate::app::App;

/// Which dead letters.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ManyLetters {
    filter: WhichLetters,
    /// Whether they are only counted.
    #[serde(default)]
    dry_run: bool,
}

/// Which dead letters: all of the environment when nothing is said.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WhichLetters {
    /// Only those to this destination, by id.
    destination: Option<String>,
    /// Only those of this flow, by name.
    flow: Option<String>,
    /// Only those that were made at this time or later, RFC 3339.
    #[schema(value_type = Option<String>, format = DateTime)]
    from: Option<String>,
    /// Only those that were made before this time, RFC 3339; now, when it is left out.
    #[schema(value_type = Option<String>, format = DateTime)]
    to: Option<String>,
    /// Only those whose last attempt failed for a reason with this text.
    reason: Option<String>,
}

/// Work on many dead letters.
#[derive(Serialize, ToSchema)]
pub(crate) struct LettersOrdered {
    /// How many there are.
    matching: u64,
    /// The job that is done with them; absent when they were only counted, or there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    job_id: Option<String>,
}

/// A job with many dead letters.
#[derive(Serialize, ToSchema)]
pub(crate) struct LetterJob {
    #[serde(flatten)]
    job: JobView,
    /// `replay` or `discard`.
    #[schema(value_type = String)]
    action: LetterAction,
    filter: LettersMeant,
    /// How many they were when it was ordered.
    matching: u64,
    /// Who ordered it.
    by: String,
}

/// Which dead letters a job is about.
#[derive(Serialize, ToSchema)]
pub(crate) struct LettersMeant {
    /// Only those to this destination, by id.
    destination: Option<String>,
    /// Only those of this flow, by id.
    flow: Option<String>,
    /// Only those that were made at this time or later.
    from: Option<String>,
    /// Only those that were made before this time.
    to: Option<String>,
    /// Only those whose last attempt failed for a reason with this text.
    reason: Option<String>,
}

/// Send many dead letters again, under their old ids, when nothing fresh is due
#[utoipa::path(post, operation_id = "replay_deliveries", path = "/api/v1/environments/{environment}/deliveries/replay",
    tag = "deliveries", params(("environment" = String, Path,)), request_body = ManyLetters,
    responses((status = 202, body = LettersOrdered, description = "A job replays them; GET /api/v1/jobs/{id} tells how far it is"),
        (status = 200, body = LettersOrdered, description = "They were only counted, or there are none")))]
pub(crate) async fn replay(
    State(app): State<App>,
    caller: Caller,
    Path(environment): Path<String>,
    Json(many): Json<ManyLetters>,
) -> Result<(StatusCode, Json<LettersOrdered>), Error> {
    order(&app, &caller, (&environment, many), LetterAction::Replay).await
}

/// Give many dead letters up
#[utoipa::path(post, operation_id = "discard_deliveries", path = "/api/v1/environments/{environment}/deliveries/discard",
    tag = "deliveries", params(("environment" = String, Path,)), request_body = ManyLetters,
    responses((status = 202, body = LettersOrdered, description = "A job discards them; GET /api/v1/jobs/{id} tells how far it is"),
        (status = 200, body = LettersOrdered, description = "They were only counted, or there are none")))]
pub(crate) async fn discard(
    State(app): State<App>,
    caller: Caller,
    Path(environment): Path<String>,
    Json(many): Json<ManyLetters>,
) -> Result<(StatusCode, Json<LettersOrdered>), Error> {
    order(&app, &caller, (&environment, many), LetterAction::Discard).await
}

async fn order(
    app: &App,
    caller: &Caller,
    (environment, many): (&str, ManyLetters),
    action: LetterAction,
) -> Result<(StatusCode, Json<LettersOrdered>), Error> {
    caller.at_least(Role::Operator)?;
    let filter = filter(app, caller, environment, &many.filter).await?;
    let total = count(app, &filter).await?;
    if many.dry_run || total == 0 {
        return Ok((StatusCode::OK, Json(LettersOrdered { matching: total, job_id: None })));
    }
    let order = LetterOrder { filter, action, total, by: caller.name.clone() };
    let job = Letters::order(&app.store, &app.outbox, caller.workspace, &order).await?;
    let ordered = LettersOrdered { matching: total, job_id: Some(job.to_string()) };
    Ok((StatusCode::ACCEPTED, Json(ordered)))
}

async fn filter(
    app: &App,
    caller: &Caller,
    environment: &str,
    which: &WhichLetters,
) -> Result<DeliveryFilter, Error> {
    let flow: Option<FlowId> = match &which.flow {
        Some(name) => Some(named(app, caller, name).await?.id),
        None => None,
    };
    let now = app.clock.now();
    let from = which.from.as_deref().map(|from| parsed("filter.from", from)).transpose()?;
    let to = which.to.as_deref().map_or(Ok(now), |to| parsed("filter.to", to))?.min(now);
    Ok(DeliveryFilter {
        state: Some(DeliveryState::Dead),
        destination: which.destination.as_deref().map(|id| id_in("filter.destination", id)).transpose()?,
        flow,
        from,
        to: Some(to),
        reason: which.reason.clone().filter(|reason| !reason.is_empty()),
        ..DeliveryFilter::all(place(app, environment)?)
    })
}

/// Dead letters that are looked into in one read while they are counted by their reason, and in all.
const SLICE: usize = 200;
const MOST_SLICES: usize = 500;

async fn count(app: &App, filter: &DeliveryFilter) -> Result<u64, Error> {
    if filter.reason.is_none() {
        return Ok(app.store.letter_count(filter.clone()).await?);
    }
    let (mut total, mut after) = (0, -1);
    for _ in 0..MOST_SLICES {
        let slice = app.store.letter_slice(filter.clone(), after, SLICE).await?;
        total += slice.letters.len() as u64;
        after = slice.position;
        if slice.is_last {
            return Ok(total);
        }
    }
    Err(Error::invalid(
        "More than 100,000 dead letters would have to be looked into for `filter.reason`; narrow them by `destination`, \
         `flow`, `from` and `to`.",
    ))
}

impl LetterJob {
    pub(super) fn of(job: Job) -> Result<Self, Error> {
        let order = LetterOrder::deserialize(&job.spec).map_err(|error| {
            tracing::error!(%error, job = %job.id, "what a job keeps cannot be read");
            Error::internal("What the job keeps cannot be read.")
        })?;
        let DeliveryFilter { destination, flow, from, to, reason, .. } = order.filter;
        let filter = LettersMeant {
            destination: destination.map(|destination| destination.to_string()),
            flow: flow.map(|flow| flow.to_string()),
            from: from.map(rfc3339),
            to: to.map(rfc3339),
            reason,
        };
        Ok(Self { job: job.into(), action: order.action, filter, matching: order.total, by: order.by })
    }
}
