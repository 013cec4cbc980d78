//! The structured text: one string for people and models to read, and where its blocks lie.

use std::fmt::Write as _;
use std::ops::Range;

/// How deep a list is shown; deeper items stand at this depth.
const LIST_DEPTH_MAX: usize = 6;

/// A document as text with structure. Blocks are in order, do not overlap, and are separated by
/// blank lines in `text`; everything but those separators belongs to a block.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Text {
    /// The document's own title, where its format has a place for one.
    pub title: Option<String>,
    /// The whole text. Lists are lines with `- ` or `1. `, tables are lines of `| a | b |`.
    pub text: String,
    /// What the text consists of.
    pub blocks: Vec<Block>,
}

/// One block of a [`Text`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// What it is.
    pub kind: BlockKind,
    /// Where it lies, in bytes of [`Text::text`]; never empty.
    pub range: Range<usize>,
}

/// Kinds of block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BlockKind {
    /// A heading; `level` is 1 to 6. Its range holds the title alone, without `#`.
    Heading {
        /// 1 is the outermost.
        level: u8,
    },
    /// Running text. A line break in it was meant.
    Paragraph,
    /// Items, one or more lines each; inner items are indented by two spaces a level.
    List,
    /// Rows, one a line.
    Table {
        /// Bytes of the heading lines at its start, line ends included; 0 without a heading.
        header_bytes: usize,
    },
    /// Preformatted text.
    Code,
}

impl Text {
    /// The text of one block.
    pub fn of(&self, block: &Block) -> &str {
        self.text.get(block.range.clone()).unwrap_or_default()
    }
}

/// Builds a [`Text`] block by block; blank blocks vanish.
#[derive(Debug, Default)]
pub(super) struct Writer {
    text: Text,
    /// The last block is a list that the next item may join.
    list_open: bool,
}

impl Writer {
    pub(super) fn title(&mut self, title: String) {
        if !title.is_empty() && self.text.title.is_none() {
            self.text.title = Some(title);
        }
    }

    pub(super) fn heading(&mut self, level: u8, title: &str) {
        // A heading is one line, whatever its source says.
        let title = title.replace('\n', " ");
        self.block(BlockKind::Heading { level: level.clamp(1, 6) }, title.trim());
    }

    pub(super) fn paragraph(&mut self, text: &str) {
        self.block(BlockKind::Paragraph, text.trim());
    }

    pub(super) fn code(&mut self, text: &str) {
        let text = text.trim_end();
        let blank_lines = text.len() - text.trim_start_matches('\n').len();
        self.block(BlockKind::Code, text.get(blank_lines..).unwrap_or_default());
    }

    /// `depth` 1 is an outermost item; `number` that of an ordered one. Items join the list before
    /// them until [`Writer::end_list`].
    pub(super) fn list_item(&mut self, depth: usize, number: Option<u64>, text: &str) {
        let text = text.trim();
        if text.is_empty() {
            return;
        }
        let indent = indent(depth);
        let mark = number.map_or_else(|| "- ".to_owned(), |n| format!("{n}. "));
        let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
        self.append_to_list(&format!("{indent}{mark}{}", first.trim_end()));
        self.list_continuation(depth, rest);
    }

    /// More text of the item before: further paragraphs, code.
    pub(super) fn list_continuation(&mut self, depth: usize, text: &str) {
        let indent = indent(depth);
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            self.append_to_list(&format!("{indent}  {}", line.trim_end()));
        }
    }

    pub(super) fn end_list(&mut self) {
        self.list_open = false;
    }

    /// Blank rows vanish; a line break in a cell becomes a space, because a row is one line.
    pub(super) fn table(&mut self, rows: &[Vec<String>], has_header: bool) {
        let filled = rows.iter().filter(|row| row.iter().any(|cell| !cell.trim().is_empty()));
        let mut text = String::new();
        let mut header_bytes = 0;
        for (index, row) in filled.enumerate() {
            if index > 0 {
                text.push('\n');
            }
            text.push('|');
            for cell in row {
                let _ = write!(text, " {} |", cell.trim().replace('\n', " ").replace('|', "\\|"));
            }
            if index == 0 && has_header {
                text.push_str("\n|");
                text.push_str(&" --- |".repeat(row.len()));
                header_bytes = text.len() + 1;
            }
        }
        let header_bytes = header_bytes.min(text.len());
        self.block(BlockKind::Table { header_bytes }, &text);
    }

    pub(super) fn finish(self) -> Text {
        self.text
    }

    fn block(&mut self, kind: BlockKind, text: &str) {
        self.list_open = false;
        if text.trim().is_empty() {
            return;
        }
        if !self.text.text.is_empty() {
            self.text.text.push_str("\n\n");
        }
        let start = self.text.text.len();
        self.text.text.push_str(text);
        self.text.blocks.push(Block { kind, range: start..self.text.text.len() });
    }

    fn append_to_list(&mut self, item: &str) {
        match self.text.blocks.last_mut().filter(|_| self.list_open) {
            Some(list) => {
                self.text.text.push('\n');
                self.text.text.push_str(item);
                list.range.end = self.text.text.len();
            }
            None => self.block(BlockKind::List, item),
        }
        self.list_open = true;
    }
}

fn indent(depth: usize) -> String {
    "  ".repeat(depth.clamp(1, LIST_DEPTH_MAX) - 1)
}
