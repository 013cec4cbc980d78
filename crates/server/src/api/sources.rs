//! Sources: inbound endpoints.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{Role, Source, SourceId};
use utoipa::ToSchema;

use super::{auth::Caller, environments::place, flows::named, problem::Error, time::rfc3339};
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
    /// Where senders post to.
    url: String,
    /// Verification, fields, limits and reply.
    #[schema(value_type = Object)]
    config: Value,
    enabled: bool,
    updated_at: String,
}

/// A source that is to be made or changed.
#[derive(Deserialize, ToSchema)]
pub(crate) struct SourceInput {
    name: String,
    /// The flow it starts, by name.
    flow: String,
    /// Verification, fields, limits and reply; see the source's schema.
    #[schema(value_type = Object)]
    config: Value,
    /// The scheme's secrets. On a change, absent keeps what there is.
    #[schema(value_type = Option<Object>)]
    secrets: Option<Value>,
    /// Whether it takes requests.
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
    let sources = app.store.source_list(place(&app, &environment)?).await?;
    Ok(Json(sources.into_iter().map(|source| view(&app, source)).collect()))
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
        name: input.name,
        config: input.config.to_string(),
        secrets,
        enabled: input.enabled,
        updated_at: app.clock.now(),
    };
    save(&app, &source).await?;
    Ok((StatusCode::CREATED, Json(view(&app, source))))
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
    Ok(Json(view(&app, source)))
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
    let flow = named(&app, &caller, &input.flow).await?.id;
    let secrets = input.secrets.map_or(before.secrets, |secrets| secrets.to_string().into_bytes());
    let config = input.config.to_string();
    let source = Source { flow, name: input.name, config, secrets, enabled: input.enabled, ..before };
    save(&app, &source).await?;
    Ok(Json(view(&app, find(&app, &caller, &id).await?)))
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

pub(super) async fn find(app: &App, caller: &Caller, id: &str) -> Result<Source, Error> {
    let source = app.store.source_get(id.parse::<SourceId>()?).await?;
    let source = source.filter(|source| source.place.workspace == caller.workspace);
    source.ok_or_else(|| Error::not_found("There is no such source."))
}

/// Checks a source against its flow as it is served now, and stores it.
async fn save(app: &App, source: &Source) -> Result<(), Error> {
    if source.name.trim().is_empty() || source.name.chars().count() > 100 {
        return Err(Error::invalid("`name`: a source's name has 1 to 100 characters."));
    }
    let program = super::serving(app, source.place, source.flow).await?;
    let inputs = program.map(|program| program.flow.definition().inputs.clone()).unwrap_or_default();
    gateway::Source::compile(&source.config, &source.secrets, &inputs)
        .map_err(|error| Error::invalid(error.to_string()))?;
    app.store.source_put(source).await?;
    changed(app, Changed::Source(source.id)).await
}

fn view(app: &App, source: Source) -> SourceView {
    SourceView {
        id: source.id.to_string(),
        url: format!("{}/hooks/{}", app.public_url, source.id),
        environment: app.world.environment_name(source.place.environment).to_string(),
        flow: source.flow.to_string(),
        name: source.name,
        config: serde_json::from_str(&source.config).unwrap_or_default(),
        enabled: source.enabled,
        updated_at: rfc3339(source.updated_at),
    }
}
