//! What a step that delivers would say: shown with the data of a run before anything is published, and sent once as a
//! test.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json,
    extract::{Path, Query, State},
};
use delivery::{Files, Trial};
use engine::{Program, Rehearsed, StepData, Variable};
use flow::{Flow, NodeIndex};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use store::{Destination, EventId, Message, Place, Role, RunId};
use utoipa::ToSchema;

use super::{
    auth::Caller,
    environments::place,
    flows::{self, Against, named, numbered},
    problem::{BodyProblem, Error, FlowProblem},
    trials::{self, TrialView},
};
use crate::app::App;

mod sample;

/// A step that may be said to lack something on some path is shown all the same: in the data given it may be there.
const MAY_BE_MISSING: &str = "may_be_missing";

/// Which text of the flow is meant, and with which data. Without data the examples of the flow's inputs are taken.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Rehearsal {
    /// A text that is not saved; else `version`, else the draft.
    definition: Option<String>,
    /// A version of the flow.
    version: Option<u32>,
    /// The run, by id, whose input and outputs are taken.
    run: Option<String>,
    /// The event, by id, whose first run is taken.
    event: Option<String>,
    /// The flow's input, made up.
    #[schema(value_type = Option<Object>)]
    input: Option<Map<String, Value>>,
    /// What steps gave, made up, by node; beside `input`.
    #[schema(value_type = Object)]
    outputs: BTreeMap<String, Value>,
}

/// What would be sent, or what keeps it from that.
#[derive(Serialize, ToSchema)]
pub(crate) struct RehearsalView {
    /// What the step says: `body`, and `params`, `headers` and `order_key` where there are any.
    #[schema(value_type = Option<Object>)]
    message: Option<Value>,
    /// The requests that the destination makes of it: `method`, `url`, `headers`, `body`. Secrets are hidden.
    #[schema(value_type = Vec<Object>)]
    requests: Vec<delivery::RequestRecord>,
    /// Why the destination makes none of it.
    reason: Option<String>,
    /// What is wrong in the flow, with the node and the field: `body.title`.
    problems: Vec<FlowProblem>,
}

/// Something that an expression of a step can name.
#[derive(Serialize, ToSchema)]
pub(crate) struct VariableView {
    /// The expression: `nodes.answer.text`.
    path: String,
    /// The kind of the node that gives it.
    kind: Option<String>,
    /// Its type, where the flow declares one.
    declared: Option<String>,
    /// What it means, where the flow says so.
    description: Option<String>,
    /// What it is in the data given, shortened; null also where that has nothing.
    #[schema(value_type = Option<Object>)]
    value: Value,
}

/// A step, with what it is shown by.
struct Subject {
    place: Place,
    flow: Flow,
    node: NodeIndex,
    data: StepData,
    /// All that is wrong in the flow.
    problems: Vec<flow::Problem>,
}

/// What a step would send with the data of a run
///
/// Nothing is sent, and nothing has to be saved or published. Problems of other steps are told and change nothing.
#[utoipa::path(post, operation_id = "preview_delivery", path = "/api/v1/flows/{name}/nodes/{node}/preview",
    tag = "flows", params(("name" = String, Path,), ("node" = String, Path,), Against),
    request_body = Rehearsal, responses((status = 200, body = RehearsalView)))]
pub(crate) async fn preview(
    State(app): State<App>,
    caller: Caller,
    Path(of): Path<(String, String)>,
    Query(against): Query<Against>,
    Json(input): Json<Rehearsal>,
) -> Result<Json<RehearsalView>, Error> {
    let subject = match find(&app, &caller, &of, (&against, input)).await? {
        Ok(subject) => subject,
        Err(problems) => return Ok(Json(RehearsalView::wrong(problems))),
    };
    let (destination, message) = match said(&app, &subject, &of.1).await? {
        Ok(said) => said,
        Err(problems) => return Ok(Json(RehearsalView::wrong(problems))),
    };
    let problems = subject.problems.into_iter().map(FlowProblem::from).collect();
    let shown = Some(shown(&message));
    let opened = trials::opened(&app, &destination)?;
    let files = Files::of(&opened, &message, &app.store, caller.workspace).await?;
    let made = Trial::new(&opened, (message, files), app.store.ids().next(), app.clock.now());
    let (requests, reason) = match made {
        Ok(trial) => (trial.requests(), None),
        Err(unsendable) => (Vec::new(), Some(unsendable.to_string())),
    };
    Ok(Json(RehearsalView { message: shown, requests, reason, problems }))
}

