//! Documents that the API does not take.

use axum::http::Method;
use serde_json::json;

use crate::support::{Api, Server};

#[tokio::test]
async fn a_document_over_the_limit_is_refused_as_too_large() {
    const LIMIT: usize = 16 << 20;
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    assert_eq!(owner.put("/knowledge-bases/manual", &json!({})).await.status, 204);
    let url = format!("{}/api/v1/knowledge-bases/manual/documents?name=large.txt", server.url);
    let (name, value) = owner.credentials.clone().unwrap();
    let headers = [(name, value.as_str()), ("content-type", "text/plain")];
    let answer = owner.http.call(Method::POST, &url, &headers, vec![b'x'; LIMIT + 1]).await;
    answer.problem(413, "body_too_large");
    let documents = owner.get("/knowledge-bases/manual/documents").await.ok();
    assert_eq!(documents, json!([]));
}
