//! Brings a text into the form that the vocabulary was made for.
//!
//! As SentencePiece's normalizer does with its usual switches: characters are replaced by the table, blanks at
//! both ends and doubled ones are dropped, each blank becomes `▁`, and one is put in front.

use super::charsmap::Charsmap;

/// Stands for a blank (U+2581).
const BLANK: &[u8] = "▁".as_bytes();

/// The text in the vocabulary's form; empty if there is nothing but blanks. It is UTF-8 if the table is sound.
pub(super) fn normalize(text: &str, charsmap: &Charsmap) -> Vec<u8> {
    let mut rest = text.as_bytes();
    let mut out = Vec::with_capacity(rest.len() + rest.len() / 4 + BLANK.len());
    out.extend_from_slice(BLANK);
    let mut after_blank = true;
    while !rest.is_empty() {
        let (length, mut piece) = next(rest, charsmap);
        rest = &rest[length..];
        if after_blank {
            piece = piece.trim_prefix_blanks();
        }
        let Some(last) = piece.last() else { continue };
        after_blank = *last == b' ';
        for byte in piece {
            match byte {
                b' ' => out.extend_from_slice(BLANK),
                byte => out.push(*byte),
            }
        }
    }
    while out.ends_with(BLANK) {
        out.truncate(out.len() - BLANK.len());
    }
    out
}

/// The length of a character by its first byte, which in sound UTF-8 is right.
pub(super) fn character_length(first: u8) -> usize {
    match first {
        0..=0xbf => 1,
        0xc0..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0.. => 4,
    }
}

/// The next piece of the text: how long it is, and what it becomes.
fn next<'a>(rest: &'a [u8], charsmap: &'a Charsmap) -> (usize, &'a [u8]) {
    charsmap.longest(rest).unwrap_or_else(|| {
        let length = rest.first().map_or(1, |first| character_length(*first)).min(rest.len());
        (length, &rest[..length])
    })
}

trait TrimBlanks {
    fn trim_prefix_blanks(&self) -> &Self;
}

impl TrimBlanks for [u8] {
    fn trim_prefix_blanks(&self) -> &Self {
        let blanks = self.iter().take_while(|byte| **byte == b' ').count();
        &self[blanks..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normal(text: &str) -> String {
        String::from_utf8(normalize(text, &Charsmap::default())).unwrap()
    }

    #[test]
    fn blanks_are_marked_and_superfluous_ones_dropped() {
        assert_eq!(normal("hello world"), "▁hello▁world");
        assert_eq!(normal("  a   b "), "▁a▁b");
        assert_eq!(normal("你好"), "▁你好");
        assert_eq!(normal(""), "");
        assert_eq!(normal("   "), "");
    }
}
