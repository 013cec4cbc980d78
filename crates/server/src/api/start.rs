//! Starting a run by the API: an event that no source brought.

mod files;

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    body::Bytes,
    extract::{FromRequest, Path, Request, State},
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use clock::Timestamp;
use engine::{Program, Submission};
use flow::FieldProblem;
use gateway::{Code, FileLimits, Form, Refused, Reply};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use store::{DedupeClaim, FlowId, FlowRow, Place, Role};
use utoipa::ToSchema;

use super::{
    auth::Caller,
    environments::place,
    flows::{draft, named, numbered, serving},
    problem::Error,
};
use crate::{
    app::App,
    hooks::{self, How, Receipt},
};

/// How long a call is known by its key.
const WINDOW: Duration = Duration::from_secs(24 * 60 * 60);

/// What a run is started with.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Start {
    /// The environment whose variables, secrets and destinations it uses. A draft runs in `test` alone, and may leave
    /// it out.
    environment: Option<String>,
    /// The flow's input.
    #[serde(default)]
    #[schema(value_type = Object)]
    input: Map<String, Value>,
    /// The version that it runs: `deployed`, the one that is deployed there, by default; `draft`, the flow's draft as it
    /// is now; or a version's number.
    #[serde(default)]
    version: StartVersion,
    /// How the call is answered, as a source's `reply`: `{"mode": "accept"}` by default, `{"mode": "wait", "deadline":
    /// "30s"}` for the outputs.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    reply: Reply,
}

/// A version that a run is started on.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(untagged, expecting = "`version` is a version's number, `deployed` or `draft`")]
pub(crate) enum StartVersion {
    Number(u32),
    Named(NamedVersion),
}

/// A version by what it is for.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum NamedVersion {
    Deployed,
    Draft,
}

/// The same with files: a form whose other parts are files, each named after the field it is for.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it only describes the form, which is read by hand")]
pub(crate) struct StartForm {
    /// What the run is started with, as JSON.
    run: Start,
}

/// What a call brought.
pub(crate) struct Given {
    start: Start,
    files: Vec<files::Brought>,
}

/// Start a run
///
/// A call with the same `Idempotency-Key` within 24 hours starts no second run: it is answered as the first one, with
/// `Linchpin-Duplicate: true`.
///
/// Files come in a multipart form, beside a part `run` with what is otherwise the body. A file that came with an event
/// of this workspace can be named in `input` as well, as that event's run shows it.
#[utoipa::path(post, operation_id = "start_run", path = "/api/v1/flows/{name}/runs", tag = "runs",
    params(("name" = String, Path,), ("idempotency-key" = Option<String>, Header,)),
    request_body(content((Start = "application/json"), (StartForm = "multipart/form-data"))),
    responses((status = 202, description = "The event is committed", body = Receipt),
        (status = 200, description = "The run's outputs", body = Object),
        (status = 422, description = "The input does not fit; `errors` names each field"),
        (status = 500, description = "The run failed, or the server")))]
pub(crate) async fn start(
    State(app): State<App>,
    caller: Caller,
    Path(name): Path<String>,
    headers: HeaderMap,
    given: Given,
) -> Result<Response, Error> {
    caller.at_least(Role::Operator)?;
    let Given { start, files: brought } = given;
    let flow = named(&app, &caller, &name).await?;
    start.reply.check().map_err(|error| Error::invalid(error.problem().to_string()))?;
    let place = place_of(&app, &start)?;
    let program = program(&app, &caller, place, (&flow, start.version)).await?;
    let fields = &program.flow.definition().inputs;
    let mut input = start.input;
    let mut problems = files::put(fields, &mut input, &brought);
    let input = flow::take_all(fields, input).unwrap_or_else(|more| {
        problems.extend(more);
        Map::new()
    });
    if !problems.is_empty() {
        return Ok(unfit(problems));
    }
    let (files, contents) = match files::all((&app.store, place.workspace), fields, &input, brought).await? {
        Ok(files) => files,
        Err(problems) => return Ok(unfit(problems)),
    };
    let received_at = app.clock.now();
    let submission = Submission {
        place,
        source: None,
        kind: "api",
        received_at,
        content: json!({ "input": input, "caller": caller.name, "files": files }).to_string().into(),
        input: Value::Object(input),
        dedupe: claim(&headers, (place, flow.id), received_at),
        files: contents,
        tick: None,
        waits_for: hooks::waits_for(&start.reply),
        filtered: false,
        until_committed: None,
        program,
    };
    let submitted = app.engine.submit(submission).await?;
    let how = How { reply: start.reply, acknowledgement: None, last: headers.get("last-event-id") };
    Ok(hooks::accepted(&app, how, submitted).await)
}

