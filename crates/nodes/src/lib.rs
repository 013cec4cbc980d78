//! The node kinds, one folder each: its config, its step, its help page.
//!
//! A kind is written once. Validation, decoding, the catalogue, the console's form and the help page
//! come from its [`engine::Node`] implementation; [`registry`] lists them all.

mod deliver;
mod http;
mod if_;
mod knowledge;
mod llm;
mod model;
mod output;
mod respond;
mod set;
mod template;

use std::sync::Arc;

use ::knowledge::{Error as KnowledgeError, Library, Passage, Question};
use async_trait::async_trait;
use engine::Registry;
use store::{DestinationId, Place, Store, WorkspaceId};
use vault::Secret;

pub use model::{ModelError, Models};

/// What node kinds need of the server around them.
#[derive(Clone)]
pub struct Needs {
    /// Finds destinations by name.
    pub directory: Arc<dyn Directory>,
    /// Finds chat models by name.
    pub models: Arc<dyn Models>,
    /// Finds secrets by name.
    pub secrets: Arc<dyn Secrets>,
    /// Calls addresses that members set.
    pub http: outbound::Client,
    /// The knowledge bases.
    pub library: Arc<dyn Search>,
}

/// Finds what flows name, in memory.
pub trait Directory: Send + Sync + 'static {
    /// The destination of this name.
    fn destination(&self, place: Place, name: &str) -> Option<DestinationId>;

    /// The field of a message to it that is HTML, in which what templates give is escaped.
    fn html_field(&self, _: Place, _: DestinationId) -> Option<&'static str> {
        None
    }
}

/// Finds secrets, at the moment at which a request is dialled.
#[async_trait]
pub trait Secrets: Send + Sync + 'static {
    /// The secret of this name; `None` where there is none.
    async fn reveal(&self, place: Place, name: &str) -> Result<Option<Secret>, store::Error>;
}

#[async_trait]
impl Secrets for Store {
    async fn reveal(&self, place: Place, name: &str) -> Result<Option<Secret>, store::Error> {
        self.secret_reveal(place, name).await
    }
}

/// Finds passages in knowledge bases.
#[async_trait]
pub trait Search: Send + Sync + 'static {
    /// The passages that answer a question best, best first.
    async fn search(
        &self,
        workspace: WorkspaceId,
        question: &Question,
    ) -> Result<Vec<Passage>, KnowledgeError>;
}

#[async_trait]
impl Search for Library {
    async fn search(
        &self,
        workspace: WorkspaceId,
        question: &Question,
    ) -> Result<Vec<Passage>, KnowledgeError> {
        Library::search(self, workspace, question).await
    }
}

/// Every node kind.
pub fn registry(needs: &Needs) -> Registry {
    Registry::new()
        .register(deliver::Deliver { directory: Arc::clone(&needs.directory) })
        .register(http::Http { client: needs.http.clone(), secrets: Arc::clone(&needs.secrets) })
        .register(if_::If)
        .register(knowledge::Knowledge { library: Arc::clone(&needs.library) })
        .register(llm::Llm { models: Arc::clone(&needs.models) })
        .register(output::Output)
        .register(respond::Respond)
        .register(set::Set)
        .register(template::Template)
}
