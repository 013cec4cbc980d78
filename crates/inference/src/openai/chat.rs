//! One try of a chat call.

use std::time::Duration;

use http::header::CONTENT_TYPE;
use outbound::{Limit, Streaming};
use tokio::time::{Instant, timeout_at};

use super::{
    OpenAi,
    answer::{Reading, Step},
};
use crate::{
    chat::{Answer, ChatRequest},
    error::{Error, Phase, presentable},
    sink::Sink,
    sse::{Event, Parser},
};

/// The most bytes of a stream: each token of the longest answer comes with some hundred bytes around it.
const STREAM: usize = 64 * 1024 * 1024;

/// The longest event.
const EVENT: usize = 1024 * 1024;

/// The longest error body that is read.
const COMPLAINT: usize = 64 * 1024;

/// How long to wait, once the model has ended, for a usage report or the stream's end: neither is worth losing
/// a complete answer for.
const AFTERMATH: Duration = Duration::from_secs(2);

impl OpenAi {
    /// Sends the request and reads the answer, passing its text to `sink`.
    pub(super) async fn try_chat(
        &self,
        request: &ChatRequest,
        body: &[u8],
        sink: &mut Sink,
    ) -> Result<Answer, Error> {
        let timeouts = request.timeouts;
        let started = Instant::now();
        let call =
            self.post("chat/completions", body.to_vec(), Limit::fail(STREAM))?.timeouts(outbound::Timeouts {
                total: timeouts.total,
                connect: timeouts.connect,
                first_byte: timeouts.first_token,
                // Tokens have their own clock below.
                between: timeouts.total,
            });
        let mut streaming =
            self.client.stream(call).await.map_err(|error| self.broken(Some(request), error))?;
        let status = streaming.status;
        if !status.is_success() {
            let body = self.complaint_of(&mut streaming, started, request).await;
            return Err(self.refused(status, &streaming.headers, &body));
        }
        let content_type = streaming.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let content_type = content_type.unwrap_or_default().to_owned();
        let reading = if content_type.starts_with("application/json") {
            self.read_whole(request, &mut streaming, sink).await?
        } else {
            self.read_stream(request, &mut streaming, started, sink).await?
        };
        sink.flush();
        if reading.is_empty() {
            let kind = presentable(&content_type, None);
            return Err(self.malformed(format!("there is no event in it, and its type is `{kind}`")));
        }
        reading.end(&request.model).map_err(|reason| self.malformed(reason))
    }

    async fn read_stream(
        &self,
        request: &ChatRequest,
        streaming: &mut Streaming,
        started: Instant,
        sink: &mut Sink,
    ) -> Result<Reading, Error> {
        let mut patience = Patience::new(request, started);
        let mut parser = Parser::new(EVENT);
        let mut reading = Reading::default();
        let mut events: Vec<Event> = Vec::new();
        loop {
            let piece = match timeout_at(patience.until, streaming.chunk()).await {
                Ok(piece) => piece,
                Err(_) if reading.is_finished() => return Ok(reading),
                Err(_) => return Err(patience.lost(&self.config.name)),
            };
            let piece = match piece {
                // A connection that is not closed properly behind a complete answer does not spoil it.
                Err(_) if reading.is_finished() => return Ok(reading),
                other => other.map_err(|error| self.broken(Some(request), error))?,
            };
            let ended = piece.is_none();
            match piece {
                Some(piece) => parser.push(&piece, &mut events),
                None => parser.finish().map(|last| events.extend(last)),
            }
            .map_err(|error| self.malformed(error.to_string()))?;
            for event in events.drain(..) {
                match reading.take(&event.data, sink).map_err(|reason| self.malformed(reason))? {
                    Step::Token => patience.renew(request, reading.is_finished()),
                    Step::Idle => {}
                    Step::Complaint(complaint) => return Err(self.complained(&complaint)),
                }
            }
            if ended || reading.is_done() {
                return Ok(reading);
            }
        }
    }

    /// Reads an answer that came in one piece although a stream was asked for.
    async fn read_whole(
        &self,
        request: &ChatRequest,
        streaming: &mut Streaming,
        sink: &mut Sink,
    ) -> Result<Reading, Error> {
        let body = streaming.rest().await.map_err(|error| self.broken(Some(request), error))?;
        let mut reading = Reading::default();
        match reading.take(&body, sink).map_err(|reason| self.malformed(reason))? {
            Step::Complaint(complaint) => Err(self.complained(&complaint)),
            Step::Token | Step::Idle => Ok(reading),
        }
    }

    /// The beginning of an error's body: as much as comes in time, since the status alone says enough.
    async fn complaint_of(
        &self,
        streaming: &mut Streaming,
        started: Instant,
        request: &ChatRequest,
    ) -> Vec<u8> {
        let until = Patience::new(request, started).until;
        let mut body = Vec::new();
        while body.len() < COMPLAINT {
            match timeout_at(until, streaming.chunk()).await {
                Ok(Ok(Some(piece))) => body.extend_from_slice(&piece),
                _ => break,
            }
        }
        body
    }
}

/// How long the next token is waited for.
struct Patience {
    until: Instant,
    phase: Phase,
    limit: Duration,
}

impl Patience {
    fn new(request: &ChatRequest, started: Instant) -> Self {
        let limit = request.timeouts.first_token;
        Self { until: later(started, limit), phase: Phase::FirstToken, limit }
    }

    fn renew(&mut self, request: &ChatRequest, finished: bool) {
        self.limit = if finished { AFTERMATH } else { request.timeouts.between_tokens };
        self.phase = Phase::BetweenTokens;
        self.until = later(Instant::now(), self.limit);
    }

    fn lost(&self, provider: &str) -> Error {
        Error::Timeout { provider: provider.to_owned(), phase: self.phase, limit: self.limit }
    }
}

/// `from` and `wait` added; a wait beyond the clock's end is a day.
fn later(from: Instant, wait: Duration) -> Instant {
    from.checked_add(wait).unwrap_or_else(|| from + Duration::from_secs(86_400))
}
