//! Embeddings over the wire.

use inference::{EmbedRequest, Kind, Provider, Purpose, openai::Config};

use crate::server::{Reply, Server, provider};

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
