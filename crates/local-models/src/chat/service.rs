//! The chat model as a service: a queue in front, a thread of its own behind.

use std::{sync::Arc, time::Duration};

use inference::{Answer, ChatRequest, Error, Phase, Sink, Usage};
use tokio::{
    sync::mpsc,
    time::{Instant, timeout, timeout_at},
};

use super::generator::{Failure, Generated, Generator, Source};
use crate::{
    error,
    worker::{Model, Worker, died, unavailable},
};

/// Pieces of text under way from the thread to the caller. The caller only passes them on and never lets them
/// wait.
const PIECES: usize = 32;

/// The longest conversation, in bytes of text.
const TEXT: usize = 1024 * 1024;

/// The chat model in a thread of its own.
pub(crate) struct Service {
    worker: Worker<Generator>,
    provider: String,
    model: String,
}

pub(crate) struct Job {
    request: ChatRequest,
    events: mpsc::Sender<Event>,
}

/// What the thread reports.
pub(crate) enum Event {
    /// The job's turn has come and the model is loaded.
    Begun,
    /// More text.
    Text(String),
    /// The end.
    Ended(Result<Generated, Failure>),
    /// The model cannot be loaded.
    Unloadable(Arc<error::Error>),
}

impl Service {
    /// The model of `source`, called `model`, for `provider`, with `queue` jobs waiting at most.
    pub(crate) fn new(source: Source, model: String, provider: &str, queue: usize) -> Self {
        Self {
            worker: Worker::new(source, "local-chat", provider, queue),
            provider: provider.to_owned(),
            model,
        }
    }

    /// The model's name.
    pub(crate) fn model(&self) -> &str {
        &self.model
    }

    /// Answers the request, passing the text to `sink`.
    pub(crate) async fn chat(&self, request: &ChatRequest, sink: &mut Sink) -> Result<Answer, Error> {
        self.check(request)?;
        let limit = request.timeouts.total;
        let late = |_| self.late(Phase::Total, limit);
        timeout(limit, self.follow(request, sink)).await.map_err(late)?
    }

    fn check(&self, request: &ChatRequest) -> Result<(), Error> {
        let refused = |message| Err(Error::BadRequest { provider: self.provider.clone(), message });
        if request.model != self.model {
            return refused(format!("it has no chat model {:?}, but {:?}", request.model, self.model));
        }
        if request.messages.is_empty() {
            return refused("the conversation has no message".to_owned());
        }
        let bytes: usize = request.messages.iter().map(|message| message.to_text().len()).sum();
        if bytes > TEXT {
            let message = format!("it has {bytes} bytes, and {TEXT} are the most");
            return Err(Error::ContextTooLong { provider: self.provider.clone(), message });
        }
        Ok(())
    }

    async fn follow(&self, request: &ChatRequest, sink: &mut Sink) -> Result<Answer, Error> {
        let (events, mut reports) = mpsc::channel(PIECES);
        self.worker.submit(Job { request: request.clone(), events })?;
        let mut text = String::new();
        // Until its turn comes a call waits as long as its total allows.
        let mut patience: Option<(Phase, Duration, Instant)> = None;
        loop {
            let report = match patience {
                None => reports.recv().await,
                Some((phase, limit, until)) => {
                    timeout_at(until, reports.recv()).await.map_err(|_| self.late(phase, limit))?
                }
            };
            let wait =
                |phase, limit: Duration| Instant::now().checked_add(limit).map(|until| (phase, limit, until));
            match report.ok_or_else(|| died(&self.provider))? {
                Event::Begun => patience = wait(Phase::FirstToken, request.timeouts.first_token),
                Event::Text(piece) => {
                    text.push_str(&piece);
                    sink.push(&piece);
                    patience = wait(Phase::BetweenTokens, request.timeouts.between_tokens);
                }
                Event::Ended(outcome) => {
                    sink.flush();
                    let generated = outcome.map_err(|failure| self.failed(failure))?;
                    return Ok(self.answer(text, generated));
                }
                Event::Unloadable(error) => return Err(unavailable(&self.provider, error)),
            }
        }
    }

    fn answer(&self, text: String, generated: Generated) -> Answer {
        let Generated { finish, input_tokens, output_tokens } = generated;
        let usage =
            Usage { input_tokens: Some(input_tokens as u64), output_tokens: Some(output_tokens as u64) };
        Answer { text, finish, usage, model: self.model.clone() }
    }

    fn failed(&self, failure: Failure) -> Error {
        let provider = self.provider.clone();
        match failure {
            Failure::Cancelled => Error::Cancelled { provider },
            Failure::ContextTooLong { tokens, most } => {
                let message = format!("it has {tokens} tokens, and {most} are the most with the answer");
                Error::ContextTooLong { provider, message }
            }
            Failure::BadRequest(message) => Error::BadRequest { provider, message },
            Failure::Broken(reason) => Error::Unavailable { provider, reason, source: None },
        }
    }

