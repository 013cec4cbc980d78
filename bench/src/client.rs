//! An ordinary HTTP client as the load: what a sender has that uses a library. It costs several times what bare
//! sockets do, so less of the machine is left to the server, and to the floor as well.

use std::net::SocketAddr;

use anyhow::Context;
use axum::{
    body::Bytes,
    http::{HeaderName, HeaderValue, Request, header},
};
use http_body_util::{BodyExt, Full};
use hyper_util::{
    client::legacy::{Client as Pool, connect::HttpConnector},
    rt::TokioExecutor,
};

/// A client with one connection.
pub(crate) struct Client {
    pool: Pool<HttpConnector, Full<Bytes>>,
    url: String,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Client {
    pub(crate) fn new(address: SocketAddr, path: &str, headers: &[String]) -> anyhow::Result<Self> {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let header = |line: &String| {
            let (name, value) = line.split_once(':').context("a header is `name: value`")?;
            anyhow::Ok((name.trim().parse()?, value.trim().parse()?))
        };
        Ok(Self {
            pool: Pool::builder(TokioExecutor::new()).build(connector),
            url: format!("http://{address}{path}"),
            headers: headers.iter().map(header).collect::<Result<_, _>>()?,
        })
    }

    /// Posts a JSON body, with an idempotency key or without, and gives the answer's status.
    pub(crate) async fn post(&self, key: Option<u64>, body: &str) -> anyhow::Result<u16> {
        let mut request = Request::post(&self.url).header(header::CONTENT_TYPE, "application/json");
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if let Some(key) = key {
            request = request.header("idempotency-key", format!("{key:016x}"));
        }
        let request = request.body(Full::new(Bytes::copy_from_slice(body.as_bytes())))?;
        let (head, body) = self.pool.request(request).await?.into_parts();
        body.collect().await?;
        Ok(head.status.as_u16())
    }
}
