//! Divides long texts where a chat robot takes only so many bytes.

/// Divides a text into pieces of at most `limit` bytes (at least 4), which joined give the text again.
///
/// A piece ends where a reader would pause: between paragraphs if it can, else at a line's end, a
/// sentence's, a space; only then between any two characters.
pub(crate) fn split(text: &str, limit: usize) -> Vec<&str> {
    let limit = limit.max(4);
    let mut pieces = Vec::with_capacity(text.len() / limit + 1);
    let mut rest = text;
    while rest.len() > limit {
        let (piece, after) = rest.split_at(cut(rest, limit));
        pieces.push(piece);
        rest = after;
    }
    if !rest.is_empty() {
        pieces.push(rest);
    }
    pieces
}

/// Where to cut, in bytes: at most `limit`, at least 1.
fn cut(text: &str, limit: usize) -> usize {
    let end = (1..=limit).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
    let window = &text[..end];
    // A pause near the beginning would make a needlessly small piece.
    let early = limit / 4;
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
        .unwrap_or(end)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pieces_end_where_a_reader_pauses() {
        assert_eq!(split("", 10), Vec::<&str>::new());
        assert_eq!(split("short", 10), ["short"]);
        assert_eq!(split("one one\n\ntwo\ntwo\n\nthree", 20), ["one one\n\ntwo\ntwo\n\n", "three"]);
        assert_eq!(split("first line\nsecond line", 16), ["first line\n", "second line"]);
        assert_eq!(split("One is. Two is. Three", 18), ["One is. Two is. ", "Three"]);
        assert_eq!(split("第一句。第二句。第三", 28), ["第一句。第二句。", "第三"]);
        assert_eq!(split("aaaa bbbb cccc", 11), ["aaaa bbbb ", "cccc"]);
        assert_eq!(split("汉汉汉", 4), ["汉", "汉", "汉"]);
        assert_eq!(split("a\nbbbbbbbbbbbbbbbbbbb", 10), ["a\nbbbbbbbb", "bbbbbbbbbbb"[..10].into(), "b"]);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_no_piece_is_too_long(
            text in "([a-z ]|\n|\n\n|汉|。|😀|\\. ){0,60}",
            limit in 4_usize..200,
        ) {
            let pieces = split(&text, limit);
            prop_assert_eq!(pieces.concat(), &*text);
            prop_assert!(pieces.iter().all(|piece| !piece.is_empty() && piece.len() <= limit));
        }

        #[test]
        fn any_text_at_all(text: String, limit in 4_usize..50) {
            prop_assert_eq!(split(&text, limit).concat(), &*text);
        }
    }
}
