//! Samples of a source, and the fields that its requests have.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use gateway::RequestRecord;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{EventId, Role, Source};
use utoipa::ToSchema;

use super::{auth::Caller, problem::Error, refusals, sources::find, time::rfc3339};
use crate::app::App;

/// The largest request that can be a sample, in bytes of its record.
const LARGEST: usize = 256 << 10;

/// A request that was pinned to a source.
#[derive(Serialize, ToSchema)]
pub(crate) struct SampleView {
    name: String,
    /// The event or refused request that it was.
    from: String,
    /// When that came.
    received_at: String,
    /// The request, with secrets hidden.
    #[schema(value_type = Object)]
    request: Value,
    pinned_at: String,
}

/// A request to pin: one of both.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pin {
    /// An event of the source.
    event: Option<String>,
    /// A request that it refused.
    refusal: Option<String>,
}

/// The requests that fields are inferred from: all that are named together.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Examples {
    /// Samples of the source, by name; all of them when nothing at all is named.
    samples: Option<Vec<String>>,
    /// An event of the source.
    event: Option<String>,
    /// A request that it refused.
    refusal: Option<String>,
    /// A request as listening shows it.
    #[schema(value_type = Option<Object>)]
    request: Option<Value>,
}

/// Fields that requests have.
#[derive(Serialize, ToSchema)]
pub(crate) struct InferredFields {
    /// As a source's `fields`.
    #[schema(value_type = Object)]
    fields: Value,
    /// As a flow's `inputs`.
    #[schema(value_type = Object)]
    inputs: Value,
}

/// What is stored of a sample.
#[derive(Serialize, Deserialize)]
struct Stored {
    from: String,
    received_at: String,
    request: Value,
}

/// The samples of a source
#[utoipa::path(get, operation_id = "list_samples", path = "/api/v1/sources/{id}/samples", tag = "sources",
    params(("id" = String, Path,)), responses((status = 200, body = Vec<SampleView>)))]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Vec<SampleView>>, Error> {
    caller.at_least(Role::Operator)?;
    let source = find(&app, &caller, &id).await?;
    let samples = app.store.sample_list(caller.workspace, source.id).await?;
    let shown = samples.into_iter().filter_map(|sample| {
        let Stored { from, received_at, request } = serde_json::from_slice(&sample.content).ok()?;
        let pinned_at = rfc3339(sample.created_at);
        Some(SampleView { name: sample.name, from, received_at, request, pinned_at })
    });
    Ok(Json(shown.collect()))
}

/// Pin a request to a source under a name; it stays when the event's history goes
#[utoipa::path(put, operation_id = "set_sample", path = "/api/v1/sources/{id}/samples/{name}", tag = "sources",
    params(("id" = String, Path,), ("name" = String, Path,)), request_body = Pin,
    responses((status = 204, description = "Pinned"), (status = 409, description = "The source has 20 others")))]
pub(crate) async fn put(
    State(app): State<App>,
    caller: Caller,
    Path((id, name)): Path<(String, String)>,
    Json(pin): Json<Pin>,
) -> Result<StatusCode, Error> {
    caller.at_least(Role::Editor)?;
    let is_name = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    if name.is_empty() || name.len() > 64 || !name.bytes().all(is_name) {
        return Err(Error::invalid("A sample's name has letters, digits, `-` and `_`, at most 64."));
    }
    let source = find(&app, &caller, &id).await?;
    let stored = match (pin.event, pin.refusal) {
        (Some(event), None) => of_event(&app, &caller, &source, &event).await?,
        (None, Some(refusal)) => of_refusal(&app, &caller, &source, &refusal).await?,
        _ => return Err(Error::invalid("Name either an `event` or a `refusal`.")),
    };
    let content = json!(stored).to_string().into_bytes();
    if content.len() > LARGEST {
        return Err(Error::invalid(format!(
            "A sample has at most {} KiB; pin a smaller request.",
            LARGEST >> 10
        )));
    }
    app.store.sample_put(caller.workspace, source.id, &name, &content).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Delete a sample
#[utoipa::path(delete, operation_id = "delete_sample", path = "/api/v1/sources/{id}/samples/{name}",
    tag = "sources", params(("id" = String, Path,), ("name" = String, Path,)),
    responses((status = 204, description = "Deleted")))]
