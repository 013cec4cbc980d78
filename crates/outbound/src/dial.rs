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
    proxy::Proxy,
    resolver::Resolve,
    tls::{Protocol, SecureStream, Tls},
};

/// How long an address has before the next is tried beside it (RFC 8305, section 5).
const STAGGER: Duration = Duration::from_millis(250);

/// Addresses of a name that are tried.
const ADDRESSES: usize = 8;

/// How long a name that a proxy will resolve may take to be resolved here first.
const LOOKUP: Duration = Duration::from_secs(2);

/// A TCP dialer under the guard, which every connection of the client is made by.
#[derive(Clone)]
pub struct Dialer {
    guard: Arc<Guard>,
    resolver: Arc<dyn Resolve>,
    proxy: Option<Arc<Proxy>>,
    tls: Tls,
}

/// The way to a host, judged.
enum Route<'a> {
    Direct(Vec<SocketAddr>),
    /// By the proxy, to the first of these that it connects to.
    Tunnel(&'a Proxy, Vec<Target>),
}

/// What the proxy is told to connect to.
enum Target {
    Address(SocketAddr),
    /// A name and a port; only the proxy knows where that is.
    Name(String),
}

impl Dialer {
    /// A dialer that asks `resolver` and obeys `policy`.
    pub fn new(policy: Policy, resolver: Arc<dyn Resolve>) -> Result<Self, Error> {
        let tls = Tls::new(&policy.trust)?;
        let guard = Arc::new(Guard::new(policy.allow));
        Ok(Self { guard, resolver, proxy: policy.proxy.map(Arc::new), tls })
    }

    /// A connection to `host` (a name or an address, brackets allowed), without a limit of its own, recording its steps. Gives also the address that was called: the
    /// proxy's own where only the proxy knows which one that is.
    pub(crate) async fn connect(
        &self,
        host: &str,
        port: u16,
        progress: &Progress,
    ) -> Result<(TcpStream, SocketAddr), Error> {
        let failed = |source| Error::Connect { host: host.to_owned(), source: Arc::new(source) };
        let route = self.route(host, port, progress).await?;
        let dialled = async {
            match route {
                Route::Direct(addresses) => race(addresses).await.map_err(failed),
                Route::Tunnel(proxy, targets) => self.tunnel(proxy, targets).await,
            }
        };
        let (stream, remote) = progress.timed(Phase::Connect, dialled).await?;
        stream.set_nodelay(true).map_err(failed)?;
        Ok((stream, remote))
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

    /// Judges `host` and finds the way to it. What the guard has not seen is not in it.
    async fn route(&self, host: &str, port: u16, progress: &Progress) -> Result<Route<'_>, Error> {
        if let Some(proxy) = self.proxy.as_deref().filter(|proxy| proxy.by_name && literal(host).is_none()) {
            return self.route_by_name(proxy, (host, port), progress).await;
        }
        let found = self.addresses(host, progress).await?;
        let mut survivors = self.guard.survivors(host, found)?;
        survivors.truncate(ADDRESSES);
        let at_port = |address| SocketAddr::new(address, port);
        match self.proxy.as_deref().filter(|proxy| !proxy.is_passed_by(&survivors)) {
            None => Ok(Route::Direct(survivors.into_iter().map(at_port).collect())),
            Some(proxy) => {
                // Few proxies reach both families.
                survivors.sort_by_key(IpAddr::is_ipv6);
                let targets = survivors.into_iter().map(at_port).map(Target::Address);
                Ok(Route::Tunnel(proxy, targets.collect()))
            }
        }
    }

