//! Embeddings over the wire.

use std::time::Duration;

use bytes::Bytes;
use inference::{EmbedRequest, Error, Kind, Phase, Provider, Purpose, openai::Config};

use crate::server::{Reply, Server, Step, provider};

const SHORT: Duration = Duration::from_millis(150);

fn texts(count: usize) -> Vec<String> {
    (0..count).map(|number| number.to_string()).collect()
}

#[tokio::test]
async fn texts_go_in_batches_and_vectors_come_back_in_order() {
    let server = Server::start(vec![
        Reply::json(200, r#"{"data":[{"index":1,"embedding":[2,0]},{"index":0,"embedding":[1,0]}],"usage":{"prompt_tokens":3}}"#),
        Reply::json(503, ""),
        Reply::json(200, r#"{"data":[{"index":0,"embedding":[3,0]}],"usage":{"total_tokens":4}}"#),
    ])
    .await;
    let provider = provider(Config { embed_batch: 2, ..server.config() });
    let embeddings = provider.embed(&EmbedRequest::new("m", texts(3), Purpose::Document)).await.unwrap();
    assert_eq!(embeddings.vectors, [[1.0, 0.0], [2.0, 0.0], [3.0, 0.0]]);
    assert_eq!(embeddings.usage.input_tokens, Some(7));
    let seen = server.requests();
    assert_eq!(seen.len(), 3, "the second batch was tried twice");
    assert_eq!(seen[0].path, "/v1/embeddings");
    assert_eq!(seen[0].body["input"], serde_json::json!(["0", "1"]));
    assert_eq!(seen[2].body["input"], serde_json::json!(["2"]));
}

#[tokio::test]
async fn no_texts_need_no_call() {
    let server = Server::start(vec![Reply::json(500, "")]).await;
    let request = EmbedRequest::new("m", vec![], Purpose::Query);
    assert!(server.provider().embed(&request).await.unwrap().vectors.is_empty());
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn what_is_wrong_with_an_answer_is_said() {
    for (reply, kind) in [
        (Reply::json(401, r#"{"error":{"message":"bad key"}}"#), Kind::Unauthorised),
        (Reply::json(200, r#"{"error":{"message":"maximum context length is 512"}}"#), Kind::ContextTooLong),
        (Reply::json(200, r#"{"data":[]}"#), Kind::Malformed),
        (Reply::json(200, "<html>"), Kind::Malformed),
    ] {
        let server = Server::start(vec![reply]).await;
        let request = EmbedRequest::new("m", texts(1), Purpose::Query);
        assert_eq!(server.provider().embed(&request).await.unwrap_err().kind(), kind);
    }
}

/// The error of a call of a short time to a server with this one reply, and how often it was asked.
async fn error_of(reply: Reply) -> (Error, usize) {
    let server = Server::start(vec![reply]).await;
    let request = EmbedRequest { timeout: SHORT, ..EmbedRequest::new("m", texts(1), Purpose::Document) };
    let error = server.provider().embed(&request).await.unwrap_err();
    (error, server.requests().len())
}

fn json(steps: Vec<Step>) -> Reply {
    Reply { steps, ..Reply::json(200, "") }
}

#[tokio::test]
async fn a_server_that_takes_too_long_is_given_up_on_in_all() {
    let blank = || Bytes::from_static(b" ");
    for (name, steps) in [
        ("nothing at all", vec![Step::Hang]),
        ("a beginning", vec![Step::Send(Bytes::from_static(b"{\"data\":[")), Step::Hang]),
        ("drops", vec![Step::Drip(blank())]),
    ] {
        let (error, requests) = error_of(json(steps)).await;
        assert!(
            matches!(error, Error::Timeout { phase: Phase::Total, limit, .. } if limit == SHORT),
            "{name}: {error:?}"
        );
        assert!(error.is_transient() && requests == 1, "{name}: {requests}");
    }
}

#[tokio::test]
async fn an_answer_that_does_not_end_well_is_not_taken() {
    let vectors = r#"{"data":[{"embedding":[1,0]}]}"#;
    let lie = Reply::json(200, vectors).header("content-length", "9999");
    let whole = || Step::Send(Bytes::from_static(vectors.as_bytes()));
    // With a small pause, so that what came before goes out.
    let reset = json(vec![whole(), Step::Break]);
    for (name, reply) in [("lies about its length", lie), ("breaks", reset)] {
        let (error, requests) = error_of(reply).await;
        assert_eq!((error.kind(), error.is_transient()), (Kind::Unavailable, true), "{name}: {error:?}");
        assert_eq!(requests, 3, "{name}: nothing was shown, so that it can be asked again");
    }
}

#[tokio::test]
async fn an_endless_answer_is_malformed_and_a_redirect_is_not_followed() {
    let server = Server::start(vec![json(vec![Step::Forever(Bytes::from(" ".repeat(1 << 20)))])]).await;
    let request = EmbedRequest::new("m", texts(1), Purpose::Document);
    let error = server.provider().embed(&request).await.unwrap_err();
    assert!(error.kind() == Kind::Malformed && error.to_string().contains("longer than"), "{error}");
    assert_eq!(server.requests().len(), 1);

    let elsewhere = Server::start(vec![Reply::json(200, r#"{"data":[{"embedding":[1]}]}"#)]).await;
    let to = format!("http://{}/v1/embeddings", elsewhere.address);
    let (error, requests) = error_of(Reply::json(308, "").header("location", &to)).await;
    assert_eq!((error.kind(), error.is_transient(), requests), (Kind::BadRequest, false, 1), "{error:?}");
    assert!(elsewhere.requests().is_empty(), "it takes no key along");
}
