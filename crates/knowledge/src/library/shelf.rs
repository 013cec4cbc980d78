//! The index of one base: built from the rows at the first question, kept up by ingestion.

use std::sync::Arc;

use store::{BaseId, Store};
use tokio::sync::RwLock;
use uuid::Uuid;

use super::{Library, document::searchable, off_thread};
use crate::{Change, ChunkId, Contents, DocumentId, Entry, Error, Index, Limits, vector::has_direction};

/// Chunks that are read at once.
const PAGE: usize = 500;

/// One base's index, if there is one.
///
/// A build has the lock for itself and reads rows under it; a document that is ingested shares it until its rows are
/// committed. So an index never lacks what was committed before it is searched.
#[derive(Default)]
pub(super) struct Shelf {
    built: RwLock<Option<Built>>,
}

#[derive(Clone)]
struct Built {
    index: Arc<Index>,
    vectors: Vectors,
}

/// Which vectors an index holds. Those of other models, or of another length, are left out: such chunks are found
/// by keywords only, until their documents are embedded again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Vectors {
    pub(super) model: String,
    pub(super) dimensions: usize,
}

impl Shelf {
    /// Puts a document's chunks in the place of what there was, if there is an index, and commits them. The index
    /// goes first, so that a document that is said to be ready is found. What `commit` does not confirm is not kept.
    pub(super) async fn put<E>(
        &self,
        document: store::DocumentId,
        (model, chunks): (&str, &Arc<Vec<store::Chunk>>),
        commit: impl Future<Output = Result<bool, E>>,
    ) -> Result<bool, E> {
        let dimensions = chunks.first().map_or(0, |chunk| chunk.embedding.len());
        let vectors = Vectors { model: model.to_owned(), dimensions };
        // Held until the rows are committed: a build would miss them.
        let built = self.built.read().await;
        let is_kept_up = match &*built {
            None => true,
            // Another model embeds the base now.
            Some(shared) if shared.vectors != vectors => false,
            Some(shared) => {
                let (index, chunks) = (Arc::clone(&shared.index), Arc::clone(chunks));
                let applied = off_thread(move || index.apply(put(document, &chunks, dimensions))).await;
                if let Err(error) = &applied {
                    tracing::warn!(%document, %error, "an index could not be kept up and is built anew");
                }
                applied.is_ok()
            }
        };
        let committed = commit.await;
        drop(built);
        if !is_kept_up || !matches!(committed, Ok(true)) {
            *self.built.write().await = None;
        }
        committed
    }

    /// Takes a document out, if there is an index.
    pub(super) async fn remove(&self, document: store::DocumentId) -> Result<(), Error> {
        let built = self.built.read().await;
        let Some(shared) = &*built else { return Ok(()) };
        let index = Arc::clone(&shared.index);
        off_thread(move || index.apply(Change::Remove { document: DocumentId(document.into()) })).await
    }

    /// Reads a document anew that another node ingested or deleted, if there is an index. One that cannot follow is
    /// built anew when it is asked for.
    pub(super) async fn follow(&self, store: &Store, document: store::DocumentId) {
        if let Err(error) = self.read_anew(store, document).await {
            tracing::warn!(%document, %error, "an index could not follow another node and is built anew");
            self.forget().await;
        }
    }

    async fn read_anew(&self, store: &Store, document: store::DocumentId) -> Result<(), Error> {
        let built = self.built.read().await;
        let Some(shared) = &*built else { return Ok(()) };
        let chunks = store.chunk_of_document(document, &shared.vectors.model).await?;
        let change = if chunks.is_empty() {
            Change::Remove { document: DocumentId(document.into()) }
        } else {
            put(document, &chunks, shared.vectors.dimensions)
        };
        let index = Arc::clone(&shared.index);
        off_thread(move || index.apply(change)).await
    }

    /// Drops the index, if there is one; the next question builds it anew.
    pub(super) async fn forget(&self) {
        *self.built.write().await = None;
    }

    async fn fitting(&self, wanted: &Vectors, by_vector: bool) -> Option<Arc<Index>> {
        let built = self.built.read().await;
        let fits = |built: &&Built| !by_vector || built.vectors == *wanted;
        built.as_ref().filter(fits).map(|built| Arc::clone(&built.index))
    }
}

