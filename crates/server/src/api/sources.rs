//! Sources: inbound endpoints, schedules, and what alerts go to.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use clock::Timestamp;
use flow::Span;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{Role, ScheduleState, Source, SourceId, SourceKind};
use utoipa::ToSchema;

use super::{
    auth::Caller,
    environments::place,
    flows::named,
    problem::{BodyProblem, Error},
    schedules,
    schedules::ScheduleView,
    time::{rfc3339, unchanged},
};
use crate::{
    app::App,
    changes::{Changed, changed},
    hooks::interface::{self, Version},
};

/// A source.
#[derive(Serialize, ToSchema)]
pub(crate) struct SourceView {
    id: String,
    name: String,
    environment: String,
    /// The flow it starts, by id.
    flow: String,
    /// `webhook`, `schedule` or `alert`.
    #[schema(value_type = String)]
    kind: SourceKind,
    /// Where senders post to; only of a webhook.
    url: Option<String>,
    /// Verification, fields, limits and reply; `cron`, `time_zone`, `input` and `missed`; or `alerts`, `destinations` and
    /// `input`.
    #[schema(value_type = Object)]
    config: Value,
    enabled: bool,
    updated_at: String,
    /// Until when the scheme and secrets that senders change over from are taken as well, after a rotation.
    previous_until: Option<String>,
    usage: Usage,
    /// Where a schedule stands.
    schedule: Option<ScheduleView>,
}

/// How much a source is used, as far as history is kept: requests that were taken, filtered ones too.
#[derive(Serialize, ToSchema)]
pub(crate) struct Usage {
    /// Requests of the last 24 hours; 10000 stands for that many or more.
    requests_24h: u32,
    /// Requests of the last 30 days; 10000 stands for that many or more.
    requests_30d: u32,
    /// When the last one came.
    last_at: Option<String>,
}

impl From<store::Usage> for Usage {
    fn from(usage: store::Usage) -> Self {
        let store::Usage { last_day, last_month, last_at } = usage;
        Self { requests_24h: last_day, requests_30d: last_month, last_at: last_at.map(rfc3339) }
    }
}

/// A source that is to be made or changed.
#[derive(Deserialize, ToSchema)]
pub(crate) struct SourceInput {
    name: String,
    /// The flow it starts, by name.
    flow: String,
    /// `webhook`, `schedule` or `alert`; it never changes.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    kind: SourceKind,
    /// Verification, fields, limits and reply; of a schedule `cron`, `time_zone`, `input` and `missed`; of alerts
    /// `alerts`, `destinations` and `input`.
    #[schema(value_type = Object)]
    config: Value,
    /// The scheme's secrets. On a change, absent keeps what there is.
    #[schema(value_type = Option<Object>)]
    secrets: Option<Value>,
    /// Whether it takes requests or alerts, or ticks.
    #[serde(default = "yes")]
    enabled: bool,
    /// On a change: its `updated_at` as it was read. When it has been changed since, the answer is 409 `stale` and nothing
    /// is changed; without this, only a change at the very same time is answered so.
    #[schema(value_type = Option<String>, format = DateTime)]
    unless_changed_since: Option<String>,
}

/// What a source's senders are given in place of what they have.
#[derive(Deserialize, ToSchema)]
pub(crate) struct RotateInput {
    /// The scheme that they are to use; absent keeps the present one.
    #[schema(value_type = Option<Object>)]
    verification: Option<Value>,
    /// Its secrets.
    #[schema(value_type = Object)]
    secrets: Value,
    /// How long the present scheme and secrets are taken as well: 0s to 30d.
    #[serde(default = "RotateInput::day")]
    #[schema(value_type = String, default = "1d")]
    overlap: Span,
}

impl RotateInput {
    const MOST: Span = Span::from_secs(30 * 86_400);

    const fn day() -> Span {
        Span::from_secs(86_400)
    }
}

const fn yes() -> bool {
    true
}

