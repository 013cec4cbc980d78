//! What became of an event, from the request to the last attempt.

use std::collections::HashMap;

use axum::{
    Json,
    extract::{Path, State},
};
use flow::run::Event;
use serde::Serialize;
use serde_json::Value;
use store::{Attempt, DeliveryState, DeliveryView, EventId, EventStatus, Place, RunId, WorkspaceId};
use utoipa::ToSchema;

use super::{
    auth::Caller,
    events::word,
    files::{self, FileTrace},
    problem::Error,
    runs::why,
    time::rfc3339,
};
use crate::{app::App, hooks};

/// An event and all that followed.
#[derive(Serialize, ToSchema)]
pub(crate) struct Trace {
    id: String,
    environment: String,
    flow: String,
    source: Option<String>,
    /// `webhook`, `schedule`, `alert` or `api`.
    kind: String,
    /// Whether it was held back by the source's filter.
    filtered: bool,
    received_at: String,
    /// Tells the event's fate to whoever has it.
    status_url: String,
    /// The request as it came, with secrets hidden.
    #[schema(value_type = Option<Object>)]
    request: Option<Value>,
    /// The files that came with it.
    files: Vec<FileTrace>,
    /// Who started it by the API.
    caller: Option<String>,
    /// The planned time of the schedule that it came by: `at` in UTC, `local` and `date` in the schedule's time zone, and
    /// whether it was `missed` and is made up for.
    #[schema(value_type = Option<Object>)]
    tick: Option<Value>,
    /// What befell a destination, of an event that is an alert.
    #[schema(value_type = Option<Object>)]
    alert: Option<Value>,
    /// The original run first, then its repeats.
    runs: Vec<RunTrace>,
}

/// A run, its steps and its deliveries.
#[derive(Serialize, ToSchema)]
pub(crate) struct RunTrace {
    id: String,
    /// `original` or `replay`.
    cause: String,
    status: String,
    /// The environment it ran in: a draft that was tried runs in `test`, whatever its event's is.
    environment: String,
    /// The number of the flow's version; 0 for a draft.
    version: u32,
    created_at: String,
    finished_at: Option<String>,
    #[schema(value_type = Object)]
    input: Value,
    #[schema(value_type = Option<Object>)]
    outputs: Option<Value>,
    /// What the request was answered, by a `respond` step.
    #[schema(value_type = Option<Object>)]
    response: Option<Value>,
    #[schema(value_type = Option<Object>)]
    error: Option<Value>,
    steps: Vec<StepTrace>,
    deliveries: Vec<DeliveryTrace>,
}

/// A step and its tries.
#[derive(Serialize, ToSchema)]
pub(crate) struct StepTrace {
    /// The node's id.
    id: String,
    /// Its kind, with the version.
    kind: String,
    /// `pending`, `running`, `paused`, `waiting`, `succeeded`, `recovered`, `failed`, `skipped` or `stopped`.
    state: String,
    /// What it waits for, while it is `waiting`.
    waits: Option<WaitTrace>,
    tries: Vec<TryTrace>,
}

/// What a step waits for.
#[derive(Serialize, ToSchema)]
pub(crate) struct WaitTrace {
    /// What kind of thing: `delivery`.
    reason: String,
    /// Which one: the delivery's id.
    on: String,
    since: String,
    /// When it gives up, if it does.
    until: Option<String>,
    /// What the step worked on, after templates.
    #[schema(value_type = Option<Object>)]
    input: Option<Value>,
}

/// One try of a step.
#[derive(Serialize, ToSchema)]
pub(crate) struct TryTrace {
    attempt: u32,
    ended_at: String,
    took_us: u64,
    /// The port it left by, when it succeeded.
    port: Option<String>,
    /// What it worked on, after templates.
    #[schema(value_type = Option<Object>)]
    input: Option<Value>,
    #[schema(value_type = Option<Object>)]
    output: Option<Value>,
    #[schema(value_type = Option<Object>)]
    error: Option<Value>,
}

/// A delivery and its attempts.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeliveryTrace {
    id: String,
    /// The destination's name, or its id when it is gone.
    destination: String,
    step: String,
    #[schema(value_type = String)]
    state: DeliveryState,
    created_at: String,
    finished_at: Option<String>,
    due_at: Option<String>,
    /// The dead letter that was edited into this one.
    replay_of: Option<String>,
    /// What was sent in its place, after it was edited.
    replaced_by: Option<String>,
    /// Who discarded or edited it.
    closed_by: Option<String>,
    attempts: Vec<AttemptTrace>,
}