fn unfit(errors: Vec<FieldProblem>) -> Response {
    let detail = "The input does not fit the flow's inputs.";
    hooks::refuse(&Refused { errors, ..Refused::new(Code::FieldInvalid, detail) })
}

/// Where the run belongs.
fn place_of(app: &App, start: &Start) -> Result<Place, Error> {
    let environment = match (start.environment.as_deref(), start.version) {
        (Some("test") | None, StartVersion::Named(NamedVersion::Draft)) => "test",
        (Some(_), StartVersion::Named(NamedVersion::Draft)) => {
            let said = "`environment`: a draft runs in `test` alone, with its destinations, variables and secrets. \
                        Leave it out, or publish the draft and name the version.";
            return Err(Error::invalid(said));
        }
        (Some(environment), _) => environment,
        (None, _) => return Err(Error::invalid("`environment`: name the one that the run belongs to.")),
    };
    place(app, environment)
}

/// The version that is asked for.
async fn program(
    app: &App,
    caller: &Caller,
    place: Place,
    (flow, version): (&FlowRow, StartVersion),
) -> Result<Arc<Program>, Error> {
    let version = match version {
        StartVersion::Number(number) => numbered(app, caller, flow, number).await?.id,
        StartVersion::Named(NamedVersion::Draft) => draft(app, caller, flow.id).await?.version,
        StartVersion::Named(NamedVersion::Deployed) => {
            return serving(app, place, flow.id).await?.ok_or_else(|| {
                Error::conflict(
                    "No version of the flow is deployed in this environment: deploy one, or name a `version`.",
                )
            });
        }
    };
    Ok(app.engine.program(place.workspace, version).await?)
}

impl FromRequest<App> for Given {
    type Rejection = Response;

    async fn from_request(request: Request, app: &App) -> Result<Self, Response> {
        let content_type = request.headers().get(header::CONTENT_TYPE);
        let content_type = content_type.and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        if !content_type.to_ascii_lowercase().starts_with("multipart/form-data") {
            let body = Json::from_request(request, app).await.map_err(IntoResponse::into_response)?;
            let Json(start) = body;
            return Ok(Self { start, files: Vec::new() });
        }
        let body = Bytes::from_request(request, app).await.map_err(IntoResponse::into_response)?;
        let limits = FileLimits { count: files::MOST, ..FileLimits::default() };
        let form = Form::read(&content_type, &body, &limits).map_err(|refused| hooks::refuse(&refused))?;
        let run = form.text("run").map(serde_json::from_str);
        let start = match run {
            Some(read) => read.map_err(|error| Error::invalid(format!("`run`: {error}."))),
            None => {
                Err(Error::invalid("`run`: the form has no such part that is text; it says what is started."))
            }
        };
        let start = start.map_err(IntoResponse::into_response)?;
        Ok(Self { start, files: form.into_files().collect() })
    }
}

impl Default for StartVersion {
    fn default() -> Self {
        Self::Named(NamedVersion::Deployed)
    }
}

/// The claim on a call's key, which holds for its flow in its environment.
fn claim(headers: &HeaderMap, (place, flow): (Place, FlowId), received_at: Timestamp) -> Option<DedupeClaim> {
    let key = headers.get("idempotency-key").filter(|key| !key.is_empty())?;
    let digest = Sha256::new()
        .chain_update(place.workspace.as_bytes())
        .chain_update(place.environment.as_bytes())
        .chain_update(flow.as_bytes())
        .chain_update(key.as_bytes())
        .finalize();
    let (key, _) = digest.split_first_chunk()?;
    Some(DedupeClaim { key: *key, expires_at: received_at.after(WINDOW) })
}
