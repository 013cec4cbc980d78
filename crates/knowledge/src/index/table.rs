//! Which chunk and document each slot stands for.

use std::collections::{BTreeMap, HashMap};

use super::{ChunkId, DocumentId, Slot, Slots};
use crate::{Filter, Language};

/// Removed chunks that may linger in the postings, whatever the size of the index.
const LINGERING_MIN: usize = 256;
/// And beyond that, one in so many slots.
const LINGERING_SHARE: usize = 8;

/// One chunk's row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub(super) id: ChunkId,
    /// The document's place in the table.
    pub(super) document: u32,
    pub(super) language: Option<Language>,
}

#[derive(Debug)]
struct Document {
    id: DocumentId,
    metadata: BTreeMap<String, String>,
    slots: Vec<Slot>,
}

#[derive(Debug, Default)]
pub(super) struct Table {
    rows: Vec<Option<Row>>,
    live: Slots,
    /// Slots that can be used again, and those that cannot until the postings are purged.
    free: Vec<Slot>,
    lingering: Vec<Slot>,
    documents: Vec<Option<Document>>,
    free_documents: Vec<u32>,
    places: HashMap<DocumentId, u32>,
    chunks: usize,
    metadata_bytes: usize,
}

impl Table {
    pub(super) fn chunks(&self) -> usize {
        self.chunks
    }

    pub(super) fn documents(&self) -> usize {
        self.places.len()
    }

    /// Slots that were ever used.
    pub(super) fn slots(&self) -> usize {
        self.rows.len() - self.free.len()
    }

    pub(super) fn chunks_of(&self, document: DocumentId) -> usize {
        let place = self.places.get(&document);
        place.and_then(|place| self.document(*place)).map_or(0, |document| document.slots.len())
    }

    /// The document must not be there yet.
    pub(super) fn add_document(&mut self, id: DocumentId, metadata: BTreeMap<String, String>) -> u32 {
        self.metadata_bytes += bytes_of(&metadata);
        let place = place_in(
            &mut self.documents,
            &mut self.free_documents,
            Document { id, metadata, slots: Vec::new() },
        );
        self.places.insert(id, place);
        place
    }

    pub(super) fn add_chunk(&mut self, row: Row) -> Slot {
        let slot = place_in(&mut self.rows, &mut self.free, row);
        self.live.insert(slot);
        self.chunks += 1;
        if let Some(Some(document)) = self.documents.get_mut(row.document as usize) {
            document.slots.push(slot);
        }
        slot
    }

    /// The slots that the document had, with their languages; they linger.
    pub(super) fn remove_document(&mut self, id: DocumentId) -> Vec<(Slot, Option<Language>)> {
        let Some(place) = self.places.remove(&id) else { return Vec::new() };
        let Some(document) = self.documents.get_mut(place as usize).and_then(Option::take) else {
            return Vec::new();
        };
        self.free_documents.push(place);
        self.metadata_bytes -= bytes_of(&document.metadata);
        let mut removed = Vec::with_capacity(document.slots.len());
        for slot in document.slots {
            if let Some(row) = self.rows.get_mut(slot as usize).and_then(Option::take) {
                removed.push((slot, row.language));
                self.live.remove(slot);
                self.chunks -= 1;
                self.lingering.push(slot);
            }
        }
        removed
    }

    pub(super) fn wants_purge(&self) -> bool {
        self.lingering.len() > LINGERING_MIN && self.lingering.len() * LINGERING_SHARE > self.rows.len()
    }

    /// After a purge, lingering slots are free.
    pub(super) fn release(&mut self) {
        self.free.append(&mut self.lingering);
    }

    /// Whether keyword scores of the slot mean something for a question in `language`. A text or a
    /// question without a language of its own (numbers, codes) speaks all of them.
    pub(super) fn speaks(&self, slot: Slot, language: Option<Language>) -> bool {
        let own = self.row(slot).and_then(|row| row.language);
        own.is_none() || language.is_none() || own == language
    }

    pub(super) fn ids(&self, slot: Slot) -> Option<(ChunkId, DocumentId)> {
        let row = self.row(slot)?;
        Some((row.id, self.document(row.document)?.id))
    }

    /// The chunks of the documents that pass the filter.
    pub(super) fn allowed(&self, filter: &Filter) -> Slots {
        if filter.is_empty() {
            return self.live.clone();
        }
        let passing = self.documents.iter().flatten().filter(|document| filter.admits(&document.metadata));
        passing.flat_map(|document| document.slots.iter().copied()).collect()
    }

    pub(super) fn bytes(&self) -> usize {
        let documents = self.documents.capacity() * size_of::<Option<Document>>()
            + self.places.capacity() * (size_of::<(DocumentId, u32)>() + 1);
        let slots = (self.chunks + self.free.capacity() + self.lingering.capacity()) * size_of::<Slot>();
        self.rows.capacity() * size_of::<Option<Row>>()
            + self.live.bytes()
            + documents
            + slots
            + self.metadata_bytes
    }

    fn row(&self, slot: Slot) -> Option<&Row> {
        self.rows.get(slot as usize)?.as_ref()
    }

    fn document(&self, place: u32) -> Option<&Document> {
        self.documents.get(place as usize)?.as_ref()
    }
}

/// Puts a value in a free place, or in a new one at the end.
fn place_in<T>(places: &mut Vec<Option<T>>, free: &mut Vec<u32>, value: T) -> u32 {
    if let Some(place) = free.pop() {
        if let Some(empty) = places.get_mut(place as usize) {
            *empty = Some(value);
        }
        return place;
    }
    places.push(Some(value));
    u32::try_from(places.len() - 1).unwrap_or(u32::MAX)
}

fn bytes_of(metadata: &BTreeMap<String, String>) -> usize {
    metadata.iter().map(|(key, value)| 2 * size_of::<String>() + key.len() + value.len()).sum()
}
