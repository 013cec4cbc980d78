//! Makes the connections: a socket within the bound, dialled under the guard, secured.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use futures_util::future::BoxFuture;
use http::{Uri, uri::Scheme};
use hyper_util::{
    client::legacy::connect::{Connected, Connection},
    rt::TokioIo,
};
use rustls::pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream};
use tower::Service;

use crate::{
    dial::Dialer,
    error::{Error, Phase},
    progress::{Made, Progress},
};

/// The limit for a connection that is made outside any call, which the pool does not do today.
const DEFAULT_LIMIT: Duration = Duration::from_secs(10);

#[derive(Clone)]
pub(crate) struct Connector {
    dialer: Dialer,
    tls: TlsConnector,
    /// The same for what is not HTTP, which must not say that it is.
    bare_tls: TlsConnector,
    sockets: Arc<Semaphore>,
    serial: Arc<AtomicU64>,
}

/// Whether a connection is secured, and for which protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Secured {
    Not,
    Http,
    Other,
}

impl Connector {
    pub(crate) fn new(dialer: Dialer, tls: Arc<rustls::ClientConfig>, sockets: usize) -> Self {
        let sockets = Arc::new(Semaphore::new(sockets.clamp(1, Semaphore::MAX_PERMITS)));
        let mut bare = (*tls).clone();
        bare.alpn_protocols.clear();
        let (tls, bare_tls) = (TlsConnector::from(tls), TlsConnector::from(Arc::new(bare)));
        Self { dialer, tls, bare_tls, sockets, serial: Arc::default() }
    }

    pub(crate) fn dialer(&self) -> &Dialer {
        &self.dialer
    }

    /// A socket to what an address names.
    async fn connect(self, uri: Uri, progress: Progress) -> Result<Socket, Error> {
        let secured = if uri.scheme() == Some(&Scheme::HTTPS) { Secured::Http } else { Secured::Not };
        let port = uri.port_u16().unwrap_or(if secured == Secured::Http { 443 } else { 80 });
        self.open((uri.host().unwrap_or_default(), port), secured, &progress).await
    }

    /// A socket to a host and port.
    pub(crate) async fn open(
        &self,
        to: (&str, u16),
        secured: Secured,
        progress: &Progress,
    ) -> Result<Socket, Error> {
        progress.enter(Phase::Queue);
        let permit = Arc::clone(&self.sockets).acquire_owned().await.map_err(Error::of_exchange)?;
        let limit = progress.connect_limit;
        let transport = timeout(limit, self.establish(to, secured, progress))
            .await
            .unwrap_or_else(|_| Err(Error::Timeout { phase: progress.phase(), limit }))?;
        let unknown = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);
        let made = Made {
            serial: self.serial.fetch_add(1, Ordering::Relaxed),
            // A peer that is gone already has no address; the first read will tell.
            remote: transport.tcp().peer_addr().unwrap_or(unknown),
        };
        progress.made(made);
        Ok(Socket { transport, made, _permit: permit })
    }

    async fn establish(
        &self,
        (host, port): (&str, u16),
        secured: Secured,
        progress: &Progress,
    ) -> Result<Transport, Error> {
        let stream = self.dialer.connect(host, port, progress).await?;
        match secured {
            Secured::Not => Ok(Transport::Plain(stream)),
            Secured::Http => secure(&self.tls, host, stream, progress).await,
            Secured::Other => secure(&self.bare_tls, host, stream, progress).await,
        }
    }

    /// The same socket, secured from here on.
    pub(crate) async fn upgrade(
        &self,
        socket: Socket,
        host: &str,
        progress: &Progress,
    ) -> Result<Socket, Error> {
        let transport = match socket.transport {
            Transport::Plain(stream) => secure(&self.bare_tls, host, stream, progress).await?,
            secured @ Transport::Secure(_) => secured,
        };
        Ok(Socket { transport, ..socket })
    }
}

async fn secure(
    tls: &TlsConnector,
    host: &str,
    stream: TcpStream,
    progress: &Progress,
) -> Result<Transport, Error> {
    let failed = |source| Error::Tls { host: host.to_owned(), source: Arc::new(source) };
    let name = ServerName::try_from(host.trim_matches(['[', ']']))
        .map_err(|error| failed(io::Error::new(io::ErrorKind::InvalidInput, error)))?
        .to_owned();
    let stream = progress.timed(Phase::Tls, tls.connect(name, stream)).await.map_err(failed)?;
    Ok(Transport::Secure(Box::new(stream)))
}

impl Service<Uri> for Connector {
    type Response = TokioIo<Socket>;
    type Error = Error;
    type Future = BoxFuture<'static, Result<Self::Response, Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        // Read here and not in the future, which the pool may move to a task of its own.
        let progress = Progress::current(DEFAULT_LIMIT);
        let connector = self.clone();
        Box::pin(async move { connector.connect(uri, progress).await.map(TokioIo::new) })
    }
}

/// A connection that counts among the client's sockets until it is closed.
pub(crate) struct Socket {
    transport: Transport,
    made: Made,
    _permit: OwnedSemaphorePermit,
}

impl Connection for Socket {
    fn connected(&self) -> Connected {
        Connected::new().extra(self.made)
    }
}

enum Transport {
    Plain(TcpStream),
    Secure(Box<TlsStream<TcpStream>>),
}

impl Transport {
    fn tcp(&self) -> &TcpStream {
        match self {
            Self::Plain(stream) => stream,
            Self::Secure(stream) => stream.get_ref().0,
        }
    }
}

/// Calls the same method of whichever transport it is.
macro_rules! either {
    ($socket:expr, $method:ident $(, $argument:expr)*) => {
        match &mut $socket.get_mut().transport {
            Transport::Plain(stream) => Pin::new(stream).$method($($argument),*),
            Transport::Secure(stream) => Pin::new(stream.as_mut()).$method($($argument),*),
        }
    };
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        either!(self, poll_read, cx, buffer)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        either!(self, poll_write, cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        either!(self, poll_write_vectored, cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        match &self.transport {
            Transport::Plain(stream) => stream.is_write_vectored(),
            Transport::Secure(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self, poll_flush, cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self, poll_shutdown, cx)
    }
}
