//! Text in other character sets than UTF-8, of which GBK and GB18030 are in daily use.

use std::{borrow::Cow, str};

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};
use percent_encoding::percent_decode;

use super::{malformed, unsupported};
use crate::{Refused, pairs::Pairs};

/// How many bytes at the beginning of XML may name its character set.
const DECLARATION: usize = 200;

/// A character set.
#[derive(Clone, Copy, Debug)]
pub(super) struct Charset(&'static Encoding);

impl Charset {
    /// The one of a name; UTF-8 without one.
    pub(super) fn of(name: Option<&str>) -> Result<Self, Refused> {
        let unknown = || unsupported("`Content-Type` names a character set that is not known.");
        name.map_or(Ok(UTF_8), |name| Encoding::for_label(name.as_bytes()).ok_or_else(unknown)).map(Self)
    }

    /// The one of XML: what `Content-Type` says counts before the byte order mark, and that before the
    /// declaration (RFC 7303).
    pub(super) fn of_xml(name: Option<&str>, body: &[u8]) -> Result<Self, Refused> {
        match (name, body) {
            (Some(_), _) => Self::of(name),
            (None, [0xFE, 0xFF, ..]) => Ok(Self(UTF_16BE)),
            (None, [0xFF, 0xFE, ..]) => Ok(Self(UTF_16LE)),
            (None, _) => Self::of(declared(body)),
        }
    }

    /// The text, borrowed where it is UTF-8 already. A byte order mark stays only in UTF-8, where some
    /// take it for a part of the text.
    pub(super) fn decode(self, bytes: &[u8]) -> Result<Cow<'_, str>, Refused> {
        if self.0 == UTF_8 {
            return str::from_utf8(bytes).map(Cow::Borrowed).map_err(|error| not_utf8(error.valid_up_to()));
        }
        let (_, rest) = Encoding::for_bom(bytes)
            .filter(|(encoding, _)| *encoding == self.0)
            .map_or((self.0, bytes), |(encoding, length)| (encoding, &bytes[length..]));
        let text = self.0.decode_without_bom_handling_and_without_replacement(rest);
        text.ok_or_else(|| {
            malformed(format!("The body is not all {}, as `Content-Type` says.", self.0.name()))
        })
    }

    /// The pairs of a form whose escapes are bytes of this character set.
    pub(super) fn decode_form(self, body: &[u8]) -> Result<Pairs<'_>, Refused> {
        if self.0 == UTF_8 {
            percent_decode(body).decode_utf8().map_err(|error| not_utf8(error.valid_up_to()))?;
            return Ok(Pairs::parse(body));
        }
        let text = |part: &[u8]| {
            let spaced: Vec<u8> = part.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
            let bytes: Vec<u8> = percent_decode(&spaced).collect();
            self.decode(&bytes).map(Cow::into_owned)
        };
        let pair = |pair: &[u8]| {
            let mut halves = pair.splitn(2, |byte| *byte == b'=');
            let (name, value) = (halves.next().unwrap_or_default(), halves.next().unwrap_or_default());
            Ok((text(name)?, text(value)?))
        };
        body.split(|byte| *byte == b'&').filter(|part| !part.is_empty()).map(pair).collect()
    }
}

/// The name in `<?xml version="1.0" encoding="GBK"?>`.
fn declared(body: &[u8]) -> Option<&str> {
    let head = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    let head = &head[..head.len().min(DECLARATION)];
    let end = head.windows(2).position(|two| two == b"?>")?;
    let declaration = str::from_utf8(head.strip_prefix(b"<?xml")?.get(..end.checked_sub(5)?)?).ok()?;
    let (_, after) = declaration.split_once("encoding")?;
    let after = after.trim_start().strip_prefix('=')?.trim_start();
    let quote = after.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    after[1..].split_once(quote).map(|(name, _)| name)
}

fn not_utf8(at: usize) -> Refused {
    malformed(format!("The body is not UTF-8 from its byte {at} on, escapes counted as one."))
}
