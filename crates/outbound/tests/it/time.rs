//! Servers that take their time.

use std::{sync::Arc, time::Duration};

use outbound::{Client, Error, Phase, Policy, Resolve, Resolving, Timeouts};
use tokio::{
    io::AsyncWriteExt,
    time::{Instant, interval},
};

use crate::server::{LONG, SHORT, client, get, hang, head, policy, start};

fn phase(error: &Error) -> Phase {
    match error {
        Error::Timeout { phase, .. } => *phase,
        other => panic!("not a timeout: {}", other.chain()),
    }
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_up_on() {
    let address = start(hang).await;
    let begun = Instant::now();
    let (trace, outcome) = client().attempt(get(address).timeouts(Timeouts::total(SHORT))).await;
    let error = outcome.unwrap_err();
    assert_eq!(phase(&error), Phase::FirstByte);
    assert!(error.is_transient());
    assert!(begun.elapsed() < LONG);
    assert_eq!(trace.remote, Some(address), "the attempt's log names the address even then");
    assert!(trace.total_ms >= 150, "{trace:?}");
}

#[tokio::test]
async fn a_body_that_drips_past_the_deadline_is_given_up_on() {
    let address = start(|mut stream| async move {
        head(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n").await.unwrap();
        let mut tick = interval(Duration::from_millis(5));
        while stream.write_all(b".").await.is_ok() {
            tick.tick().await;
        }
    })
    .await;
    let begun = Instant::now();
    let error = client().send(get(address).timeouts(Timeouts::total(SHORT))).await.unwrap_err();
    assert_eq!(phase(&error), Phase::Body);
    assert!(begun.elapsed() < LONG);
}

#[tokio::test]
async fn a_head_that_drips_past_the_deadline_is_given_up_on() {
    let address = start(|mut stream| async move {
        head(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\nx: ").await.unwrap();
        let mut tick = interval(Duration::from_millis(5));
        while stream.write_all(b".").await.is_ok() {
            tick.tick().await;
        }
    })
    .await;
    let error = client().send(get(address).timeouts(Timeouts::total(SHORT))).await.unwrap_err();
    assert_eq!(phase(&error), Phase::FirstByte);
}

#[tokio::test]
async fn a_pause_within_the_body_has_its_own_limit() {
    let address = start(|mut stream| async move {
        head(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf").await.unwrap();
        hang(stream).await;
    })
    .await;
    let timeouts = Timeouts { between: SHORT, ..Timeouts::total(LONG) };
    let error = client().send(get(address).timeouts(timeouts)).await.unwrap_err();
    assert!(matches!(error, Error::Timeout { phase: Phase::Body, limit } if limit == SHORT), "{error}");
}

struct Silent;

impl Resolve for Silent {
    fn resolve(&self, _: &str) -> Resolving {
        Box::pin(std::future::pending())
    }
}

#[tokio::test(start_paused = true)]
async fn a_resolver_that_never_answers_is_given_up_on_within_the_limit_for_connecting() {
    let client = Client::new(policy(), Arc::new(Silent)).unwrap();
    let request = outbound::Request::new(http::Method::GET, "http://erp.example/").unwrap();
    let timeouts = Timeouts { connect: SHORT, ..Timeouts::total(LONG) };
    let error = client.send(request.timeouts(timeouts)).await.unwrap_err();
    assert!(matches!(error, Error::Timeout { phase: Phase::Dns, limit } if limit == SHORT), "{error}");
    let error = client.line("erp.example", 25, SHORT).dial(false).await.unwrap_err();
    assert_eq!(phase(&error), Phase::Dns);
}

#[tokio::test]
async fn a_handshake_that_never_ends_is_given_up_on() {
    let address = start(hang).await;
    let request = outbound::Request::new(http::Method::GET, &format!("https://{address}/")).unwrap();
    let error = client().send(request.timeouts(Timeouts::total(SHORT))).await.unwrap_err();
    assert_eq!(phase(&error), Phase::Tls);
}

#[tokio::test]
async fn a_call_that_finds_no_free_socket_is_given_up_on() {
    let address = start(hang).await;
    let policy = Policy { sockets: 1, ..policy() };
    let client = Client::new(policy, Arc::new(outbound::SystemResolver::default())).unwrap();
    let first = client.send(get(address));
    let second = client.send(get(address).timeouts(Timeouts::total(SHORT)));
    let error = tokio::select! {
        biased;
        _ = first => panic!("the first call hangs"),
        outcome = second => outcome.unwrap_err(),
    };
    assert_eq!(phase(&error), Phase::Queue);
}

#[tokio::test]
async fn more_time_than_the_clock_can_count_is_no_panic() {
    let address = crate::server::canned("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
    let response = client().send(get(address).timeouts(Timeouts::total(Duration::MAX))).await.unwrap();
    assert_eq!(&response.body[..], b"ok");
}