pub(crate) async fn delete(
    State(app): State<App>,
    caller: Caller,
    Path((id, name)): Path<(String, String)>,
) -> Result<StatusCode, Error> {
    caller.at_least(Role::Editor)?;
    let source = find(&app, &caller, &id).await?;
    let deleted = app.store.sample_delete(caller.workspace, source.id, &name).await?;
    if deleted { Ok(StatusCode::NO_CONTENT) } else { Err(Error::not_found("There is no such sample.")) }
}

/// The fields that requests of a source have, ready to be its `fields`
#[utoipa::path(post, operation_id = "infer_fields", path = "/api/v1/sources/{id}/infer", tag = "sources",
    params(("id" = String, Path,)), request_body = Examples, responses((status = 200, body = InferredFields)))]
pub(crate) async fn infer(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Json(examples): Json<Examples>,
) -> Result<Json<InferredFields>, Error> {
    caller.at_least(Role::Operator)?;
    let source = find(&app, &caller, &id).await?;
    let requests = requests(&app, &caller, &source, examples).await?;
    let records = requests.iter().map(RequestRecord::deserialize).collect::<Result<Vec<_>, _>>();
    let records = records.map_err(|error| Error::invalid(format!("`request`: {error}.")))?;
    let config: Value = serde_json::from_str(&source.config).unwrap_or_default();
    let gateway::Inferred { fields, inputs } = gateway::infer(&records, config["path"].as_str());
    Ok(Json(InferredFields { fields: json!(fields), inputs: json!(inputs) }))
}

/// The requests that a caller means.
async fn requests(
    app: &App,
    caller: &Caller,
    source: &Source,
    examples: Examples,
) -> Result<Vec<Value>, Error> {
    let Examples { samples, event, refusal, request } = examples;
    let all = samples.is_none() && event.is_none() && refusal.is_none() && request.is_none();
    let mut requests = Vec::new();
    if all || samples.is_some() {
        let known = app.store.sample_list(caller.workspace, source.id).await?;
        if let Some(unknown) =
            samples.iter().flatten().find(|name| known.iter().all(|sample| sample.name != **name))
        {
            return Err(Error::invalid(format!("`samples`: there is no sample `{unknown}`.")));
        }
        let wanted =
            known.iter().filter(|sample| samples.as_ref().is_none_or(|names| names.contains(&sample.name)));
        let stored = wanted.filter_map(|sample| serde_json::from_slice::<Stored>(&sample.content).ok());
        requests.extend(stored.map(|stored| stored.request));
    }
    if let Some(event) = event {
        requests.push(of_event(app, caller, source, &event).await?.request);
    }
    if let Some(refusal) = refusal {
        requests.push(of_refusal(app, caller, source, &refusal).await?.request);
    }
    requests.extend(request);
    if requests.is_empty() {
        return Err(Error::invalid("There is no request to look at: pin a sample, or name an `event`."));
    }
    Ok(requests)
}

async fn of_event(app: &App, caller: &Caller, source: &Source, id: &str) -> Result<Stored, Error> {
    let id: EventId = id.parse()?;
    let event = app.store.event_get(caller.workspace, id).await?;
    let event = event.filter(|event| event.source == Some(source.id));
    let event = event.ok_or_else(|| Error::not_found("There is no such event of this source."))?;
    let content = app.store.event_content(caller.workspace, id).await?.unwrap_or_default();
    let mut content: Value = serde_json::from_slice(&content).unwrap_or_default();
    let request = content.get_mut("request").map(Value::take).filter(|request| !request.is_null());
    let request = request.ok_or_else(|| Error::invalid("No request made that event."))?;
    Ok(Stored { from: id.to_string(), received_at: rfc3339(event.received_at), request })
}

async fn of_refusal(app: &App, caller: &Caller, source: &Source, id: &str) -> Result<Stored, Error> {
    let refusal = refusals::find(app, caller, id).await?;
    if refusal.source != source.id {
        return Err(Error::not_found("There is no such refused request of this source."));
    }
    let mut record = refusals::record(app, &refusal).await?;
    let request = record["request"].take();
    Ok(Stored { from: id.to_owned(), received_at: rfc3339(refusal.received_at), request })
}
