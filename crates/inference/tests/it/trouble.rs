//! Chat as it goes wrong.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use inference::{
    ChatRequest, EmbedRequest, Error, Kind, Phase, Provider, Purpose, Sink, Timeouts, openai::Config,
};
use tokio::{io::AsyncReadExt, net::TcpListener, time::Instant};

use crate::{
    chat::{HELLO, request},
    server::{Reply, Server, Step, provider},
};

const SHORT: Duration = Duration::from_millis(150);

async fn ask(server: &Server, request: &ChatRequest) -> Result<inference::Answer, Error> {
    server.provider().chat(request, &mut Sink::none()).await
}

/// The error of a call with these time-outs to a server with this one reply.
async fn error_of(reply: Reply, timeouts: Timeouts) -> Error {
    let request = ChatRequest { timeouts, ..request() };
    ask(&Server::start(vec![reply]).await, &request).await.unwrap_err()
}

fn send(text: &'static str) -> Step {
    Step::Send(Bytes::from_static(text.as_bytes()))
}

const TEXT: &str = "data: {\"choices\":[{\"delta\":{\"content\":\"text \"}}]}\n\n";

#[tokio::test]
async fn a_busy_provider_is_tried_again() {
    for status in [429, 500, 503] {
        let server =
            Server::start(vec![Reply::json(status, ""), Reply::json(status, ""), Reply::events(HELLO)]).await;
        assert_eq!(ask(&server, &request()).await.unwrap().text, "你好, world");
        assert_eq!(server.requests().len(), 3);
    }
}

