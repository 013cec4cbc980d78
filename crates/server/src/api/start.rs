//! Starting a run by the API: an event that no source brought.

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    extract::{Path, State},
    http::HeaderMap,
    response::Response,
};
use clock::Timestamp;
use engine::{Program, Submission};
use gateway::{Code, Refused, Reply};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use store::{DedupeClaim, FlowId, FlowRow, Place, Role};
use utoipa::ToSchema;

use super::{
    auth::Caller,
    environments::place,
    flows::{named, numbered, serving},
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
    /// The environment whose variables, secrets and destinations it uses.
    environment: String,
    /// The flow's input.
    #[serde(default)]
    #[schema(value_type = Object)]
    input: Map<String, Value>,
    /// The number of the version that it runs; by default the one that is deployed there.
    version: Option<u32>,
    /// How the call is answered, as a source's `reply`: `{"mode": "accept"}` by default, `{"mode": "wait", "deadline":
    /// "30s"}` for the outputs.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    reply: Reply,
}

/// Start a run
///
/// A call with the same `Idempotency-Key` within 24 hours starts no second run: it is answered as the first one, with
/// `Linchpin-Duplicate: true`.
#[utoipa::path(post, operation_id = "start_run", path = "/api/v1/flows/{name}/runs", tag = "runs",
    params(("name" = String, Path,), ("idempotency-key" = Option<String>, Header,)), request_body = Start,
    responses((status = 202, description = "The event is committed", body = Receipt),
        (status = 200, description = "The run's outputs", body = Object),
        (status = 422, description = "The input does not fit; `errors` names each field"),
        (status = 500, description = "The run failed, or the server")))]
pub(crate) async fn start(
    State(app): State<App>,
    caller: Caller,
    Path(name): Path<String>,
    headers: HeaderMap,
    Json(body): Json<Start>,
) -> Result<Response, Error> {
    caller.at_least(Role::Operator)?;
    let flow = named(&app, &caller, &name).await?;
    let place = place(&app, &body.environment)?;
    body.reply.check().map_err(|error| Error::invalid(error.problem().to_string()))?;
    let program = program(&app, &caller, place, (&flow, body.version)).await?;
    let input = match flow::take_all(&program.flow.definition().inputs, body.input) {
        Ok(input) => Value::Object(input),
        Err(errors) => {
            let detail = "The input does not fit the flow's inputs.";
            return Ok(hooks::refuse(&Refused { errors, ..Refused::new(Code::FieldInvalid, detail) }));
        }
    };
    let received_at = app.clock.now();
    let submission = Submission {
        place,
        program,
        source: None,
        kind: "api",
        received_at,
        content: json!({ "input": input, "caller": caller.name }).to_string().into(),
        input,
        dedupe: claim(&headers, (place, flow.id), received_at),
        files: Vec::new(),
        tick: None,
        waits_for: hooks::waits_for(&body.reply),
        filtered: false,
        until_committed: None,
    };
    let submitted = app.engine.submit(submission).await?;
    let how = How { reply: body.reply, acknowledgement: None, last: headers.get("last-event-id") };
    Ok(hooks::accepted(&app, how, submitted).await)
}

/// The version that is asked for, or the deployed one.
async fn program(
    app: &App,
    caller: &Caller,
    place: Place,
    (flow, version): (&FlowRow, Option<u32>),
) -> Result<Arc<Program>, Error> {
    if let Some(number) = version {
        let version = numbered(app, caller, flow, number).await?;
        return Ok(app.engine.program(place.workspace, version.id).await?);
    }
    serving(app, place, flow.id).await?.ok_or_else(|| {
        Error::conflict(
            "No version of the flow is deployed in this environment: deploy one, or name a `version`.",
        )
    })
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
