//! The search index of one knowledge base: its keywords, vectors and metadata, all in memory.

mod slots;
mod table;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use parking_lot::RwLock;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use slots::{Slot, Slots};

use crate::keyword::{Keyword, SLOTS_MAX, Terms};
use crate::search::{self, Best, Candidate, Found, Hit, Query};
use crate::vector::{Exact, Vectors, has_direction};
use crate::{Error, Language};
use table::{Row, Table};

/// Names a chunk, everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChunkId(pub Uuid);

/// Names a document, everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DocumentId(pub Uuid);

/// One chunk to make findable.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Its id, which hits carry.
    pub id: ChunkId,
    /// What keyword search reads: [`crate::Chunk::searchable`].
    pub text: String,
    /// Its embedding, not necessarily normalised; `None` where the base or the chunk has none, so
    /// that only keywords find it.
    pub vector: Option<Vec<f32>>,
}

/// What a document consists of.
#[derive(Debug, Clone, Default)]
pub struct Contents {
    /// What filters see.
    pub metadata: BTreeMap<String, String>,
    /// Its chunks.
    pub chunks: Vec<Entry>,
}

/// One change of an index.
#[derive(Debug, Clone)]
pub enum Change {
    /// Adds a document, or puts it in the place of what was there under its id.
    Put {
        /// The document.
        document: DocumentId,
        /// All of its contents.
        contents: Contents,
    },
    /// Removes a document; nothing happens if it is not there.
    Remove {
        /// The document.
        document: DocumentId,
    },
}

/// What an index may hold.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Most chunks; never more than 16,777,216.
    pub chunks: usize,
    /// Most memory. A change that begins below the limit is carried out whole, so it may be exceeded
    /// by one document.
    pub bytes: usize,
}

impl Default for Limits {
    /// A million chunks, 4 GiB.
    fn default() -> Self {
        Self { chunks: 1_000_000, bytes: 4 << 30 }
    }
}

/// The index of one knowledge base.
///
/// All methods take `&self` and block: searches share the index, a change has it alone while it is
/// written (about 10 µs a chunk; text is cut into terms before). A search sees a change wholly or
/// not at all. What is searched depends only on what is in the index, not on how it came there: an
/// index after changes equals one that was built anew.
#[derive(Debug)]
pub struct Index {
    dimensions: usize,
    limits: Limits,
    state: RwLock<State>,
}

#[derive(Debug)]
struct State {
    table: Table,
    keyword: Keyword,
    vectors: Box<dyn Vectors>,
}

impl Index {
    /// An empty index for vectors of `dimensions`. Nothing is allocated before the first change.
    pub fn new(dimensions: usize, limits: Limits) -> Self {
        Self::with_vectors(dimensions, limits, Box::new(Exact::new(dimensions)))
    }

    /// The same over another vector index, which must be empty.
    pub fn with_vectors(dimensions: usize, limits: Limits, vectors: Box<dyn Vectors>) -> Self {
        let state = State { table: Table::default(), keyword: Keyword::default(), vectors };
        Self { dimensions, limits, state: RwLock::new(state) }
    }

    /// Carries out a change, or leaves the index as it was.
    pub fn apply(&self, change: Change) -> Result<(), Error> {
        match change {
            Change::Put { document, contents } => {
                // Terms are cut before the lock is taken: that is nearly all of the work.
                let chunks = contents
                    .chunks
                    .into_iter()
                    .map(|entry| self.prepare(entry))
                    .collect::<Result<Vec<_>, _>>()?;
                self.state.write().put(document, contents.metadata, chunks, self.limits)
            }
            Change::Remove { document } => {
                self.state.write().remove(document);
                Ok(())
            }
        }
    }

    /// The best hits, best first. See [`crate::search`] for how they are ranked.
    pub fn search(&self, query: &Query) -> Result<Vec<Hit>, Error> {
        search::across(&[self], query)
    }

    /// How many chunks it holds.
    pub fn chunks(&self) -> usize {
        self.state.read().table.chunks()
    }

    /// How many documents it holds.
    pub fn documents(&self) -> usize {
        self.state.read().table.documents()
    }

    /// Memory in use, within about a tenth.
    pub fn bytes(&self) -> usize {
        self.state.read().bytes()
    }

