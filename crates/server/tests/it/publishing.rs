//! From a draft to an answer: drafts with problems, versions, deployments.

use serde_json::{Value, json};

use crate::support::{Api, Server, flow};

/// A flow that answers `says` with the query behind it.
fn saying(says: &str) -> String {
    flow(
        "shop",
        &format!(
            "nodes:
  answer: {{ kind: template, text: \"{says} {{{{ input.query }}}}\" }}
edges: [start -> answer]
outputs: {{ text: \"{{{{ nodes.answer.text }}}}\" }}
"
        ),
    )
}

async fn save(api: &Api, definition: &str) -> Value {
    api.put("/flows/shop", &json!({ "definition": definition })).await.ok()
}

#[tokio::test]
async fn a_draft_may_have_problems_and_a_version_may_not() {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    let broken = saying("Hello").replace("input.query", "input.qeury").replace("start ->", "begin ->");
    let saved = save(&owner, &broken).await;
    assert_eq!(saved["valid"], false, "{saved}");
    let detail = owner.get("/flows/shop").await.ok();
    assert_eq!(detail["draft"], broken, "the draft is kept as it was written");
    assert!(detail["problems"].as_array().is_some_and(|problems| !problems.is_empty()), "{detail}");

    let wrong = saying("Hello").replace("input.query", "input.qeury");
    save(&owner, &wrong).await;
    let refused =
        owner.post("/flows/shop/versions", &json!({ "note": "first" })).await.problem(422, "flow_invalid");
    let problem = &refused["problems"][0];
    assert_eq!(problem["node"], "answer", "{refused}");
    assert_eq!(problem["field"], "text", "{refused}");
    assert!(problem["reason"].as_str().unwrap().contains("qeury"), "{refused}");
    assert!(problem["suggestion"].as_str().unwrap().contains("query"), "{refused}");
    assert_eq!(owner.get("/flows/shop/versions").await.ok(), json!([]));

    save(&owner, &saying("Hello")).await;
    let version = owner.post("/flows/shop/versions", &json!({ "note": "first" })).await.ok();
    assert_eq!((&version["number"], &version["note"]), (&json!(1), &json!("first")));
    assert_eq!(version["created_by"], "Owner");
}

#[tokio::test]
async fn a_source_answers_once_its_flow_is_deployed() {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    save(&owner, &saying("Hello")).await;
    owner.post("/flows/shop/versions", &json!({})).await.ok();
    let source = owner.open_source("shop", "wait").await;
    source.post(&json!({ "query": "x" })).await.problem(503, "source_unavailable");

    let deploy = async |environment: &str, version: u32| {
        let to = json!({ "environment": environment, "version": version });
        owner.post("/flows/shop/deployments", &to).await
    };
    deploy("production", 2).await.problem(404, "not_found");
    deploy("nowhere", 1).await.problem(404, "not_found");
    assert_eq!(deploy("test", 1).await.status, 204);
    source.post(&json!({ "query": "x" })).await.problem(503, "source_unavailable");
    assert_eq!(deploy("production", 1).await.status, 204);
    assert_eq!(source.post(&json!({ "query": "x" })).await.ok(), json!({ "text": "Hello x" }));

    let deployments = owner.get("/flows/shop").await.ok()["deployments"].clone();
    let mut environments: Vec<_> =
        deployments.as_array().unwrap().iter().map(|d| d["environment"].as_str()).collect();
    environments.sort_unstable();
    assert_eq!(environments, [Some("production"), Some("test")]);
}

#[tokio::test]
async fn a_new_version_changes_the_answer_under_the_same_url_and_back() {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    owner.deploy("shop", &saying("Hello")).await;
    let source = owner.open_source("shop", "wait").await;
    let says = async || source.post(&json!({ "query": "x" })).await.ok()["text"].clone();
    assert_eq!(says().await, "Hello x");

    save(&owner, &saying("Draft")).await;
    assert_eq!(says().await, "Hello x", "a draft serves nobody");
    assert_eq!(owner.deploy("shop", &saying("Goodbye")).await, 2);
    assert_eq!(says().await, "Goodbye x");
    let back = json!({ "environment": "production", "version": 1 });
    owner.post("/flows/shop/deployments", &back).await.ok();
    assert_eq!(says().await, "Hello x");

    let first = owner.get("/flows/shop/versions/1").await.ok();
    assert_eq!(first["definition"], saying("Hello"), "a version never changes");
    assert_eq!(first["kinds"], json!({ "answer": "template@1" }));
}

#[tokio::test]
async fn a_flow_is_deployed_only_where_what_it_names_exists() {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    let target = json!({ "kind": "webhook", "url": "https://tickets.example.com/hook" });
    owner.destination("tickets", target, Value::Null).await;
    let telling = flow(
        "shop",
        "nodes:
  tell: { kind: deliver, destination: tickets, body: { query: \"{{ input.query }}\" } }
edges: [start -> tell]
",
    );
    assert_eq!(owner.deploy("shop", &telling).await, 1);
    let to_test = json!({ "environment": "test", "version": 1 });
    let refused = owner.post("/flows/shop/deployments", &to_test).await.problem(422, "flow_invalid");
    let problem = &refused["problems"][0];
    assert_eq!((&problem["node"], &problem["field"]), (&json!("tell"), &json!("destination")), "{refused}");
    assert!(problem["reason"].as_str().unwrap().contains("tickets"), "{refused}");
}

#[tokio::test]
async fn a_step_names_a_model_for_chat() {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    let provider = json!({ "config": { "base_url": "https://models.example.com/v1" } });
    owner.put("/providers/vendor", &provider).await.ok();
    let add = async |name: &str, purpose: &str| {
        let model = json!({ "provider": "vendor", "purpose": purpose });
        owner.put(&format!("/models/{name}"), &model).await.ok();
    };
    add("mini", "embedding").await;
    add("speaker", "chat").await;
    let thinking = |model: &str| {
        let nodes = format!(
            "nodes:
  think: {{ kind: llm, model: {model}, messages: [{{ user: \"{{{{ input.query }}}}\" }}] }}
edges: [start -> think]
outputs: {{ text: \"{{{{ nodes.think.text }}}}\" }}
"
        );
        flow("shop", &nodes)
    };
    for (model, code, reason, suggestion) in [
        ("mini", "wrong_purpose", "`mini` is for embedding", "`speaker`"),
        ("speakr", "unknown_resource", "no model `speakr`", "Did you mean `speaker`?"),
    ] {
        save(&owner, &thinking(model)).await;
        let refused = owner.post("/flows/shop/versions", &json!({})).await.problem(422, "flow_invalid");
        let problem = &refused["problems"][0];
        assert_eq!((&problem["node"], &problem["field"]), (&json!("think"), &json!("model")), "{refused}");
        assert_eq!(problem["code"], code, "{refused}");
        assert!(problem["reason"].as_str().unwrap().contains(reason), "{refused}");
        assert!(problem["suggestion"].as_str().unwrap().contains(suggestion), "{refused}");
    }
    save(&owner, &thinking("speaker")).await;
    owner.post("/flows/shop/versions", &json!({})).await.ok();
    add("speaker", "rerank").await;
    let to = json!({ "environment": "production", "version": 1 });
    let refused = owner.post("/flows/shop/deployments", &to).await.problem(422, "flow_invalid");
    assert_eq!(refused["problems"][0]["code"], "wrong_purpose", "{refused}");
}

#[tokio::test]
async fn what_cannot_be_a_flow_is_said_to_be_none() {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    let put = async |name: &str, text: &str| {
        owner.put(&format!("/flows/{name}"), &json!({ "definition": text })).await
    };
    put("Shop", &saying("x")).await.problem(422, "invalid");
    put("other", &saying("x")).await.problem(422, "invalid");
    let unreadable = put("shop", "linchpin: flow/v1\nname: [").await.ok();
    assert_eq!(unreadable["problems"][0]["code"], "not_readable", "{unreadable}");
    let checked = owner.post("/flow-validation", &json!({ "definition": saying("x") })).await.ok();
    assert_eq!(checked, json!({ "valid": true, "problems": [] }));
    assert_eq!(
        owner.get("/flows/shop").await.ok()["draft"],
        "linchpin: flow/v1\nname: [",
        "checking saves nothing"
    );
    owner.get("/flows/unknown").await.problem(404, "not_found");
    owner.post("/flows/unknown/versions", &json!({})).await.problem(404, "not_found");
}
