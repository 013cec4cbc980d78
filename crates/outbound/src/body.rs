//! Reads an answer's body within its time and size.

use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use http_body::Body as _;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::time::{Instant, timeout_at};

use crate::{
    decode::Decoder,
    error::{Error, Phase},
    request::{Limit, Over, Timeouts},
};

/// Compressed bytes beyond the limit that a body may cost: a coding adds little to what it cannot shrink,
/// and one that goes on without giving anything is an attack.
const CODING_OVERHEAD: usize = 64 * 1024;

/// An answer's body on its way in.
pub(crate) struct Body {
    incoming: Incoming,
    decoder: Decoder,
    limit: Limit,
    wire_left: usize,
    between: Duration,
    total: Duration,
    deadline: Instant,
    state: State,
}

#[derive(PartialEq, Eq)]
enum State {
    Open,
    Whole,
    Truncated,
}

impl Body {
    /// The body of an answer with these headers. `deadline` is the moment at which `timeouts.total` is up.
    pub(crate) fn new(
        incoming: Incoming,
        headers: &HeaderMap,
        limit: Limit,
        (timeouts, deadline): (Timeouts, Instant),
    ) -> Result<Self, Error> {
        let decoder = Decoder::new(headers, limit.bytes);
        let announced = incoming.size_hint().lower();
        if limit.over == Over::Fail && !decoder.decodes() && announced > limit.bytes as u64 {
            return Err(Error::BodyTooLarge { limit: limit.bytes });
        }
        let wire_left =
            if decoder.decodes() { limit.bytes.saturating_add(CODING_OVERHEAD) } else { usize::MAX };
        let Timeouts { between, total, .. } = timeouts;
        Ok(Self { incoming, decoder, limit, wire_left, between, total, deadline, state: State::Open })
    }

    pub(crate) fn decodes(&self) -> bool {
        self.decoder.decodes()
    }

    /// Whether the body went on past the limit.
    pub(crate) fn truncated(&self) -> bool {
        self.state == State::Truncated
    }

    /// The next piece, decompressed and not empty; `None` at the end or the limit.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        while self.state == State::Open {
            let within = match self.frame().await? {
                Some(piece) if piece.len() > self.wire_left => false,
                Some(piece) => {
                    self.wire_left -= piece.len();
                    self.decoder.push(&piece)?
                }
                None => {
                    self.state = State::Whole;
                    self.decoder.finish()?
                }
            };
            if !within {
                self.state = State::Truncated;
                if self.limit.over == Over::Fail {
                    return Err(Error::BodyTooLarge { limit: self.limit.bytes });
                }
            }
            let out = self.decoder.take();
            if !out.is_empty() {
                return Ok(Some(out.into()));
            }
        }
        Ok(None)
    }

    /// The whole body, or as much as is wanted.
    pub(crate) async fn collect(&mut self) -> Result<Bytes, Error> {
        let Some(first) = self.next().await? else { return Ok(Bytes::new()) };
        let Some(second) = self.next().await? else { return Ok(first) };
        let mut all = Vec::with_capacity((first.len() + second.len()) * 2);
        all.extend_from_slice(&first);
        all.extend_from_slice(&second);
        while let Some(piece) = self.next().await? {
            all.extend_from_slice(&piece);
        }
        Ok(all.into())
    }

    /// The next piece off the wire; `None` at the end.
    async fn frame(&mut self) -> Result<Option<Bytes>, Error> {
        loop {
            let patience = Instant::now().checked_add(self.between).unwrap_or(self.deadline);
            let limit = if patience < self.deadline { self.between } else { self.total };
            let frame = timeout_at(patience.min(self.deadline), self.incoming.frame())
                .await
                .map_err(|_| Error::Timeout { phase: Phase::Body, limit })?;
            match frame {
                None => return Ok(None),
                Some(frame) => {
                    // Trailers say nothing that we read.
                    if let Ok(piece) = frame.map_err(Error::of_exchange)?.into_data() {
                        return Ok(Some(piece));
                    }
                }
            }
        }
    }
}
