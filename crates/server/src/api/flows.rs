//! Flows: drafts, versions, deployments, and the node kinds they are made of.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use axum::{
    Json,
    extract::{Path, Query, State},
    http::StatusCode,
};
use engine::{On, Program};
use flow::{Definition, Flow, Resources};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use store::{FlowId, FlowRow, NewVersion, Place, Role, VersionSummary};
use utoipa::{IntoParams, ToSchema};

use super::{
    auth::Caller,
    environments::place,
    problem::{Error, FlowProblem},
    time::rfc3339,
};
use crate::{
    app::App,
    changes::{Changed, changed},
    hooks::interface::{self, Version},
};

/// A flow as lists show it.
#[derive(Serialize, ToSchema)]
pub(crate) struct FlowSummary {
    id: String,
    name: String,
    updated_at: String,
    /// What serves it, by environment.
    deployments: Vec<Deployed>,
}

/// What serves a flow in an environment.
#[derive(Serialize, ToSchema)]
pub(crate) struct Deployed {
    environment: String,
    version: u32,
    since: String,
}

/// A flow with its draft.
#[derive(Serialize, ToSchema)]
pub(crate) struct FlowDetail {
    id: String,
    name: String,
    /// The draft's YAML, as it was written.
    draft: String,
    /// Raised at every change of the draft.
    revision: i64,
    updated_at: String,
    deployments: Vec<Deployed>,
    versions: Vec<VersionRow>,
    /// The draft's shape, or what keeps it from having one.
    graph: Option<GraphView>,
    problems: Vec<FlowProblem>,
}

/// A flow's shape, for drawing.
#[derive(Serialize, ToSchema)]
pub(crate) struct GraphView {
    description: Option<String>,
    nodes: Vec<NodeView>,
    edges: Vec<EdgeView>,
    /// The flow's inputs by name.
    #[schema(value_type = Object)]
    inputs: Value,
}

/// A node, for drawing.
#[derive(Serialize, ToSchema)]
pub(crate) struct NodeView {
    id: String,
    kind: String,
    /// Where the flow's author put it, in columns and rows.
    position: Option<(f64, f64)>,
    /// What the kind is told.
    #[schema(value_type = Object)]
    config: Value,
}

/// An edge, for drawing.
#[derive(Serialize, ToSchema)]
pub(crate) struct EdgeView {
    /// Null for the start.
    from: Option<String>,
    port: String,
    to: String,
}

/// A version as lists show it.
#[derive(Serialize, ToSchema)]
pub(crate) struct VersionRow {
    number: u32,
    note: String,
    created_by: String,
    created_at: String,
}

/// A version.
#[derive(Serialize, ToSchema)]
pub(crate) struct VersionDetail {
    number: u32,
    /// The YAML, as it was written.
    definition: String,
    /// The kind and its version that each node runs.
    #[schema(value_type = Object)]
    kinds: Value,
    graph: Option<GraphView>,
}

/// A flow's YAML.
#[derive(Deserialize, ToSchema)]
pub(crate) struct DraftText {
    definition: String,
}

/// A change of a draft.
#[derive(Deserialize, ToSchema)]
pub(crate) struct DraftChange {
    definition: String,
    /// The revision that the change was made on: when the draft is at another one by now, nothing is saved. Whatever is
    /// there is overwritten when none is named.
    revision: Option<i64>,
}

/// A draft that was saved.
#[derive(Serialize, ToSchema)]
pub(crate) struct SavedDraft {
    /// Its revision, for the next change.
    revision: i64,
    #[serde(flatten)]
    validation: Validation,
}

/// What came of a check.
#[derive(Serialize, ToSchema)]
pub(crate) struct Validation {
    valid: bool,
    problems: Vec<FlowProblem>,
}

/// What has changed.
#[derive(Deserialize, ToSchema)]
pub(crate) struct PublishNote {
    #[serde(default)]
    note: String,
}

/// Which version is to serve.
#[derive(Deserialize, ToSchema)]
pub(crate) struct DeployTo {
    environment: String,
    version: u32,
}

/// Against which environment a flow is checked.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Against {
    /// The environment whose destinations, variables and secrets count; `production` when none is named.
    environment: Option<String>,
}

impl Against {
    /// The environment's name.
    pub(super) fn named(&self) -> &str {
        self.environment.as_deref().unwrap_or("production")
    }
}

/// The node kinds, with the JSON Schema of each one's config
#[utoipa::path(get, operation_id = "list_node_kinds", path = "/api/v1/node-kinds", tag = "flows",
    responses((status = 200, body = Vec<Object>)))]
