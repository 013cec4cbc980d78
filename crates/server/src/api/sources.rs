//! Sources: inbound endpoints and schedules.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{Role, ScheduleState, Source, SourceId, SourceKind};
use utoipa::ToSchema;

use super::{
    auth::Caller, environments::place, flows::named, problem::Error, schedules, schedules::ScheduleView,
    time::rfc3339,
};
use crate::{
    app::App,
    changes::{Changed, changed},
};

/// A source.
#[derive(Serialize, ToSchema)]
pub(crate) struct SourceView {
    id: String,
    name: String,
    environment: String,
    /// The flow it starts, by id.
    flow: String,
    /// `webhook` or `schedule`.
    #[schema(value_type = String)]
    kind: SourceKind,
    /// Where senders post to; nothing for a schedule.
    url: Option<String>,
    /// Verification, fields, limits and reply; or `cron`, `time_zone`, `input` and `missed`.
    #[schema(value_type = Object)]
    config: Value,
    enabled: bool,
    updated_at: String,
    /// Where a schedule stands.
    schedule: Option<ScheduleView>,
}

/// A source that is to be made or changed.
#[derive(Deserialize, ToSchema)]
pub(crate) struct SourceInput {
    name: String,
    /// The flow it starts, by name.
    flow: String,
    /// `webhook` or `schedule`; it never changes.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    kind: SourceKind,
    /// Verification, fields, limits and reply; or, of a schedule, `cron`, `time_zone`, `input` and `missed`.
    #[schema(value_type = Object)]
    config: Value,
    /// The scheme's secrets. On a change, absent keeps what there is.
    #[schema(value_type = Option<Object>)]
    secrets: Option<Value>,
    /// Whether it takes requests, or ticks.
    #[serde(default = "yes")]
    enabled: bool,
}

const fn yes() -> bool {
    true
}

/// The sources of an environment
#[utoipa::path(get, operation_id = "list_sources", path = "/api/v1/environments/{environment}/sources",
    tag = "sources", params(("environment" = String, Path,)),
    responses((status = 200, body = Vec<SourceView>)))]
pub(crate) async fn list(
    State(app): State<App>,
    _: Caller,
    Path(environment): Path<String>,
) -> Result<Json<Vec<SourceView>>, Error> {
    let place = place(&app, &environment)?;
    let mut schedules = app.store.schedule_states(place).await?;
    let sources = app.store.source_list(place).await?.into_iter();
    Ok(Json(sources.map(|source| view(&app, schedules.remove(&source.id), source)).collect()))
}

/// Make a source
#[utoipa::path(post, operation_id = "create_source", path = "/api/v1/environments/{environment}/sources",
    tag = "sources", params(("environment" = String, Path,)), request_body = SourceInput,
    responses((status = 201, body = SourceView)))]
pub(crate) async fn create(
    State(app): State<App>,
    caller: Caller,
    Path(environment): Path<String>,
    Json(input): Json<SourceInput>,
) -> Result<(StatusCode, Json<SourceView>), Error> {
    caller.at_least(Role::Editor)?;
    let place = place(&app, &environment)?;
    let flow = named(&app, &caller, &input.flow).await?.id;
    let secrets =
        input.secrets.as_ref().map_or_else(|| b"{}".to_vec(), |secrets| secrets.to_string().into_bytes());
    let source = Source {
        id: app.store.ids().unguessable(),
        place,
        flow,
        kind: input.kind,
        name: input.name,
        config: input.config.to_string(),
        secrets,
        enabled: input.enabled,
        updated_at: app.clock.now(),
    };
    save(&app, &source, None).await?;
    Ok((StatusCode::CREATED, Json(read(&app, source).await?)))
}

/// A source
#[utoipa::path(get, operation_id = "get_source", path = "/api/v1/sources/{id}", tag = "sources",
    params(("id" = String, Path,)), responses((status = 200, body = SourceView)))]
