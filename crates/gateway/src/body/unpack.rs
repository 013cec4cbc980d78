//! Bodies that were compressed on the way.

use std::io::Read;

use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use http::{HeaderMap, header};

use super::{malformed, unsupported};
use crate::{Code, Refused};

/// The body as it was before `Content-Encoding`, within the same limit: a small body must not become a
/// large one in memory.
pub(crate) fn unpacked(headers: &HeaderMap, body: &Bytes, limit: u64) -> Result<Bytes, Refused> {
    let mut codings = headers.get_all(header::CONTENT_ENCODING).iter();
    let coding = codings.next().map_or(&b"identity"[..], |coding| coding.as_bytes());
    if codings.next().is_some() {
        return Err(unsupported("The body is compressed more than once."));
    }
    match coding.to_ascii_lowercase().as_slice() {
        b"identity" => Ok(body.clone()),
        b"gzip" | b"x-gzip" => gunzip(body, limit),
        _ => Err(unsupported(
            "The body is compressed in a way that is not known; send it as it is, or by gzip.",
        )),
    }
}

fn gunzip(body: &[u8], limit: u64) -> Result<Bytes, Refused> {
    let mut whole = Vec::new();
    let read = MultiGzDecoder::new(body).take(limit.saturating_add(1)).read_to_end(&mut whole);
    read.map_err(|_| malformed("`Content-Encoding` says gzip, and the body is none, or not a whole one."))?;
    if whole.len() as u64 > limit {
        let detail = "The body is larger, once it is decompressed, than this source takes.";
        return Err(Refused::new(Code::BodyTooLarge, detail));
    }
    Ok(whole.into())
}