#[tokio::test]
async fn tries_are_counted() {
    let server = Server::start(vec![Reply::json(503, r#"{"error":{"message":"down"}}"#)]).await;
    let error = ask(&server, &request()).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Overloaded);
    assert!(error.is_transient() && error.to_string().contains("down"), "{error}");
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn an_error_in_the_stream_before_the_first_token_is_tried_again_and_not_after() {
    let error = "data: {\"error\":{\"message\":\"overloaded\",\"code\":503}}\n\n";
    let server = Server::start(vec![Reply::events(error), Reply::events(HELLO)]).await;
    ask(&server, &request()).await.unwrap();
    assert_eq!(server.requests().len(), 2);

    let begun = Reply::stream(vec![send(TEXT), send(error)]);
    let server = Server::start(vec![begun, Reply::events(HELLO)]).await;
    assert_eq!(ask(&server, &request()).await.unwrap_err().kind(), Kind::Overloaded);
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn what_cannot_succeed_is_tried_once() {
    for (status, body, kind) in [
        (401, r#"{"error":{"message":"Incorrect API key provided: sk-secret"}}"#, Kind::Unauthorised),
        (400, r#"{"error":{"message":"bad"}}"#, Kind::BadRequest),
        (400, r#"{"error":{"code":"context_length_exceeded","message":"long"}}"#, Kind::ContextTooLong),
        (429, r#"{"error":{"code":"insufficient_quota","message":"pay"}}"#, Kind::Quota),
    ] {
        let server = Server::start(vec![Reply::json(status, body)]).await;
        let error = ask(&server, &request()).await.unwrap_err();
        assert_eq!(error.kind(), kind);
        assert!(!error.is_transient());
        assert!(!format!("{error} {error:?}").contains("sk-secret"), "{error:?}");
        assert_eq!(server.requests().len(), 1, "{kind:?}");
    }
}

#[tokio::test]
async fn a_wait_beyond_our_patience_is_passed_on_at_once() {
    let server = Server::start(vec![Reply::json(429, "").header("retry-after", "3600")]).await;
    let error = ask(&server, &request()).await.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(3600)));
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_pause_that_the_calls_time_does_not_allow_is_not_begun() {
    let server = Server::start(vec![Reply::json(503, r#"{"error":{"message":"down"}}"#)]).await;
    let mut config = server.config();
    config.retry.base = Duration::from_secs(3_600);
    config.retry.cap = config.retry.base;
    let provider = provider(config);
    let begun = Instant::now();
    let timeouts = Timeouts { total: Duration::from_secs(60), ..Timeouts::default() };
    let request = ChatRequest { timeouts, ..request() };
    let error = provider.chat(&request, &mut Sink::none()).await.unwrap_err();
    assert!(error.kind() == Kind::Overloaded && error.to_string().contains("down"), "{error}");
    let embed = EmbedRequest::new("m", vec!["a".into()], Purpose::Query);
    let error = provider.embed(&embed).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Overloaded, "the cause, and not that time ran out: {error}");
    assert_eq!(server.requests().len(), 2);
    assert!(begun.elapsed() < Duration::from_secs(20));
}

#[tokio::test]
async fn a_silent_provider_is_given_up_on_at_the_first_token() {
    let timeouts = Timeouts { first_token: SHORT, ..Timeouts::default() };
    let idle = "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n";
    for (name, reply) in [
        ("nothing at all", Reply::stream(vec![Step::Hang])),
        ("comments only", Reply::stream(vec![Step::Drip(Bytes::from_static(b": ping\n\n"))])),
        ("no text", Reply::stream(vec![Step::Drip(Bytes::from_static(idle.as_bytes()))])),
    ] {
        let error = error_of(reply, timeouts).await;
        assert!(
            matches!(error, Error::Timeout { phase: Phase::FirstToken, limit, .. } if limit == SHORT),
            "{name}: {error:?}"
        );
    }
}

#[tokio::test]
async fn a_provider_that_never_sends_a_head_is_given_up_on_at_the_first_token() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut config = Server::start(vec![Reply::events(HELLO)]).await.config();
    config.base_url = format!("http://{}", listener.local_addr().unwrap());
    let timeouts = Timeouts { first_token: SHORT, ..Timeouts::default() };
    let request = ChatRequest { timeouts, ..request() };
    let error = provider(config).chat(&request, &mut Sink::none()).await.unwrap_err();
    assert!(matches!(error, Error::Timeout { phase: Phase::FirstToken, .. }), "{error:?}");
}

#[tokio::test]
async fn a_provider_that_falls_silent_is_given_up_on_between_tokens() {
    let timeouts = Timeouts { between_tokens: SHORT, ..Timeouts::default() };
    let pings = Step::Drip(Bytes::from_static(b": ping\n\n"));
    for step in [Step::Hang, pings] {
        let error = error_of(Reply::stream(vec![send(TEXT), step]), timeouts).await;
        assert!(matches!(error, Error::Timeout { phase: Phase::BetweenTokens, .. }), "{error:?}");
        assert!(error.is_transient());
    }
}

#[tokio::test]
async fn an_answer_that_drips_for_ever_is_given_up_on_in_all() {
    let timeouts = Timeouts { total: Duration::from_millis(300), ..Timeouts::default() };
    let error =
        error_of(Reply::stream(vec![Step::Drip(Bytes::from_static(TEXT.as_bytes()))]), timeouts).await;
    assert!(matches!(error, Error::Timeout { phase: Phase::Total, .. }), "{error:?}");
}

#[tokio::test]
async fn an_endless_answer_is_malformed() {
    let long =
        format!("data: {{\"choices\":[{{\"delta\":{{\"content\":\"{}\"}}}}]}}\n\n", "x".repeat(500_000));
    let endless_text = Reply::stream(vec![Step::Forever(Bytes::from(long))]);
    let endless_comments = Reply::stream(vec![Step::Forever(Bytes::from(": ping\n".repeat(10_000)))]);
    let endless_line =
        Reply::stream(vec![Step::Forever(Bytes::from_static(b"data: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"))]);
    for (name, reply) in [("text", endless_text), ("comments", endless_comments), ("line", endless_line)] {
        let error = error_of(reply, Timeouts::default()).await;
        assert_eq!(error.kind(), Kind::Malformed, "{name}: {error}");
    }
}

#[tokio::test]
async fn a_connection_that_breaks_is_unavailable() {
    let error = error_of(Reply::stream(vec![send(TEXT), Step::Break]), Timeouts::default()).await;
    assert_eq!(error.kind(), Kind::Unavailable, "{error:?}");
    assert!(error.is_transient());
}

/// Resets every connection as soon as a request has come.
async fn resetting() -> (std::net::SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, requests) = (listener.local_addr().unwrap(), Arc::<AtomicUsize>::default());
    let counted = Arc::clone(&requests);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            stream.read_u8().await.unwrap();
            counted.fetch_add(1, Ordering::SeqCst);
            stream.set_zero_linger().unwrap();
        }
    });
    (address, requests)
}

#[tokio::test]
async fn a_connection_that_is_reset_before_the_answer_is_made_again() {
    let (address, requests) = resetting().await;
    let mut config = Server::start(vec![Reply::events(HELLO)]).await.config();
    config.base_url = format!("http://{address}/v1");
    let provider = provider(config);
    let error = provider.chat(&request(), &mut Sink::none()).await.unwrap_err();
    assert_eq!((error.kind(), error.is_transient()), (Kind::Unavailable, true), "{error:?}");
    assert_eq!(requests.load(Ordering::SeqCst), 3);
    let embed = EmbedRequest::new("m", vec!["a".into()], Purpose::Query);
    let error = provider.embed(&embed).await.unwrap_err();
    assert_eq!((error.kind(), error.is_transient()), (Kind::Unavailable, true), "{error:?}");
    assert_eq!(requests.load(Ordering::SeqCst), 6);
}

#[tokio::test]
async fn a_length_that_promises_too_much_is_unavailable() {
    let whole = r#"{"choices":[{"message":{"content":"all of it"},"finish_reason":"stop"}]}"#;
    let lying = |reply: Reply| {
        let steps = reply.steps.into_iter().chain([Step::Break]).collect();
        Reply { steps, ..reply }.header("content-length", "9999")
    };
    for (name, reply, requests) in [
        ("in one piece", Reply::json(200, whole), 3),
        ("a stream with text", Reply::events(TEXT), 1),
        ("a stream without", Reply::events(": ping\n\n"), 3),
    ] {
        let server = Server::start(vec![lying(reply)]).await;
        let error = ask(&server, &request()).await.unwrap_err();
        assert_eq!((error.kind(), error.is_transient()), (Kind::Unavailable, true), "{name}: {error:?}");
        assert_eq!(server.requests().len(), requests, "{name}: text that was shown is not asked for again");
    }
    let server = Server::start(vec![lying(Reply::events(HELLO))]).await;
    assert_eq!(ask(&server, &request()).await.unwrap().text, "你好, world", "the answer itself is complete");
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_takes_no_key_along() {
    let elsewhere = Server::start(vec![Reply::events(HELLO)]).await;
    let to = format!("http://{}/v1/chat/completions", elsewhere.address);
    for status in [301, 302, 307, 308] {
        let server = Server::start(vec![Reply::json(status, "").header("location", &to)]).await;
        let error = ask(&server, &request()).await.unwrap_err();
        assert_eq!((error.kind(), error.is_transient()), (Kind::BadRequest, false), "{error:?}");
        assert!(error.to_string().contains("not followed"), "{error}");
        assert_eq!(server.requests().len(), 1);
    }
    assert!(elsewhere.requests().is_empty());
}

#[tokio::test]
async fn an_error_that_never_ends_is_read_to_a_limit_and_in_the_time_of_the_first_token() {
    let said = r#"{"error":{"message":"down"#;
    let endless = Step::Forever(Bytes::from(" and out".repeat(1_000)));
    for step in [endless, Step::Drip(Bytes::from_static(b".")), Step::Hang] {
        let body = Step::Send(Bytes::from_static(said.as_bytes()));
        let reply = Reply { steps: vec![body, step], ..Reply::json(503, "") };
        let error = error_of(reply, Timeouts { first_token: SHORT, ..Timeouts::default() }).await;
        assert_eq!((error.kind(), error.is_transient()), (Kind::Overloaded, true), "{error:?}");
        let said = error.to_string();
        assert!(said.contains("down") && said.chars().count() < 700, "{said}");
    }
}

#[tokio::test]
async fn a_stream_that_ends_before_the_answer_is_malformed() {
    for reply in [Reply::events(TEXT), Reply::events(""), Reply::events("data: {not json\n\n")] {
        assert_eq!(error_of(reply, Timeouts::default()).await.kind(), Kind::Malformed);
    }
}

#[tokio::test]
async fn a_web_page_is_named_as_such() {
    let page = Step::Send(Bytes::from_static(b"<html>Please log in</html>"));
    let headers = vec![("content-type", "text/html".to_owned())];
    let error = error_of(Reply { status: 200, headers, steps: vec![page] }, Timeouts::default()).await;
    assert!(error.kind() == Kind::Malformed && error.to_string().contains("text/html"), "{error}");
}

#[tokio::test]
async fn an_address_the_operator_did_not_allow_is_unavailable_for_good() {
    let mut config = Server::start(vec![Reply::events(HELLO)]).await.config();
    config.base_url = "http://10.0.0.1/v1".into();
    let error = provider(config).chat(&request(), &mut Sink::none()).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unavailable);
    assert!(!error.is_transient());
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.contains("outbound.allow_cidrs"), "{source}");
}

#[tokio::test]
async fn a_dropped_call_closes_its_connection_and_frees_its_place() {
    let server = Server::start(vec![Reply::stream(vec![send(TEXT), Step::Hang]), Reply::events(HELLO)]).await;
    let provider = Arc::new(provider(Config { concurrency: 1, queue: 0, ..server.config() }));
    let (sender, mut watcher) = tokio::sync::mpsc::channel(10);
    let call = tokio::spawn({
        let provider = Arc::clone(&provider);
        async move { provider.chat(&request(), &mut Sink::new(sender)).await }
    });
    watcher.recv().await.unwrap();
    let busy = provider.chat(&request(), &mut Sink::none()).await.unwrap_err();
    assert!(matches!(busy, Error::Busy { .. }), "{busy}");
    call.abort();
    server.ended.notified().await;
    let _ = call.await;
    assert_eq!(provider.chat(&request(), &mut Sink::none()).await.unwrap().text, "你好, world");
}
