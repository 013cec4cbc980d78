//! HTML, from the tokenizer's flat stream: no tree is built, so nesting costs no stack. Kept are the
//! words of the page; scripts, styles, navigation, forms' controls and hidden parts are left out. A
//! page with a `<main>` is read there alone.

mod elements;
mod table;

use std::cell::RefCell;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{
    BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};

use super::Text;
use super::inline::Inline;
use super::lists::Lists;
use super::text::Writer;
use elements::{attribute, is_block, is_hidden, is_noise, is_void, raw_text};
use table::Table;

pub(super) fn read(source: &str) -> Text {
    let main = run(source, Writer::default(), true);
    // Judged by what it gave, not by a tag somewhere: pages without one, or with an empty one.
    if main.text.is_empty() { run(source, Writer::default(), false) } else { main }
}

/// Reads a fragment, as found in Markdown, behind what is already written.
pub(super) fn read_into(source: &str, writer: &mut Writer) {
    let reader = tokenize(source, Reader::new(std::mem::take(writer), false));
    *writer = reader.writer;
}

/// A fragment's words in one line.
pub(super) fn words(source: &str) -> String {
    run(source, Writer::default(), false).text.replace("\n\n", "\n")
}

fn run(source: &str, writer: Writer, main_only: bool) -> Text {
    tokenize(source, Reader::new(writer, main_only)).writer.finish()
}

