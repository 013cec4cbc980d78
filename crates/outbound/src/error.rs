//! What can go wrong with a call, and whether trying again may help.

use std::{io, sync::Arc, time::Duration};

use serde::Serialize;

use crate::guard::Refusal;

/// A call that did not end in a whole answer.
///
/// Messages name hosts, never paths, queries or headers, since those carry secrets.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The address is not one that can be called at all.
    #[error("the address cannot be used: {reason}")]
    InvalidUrl {
        /// What to change.
        reason: String,
    },
    /// A header cannot be sent.
    #[error("the header {name:?} cannot be sent: {reason}")]
    InvalidHeader {
        /// The header's name.
        name: String,
        /// What to change.
        reason: &'static str,
    },
    /// The client's own TLS settings are unusable.
    #[error("the TLS settings cannot be used")]
    Setup {
        /// The cause.
        #[source]
        source: Arc<rustls::Error>,
    },
    /// The guard refused every address that the host leads to.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The host's name has no address, or the resolver failed.
    #[error("the name {host} could not be resolved")]
    Dns {
        /// The host as written.
        host: String,
        /// The cause.
        #[source]
        source: Arc<io::Error>,
    },
    /// No connection came about.
    #[error("no connection to {host} came about")]
    Connect {
        /// The host as written.
        host: String,
        /// The cause, of the last address tried.
        #[source]
        source: Arc<io::Error>,
    },
    /// The operator's proxy could not be reached, or did not let the call through.
    #[error("the proxy {proxy} made no connection to {target}: {reason}")]
    Proxy {
        /// The proxy's host and port.
        proxy: String,
        /// The host, or the address that it was given, and the port.
        target: String,
        /// What the proxy did.
        reason: String,
    },
    /// The TLS handshake failed: certificate, name or protocol.
    #[error("no secure connection to {host} came about")]
    Tls {
        /// The host as written.
        host: String,
        /// The cause.
        #[source]
        source: Arc<io::Error>,
    },
    /// Time ran out.
    #[error("time ran out after {} ms while {}", limit.as_millis(), phase.describe())]
    Timeout {
        /// What the call was doing.
        phase: Phase,
        /// The limit that was reached.
        limit: Duration,
    },
    /// The connection broke before the answer was whole.
    #[error("the connection broke before the answer was complete")]
    Reset {
        /// The cause.
        #[source]
        source: Arc<dyn std::error::Error + Send + Sync>,
    },
    /// The answer is not HTTP, or what else was to be spoken, as we know it.
    #[error("the answer breaks the rules of its protocol")]
    Protocol {
        /// The cause.
        #[source]
        source: Arc<dyn std::error::Error + Send + Sync>,
    },
    /// The body's compression is broken.
    #[error("the answer's body could not be decompressed")]
    Decompress {
        /// The cause.
        #[source]
        source: Arc<io::Error>,
    },
    /// The body is longer than the request allows.
    #[error("the answer's body is longer than {limit} bytes")]
    BodyTooLarge {
        /// The request's limit in bytes, after decompression.
        limit: usize,
    },
}

/// An [`Error`] without its particulars, for decisions and for the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// [`Error::InvalidUrl`], [`Error::InvalidHeader`] or [`Error::Setup`].
    InvalidRequest,
    /// [`Error::Refused`].
    Refused,
    /// [`Error::Dns`].
    Dns,
    /// [`Error::Connect`] or [`Error::Proxy`].
    Connect,
    /// [`Error::Tls`].
    Tls,
    /// [`Error::Timeout`].
    Timeout,
    /// [`Error::Reset`].
    Reset,
    /// [`Error::Protocol`] or [`Error::Decompress`].
    Protocol,
    /// [`Error::BodyTooLarge`].
    BodyTooLarge,
}

/// What a call was doing when its time ran out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Waiting for one of the client's sockets.
    Queue,
    /// Resolving the name.
    Dns,
    /// Connecting.
    Connect,
    /// Shaking hands.
    Tls,
    /// Sending the request and waiting for the first byte of the answer.
    FirstByte,
    /// Reading the body.
    Body,
}

impl Error {
    /// The error's kind.
    pub fn kind(&self) -> Kind {
        match self {
            Self::InvalidUrl { .. } | Self::InvalidHeader { .. } | Self::Setup { .. } => Kind::InvalidRequest,
            Self::Refused(_) => Kind::Refused,
            Self::Dns { .. } => Kind::Dns,
            Self::Connect { .. } | Self::Proxy { .. } => Kind::Connect,
            Self::Tls { .. } => Kind::Tls,
            Self::Timeout { .. } => Kind::Timeout,
            Self::Reset { .. } => Kind::Reset,
            Self::Protocol { .. } | Self::Decompress { .. } => Kind::Protocol,
            Self::BodyTooLarge { .. } => Kind::BodyTooLarge,
        }
    }

    /// Whether the same call may succeed later. It says nothing about whether repeating it is safe: the
    /// server may have acted on a request whose answer was lost.
    pub fn is_transient(&self) -> bool {
        match self.kind() {
            Kind::Dns | Kind::Connect | Kind::Tls | Kind::Timeout | Kind::Reset | Kind::Protocol => true,
            Kind::InvalidRequest | Kind::Refused | Kind::BodyTooLarge => false,
        }
    }

    /// The error and its causes in one line, for the attempt log.
    pub fn chain(&self) -> String {
        let mut text = self.to_string();
        for cause in causes(self).skip(1) {
            let message = cause.to_string();
            // Many errors repeat their cause in their own message; say each thing once.
            if !text.ends_with(&message) {
                text.push_str(": ");
                text.push_str(&message);
            }
        }
        text
    }
}

impl Error {
    /// The error of an exchange that had begun: a cut connection, or an answer that is not HTTP. An error of
    /// this crate that travelled through hyper comes out as it went in.
    pub(crate) fn of_exchange(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        if let Some(own) = causes(&error).find_map(|cause| cause.downcast_ref::<Self>()) {
            return own.clone();
        }
        if is_cut(&error) {
            Self::Reset { source: Arc::new(error) }
        } else {
            Self::Protocol { source: Arc::new(error) }
        }
    }
}

impl Phase {
    fn describe(self) -> &'static str {
        match self {
            Self::Queue => "waiting for a free socket",
            Self::Dns => "resolving the name",
            Self::Connect => "connecting",
            Self::Tls => "securing the connection",
            Self::FirstByte => "waiting for the answer",
            Self::Body => "reading the answer",
        }
    }
}

/// The error itself and what caused it, outermost first.
fn causes<'a>(
    error: &'a (dyn std::error::Error + 'static),
) -> impl Iterator<Item = &'a (dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error), |error| error.source())
}

/// Whether the connection was closed or broken, as opposed to carrying something that is not HTTP.
fn is_cut(error: &(dyn std::error::Error + 'static)) -> bool {
    causes(error).any(|cause| {
        if let Some(hyper) = cause.downcast_ref::<hyper::Error>() {
            return hyper.is_incomplete_message() || hyper.is_closed() || hyper.is_canceled();
        }
        // Hyper reports bad framing as invalid input or data; all else comes from the socket.
        cause
            .downcast_ref::<io::Error>()
            .is_some_and(|io| !matches!(io.kind(), io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput))
    })
}
