//! The nodes that work on this installation.

use axum::{Json, extract::State};
use serde::Serialize;
use store::NodeView;
use utoipa::ToSchema;

use super::{auth::Caller, problem::Error, time::rfc3339};
use crate::app::App;

/// A node of the installation.
#[derive(Serialize, ToSchema)]
pub(crate) struct Node {
    id: String,
    /// Its host's name.
    name: String,
    /// Which build it runs.
    version: String,
    /// What it does: `gateway`, `worker`, `delivery`, `scheduler`, `console`.
    roles: Vec<String>,
    /// Where other nodes reach it; null when they cannot.
    address: Option<String>,
    /// `alive`, or `lost` when its lease has ended; one that is lost is listed for a day.
    state: NodeState,
    /// Whether it is the one that does what is done once for all.
    is_scheduler: bool,
    /// Whether it answered this request.
    is_here: bool,
    /// Runs under way there at its last heartbeat.
    runs: u32,
    started_at: String,
    heartbeat_at: String,
}

/// Whether a node is there.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum NodeState {
    Alive,
    Lost,
}

/// The nodes
#[utoipa::path(get, operation_id = "list_nodes", path = "/api/v1/nodes", tag = "nodes",
    responses((status = 200, body = Vec<Node>)))]
pub(crate) async fn list(State(app): State<App>, _: Caller) -> Result<Json<Vec<Node>>, Error> {
    let here = app.engine.node();
    let shown = |node: NodeView| Node {
        id: node.id.to_string(),
        name: node.said.name,
        version: node.said.version,
        roles: node.said.roles,
        address: node.said.address,
        state: if node.is_alive { NodeState::Alive } else { NodeState::Lost },
        is_scheduler: node.is_alive && node.is_scheduler,
        is_here: node.id == here,
        runs: node.said.runs,
        started_at: rfc3339(node.started_at),
        heartbeat_at: rfc3339(node.beat_at),
    };
    Ok(Json(app.store.node_list().await?.into_iter().map(shown).collect()))
}
