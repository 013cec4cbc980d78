//! The HTTP client.

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, StatusCode,
    header::{ACCEPT, ACCEPT_ENCODING, USER_AGENT},
};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::{
    client::legacy::{
        Client as Pool,
        connect::{CaptureConnection, capture_connection},
    },
    rt::{TokioExecutor, TokioTimer},
};
use tokio::time::{Instant, timeout_at};

use crate::{
    body::Body,
    connector::Connector,
    dial::Dialer,
    error::{Error, Phase},
    line::Line,
    policy::Policy,
    progress::{Made, Progress, Trace},
    request::{Request, Timeouts},
    resolver::Resolve,
    streaming::Streaming,
};

/// Idle connections are closed after this long: before most servers and balancers close them themselves.
const IDLE: Duration = Duration::from_secs(20);

/// The read buffer of a connection, which also bounds an answer's head.
const BUFFER: usize = 64 * 1024;

/// A deadline for a call that asks for more time than the clock can count.
const CENTURY: Duration = Duration::from_secs(100 * 365 * 86_400);

/// The HTTP client for addresses that a member can set. Cheap to clone; clones share their connections.
#[derive(Clone)]
pub struct Client {
    pool: Pool<Connector, Full<Bytes>>,
    connector: Connector,
    user_agent: HeaderValue,
}

/// An answer, read to its end or to the limit.
#[derive(Debug, Clone)]
pub struct Response {
    /// The status; a redirect is an answer like any other.
    pub status: StatusCode,
    /// The headers, as they came; `content-encoding` and `content-length` speak of the body on the wire.
    pub headers: HeaderMap,
    /// The body, decompressed if `decompressed` says so.
    pub body: Bytes,
    /// Whether the body went on past the limit.
    pub truncated: bool,
    /// Whether the body was compressed with gzip or deflate on the wire.
    pub decompressed: bool,
}

impl Client {
    /// A client under `policy` that asks `resolver` for addresses.
    pub fn new(policy: Policy, resolver: Arc<dyn Resolve>) -> Result<Self, Error> {
        let user_agent = HeaderValue::try_from(&policy.user_agent).map_err(|_| Error::InvalidHeader {
            name: USER_AGENT.to_string(),
            reason: "the product's name and version, without line breaks or controls",
        })?;
        let (sockets, idle_per_host) = (policy.sockets, policy.idle_per_host);
        let connector = Connector::new(Dialer::new(policy, resolver)?, sockets);
        let pool = Pool::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            // Without it an idle connection to a host that is never called again would stay for ever.
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(idle_per_host)
            .http1_max_buf_size(BUFFER)
            .build(connector.clone());
        Ok(Self { pool, connector, user_agent })
    }

    /// Makes a call and reads its answer.
    pub async fn send(&self, request: Request) -> Result<Response, Error> {
        self.attempt(request).await.1
    }

    /// As [`Self::send`], with the record of the attempt, which there is on failure too.
    pub async fn attempt(&self, request: Request) -> (Trace, Result<Response, Error>) {
        let mut call = Call::new(&request);
        let outcome = self.exchange(request, &mut call).await;
        (call.trace(), outcome)
    }

    /// Makes a call and returns as soon as the answer's head is there.
    ///
    /// The total deadline and the limit go on to hold for the body.
    pub async fn stream(&self, request: Request) -> Result<Streaming, Error> {
        let mut call = Call::new(&request);
        let limit = request.limit;
        let (head, incoming) = self.open(request, "identity", &mut call).await?.into_parts();
        let body = Body::new(incoming, &head.headers, limit, (call.timeouts, call.deadline))?;
        Ok(Streaming { status: head.status, headers: head.headers, trace: call.trace(), body })
    }

    /// The dialer beneath, for protocols other than HTTP.
    pub fn dialer(&self) -> &Dialer {
        self.connector.dialer()
    }

    /// A line to `host` (a name or an address, brackets allowed) for a protocol of lines. Nothing is dialled yet; what
    /// is done on it is to end within `limit`, which the caller sees to.
    pub fn line(&self, host: &str, port: u16, limit: Duration) -> Line {
        Line::new(self.connector.clone(), (host, port), limit)
    }

    async fn exchange(&self, request: Request, call: &mut Call) -> Result<Response, Error> {
        let limit = request.limit;
        let (head, incoming) = self.open(request, "gzip, deflate", call).await?.into_parts();
        let mut body = Body::new(incoming, &head.headers, limit, (call.timeouts, call.deadline))?;
        let bytes = body.collect().await?;
        Ok(Response {
            status: head.status,
            headers: head.headers,
            body: bytes,
            truncated: body.truncated(),
            decompressed: body.decodes(),
        })
    }

    /// Sends the request and waits for the head of the answer.
    async fn open(
        &self,
        request: Request,
        codings: &'static str,
        call: &mut Call,
    ) -> Result<http::Response<Incoming>, Error> {
        let mut message = http::Request::new(Full::new(request.body));
        *message.method_mut() = request.method;
        *message.uri_mut() = request.uri;
        *message.headers_mut() = request.headers;
        let mut default = |name: HeaderName, value| {
            message.headers_mut().entry(name).or_insert(value);
        };
        default(USER_AGENT, self.user_agent.clone());
        default(ACCEPT, HeaderValue::from_static("*/*"));
        default(ACCEPT_ENCODING, HeaderValue::from_static(codings));
        let captured = call.captured.insert(capture_connection(&mut message)).clone();

        let Timeouts { total, first_byte, .. } = call.timeouts;
        let patience = call.started.checked_add(first_byte).unwrap_or(call.deadline).min(call.deadline);
        let answer = call.progress.scope(self.pool.request(message));
        match timeout_at(patience, answer).await {
            Ok(Ok(answer)) => {
                call.progress.answered();
                Ok(answer)
            }
            Ok(Err(error)) => Err(Error::of_exchange(error)),
            Err(_) => {
                let connected = captured.connection_metadata().is_some();
                let phase = if connected { Phase::FirstByte } else { call.progress.phase() };
                Err(Error::Timeout { phase, limit: first_byte.min(total) })
            }
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("dialer", self.dialer()).finish_non_exhaustive()
    }
}

/// One call's clock and record.
struct Call {
    started: Instant,
    deadline: Instant,
    timeouts: Timeouts,
    progress: Progress,
    captured: Option<CaptureConnection>,
}

impl Call {
    fn new(request: &Request) -> Self {
        let started = Instant::now();
        let timeouts = request.timeouts;
        let deadline = started + timeouts.total.min(CENTURY);
        Self { started, deadline, timeouts, progress: Progress::new(timeouts.connect), captured: None }
    }

    fn trace(&self) -> Trace {
        let used = self.captured.as_ref().and_then(|captured| {
            let mut extensions = http::Extensions::new();
            captured.connection_metadata().as_ref()?.get_extras(&mut extensions);
            extensions.get::<Made>().copied()
        });
        self.progress.trace(used)
    }
}
