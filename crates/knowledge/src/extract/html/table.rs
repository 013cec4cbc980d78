//! A table while it is read. Tables inside it give their words to its cells.

use super::Writer;

#[derive(Default)]
pub(super) struct Table {
    /// How many tables are open, one inside the other.
    depth: usize,
    rows: Vec<Vec<String>>,
    has_header: bool,
}

impl Table {
    pub(super) fn is_open(&self) -> bool {
        self.depth > 0
    }

    pub(super) fn is_outermost(&self) -> bool {
        self.depth == 1
    }

    pub(super) fn open(&mut self) {
        self.depth += 1;
    }

    /// Whether the outermost table has ended.
    pub(super) fn close(&mut self) -> bool {
        let was_open = self.is_open();
        self.depth = self.depth.saturating_sub(1);
        was_open && !self.is_open()
    }

    pub(super) fn begin_row(&mut self) {
        self.rows.push(Vec::new());
    }

    /// The first row is a heading if all its cells are.
    pub(super) fn begin_cell(&mut self, is_heading: bool) {
        if self.rows.is_empty() {
            self.begin_row();
        }
        let is_first_row = self.rows.len() == 1;
        if let Some(row) = self.rows.last_mut() {
            if is_first_row {
                self.has_header = is_heading && (row.is_empty() || self.has_header);
            }
            row.push(String::new());
        }
    }

    /// Adds words to the open cell; false if there is none.
    pub(super) fn add_words(&mut self, words: &str) -> bool {
        let Some(cell) = self.rows.last_mut().and_then(|row| row.last_mut()) else { return false };
        if !cell.is_empty() && !words.is_empty() {
            cell.push(' ');
        }
        cell.push_str(words);
        true
    }

    /// Writes it as a table, or as paragraphs if it only places things on the page.
    pub(super) fn write(self, writer: &mut Writer) {
        let is_layout = self.rows.iter().all(|row| row.len() <= 1);
        if is_layout {
            self.rows.iter().flatten().for_each(|cell| writer.paragraph(cell));
        } else {
            writer.table(&self.rows, self.has_header);
        }
    }
}