/// Send what a step would send, once, outside the queue
///
/// It is a test as of a destination: a real attempt, from which nothing follows. At most ten are made in a minute.
#[utoipa::path(post, operation_id = "test_delivery", path = "/api/v1/flows/{name}/nodes/{node}/test",
    tag = "flows", params(("name" = String, Path,), ("node" = String, Path,), Against),
    request_body = Rehearsal,
    responses((status = 200, body = TrialView), (status = 422, description = "The step has problems")))]
pub(crate) async fn test(
    State(app): State<App>,
    caller: Caller,
    Path(of): Path<(String, String)>,
    Query(against): Query<Against>,
    Json(input): Json<Rehearsal>,
) -> Result<Json<TrialView>, Error> {
    let subject = find(&app, &caller, &of, (&against, input)).await?.map_err(Error::flow_problems)?;
    let (destination, message) = said(&app, &subject, &of.1).await?.map_err(Error::flow_problems)?;
    let opened = trials::opened(&app, &destination)?;
    trials::attempt(&app, &caller, &destination.id.to_string(), (&opened, message)).await
}

/// What the expressions of a step can name, with what it is in the data of a run
#[utoipa::path(post, operation_id = "list_variables_of_node", path = "/api/v1/flows/{name}/nodes/{node}/variables",
    tag = "flows", params(("name" = String, Path,), ("node" = String, Path,), Against),
    request_body = Rehearsal,
    responses((status = 200, body = Vec<VariableView>), (status = 422, description = "The flow has no shape")))]
pub(crate) async fn variables(
    State(app): State<App>,
    caller: Caller,
    Path(of): Path<(String, String)>,
    Query(against): Query<Against>,
    Json(input): Json<Rehearsal>,
) -> Result<Json<Vec<VariableView>>, Error> {
    let subject = find(&app, &caller, &of, (&against, input)).await?.map_err(Error::flow_problems)?;
    let Subject { place, flow, node, data, .. } = &subject;
    let found = app.engine.variables(*place, (flow, *node), data);
    Ok(Json(found.into_iter().map(VariableView::from).collect()))
}

/// The step, if the flow has a shape at all.
async fn find(
    app: &App,
    caller: &Caller,
    (name, node): &(String, String),
    (against, input): (&Against, Rehearsal),
) -> Result<Result<Subject, Vec<flow::Problem>>, Error> {
    caller.at_least(Role::Operator)?;
    let place = place(app, against.named())?;
    let (text, pins) = text(app, caller, name, &input).await?;
    let resources = flows::resources(app, place).await?;
    let problems =
        Program::compile(&text, &pins, app.engine.registry(), &resources).err().unwrap_or_default();
    let Ok(flow) = Program::compile_published(&text, &pins, app.engine.registry()) else {
        return Ok(Err(problems));
    };
    let found = flow.graph().find(node);
    let node = found.ok_or_else(|| Error::not_found(format!("The flow `{name}` has no step `{node}`.")))?;
    let data = data(app, caller, &flow, input).await?;
    Ok(Ok(Subject { place, flow, node, data, problems }))
}

/// The text that is meant, and the kinds that are pinned for it.
async fn text(
    app: &App,
    caller: &Caller,
    name: &str,
    input: &Rehearsal,
) -> Result<(String, Map<String, Value>), Error> {
    let row = named(app, caller, name).await?;
    match (&input.definition, input.version) {
        (Some(text), None) => Ok((text.clone(), Map::new())),
        (None, None) => Ok((row.draft, Map::new())),
        (None, Some(number)) => {
            let id = numbered(app, caller, &row, number).await?.id;
            let version = app.store.version_get(caller.workspace, id).await?;
            let version =
                version.ok_or_else(|| Error::not_found(format!("There is no version {number}.")))?;
            Ok((version.definition, version.kinds))
        }
        (Some(_), Some(_)) => Err(wrong("version", "name a `version` or give a `definition`, not both.")),
    }
}

