//! Where a call connects to, and whether that works.

use std::time::Duration;

use serde::Serialize;
use tokio::time::timeout;

use crate::{
    dial::Dialer,
    error::Error,
    progress::{Made, Progress, Trace},
    tls::Protocol,
};

/// Where a call connects to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Endpoint {
    /// The host's name or address, brackets around one of IPv6.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Whether the connection is secured from its first byte on.
    pub secure: bool,
}

impl Dialer {
    /// Connects as a call would, shakes hands, and hangs up: nothing is asked for. The trace tells how far it came.
    pub async fn probe(&self, endpoint: &Endpoint, limit: Duration) -> (Trace, Result<(), Error>) {
        let Endpoint { host, port, secure } = endpoint;
        let progress = Progress::new(limit);
        let reach = async {
            let (stream, remote) = self.connect(host, *port, &progress).await?;
            progress.made(Made { serial: 0, remote });
            if *secure {
                self.handshake(Protocol::Any, host, stream, &progress).await?;
            }
            Ok(())
        };
        let done = timeout(limit, reach).await;
        let done = done.unwrap_or_else(|_| Err(Error::Timeout { phase: progress.phase(), limit }));
        (progress.trace(None), done)
    }
}
