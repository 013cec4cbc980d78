//! Runs that are started by the API.

use axum::http::Method;
use serde_json::json;

use crate::support::{Api, Server, flow};

const ECHO: &str = "nodes:
  say: { kind: template, text: \"{{ input.query }} by {{ event.kind }}\" }
edges: [start -> say]
outputs: { text: \"{{ nodes.say.text }}\" }
";

const PATH: &str = "/flows/echo/runs";

async fn echo(server: &Server) -> Api {
    let owner = Api::set_up(server).await;
    owner.deploy("echo", &flow("echo", ECHO)).await;
    owner
}

#[tokio::test]
async fn a_run_is_started_and_answered_as_a_webhook_is() {
    let server = Server::fresh().await;
    let owner = echo(&server).await;
    let key = owner.key("operator").await;
    let call = json!({ "environment": "production", "input": { "query": "x" } });
    let receipt = key.post(PATH, &call).await;
    assert_eq!(receipt.status, 202);
    let event = receipt.header("linchpin-event").unwrap().to_owned();
    let receipt = receipt.ok();
    assert_eq!(receipt["event_id"], event.as_str());
    let status = receipt["status_url"].as_str().unwrap();
    let status = owner.http.call(Method::GET, status, &[], "").await;
    assert_eq!(status.ok()["event_id"], event.as_str());
    let trace = owner.settled(&event, 0).await;
    assert_eq!((&trace["kind"], &trace["source"]), (&json!("api"), &json!(null)));
    assert_eq!(trace["caller"], "key operator");
    assert_eq!(trace["runs"][0]["id"], receipt["run_id"]);

    let mut waiting = call.clone();
    waiting["reply"] = json!({ "mode": "wait", "deadline": "20s" });
    assert_eq!(key.post(PATH, &waiting).await.ok(), json!({ "text": "x by api" }));
    owner.key("viewer").await.post(PATH, &call).await.problem(403, "forbidden");
    Api::nobody(&server).post(PATH, &call).await.problem(401, "unauthenticated");
}

#[tokio::test]
async fn what_does_not_fit_is_named() {
    let server = Server::fresh().await;
    let owner = echo(&server).await;
    let call = async |change: serde_json::Value| {
        let mut call = json!({ "environment": "production", "input": { "query": "x" } });
        call.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        owner.post(PATH, &call).await
    };
    let problem = call(json!({ "input": { "query": 5, "qeury": "x" } })).await.problem(422, "field_invalid");
    let fields: Vec<_> = problem["errors"].as_array().unwrap().iter().map(|error| &error["field"]).collect();
    assert_eq!(fields, ["query", "qeury"]);
    assert_eq!(problem["errors"][1]["expected"], "Did you mean `query`?");
    call(json!({ "environment": "moon" })).await.problem(404, "not_found");
    call(json!({ "environment": "test" })).await.problem(409, "conflict");
    call(json!({ "version": 7 })).await.problem(404, "not_found");
    call(json!({ "wait": true })).await.problem(422, "invalid");
    let late = json!({ "reply": { "mode": "wait", "deadline": "1h" } });
    let problem = call(late).await.problem(422, "invalid");
    assert!(problem["detail"].as_str().unwrap().starts_with("reply.deadline: "), "{problem}");
    let events = owner.get("/environments/production/events").await.ok();
    assert_eq!(events["items"], json!([]), "nothing of it was taken");
    let one = json!({ "version": 1, "environment": "test", "reply": { "mode": "wait" } });
    assert_eq!(call(one).await.status, 200, "a version that is named need not be deployed");
}

#[tokio::test]
async fn a_key_starts_one_run_for_its_flow_in_its_environment() {
    let server = Server::fresh().await;
    let owner = echo(&server).await;
    owner.deploy("other", &flow("other", ECHO)).await;
    let deployment = json!({ "environment": "test", "version": 1 });
    assert_eq!(owner.post("/flows/echo/deployments", &deployment).await.status, 204);
    let call = async |flow: &str, environment: &str, query: &str| {
        let body = json!({
            "environment": environment, "input": { "query": query }, "reply": { "mode": "wait" },
        });
        let path = format!("/flows/{flow}/runs");
        owner.send(Method::POST, &path, &[("idempotency-key", "order-7")], Some(&body)).await
    };
    let first = call("echo", "production", "x").await;
    assert_eq!(first.header("linchpin-duplicate"), None);
    let again = call("echo", "production", "y").await;
    assert_eq!(again.header("linchpin-duplicate"), Some("true"));
    assert_eq!(again.header("linchpin-event"), first.header("linchpin-event"));
    assert_eq!(again.ok(), json!({ "text": "x by api" }), "what came of the first one");
    for (flow, environment) in [("echo", "test"), ("other", "production")] {
        let elsewhere = call(flow, environment, "z").await;
        assert_eq!(elsewhere.header("linchpin-duplicate"), None, "{flow} in {environment}");
        assert_eq!(elsewhere.ok(), json!({ "text": "z by api" }));
    }
}

#[tokio::test]
async fn a_draft_is_run_with_what_the_test_environment_has() {
    let server = Server::fresh().await;
    let owner = echo(&server).await;
    let draft = flow("echo", &ECHO.replace("by {{ event.kind }}", "as a draft"));
    assert_eq!(owner.put("/flows/echo", &json!({ "definition": draft })).await.status, 200);
    let call = async |change: serde_json::Value| {
        let mut call = json!({ "input": { "query": "x" }, "reply": { "mode": "wait" } });
        call.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        owner.post(PATH, &call).await
    };
    let answer = call(json!({ "version": "draft" })).await;
    let event = answer.header("linchpin-event").unwrap().to_owned();
    assert_eq!(answer.ok(), json!({ "text": "x as a draft" }));
    let trace = owner.trace(&event).await;
    assert_eq!((&trace["environment"], &trace["runs"][0]["version"]), (&json!("test"), &json!(0)));
    assert_eq!(call(json!({ "version": "draft", "environment": "test" })).await.status, 200);
    let elsewhere = call(json!({ "version": "draft", "environment": "production" })).await;
    let problem = elsewhere.problem(422, "invalid");
    assert!(problem["detail"].as_str().unwrap().contains("`test`"), "{problem}");
    let deployed = call(json!({ "version": "deployed", "environment": "production" })).await;
    assert_eq!(deployed.ok(), json!({ "text": "x by api" }));
    call(json!({})).await.problem(422, "invalid");
    let problem = call(json!({ "version": "newest" })).await.problem(422, "invalid");
    assert!(problem["detail"].as_str().unwrap().contains("`deployed` or `draft`"), "{problem}");
    let broken = draft.replace("start -> say", "start -> nowhere");
    owner.put("/flows/echo", &json!({ "definition": broken })).await;
    call(json!({ "version": "draft" })).await.problem(422, "flow_invalid");
}
