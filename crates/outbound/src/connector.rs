//! Makes the connections: a socket within the bound, dialled under the guard, secured.

use std::{
    io,
    net::SocketAddr,
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
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};
use tower::Service;

use crate::{
    dial::Dialer,
    error::{Error, Phase},
    progress::{Made, Progress},
    tls::{Protocol, SecureStream},
};

/// The limit for a connection that is made outside any call, which the pool does not do today.
const DEFAULT_LIMIT: Duration = Duration::from_secs(10);

#[derive(Clone)]
pub(crate) struct Connector {
    dialer: Dialer,
    sockets: Arc<Semaphore>,
    serial: Arc<AtomicU64>,
}

impl Connector {
    pub(crate) fn new(dialer: Dialer, sockets: usize) -> Self {
        let sockets = Arc::new(Semaphore::new(sockets.clamp(1, Semaphore::MAX_PERMITS)));
        Self { dialer, sockets, serial: Arc::default() }
    }

    pub(crate) fn dialer(&self) -> &Dialer {
        &self.dialer
    }

    /// A socket to what an address names.
    async fn connect(self, uri: Uri, progress: Progress) -> Result<Socket, Error> {
        let secured = (uri.scheme() == Some(&Scheme::HTTPS)).then_some(Protocol::Http);
        let port = uri.port_u16().unwrap_or(if secured.is_some() { 443 } else { 80 });
        self.open((uri.host().unwrap_or_default(), port), secured, &progress).await
    }

    /// A socket to a host and port, secured at once for a protocol or not.
    pub(crate) async fn open(
        &self,
        to: (&str, u16),
        secured: Option<Protocol>,
        progress: &Progress,
    ) -> Result<Socket, Error> {
        progress.enter(Phase::Queue);
        let permit = Arc::clone(&self.sockets).acquire_owned().await.map_err(Error::of_exchange)?;
        let limit = progress.connect_limit;
        let (transport, remote) = timeout(limit, self.establish(to, secured, progress))
            .await
            .unwrap_or_else(|_| Err(Error::Timeout { phase: progress.phase(), limit }))?;
        let made = Made { serial: self.serial.fetch_add(1, Ordering::Relaxed), remote };
        progress.made(made);
        Ok(Socket { transport, made, _permit: permit })
    }

    async fn establish(
        &self,
        (host, port): (&str, u16),
        secured: Option<Protocol>,
        progress: &Progress,
    ) -> Result<(Transport, SocketAddr), Error> {
        let (stream, remote) = self.dialer.connect(host, port, progress).await?;
        let transport = match secured {
            None => Transport::Plain(stream),
            Some(protocol) => self.secure(protocol, host, stream, progress).await?,
        };
        Ok((transport, remote))
    }

    /// The same socket, secured from here on.
    pub(crate) async fn upgrade(
        &self,
        socket: Socket,
        host: &str,
        progress: &Progress,
    ) -> Result<Socket, Error> {
        let transport = match socket.transport {
            Transport::Plain(stream) => self.secure(Protocol::Any, host, stream, progress).await?,
            secured @ Transport::Secure(_) => secured,
        };
        Ok(Socket { transport, ..socket })
    }

    async fn secure(
        &self,
        protocol: Protocol,
        host: &str,
        stream: TcpStream,
        progress: &Progress,
    ) -> Result<Transport, Error> {
        let stream = self.dialer.handshake(protocol, host, stream, progress).await?;
        Ok(Transport::Secure(Box::new(stream)))
    }
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
    Secure(Box<SecureStream>),
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
