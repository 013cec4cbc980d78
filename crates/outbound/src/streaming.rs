//! An answer that is read piece by piece.

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use crate::{body::Body, error::Error, progress::Trace};

/// An answer whose body is still coming. Dropping it closes the connection.
pub struct Streaming {
    /// The status.
    pub status: StatusCode,
    /// The headers, as they came.
    pub headers: HeaderMap,
    /// The times up to the answer's head.
    pub trace: Trace,
    pub(crate) body: Body,
}

impl Streaming {
    /// The next piece of the body, never empty; `None` at its end, or where the request's limit cut it.
    ///
    /// Safe to drop between pieces; nothing is lost by it.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        self.body.next().await
    }

    /// The rest of the body in one piece, under the same limits; for an answer that turns out not to be a
    /// stream, such as an error.
    pub async fn rest(&mut self) -> Result<Bytes, Error> {
        self.body.collect().await
    }

    /// Whether the limit cut the body.
    pub fn truncated(&self) -> bool {
        self.body.truncated()
    }
}

impl fmt::Debug for Streaming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Streaming").field("status", &self.status).finish_non_exhaustive()
    }
}
