//! Connects to a host: resolves it, drops the addresses that the guard refuses, dials the rest.

use std::{
    fmt, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::{net::TcpStream, time::timeout};

use crate::{
    error::{Error, Phase},
    guard::Guard,
    policy::Policy,
    progress::Progress,
    resolver::Resolve,
    tls::{Protocol, SecureStream, Tls},
};

/// How long an address has before the next is tried beside it (RFC 8305, section 5).
const STAGGER: Duration = Duration::from_millis(250);

/// Addresses of a name that are tried.
const ADDRESSES: usize = 8;

/// A TCP dialer under the guard: the client's own, and that of protocols other than HTTP, such as mail.
#[derive(Clone)]
pub struct Dialer {
    guard: Arc<Guard>,
    resolver: Arc<dyn Resolve>,
    tls: Tls,
}

impl Dialer {
    /// A dialer that asks `resolver` and obeys `policy`.
    pub fn new(policy: Policy, resolver: Arc<dyn Resolve>) -> Result<Self, Error> {
        let tls = Tls::new(&policy.trust)?;
        Ok(Self { guard: Arc::new(Guard::new(policy.allow)), resolver, tls })
    }

    /// A connection to `host` (a name or an address, brackets allowed) within `limit`.
    pub async fn dial(&self, host: &str, port: u16, limit: Duration) -> Result<TcpStream, Error> {
        within(limit, async |progress| self.connect(host, port, progress).await).await
    }

    /// As [`Self::dial`], secured from the first byte on; `limit` holds for both together.
    pub async fn dial_secure(&self, host: &str, port: u16, limit: Duration) -> Result<SecureStream, Error> {
        let both = async |progress: &Progress| {
            let stream = self.connect(host, port, progress).await?;
            self.handshake(Protocol::Any, host, stream, progress).await
        };
        within(limit, both).await
    }

    /// Secures a connection to `host` that began in the clear, as STARTTLS asks for.
    ///
    /// What the peer said in the clear counts for nothing afterwards; the caller must not have read ahead.
    pub async fn secure(
        &self,
        host: &str,
        stream: TcpStream,
        limit: Duration,
    ) -> Result<SecureStream, Error> {
        within(limit, async |progress| self.handshake(Protocol::Any, host, stream, progress).await).await
    }

    /// As [`Self::dial`], without a limit of its own, recording its steps.
    pub(crate) async fn connect(
        &self,
        host: &str,
        port: u16,
        progress: &Progress,
    ) -> Result<TcpStream, Error> {
        let found = self.addresses(host, progress).await?;
        let survivors = self.guard.survivors(host, found)?;
        let survivors = survivors.into_iter().take(ADDRESSES);
        let failed = |source| Error::Connect { host: host.to_owned(), source: Arc::new(source) };
        let dialled = race(survivors.map(|address| SocketAddr::new(address, port)).collect());
        let stream = progress.timed(Phase::Connect, dialled).await.map_err(failed)?;
        stream.set_nodelay(true).map_err(failed)?;
        Ok(stream)
    }

    /// Shakes hands, without a limit of its own.
    pub(crate) async fn handshake(
        &self,
        protocol: Protocol,
        host: &str,
        stream: TcpStream,
        progress: &Progress,
    ) -> Result<SecureStream, Error> {
        self.tls.secure(protocol, host, stream, progress).await
    }

    /// Where `host` leads to: at least one address, asked for once.
    async fn addresses(&self, host: &str, progress: &Progress) -> Result<Vec<IpAddr>, Error> {
        if let Some(known) = literal(host) {
            return Ok(known);
        }
        let failed = |source| Error::Dns { host: host.to_owned(), source: Arc::new(source) };
        let found = progress.timed(Phase::Dns, self.resolver.resolve(host)).await.map_err(failed)?;
        if found.is_empty() {
            return Err(failed(io::Error::new(io::ErrorKind::NotFound, "the name has no address")));
        }
        Ok(found)
    }
}

impl fmt::Debug for Dialer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dialer").field("guard", &self.guard).finish_non_exhaustive()
    }
}

/// Runs `step` within `limit`; on its end the error says what was under way.
async fn within<T>(
    limit: Duration,
    step: impl AsyncFnOnce(&Progress) -> Result<T, Error>,
) -> Result<T, Error> {
    let progress = Progress::new(limit);
    timeout(limit, step(&progress))
        .await
        .unwrap_or_else(|_| Err(Error::Timeout { phase: progress.phase(), limit }))
}

/// The addresses of a host that nobody needs to be asked about: an address, or a name of this very machine, which may
/// not be looked up elsewhere (RFC 6761, section 6.3).
fn literal(host: &str) -> Option<Vec<IpAddr>> {
    let inner = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    if let Ok(address) = inner.parse() {
        return Some(vec![address]);
    }
    let last = host.strip_suffix('.').unwrap_or(host).rsplit('.').next()?;
    let here = || vec![IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
    last.eq_ignore_ascii_case("localhost").then(here)
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
