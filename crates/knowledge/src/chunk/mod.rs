//! A structured text → chunks of a size that models read well.
//!
//! By structure ([`split`]), a chunk never crosses a heading, and carries the headings above it.
//! Whole blocks are gathered up to the target size; a block that is longer than the maximum alone is
//! broken: paragraphs between sentences and with an overlap, lists and code between lines, tables
//! between rows with their heading row repeated. The same text and sizes always give the same chunks.

mod block;
mod measure;
mod questions;
mod sizes;
mod splitter;

#[cfg(test)]
mod tests;

use std::ops::Range;

pub use measure::tokens;
pub use questions::split_questions;
pub use sizes::Sizes;

use crate::extract::Text;
use splitter::Splitter;

/// A piece of a document, as it is embedded, searched and cited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// Its place in the document, from 0, without gaps.
    pub ordinal: u32,
    /// Titles of the sections around it, outermost first.
    pub headings: Vec<String>,
    /// Its text: [`Chunk::span`] of the document, behind the heading row of a table that was split.
    pub text: String,
    /// Where it lies, in bytes of [`Text::text`]. Spans of one broken paragraph may overlap.
    pub span: Range<usize>,
    /// The lines it lies on, counted from 1, the end excluded.
    pub lines: Range<u32>,
}

impl Chunk {
    /// What to embed and to index: the headings, which often hold the words of the question, and
    /// the text.
    pub fn searchable(&self) -> String {
        match self.headings.as_slice() {
            [] => self.text.clone(),
            headings => format!("{}\n{}", headings.join(" > "), self.text),
        }
    }
}

/// Cuts a text by its structure. Each chunk's text has at most `sizes.max()` tokens (see [`tokens`]).
pub fn split(text: &Text, sizes: Sizes) -> Vec<Chunk> {
    let mut splitter = Splitter::new(text, sizes);
    for block in &text.blocks {
        splitter.structural(block);
    }
    splitter.finish()
}

/// Cuts a text at every occurrence of a separator, whatever its structure, for files that have none
/// of their own. What is longer than the maximum is broken between sentences. An empty separator
/// separates nothing.
pub fn split_at(text: &Text, separator: &str, sizes: Sizes) -> Vec<Chunk> {
    let mut splitter = Splitter::new(text, sizes);
    let mut start = 0;
    let ends = text.text.match_indices(separator).filter(|_| !separator.is_empty());
    for (end, next) in
        ends.map(|(at, found)| (at, at + found.len())).chain([(text.text.len(), text.text.len())])
    {
        let piece = text.text.get(start..end).unwrap_or_default();
        let from = end - piece.trim_start().len();
        splitter.alone(from..from + piece.trim().len());
        start = next;
    }
    splitter.finish()
}

/// A chunk that is read, and the smaller ones by which it is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Family {
    /// What a model is given: much context.
    pub parent: Chunk,
    /// What is embedded and searched: one thought each. Their ordinals run through the document.
    pub children: Vec<Chunk>,
}

/// Cuts a text by its structure twice: into parents, and each of these into children.
pub fn families(text: &Text, parents: Sizes, children: Sizes) -> Vec<Family> {
    let mut splitter = Splitter::new(text, children);
    let parents = split(text, parents).into_iter();
    parents.map(|parent| Family { children: splitter.children_of(&parent), parent }).collect()
}
