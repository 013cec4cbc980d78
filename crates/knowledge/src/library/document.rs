//! One document on its way to chunks with vectors.

use std::collections::HashMap;

use serde_json::{Value, json};
use store::{Document, Job, JobStatus};

use super::{Embedder, Library, Settings, off_thread};
use crate::{
    Chunk, Error,
    extract::{BYTES_MAX, Source, extract},
};

/// The most chunks of one document: all of its vectors are in memory until they are written.
const CHUNKS: usize = 20_000;

/// Texts that are embedded between two reports of progress.
const BATCH: usize = 64;

/// A document's chunks, ready to be written.
pub(super) struct Prepared {
    /// What embedded them.
    pub(super) model: String,
    pub(super) chunks: Vec<store::Chunk>,
}

/// Why a document is not prepared.
pub(super) enum Hindrance {
    /// For a reason that the document's owner is told.
    Failed(Error),
    /// Another node has the job now.
    Lost,
}

impl<E: Into<Error>> From<E> for Hindrance {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

impl Library {
    /// Extracts, cuts and embeds a document, and says in the job how far it is.
    pub(super) async fn prepare(
        &self,
        job: &Job,
        document: &Document,
        content: Vec<u8>,
    ) -> Result<Prepared, Hindrance> {
        let settings = self.settings_of(job, document).await?;
        let (name, media_type) = (document.name.clone(), document.media_type.clone());
        let chunking = settings.chunking;
        let reading = self.0.reading.lock().await;
        let chunks = off_thread(move || {
            let source = Source { media_type: Some(&media_type), name: Some(&name) };
            chunking.cut(&extract(&content, source, BYTES_MAX)?)
        });
        let chunks = chunks.await?;
        drop(reading);
        match chunks.len() {
            0 => return Err(Error::NoText.into()),
            count if count > CHUNKS => {
                return Err(Error::TooManyChunks { chunks: count, limit: CHUNKS }.into());
            }
            _ => {}
        }
        let embedder = self.0.embedders.embedder(job.workspace, &settings.embedding_model).await;
        let embedder = embedder.map_err(Error::from)?;
        let texts: Vec<String> = chunks.iter().map(Chunk::searchable).collect();
        let vectors = self.embedded(job, document, &embedder, &texts).await?;
        let stored = chunks.into_iter().zip(texts).filter_map(|(chunk, text)| {
            let embedding = vectors.get(&text)?.clone();
            Some(store::Chunk {
                document: document.id,
                ordinal: chunk.ordinal,
                heading: json!(chunk.headings),
                place: json!({ "lines": [chunk.lines.start, chunk.lines.end] }),
                text: chunk.text,
                embedding,
            })
        });
        Ok(Prepared { model: embedder.identity(), chunks: stored.collect() })
    }

    async fn settings_of(&self, job: &Job, document: &Document) -> Result<Settings, Error> {
        let bases = self.0.store.base_list(job.workspace).await?;
        let base = bases.iter().find(|base| base.id == document.base);
        base.map_or_else(|| Err(Error::BaseMissing { name: document.base.to_string() }), Settings::of)
    }

    /// A vector for each text. What the model has embedded before, for this document or for one with the same
    /// content, is taken from there.
    async fn embedded(
        &self,
        job: &Job,
        document: &Document,
        embedder: &Embedder,
        texts: &[String],
    ) -> Result<HashMap<String, Vec<f32>>, Hindrance> {
        let known = self.0.store.chunk_embedded(document, &embedder.identity()).await?;
        let mut vectors: HashMap<String, Vec<f32>> =
            known.into_iter().map(|chunk| (searchable(&chunk), chunk.embedding)).collect();
        let missing: Vec<&String> = texts.iter().filter(|text| !vectors.contains_key(*text)).collect();
        let mut done = texts.len() - missing.len();
        for batch in missing.chunks(BATCH) {
            // Said before each call, so that it is seen also while the first one lasts.
            let progress = json!({ "done": done, "total": texts.len() });
            if !self.0.store.job_update(job, JobStatus::Running, &progress, None).await? {
                return Err(Hindrance::Lost);
            }
            let asked: Vec<String> = batch.iter().map(|text| (*text).clone()).collect();
            let given = embedder.document(asked, &self.0.random).await.map_err(Error::EmbedDocument)?;
            done += batch.len();
            vectors.extend(batch.iter().map(|text| (*text).clone()).zip(given));
        }
        Ok(vectors)
    }
}

/// What of a stored chunk was embedded and is searched.
pub(super) fn searchable(stored: &store::Chunk) -> String {
    let chunk = Chunk {
        ordinal: stored.ordinal,
        headings: headings(&stored.heading),
        text: stored.text.clone(),
        span: 0..0,
        lines: 0..0,
    };
    chunk.searchable()
}

/// The titles above a stored chunk, outermost first.
pub(super) fn headings(stored: &Value) -> Vec<String> {
    let titles = stored.as_array().map(Vec::as_slice).unwrap_or_default();
    titles.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}
