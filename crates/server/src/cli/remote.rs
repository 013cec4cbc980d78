//! Talking to a running server.

use std::{sync::Arc, time::Duration};

use anyhow::{Context, bail};
use clap::Args;
use http::Method;
use outbound::{Client, Limit, Policy, Request, SystemResolver, Timeouts};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use vault::Secret;

/// Which server, and the key for it.
#[derive(Args, Clone, Debug)]
pub(super) struct Remote {
    /// The server's address.
    #[arg(long, env = "LINCHPIN_URL", default_value = "http://127.0.0.1:8080", value_name = "URL")]
    url: String,
    /// An API key; make one in the console, or with POST /api/v1/api-keys.
    #[arg(long, env = "LINCHPIN_API_KEY", value_name = "KEY", hide_env_values = true)]
    api_key: Secret,
}

/// The most that an answer may hold.
const ANSWER: usize = 64 << 20;

impl Remote {
    /// Calls the API and gives its answer; a problem document becomes an error that says what it says.
    pub(super) async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<Value> {
        let mut request = self.request(method, path)?;
        if let Some(body) = body {
            request = request.header("content-type", "application/json")?.body(body.to_string());
        }
        self.send(request, path).await
    }

    /// Posts a file under its name.
    pub(super) async fn upload(
        &self,
        path: &str,
        name: &str,
        media_type: &str,
        content: Vec<u8>,
    ) -> anyhow::Result<Value> {
        let path = format!("{path}?name={}", utf8_percent_encode(name, NON_ALPHANUMERIC));
        let request = self.request(Method::POST, &path)?.header("content-type", media_type)?.body(content);
        self.send(request, &path).await
    }

    fn request(&self, method: Method, path: &str) -> anyhow::Result<Request> {
        let url = format!("{}{path}", self.url.trim_end_matches('/'));
        Ok(Request::new(method, &url)?
            .header("authorization", &format!("Bearer {}", self.api_key.expose()))?
            .timeouts(Timeouts::total(Duration::from_secs(60)))
            .limit(Limit::fail(ANSWER)))
    }

    async fn send(&self, request: Request, path: &str) -> anyhow::Result<Value> {
        // The person at the command line chose the address; there is nobody to guard against.
        let anywhere = vec!["0.0.0.0/0".parse()?, "::/0".parse()?];
        let policy = Policy::new(concat!("linchpin-cli/", env!("CARGO_PKG_VERSION"))).allow(anywhere);
        let client = Client::new(policy, Arc::new(SystemResolver::default()))?;
        let response = client.send(request).await.with_context(|| format!("{} does not answer", self.url))?;
        let answer: Value = if response.body.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&response.body)
                .with_context(|| format!("{}{path} did not answer with JSON", self.url))?
        };
        if response.status.is_success() {
            return Ok(answer);
        }
        match answer["detail"].as_str() {
            Some(detail) => bail!("{detail}"),
            None => bail!("{}{path} answered {}", self.url, response.status),
        }
    }
}
