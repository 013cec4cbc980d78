//! Refused requests, and judging one again.

use axum::{
    Json,
    extract::{Path, Query, State},
};
use gateway::Original;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{Refusal, RefusalId, Role};
use utoipa::{IntoParams, ToSchema};

use super::{
    auth::Caller,
    environments::place,
    paging::{Listed, Paging, id_in},
    problem::Error,
    time::rfc3339,
};
use crate::{app::App, hooks};

/// A refused request as lists show it.
#[derive(Serialize, ToSchema)]
pub(crate) struct RefusalRow {
    id: String,
    source: String,
    /// Why, as a stable code.
    code: String,
    /// The HTTP status it got.
    status: u32,
    received_at: String,
    /// Whether it was kept whole, so that it can be replayed.
    replayable: bool,
    /// The event that a replay of it became.
    replayed_as: Option<String>,
}

/// Which refused requests.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// Only those of this source.
    source: Option<String>,
}

/// A refused request with how it came and what it was told.
#[derive(Serialize, ToSchema)]
pub(crate) struct RefusalDetail {
    environment: String,
    /// Peer, headers, body as far as kept, and what it was told.
    #[schema(value_type = Object)]
    record: Value,
    #[serde(flatten)]
    refusal: RefusalRow,
}

/// What came of judging a refused request again: one of both.
#[derive(Serialize, ToSchema)]
pub(crate) struct Rejudged {
    /// It was accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted: Option<ReplayReceipt>,
    /// It is refused for this now: the problem document that its sender would get.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    refused: Option<Value>,
}

/// The event that a refused request became.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReplayReceipt {
    event_id: String,
    run_id: String,
    /// Whether its sender had sent it again meanwhile: then this is that event.
    duplicate: bool,
    status_url: String,
}

/// The refused requests of an environment, newest first
#[utoipa::path(get, operation_id = "list_refusals", path = "/api/v1/environments/{environment}/refusals",
    tag = "events", params(("environment" = String, Path,), Which, Paging),
    responses((status = 200, body = Listed<RefusalRow>)))]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    Path(environment): Path<String>,
    Query(which): Query<Which>,
    Query(paging): Query<Paging>,
) -> Result<Json<Listed<RefusalRow>>, Error> {
    caller.at_least(Role::Operator)?;
    let source = which.source.as_deref().map(|id| id_in("source", id)).transpose()?;
    let page =
        app.store.refusal_list(place(&app, &environment)?, source, paging.page::<RefusalId>()?).await?;
    Ok(Json(Listed::of(page, |refusal| refusal.id.to_string(), RefusalRow::from)))
}

/// A refused request
#[utoipa::path(get, operation_id = "get_refusal", path = "/api/v1/refusals/{id}", tag = "events",
    params(("id" = String, Path,)), responses((status = 200, body = RefusalDetail)))]
pub(crate) async fn get(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<RefusalDetail>, Error> {
    caller.at_least(Role::Operator)?;
    let refusal = find(&app, &caller, &id).await?;
    let environment = app.world.environment_name(refusal.place.environment).to_string();
    let record = record(&app, &refusal).await?;
    Ok(Json(RefusalDetail { environment, record, refusal: refusal.into() }))
}

/// Judge a refused request again, after the cause is mended
#[utoipa::path(post, operation_id = "replay_refusal", path = "/api/v1/refusals/{id}/replay", tag = "events",
    params(("id" = String, Path,)),
    responses((status = 200, body = Rejudged), (status = 409, description = "It cannot be replayed, or was")))]
pub(crate) async fn replay(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Rejudged>, Error> {
    caller.at_least(Role::Operator)?;
    let refusal = find(&app, &caller, &id).await?;
    if let Some(event) = refusal.replayed_as {
        return Err(Error::conflict(format!("It was replayed already, as {event}; replay that event.")));
    }
    let original = app.store.refusal_original(caller.workspace, refusal.id).await?;
    let Some(original) = original else { return Err(not_whole(&record(&app, &refusal).await?)) };
    let request = serde_json::from_slice::<Original<'_>>(&original).ok().and_then(Original::again);
    let request = request.ok_or_else(|| Error::internal("What was kept of the request cannot be read."))?;
    let submitted = match hooks::judge_again(&app, &refusal, &request).await {
        Ok(Some(submitted)) => submitted,
        Ok(None) => {
            return Err(Error::conflict(
                "It brings no event: its sender only asked whether the address is right. Have it ask again.",
            ));
        }
        Err(refused) => {
            let refused = Some(serde_json::json!(refused.problem()));
            return Ok(Json(Rejudged { accepted: None, refused }));
        }
    };
    let engine::Submitted { event, run, duplicate, .. } = submitted;
    app.store.refusal_replayed(caller.workspace, refusal.id, event).await?;
    let receipt = ReplayReceipt {
        event_id: event.to_string(),
        run_id: run.to_string(),
        duplicate,
        status_url: hooks::status_url(&app, event),
    };
    Ok(Json(Rejudged { accepted: Some(receipt), refused: None }))
}

/// A refused request of the caller's workspace.
pub(super) async fn find(app: &App, caller: &Caller, id: &str) -> Result<Refusal, Error> {
    let refusal = app.store.refusal_get(caller.workspace, id.parse()?).await?;
    refusal.ok_or_else(|| Error::not_found("There is no such refused request."))
}

/// How a refused request came and what it was told; null when it is gone meanwhile.
pub(super) async fn record(app: &App, refusal: &Refusal) -> Result<Value, Error> {
    let content = app.store.refusal_content(refusal.place.workspace, refusal.id).await?;
    Ok(serde_json::from_slice(&content.unwrap_or_default()).unwrap_or_default())
}

/// Why a refused request cannot be judged again.
fn not_whole(record: &Value) -> Error {
    let kept = hooks::KEPT >> 10;
    Error::conflict(match record["request"]["cut_from"].as_u64() {
        Some(bytes) => format!(
            "Its body has {bytes} bytes, and of a refused request no more than {kept} KiB are kept; have it sent again."
        ),
        None => "It was refused before its body was read; have it sent again.".to_owned(),
    })
}

impl From<Refusal> for RefusalRow {
    fn from(refusal: Refusal) -> Self {
        Self {
            id: refusal.id.to_string(),
            source: refusal.source.to_string(),
            code: refusal.code,
            status: refusal.status,
            received_at: rfc3339(refusal.received_at),
            replayable: refusal.is_whole && refusal.replayed_as.is_none(),
            replayed_as: refusal.replayed_as.map(|event| event.to_string()),
        }
    }
}
