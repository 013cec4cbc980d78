//! Decompresses a body piece by piece, with a bound on what comes out.

use std::{
    io::{self, Write},
    sync::Arc,
};

use flate2::write::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use http::{HeaderMap, header::CONTENT_ENCODING};

use crate::error::Error;

/// A body's decoder: pieces go in, at most `limit` bytes come out over its whole life.
pub(crate) struct Decoder {
    coding: Coding,
    /// Whether anything went in; an empty body is valid under any coding.
    begun: bool,
}

enum Coding {
    Plain(Sink),
    Gzip(Box<MultiGzDecoder<Sink>>),
    Zlib(Box<ZlibDecoder<Sink>>),
    Deflate(Box<DeflateDecoder<Sink>>),
    /// `deflate` means zlib (RFC 9110, section 8.4.1.2), yet some servers send it bare; the first bytes tell.
    Undecided {
        head: Vec<u8>,
        limit: usize,
    },
}

impl Decoder {
    /// The decoder for an answer with these headers; an unknown coding is passed on as it is.
    pub(crate) fn new(headers: &HeaderMap, limit: usize) -> Self {
        let mut codings = headers.get_all(CONTENT_ENCODING).iter();
        let sole = codings.next().filter(|_| codings.next().is_none());
        let sink = Sink { out: Vec::new(), left: limit, overflowed: false };
        let coding = match sole.and_then(|value| value.to_str().ok()).map(str::trim) {
            Some(name) if name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip") => {
                Coding::Gzip(Box::new(MultiGzDecoder::new(sink)))
            }
            Some(name) if name.eq_ignore_ascii_case("deflate") => {
                Coding::Undecided { head: Vec::new(), limit }
            }
            _ => Coding::Plain(sink),
        };
        Self { coding, begun: false }
    }

    /// Whether the body is decompressed on its way.
    pub(crate) fn decodes(&self) -> bool {
        !matches!(self.coding, Coding::Plain(_))
    }

    /// Puts a piece in. `false` says that more would have come out than the limit allows.
    pub(crate) fn push(&mut self, piece: &[u8]) -> Result<bool, Error> {
        self.begun |= !piece.is_empty();
        if let Coding::Undecided { head, limit } = &mut self.coding {
            head.extend_from_slice(piece);
            if head.len() < 2 {
                return Ok(true);
            }
            let head = std::mem::take(head);
            self.coding = decide(&head, *limit);
            return self.write(&head);
        }
        self.write(piece)
    }

    /// Takes what has come out since the last time.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        self.sink().map(|sink| std::mem::take(&mut sink.out)).unwrap_or_default()
    }

    /// Says that nothing more goes in: a body that breaks off is an error. `false` as for [`Self::push`].
    pub(crate) fn finish(&mut self) -> Result<bool, Error> {
        if !self.begun {
            return Ok(true);
        }
        if let Coding::Undecided { head, limit } = &self.coding {
            let (head, limit) = (head.clone(), *limit);
            self.coding = decide(&head, limit);
            self.write(&head)?;
        }
        let result = match &mut self.coding {
            Coding::Plain(_) | Coding::Undecided { .. } => Ok(()),
            Coding::Gzip(decoder) => decoder.try_finish(),
            Coding::Zlib(decoder) => decoder.try_finish(),
            Coding::Deflate(decoder) => decoder.try_finish(),
        };
        self.judge(result)
    }

    fn write(&mut self, piece: &[u8]) -> Result<bool, Error> {
        let result = match &mut self.coding {
            Coding::Plain(sink) => sink.write_all(piece),
            Coding::Gzip(decoder) => decoder.write_all(piece).and_then(|()| decoder.flush()),
            Coding::Zlib(decoder) => decoder.write_all(piece).and_then(|()| decoder.flush()),
            Coding::Deflate(decoder) => decoder.write_all(piece).and_then(|()| decoder.flush()),
            Coding::Undecided { .. } => Ok(()),
        };
        self.judge(result)
    }

    fn judge(&mut self, result: io::Result<()>) -> Result<bool, Error> {
        match result {
            Ok(()) => Ok(true),
            Err(_) if self.sink().is_some_and(|sink| sink.overflowed) => Ok(false),
            Err(source) => Err(Error::Decompress { source: Arc::new(source) }),
        }
    }

    fn sink(&mut self) -> Option<&mut Sink> {
        match &mut self.coding {
            Coding::Plain(sink) => Some(sink),
            Coding::Gzip(decoder) => Some(decoder.get_mut()),
            Coding::Zlib(decoder) => Some(decoder.get_mut()),
            Coding::Deflate(decoder) => Some(decoder.get_mut()),
            Coding::Undecided { .. } => None,
        }
    }
}

/// Zlib if the first two bytes are a zlib header (RFC 1950, section 2.2), else bare deflate.
fn decide(head: &[u8], limit: usize) -> Coding {
    let sink = Sink { out: Vec::new(), left: limit, overflowed: false };
    match head {
        [first, second, ..]
            if first & 0x0f == 8 && u16::from_be_bytes([*first, *second]).is_multiple_of(31) =>
        {
            Coding::Zlib(Box::new(ZlibDecoder::new(sink)))
        }
        _ => Coding::Deflate(Box::new(DeflateDecoder::new(sink))),
    }
}

/// Takes bytes up to a bound and then fails.
struct Sink {
    out: Vec<u8>,
    left: usize,
    overflowed: bool,
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(self.left);
        if taken == 0 && !bytes.is_empty() {
            self.overflowed = true;
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.out.extend_from_slice(&bytes[..taken]);
        self.left -= taken;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
