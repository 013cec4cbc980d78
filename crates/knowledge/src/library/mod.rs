//! Knowledge bases over the database: documents go in, passages come out.
//!
//! A document that is [added](Library::add) is a row with a job beside it. An [`Ingestion`] takes the jobs of a base
//! one by one, and those of some bases side by side: it extracts the text, cuts it, embeds it and writes the chunks,
//! which makes the document findable; a job whose node died is taken again. [`Library::search`] answers from one index
//! a base, which lies in memory and is built from the rows at the first question.

mod document;
mod embedder;
mod ingestion;
mod question;
mod settings;
mod shelf;

#[cfg(test)]
mod tests;

use std::{collections::HashMap, sync::Arc};

use clock::Random;
use parking_lot::Mutex;
use store::{BaseId, DocumentId, JobId, NewDocument, News, NodeId, Store, WorkspaceId};
use tokio::sync::Notify;

pub use embedder::{Embedder, Embedders, ModelError};
pub use ingestion::Ingestion;
pub use question::{Passage, Question};
pub use settings::{Chunking, Cut, Settings};

use crate::{
    Error,
    extract::{BYTES_MAX, Format, Source},
};
use shelf::Shelf;

/// The longest name of a base, in characters.
const BASE_NAME: usize = 64;

/// The longest name of a document, in characters.
const DOCUMENT_NAME: usize = 200;

/// The knowledge bases of a server. Cheap to clone.
#[derive(Clone)]
pub struct Library(Arc<Shared>);

struct Shared {
    store: Store,
    embedders: Arc<dyn Embedders>,
    random: Random,
    /// The bases that have been asked for.
    shelves: Mutex<HashMap<BaseId, Arc<Shelf>>>,
    /// Documents may wait to be ingested.
    work: Notify,
    /// Held while a document is read and cut: that takes a core, and documents side by side are not to take them all.
    reading: tokio::sync::Mutex<()>,
}

/// A document that was taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Added {
    /// The document.
    pub document: DocumentId,
    /// What will make it findable; `None` when it is there already, with the same content.
    pub job: Option<JobId>,
}

impl Library {
    /// The knowledge bases in a store. Nothing is read before it is asked for; documents are ingested where
    /// [`Library::start`] is called.
    pub fn new(store: Store, embedders: Arc<dyn Embedders>, random: Random) -> Self {
        Self(Arc::new(Shared {
            store,
            embedders,
            random,
            shelves: Mutex::default(),
            work: Notify::new(),
            reading: tokio::sync::Mutex::default(),
        }))
    }

    /// Begins to ingest documents in the name of a node, which must have a lease.
    pub fn start(&self, node: NodeId) -> Ingestion {
        Ingestion::start(self.clone(), node)
    }

    /// Makes a base, or changes the one of this name. When what its documents' chunks depend on has changed, they
    /// are ingested again; until then, those that another model embedded are found by keywords only.
    ///
    /// # Errors
    /// When the name or the sizes of chunks cannot be used, or the database cannot be written.
    pub async fn base_put(
        &self,
        workspace: WorkspaceId,
        name: &str,
        settings: &Settings,
    ) -> Result<BaseId, Error> {
        check_name("a knowledge base's name", name, BASE_NAME)?;
        settings.chunking.sizes()?;
        let config = settings.to_json();
        let Some(base) = self.0.store.base_named(workspace, name).await? else {
            return Ok(self.0.store.base_put(workspace, name, &config).await?);
        };
        if Settings::of(&base).is_ok_and(|before| before == *settings) {
            return Ok(base.id);
        }
        self.0.store.base_reingest(workspace, base.id, &config).await?;
        self.0.work.notify_one();
        Ok(base.id)
    }

    /// Takes a document in; one of the same name in the base is replaced once the new one is ready.
    ///
    /// # Errors
    /// When there is no such base, the file is too large or of a format that is not read, or the database cannot be
    /// written.
    pub async fn add(
        &self,
        workspace: WorkspaceId,
        base: &str,
        document: NewDocument,
    ) -> Result<Added, Error> {
        check_name("a document's name", &document.name, DOCUMENT_NAME)?;
        let bytes = document.content.len();
        if bytes > BYTES_MAX {
            return Err(Error::TooLarge { bytes, limit: BYTES_MAX });
        }
        Format::of(Source { media_type: Some(&document.media_type), name: Some(&document.name) })?;
        let base = self.base(workspace, base).await?;
        let (document, job) = self.0.store.document_put(workspace, base.id, document).await?;
        self.0.work.notify_one();
        Ok(Added { document, job })
    }

    /// Deletes a document; says whether there was one.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn remove(&self, workspace: WorkspaceId, document: DocumentId) -> Result<bool, Error> {
        let Some(base) = self.0.store.document_delete(workspace, document).await? else { return Ok(false) };
        self.tell(base, document);
        self.shelf(base).remove(document).await?;
        Ok(true)
    }

    /// Follows another node that ingested or deleted these documents.
    pub async fn follow(&self, documents: impl IntoIterator<Item = (BaseId, DocumentId)>) {
        for (base, document) in documents {
            // One that nobody has asked yet is built from the rows as they are then.
            let known = self.0.shelves.lock().get(&base).map(Arc::clone);
            if let Some(shelf) = known {
                shelf.follow(&self.0.store, document).await;
            }
        }
    }

    /// Forgets all indexes, when it is not known what other nodes did: the next questions build them anew.
    pub async fn forget(&self) {
        let known: Vec<Arc<Shelf>> = self.0.shelves.lock().values().map(Arc::clone).collect();
        for shelf in known {
            shelf.forget().await;
        }
    }

    /// Tells other nodes that a document was ingested or deleted.
    fn tell(&self, base: BaseId, document: DocumentId) {
        self.0.store.tell(News { documents: [(base, document)].into(), ..News::default() });
    }

    async fn base(&self, workspace: WorkspaceId, name: &str) -> Result<store::Base, Error> {
        let found = self.0.store.base_named(workspace, name).await?;
        found.ok_or_else(|| Error::BaseMissing { name: name.chars().take(BASE_NAME).collect() })
    }

    fn shelf(&self, base: BaseId) -> Arc<Shelf> {
        Arc::clone(self.0.shelves.lock().entry(base).or_default())
    }
}

fn check_name(what: &'static str, name: &str, longest: usize) -> Result<(), Error> {
    let length = name.trim().chars().count();
    if (1..=longest).contains(&length) { Ok(()) } else { Err(Error::Name { what, longest }) }
}

/// Runs work over memory off the async threads.
async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.map_err(Error::Interrupted)?
}
