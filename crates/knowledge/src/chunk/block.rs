//! One block → parts that fit: itself where it fits, else broken where its kind breaks best.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation as _;

use super::Sizes;
use super::measure::{weight, weight_of};
use crate::extract::{Block, BlockKind, Text};

/// A stretch of the text that becomes a chunk, alone or with what follows.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) range: Range<usize>,
    /// Repeated before the text: a table's heading row.
    pub(super) prefix: String,
    /// Of prefix and text together.
    pub(super) weight: usize,
}

/// The parts of a block, in order, each within the maximum; together they hold all of it.
pub(super) fn parts(text: &Text, block: &Block, sizes: Sizes) -> Vec<Part> {
    let whole = weight(text.of(block));
    if whole <= sizes.max_weight() {
        return vec![Part { range: block.range.clone(), prefix: String::new(), weight: whole }];
    }
    let (header_bytes, overlap) = match block.kind {
        BlockKind::Table { header_bytes } => (header_bytes, 0),
        BlockKind::Paragraph | BlockKind::Heading { .. } => (0, sizes.overlap_weight()),
        BlockKind::List | BlockKind::Code => (0, 0),
    };
    let header = text.of(block).get(..header_bytes).unwrap_or_default();
    // A heading row that leaves no room for rows is not worth repeating.
    let header = if weight(header) * 2 > sizes.max_weight() { "" } else { header };
    let limit = sizes.max_weight() - weight(header);
    let packer = Packer {
        text: &text.text,
        header,
        body_start: block.range.start + header.len(),
        target: sizes.target_weight().min(limit),
        limit,
        overlap,
    };
    let units = match block.kind {
        BlockKind::Paragraph | BlockKind::Heading { .. } => packer.sentences(block.range.clone()),
        _ => packer.lines(block.range.start + header.len()..block.range.end),
    };
    packer.pack(&units)
}

struct Packer<'a> {
    text: &'a str,
    header: &'a str,
    /// The first part of a table has its heading row in its range already.
    body_start: usize,
    target: usize,
    limit: usize,
    overlap: usize,
}

impl Packer<'_> {
    fn of(&self, range: Range<usize>) -> &str {
        self.text.get(range).unwrap_or_default()
    }

    fn sentences(&self, range: Range<usize>) -> Vec<Range<usize>> {
        let text = self.of(range.clone());
        // UAX #29 gives every quotation mark and bracket to the sentence before it; an opening one
        // belongs to the next.
        let ends =
            text.split_sentence_bound_indices().map(|(at, sentence)| at + without_opening(sentence).len());
        let mut from = 0;
        let mut sentences = Vec::new();
        for end in ends.filter(|end| *end > 0).chain([text.len()]) {
            let sentence = text.get(from..end).unwrap_or_default();
            if !sentence.is_empty() {
                sentences.extend(self.fitting(range.start + from, sentence));
            }
            from = end.max(from);
        }
        sentences
    }

    fn lines(&self, range: Range<usize>) -> Vec<Range<usize>> {
        let mut at = range.start;
        let mut lines = Vec::new();
        for line in self.of(range).split_inclusive('\n') {
            if weight_trimmed(line) <= self.limit {
                lines.push(at..at + line.len());
            } else {
                lines.extend(self.sentences(at..at + line.len()));
            }
            at += line.len();
        }
        lines
    }

    /// A unit as it is, or cut between words where it exceeds the limit, or between characters.
    fn fitting(&self, start: usize, unit: &str) -> Vec<Range<usize>> {
        let mut cuts = Vec::new();
        if weight_trimmed(unit) <= self.limit {
            cuts.push(start..start + unit.len());
            return cuts;
        }
        let (mut from, mut filled) = (start, 0);
        for (at, word) in unit.split_word_bound_indices() {
            let word_weight = weight(word);
            if filled + word_weight > self.limit && filled > 0 {
                cuts.push(from..start + at);
                (from, filled) = (start + at, 0);
            }
            if word_weight <= self.limit {
                filled += word_weight;
                continue;
            }
            for (offset, c) in word.char_indices() {
                if filled + weight_of(c) > self.limit {
                    cuts.push(from..start + at + offset);
                    (from, filled) = (start + at + offset, 0);
                }
                filled += weight_of(c);
            }
        }
        cuts.push(from..start + unit.len());
        cuts
    }

    fn pack(&self, units: &[Range<usize>]) -> Vec<Part> {
        let mut parts = Vec::new();
        let mut first = 0;
        while let Some(unit) = units.get(first) {
            let mut filled = weight(self.of(unit.clone()));
            let mut next = first + 1;
            // White space at the end of a unit is trimmed, so a first unit may fill the part alone.
            while let Some(unit) = units.get(next) {
                let added = weight_trimmed(self.of(unit.clone()));
                if filled + added > self.target {
                    break;
                }
                filled += weight(self.of(unit.clone()));
                next += 1;
            }
            parts.extend(units.get(next - 1).and_then(|last| self.part(unit.start..last.end)));
            first = if next < units.len() { self.overlapping(units, first, next) } else { next };
        }
        parts
    }

    fn part(&self, range: Range<usize>) -> Option<Part> {
        let body = self.of(range.clone()).trim_end();
        let prefix = if range.start == self.body_start { "" } else { self.header };
        let start =
            if range.start == self.body_start { range.start - self.header.len() } else { range.start };
        (!body.trim().is_empty()).then(|| Part {
            range: start..range.start + body.len(),
            prefix: prefix.to_owned(),
            weight: weight(self.header) + weight(body),
        })
    }

    /// Where the part after `first..next` begins: back by as many whole units as the overlap
    /// allows, if the next new unit still has room behind them.
    fn overlapping(&self, units: &[Range<usize>], first: usize, next: usize) -> usize {
        let new = units.get(next).map_or(0, |unit| weight_trimmed(self.of(unit.clone())));
        let room = self.overlap.min(self.target.saturating_sub(new));
        let (mut start, mut repeated) = (next, 0);
        while start > first + 1 {
            repeated += units.get(start - 1).map_or(0, |unit| weight(self.of(unit.clone())));
            if repeated > room {
                break;
            }
            start -= 1;
        }
        start
    }
}

fn weight_trimmed(unit: &str) -> usize {
    weight(unit.trim_end())
}

fn without_opening(sentence: &str) -> &str {
    sentence.trim_end_matches(['“', '‘', '「', '『', '（', '《', '【', '(', '['])
}
