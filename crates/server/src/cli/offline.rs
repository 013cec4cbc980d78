//! The node kinds without a server around them: to check flows, and to describe the kinds.

use std::sync::Arc;

use async_trait::async_trait;
use engine::Registry;
use inference::Provider;
use knowledge::{Passage, Question};
use nodes::{Directory, ModelError, Models, Needs, Search, Secrets};
use outbound::{Client, Policy, SystemResolver};
use serde_json::{Value, json};
use store::{DestinationId, Place, WorkspaceId};
use vault::Secret;

/// A world in which there is nothing.
struct Nowhere;

impl Directory for Nowhere {
    fn destination(&self, _: Place, _: &str) -> Option<DestinationId> {
        None
    }
}

#[async_trait]
impl Models for Nowhere {
    async fn chat(&self, _: Place, name: &str) -> Result<(Arc<dyn Provider>, String), ModelError> {
        Err(ModelError::Missing { name: name.to_owned() })
    }
}

#[async_trait]
impl Secrets for Nowhere {
    async fn reveal(&self, _: Place, _: &str) -> Result<Option<Secret>, store::Error> {
        Ok(None)
    }
}

#[async_trait]
impl Search for Nowhere {
    async fn search(&self, _: WorkspaceId, _: &Question) -> Result<Vec<Passage>, knowledge::Error> {
        Ok(Vec::new())
    }
}

/// The node kinds.
pub(super) fn registry() -> anyhow::Result<Registry> {
    let http = Client::new(Policy::new("linchpin"), Arc::new(SystemResolver::default()))?;
    let nowhere = Arc::new(Nowhere);
    let needs = Needs {
        directory: nowhere.clone(),
        models: nowhere.clone(),
        secrets: nowhere.clone(),
        http,
        library: nowhere,
    };
    Ok(nodes::registry(&needs))
}

/// What the documentation is made from.
pub(super) fn catalogue() -> anyhow::Result<Value> {
    Ok(json!({
        "kinds": registry()?.describe(),
        "source_errors": gateway::codes(),
        "api_errors": crate::api::problem::CODES,
    }))
}