/// What a source may be told, and what it may answer.
#[derive(Serialize, ToSchema)]
pub(crate) struct SourceSchema {
    /// The JSON Schema of a source's `config`; `x-widget` says how a form asks for a value.
    #[schema(value_type = Object)]
    config: schemars::Schema,
    /// The JSON Schema of a source's `secrets`.
    #[schema(value_type = Object)]
    secrets: schemars::Schema,
    /// The codes that requests are refused with, in the order of the checks.
    refusals: Vec<RefusalCode>,
}

/// A code that requests are refused with.
#[derive(Serialize, ToSchema)]
pub(crate) struct RefusalCode {
    code: &'static str,
    status: u16,
    /// The problem in a few words, the same each time.
    title: &'static str,
    /// What the sender, or who keeps the source, does about it.
    advice_en: &'static str,
    /// The same in Chinese.
    advice_zh: &'static str,
}

/// The JSON Schema of sources, and the codes of their refusals
#[utoipa::path(get, operation_id = "source_schema", path = "/api/v1/source-schema", tag = "sources",
    responses((status = 200, body = SourceSchema)))]
pub(crate) async fn schema(_: Caller) -> Json<SourceSchema> {
    let refusals = gateway::codes().iter().map(|entry| RefusalCode {
        code: entry.code.as_str(),
        status: entry.status,
        title: entry.title,
        advice_en: entry.advice_en,
        advice_zh: entry.advice_zh,
    });
    Json(SourceSchema {
        config: schemars::schema_for!(gateway::Config),
        secrets: schemars::schema_for!(gateway::Secrets),
        refusals: refusals.collect(),
    })
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
    let sources = app.store.source_list(place).await?;
    let (mut usage, mut schedules) =
        tokio::try_join!(app.store.source_usage(place, None), app.store.schedule_states(place))?;
    let view = |source: Source| {
        let usage = usage.remove(&source.id).unwrap_or_default();
        let schedule = schedules.remove(&source.id);
        view(&app, source, usage, schedule)
    };
    Ok(Json(sources.into_iter().map(view).collect()))
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
    let stored = find(&app, &caller, &source.id.to_string()).await?;
    Ok((StatusCode::CREATED, Json(read(&app, stored).await?)))
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
    unchanged(before.updated_at, input.unless_changed_since.as_deref())?;
    if input.kind != before.kind {
        return Err(Error::invalid("`kind`: a source's kind does not change; make another source."));
    }
    let flow = named(&app, &caller, &input.flow).await?.id;
    let secrets = match before.kind {
        SourceKind::Webhook => gateway::kept(&input.config, &before.secrets, input.secrets.as_ref())
            .map_err(|error| misfit(&error))?,
        SourceKind::Schedule | SourceKind::Alert => before.secrets.clone(),
    };
    let source = Source {
        flow,
        name: input.name,
        config: input.config.to_string(),
        secrets,
        enabled: input.enabled,
        ..before.clone()
    };
    save(&app, &source, Some(&before)).await?;
    Ok(Json(read(&app, find(&app, &caller, &id).await?).await?))
}

/// Give a source's senders another scheme or other secrets
///
/// Until the overlap is over, what was valid before is taken as well. What an earlier rotation left ends at once.
#[utoipa::path(post, operation_id = "rotate_source", path = "/api/v1/sources/{id}/rotate", tag = "sources",
    params(("id" = String, Path,)), request_body = RotateInput, responses((status = 200, body = SourceView)))]