pub(crate) async fn node_kinds(State(app): State<App>, _: Caller) -> Json<Vec<engine::KindDescription>> {
    Json(app.engine.registry().describe())
}

/// The flows
#[utoipa::path(get, operation_id = "list_flows", path = "/api/v1/flows", tag = "flows",
    responses((status = 200, body = Vec<FlowSummary>)))]
pub(crate) async fn list(State(app): State<App>, caller: Caller) -> Result<Json<Vec<FlowSummary>>, Error> {
    let rows = app.store.flow_list(caller.workspace).await?;
    let mut deployed = deployments(&app).await?;
    let summary = |row: FlowRow| FlowSummary {
        id: row.id.to_string(),
        deployments: deployed.remove(&row.id).unwrap_or_default(),
        name: row.name,
        updated_at: rfc3339(row.updated_at),
    };
    Ok(Json(rows.into_iter().map(summary).collect()))
}

/// A flow with its draft, versions and deployments
#[utoipa::path(get, operation_id = "get_flow", path = "/api/v1/flows/{name}", tag = "flows",
    params(("name" = String, Path,)), responses((status = 200, body = FlowDetail)))]
pub(crate) async fn get(
    State(app): State<App>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Json<FlowDetail>, Error> {
    let row = named(&app, &caller, &name).await?;
    let versions = app.store.version_list(caller.workspace, row.id).await?;
    let checked = check(&app, &row.draft, place(&app, "production")?).await?;
    let (graph, problems) = match checked {
        Ok(flow) => (Some(GraphView::of(&flow)), Vec::new()),
        Err(problems) => (None, problems.into_iter().map(FlowProblem::from).collect()),
    };
    let deployments = deployments(&app).await?.remove(&row.id).unwrap_or_default();
    Ok(Json(FlowDetail {
        id: row.id.to_string(),
        name: row.name,
        draft: row.draft,
        revision: row.revision,
        updated_at: rfc3339(row.updated_at),
        deployments,
        versions: versions.into_iter().map(VersionRow::from).collect(),
        graph,
        problems,
    }))
}

/// Save a flow's draft; a draft may have problems, a version may not
#[utoipa::path(put, operation_id = "save_flow_draft", path = "/api/v1/flows/{name}", tag = "flows",
    params(("name" = String, Path,)), request_body = DraftChange,
    responses((status = 200, body = SavedDraft),
        (status = 409, description = "The draft is at another revision than the one named")))]
pub(crate) async fn put_draft(
    State(app): State<App>,
    caller: Caller,
    Path(name): Path<String>,
    Json(body): Json<DraftChange>,
) -> Result<Json<SavedDraft>, Error> {
    caller.at_least(Role::Editor)?;
    let is_name = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if name.is_empty() || name.len() > 64 || !name.bytes().all(is_name) {
        return Err(Error::invalid("A flow's name has a–z, 0–9 and hyphens, at most 64 characters."));
    }
    if let Ok(definition) = Definition::parse(&body.definition)
        && definition.name != name
    {
        return Err(Error::invalid(format!(
            "`definition` names the flow `{}`, the address `{name}`; change one of them.",
            definition.name
        )));
    }
    let revision = if let Some(revision) = body.revision {
        app.store.flow_revise(caller.workspace, &name, (revision, &body.definition)).await?;
        revision + 1
    } else {
        app.store.flow_draft(caller.workspace, &name, &body.definition).await?;
        named(&app, &caller, &name).await?.revision
    };
    let problems = check(&app, &body.definition, place(&app, "production")?).await?.err().unwrap_or_default();
    Ok(Json(SavedDraft { revision, validation: Validation::of(problems) }))
}

/// Check a flow's text without saving it
#[utoipa::path(post, operation_id = "validate_flow", path = "/api/v1/flow-validation", tag = "flows",
    params(Against), request_body = DraftText, responses((status = 200, body = Validation)))]
pub(crate) async fn validate(
    State(app): State<App>,
    _: Caller,
    Query(against): Query<Against>,
    Json(body): Json<DraftText>,
) -> Result<Json<Validation>, Error> {
    let place = place(&app, against.named())?;
    let problems = check(&app, &body.definition, place).await?.err().unwrap_or_default();
    Ok(Json(Validation::of(problems)))
}

/// Publish the draft as an immutable version
#[utoipa::path(post, operation_id = "publish_flow", path = "/api/v1/flows/{name}/versions", tag = "flows",
    params(("name" = String, Path,), Against), request_body = PublishNote,
    responses((status = 201, body = VersionRow)))]
