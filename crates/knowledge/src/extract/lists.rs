//! The lists that are open while reading, and which mark the next text of an item takes.

use super::text::Writer;

/// Open lists, outermost first.
#[derive(Debug, Default)]
pub(super) struct Lists {
    /// The next number of each list; `None` where it is not ordered.
    numbers: Vec<Option<u64>>,
    /// The open item has not been written yet, so the next text takes the mark.
    item_is_new: bool,
}

impl Lists {
    pub(super) fn open(&mut self, first: Option<u64>) {
        self.numbers.push(first);
    }

    pub(super) fn close(&mut self, writer: &mut Writer) {
        self.numbers.pop();
        if self.numbers.is_empty() {
            writer.end_list();
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    pub(super) fn begin_item(&mut self) {
        self.item_is_new = true;
    }

    /// Writes text of the open item: marked if it is the item's first, else indented under it.
    pub(super) fn write(&mut self, text: &str, writer: &mut Writer) {
        let depth = self.numbers.len();
        if !std::mem::take(&mut self.item_is_new) {
            writer.list_continuation(depth, text);
            return;
        }
        let number = self.numbers.last_mut().and_then(|next| {
            let number = *next;
            *next = next.map(|n| n.saturating_add(1));
            number
        });
        writer.list_item(depth, number, text);
    }
}