/// An attempt.
#[derive(Serialize, ToSchema)]
pub(crate) struct AttemptTrace {
    number: u32,
    at: String,
    outcome: String,
    /// Request, response or error, and times.
    #[schema(value_type = Object)]
    record: Value,
}

/// An event's fate in short, for the status URL: no payloads but the results.
#[derive(Serialize)]
pub(crate) struct Fate {
    /// `filtered`, or where the original run stands.
    status: String,
    /// Where each step stands.
    steps: Vec<engine::StepStanding>,
    outputs: Option<Value>,
    error: Option<Value>,
    deliveries: Vec<DeliveryFate>,
}

/// A delivery's fate in short.
#[derive(Serialize)]
struct DeliveryFate {
    id: String,
    step: String,
    state: DeliveryState,
    attempts: Vec<AttemptFate>,
}

/// An attempt in short.
#[derive(Serialize)]
struct AttemptFate {
    number: u32,
    at: String,
    outcome: String,
}

/// What became of an event
#[utoipa::path(get, operation_id = "get_event", path = "/api/v1/events/{id}", tag = "events",
    params(("id" = String, Path,)), responses((status = 200, body = Trace)))]
pub(crate) async fn get(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Trace>, Error> {
    let id: EventId = id.parse()?;
    let event = app.store.event_get(caller.workspace, id).await?;
    let event = event.ok_or_else(|| Error::not_found("There is no such event."))?;
    let content = app.store.event_content(caller.workspace, id).await?.unwrap_or_default();
    let files = files::of_content(&content);
    let mut content: Value = serde_json::from_slice(&content).unwrap_or_default();
    let rows = app.store.run_of_event(caller.workspace, id).await?;
    let runs = run_traces(&app, caller.workspace, &rows.iter().map(|run| run.id).collect::<Vec<_>>()).await?;
    Ok(Json(Trace {
        id: id.to_string(),
        environment: app.world.environment_name(event.environment).to_string(),
        flow: event.flow.to_string(),
        source: event.source.map(|source| source.to_string()),
        kind: event.kind,
        filtered: event.status == EventStatus::Filtered,
        received_at: rfc3339(event.received_at),
        status_url: hooks::status_url(&app, id),
        request: content.get_mut("request").map(Value::take),
        files,
        caller: content["caller"].as_str().map(str::to_owned),
        tick: content.get_mut("tick").map(Value::take),
        alert: content.get_mut("alert").map(Value::take),
        runs,
    }))
}

/// Runs of a workspace, in this order.
pub(super) async fn run_traces(
    app: &App,
    workspace: WorkspaceId,
    runs: &[RunId],
) -> Result<Vec<RunTrace>, Error> {
    let mut deliveries = deliveries_by_run(app, runs).await?;
    let mut traces = Vec::with_capacity(runs.len());
    for run in runs {
        let timeline = app.engine.timeline(workspace, *run).await?;
        let made = deliveries.remove(run).unwrap_or_default();
        traces.push(run_trace(app, timeline, made));
    }
    Ok(traces)
}

/// An event's fate; `None` when there is no such event.
pub(crate) async fn fate(app: &App, id: EventId) -> Result<Option<Fate>, Error> {
    let Some(event) = app.store.event_get(app.workspace, id).await? else { return Ok(None) };
    if event.status == EventStatus::Filtered {
        let (status, steps, deliveries) = ("filtered".to_owned(), Vec::new(), Vec::new());
        return Ok(Some(Fate { status, steps, outputs: None, error: None, deliveries }));
    }
    let timeline = app.engine.timeline(app.workspace, id.original_run()).await?;
    let deliveries = deliveries_by_run(app, &[id.original_run()]).await?;
    let attempt = |attempt: Attempt| AttemptFate {
        number: attempt.number,
        at: rfc3339(attempt.at),
        outcome: attempt.outcome,
    };
    let delivery = |(view, attempts): (DeliveryView, Vec<Attempt>)| DeliveryFate {
        id: view.id.to_string(),
        step: view.step,
        state: view.state,
        attempts: attempts.into_iter().map(attempt).collect(),
    };
    Ok(Some(Fate {
        status: word(timeline.run.status),
        steps: timeline.steps,
        outputs: timeline.outcome.outputs.as_deref().cloned(),
        error: why(&timeline.run),
        deliveries: deliveries.into_values().flatten().map(delivery).collect(),
    }))
}

type Made = Vec<(DeliveryView, Vec<Attempt>)>;

async fn deliveries_by_run(app: &App, runs: &[RunId]) -> Result<HashMap<RunId, Made>, Error> {
    let mut by_run: HashMap<RunId, Made> = HashMap::new();
    for (view, attempts) in app.store.delivery_histories(app.workspace, runs.to_vec()).await? {
        by_run.entry(view.run).or_default().push((view, attempts));
    }
    Ok(by_run)
}

fn run_trace(app: &App, timeline: engine::Timeline, made: Made) -> RunTrace {
    let run = timeline.run;
    let place = Place { workspace: app.workspace, environment: run.environment };
    let names: HashMap<_, _> =
        app.world.destinations(place).iter().map(|(name, id)| (*id, name.clone())).collect();
    let mut tries: HashMap<String, Vec<TryTrace>> = HashMap::new();
    // What steps worked on that waited: their ends do not say it again.
    let mut worked_on = HashMap::new();
    for event in timeline.events {
        if let Event::StepWaiting { step, input, .. } = event {
            worked_on.insert(step.to_string(), input);
        } else if let Some((step, mut attempt)) = try_trace(event) {
            let input = worked_on.remove(&step).flatten();
            attempt.input = attempt.input.or_else(|| input.as_deref().cloned());
            tries.entry(step).or_default().push(attempt);
        }
    }
    let steps = timeline.steps.into_iter().map(|standing| {
        let id = standing.step.to_string();
        let input = worked_on.remove(&id).flatten();
        StepTrace {
            tries: tries.remove(&id).unwrap_or_default(),
            waits: standing.waits_for.map(|wait| wait_trace(wait, input.as_deref())),
            id,
            kind: standing.kind,
            state: standing.state.to_owned(),
        }
    });
    RunTrace {
        id: run.id.to_string(),
        cause: serde_json::json!(run.cause).as_str().unwrap_or_default().to_owned(),
        status: word(run.status),
        environment: app.world.environment_name(run.environment).to_string(),
        version: timeline.version,
        created_at: rfc3339(run.created_at),
        finished_at: run.finished_at.map(rfc3339),
        input: (*timeline.input).clone(),
        outputs: timeline.outcome.outputs.as_deref().cloned(),
        response: timeline.outcome.response.as_deref().cloned(),
        error: timeline.outcome.error.as_ref().map(|error| serde_json::json!(error)).or_else(|| why(&run)),
        steps: steps.collect(),
        deliveries: made.into_iter().map(|(view, attempts)| delivery_trace(view, attempts, &names)).collect(),
    }
}

fn wait_trace(wait: flow::run::Wait, input: Option<&Value>) -> WaitTrace {
    let time = |at| rfc3339(clock::Timestamp::from_millis(at));
    WaitTrace {
        reason: wait.what.into(),
        on: wait.on.into(),
        since: time(wait.at),
        until: wait.until.map(time),
        input: input.cloned(),
    }
}

fn try_trace(event: Event) -> Option<(String, TryTrace)> {
    let ended_at = |at| rfc3339(clock::Timestamp::from_millis(at));
    match event {
        Event::StepSucceeded { step, attempt, port, output, input, at, took_us, .. } => Some((
            step.to_string(),
            TryTrace {
                attempt,
                ended_at: ended_at(at),
                took_us,
                port: Some(port.into()),
                input: input.as_deref().cloned(),
                output: Some((*output).clone()),
                error: None,
            },
        )),
        Event::StepFailed { step, attempt, error, input, at, took_us } => Some((
            step.to_string(),
            TryTrace {
                attempt,
                ended_at: ended_at(at),
                took_us,
                port: None,
                input: input.as_deref().cloned(),
                output: None,
                error: Some(serde_json::json!(error)),
            },
        )),
        _ => None,
    }
}

fn delivery_trace(
    view: DeliveryView,
    attempts: Vec<Attempt>,
    names: &HashMap<store::DestinationId, String>,
) -> DeliveryTrace {
    let (by, replaced_by) = view.closed.map(|closed| (closed.by, closed.replaced_by)).unzip();
    DeliveryTrace {
        id: view.id.to_string(),
        destination: names.get(&view.destination).cloned().unwrap_or_else(|| view.destination.to_string()),
        step: view.step,
        state: view.state,
        created_at: rfc3339(view.created_at),
        finished_at: view.finished_at.map(rfc3339),
        due_at: view.due_at.filter(|_| view.state == DeliveryState::Pending).map(rfc3339),
        replay_of: view.replay_of.map(|id| id.to_string()),
        replaced_by: replaced_by.flatten().map(|id| id.to_string()),
        closed_by: by,
        attempts: attempts.into_iter().map(AttemptTrace::from).collect(),
    }
}

impl From<Attempt> for AttemptTrace {
    fn from(attempt: Attempt) -> Self {
        Self {
            number: attempt.number,
            at: rfc3339(attempt.at),
            outcome: attempt.outcome,
            record: serde_json::from_slice(&attempt.record).unwrap_or_default(),
        }
    }
}
