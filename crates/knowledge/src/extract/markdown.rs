//! Markdown, from the parser's flat events. Links keep their words, images their description; front
//! matter is left out; HTML blocks are read as HTML.

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use super::inline::Inline;
use super::lists::Lists;
use super::text::Writer;
use super::{Text, html};

pub(super) fn read(source: &str) -> Text {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_HEADING_ATTRIBUTES
        | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS;
    let mut reader = Reader::default();
    for event in Parser::new_ext(source, options) {
        reader.event(event);
    }
    reader.flush();
    reader.writer.finish()
}

#[derive(Default)]
struct Reader {
    writer: Writer,
    inline: Inline,
    lists: Lists,
    table: Vec<Vec<String>>,
    code: Option<String>,
    html: String,
    in_metadata: bool,
    /// The source's line ended inside a paragraph.
    is_wrapped: bool,
}

impl Reader {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(&tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => self.text(&text),
            Event::Code(text) | Event::InlineMath(text) | Event::DisplayMath(text) => self.inline.push(&text),
            Event::Html(html) => self.html.push_str(&html),
            Event::InlineHtml(tag) if is_line_break(&tag) => self.inline.line_break(),
            Event::SoftBreak => {
                self.inline.push("\n");
                self.is_wrapped = true;
            }
            Event::HardBreak => self.inline.line_break(),
            Event::TaskListMarker(done) => self.inline.push(if done { "[x] " } else { "[ ] " }),
            Event::Rule => self.flush(),
            Event::InlineHtml(_) | Event::FootnoteReference(_) => {}
        }
    }

    fn start(&mut self, tag: &Tag<'_>) {
        match tag {
            Tag::List(first) => {
                self.flush();
                self.lists.open(*first);
            }
            Tag::Item => {
                self.flush();
                self.lists.begin_item();
            }
            Tag::CodeBlock(_) => {
                self.flush();
                self.code = Some(String::new());
            }
            Tag::MetadataBlock(_) => self.in_metadata = true,
            Tag::Paragraph
            | Tag::Heading { .. }
            | Tag::BlockQuote(_)
            | Tag::FootnoteDefinition(_)
            | Tag::Table(_) => {
                self.flush();
            }
            Tag::TableHead | Tag::TableRow => self.table.push(Vec::new()),
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(level) => self.end_heading(level),
            TagEnd::CodeBlock => self.end_code(),
            TagEnd::List(_) => {
                self.flush();
                self.lists.close(&mut self.writer);
            }
            TagEnd::TableCell => {
                let cell = self.inline.take();
                if let Some(row) = self.table.last_mut() {
                    row.push(cell);
                }
            }
            TagEnd::Table => self.end_table(),
            TagEnd::MetadataBlock(_) => self.in_metadata = false,
            TagEnd::HtmlBlock => {
                let source = std::mem::take(&mut self.html);
                if self.lists.is_empty() {
                    html::read_into(&source, &mut self.writer);
                } else {
                    self.inline.push(&html::words(&source));
                }
            }
            TagEnd::Paragraph | TagEnd::Item | TagEnd::BlockQuote(_) | TagEnd::FootnoteDefinition => {
                self.flush();
            }
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        match &mut self.code {
            _ if self.in_metadata => {}
            Some(code) => code.push_str(text),
            None => {
                if std::mem::take(&mut self.is_wrapped) && begins_with_label(text) {
                    self.inline.line_break();
                }
                self.inline.push(text);
            }
        }
    }

    fn end_heading(&mut self, level: HeadingLevel) {
        if self.lists.is_empty() {
            let title = self.inline.take();
            self.writer.heading(level as u8, &title);
        } else {
            self.flush();
        }
    }

    fn end_code(&mut self) {
        let code = self.code.take().unwrap_or_default();
        if self.lists.is_empty() {
            self.writer.code(&code);
        } else {
            self.lists.write(&code, &mut self.writer);
        }
    }

    fn end_table(&mut self) {
        let table = std::mem::take(&mut self.table);
        if self.lists.is_empty() {
            self.writer.table(&table, true);
        } else {
            let rows: Vec<String> = table.iter().map(|row| row.join(" | ")).collect();
            self.lists.write(&rows.join("\n"), &mut self.writer);
        }
    }

    /// Writes what has gathered: an item's text inside a list, a paragraph outside.
    fn flush(&mut self) {
        if self.inline.is_empty() {
            return;
        }
        let text = self.inline.take();
        if self.lists.is_empty() {
            self.writer.paragraph(&text);
        } else {
            self.lists.write(&text, &mut self.writer);
        }
    }
}

/// Lines such as `A: …` and `电话：…` are lines of their own to whoever wrote them, though Markdown
/// joins them.
fn begins_with_label(text: &str) -> bool {
    const LABEL_CHARACTERS_MAX: usize = 12;
    let colon = text.chars().take(LABEL_CHARACTERS_MAX + 1).position(|c| matches!(c, ':' | '：'));
    colon.is_some_and(|colon| colon > 0 && text.chars().take(colon).all(|c| c.is_alphanumeric() || c == ' '))
}

fn is_line_break(tag: &str) -> bool {
    tag.get(..3).is_some_and(|t| t.eq_ignore_ascii_case("<br"))
}
