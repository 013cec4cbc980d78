//! A receiver of webhooks that answers as the test says and remembers what came.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use bytes::Bytes;
use parking_lot::Mutex;
use serde_json::Value;
use tokio::{
    net::TcpListener,
    sync::{Semaphore, watch},
    task::AbortHandle,
    time::Instant,
};

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// When it was there as a whole.
    pub(crate) at: Instant,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// What the receiver does with a request.
pub(crate) enum Reply {
    Status(u16),
    Full(Response),
    /// Never answers.
    Hang,
    /// Answers as soon as the gate gives a permit.
    Gate(Arc<Semaphore>, Box<Reply>),
    /// Takes so long.
    After(Duration, Box<Reply>),
}

/// The receiver. It goes when it is dropped.
pub(crate) struct Receiver {
    address: SocketAddr,
    shared: Arc<Shared>,
    task: AbortHandle,
}

type Answering = Box<dyn Fn(usize, &Seen) -> Reply + Send + Sync>;

struct Shared {
    answer: Answering,
    seen: Mutex<Vec<Seen>>,
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

impl Reply {
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::with(status, &[("content-type", "application/json")], body.to_string())
    }

    pub(crate) fn with(status: u16, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Self {
        let mut response = Response::builder().status(status);
        for (name, value) in headers {
            response = response.header(*name, *value);
        }
        Self::Full(response.body(Body::from(body.into())).unwrap())
    }
}

impl Receiver {
    /// Answers the nth request, from 0, as `answer` says.
    pub(crate) async fn start(answer: impl Fn(usize, &Seen) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            answer: Box::new(answer),
            seen: Mutex::default(),
            count: watch::Sender::new(0),
        });
        let router = Router::new().fallback(take).with_state(Arc::clone(&shared));
        let task = tokio::spawn(async move { axum::serve(listener, router).await }).abort_handle();
        Self { address, shared, task }
    }

    /// Takes everything.
    pub(crate) async fn accepting() -> Self {
        Self::start(|_, _| Reply::Status(200)).await
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}/{path}", self.address)
    }

    /// What came so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.shared.seen.lock().clone()
    }

    /// Waits until so many requests have come, and gives them.
    pub(crate) async fn until(&self, requests: usize) -> Vec<Seen> {
        let mut count = self.shared.count.subscribe();
        let came = tokio::time::timeout(Duration::from_secs(20), count.wait_for(|count| *count >= requests));
        assert!(came.await.is_ok(), "{} of {requests} requests came", self.seen().len());
        self.seen()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn take(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    // A sender that dies in the middle of its request has sent nothing.
    let Ok(body) = axum::body::to_bytes(body, 16 << 20).await else { return status(400) };
    let (path, query) = (head.uri.path().to_owned(), head.uri.query().unwrap_or_default().to_owned());
    let method = head.method.to_string();
    let seen = Seen { at: Instant::now(), method, path, query, headers: head.headers, body };
    let mut reply = {
        let mut all = shared.seen.lock();
        all.push(seen.clone());
        (shared.answer)(all.len() - 1, &seen)
    };
    shared.count.send_modify(|count| *count += 1);
    loop {
        match reply {
            Reply::Status(code) => return status(code),
            Reply::Full(response) => return response,
            Reply::Hang => std::future::pending().await,
            Reply::Gate(gate, then) => {
                gate.acquire().await.unwrap().forget();
                reply = *then;
            }
            Reply::After(time, then) => {
                tokio::time::sleep(time).await;
                reply = *then;
            }
        }
    }
}

fn status(code: u16) -> Response {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::from_u16(code).unwrap();
    response
}
