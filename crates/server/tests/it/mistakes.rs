//! Calls of the API that are wrong in themselves.

use axum::http::Method;
use serde_json::json;

use crate::support::{Answer, Api, Server};

async fn put(api: &Api, content_type: &str, body: impl Into<bytes::Bytes>) -> Answer {
    let (name, value) = api.credentials.clone().unwrap();
    let url = format!("{}/api/v1/flows/x", api.url);
    api.http.call(Method::PUT, &url, &[(name, &value), ("content-type", content_type)], body).await
}

#[tokio::test]
async fn what_the_api_cannot_read_it_refuses_in_the_form_of_all_refusals() {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    let detail =
        |answer: Answer, status, code| answer.problem(status, code)["detail"].as_str().unwrap().to_owned();

    let broken = detail(put(&owner, "application/json", "{").await, 400, "bad_request");
    assert!(broken.starts_with("The body is no JSON: ") && broken.contains("line 1"), "{broken}");
    let lacking = detail(put(&owner, "application/json", "{}").await, 422, "invalid");
    assert!(lacking.starts_with("The body does not fit: missing field `definition`"), "{lacking}");
    put(&owner, "text/plain", "definition").await.problem(415, "content_type_unsupported");
    put(&owner, "application/json", vec![b' '; 17 << 20]).await.problem(413, "body_too_large");
    let query = detail(owner.get("/environments/production/events?limit=many").await, 400, "bad_request");
    assert!(query.starts_with("The query does not fit: limit"), "{query}");
    for (path, parameter) in [("runs?before=x", "`before`"), ("events?source=x", "`source`")] {
        let said = detail(owner.get(&format!("/environments/production/{path}")).await, 422, "invalid");
        assert!(said.starts_with(parameter) && said.contains("such ids look like"), "{said}");
    }
    for config in [json!({ "base_url": "nonsense" }), json!({ "base_ur": "https://a.example" }), json!({})] {
        let said = detail(owner.put("/providers/x", &json!({ "config": config })).await, 422, "invalid");
        assert!(
            said.starts_with("`config") && said.contains("`base_url`") || said.contains("https://"),
            "{said}"
        );
    }
    let secrets =
        json!({ "config": { "base_url": "https://a.example" }, "secrets": { "api_key": ["hunter2"] } });
    let said = detail(owner.put("/providers/x", &secrets).await, 422, "invalid");
    assert!(said.contains("`api_key`") && !said.contains("hunter2"), "{said}");
    let named =
        detail(owner.put("/environments/test/variables/1X", &json!({ "value": "" })).await, 422, "invalid");
    assert!(named.starts_with("`1X`"), "{named}");
    let version = detail(owner.get("/flows/x/versions/first").await, 400, "bad_request");
    assert!(version.contains("first"), "{version}");

    let method = owner.send(Method::PATCH, "/flows/x", &[], Some(&json!({}))).await;
    method.problem(405, "method_not_allowed");
    assert!(method.header("allow").unwrap().contains("PUT"), "{method:?}");
    owner.get("/nothing").await.problem(404, "not_found");
    owner.get("/environments/nowhere/events").await.problem(404, "not_found");
    let session = json!({ "email": "owner@example.com" });
    Api::nobody(&server).post("/session", &session).await.problem(422, "invalid");
}