pub(crate) async fn rotate(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Json(input): Json<RotateInput>,
) -> Result<Json<SourceView>, Error> {
    caller.at_least(Role::Editor)?;
    if input.overlap > RotateInput::MOST {
        return Err(Error::invalid("`overlap`: an overlap is of 0s to 30d."));
    }
    let before = find(&app, &caller, &id).await?;
    if before.kind != SourceKind::Webhook {
        return Err(Error::invalid("Only a webhook has senders, and so secrets."));
    }
    let overlaps = input.overlap > Span::from_secs(0);
    let until = overlaps.then(|| app.clock.now().after(input.overlap.as_duration()));
    let stored = (before.config.as_str(), before.secrets.as_slice());
    let rotated = gateway::rotated(stored, input.verification.as_ref(), &input.secrets, until);
    let (config, secrets) = rotated.map_err(|error| misfit(&error))?;
    let source = Source { config, secrets, ..before.clone() };
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

pub(super) async fn find(app: &App, caller: &Caller, id: &str) -> Result<Source, Error> {
    let source = app.store.source_get(id.parse::<SourceId>()?).await?;
    let source = source.filter(|source| source.place.workspace == caller.workspace);
    source.ok_or_else(|| Error::not_found("There is no such source."))
}

/// Checks a source against its flow as it is served now, and stores it.
async fn save(app: &App, source: &Source, before: Option<&Source>) -> Result<(), Error> {
    if source.name.trim().is_empty() || source.name.chars().count() > 100 {
        return Err(Error::invalid_at(BodyProblem {
            field: "name".to_owned(),
            code: "out_of_range".to_owned(),
            reason: "a source's name has 1 to 100 characters.".to_owned(),
            suggestion: None,
        }));
    }
    let program = super::serving(app, source.place, source.flow).await?;
    match source.kind {
        SourceKind::Webhook => {
            let running = program.as_ref().map(|program| Version::of(program));
            interface::compile(app, source, running).await?.map_err(|error| misfit(&error))?;
            put(app, source, before).await?;
        }
        SourceKind::Schedule => {
            let inputs = program.as_ref().map(|program| &program.flow.definition().inputs);
            let next_at = schedules::next(app, source, (before, inputs))
                .map_err(|problem| wrong_in("config", problem))?;
            match before {
                Some(_) => app.store.schedule_change(source, next_at).await?,
                None => app.store.schedule_put(source, next_at).await?,
            }
        }
        SourceKind::Alert => {
            let inputs = program.as_ref().map(|program| &program.flow.definition().inputs);
            schedules::check_alerts(source, inputs).map_err(|problem| wrong_in("config", problem))?;
            put(app, source, before).await?;
        }
    }
    changed(app, Changed::Source(source.id)).await
}

/// Stores a source that is no schedule: a new one, or one that has not changed since it was read.
async fn put(app: &App, source: &Source, before: Option<&Source>) -> Result<(), store::Error> {
    match before {
        Some(_) => app.store.source_change(source).await,
        None => app.store.source_put(source).await,
    }
}

/// What keeps a source from being compiled, with its place in the body.
fn misfit(error: &gateway::Error) -> Error {
    let part = match error {
        gateway::Error::Config(_) => "config",
        gateway::Error::Secrets(_) => "secrets",
    };
    wrong_in(part, error.problem().clone())
}

/// What is wrong in a part of the body, with its place there.
fn wrong_in(part: &str, problem: flow::Problem) -> Error {
    let place = BodyProblem::from(problem);
    let field = if place.field.is_empty() { part.to_owned() } else { format!("{part}.{}", place.field) };
    Error::invalid_at(BodyProblem { field, ..place })
}

/// A source as it stands now.
async fn read(app: &App, source: Source) -> Result<SourceView, Error> {
    let mut usage = app.store.source_usage(source.place, Some(source.id)).await?;
    let usage = usage.remove(&source.id).unwrap_or_default();
    let schedule = match source.kind {
        SourceKind::Webhook | SourceKind::Alert => None,
        SourceKind::Schedule => app.store.schedule_state(source.id).await?,
    };
    Ok(view(app, source, usage, schedule))
}

fn view(app: &App, source: Source, usage: store::Usage, schedule: Option<ScheduleState>) -> SourceView {
    let config: Value = serde_json::from_str(&source.config).unwrap_or_default();
    let until = config["previous"]["until"].as_i64().map(Timestamp::from_millis);
    let url = || format!("{}/hooks/{}", app.public_url, source.id);
    SourceView {
        id: source.id.to_string(),
        kind: source.kind,
        url: (source.kind == SourceKind::Webhook).then(url),
        schedule: schedule.map(ScheduleView::from),
        environment: app.world.environment_name(source.place.environment).to_string(),
        flow: source.flow.to_string(),
        name: source.name,
        config,
        enabled: source.enabled,
        updated_at: rfc3339(source.updated_at),
        previous_until: until.filter(|until| *until > app.clock.now()).map(rfc3339),
        usage: usage.into(),
    }
}
