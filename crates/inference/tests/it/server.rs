//! A server that answers as the test says and remembers what it was asked.

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::stream::{self, BoxStream, StreamExt};
use http_body_util::{BodyExt, StreamBody};
use hyper::{
    Request, Response,
    body::{Bytes, Frame, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use inference::openai::{ApiKey, Auth, Config, OpenAi};
use outbound::{Client, Policy, SystemResolver};
use serde_json::Value;
use tokio::{net::TcpListener, sync::Notify};

/// What a server does with one request.
#[derive(Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) steps: Vec<Step>,
}

/// A part of a reply's body.
#[derive(Clone)]
pub(crate) enum Step {
    /// These bytes.
    Send(Bytes),
    /// These bytes again and again, without a pause.
    Forever(Bytes),
    /// These bytes again and again, every few milliseconds.
    Drip(Bytes),
    /// Nothing more, though the connection stays.
    Hang,
    /// The connection breaks.
    Break,
}

/// A request that came.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) path: String,
    pub(crate) authorization: Option<String>,
    pub(crate) body: Value,
}

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) seen: Arc<Mutex<Vec<Seen>>>,
    /// Told whenever a reply's body is done with, sent whole or not.
    pub(crate) ended: Arc<Notify>,
}

impl Reply {
    pub(crate) fn events(text: &str) -> Self {
        Self::stream(vec![Step::Send(Bytes::from(text.to_owned()))])
    }

    pub(crate) fn stream(steps: Vec<Step>) -> Self {
        Self {
            status: 200,
            headers: vec![("content-type", "text/event-stream; charset=utf-8".into())],
            steps,
        }
    }

    pub(crate) fn json(status: u16, text: &str) -> Self {
        let steps = vec![Step::Send(Bytes::from(text.to_owned()))];
        Self { status, headers: vec![("content-type", "application/json".into())], steps }
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }
}

impl Server {
    /// Gives each request the next reply, and the last one from then on.
    pub(crate) async fn start(replies: Vec<Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::<Mutex<Vec<Seen>>>::default();
        let ended = Arc::<Notify>::default();
        let server = Self { address, seen: Arc::clone(&seen), ended: Arc::clone(&ended) };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (replies, seen, ended) = (replies.clone(), Arc::clone(&seen), Arc::clone(&ended));
                let service = service_fn(move |request| {
                    answer(request, replies.clone(), Arc::clone(&seen), Arc::clone(&ended))
                });
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        server
    }

    pub(crate) fn config(&self) -> Config {
        let mut config = Config::new(
            "vendor",
            format!("http://{}/v1", self.address),
            Auth::Bearer(ApiKey::new("sk-secret")),
        );
        config.retry.base = Duration::from_millis(2);
        config.retry.cap = Duration::from_millis(4);
        config
    }

    pub(crate) fn provider(&self) -> OpenAi {
        provider(self.config())
    }

    pub(crate) fn requests(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

pub(crate) fn provider(config: Config) -> OpenAi {
    let policy = Policy::new("test/1").allow(vec!["127.0.0.0/8".parse().unwrap()]);
    let client = Client::new(policy, Arc::new(SystemResolver::default())).unwrap();
    OpenAi::new(config, client, Arc::new(|| 0.5))
}

type Body = StreamBody<BoxStream<'static, Result<Frame<Bytes>, std::io::Error>>>;

async fn answer(
    request: Request<Incoming>,
    replies: Vec<Reply>,
    seen: Arc<Mutex<Vec<Seen>>>,
    ended: Arc<Notify>,
) -> Result<Response<Body>, Infallible> {
    let path = request.uri().path_and_query().unwrap().to_string();
    let authorization =
        request.headers().get("authorization").map(|value| value.to_str().unwrap().to_owned());
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let number = {
        let mut seen = seen.lock().unwrap();
        seen.push(Seen { path, authorization, body: serde_json::from_slice(&body).unwrap() });
        seen.len()
    };
    let reply = replies[(number - 1).min(replies.len() - 1)].clone();
    let mut response = Response::builder().status(reply.status);
    for (name, value) in &reply.headers {
        response = response.header(*name, value);
    }
    let guard = Ended(ended);
    let frames = stream::iter(reply.steps).flat_map(frames).map(move |frame| {
        let _ = &guard;
        frame
    });
    Ok(response.body(StreamBody::new(frames.boxed())).unwrap())
}

fn frames(step: Step) -> BoxStream<'static, Result<Frame<Bytes>, std::io::Error>> {
    match step {
        Step::Send(bytes) => stream::iter([Ok(Frame::data(bytes))]).boxed(),
        Step::Forever(bytes) => stream::repeat_with(move || Ok(Frame::data(bytes.clone()))).boxed(),
        Step::Drip(bytes) => stream::unfold(bytes, |bytes| async {
            tokio::time::sleep(Duration::from_millis(5)).await;
            Some((Ok(Frame::data(bytes.clone())), bytes))
        })
        .boxed(),
        Step::Hang => stream::pending().boxed(),
        // After what came before has gone out: a body's error makes hyper drop what it still holds.
        Step::Break => stream::once(async {
            tokio::time::sleep(Duration::from_millis(20)).await;
            Err(std::io::Error::other("broken on purpose"))
        })
        .boxed(),
    }
}

struct Ended(Arc<Notify>);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}
