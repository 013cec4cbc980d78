//! Questions to the library and the passages that answer them.

use std::collections::HashMap;

use serde::Serialize;
use store::{Base, DocumentId, Excerpt, WorkspaceId};

use super::{Embedder, Library, Settings, document::headings, off_thread, shelf::Vectors};
use crate::{
    Error, Filter, Hit, Mode, Query,
    search::{Parts, across},
};

/// A question to some knowledge bases.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// The bases' names. For any mode but keywords they must have the same embedding model.
    pub bases: Vec<String>,
    /// What is asked.
    pub text: String,
    /// How to rank.
    pub mode: Mode,
    /// The most passages.
    pub top_k: usize,
    /// The least score, from 0 to 1, relative to the best that the question finds.
    pub threshold: Option<f32>,
}

/// A piece of a document that answers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Passage {
    /// The base's name.
    pub base: String,
    /// The document.
    pub document: DocumentId,
    /// The document's file name.
    pub name: String,
    /// Its place among the document's chunks, from 0.
    pub ordinal: u32,
    /// The headings above it, outermost first.
    pub headings: Vec<String>,
    /// Its text.
    pub text: String,
    /// The lines of the document that it lies on, counted from 1, the end excluded.
    pub lines: Option<(u32, u32)>,
    /// How well it answers, from 0 to 1, relative to the best that the question found.
    pub score: f32,
    /// How the score came about.
    #[serde(skip)]
    pub parts: Parts,
}

impl Question {
    /// A hybrid question for four passages.
    pub fn new(bases: Vec<String>, text: impl Into<String>) -> Self {
        Self { bases, text: text.into(), mode: Mode::default(), top_k: 4, threshold: None }
    }
}

impl Library {
    /// The passages that answer a question best, best first. A question without words finds nothing.
    ///
    /// # Errors
    /// When a base does not exist, the question cannot be embedded, or the database cannot be read.
    pub async fn search(&self, workspace: WorkspaceId, question: &Question) -> Result<Vec<Passage>, Error> {
        let mut bases: Vec<Base> = Vec::with_capacity(question.bases.len());
        for name in &question.bases {
            let base = self.base(workspace, name).await?;
            if bases.iter().all(|known| known.id != base.id) {
                bases.push(base);
            }
        }
        if question.text.trim().is_empty() || bases.is_empty() || question.top_k == 0 {
            return Ok(Vec::new());
        }
        let (vectors, vector) = self.embed(workspace, &bases, question).await?;
        let mut indexes = Vec::with_capacity(bases.len());
        for base in &bases {
            indexes.push(self.index(base.id, &vectors, vector.is_some()).await?);
        }
        let query = Query {
            text: question.text.clone(),
            vector,
            mode: question.mode,
            top_k: question.top_k,
            threshold: question.threshold,
            filter: Filter::default(),
        };
        let hits = off_thread(move || {
            let indexes: Vec<_> = indexes.iter().map(|index| &**index).collect();
            across(&indexes, &query)
        });
        self.passages(&bases, hits.await?).await
    }

    /// The question's vector, and which vectors it can be compared with. For keywords alone there is none, and a
    /// model that cannot be had does not matter.
    async fn embed(
        &self,
        workspace: WorkspaceId,
        bases: &[Base],
        question: &Question,
    ) -> Result<(Vectors, Option<Vec<f32>>), Error> {
        let embedder = self.embedder(workspace, bases).await;
        if question.mode == Mode::Keyword {
            let model = embedder.map(|embedder| embedder.identity()).unwrap_or_default();
            return Ok((Vectors { model, dimensions: 0 }, None));
        }
        let embedder = embedder?;
        let vector = embedder.question(&question.text).await.map_err(Error::EmbedQuestion)?;
        let vectors = Vectors { model: embedder.identity(), dimensions: vector.len() };
        Ok((vectors, Some(vector)))
    }

    /// The embedding model that all of the bases have.
    async fn embedder(&self, workspace: WorkspaceId, bases: &[Base]) -> Result<Embedder, Error> {
        let mut common: Option<(&Base, String)> = None;
        for base in bases {
            let name = Settings::of(base)?.embedding_model;
            match &common {
                Some((first, known)) if *known != name => {
                    let (first, second) = (first.name.clone(), base.name.clone());
                    return Err(Error::DifferentModels { first, second });
                }
                Some(_) => {}
                None => common = Some((base, name)),
            }
        }
        let name = common.map(|(_, name)| name).unwrap_or_default();
        Ok(self.0.embedders.embedder(workspace, &name).await?)
    }

    /// The texts of hits; those whose chunk has gone since are left out.
    async fn passages(&self, bases: &[Base], hits: Vec<Hit>) -> Result<Vec<Passage>, Error> {
        let place =
            |hit: &Hit| (DocumentId::from(hit.document.0), super::shelf::ordinal_of(hit.chunk, hit.document));
        let cited = self.0.store.chunk_cite(hits.iter().map(place).collect()).await?;
        let mut cited: HashMap<(DocumentId, u32), Excerpt> =
            cited.into_iter().map(|excerpt| ((excerpt.document, excerpt.ordinal), excerpt)).collect();
        let passage = |hit: &Hit| {
            let excerpt = cited.remove(&place(hit))?;
            let base = bases.iter().find(|base| base.id == excerpt.base)?;
            Some(Passage {
                base: base.name.clone(),
                document: excerpt.document,
                name: excerpt.name,
                ordinal: excerpt.ordinal,
                headings: headings(&excerpt.heading),
                lines: serde_json::from_value(excerpt.place["lines"].clone()).ok(),
                text: excerpt.text,
                score: hit.score,
                parts: hit.parts,
            })
        };
        Ok(hits.iter().filter_map(passage).collect())
    }
}
