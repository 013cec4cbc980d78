//! Taking connections: how many at once, and how long one may be silent.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::ConnectInfo,
    http::{HeaderValue, header},
};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tower::ServiceExt;

use crate::linger::linger;

/// How long a connection may take to send a request's head, be it the first or the next.
const HEAD_TIME: Duration = Duration::from_secs(30);

/// The most that a connection holds of what has come and is not looked at yet; a head must fit in. What requests hold
/// beyond it is bounded for the whole server, and this is for each connection.
const BUFFER: usize = 64 << 10;

/// How long nothing is taken after the system had no room for a connection.
const NO_ROOM: Duration = Duration::from_millis(100);

/// Serves connections until told to stop, then waits until those that are open have had their answer.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    max_connections: usize,
    stop: impl Future<Output = ()>,
) {
    // HTTP/2 comes with TLS, which ends before this server; without it nobody speaks it.
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD_TIME).max_buf_size(BUFFER);
    let places = Arc::new(Semaphore::new(max_connections));
    let graceful = GracefulShutdown::new();
    let taking = async {
        loop {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
            let (stream, peer) = accept(&listener).await;
            let connection = builder.serve_connection(TokioIo::new(stream), answering(router.clone(), peer));
            tokio::spawn(hold(graceful.watch(connection), place));
        }
    };
    tokio::select! {
        () = taking => {}
        () = stop => {}
    }
    // From now on the system refuses connections; the next server may listen here.
    drop(listener);
    graceful.shutdown().await;
}

fn answering(
    router: Router,
    peer: SocketAddr,
) -> impl hyper::service::Service<
    hyper::Request<Incoming>,
    Response = axum::response::Response,
    Error = std::convert::Infallible,
    Future: Send,
> {
    service_fn(move |request: hyper::Request<Incoming>| {
        let is_held_back = request.headers().contains_key(header::EXPECT);
        let mut request = linger(request);
        request.extensions_mut().insert(ConnectInfo(peer));
        let answer = router.clone().oneshot(request);
        async move {
            let mut answer = answer.await?;
            // Who waits to be told to go on may not wait for long. A body that nobody has read ends the connection,
            // and only a sender that knows so sends its next request on another one (RFC 9110, section 10.1.1).
            if is_held_back && !answer.status().is_success() {
                answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            Ok(answer)
        }
    })
}

async fn hold<E: std::fmt::Display>(
    connection: impl Future<Output = Result<(), E>>,
    _place: OwnedSemaphorePermit,
) {
    if let Err(error) = connection.await {
        // The other side went away, was too slow or spoke no HTTP: its own affair.
        tracing::trace!(%error, "a connection ended early");
    }
}

async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                // Pieces of a stream are sent as they come. Where the system does not have that, they come late.
                let _ = stream.set_nodelay(true);
                return (stream, peer);
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be taken");
                tokio::time::sleep(NO_ROOM).await;
            }
        }
    }
}

/// Lets the process have as many open files as the system allows it, and gives how many connections that
/// leaves room for, no more than the operator wants.
pub(crate) fn room_for_connections(wanted: usize) -> usize {
    /// Files that the database, the log and the sockets of outbound calls need; half of all where there are few.
    const OTHERS: u64 = 256 + 1024;
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
    if let Err(error) = raised {
        tracing::debug!(%error, "the bound on open files stays as it is");
    }
    let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let room = usize::try_from(files - OTHERS.min(files / 2)).unwrap_or(usize::MAX);
    if room < wanted {
        tracing::warn!(
            connections = room,
            "the system allows fewer connections than `max_connections`; raise its bound on open files (`ulimit -n`)"
        );
    }
    room.min(wanted)
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        sync::oneshot,
    };

    use super::*;

    async fn serving(
        max_connections: usize,
    ) -> (SocketAddr, oneshot::Sender<()>, tokio::task::JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let peer = |ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.to_string() };
        let (stop, stopped) = oneshot::channel::<()>();
        let router = Router::new().route("/", get(peer));
        let server = tokio::spawn(serve(listener, router, max_connections, async {
            stopped.await.unwrap();
        }));
        (address, stop, server)
    }

    async fn ask(stream: &mut TcpStream) -> String {
        stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        let mut answer = vec![0; 4096];
        let read = stream.read(&mut answer).await.unwrap();
        String::from_utf8_lossy(&answer[..read]).into_owned()
    }

    #[tokio::test]
    async fn handlers_know_the_peer_and_a_stop_ends_idle_connections() {
        let (address, stop, server) = serving(10).await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        let answer = ask(&mut stream).await;
        assert!(answer.ends_with(&stream.local_addr().unwrap().to_string()), "{answer}");
        stop.send(()).unwrap();
        server.await.unwrap();
        assert_eq!(stream.read(&mut [0; 16]).await.unwrap(), 0, "closed");
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_silent_or_sends_half_a_head_is_cut_off() {
        for said in [&b""[..], b"G", b"GET / HTTP/1.1\r\nhost: x\r\nx-slow: "] {
            let (address, _stop, _server) = serving(10).await;
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(said).await.unwrap();
            let began = tokio::time::Instant::now();
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).await.unwrap();
            assert!(began.elapsed() >= HEAD_TIME);
        }
    }

    #[tokio::test]
    async fn a_body_that_was_held_back_and_is_not_wanted_ends_the_connection() {
        let (address, _stop, _server) = serving(10).await;
        for (expect, closes) in [("", false), ("expect: 100-continue\r\n", true)] {
            let mut stream = TcpStream::connect(address).await.unwrap();
            let request = format!("POST / HTTP/1.1\r\nhost: x\r\n{expect}content-length: 2\r\n\r\n{{}}");
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut answer = vec![0; 4096];
            let read = stream.read(&mut answer).await.unwrap();
            let answer = String::from_utf8_lossy(&answer[..read]);
            assert!(answer.starts_with("HTTP/1.1 405"), "{answer}");
            assert_eq!(answer.contains("connection: close"), closes, "{answer}");
        }
    }

    #[tokio::test]
    async fn beyond_the_bound_a_connection_waits_for_a_place() {
        let (address, _stop, _server) = serving(1).await;
        let mut first = TcpStream::connect(address).await.unwrap();
        ask(&mut first).await;
        let mut second = TcpStream::connect(address).await.unwrap();
        let mut answer = Box::pin(ask(&mut second));
        assert!(futures_util::poll!(&mut answer).is_pending());
        ask(&mut first).await;
        assert!(futures_util::poll!(&mut answer).is_pending(), "the first one still has the place");
        drop(first);
        assert!(answer.await.starts_with("HTTP/1.1 200"));
    }
}