pub(crate) async fn publish(
    State(app): State<App>,
    caller: Caller,
    Path(name): Path<String>,
    Query(against): Query<Against>,
    Json(body): Json<PublishNote>,
) -> Result<(StatusCode, Json<VersionRow>), Error> {
    caller.at_least(Role::Editor)?;
    let row = named(&app, &caller, &name).await?;
    let place = place(&app, against.named())?;
    let flow = check(&app, &row.draft, place).await?.map_err(Error::flow_problems)?;
    let kinds = pins(&flow);
    let new = NewVersion { flow: row.id, definition: row.draft, kinds, note: body.note, by: caller.name };
    let version = app.store.version_publish(caller.workspace, new).await?;
    Ok((StatusCode::CREATED, Json(version.into())))
}

/// The versions of a flow, newest first
#[utoipa::path(get, operation_id = "list_flow_versions", path = "/api/v1/flows/{name}/versions",
    tag = "flows", params(("name" = String, Path,)), responses((status = 200, body = Vec<VersionRow>)))]
pub(crate) async fn list_versions(
    State(app): State<App>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Json<Vec<VersionRow>>, Error> {
    let row = named(&app, &caller, &name).await?;
    let versions = app.store.version_list(caller.workspace, row.id).await?;
    Ok(Json(versions.into_iter().map(VersionRow::from).collect()))
}

/// A version of a flow
#[utoipa::path(get, operation_id = "get_flow_version", path = "/api/v1/flows/{name}/versions/{number}",
    tag = "flows", params(("name" = String, Path,), ("number" = u32, Path,)),
    responses((status = 200, body = VersionDetail)))]
pub(crate) async fn get_version(
    State(app): State<App>,
    caller: Caller,
    Path((name, number)): Path<(String, u32)>,
) -> Result<Json<VersionDetail>, Error> {
    let row = named(&app, &caller, &name).await?;
    let id = numbered(&app, &caller, &row, number).await?.id;
    let version =
        app.store.version_get(caller.workspace, id).await?.ok_or_else(|| no_version(&name, number))?;
    let flow = Program::compile_published(&version.definition, &version.kinds, app.engine.registry());
    Ok(Json(VersionDetail {
        number,
        definition: version.definition,
        kinds: Value::Object(version.kinds),
        graph: flow.ok().as_ref().map(GraphView::of),
    }))
}

/// Let a version serve its flow in an environment
#[utoipa::path(post, operation_id = "deploy_flow", path = "/api/v1/flows/{name}/deployments", tag = "flows",
    params(("name" = String, Path,)), request_body = DeployTo,
    responses((status = 204, description = "Deployed")))]