    /// Every chunk that could be among the `depth` best by either way, with both of its scores.
    pub(crate) fn candidates(&self, query: &Query, terms: &Terms, depth: usize) -> Result<Found, Error> {
        let vector = query.vector.as_deref().filter(|_| query.mode.uses_vectors());
        vector.map(|vector| self.check(vector)).transpose()?;
        Ok(self.state.read().candidates(query, vector, terms, depth))
    }

    fn prepare(&self, entry: Entry) -> Result<Prepared, Error> {
        entry.vector.as_deref().map(|vector| self.check(vector)).transpose()?;
        let (language, terms) = (Language::of(&entry.text), Terms::of(&entry.text));
        Ok(Prepared { id: entry.id, language, terms, vector: entry.vector })
    }

    fn check(&self, vector: &[f32]) -> Result<(), Error> {
        if vector.len() != self.dimensions {
            Err(Error::Dimensions { expected: self.dimensions, found: vector.len() })
        } else if has_direction(vector) {
            Ok(())
        } else {
            Err(Error::NoDirection)
        }
    }
}

/// A chunk ready to be written.
struct Prepared {
    id: ChunkId,
    language: Option<Language>,
    terms: Terms,
    vector: Option<Vec<f32>>,
}

impl State {
    fn put(
        &mut self,
        document: DocumentId,
        metadata: BTreeMap<String, String>,
        chunks: Vec<Prepared>,
        limits: Limits,
    ) -> Result<(), Error> {
        let used = self.bytes();
        if used >= limits.bytes {
            return Err(Error::Full { used, limit: limits.bytes, unit: "bytes" });
        }
        let limit = limits.chunks.min(SLOTS_MAX);
        let kept = self.table.chunks() - self.table.chunks_of(document);
        // Slots of removed chunks count until they are purged.
        if kept + chunks.len() > limit || self.table.slots() + chunks.len() > SLOTS_MAX {
            return Err(Error::Full { used: kept, limit, unit: "chunks" });
        }
        self.remove(document);
        let place = self.table.add_document(document, metadata);
        for chunk in chunks {
            let row = Row { id: chunk.id, document: place, language: chunk.language };
            let slot = self.table.add_chunk(row);
            self.keyword.insert(slot, chunk.language, chunk.terms);
            if let Some(vector) = chunk.vector {
                self.vectors.insert(slot, &vector);
            }
        }
        Ok(())
    }

    fn remove(&mut self, document: DocumentId) {
        for (slot, language) in self.table.remove_document(document) {
            self.keyword.remove(slot, language);
            self.vectors.remove(slot);
        }
        if self.table.wants_purge() {
            self.keyword.purge();
            self.table.release();
        }
    }

    fn bytes(&self) -> usize {
        self.table.bytes() + self.keyword.bytes() + self.vectors.bytes()
    }

    fn candidates(&self, query: &Query, vector: Option<&[f32]>, terms: &Terms, depth: usize) -> Found {
        let allowed = self.table.allowed(&query.filter);
        let scores = if query.mode.uses_keywords() { self.keyword.scores(terms) } else { Vec::new() };
        let language = Language::of(&query.text);
        // Each kind has a list of its own, so that neither crowds the other out.
        let (mut own, mut elsewhere) = (Best::new(depth), Best::new(depth));
        for slot in allowed.iter() {
            let score = scores.get(slot as usize).copied().unwrap_or_default();
            if score > 0.0 {
                let best = if self.table.speaks(slot, language) { &mut own } else { &mut elsewhere };
                best.push(slot, score);
            }
        }
        let nearest = vector.map(|vector| self.vectors.nearest(vector, &allowed, depth)).unwrap_or_default();
        let near = nearest.best.iter().map(|(slot, _)| *slot);
        let mut slots: Vec<Slot> = own
            .into_sorted()
            .into_iter()
            .chain(elsewhere.into_sorted())
            .map(|(slot, _)| slot)
            .chain(near)
            .collect();
        slots.sort_unstable();
        slots.dedup();
        let similarities = vector.map(|vector| self.vectors.similarities(vector, &slots)).unwrap_or_default();
        let candidates = slots.iter().enumerate().filter_map(|(index, slot)| {
            let (chunk, document) = self.table.ids(*slot)?;
            let keyword = scores.get(*slot as usize).copied().unwrap_or_default();
            let vector = similarities.get(index).copied().flatten();
            Some(Candidate { chunk, document, speaks: self.table.speaks(*slot, language), keyword, vector })
        });
        Found { candidates: candidates.collect(), lowest: nearest.lowest }
    }
}