    /// The way by a proxy that takes names. It will resolve this one by itself and take any of the answers, so here all
    /// of them must pass.
    async fn route_by_name<'a>(
        &self,
        proxy: &'a Proxy,
        (host, port): (&str, u16),
        progress: &Progress,
    ) -> Result<Route<'a>, Error> {
        let found = timeout(LOOKUP, self.addresses(host, progress)).await.ok().and_then(Result::ok);
        if let Some(found) = found {
            found.iter().try_for_each(|address| self.guard.judge(host, *address))?;
            if proxy.is_passed_by(&found) {
                let addresses = found.into_iter().take(ADDRESSES);
                return Ok(Route::Direct(addresses.map(|address| SocketAddr::new(address, port)).collect()));
            }
        }
        // A mail server's name comes here as a member wrote it, and must not be able to write a header.
        let is_name = |domain: &str| domain.eq_ignore_ascii_case(host);
        if matches!(url::Host::parse(host), Ok(url::Host::Domain(domain)) if is_name(&domain)) {
            return Ok(Route::Tunnel(proxy, vec![Target::Name(format!("{host}:{port}"))]));
        }
        Err(Error::InvalidUrl { reason: "its host is not a name".to_owned() })
    }

    /// The first tunnel to come about.
    async fn tunnel(&self, proxy: &Proxy, targets: Vec<Target>) -> Result<(TcpStream, SocketAddr), Error> {
        let mut failure = None;
        for target in targets {
            let (mut stream, at) = self.reach(proxy, &target).await?;
            match proxy.tunnel(&mut stream, &target.to_string()).await {
                Ok(()) => return Ok((stream, target.address().unwrap_or(at))),
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        Err(failure.unwrap_or_else(|| proxy.failed("no address", "none was given".to_owned())))
    }

    /// A connection to the proxy, which is the operator's choice: nobody has to judge it.
    async fn reach(&self, proxy: &Proxy, target: &Target) -> Result<(TcpStream, SocketAddr), Error> {
        let failed = |error: io::Error| {
            proxy.failed(&target.to_string(), format!("it could not be reached itself: {error}"))
        };
        let found = match literal(&proxy.host) {
            Some(known) => known,
            None => self.resolver.resolve(&proxy.host).await.map_err(failed)?,
        };
        let found = found.into_iter().take(ADDRESSES);
        race(found.map(|address| SocketAddr::new(address, proxy.port)).collect()).await.map_err(failed)
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

impl Target {
    fn address(&self) -> Option<SocketAddr> {
        match self {
            Self::Address(address) => Some(*address),
            Self::Name(_) => None,
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Name(name) => name.fmt(f),
        }
    }
}

impl fmt::Debug for Dialer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dialer").field("guard", &self.guard).finish_non_exhaustive()
    }
}

/// The addresses of a host that nobody needs to be asked about: an address in whichever spelling, or a name of this very
/// machine, which may not be looked up elsewhere (RFC 6761, section 6.3).
fn literal(host: &str) -> Option<Vec<IpAddr>> {
    let inner = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    if let Ok(address) = inner.parse() {
        return Some(vec![address]);
    }
    // Mail servers come as members write them: `0x7f.1` is what every resolver reads it as.
    if let Ok(url::Host::Ipv4(address)) = url::Host::parse(host) {
        return Some(vec![address.into()]);
    }
    let last = host.strip_suffix('.').unwrap_or(host).rsplit('.').next()?;
    let here = || vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
    last.eq_ignore_ascii_case("localhost").then(here)
}

/// The first connection to come about; each address gets a head start over the next.
async fn race(addresses: Vec<SocketAddr>) -> io::Result<(TcpStream, SocketAddr)> {
    let mut waiting = addresses.into_iter();
    let mut dialling = FuturesUnordered::new();
    let mut failure = io::Error::from(io::ErrorKind::AddrNotAvailable);
    loop {
        match waiting.next() {
            Some(address) => dialling.push(async move { Ok((TcpStream::connect(address).await?, address)) }),
            None if dialling.is_empty() => return Err(failure),
            None => {}
        }
        let head_start = if waiting.len() == 0 { Duration::MAX } else { STAGGER };
        match timeout(head_start, dialling.next()).await {
            Ok(Some(Ok(dialled))) => return Ok(dialled),
            Ok(Some(Err(error))) => failure = error,
            Ok(None) | Err(_) => {}
        }
    }
}
