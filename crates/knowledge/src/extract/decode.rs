//! Bytes → text. Certain knowledge first (byte order mark, valid UTF-8), then what was declared,
//! then a guess.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, GB18030, UTF_8, UTF_16BE, UTF_16LE};

use super::Format;
use crate::Error;

/// How much of a page is searched for a `charset`, as browsers do.
const DECLARATION_BYTES: usize = 1024;

/// Decodes and cleans: line ends become `\n`, control characters go.
pub(super) fn decode(bytes: &[u8], format: Format, media_type: Option<&str>) -> Result<String, Error> {
    if let Some((encoding, length)) = Encoding::for_bom(bytes) {
        return finish(encoding, bytes.get(length..).unwrap_or_default());
    }
    if let Some(encoding) = utf_16_without_mark(bytes) {
        return finish(encoding, bytes);
    }
    if bytes.contains(&0) {
        return Err(Error::NotText);
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Ok(clean(text));
    }
    let declared = media_type.and_then(|t| charset(t.as_bytes())).or_else(|| {
        let head = bytes.get(..DECLARATION_BYTES).unwrap_or(bytes);
        (format == Format::Html).then(|| charset(head)).flatten()
    });
    // Bytes that are not valid UTF-8 refute a declaration of it, unless it is only slightly damaged.
    if let Some(encoding) = declared.filter(|e| *e != UTF_8) {
        return finish(encoding, bytes);
    }
    if is_damaged_utf_8(bytes) {
        return Ok(clean(&String::from_utf8_lossy(bytes)));
    }
    finish(guess(bytes), bytes)
}

fn finish(encoding: &'static Encoding, bytes: &[u8]) -> Result<String, Error> {
    // GBK and GB2312 are subsets of GB18030, and files that declare them often use more.
    let encoding = if matches!(encoding.name(), "GBK" | "GB2312") { GB18030 } else { encoding };
    let (text, _) = encoding.decode_without_bom_handling(bytes);
    let (mut characters, mut broken) = (0usize, 0usize);
    for c in text.chars() {
        characters += 1;
        broken += usize::from(c == char::REPLACEMENT_CHARACTER || (c.is_control() && !c.is_whitespace()));
    }
    let is_binary = broken > 2 && broken * 20 > characters;
    if is_binary { Err(Error::NotText) } else { Ok(clean(&text)) }
}

fn clean(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '\r' if characters.peek() == Some(&'\n') => {}
            '\r' | '\u{2028}' | '\u{2029}' | '\u{c}' => clean.push('\n'),
            '\n' | '\t' => clean.push(c),
            '\u{feff}' | '\u{200b}' => {}
            c if c.is_control() => {}
            c => clean.push(c),
        }
    }
    clean
}

/// Text in Latin letters has a zero in every second byte; Chinese text still has such spaces,
/// digits and line ends, and few characters whose other half is zero (一). Which half holds most of
/// the zeros tells the byte order.
fn utf_16_without_mark(bytes: &[u8]) -> Option<&'static Encoding> {
    let sample = bytes.get(..4096).unwrap_or(bytes);
    if bytes.len() < 4 || !bytes.len().is_multiple_of(2) {
        return None;
    }
    let zeros = |offset: usize| sample.iter().skip(offset).step_by(2).filter(|b| **b == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    let (encoding, most, least) = if odd > even { (UTF_16LE, odd, even) } else { (UTF_16BE, even, odd) };
    if most * 40 < sample.len() || least * 3 > most {
        return None;
    }
    let (_, malformed) = encoding.decode_without_bom_handling(bytes);
    (!malformed).then_some(encoding)
}

/// The encoding that a `charset=` names, in a media type or at the head of a page.
fn charset(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = String::from_utf8_lossy(bytes).to_ascii_lowercase();
    let (_, after) = head.split_once("charset")?;
    let value = after.trim_start().strip_prefix('=')?.trim_start().trim_start_matches(['"', '\'']);
    let end = value
        .find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_' | ':'))
        .unwrap_or(value.len());
    Encoding::for_label(value.get(..end)?.as_bytes())
}

/// Mostly valid UTF-8 with a few broken bytes, as from a cut-off file.
fn is_damaged_utf_8(bytes: &[u8]) -> bool {
    let (mut sound, mut broken) = (0usize, 0usize);
    for part in bytes.utf8_chunks() {
        sound += part.valid().chars().filter(|c| !c.is_ascii()).count();
        broken += usize::from(!part.invalid().is_empty());
    }
    sound > 10 * broken
}

fn guess(bytes: &[u8]) -> &'static Encoding {
    if is_short_chinese(bytes) {
        return GB18030;
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    detector.guess(None, Utf8Detection::Deny)
}

/// The detector needs about a line to tell East Asian encodings apart. A shorter text that consists
/// of the common characters of GB 2312 (its first level, lead bytes B0 to D7, and its punctuation)
/// is taken for Chinese.
fn is_short_chinese(bytes: &[u8]) -> bool {
    const SHORT_BYTES: usize = 40;
    let mut rest = bytes;
    let mut wide_bytes = 0;
    loop {
        rest = match rest {
            [] => return wide_bytes > 0 && wide_bytes <= SHORT_BYTES,
            [ascii, tail @ ..] if ascii.is_ascii() => tail,
            [0xa1..=0xa3 | 0xb0..=0xd7, 0xa1..=0xfe, tail @ ..] => {
                wide_bytes += 2;
                tail
            }
            _ => return false,
        };
    }
}
