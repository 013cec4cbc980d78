//! Providers that follow OpenAI's interface: OpenAI itself, DeepSeek, Qwen, Moonshot, GLM, Ollama, vLLM and many
//! more.
//!
//! Source: OpenAI's API reference for `POST /chat/completions` (streamed) and `POST /embeddings`, read with the
//! deviations of the others in mind: usage may be missing or come with every chunk, the final `[DONE]` may be
//! missing, a server may send comments to keep the line open, end lines with CRLF, put an error into the stream,
//! or answer in one piece although a stream was asked for.

mod answer;
mod chat;
mod config;
mod embeddings;
mod failure;
mod request;

use std::time::Duration;

use async_trait::async_trait;
use http::Method;
use outbound::{Client, Limit};
use tokio::time::{Instant, sleep, timeout};

pub use config::{ApiKey, Auth, Config, SchemaMode, TokenLimit};

use crate::{
    chat::{Answer, ChatRequest, Usage},
    embed::{EmbedRequest, Embeddings},
    error::{Error, Phase},
    gate::Gate,
    provider::Provider,
    retry::Jitter,
    sink::Sink,
};

/// A provider that follows OpenAI's interface.
pub struct OpenAi {
    config: Config,
    client: Client,
    gate: Gate,
    jitter: Jitter,
}

impl OpenAi {
    /// The provider that `config` describes, called by `client`; `jitter` spreads the pauses before new tries.
    pub fn new(config: Config, client: Client, jitter: Jitter) -> Self {
        let gate = Gate::new(config.concurrency, config.queue);
        Self { config, client, gate, jitter }
    }

    /// The pause before trying again after `error`, or the error if it is final: also when the call's time, which
    /// is up at `deadline`, ends within the pause, since the error says more than that.
    fn pause(&self, tries: u32, error: Error, deadline: Option<Instant>) -> Result<Duration, Error> {
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        match self.config.retry.pause(tries, &error, (self.jitter)()) {
            Some(pause) if left.is_none_or(|left| pause < left) => {
                tracing::debug!(provider = self.config.name, tries, ?pause, kind = ?error.kind(), "trying again");
                Ok(pause)
            }
            _ => Err(error),
        }
    }

    /// The request to `path` under the base address, with the key.
    fn post(&self, path: &str, body: Vec<u8>, limit: Limit) -> Result<outbound::Request, Error> {
        let config = &self.config;
        let build = || {
            let mut request = outbound::Request::new(Method::POST, &config.endpoint(path))?
                .header("content-type", "application/json")?
                .body(body)
                .limit(limit);
            if let Some((name, value)) = config.auth.header() {
                request = request.header(&name, &value)?;
            }
            for (name, value) in &config.headers {
                request = request.header(name, value)?;
            }
            Ok(request)
        };
        build().map_err(|error: outbound::Error| Error::Unavailable {
            provider: config.name.clone(),
            reason: error.to_string(),
            source: None,
        })
    }

    async fn chat_at_the_gate(&self, request: &ChatRequest, sink: &mut Sink) -> Result<Answer, Error> {
        let deadline = Instant::now().checked_add(request.timeouts.total);
        let _place = self.gate.enter(&self.config.name).await?;
        let body = request::chat(request, &self.config);
        let mut tries = 0;
        loop {
            tries += 1;
            let error = match self.try_chat(request, &body, sink).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            // The watcher has seen text: starting over would show it twice and pay for it twice.
            if sink.has_begun() {
                return Err(error);
            }
            sleep(self.pause(tries, error, deadline)?).await;
        }
    }

    async fn embed_at_the_gate(&self, request: &EmbedRequest) -> Result<Embeddings, Error> {
        let deadline = Instant::now().checked_add(request.timeout);
        let _place = self.gate.enter(&self.config.name).await?;
        let mut all =
            Embeddings { vectors: Vec::with_capacity(request.texts.len()), usage: Usage::default() };
        for texts in request.texts.chunks(self.config.embed_batch.max(1)) {
            let mut tries = 0;
            let batch = loop {
                tries += 1;
                match self.try_embed(request, texts).await {
                    Ok(batch) => break batch,
                    Err(error) => sleep(self.pause(tries, error, deadline)?).await,
                }
            };
            embeddings::append(&mut all, batch).map_err(|reason| self.malformed(reason))?;
        }
        Ok(all)
    }

    fn malformed(&self, reason: impl Into<String>) -> Error {
        Error::Malformed { provider: self.config.name.clone(), reason: reason.into() }
    }

    /// `call`, or an error when it takes longer than `limit`.
    async fn within<T>(
        &self,
        limit: Duration,
        call: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let late = |_| Error::Timeout { provider: self.config.name.clone(), phase: Phase::Total, limit };
        timeout(limit, call).await.map_err(late)?
    }
}

#[async_trait]
impl Provider for OpenAi {
    fn name(&self) -> &str {
        &self.config.name
    }

    async fn chat(&self, request: &ChatRequest, sink: &mut Sink) -> Result<Answer, Error> {
        self.within(request.timeouts.total, self.chat_at_the_gate(request, sink)).await
    }

    async fn embed(&self, request: &EmbedRequest) -> Result<Embeddings, Error> {
        self.within(request.timeout, self.embed_at_the_gate(request)).await
    }
}