    fn late(&self, phase: Phase, limit: Duration) -> Error {
        Error::Timeout { provider: self.provider.clone(), phase, limit }
    }
}

impl Model for Generator {
    type Source = Source;
    type Job = Job;

    fn load(source: &Source) -> Result<Self, error::Error> {
        Self::load(source)
    }

    fn is_abandoned(job: &Job) -> bool {
        job.events.is_closed()
    }

    fn work(&mut self, Job { request, events }: Job) {
        // A caller that has gone closes the channel; every report finds that out.
        let report = |event| events.blocking_send(event).is_ok();
        if !report(Event::Begun) {
            return;
        }
        let outcome = self.answer(&request, &mut |text| {
            if text.is_empty() { !events.is_closed() } else { report(Event::Text(text)) }
        });
        report(Event::Ended(outcome));
    }

    fn refuse(job: Job, error: Arc<error::Error>) {
        let _ = job.events.blocking_send(Event::Unloadable(error));
    }
}

#[cfg(test)]
mod tests {
    use inference::{Finish, Kind, Message};

    use super::*;

    fn service() -> Service {
        let source = Source { file: "/nowhere/model.gguf".into(), context: 512, threads: 1 };
        Service::new(source, "model".into(), "local", 4)
    }

    fn request(model: &str, text: &str) -> ChatRequest {
        ChatRequest::new(model, vec![Message::user(text)])
    }

    async fn error_of(request: ChatRequest) -> Error {
        service().chat(&request, &mut Sink::none()).await.unwrap_err()
    }

    #[tokio::test]
    async fn what_the_model_cannot_do_is_said_before_it_is_loaded() {
        let error = error_of(request("gpt-5", "hi")).await;
        assert_eq!(error.kind(), Kind::BadRequest);
        assert!(error.to_string().contains("\"model\""), "{error}");
        assert_eq!(error_of(ChatRequest::new("model", vec![])).await.kind(), Kind::BadRequest);
        assert_eq!(error_of(request("model", &"x".repeat(TEXT + 1))).await.kind(), Kind::ContextTooLong);
    }

    #[tokio::test]
    async fn a_model_that_is_not_there_is_unavailable_and_named() {
        let error = error_of(request("model", "hi")).await;
        assert_eq!(error.kind(), Kind::Unavailable);
        assert!(error.to_string().contains("/nowhere/model.gguf"), "{error}");
    }

    /// Serves one job as the test says and asks for its answer meanwhile.
    async fn served(
        events: Vec<Event>,
        silent_behind: bool,
        timeouts: inference::Timeouts,
    ) -> Result<Answer, Error> {
        let service = service();
        let mut jobs = service.worker.unserved();
        let request = ChatRequest { timeouts, ..request("model", "hi") };
        let mut sink = Sink::none();
        let serve = async {
            let job = jobs.recv().await.unwrap();
            for event in events {
                job.events.send(event).await.unwrap();
            }
            if silent_behind {
                job.events.closed().await;
            }
        };
        tokio::join!(service.chat(&request, &mut sink), serve).0
    }

    #[tokio::test(start_paused = true)]
    async fn each_silence_has_its_limit() {
        let timeouts = inference::Timeouts::default();
        let phase = |outcome: Result<Answer, Error>| match outcome.unwrap_err() {
            Error::Timeout { phase, .. } => phase,
            other => panic!("{other}"),
        };
        assert_eq!(phase(served(vec![], true, timeouts).await), Phase::Total);
        assert_eq!(phase(served(vec![Event::Begun], true, timeouts).await), Phase::FirstToken);
        let text = vec![Event::Begun, Event::Text("a".into())];
        assert_eq!(phase(served(text, true, timeouts).await), Phase::BetweenTokens);
    }

    #[tokio::test]
    async fn reports_become_an_answer_or_an_error() {
        let timeouts = inference::Timeouts::default();
        let generated = Generated { finish: Finish::Length, input_tokens: 3, output_tokens: 2 };
        let events =
            vec![Event::Begun, Event::Text("a".into()), Event::Text("b".into()), Event::Ended(Ok(generated))];
        let answer = served(events, false, timeouts).await.unwrap();
        assert_eq!(
            (answer.text.as_str(), answer.finish, answer.model.as_str()),
            ("ab", Finish::Length, "model")
        );
        assert_eq!(answer.usage, Usage { input_tokens: Some(3), output_tokens: Some(2) });
        let too_long = Failure::ContextTooLong { tokens: 9, most: 8 };
        let error = served(vec![Event::Ended(Err(too_long))], false, timeouts).await.unwrap_err();
        assert_eq!(error.kind(), Kind::ContextTooLong);
        let died = served(vec![Event::Begun], false, timeouts).await.unwrap_err();
        assert_eq!(died.kind(), Kind::Unavailable);
    }
}