pub(crate) async fn deploy(
    State(app): State<App>,
    caller: Caller,
    Path(name): Path<String>,
    Json(body): Json<DeployTo>,
) -> Result<StatusCode, Error> {
    caller.at_least(Role::Operator)?;
    let row = named(&app, &caller, &name).await?;
    let place = place(&app, &body.environment)?;
    let version = numbered(&app, &caller, &row, body.version).await?;
    let stored = app.store.version_get(caller.workspace, version.id).await?;
    let stored = stored.ok_or_else(|| no_version(&name, body.version))?;
    let resources = resources(&app, place).await?;
    let flow = Program::compile(&stored.definition, &stored.kinds, app.engine.registry(), &resources)
        .map_err(Error::flow_problems)?;
    let running = Version { number: version.number, inputs: &flow.definition().inputs };
    let broken = interface::broken_by(&app, place, row.id, running).await?;
    if !broken.is_empty() {
        let number = version.number;
        let what = format!("Version {number} cannot serve the interface that these sources pin.");
        return Err(Error::conflict(format!("{what}\n{}", broken.join("\n"))));
    }
    super::schedules::check_deployed(&app, place, (row.id, version.id)).await?;
    app.store.deployment_add(place, row.id, version.id, &caller.name).await?;
    changed(&app, Changed::Deployment(row.id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The kind and its version of each node, by which a version is compiled from now on.
fn pins(flow: &Flow) -> Map<String, Value> {
    let pin = |(id, node): (&flow::NodeId, &flow::NodeDefinition)| {
        (id.to_string(), Value::from(node.kind.to_string()))
    };
    flow.definition().nodes.iter().map(pin).collect()
}

/// A flow's draft as it is now, ready to run in the environment `test`.
pub(crate) async fn draft(app: &App, caller: &Caller, flow: FlowId) -> Result<On, Error> {
    let test = place(app, "test")?;
    let row = app.store.flow_get(caller.workspace, flow).await?;
    let row = row.ok_or_else(|| Error::not_found("The flow is gone."))?;
    let kinds = pins(&check(app, &row.draft, test).await?.map_err(Error::flow_problems)?);
    let (note, by) = (String::new(), caller.name.clone());
    let new = NewVersion { flow, definition: row.draft, kinds, note, by };
    let version = app.store.version_of_draft(caller.workspace, new, row.revision).await?;
    Ok(On { version, elsewhere: Some(test.environment) })
}

/// The flow of a name.
pub(crate) async fn named(app: &App, caller: &Caller, name: &str) -> Result<FlowRow, Error> {
    let row = app.store.flow_named(caller.workspace, name).await?;
    row.ok_or_else(|| Error::not_found(format!("There is no flow `{name}`.")))
}

pub(super) async fn numbered(
    app: &App,
    caller: &Caller,
    row: &FlowRow,
    number: u32,
) -> Result<VersionSummary, Error> {
    let versions = app.store.version_list(caller.workspace, row.id).await?;
    versions.into_iter().find(|known| known.number == number).ok_or_else(|| no_version(&row.name, number))
}

fn no_version(name: &str, number: u32) -> Error {
    Error::not_found(format!("The flow `{name}` has no version {number}."))
}

/// Compiles a draft against what an environment has.
pub(crate) async fn check(
    app: &App,
    text: &str,
    place: Place,
) -> Result<Result<Flow, Vec<flow::Problem>>, Error> {
    let resources = resources(app, place).await?;
    Ok(Program::compile(text, &Map::new(), app.engine.registry(), &resources))
}

/// What an environment has, by name.
pub(super) async fn resources(app: &App, place: Place) -> Result<Resources, Error> {
    let names = |names: Vec<String>| Some(names.into_iter().collect::<BTreeSet<_>>());
    let variables = app.store.variable_list(place).await?;
    let secrets = app.store.secret_names(place).await?;
    let bases = app.store.base_list(place.workspace).await?;
    let models = app.store.model_list(place.workspace).await?;
    Ok(Resources {
        destinations: names(app.world.destinations(place).keys().cloned().collect()),
        knowledge_bases: names(bases.into_iter().map(|base| base.name).collect()),
        // A model that somebody added stands before a built-in one of its name.
        models: Some(
            app.models
                .built_in()
                .into_iter()
                .map(|(name, purpose)| (name.to_owned(), purpose.to_owned()))
                .chain(models.into_iter().map(|model| (model.name, model.purpose)))
                .collect(),
        ),
        variables: names(variables.into_iter().map(|variable| variable.name).collect()),
        secrets: names(secrets.into_iter().map(|(name, _)| name).collect()),
    })
}

/// What serves each flow, by environment.
async fn deployments(app: &App) -> Result<HashMap<FlowId, Vec<Deployed>>, Error> {
    let mut by_flow: HashMap<FlowId, Vec<Deployed>> = HashMap::new();
    for deployment in app.store.deployment_list(app.workspace).await? {
        by_flow.entry(deployment.flow).or_default().push(Deployed {
            environment: app.world.environment_name(deployment.environment).to_string(),
            version: deployment.number,
            since: rfc3339(deployment.deployed_at),
        });
    }
    Ok(by_flow)
}

/// The program that serves a flow in an environment.
pub(crate) async fn serving(
    app: &App,
    place: Place,
    flow: FlowId,
) -> Result<Option<Arc<Program>>, engine::Error> {
    match app.store.deployment_of(place, flow).await? {
        Some(deployment) => app.engine.program(place.workspace, deployment.version).await.map(Some),
        None => Ok(None),
    }
}

impl Validation {
    fn of(problems: Vec<flow::Problem>) -> Self {
        Self { valid: problems.is_empty(), problems: problems.into_iter().map(FlowProblem::from).collect() }
    }
}

impl GraphView {
    fn of(flow: &Flow) -> Self {
        let definition = flow.definition();
        let id = |node: flow::NodeIndex| flow.graph().id(node).to_string();
        let node = |node: &flow::Node| NodeView {
            id: node.id.to_string(),
            kind: format!("{}@{}", node.kind, node.version),
            position: definition.view.get(node.id.as_str()).copied(),
            config: Value::Object(node.config.clone()),
        };
        let edge = |edge: &flow::Edge| EdgeView {
            from: edge.from.map(id),
            port: edge.port.to_string(),
            to: id(edge.to),
        };
        Self {
            description: definition.description.clone(),
            nodes: flow.nodes().iter().map(node).collect(),
            edges: flow.graph().edges().iter().map(edge).collect(),
            inputs: serde_json::json!(definition.inputs),
        }
    }
}

impl From<VersionSummary> for VersionRow {
    fn from(version: VersionSummary) -> Self {
        let created_at = rfc3339(clock::Timestamp::from_millis(version.created_at));
        Self { number: version.number, note: version.note, created_by: version.created_by, created_at }
    }
}
