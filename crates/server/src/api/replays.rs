//! Running events again, one at once or many by a job.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use engine::{On, Order, Version};
use serde::{Deserialize, Serialize};
use store::{EventId, EventView, FlowId, Place, ReplayFilter, Role, Standing};
use utoipa::ToSchema;

use super::{
    auth::Caller,
    environments::place,
    flows,
    paging::id_in,
    problem::Error,
    time::{parsed, rfc3339},
};
use crate::app::App;

/// On which version an event is replayed.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Replay {
    /// `ran` by default.
    #[serde(default)]
    version: ReplayVersion,
}

/// A version to replay on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ReplayVersion {
    /// The version that ran the event.
    #[default]
    Ran,
    /// What serves the environment now.
    Deployed,
    /// The flow's draft as it is now, in the environment `test`: with its destinations, variables and secrets.
    Draft,
}

/// A replay that has begun.
#[derive(Serialize, ToSchema)]
pub(crate) struct Replayed {
    /// The new run.
    run_id: String,
}

/// Which events are replayed, and on what.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplayMany {
    filter: ReplayWhich,
    /// `ran` by default. `draft` needs `filter.flow` or `filter.source`.
    #[serde(default)]
    version: ReplayVersion,
    /// Whether they are only counted.
    #[serde(default)]
    dry_run: bool,
}

/// Which events are replayed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplayWhich {
    /// Only those of this source, by id.
    source: Option<String>,
    /// Only those of this flow, by name.
    flow: Option<String>,
    /// Only those whose original run stands so (`failed`, `succeeded`, …), or that were `filtered`.
    #[schema(value_type = Option<String>)]
    status: Option<Standing>,
    /// Only those that came at this time or later, RFC 3339.
    #[schema(format = DateTime)]
    from: String,
    /// Only those that came before this time, RFC 3339; now, when it is left out.
    #[schema(value_type = Option<String>, format = DateTime)]
    to: Option<String>,
}

/// A replay of many events.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReplayOrdered {
    /// How many events it is about.
    matching: u64,
    /// The job that replays them; absent when they were only counted, or there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    job_id: Option<String>,
}

/// Events that are looked at in one read while they are counted, and in all.
const SLICE: usize = 2_000;
const MOST_SLICES: usize = 500;

/// Run an event again, in a run of its own
#[utoipa::path(post, operation_id = "replay_event", path = "/api/v1/events/{id}/replay", tag = "events",
    params(("id" = String, Path,)), request_body = Replay, responses((status = 201, body = Replayed)))]
pub(crate) async fn one(
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
    let on = on(&app, &caller, (place, &event), body.version).await?;
    let run = app.engine.replay(place, &event, on).await?;
    Ok((StatusCode::CREATED, Json(Replayed { run_id: run.to_string() })))
}

/// Run many events again, by a job
#[utoipa::path(post, operation_id = "replay_events", path = "/api/v1/environments/{environment}/events/replay",
    tag = "events", params(("environment" = String, Path,)), request_body = ReplayMany,
    responses((status = 202, body = ReplayOrdered, description = "A job replays them; GET /api/v1/jobs/{id} tells how far it is"),
        (status = 200, body = ReplayOrdered, description = "They were only counted, or there are none")))]
pub(crate) async fn many(
    State(app): State<App>,
    caller: Caller,
    Path(environment): Path<String>,
    Json(body): Json<ReplayMany>,
) -> Result<(StatusCode, Json<ReplayOrdered>), Error> {
    caller.at_least(Role::Operator)?;
    let place = place(&app, &environment)?;
    let filter = filter(&app, &caller, place, &body.filter).await?;
    let version = match body.version {
        ReplayVersion::Ran => Version::Ran,
        ReplayVersion::Deployed => Version::Deployed,
        ReplayVersion::Draft => {
            let flow = filter.flow.ok_or_else(|| {
                Error::invalid(
                    "`filter`: a draft is of one flow; name it as `flow`, or one of its sources as `source`.",
                )
            })?;
            Version::One(flows::draft(&app, &caller, flow).await?)
        }
    };
    let total = count(&app, &filter).await?;
    if body.dry_run || total == 0 {
        return Ok((StatusCode::OK, Json(ReplayOrdered { matching: total, job_id: None })));
    }
    let order = Order { filter, version, total, by: caller.name.clone() };
    let job = app.engine.replay_many(caller.workspace, &order).await?;
    let ordered = ReplayOrdered { matching: total, job_id: Some(job.to_string()) };
    Ok((StatusCode::ACCEPTED, Json(ordered)))
}

async fn on(
    app: &App,
    caller: &Caller,
    (place, event): (Place, &EventView),
    version: ReplayVersion,
) -> Result<On, Error> {
    if version == ReplayVersion::Draft {
        return flows::draft(app, caller, event.flow).await;
    }
    if version == ReplayVersion::Ran
        && let Some(run) = app.store.run_get(place.workspace, event.id.original_run()).await?
    {
        return Ok(On { version: run.version, elsewhere: None });
    }
    let deployed = app.store.deployment_of(place, event.flow).await?;
    let deployed = deployed
        .ok_or_else(|| Error::conflict("No version of the flow is deployed in the event's environment."))?;
    Ok(On { version: deployed.version, elsewhere: None })
}

async fn filter(
    app: &App,
    caller: &Caller,
    place: Place,
    which: &ReplayWhich,
) -> Result<ReplayFilter, Error> {
    let source = which.source.as_deref().map(|id| id_in("filter.source", id)).transpose()?;
    let mut flow: Option<FlowId> = match &which.flow {
        Some(name) => Some(flows::named(app, caller, name).await?.id),
        None => None,
    };
    if let (Some(source), None) = (source, flow) {
        // A source that is gone has events all the same.
        flow =
            app.store.source_get(source).await?.filter(|known| known.place == place).map(|known| known.flow);
    }
    let now = app.clock.now();
    let from = parsed("filter.from", &which.from)?;
    let to = which.to.as_deref().map_or(Ok(now), |to| parsed("filter.to", to))?.min(now);
    if from >= to {
        return Err(Error::invalid(format!(
            "`filter.from`: {} is not before {}, where the events end.",
            rfc3339(from),
            rfc3339(to)
        )));
    }
    Ok(ReplayFilter { place, flow, source, standing: which.status, from, to })
}

/// How many events a filter finds.
async fn count(app: &App, filter: &ReplayFilter) -> Result<u64, Error> {
    let (mut total, mut after) = (0, -1);
    for _ in 0..MOST_SLICES {
        let slice = app.store.replay_slice(filter.clone(), after, SLICE).await?;
        total += slice.events.len() as u64;
        after = slice.position;
        if slice.is_last {
            return Ok(total);
        }
    }
    Err(Error::invalid(
        "More than 1,000,000 events came in that time; replay them in parts, by `from` and `to`.",
    ))
}
