//! A small proxy before the nodes: each request goes to the next node, past those that do not answer.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use anyhow::Context;
use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderName, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use http_body_util::Full;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use tokio::net::TcpListener;

/// The longest body that is passed on, in bytes. It is kept until a node has answered.
const LONGEST: usize = 8 << 20;

/// What belongs to one connection and is not passed on.
const OF_THE_CONNECTION: [HeaderName; 5] =
    [header::CONNECTION, header::TRANSFER_ENCODING, header::UPGRADE, header::TE, header::TRAILER];

/// Headers whose value a node knows a repeated request by.
const KEYS: [&str; 2] = ["webhook-id", "idempotency-key"];

pub(crate) struct Proxy {
    nodes: Vec<SocketAddr>,
    next: AtomicUsize,
    /// Requests that a node broke off, and that were sent to another.
    broken_off: AtomicUsize,
    client: Client<HttpConnector, Full<Bytes>>,
}

impl Proxy {
    /// Listens, and passes on until the program ends.
    pub(crate) async fn start(listen: SocketAddr, nodes: Vec<SocketAddr>) -> anyhow::Result<Arc<Self>> {
        let listener = TcpListener::bind(listen).await;
        let listener = listener.with_context(|| format!("is another server on {listen}?"))?;
        let client = Client::builder(TokioExecutor::new()).build_http();
        let (next, broken_off) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let proxy = Arc::new(Self { nodes, next, broken_off, client });
        let router = Router::new().fallback(pass_on).with_state(Arc::clone(&proxy));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(proxy)
    }

    /// Requests so far that a node broke off, and that were sent to another.
    pub(crate) fn broken_off(&self) -> usize {
        self.broken_off.load(Ordering::Relaxed)
    }

    /// The nodes, beginning with the one whose turn it is.
    fn in_turn(&self) -> impl Iterator<Item = SocketAddr> + use<'_> {
        let first = self.next.fetch_add(1, Ordering::Relaxed) % self.nodes.len().max(1);
        self.nodes[first..].iter().chain(&self.nodes[..first]).copied()
    }
}

async fn pass_on(State(proxy): State<Arc<Proxy>>, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LONGEST).await else {
        return (StatusCode::PAYLOAD_TOO_LARGE, "the body is too long, or broke off\n").into_response();
    };
    keep_to_itself(&mut parts.headers);
    for node in proxy.in_turn() {
        let Some(request) = addressed(&parts, node, &body) else {
            return StatusCode::BAD_REQUEST.into_response();
        };
        // Nothing has been answered yet as long as there is no response, not even in part.
        match proxy.client.request(request).await {
            Ok(mut response) => {
                keep_to_itself(response.headers_mut());
                return response.map(Body::new);
            }
            Err(error) if error.is_connect() => {}
            // The node may have done it. A node that sees it again must know it again.
            Err(_) if may_be_repeated(&parts) => drop(proxy.broken_off.fetch_add(1, Ordering::Relaxed)),
            Err(_) => return (StatusCode::BAD_GATEWAY, "the node broke off\n").into_response(),
        }
    }
    (StatusCode::BAD_GATEWAY, "no node answers\n").into_response()
}

fn addressed(parts: &Parts, node: SocketAddr, body: &Bytes) -> Option<axum::http::Request<Full<Bytes>>> {
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let mut request = axum::http::Request::new(Full::new(body.clone()));
    *request.method_mut() = parts.method.clone();
    *request.uri_mut() = format!("http://{node}{path}").parse().ok()?;
    *request.headers_mut() = parts.headers.clone();
    Some(request)
}

fn keep_to_itself(headers: &mut HeaderMap) {
    for name in &OF_THE_CONNECTION {
        headers.remove(name);
    }
}

fn may_be_repeated(parts: &Parts) -> bool {
    parts.method.is_safe() || KEYS.iter().any(|key| parts.headers.contains_key(*key))
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use bench::api;
    use tokio::io::AsyncReadExt;

    use super::*;

    const ANYWHERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

    /// A node that says its name and what it was sent.
    async fn node(name: &'static str) -> SocketAddr {
        let listener = TcpListener::bind(ANYWHERE).await.unwrap();
        let address = listener.local_addr().unwrap();
        let echo = move |body: String| async move { format!("{name} {body}") };
        let router = Router::new().fallback(echo);
        tokio::spawn(async move { axum::serve(listener, router).await });
        address
    }

    /// A node that takes every request and dies of it.
    async fn dying() -> SocketAddr {
        let listener = TcpListener::bind(ANYWHERE).await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                stream.read_u8().await.unwrap();
            }
        });
        address
    }

    /// A place where nobody listens.
    fn gone() -> SocketAddr {
        bench::process::free_address().unwrap()
    }

    /// What a proxy before these nodes answers to a few requests in turn, and what it counted.
    async fn answers(nodes: Vec<SocketAddr>, headers: &[String]) -> (Vec<(u16, String)>, usize) {
        let listen = gone();
        let proxy = Proxy::start(listen, nodes).await.unwrap();
        let mut answers = Vec::new();
        for _ in 0..4 {
            let sent = api::send(listen, ("POST", "/hooks/x?y"), headers, "body".to_owned()).await.unwrap();
            answers.push((sent.status, sent.body));
        }
        (answers, proxy.broken_off())
    }

    fn said(name: &str) -> (u16, String) {
        (200, format!("{name} body"))
    }

    #[tokio::test]
    async fn nodes_take_turns_and_who_is_gone_is_passed_over() {
        let nodes = vec![node("a").await, node("b").await, gone()];
        let (answers, broken_off) = answers(nodes, &[]).await;
        assert_eq!(answers, [said("a"), said("b"), said("a"), said("a")]);
        assert_eq!(broken_off, 0);
    }

    #[tokio::test]
    async fn what_was_broken_off_is_sent_again_only_under_a_key() {
        let key = ["webhook-id: m1".to_owned()];
        let (kept, broken_off) = answers(vec![dying().await, node("b").await], &key).await;
        assert_eq!((kept, broken_off), (vec![said("b"), said("b"), said("b"), said("b")], 2));
        let (lost, broken_off) = answers(vec![dying().await, node("b").await], &[]).await;
        let statuses: Vec<u16> = lost.into_iter().map(|(status, _)| status).collect();
        assert_eq!((statuses, broken_off), (vec![502, 200, 502, 200], 0));
    }

    #[tokio::test]
    async fn without_a_node_the_sender_is_told() {
        let (answers, _) = answers(vec![gone()], &[]).await;
        assert!(answers.iter().all(|(status, _)| *status == 502), "{answers:?}");
    }
}