async fn data(app: &App, caller: &Caller, flow: &Flow, input: Rehearsal) -> Result<StepData, Error> {
    let made_up = input.input.is_some() || !input.outputs.is_empty();
    let run = match (input.run, input.event) {
        (None, None) => {
            let outputs = input.outputs.into_iter().map(|(node, output)| (node, Arc::new(output))).collect();
            let values = input.input.unwrap_or_else(|| examples(flow));
            return Ok(app.engine.data_given(flow, Value::Object(values), outputs));
        }
        _ if made_up => return Err(wrong("input", "take the data of a run, or make it up, not both.")),
        (Some(run), None) => run.parse::<RunId>()?,
        (None, Some(event)) => event.parse::<EventId>()?.original_run(),
        (Some(_), Some(_)) => return Err(wrong("event", "name a `run` or an `event`, not both.")),
    };
    let view = app.store.run_get(caller.workspace, run).await?;
    view.ok_or_else(|| wrong("run", "there is no such run."))?;
    Ok(app.engine.data_of(caller.workspace, run).await?)
}

/// The examples of the flow's inputs, or what they are by default.
fn examples(flow: &Flow) -> Map<String, Value> {
    let inputs = flow.definition().inputs.iter();
    let example = |(name, field): (&String, &flow::Field)| {
        Some((name.clone(), field.example.clone().or_else(|| field.default.clone())?))
    };
    inputs.filter_map(example).collect()
}

/// What the step says, and to whom.
async fn said(
    app: &App,
    subject: &Subject,
    node: &str,
) -> Result<Result<(Destination, Message), Vec<flow::Problem>>, Error> {
    // A template that may not be published could show what must not be shown, such as the place of a secret.
    let stops =
        |problem: &&flow::Problem| problem.node.as_deref() == Some(node) && problem.code != MAY_BE_MISSING;
    if subject.problems.iter().any(|problem| stops(&problem)) {
        return Ok(Err(subject.problems.clone()));
    }
    let rehearsed = app.engine.rehearse(subject.place, (&subject.flow, subject.node), &subject.data);
    let Rehearsed { messages, .. } = match rehearsed {
        Ok(rehearsed) => rehearsed,
        Err(mut problems) => {
            problems.extend(subject.problems.iter().cloned());
            return Ok(Err(problems));
        }
    };
    let (id, message) = messages
        .into_iter()
        .next()
        .ok_or_else(|| Error::invalid(format!("The step `{node}` sends nothing.")))?;
    let destination = app.store.destination_get(id).await?;
    let destination = destination.ok_or_else(|| Error::not_found("The destination is gone."))?;
    Ok(Ok((destination, message)))
}

fn shown(message: &Message) -> Value {
    let mut shown = json!({ "body": message.body });
    for (name, texts) in [("params", &message.params), ("headers", &message.headers)] {
        if !texts.is_empty() {
            shown[name] = json!(texts);
        }
    }
    if let Some(key) = &message.order_key {
        shown["order_key"] = key.as_str().into();
    }
    shown
}

fn wrong(field: &str, reason: &str) -> Error {
    let (field, code, reason) = (field.to_owned(), "invalid".to_owned(), reason.to_owned());
    Error::invalid_at(BodyProblem { field, code, reason, suggestion: None })
}

impl RehearsalView {
    fn wrong(problems: Vec<flow::Problem>) -> Self {
        let problems = problems.into_iter().map(FlowProblem::from).collect();
        Self { message: None, requests: Vec::new(), reason: None, problems }
    }
}

impl From<Variable> for VariableView {
    fn from(variable: Variable) -> Self {
        let Variable { path, kind, declared, description, value } = variable;
        Self { path, kind, declared, description, value: sample::shortened(value) }
    }
}
