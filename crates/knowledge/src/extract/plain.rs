//! Plain text: paragraphs between blank lines. Line breaks inside a paragraph are kept, because a
//! plain file's lines may be entries; no heading is guessed.

use super::Text;
use super::text::Writer;

pub(super) fn read(text: &str) -> Text {
    let mut writer = Writer::default();
    let mut paragraph = String::new();
    for line in text.lines() {
        let line = line.trim_end();
        if line.is_empty() {
            writer.paragraph(&paragraph);
            paragraph.clear();
        } else {
            if !paragraph.is_empty() {
                paragraph.push('\n');
            }
            paragraph.push_str(line);
        }
    }
    writer.paragraph(&paragraph);
    writer.finish()
}
