//! Providers and models, as members set them and as flows call them.

use serde_json::{Value, json};

use crate::{
    models::model,
    support::{Api, Receiver, Reply, Server, flow},
};

const KEY: &str = "sk-first-8d1f20";

async fn answering() -> Receiver {
    Receiver::start(|_, seen| {
        let said = seen.json()["model"].clone();
        Reply::json(200, &json!({ "choices": [{ "message": { "content": said }, "finish_reason": "stop" }] }))
    })
    .await
}

fn thinking(model: &str) -> String {
    let node = format!("kind: llm, model: {model}, messages: [{{ user: hi }}]");
    let rest = format!(
        "nodes: {{ think: {{ {node} }} }}\nedges: [start -> think]\noutputs: {{ said: \"{{{{ nodes.think.text }}}}\" }}\n"
    );
    flow("thinking", &rest)
}

#[tokio::test]
async fn a_change_of_a_provider_holds_from_the_next_call_on_and_its_key_is_never_shown() {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    let receiver = answering().await;
    let set = async |config: Value, secrets: Value| {
        let provider = json!({ "config": config, "secrets": secrets });
        assert_eq!(owner.put("/providers/vendor", &provider).await.status, 204);
    };
    let config = json!({ "base_url": receiver.url("v1") });
    set(config.clone(), json!({ "api_key": KEY })).await;
    let chosen = json!({ "provider": "vendor", "purpose": "chat", "model": "exact-name-1" });
    assert_eq!(owner.put("/models/clever", &chosen).await.status, 204);
    owner.deploy("thinking", &thinking("clever")).await;
    let source = owner.open_source("thinking", "wait").await;
    let ask = async || source.post(&json!({ "query": "x" })).await.ok();
    assert_eq!(ask().await, json!({ "said": "exact-name-1" }));

    let elsewhere = json!({ "base_url": receiver.url("other/v2"), "key_header": "api-key" });
    set(elsewhere, Value::Null).await;
    ask().await;
    set(config, json!({ "api_key": "sk-second-77" })).await;
    assert_eq!(
        owner.put("/models/clever", &json!({ "provider": "vendor", "purpose": "chat" })).await.status,
        204
    );
    assert_eq!(ask().await, json!({ "said": "clever" }), "a model without a name of its own");
    let seen = receiver.seen();
    let shown: Vec<_> = seen
        .iter()
        .map(|seen| [seen.path.as_str(), seen.header("authorization"), seen.header("api-key")])
        .collect();
    let expected = [
        ["/v1/chat/completions", &format!("Bearer {KEY}"), ""],
        ["/other/v2/chat/completions", "", KEY],
        ["/v1/chat/completions", "Bearer sk-second-77", ""],
    ];
    assert_eq!(shown, expected);

    let providers = owner.get("/providers").await;
    assert_eq!(providers.ok()[0]["has_key"], true, "{providers:?}");
    let models = owner.get("/models").await;
    let listed = models.ok();
    assert!(listed.as_array().unwrap().iter().any(|model| model["name"] == "clever"), "{listed}");
    for said in [&providers, &models] {
        assert!(!said.text().contains("sk-"), "{said:?}");
    }
}

#[tokio::test]
async fn what_cannot_be_a_provider_or_a_model_is_refused_and_what_is_missing_is_named() {
    let server = Server::fresh().await;
    let owner = Api::set_up(&server).await;
    let provider = |config: Value| json!({ "config": config, "secrets": { "api_key": "sk" } });
    for (name, config, says) in [
        ("local", json!({ "base_url": "https://a.example/v1" }), "local"),
        ("Not_A_Name", json!({ "base_url": "https://a.example/v1" }), "hyphens"),
        ("vendor", json!({ "base_url": "ftp://a.example" }), "http"),
        ("vendor", json!({ "base_url": "https://a.example/v1", "bse": 1 }), "bse"),
        ("vendor", json!({}), "base_url"),
    ] {
        let problem =
            owner.put(&format!("/providers/{name}"), &provider(config)).await.problem(422, "invalid");
        assert!(problem["detail"].as_str().unwrap().contains(says), "{name}: {problem}");
    }
    model(&owner, "vendor", "https://a.example/v1").await;
    for (model, says) in [
        (json!({ "provider": "nobody", "purpose": "chat" }), "`nobody`"),
        (json!({ "provider": "vendor", "purpose": "chatting" }), "`embedding`"),
    ] {
        let problem = owner.put("/models/clever", &model).await.problem(422, "invalid");
        assert!(problem["detail"].as_str().unwrap().contains(says), "{problem}");
    }
    let editor = owner.key("editor").await;
    let fine = provider(json!({ "base_url": "https://a.example/v1" }));
    editor.put("/providers/vendor", &fine).await.problem(403, "forbidden");
    let model = json!({ "provider": "vendor", "purpose": "chat" });
    editor.put("/models/clever", &model).await.problem(403, "forbidden");

    let missing = owner.put("/flows/thinking", &json!({ "definition": thinking("gone") })).await.ok();
    assert!(missing["valid"] == false && missing.to_string().contains("gone"), "{missing}");
    let embedding = json!({ "provider": "vendor", "purpose": "embedding" });
    assert_eq!(owner.put("/models/changes", &model).await.status, 204);
    owner.deploy("thinking", &thinking("changes")).await;
    assert_eq!(owner.put("/models/changes", &embedding).await.status, 204);
    let source = owner.open_source("thinking", "wait").await;
    let problem = source.post(&json!({ "query": "x" })).await.problem(500, "run_failed");
    assert_eq!(problem["cause"]["code"], "model_rejected", "{problem}");
    let trace = owner.trace(problem["event_id"].as_str().unwrap()).await;
    let why = trace["runs"][0]["error"]["message"].as_str().unwrap();
    assert!(why.contains("name one that is for chat"), "{why}");
}
