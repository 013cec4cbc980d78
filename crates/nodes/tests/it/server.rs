//! An HTTP server that answers as the test says, and remembers what it was asked.

use std::{convert::Infallible, net::SocketAddr, sync::Arc};

use ::http::{HeaderMap, Method};
use http_body_util::{BodyExt, Full};
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use tokio::net::TcpListener;

#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    /// A server that gives every request this answer; `{seen}` in its body stands for the request's headers and
    /// address.
    pub(crate) async fn start(status: u16, content_type: &'static str, body: impl Into<String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (seen, body) = (Arc::<Mutex<Vec<Seen>>>::default(), body.into());
        let server = Self { address, seen: Arc::clone(&seen) };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (seen, body) = (Arc::clone(&seen), body.clone());
                let service = service_fn(move |request| {
                    answer(request, (status, content_type, body.clone()), Arc::clone(&seen))
                });
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        server
    }

    pub(crate) fn requests(&self) -> Vec<Seen> {
        self.seen.lock().clone()
    }
}

async fn answer(
    request: Request<Incoming>,
    (status, content_type, body): (u16, &'static str, String),
    seen: Arc<Mutex<Vec<Seen>>>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, incoming) = request.into_parts();
    let sent = incoming.collect().await.unwrap().to_bytes();
    let path = head.uri.path_and_query().unwrap().to_string();
    let echo = head.headers.iter().map(|(name, value)| format!("{name}: {};", value.to_str().unwrap()));
    let body = body.replace("{seen}", &format!("{path} {}", echo.collect::<String>()));
    seen.lock().push(Seen {
        method: head.method,
        path,
        headers: head.headers,
        body: String::from_utf8(sent.to_vec()).unwrap(),
    });
    let response = Response::builder().status(status).header("content-type", content_type);
    Ok(response
        .header("set-cookie", "session=1")
        .header("x-twice", "a")
        .header("x-twice", "b")
        .body(body.into())
        .unwrap())
}
