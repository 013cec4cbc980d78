//! Running text as it is gathered from the source: white space collapses, wrapped lines join.

use crate::script::joins_without_space;

/// Text of one block in the making.
#[derive(Debug, Default)]
pub(super) struct Inline {
    text: String,
    /// White space was seen since the last character; with a line break in it or not.
    gap: Gap,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Gap {
    #[default]
    None,
    Space,
    Wrap,
}

impl Inline {
    /// Adds text in which white space means no more than one space.
    pub(super) fn push(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                '\n' => self.gap = Gap::Wrap,
                c if c.is_whitespace() && c != '\u{3000}' => self.gap = self.gap.max_space(),
                c => {
                    self.close_gap(c);
                    self.text.push(c);
                }
            }
        }
    }

    /// A break that the author meant.
    pub(super) fn line_break(&mut self) {
        self.gap = Gap::None;
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push('\n');
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The text so far, without white space at its ends; what is gathered starts anew.
    pub(super) fn take(&mut self) -> String {
        self.gap = Gap::None;
        let mut text = std::mem::take(&mut self.text);
        text.truncate(text.trim_end().len());
        text
    }

    fn close_gap(&mut self, next: char) {
        let gap = std::mem::take(&mut self.gap);
        let Some(last) = self.text.chars().next_back() else { return };
        let joined = gap == Gap::Wrap && joins_without_space(last, next);
        if gap != Gap::None && last != '\n' && !joined {
            self.text.push(' ');
        }
    }
}

impl Gap {
    fn max_space(self) -> Self {
        if self == Self::Wrap { Self::Wrap } else { Self::Space }
    }
}
