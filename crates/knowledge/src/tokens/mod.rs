//! Text → the terms of keyword search. Chunks and questions take the same way, so that they meet.
//!
//! * Everything is NFKC-normalised and lower-cased; Latin letters lose their accents.
//! * Chinese is segmented by jieba in search mode (whole words and the words inside them).
//! * Kana, Hangul and scripts without spaces give overlapping pairs of characters.
//! * Other words stand as they are; English plurals become singular.
//! * Codes stay findable however they are typed: `AB-1200` gives `ab`, `1200` and `ab1200`.
//! * Punctuation gives nothing.

mod stem;

#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use jieba_rs::Jieba;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::{decompose_canonical, is_combining_mark};

use crate::script::Script;

/// The longest term, in bytes; what is longer (base64, say) is cut, so that it cannot fill the index.
const TERM_BYTES_MAX: usize = 128;

/// Loaded at the first Chinese text: 32 MB and 85 ms.
static JIEBA: LazyLock<Jieba> = LazyLock::new(Jieba::new);

/// Calls `emit` with each term of the text, in order, repetitions included.
pub fn for_each(text: &str, emit: &mut dyn FnMut(&str)) {
    let text = normalise(text);
    let mut rest = text.as_str();
    while let Some(first) = rest.chars().next() {
        let kind = Kind::of(first);
        let (run, after) = rest.split_at(kind.run_bytes(rest));
        match kind {
            Kind::Chinese => chinese(run, emit),
            Kind::Pairs => pairs(run, emit),
            Kind::Word => word(run, emit),
            Kind::Nothing => {}
        }
        rest = after;
    }
}

/// The terms of a text as a list.
pub fn all(text: &str) -> Vec<String> {
    let mut terms = Vec::new();
    for_each(text, &mut |term| terms.push(term.to_owned()));
    terms
}

/// What a stretch of characters is cut by.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Chinese,
    Pairs,
    Word,
    Nothing,
}

impl Kind {
    fn of(c: char) -> Self {
        match Script::of(c) {
            Script::Han => Self::Chinese,
            Script::Kana | Script::Hangul | Script::SouthEastAsian => Self::Pairs,
            Script::None if is_combining_mark(c) => Self::Word,
            Script::None => Self::Nothing,
            Script::Latin | Script::Cyrillic | Script::Arabic | Script::Other | Script::Digit => Self::Word,
        }
    }

    /// How far the stretch reaches that the text begins with.
    fn run_bytes(self, text: &str) -> usize {
        let mut before = '\0';
        for (at, c) in text.char_indices() {
            let belongs = Self::of(c) == self
                || (self == Self::Pairs && is_combining_mark(c))
                || (self == Self::Word && is_inside_word(before, c, text.get(at..).unwrap_or_default()));
            if !belongs {
                return at;
            }
            before = c;
        }
        text.len()
    }
}

/// Whether punctuation joins what stands on both sides: `AB-1200`, `don't`, `3.5`, `1,000`.
fn is_inside_word(before: char, c: char, from: &str) -> bool {
    let mut after = from.chars().skip(1);
    let Some(next) = after.next().filter(|next| Kind::of(*next) == Kind::Word) else { return false };
    let digits = before.is_ascii_digit() && next.is_ascii_digit();
    match c {
        '-' | '_' | '\'' | '’' => Kind::of(before) == Kind::Word,
        '.' => digits,
        ',' => digits && after.take_while(char::is_ascii_digit).take(3).count() == 2,
        _ => false,
    }
}

fn normalise(text: &str) -> String {
    text.nfkc().flat_map(char::to_lowercase).map(without_accent).collect()
}

fn without_accent(c: char) -> char {
    if c.is_ascii() || Script::of(c) != Script::Latin {
        return c;
    }
    let mut base = None;
    decompose_canonical(c, |part| base = base.or(Some(part)));
    base.unwrap_or(c)
}

fn chinese(run: &str, emit: &mut dyn FnMut(&str)) {
    for token in JIEBA.cut_for_search(run, true) {
        emit(cut(token.word));
    }
}

fn pairs(run: &str, emit: &mut dyn FnMut(&str)) {
    let starts: Vec<usize> = run.char_indices().map(|(at, _)| at).chain([run.len()]).collect();
    match starts.as_slice() {
        [] | [_] => {}
        [start, end] => emit(run.get(*start..*end).unwrap_or_default()),
        longer => {
            for pair in longer.windows(3) {
                emit(run.get(pair[0]..pair[2]).unwrap_or_default());
            }
        }
    }
}

fn word(run: &str, emit: &mut dyn FnMut(&str)) {
    let parts = || run.split(['-', '_']).filter(|part| !part.is_empty());
    for part in parts() {
        simple_word(part, emit);
    }
    let is_code = run.contains(|c: char| c.is_ascii_digit());
    if is_code && parts().nth(1).is_some() {
        let code: String = parts().collect();
        emit(cut(&code));
    }
}

fn simple_word(word: &str, emit: &mut dyn FnMut(&str)) {
    let word = word.strip_suffix("'s").or_else(|| word.strip_suffix("’s")).unwrap_or(word);
    if word.bytes().all(|b| b.is_ascii_lowercase()) {
        emit(cut(&stem::plural(word)));
    } else {
        let bare: String = word.chars().filter(|c| !matches!(c, '\'' | '’' | ',')).collect();
        emit(cut(&bare));
    }
}

fn cut(term: &str) -> &str {
    let end = (0..=TERM_BYTES_MAX.min(term.len())).rev().find(|end| term.is_char_boundary(*end));
    term.get(..end.unwrap_or_default()).unwrap_or_default()
}