pub(crate) async fn get(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<SourceView>, Error> {
    let source = find(&app, &caller, &id).await?;
    Ok(Json(read(&app, source).await?))
}

/// Change a source
#[utoipa::path(put, operation_id = "update_source", path = "/api/v1/sources/{id}", tag = "sources",
    params(("id" = String, Path,)), request_body = SourceInput, responses((status = 200, body = SourceView)))]
pub(crate) async fn update(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Json(input): Json<SourceInput>,
) -> Result<Json<SourceView>, Error> {
    caller.at_least(Role::Editor)?;
    let before = find(&app, &caller, &id).await?;
    if input.kind != before.kind {
        return Err(Error::invalid("`kind`: a source's kind does not change; make another source."));
    }
    let flow = named(&app, &caller, &input.flow).await?.id;
    let secrets = input.secrets.map(|secrets| secrets.to_string().into_bytes());
    let source = Source {
        flow,
        name: input.name,
        config: input.config.to_string(),
        secrets: secrets.unwrap_or_else(|| before.secrets.clone()),
        enabled: input.enabled,
        ..before.clone()
    };
    save(&app, &source, Some(&before)).await?;
    Ok(Json(read(&app, find(&app, &caller, &id).await?).await?))
}

/// Delete a source; its events stay
#[utoipa::path(delete, operation_id = "delete_source", path = "/api/v1/sources/{id}", tag = "sources",
    params(("id" = String, Path,)), responses((status = 204, description = "Deleted")))]
pub(crate) async fn delete(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Error> {
    caller.at_least(Role::Editor)?;
    let source = find(&app, &caller, &id).await?;
    app.store.source_delete(caller.workspace, source.id).await?;
    changed(&app, Changed::Source(source.id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn find(app: &App, caller: &Caller, id: &str) -> Result<Source, Error> {
    let source = app.store.source_get(id.parse::<SourceId>()?).await?;
    let source = source.filter(|source| source.place.workspace == caller.workspace);
    source.ok_or_else(|| Error::not_found("There is no such source."))
}

/// Checks a source against its flow as it is served now, and stores it.
async fn save(app: &App, source: &Source, before: Option<&Source>) -> Result<(), Error> {
    if source.name.trim().is_empty() || source.name.chars().count() > 100 {
        return Err(Error::invalid("`name`: a source's name has 1 to 100 characters."));
    }
    let program = super::serving(app, source.place, source.flow).await?;
    let inputs = program.as_ref().map(|program| &program.flow.definition().inputs);
    match source.kind {
        SourceKind::Webhook => {
            let none = flow::Fields::default();
            gateway::Source::compile(&source.config, &source.secrets, inputs.unwrap_or(&none))
                .map_err(|error| Error::invalid(error.to_string()))?;
            app.store.source_put(source).await?;
        }
        SourceKind::Schedule => {
            let next_at = schedules::next(app, source, (before, inputs))?;
            app.store.schedule_put(source, next_at).await?;
        }
    }
    changed(app, Changed::Source(source.id)).await
}

/// A source as it stands now.
async fn read(app: &App, source: Source) -> Result<SourceView, Error> {
    let state = match source.kind {
        SourceKind::Webhook => None,
        SourceKind::Schedule => app.store.schedule_state(source.id).await?,
    };
    Ok(view(app, state, source))
}

fn view(app: &App, state: Option<ScheduleState>, source: Source) -> SourceView {
    let url = || format!("{}/hooks/{}", app.public_url, source.id);
    SourceView {
        id: source.id.to_string(),
        kind: source.kind,
        url: (source.kind == SourceKind::Webhook).then(url),
        schedule: state.map(ScheduleView::from),
        environment: app.world.environment_name(source.place.environment).to_string(),
        flow: source.flow.to_string(),
        name: source.name,
        config: serde_json::from_str(&source.config).unwrap_or_default(),
        enabled: source.enabled,
        updated_at: rfc3339(source.updated_at),
    }
}