impl Library {
    /// The index of a base with these vectors, or for a question without a vector with any.
    pub(super) async fn index(
        &self,
        base: BaseId,
        wanted: &Vectors,
        by_vector: bool,
    ) -> Result<Arc<Index>, Error> {
        let place = self.shelf(base);
        if let Some(index) = place.fitting(wanted, by_vector).await {
            return Ok(index);
        }
        let (store, wanted) = (self.0.store.clone(), wanted.clone());
        // In a task of its own: a caller that gives up does not undo what is built for the next one.
        let building = tokio::spawn(async move {
            let mut built = place.built.write().await;
            match &*built {
                Some(other) if !by_vector || other.vectors == wanted => Ok(Arc::clone(&other.index)),
                _ => {
                    *built = None;
                    let new = build(&store, base, wanted).await?;
                    Ok(Arc::clone(&built.insert(new).index))
                }
            }
        });
        building.await.map_err(Error::Interrupted)?
    }
}

async fn build(store: &Store, base: BaseId, wanted: Vectors) -> Result<Built, Error> {
    let started = tokio::time::Instant::now();
    let (mut after, mut pending) = (None, Vec::<store::Chunk>::new());
    let mut page = store.chunk_list(base, &wanted.model, after, PAGE).await?;
    let dimensions = match wanted.dimensions {
        // Nobody has a vector yet: the first that is stored says how long they are.
        0 => page.iter().map(|chunk| chunk.embedding.len()).find(|length| *length > 0).unwrap_or(0),
        known => known,
    };
    let index = Arc::new(Index::new(dimensions, Limits::default()));
    while let Some(last) = page.last() {
        after = Some((last.document, last.ordinal));
        for chunk in page {
            if pending.last().is_some_and(|before| before.document != chunk.document) {
                shelve(&index, std::mem::take(&mut pending), dimensions).await?;
            }
            pending.push(chunk);
        }
        page = store.chunk_list(base, &wanted.model, after, PAGE).await?;
    }
    shelve(&index, pending, dimensions).await?;
    tracing::debug!(%base, chunks = index.chunks(), took = ?started.elapsed(), "an index is built");
    Ok(Built { index, vectors: Vectors { dimensions, ..wanted } })
}

async fn shelve(index: &Arc<Index>, chunks: Vec<store::Chunk>, dimensions: usize) -> Result<(), Error> {
    let Some(document) = chunks.first().map(|chunk| chunk.document) else { return Ok(()) };
    let index = Arc::clone(index);
    off_thread(move || index.apply(put(document, &chunks, dimensions))).await
}

fn put(document: store::DocumentId, chunks: &[store::Chunk], dimensions: usize) -> Change {
    let entry = |chunk: &store::Chunk| {
        let fits = chunk.embedding.len() == dimensions && has_direction(&chunk.embedding);
        Entry {
            id: chunk_id(document, chunk.ordinal),
            text: searchable(chunk),
            vector: fits.then(|| chunk.embedding.clone()),
        }
    };
    let chunks = chunks.iter().map(entry).collect();
    Change::Put {
        document: DocumentId(document.into()),
        contents: Contents { chunks, ..Contents::default() },
    }
}

/// Names a chunk in an index: its document's id with the ordinal added to the last four bytes.
fn chunk_id(document: store::DocumentId, ordinal: u32) -> ChunkId {
    let bits = Uuid::from(document).as_u128();
    let low = low_half(bits).wrapping_add(ordinal);
    ChunkId(Uuid::from_u128((bits & !u128::from(u32::MAX)) | u128::from(low)))
}

/// The ordinal in a chunk's name.
pub(super) fn ordinal_of(chunk: ChunkId, document: DocumentId) -> u32 {
    low_half(chunk.0.as_u128()).wrapping_sub(low_half(document.0.as_u128()))
}

fn low_half(bits: u128) -> u32 {
    u32::try_from(bits & u128::from(u32::MAX)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunks_name_tells_its_ordinal() {
        for document in [[0xFF; 16], [7; 16]] {
            let document = store::DocumentId::from_bytes(document);
            for ordinal in [0, 1, 70_000, u32::MAX] {
                let named = chunk_id(document, ordinal);
                assert_eq!(ordinal_of(named, DocumentId(document.into())), ordinal);
            }
        }
    }
}