fn tokenize(source: &str, reader: Reader) -> Reader {
    let sink = Sink(RefCell::new(reader));
    let tokenizer = Tokenizer::new(sink, TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(StrTendril::from_slice(source));
    // Scripts do not pause this sink, so one call reads everything.
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    let mut reader = tokenizer.sink.0.into_inner();
    reader.close();
    reader
}

struct Sink(RefCell<Reader>);

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut reader = self.0.borrow_mut();
        match token {
            Token::CharacterTokens(text) => reader.text(&text),
            Token::TagToken(tag) => return reader.tag(&tag),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

struct Reader {
    writer: Writer,
    inline: Inline,
    main_only: bool,
    main_depth: usize,
    /// The element whose content is skipped, and how many of its name are open.
    skipped: Option<(String, usize)>,
    title: Option<Inline>,
    heading: Option<u8>,
    lists: Lists,
    table: Table,
    preformatted: Option<String>,
}

impl Reader {
    fn new(writer: Writer, main_only: bool) -> Self {
        Self {
            writer,
            inline: Inline::default(),
            main_only,
            main_depth: 0,
            skipped: None,
            title: None,
            heading: None,
            lists: Lists::default(),
            table: Table::default(),
            preformatted: None,
        }
    }

    fn text(&mut self, text: &str) {
        if let Some(title) = &mut self.title {
            title.push(text);
        } else if self.skipped.is_some() || (self.main_only && self.main_depth == 0) {
        } else if let Some(code) = &mut self.preformatted {
            code.push_str(text);
        } else {
            self.inline.push(text);
        }
    }

    fn tag(&mut self, tag: &Tag) -> TokenSinkResult<()> {
        let name: &str = &tag.name;
        let opens = tag.kind == TagKind::StartTag;
        if !self.skip(tag, name) {
            match name {
                "title" => self.title_tag(opens),
                "main" => {
                    self.flush();
                    self.main_depth =
                        if opens { self.main_depth + 1 } else { self.main_depth.saturating_sub(1) };
                }
                "br" => self.break_line(),
                "img" if opens => self.alternative(tag),
                "pre" => self.preformatted_tag(opens),
                "ul" | "ol" | "menu" => self.list_tag(tag, opens),
                "li" => {
                    self.flush();
                    self.lists.begin_item();
                }
                "table" | "tr" | "td" | "th" => self.table_tag(name, opens),
                "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => self.heading_tag(name, opens),
                name if is_block(name) => self.block_tag(),
                _ => {}
            }
        }
        if opens { raw_text(name) } else { TokenSinkResult::Continue }
    }

    /// Whether the tag belongs to something that is skipped, which may begin or end with it.
    fn skip(&mut self, tag: &Tag, name: &str) -> bool {
        let opens = tag.kind == TagKind::StartTag;
        if let Some((skipped, depth)) = &mut self.skipped {
            if skipped == name {
                *depth = if opens { *depth + 1 } else { *depth - 1 };
                if *depth == 0 {
                    self.skipped = None;
                }
            }
            return true;
        }
        let begins = opens && !tag.self_closing && !is_void(name) && (is_noise(name) || is_hidden(tag));
        if begins {
            self.flush();
            self.skipped = Some((name.to_owned(), 1));
        }
        begins
    }

    fn title_tag(&mut self, opens: bool) {
        if opens {
            self.title = Some(Inline::default());
        } else if let Some(mut title) = self.title.take() {
            self.writer.title(title.take());
        }
    }

    fn block_tag(&mut self) {
        match &mut self.preformatted {
            // Highlighters wrap each line of code in a block.
            Some(code) if !code.is_empty() && !code.ends_with('\n') => code.push('\n'),
            Some(_) => {}
            None => self.flush(),
        }
    }

    fn break_line(&mut self) {
        match &mut self.preformatted {
            Some(code) => code.push('\n'),
            None => self.inline.line_break(),
        }
    }

    fn alternative(&mut self, tag: &Tag) {
        if let Some(alternative) = attribute(tag, "alt") {
            self.text(" ");
            self.text(alternative);
            self.text(" ");
        }
    }

    fn preformatted_tag(&mut self, opens: bool) {
        if opens {
            self.flush();
            self.preformatted.get_or_insert_default();
        } else if let Some(code) = self.preformatted.take() {
            self.code(&code);
        }
    }

    fn code(&mut self, code: &str) {
        if self.table.is_open() {
            self.inline.push(code);
        } else if self.lists.is_empty() {
            self.writer.code(code);
        } else {
            self.lists.write(code.trim_matches('\n'), &mut self.writer);
        }
    }

    fn list_tag(&mut self, tag: &Tag, opens: bool) {
        self.flush();
        if opens {
            let first = attribute(tag, "start").and_then(|n| n.parse().ok()).unwrap_or(1);
            self.lists.open((&*tag.name == "ol").then_some(first));
        } else {
            self.lists.close(&mut self.writer);
        }
    }

    fn heading_tag(&mut self, name: &str, opens: bool) {
        self.flush();
        let level = name.as_bytes().get(1).map_or(1, |digit| digit - b'0');
        self.heading = opens.then_some(level);
    }

    fn table_tag(&mut self, name: &str, opens: bool) {
        match (name, opens) {
            ("table", true) => {
                if !self.table.is_open() {
                    self.flush();
                }
                self.table.open();
            }
            ("table", false) => {
                if self.table.close() {
                    self.end_table();
                }
            }
            _ if !self.table.is_outermost() => self.inline.push(" "),
            _ => {
                self.end_cell();
                match name {
                    "tr" if opens => self.table.begin_row(),
                    "td" | "th" if opens => self.table.begin_cell(name == "th"),
                    _ => {}
                }
            }
        }
    }

    fn end_cell(&mut self) {
        let words = self.inline.take();
        if !self.table.add_words(&words) {
            // Words between a table's tags, as a caption: they stand before it.
            self.writer.paragraph(&words);
        }
    }

    fn end_table(&mut self) {
        self.end_cell();
        std::mem::take(&mut self.table).write(&mut self.writer);
    }

    /// Writes what the end of the source left open.
    fn close(&mut self) {
        if self.table.is_open() {
            self.end_table();
        }
        self.flush();
    }

    /// Writes what has gathered, as whatever is open.
    fn flush(&mut self) {
        if self.table.is_open() {
            self.inline.push("\n");
            return;
        }
        if let Some(code) = self.preformatted.take() {
            self.code(&code);
        }
        if self.inline.is_empty() {
            return;
        }
        let text = self.inline.take();
        match self.heading {
            Some(level) => {
                self.writer.heading(level, &text);
                // What follows an unclosed heading is not part of it.
                self.heading = None;
            }
            None if self.lists.is_empty() => self.writer.paragraph(&text),
            None => self.lists.write(&text, &mut self.writer),
        }
    }
}
