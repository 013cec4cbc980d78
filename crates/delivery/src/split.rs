//! Divides long texts where a vendor takes only so much.

/// In what a vendor counts a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Bytes of UTF-8.
    Bytes,
    /// Characters, as Unicode counts them (code points).
    Characters,
    /// Bytes of UTF-8 within a JSON string, where quotes and line ends take two and controls six.
    Json,
}

impl Unit {
    /// How long a text is.
    pub(crate) fn of(self, text: &str) -> usize {
        match self {
            Self::Bytes => text.len(),
            Self::Characters => text.chars().count(),
            Self::Json => text.chars().map(|c| self.of_one(c)).sum(),
        }
    }

    fn of_one(self, c: char) -> usize {
        match (self, c) {
            (Self::Characters, _) => 1,
            (Self::Json, '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}') => 2,
            (Self::Json, '\0'..'\u{20}') => 6,
            _ => c.len_utf8(),
        }
    }
}

/// The longest that one character can be, in any unit.
const LONGEST: usize = 6;

/// Divides a text into pieces that are at most `limit` (at least 6) long, which joined give the text again.
///
/// A piece ends where a reader would pause: between paragraphs if it can, else at a line's end, a
/// sentence's, a space; only then between any two characters.
pub(crate) fn split(text: &str, limit: usize, unit: Unit) -> Vec<&str> {
    let limit = limit.max(LONGEST);
    let mut pieces = Vec::with_capacity(text.len() / limit + 1);
    let mut rest = text;
    while !rest.is_empty() {
        let reach = reach(rest, limit, unit);
        let end = if reach == rest.len() { reach } else { pause(&rest[..reach]) };
        let (piece, after) = rest.split_at(end);
        pieces.push(piece);
        rest = after;
    }
    pieces
}

/// How many bytes of a text are at most `limit` long.
fn reach(text: &str, limit: usize, unit: Unit) -> usize {
    let mut left = limit;
    let over = text.char_indices().find(|(_, c)| match left.checked_sub(unit.of_one(*c)) {
        Some(rest) => {
            left = rest;
            false
        }
        None => true,
    });
    over.map_or(text.len(), |(at, _)| at)
}

/// Where a reader would pause last, in bytes.
fn pause(window: &str) -> usize {
    // A pause near the beginning would make a needlessly small piece.
    let early = window.len() / 4;
    let late_enough = |at: &usize| *at > early;
    let after = |pause: &str| window.rfind(pause).map(|at| at + pause.len()).filter(late_enough);
    let sentence = || {
        let ends = window.char_indices().rev().find(|(_, c)| matches!(c, '。' | '！' | '？' | '；' | '…'));
        ends.map(|(at, c)| at + c.len_utf8()).filter(late_enough)
    };
    after("\n\n")
        .or_else(|| after("\n"))
        .or_else(sentence)
        .or_else(|| [". ", "! ", "? "].into_iter().filter_map(after).max())
        .or_else(|| after(" "))
        .unwrap_or(window.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pieces_end_where_a_reader_pauses() {
        assert_eq!(split("", 10, Unit::Bytes), Vec::<&str>::new());
        assert_eq!(split("short", 10, Unit::Bytes), ["short"]);
        assert_eq!(
            split("one one\n\ntwo\ntwo\n\nthree", 20, Unit::Bytes),
            ["one one\n\ntwo\ntwo\n\n", "three"]
        );
        assert_eq!(split("first line\nsecond line", 16, Unit::Bytes), ["first line\n", "second line"]);
        assert_eq!(split("One is. Two is. Three", 18, Unit::Bytes), ["One is. Two is. ", "Three"]);
        assert_eq!(split("第一句。第二句。第三", 28, Unit::Bytes), ["第一句。第二句。", "第三"]);
        assert_eq!(split("aaaa bbbb cccc", 11, Unit::Bytes), ["aaaa bbbb ", "cccc"]);
        assert_eq!(split("汉汉汉", 8, Unit::Bytes), ["汉汉", "汉"]);
        assert_eq!(
            split("a\nbbbbbbbbbbbbbbbbbbb", 10, Unit::Bytes),
            ["a\nbbbbbbbb", "bbbbbbbbbbb"[..10].into(), "b"]
        );
    }

    #[test]
    fn units() {
        let text = "a\"汉😀\n\u{1}";
        assert_eq!((Unit::Bytes.of(text), Unit::Characters.of(text)), (11, 6));
        assert_eq!(Unit::Json.of(text) + 2, serde_json::to_string(text).unwrap().len());
        assert_eq!(split("汉汉汉汉汉汉汉", 6, Unit::Characters), ["汉汉汉汉汉汉", "汉"]);
        assert_eq!(split(r#""""""#, 8, Unit::Json), [r#""""""#]);
        assert_eq!(split(r#""""""""#, 8, Unit::Json), [r#""""""#, r#""""#]);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_no_piece_is_too_long(
            text in "([a-z ]|\n|\n\n|汉|。|😀|\\. |\"|\u{1}){0,60}",
            limit in 6_usize..200,
            unit in prop::sample::select(vec![Unit::Bytes, Unit::Characters, Unit::Json]),
        ) {
            let pieces = split(&text, limit, unit);
            prop_assert_eq!(pieces.concat(), &*text);
            prop_assert!(pieces.iter().all(|piece| !piece.is_empty() && unit.of(piece) <= limit));
        }

        #[test]
        fn json_counts_as_it_is_written(text: String) {
            prop_assert_eq!(Unit::Json.of(&text) + 2, serde_json::to_string(&text).unwrap().len());
            prop_assert_eq!(split(&text, 20, Unit::Json).concat(), &*text);
        }
    }
}
