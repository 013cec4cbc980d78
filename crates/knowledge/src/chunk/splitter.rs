//! Blocks in, chunks out: what all ways of cutting share.

use std::ops::Range;

use super::block::{self, Part};
use super::measure::weight;
use super::{Chunk, Sizes};
use crate::extract::{Block, BlockKind, Text};

/// Longest title in a heading path, in characters. A longer one is cut there, and given whole as
/// text of its section, so that no title can be multiplied by the number of its chunks.
const TITLE_CHARACTERS_MAX: usize = 120;

/// Gathers blocks into chunks.
pub(super) struct Splitter<'a> {
    text: &'a Text,
    sizes: Sizes,
    /// Open sections: level and title.
    path: Vec<(u8, String)>,
    /// The innermost section's heading, while it has neither text nor sections inside.
    bare_heading: Option<Block>,
    /// Blocks gathered for the next chunk.
    open: Option<Part>,
    chunks: Vec<Chunk>,
    /// Where line counting stands: a byte and its line.
    counted: (usize, u32),
}

impl<'a> Splitter<'a> {
    pub(super) fn new(text: &'a Text, sizes: Sizes) -> Self {
        Self {
            text,
            sizes,
            path: Vec::new(),
            bare_heading: None,
            open: None,
            chunks: Vec::new(),
            counted: (0, 1),
        }
    }

    /// The next block of the document, headings included.
    pub(super) fn structural(&mut self, block: &Block) {
        match block.kind {
            BlockKind::Heading { level } => self.heading(level, block),
            _ => self.block(block),
        }
    }

    /// A stretch of the text as a chunk of its own, or several if it is too long.
    pub(super) fn alone(&mut self, range: Range<usize>) {
        self.flush();
        if !range.is_empty() {
            self.block(&Block { kind: BlockKind::Paragraph, range });
            self.flush();
        }
    }

    /// The same below one more title.
    pub(super) fn alone_below(&mut self, title: &str, range: Range<usize>) {
        self.flush();
        self.path.push((u8::MAX, kept_title(title)));
        self.alone(range);
        self.path.pop();
    }

    /// Cuts what a chunk of the same text spans.
    pub(super) fn children_of(&mut self, parent: &Chunk) -> Vec<Chunk> {
        let from = self.chunks.len();
        self.path = parent.headings.iter().map(|title| (u8::MAX, title.clone())).collect();
        for block in &self.text.blocks {
            let start = block.range.start.max(parent.span.start);
            let end = block.range.end.min(parent.span.end);
            if start < end {
                let kind = match block.kind {
                    BlockKind::Heading { .. } => BlockKind::Paragraph,
                    BlockKind::Table { .. } if start > block.range.start => {
                        BlockKind::Table { header_bytes: 0 }
                    }
                    ref kind => kind.clone(),
                };
                self.block(&Block { kind, range: start..end });
            }
        }
        self.flush();
        self.chunks.get(from..).unwrap_or_default().to_vec()
    }

    pub(super) fn finish(mut self) -> Vec<Chunk> {
        self.end_section(0);
        self.chunks
    }

    fn heading(&mut self, level: u8, block: &Block) {
        self.end_section(level);
        let title = self.text.of(block);
        let kept = kept_title(title);
        let is_cut = kept.len() < title.len();
        self.path.push((level, kept));
        if is_cut {
            self.block(&Block { kind: BlockKind::Paragraph, range: block.range.clone() });
        } else {
            self.bare_heading = Some(block.clone());
        }
    }

    /// Writes what is gathered and leaves the sections at `level` and deeper. A heading of which
    /// nothing else would tell becomes a chunk itself.
    fn end_section(&mut self, level: u8) {
        self.flush();
        let bare = self.bare_heading.take();
        let ends = self.path.last().is_some_and(|(open, _)| *open >= level);
        if let Some(block) = bare.filter(|_| ends) {
            self.path.pop();
            self.block(&Block { kind: BlockKind::Paragraph, range: block.range });
            self.flush();
        }
        while self.path.last().is_some_and(|(open, _)| *open >= level) {
            self.path.pop();
        }
    }

    fn block(&mut self, block: &Block) {
        self.bare_heading = None;
        if let Some(open) = &mut self.open {
            let added = weight(self.text.text.get(open.range.end..block.range.end).unwrap_or_default());
            if open.weight + added <= self.sizes.target_weight() {
                open.range.end = block.range.end;
                open.weight += added;
                return;
            }
        }
        self.flush();
        for part in block::parts(self.text, block, self.sizes) {
            self.flush();
            self.open = Some(part);
        }
    }

    fn flush(&mut self) {
        let Some(part) = self.open.take() else { return };
        let body = self.text.text.get(part.range.clone()).unwrap_or_default();
        let first = self.line_of(part.range.start);
        let breaks = body.matches('\n').count();
        self.chunks.push(Chunk {
            ordinal: number(self.chunks.len()),
            headings: self.path.iter().map(|(_, title)| title.clone()).collect(),
            text: format!("{}{body}", part.prefix),
            span: part.range,
            lines: first..first.saturating_add(number(breaks)).saturating_add(1),
        });
    }

    /// Chunks begin in order, so that each line break is counted once; but for children of parents
    /// that overlap.
    fn line_of(&mut self, at: usize) -> u32 {
        let (from, line) = if self.counted.0 <= at { self.counted } else { (0, 1) };
        let breaks = self.text.text.get(from..at).unwrap_or_default().matches('\n').count();
        self.counted = (at, line.saturating_add(number(breaks)));
        self.counted.1
    }
}

fn kept_title(title: &str) -> String {
    title.chars().take(TITLE_CHARACTERS_MAX).collect()
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
