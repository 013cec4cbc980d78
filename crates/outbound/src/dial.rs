//! Connects to a host: resolves it, drops the addresses that the guard refuses, dials the rest.

use std::{
    fmt, io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::{net::TcpStream, time::timeout};

use crate::{
    error::{Error, Phase},
    guard::Guard,
    progress::Progress,
    resolver::Resolve,
};

/// How long an address has before the next is tried beside it (RFC 8305, section 5).
const STAGGER: Duration = Duration::from_millis(250);

/// Addresses of a name that are tried.
const ADDRESSES: usize = 8;

/// A TCP dialer under the guard, for protocols other than HTTP.
#[derive(Clone)]
pub struct Dialer {
    guard: Arc<Guard>,
    resolver: Arc<dyn Resolve>,
}

impl Dialer {
    /// A dialer that asks `resolver` and obeys `guard`.
    pub fn new(guard: Guard, resolver: Arc<dyn Resolve>) -> Self {
        Self { guard: Arc::new(guard), resolver }
    }

    /// A connection to `host` (a name or an address, brackets allowed) within `limit`.
    pub async fn dial(&self, host: &str, port: u16, limit: Duration) -> Result<TcpStream, Error> {
        let progress = Progress::new(limit);
        timeout(limit, self.connect(host, port, &progress))
            .await
            .unwrap_or_else(|_| Err(Error::Timeout { phase: progress.phase(), limit }))
    }

    /// As [`Self::dial`], without a limit of its own, recording its steps.
    pub(crate) async fn connect(
        &self,
        host: &str,
        port: u16,
        progress: &Progress,
    ) -> Result<TcpStream, Error> {
        let survivors = self.survivors(host, port, progress).await?;
        let failed = |source| Error::Connect { host: host.to_owned(), source: Arc::new(source) };
        let stream = progress.timed(Phase::Connect, race(survivors)).await.map_err(failed)?;
        stream.set_nodelay(true).map_err(failed)?;
        Ok(stream)
    }

    async fn survivors(&self, host: &str, port: u16, progress: &Progress) -> Result<Vec<SocketAddr>, Error> {
        let literal = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
        if let Ok(address) = literal.parse::<IpAddr>() {
            self.guard.judge(host, address)?;
            return Ok(vec![SocketAddr::new(address, port)]);
        }
        let failed = |source| Error::Dns { host: host.to_owned(), source: Arc::new(source) };
        let found = progress.timed(Phase::Dns, self.resolver.resolve(host)).await.map_err(failed)?;
        let mut survivors = Vec::new();
        let mut refusal = None;
        for address in found {
            match self.guard.judge(host, address) {
                Ok(()) if survivors.len() < ADDRESSES => survivors.push(SocketAddr::new(address, port)),
                Ok(()) => break,
                Err(refused) => refusal = refusal.or(Some(refused)),
            }
        }
        match refusal {
            _ if !survivors.is_empty() => Ok(survivors),
            Some(refused) => Err(refused.into()),
            None => Err(failed(io::Error::new(io::ErrorKind::NotFound, "the name has no address"))),
        }
    }
}

impl fmt::Debug for Dialer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dialer").field("guard", &self.guard).finish_non_exhaustive()
    }
}

/// The first connection to come about; each address gets a head start over the next.
async fn race(addresses: Vec<SocketAddr>) -> io::Result<TcpStream> {
    let mut waiting = addresses.into_iter();
    let mut dialling = FuturesUnordered::new();
    let mut failure = io::Error::from(io::ErrorKind::AddrNotAvailable);
    loop {
        match waiting.next() {
            Some(address) => dialling.push(TcpStream::connect(address)),
            None if dialling.is_empty() => return Err(failure),
            None => {}
        }
        let head_start = if waiting.len() == 0 { Duration::MAX } else { STAGGER };
        match timeout(head_start, dialling.next()).await {
            Ok(Some(Ok(stream))) => return Ok(stream),
            Ok(Some(Err(error))) => failure = error,
            Ok(None) | Err(_) => {}
        }
    }
}
