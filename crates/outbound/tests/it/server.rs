//! A server that does with a connection what the test says, and a client that may reach it.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use http::Method;
use outbound::{Client, Policy, Request, SystemResolver, Timeouts};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// A deadline that a test does not expect to reach.
pub(crate) const LONG: Duration = Duration::from_secs(20);
/// A deadline that a test expects to reach.
pub(crate) const SHORT: Duration = Duration::from_millis(150);

/// Serves every connection with `serve`, one task each, until the runtime ends.
pub(crate) async fn start<F, S>(serve: S) -> SocketAddr
where
    S: Fn(TcpStream) -> F + Send + Sync + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream));
        }
    });
    address
}

/// Answers the first request of each connection with `answer` as it is and closes.
pub(crate) async fn canned(answer: impl Into<Vec<u8>>) -> SocketAddr {
    let answer: Arc<[u8]> = answer.into().into();
    start(move |mut stream| {
        let answer = Arc::clone(&answer);
        async move {
            head(&mut stream).await;
            let _ = stream.write_all(&answer).await;
            let _ = stream.shutdown().await;
        }
    })
    .await
}

/// The head of the next request; empty when the peer has gone.
pub(crate) async fn head(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => bytes.push(byte),
            Err(_) => return String::new(),
        }
    }
    String::from_utf8(bytes).unwrap()
}

/// Leaves the connection open and silent until the peer closes it.
pub(crate) async fn hang(mut stream: TcpStream) {
    let mut bytes = [0; 1024];
    while matches!(stream.read(&mut bytes).await, Ok(read) if read > 0) {}
}

pub(crate) fn policy() -> Policy {
    Policy::new("test/1").allow(vec!["127.0.0.0/8".parse().unwrap()])
}

pub(crate) fn client() -> Client {
    Client::new(policy(), Arc::new(SystemResolver::default())).unwrap()
}

pub(crate) fn get(address: SocketAddr) -> Request {
    Request::new(Method::GET, &format!("http://{address}/")).unwrap().timeouts(Timeouts::total(LONG))
}
