//! A call to make: address, headers, body, and the limits of its answer.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, uri::Scheme};
use url::Url;

use crate::{endpoint::Endpoint, error::Error};

/// Headers that frame the message or belong to the connection; a member who could set them could smuggle a
/// second request or call another host than the one that was judged.
const FRAMING: &[&str] = &[
    "connection",
    "content-length",
    "expect",
    "host",
    "http2-settings",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// A call to make.
#[derive(Debug, Clone)]
pub struct Request {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) timeouts: Timeouts,
    pub(crate) limit: Limit,
}

/// How long a call may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// From the start to the last byte of the body, waiting for a socket included.
    pub total: Duration,
    /// For resolving, connecting and securing a connection.
    pub connect: Duration,
    /// From the start to the head of the answer.
    pub first_byte: Duration,
    /// Between two pieces of the body.
    pub between: Duration,
}

/// How much of an answer's body is wanted, in bytes after decompression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    pub(crate) bytes: usize,
    pub(crate) over: Over,
}

/// What becomes of a body over the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Over {
    Truncate,
    Fail,
}

impl Timeouts {
    /// One deadline over everything, and nothing else.
    pub fn total(total: Duration) -> Self {
        Self { total, connect: total, first_byte: total, between: total }
    }
}

impl Default for Timeouts {
    /// 10 s over everything.
    fn default() -> Self {
        Self::total(Duration::from_secs(10))
    }
}

impl Limit {
    /// Keep the first `bytes` and drop the connection there.
    pub fn truncate(bytes: usize) -> Self {
        Self { bytes, over: Over::Truncate }
    }

    /// Fail with [`Error::BodyTooLarge`] when there are more than `bytes`.
    pub fn fail(bytes: usize) -> Self {
        Self { bytes, over: Over::Fail }
    }
}

impl Default for Limit {
    /// The first 64 KiB.
    fn default() -> Self {
        Self::truncate(64 * 1024)
    }
}

impl Request {
    /// A call of `method` to `url`, which is absolute, `http` or `https`, and without credentials.
    ///
    /// Hosts are read as browsers read them: internationalised names become punycode, and `0x7f.1`,
    /// `2130706433` and `017700000001` are all 127.0.0.1 before the guard sees them.
    pub fn new(method: Method, url: &str) -> Result<Self, Error> {
        Ok(Self {
            method,
            uri: parse(url)?,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            timeouts: Timeouts::default(),
            limit: Limit::default(),
        })
    }

    /// The same call to another address, under the same rules.
    pub fn at(self, url: &str) -> Result<Self, Error> {
        Ok(Self { uri: parse(url)?, ..self })
    }

    /// Adds a header; a name may come several times. Framing headers are the client's own.
    pub fn header(mut self, name: &str, value: &str) -> Result<Self, Error> {
        let refused = |reason| Error::InvalidHeader { name: name.chars().take(100).collect(), reason };
        let key = HeaderName::try_from(name)
            .map_err(|_| refused("a header's name has letters, digits and dashes"))?;
        if FRAMING.contains(&key.as_str()) {
            return Err(refused("it is set by the client itself"));
        }
        let mut value = HeaderValue::try_from(value)
            .map_err(|_| refused("a header's value has no line breaks or controls"))?;
        // Keeps values out of debug output: any of them may be a credential.
        value.set_sensitive(true);
        self.headers.try_append(key, value).map_err(|_| refused("there are too many headers"))?;
        Ok(self)
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// Sets the timeouts.
    #[must_use]
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// Sets how much of the answer is wanted.
    #[must_use]
    pub fn limit(mut self, limit: Limit) -> Self {
        self.limit = limit;
        self
    }

    /// Where it connects to.
    pub fn endpoint(&self) -> Endpoint {
        let secure = self.uri.scheme() == Some(&Scheme::HTTPS);
        let port = self.uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
        Endpoint { host: self.host().to_owned(), port, secure }
    }

    /// The host that will be called, as the guard will judge it.
    pub fn host(&self) -> &str {
        self.uri.host().unwrap_or_default()
    }
}

fn parse(text: &str) -> Result<Uri, Error> {
    let invalid = |reason: String| Error::InvalidUrl { reason };
    let url = Url::parse(text).map_err(|error| invalid(error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(invalid(format!("the scheme is {}, but only http and https are called", url.scheme())));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(invalid("it carries credentials; set them as authentication instead".to_owned()));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(invalid("it has no host".to_owned()));
    }
    if url.port() == Some(0) {
        return Err(invalid("port 0 cannot be called".to_owned()));
    }
    // Without the fragment, which is never sent.
    let sent = &url[..url::Position::AfterQuery];
    sent.parse().map_err(|_| invalid("a character in it must be percent-encoded".to_owned()))
}

#[cfg(test)]
mod tests;
