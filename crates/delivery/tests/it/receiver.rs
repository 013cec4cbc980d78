//! Receivers: one that speaks HTTP and answers as the test says, and one that does with a connection what the
//! test says.

use std::{convert::Infallible, net::SocketAddr, sync::Arc};

use http::{HeaderMap, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::{
    body::{Bytes, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
};

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// What a receiver does with a request.
pub(crate) enum Answer {
    Status(u16),
    Whole(Response<Full<Bytes>>),
    Hang,
    /// 200 as soon as the gate gives a permit.
    Gate(Arc<Semaphore>),
}

/// A receiver and what it has seen.
pub(crate) struct Receiver {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    count: watch::Sender<usize>,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

impl Answer {
    pub(crate) fn with(status: u16, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Self {
        let mut response = Response::builder().status(status);
        for (name, value) in headers {
            response = response.header(*name, *value);
        }
        Self::Whole(response.body(Full::new(body.into())).unwrap())
    }
}

impl Receiver {
    /// Answers the nth request, from 0, as `answer` says.
    pub(crate) async fn start(answer: impl Fn(usize, &Seen) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (seen, count) = (Arc::<Mutex<Vec<Seen>>>::default(), watch::channel(0).0);
        let shared = Arc::new((answer, Arc::clone(&seen), count.clone()));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let shared = Arc::clone(&shared);
                let service = service_fn(move |request| {
                    let shared = Arc::clone(&shared);
                    async move { Ok::<_, Infallible>(serve(request, &shared).await) }
                });
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        Self { address, seen, count }
    }

    /// Takes everything.
    pub(crate) async fn accepting() -> Self {
        Self::start(|_, _| Answer::Status(200)).await
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().clone()
    }

    /// Waits until so many requests have come.
    pub(crate) async fn until(&self, requests: usize) {
        self.count.subscribe().wait_for(|count| *count >= requests).await.unwrap();
    }
}

type Shared<F> = (F, Arc<Mutex<Vec<Seen>>>, watch::Sender<usize>);

async fn serve<F: Fn(usize, &Seen) -> Answer>(
    request: http::Request<Incoming>,
    (answer, seen, count): &Shared<F>,
) -> Response<Full<Bytes>> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let request =
        Seen { method: head.method.to_string(), target: head.uri.to_string(), headers: head.headers, body };
    let answer = {
        let mut seen = seen.lock();
        seen.push(request.clone());
        answer(seen.len() - 1, &request)
    };
    count.send_modify(|count| *count += 1);
    let status = |status| Response::builder().status(status).body(Full::default()).unwrap();
    match answer {
        Answer::Status(code) => status(code),
        Answer::Whole(response) => response,
        Answer::Hang => std::future::pending().await,
        Answer::Gate(gate) => {
            gate.acquire().await.unwrap().forget();
            status(200)
        }
    }
}

/// Reads the request of each connection and then does with it what `then` says; gives the address.
pub(crate) async fn rude<F>(then: impl Fn(usize, TcpStream) -> F + Send + 'static) -> String
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        for nth in 0.. {
            let Ok((mut stream, _)) = listener.accept().await else { return };
            read_request(&mut stream).await;
            tokio::spawn(then(nth, stream));
        }
    });
    format!("http://{address}/hook")
}

/// Answers as the bytes say and closes.
pub(crate) async fn raw(mut stream: TcpStream, answer: &str) {
    stream.write_all(answer.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
}

async fn read_request(stream: &mut TcpStream) {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        bytes.push(stream.read_u8().await.unwrap());
    }
    let head = String::from_utf8(bytes).unwrap().to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    stream.read_exact(&mut vec![0; length.parse().unwrap()]).await.unwrap();
}
