//! Questions with their answers: a chunk for each answer, below its question.

use std::ops::Range;

use super::splitter::Splitter;
use super::{Chunk, Sizes};
use crate::extract::{Block, BlockKind, Text};

/// Cuts a text of questions and answers. Recognised are lines that begin with `Q:` and `A:`, `问：`
/// and `答：` and the like, and tables of two columns. A chunk's text is the answer, and the question
/// is the innermost of its headings, so that both are searched. What belongs to no pair is cut by
/// structure.
pub fn split_questions(text: &Text, sizes: Sizes) -> Vec<Chunk> {
    let mut splitter = Splitter::new(text, sizes);
    let mut open: Option<Pair> = None;
    for block in &text.blocks {
        if is_pairs(text, block) {
            close(text, &mut splitter, open.take());
            rows(text, block, &mut splitter);
        } else if matches!(block.kind, BlockKind::Heading { .. }) {
            close(text, &mut splitter, open.take());
            splitter.structural(block);
        } else if matches!(block.kind, BlockKind::Paragraph | BlockKind::List) {
            open = lines(text, block, &mut splitter, open);
        } else if let Some(pair) = &mut open {
            pair.end = block.range.end;
        } else {
            splitter.structural(block);
        }
    }
    close(text, &mut splitter, open);
    splitter.finish()
}

/// A pair whose end is not known yet.
struct Pair {
    question: Range<usize>,
    /// Where the answer begins, once it did.
    answer: Option<usize>,
    end: usize,
}

/// Reads a block line by line; lines without a mark belong to what was open before them.
fn lines(text: &Text, block: &Block, splitter: &mut Splitter<'_>, mut open: Option<Pair>) -> Option<Pair> {
    let mut plain: Option<Range<usize>> = None;
    let mut at = block.range.start;
    for line in text.of(block).split_inclusive('\n') {
        let (start, end) = (at, at + line.trim_end().len());
        at += line.len();
        if let Some(words) = after_mark(line, &QUESTION_MARKS) {
            close(text, splitter, open.take());
            plain.take().into_iter().for_each(|range| splitter.alone(range));
            open = Some(Pair { question: end - words..end, answer: None, end });
        } else if let Some(pair) = &mut open {
            pair.end = end;
            match after_mark(line, &ANSWER_MARKS) {
                Some(words) if pair.answer.is_none() => pair.answer = Some(end - words),
                None if pair.answer.is_none() => pair.question.end = end,
                _ => {}
            }
        } else {
            plain = Some(plain.map_or(start, |range| range.start)..end);
        }
    }
    match plain {
        Some(range) if range == block.range => splitter.structural(block),
        Some(range) => splitter.alone(range),
        None => {}
    }
    open
}

/// A question that nobody answered is text like any other.
fn close(text: &Text, splitter: &mut Splitter<'_>, pair: Option<Pair>) {
    let Some(pair) = pair else { return };
    match pair.answer.map(|start| start..pair.end).filter(|answer| !answer.is_empty()) {
        Some(answer) => {
            let question = text.text.get(pair.question).unwrap_or_default();
            splitter.alone_below(&question.replace('\n', " "), answer);
        }
        None => splitter.alone(pair.question.start..pair.end),
    }
}

/// A table each of whose rows has two filled cells.
fn is_pairs(text: &Text, block: &Block) -> bool {
    let filled =
        |line: &str| cells(line).is_some_and(|(question, answer)| !question.is_empty() && !answer.is_empty());
    matches!(block.kind, BlockKind::Table { .. }) && text.of(block).lines().all(filled)
}

fn rows(text: &Text, block: &Block, splitter: &mut Splitter<'_>) {
    let BlockKind::Table { header_bytes } = block.kind else { return };
    let mut at = block.range.start + header_bytes;
    for line in text.text.get(at..block.range.end).unwrap_or_default().split_inclusive('\n') {
        if let Some((question, answer)) = cells(line) {
            let title = line.get(question).unwrap_or_default();
            splitter.alone_below(title, at + answer.start..at + answer.end);
        }
        at += line.len();
    }
}

/// Where the cells of a row of two columns lie, `None` for any other row.
fn cells(line: &str) -> Option<(Range<usize>, Range<usize>)> {
    let line = line.trim_end();
    let bars: Vec<usize> = line
        .match_indices('|')
        .map(|(at, _)| at)
        .filter(|at| !line.get(..*at).unwrap_or_default().ends_with('\\'))
        .collect();
    let &[first, middle, last] = bars.as_slice() else { return None };
    let cell = |from: usize, to: usize| {
        let cell = line.get(from + 1..to).unwrap_or_default();
        let start = to - cell.trim_start().len();
        start..start + cell.trim().len()
    };
    Some((cell(first, middle), cell(middle, last)))
}

const QUESTION_MARKS: [&str; 5] = ["问题", "问", "提问", "question", "q"];
const ANSWER_MARKS: [&str; 5] = ["回答", "答案", "答", "answer", "a"];

/// How many bytes of the line, but for white space at its end, follow a mark such as `Q:`, `Q12：` or `- 问:`.
fn after_mark(line: &str, marks: &[&str]) -> Option<usize> {
    let line = line.trim_end();
    let lower = line.trim_start_matches([' ', '-', '*']).to_ascii_lowercase();
    let rest = marks.iter().find_map(|mark| {
        let rest = lower
            .strip_prefix(mark)?
            .trim_start_matches(|c: char| c.is_ascii_digit() || c == ' ' || c == '.');
        rest.strip_prefix([':', '：'])
    })?;
    Some(rest.trim_start().len())
}
